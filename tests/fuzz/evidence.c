// SPDX-License-Identifier: GPL-2.0-only
/* The parsers of evidence, each by itself and by what show makes of it */
#include "base/unwrap.h"
#include "cli/show.h"
#include "evidence/certs.h"
#include "evidence/evidence.h"
#include "evidence/hcl.h"
#include "evidence/pck.h"
#include "evidence/snp.h"
#include "evidence/tdx.h"
#include "fuzz.h"

static void show(struct span s)
{
	struct node *root = NULL;
	int rc = show_bytes(s, "fuzz", &root);

	must_judge(rc);
	must(rc || root);
	if (root)
		fuzz_report(&root);
}

FUZZ(blob)
{
	struct evidence e CLEANUP(evidence_free) = { 0 };
	struct node *root;
	bool checked;
	int rc = evidence_parse(s, &e);
	size_t i;

	must_judge(rc);
	show(s);
	if (rc)
		return;
	must(e.report.len);
	for (i = 0; i < e.n; i++) {
		fuzz_inside(e.items[i].data, s);
		must(item_name(e.items[i].type));
		must(evidence_find(&e, e.items[i].type));
	}
	must_judge(evidence_check_binding(&e, &checked));
	must_judge(evidence_check_kind(&e));
	root = report_new("fuzz");
	must_judge(evidence_show(root, &e));
	fuzz_report(&root);
}

FUZZ(snp)
{
	struct node *root;
	char *url;

	show(s);
	must_judge(snp_check(s));
	if (snp_check(s))
		return;
	must(snp_product_name(snp_product(s.p)));
	url = snp_vcek_url(s.p);
	if (url)
		fuzz_is_text(url, strlen(url));
	free(url);
	for (int product = SNP_UNKNOWN; product <= SNP_VENICE; product++) {
		url = snp_vcek_path(s.p, product);
		free(url);
	}
	root = report_new("fuzz");
	snp_show(root, s);
	fuzz_report(&root);
}

FUZZ(tdx)
{
	struct span rest = s;
	struct part quote CLEANUP_PART = fuzz_part(&rest);
	struct part report CLEANUP_PART = fuzz_part(&rest);
	struct node *root;
	struct tdx_quote q;
	int rc = tdx_quote_parse(quote.s, &q);

	must_judge(rc);
	show(quote.s);
	if (rc)
		return;
	must(q.all.len + q.tail == quote.s.len);
	fuzz_inside(q.all, quote.s);
	fuzz_inside(q.body, q.all);
	fuzz_inside(q.auth, q.all);
	if (q.parsed) {
		fuzz_inside(q.signature, q.auth);
		fuzz_inside(q.key, q.auth);
		fuzz_inside(q.qe_report, q.auth);
		fuzz_inside(q.qe_signature, q.auth);
		fuzz_inside(q.qe_auth, q.auth);
		fuzz_inside(q.certs, q.auth);
	}
	fuzz_inside((struct span){ tdx_quote_report_data(&q), 64 }, q.body);
	if (!tdreport_check(report.s))
		must_judge(tdx_quote_is_of(&q, report.s.p));
	root = report_new("fuzz");
	tdx_quote_show(root, &q);
	fuzz_report(&root);
}

FUZZ(tdreport)
{
	struct node *root;
	int rc = tdreport_check(s);

	must_judge(rc);
	show(s);
	if (rc)
		return;
	fuzz_inside((struct span){ tdreport_report_data(s.p), 64 }, s);
	root = report_new("fuzz");
	must_judge(tdreport_show(root, s));
	fuzz_report(&root);
}

FUZZ(hcl)
{
	struct buf n CLEANUP_BUF, e CLEANUP_BUF;
	struct node *root;
	struct hcl h;
	u8 data[64];
	int rc = hcl_parse(s, &h);

	must_judge(rc);
	show(s);
	if (rc)
		return;
	fuzz_inside(h.report, s);
	fuzz_inside(h.claims, s);
	hcl_is_bound(&h);
	hcl_user_data(&h, data);
	if (hcl_ak(&h, &n, &e))
		must(n.len && e.len);
	root = report_new("fuzz");
	must_judge(hcl_show(root, s));
	fuzz_report(&root);
}

/* Certificates of any kind; behind them the report they are for */
static void pool(struct span s, struct span report)
{
	struct cert_pool p CLEANUP(cert_pool_free) = { 0 }, again CLEANUP(cert_pool_free) = { 0 };
	struct buf chain CLEANUP_BUF, ordered CLEANUP_BUF, table CLEANUP_BUF;
	int rc = cert_pool_add(&p, s, "fuzz");

	must_judge(rc);
	must(!cert_table_is_empty(s) || !p.n);
	if (report.len == SNP_REPORT_LEN) {
		must_judge(cert_pool_chain(&p, report.p, &chain));
		cert_pool_leaf(&p, report.p);
	}
	/* a chain that was found can be carried in a table */
	if (!cert_pool_order(&p, &ordered) && p.n &&
	    !cert_table_make(buf_span(&ordered), &table)) {
		must(!cert_pool_add(&again, buf_span(&table), "fuzz"));
		must(again.n == 3);
	}
}

FUZZ(cert_table)
{
	struct span rest = s;
	struct part table CLEANUP_PART = fuzz_part(&rest);
	struct part report CLEANUP_PART = fuzz_part(&rest);
	struct node *root = report_new("fuzz");

	show(table.s);
	pool(table.s, report.s);
	must_judge(cert_table_show(root, table.s));
	fuzz_report(&root);
}

static void each(void *arg, X509 *x, struct span pem)
{
	char *name = x509_name(X509_get_subject_name(x)), *cn = x509_cn(X509_get_issuer_name(x));
	struct span text;
	struct pck pck;

	fuzz_inside(pem, *(struct span *)arg);
	must(name && cn);
	free(name);
	free(cn);
	x509_amd_int(x, "3.1");
	x509_amd_hwid(x, &text);
	x509_amd_text(x, "5", &text);
	cert_has_ec_key(x);
	pck_read(x, &pck);
	X509_free(x);
}

FUZZ(certs)
{
	struct span rest = s;
	struct part certs CLEANUP_PART = fuzz_part(&rest);
	struct part report CLEANUP_PART = fuzz_part(&rest);
	struct node *root = report_new("fuzz");

	x509_each(certs.s, each, &certs.s);
	x509_show_pem(root, "fuzz", certs.s);
	fuzz_report(&root);
	show(certs.s);
	pool(certs.s, report.s);
}

/* What is recognised as text of any of them */
FUZZ(show)
{
	struct buf b CLEANUP_BUF;

	show(s);
	if (unwrap_text(s, EVIDENCE_MAX, &b))
		show(buf_span(&b));
}
