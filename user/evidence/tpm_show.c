// SPDX-License-Identifier: GPL-2.0-only
/* What a TPM's quote says, for show: the items that come with an HCL report */
#include <string.h>

#include "evidence/hcl.h"
#include "evidence/tpm_show.h"
#include "evidence/x509.h"
#include "tpm/pcr_file.h"

static const char *alg_name(u16 alg)
{
	switch (alg) {
	case TPM_ALG_RSASSA:
		return "RSASSA";
	case TPM_ALG_RSAPSS:
		return "RSAPSS";
	case TPM_ALG_ECDSA:
		return "ECDSA";
	}
	return tpm_hash_name(alg) ? tpm_hash_name(alg) : "unknown";
}

static u16 be16(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static struct span item(const struct evidence *e, u32 type)
{
	return evidence_data(e, type);
}

/* Of all three items, so that what is wrong with them is told once */
static int show_quote(struct node *to, const struct evidence *e)
{
	struct span asked = item(e, CVM_EVIDENCE_ITEM_REPORT_DATA);
	struct tpm_quote q;
	struct node *n;
	unsigned int i;
	int rc;

	rc = tpm_quote_parse(item(e, CVM_EVIDENCE_ITEM_TPM_ATTEST),
			     item(e, CVM_EVIDENCE_ITEM_TPM_SIGNATURE),
			     item(e, CVM_EVIDENCE_ITEM_PCRS), &q);
	if (rc)
		return rc;
	n = add_bytes(to, "extraData", q.extra_data.p, q.extra_data.len);
	if (q.extra_data.len == asked.len && !memcmp(q.extra_data.p, asked.p, asked.len))
		note(n, "the requested report data");
	else if (!q.extra_data.len)
		note(n, "none: the quote proves freshness to no verifier");
	n = add_text(to, "signature", "%s with %s", alg_name(q.sig_alg), alg_name(q.sig_hash));
	note(n, "not checked by show; verify does");
	add_text(to, "pcr_bank", "%s", alg_name(q.bank));
	n = add_bytes(to, "pcrDigest", q.pcr_digest.p, q.pcr_digest.len);
	note(n, "that of these values");
	for (i = 0; i < TPM_PCRS; i++) {
		const u8 *p = tpm_quote_pcr(&q, i);
		char *key = xasprintf("PCR%02u", i);

		if (p)
			add_bytes(to, key, p, q.pcr_len);
		free_str(&key);
	}
	return RC_OK;
}

/* The modulus is the end of a TPM2B_PUBLIC of an RSA key. */
static int show_key(struct node *to, const struct evidence *e, struct span s)
{
	struct buf n CLEANUP_BUF, exponent CLEANUP_BUF;
	struct hcl h;

	if (s.len < 12 || be16(s.p) != s.len - 2)
		return fail(RC_EVIDENCE, "evidence: the item ak_pub is not a TPM2B_PUBLIC");
	add_text(to, "key_type", "%s", be16(s.p + 2) == 1 ? "RSA" : "not RSA");
	if (e->kind != RAW_HCL || hcl_parse(e->report, &h) || !hcl_ak(&h, &n, &exponent))
		return RC_OK;
	if (n.len < s.len && !memcmp(s.p + s.len - n.len, n.p, n.len))
		add_text(to, "is_HCLAkPub", "yes");
	else
		danger(add_text(to, "is_HCLAkPub", "no"),
		       "a quote by it says nothing about this VM");
	return RC_OK;
}

static void show_cert(void *arg, X509 *x, struct span pem)
{
	(void)pem;
	x509_show(arg, x);
	X509_free(x);
}

bool tpm_item_show(struct node *to, const struct evidence *e, const struct evidence_item *it,
		   int *rc)
{
	*rc = RC_OK;
	switch (it->type) {
	case CVM_EVIDENCE_ITEM_TPM_ATTEST:
		*rc = show_quote(to, e);
		return true;
	case CVM_EVIDENCE_ITEM_AK_PUB:
		*rc = show_key(to, e, it->data);
		return true;
	case CVM_EVIDENCE_ITEM_AK_CERT:
		if (x509_each(it->data, show_cert, to) != 1)
			*rc = fail(RC_EVIDENCE, "evidence: the item ak_cert is not one certificate");
		return true;
	}
	return false;
}

int tpm_attest_show(struct node *to, struct span s)
{
	struct tpm_quote q;
	struct node *list;
	unsigned int i;
	int rc = tpm_attest_parse(s, &q);

	if (rc)
		return rc;
	note(add_bytes(to, "extraData", q.extra_data.p, q.extra_data.len), "the qualifying data");
	add_text(to, "pcr_bank", "%s", alg_name(q.bank));
	list = add_list(to, "pcrs", NULL);
	for (i = 0; i < TPM_PCRS; i++)
		if (q.mask >> i & 1)
			add_uint(list, NULL, i);
	note(add_bytes(to, "pcrDigest", q.pcr_digest.p, q.pcr_digest.len),
	     "of the PCR values, which, like the signature, are in a separate file");
	return RC_OK;
}

struct bank {
	struct node *to, *n;
	u16 alg;
};

static void show_value(void *arg, u16 alg, unsigned int pcr, struct span value)
{
	struct bank *b = arg;
	char *key CLEANUP(free_str) = xasprintf("PCR%02u", pcr);

	if (!b->n || b->alg != alg)
		b->n = add_map(b->to, alg_name(alg), NULL);
	b->alg = alg;
	add_bytes(b->n, key, value.p, value.len);
}

int pcr_file_show(struct node *to, struct span s)
{
	struct bank b = { .to = to };
	size_t selected = pcr_file_each(s, show_value, &b), values = pcr_file_count(s);

	note(to, "the quote and its signature are in separate files");
	if (selected != values)
		return fail(RC_EVIDENCE, "PCR values: the file selects %zu PCRs and has %zu values", selected, values);
	return RC_OK;
}
