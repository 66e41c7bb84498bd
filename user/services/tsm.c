// SPDX-License-Identifier: GPL-2.0-only
/* A request's evidence as a TSM report, for the services that take one */
#include "services/service.h"

int request_tsm(const struct request *q, bool make, struct tsm_report *t)
{
	struct buf chain CLEANUP_BUF;
	int rc = RC_OK;

	if (q->azure)
		return fail(RC_EVIDENCE, "%s takes what TSM gives; this is an HCL report, for which it has no type",
			    q->service->name);
	tsm_report_of(&q->e, t);
	t->outblob = q->report;
	if (q->kind != RAW_SNP)
		return RC_OK;
	/* raw evidence has no name of a driver, nor a kind of its own in q->e */
	if (!q->e.n) {
		free_str(&t->provider);
		t->provider = xstrdup("sev_guest\n");
	}
	if (!make && (!cert_table_is_empty(t->auxblob) || !cert_pool_leaf(&q->certs, q->report.p))) {
		if (cert_table_is_empty(t->auxblob))
			t->auxblob = (struct span){ 0 };
		return RC_OK;
	}
	rc = cert_pool_chain(&q->certs, q->report.p, &chain);
	if (!rc)
		rc = cert_table_make(buf_span(&chain), &t->table);
	t->auxblob = buf_span(&t->table);
	return rc;
}
