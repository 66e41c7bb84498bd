// SPDX-License-Identifier: GPL-2.0-only
/* Certificates without evidence: only their chains are checked */
#include "verify/verify.h"

void verify_certs(struct verify *v, struct span s)
{
	struct cert_pool pool CLEANUP(cert_pool_free) = { 0 };
	struct buf said CLEANUP_BUF;
	size_t i;
	int rc;

	complain_into(&said);
	rc = certs_add(&pool, s, VERIFY_ALONE_MAX, "certificates");
	if (!rc)
		rc = certs_add(&v->certs, s, VERIFY_CERTS_MAX, "certificates");
	complain_into(NULL);
	if (rc) {
		failed(v, GENUINE, "certificates", "%s", (char *)said.p);
		return;
	}
	if (!pool.n)
		unable(v, GENUINE, "certificates", "there are none");
	for (i = 0; i < pool.n; i++) {
		char *cn CLEANUP(free_str) = x509_cn(X509_get_subject_name(pool.certs[i].x));
		char *name CLEANUP(free_str) = xasprintf("chain of %s", cn);

		verify_chain(v, name, pool.certs[i].x, NULL);
	}
	if (v->policy.have_data)
		unable(v, BOUND, "report data", "certificates are not bound to report data");
	else
		unbound(v, "report data", "certificates are not bound to report data");
	/* whatever is waived: certificates must not pass for evidence */
	unable(v, APPRAISED, "code", "certificates do not show which code runs");
}
