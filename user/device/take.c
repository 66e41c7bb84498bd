// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "device/request.h"
#include "device/take.h"

int take_report_data(struct take *t, const u8 *p, size_t len)
{
	if (!len)
		return fail(RC_USAGE, "report data are empty; they have 1 to %d bytes",
			    CVM_EVIDENCE_REPORT_DATA_MAX);
	if (len > CVM_EVIDENCE_REPORT_DATA_MAX)
		return fail(RC_USAGE, "report data have %zu bytes, the hardware takes %d; hash them (--nonce-hash sha512 FILE)",
			    len, CVM_EVIDENCE_REPORT_DATA_MAX);
	memset(t->r.report_data, 0, sizeof(t->r.report_data));
	memcpy(t->r.report_data, p, len);
	t->r.report_data_len = (u32)len;
	t->kernel_random = false;
	return RC_OK;
}

int take_provider(const struct take *t, u32 *tee, u32 *provider)
{
	struct device_info di;
	int fd, rc;
	u32 i;

	rc = device_open(t->device, &fd);
	if (rc)
		return rc;
	rc = device_info(fd, t->device, &di);
	close(fd);
	if (rc)
		return rc;
	*provider = t->r.provider ? t->r.provider : di.info.auto_provider;
	/* GET_INFO names the provider of AUTO for requests without this flag */
	if (*provider == CVM_EVIDENCE_PROVIDER_AUTO && t->r.flags & CVM_EVIDENCE_F_TDREPORT)
		*provider = CVM_EVIDENCE_PROVIDER_TDX_GUEST;
	*tee = CVM_EVIDENCE_TEE_NONE;
	for (i = 0; i < di.n; i++)
		if (di.providers[i].id == *provider)
			*tee = di.providers[i].tee;
	return RC_OK;
}

int take_evidence(struct take *t, struct buf *blob, struct evidence *e)
{
	struct span asked;
	bool checked;
	int rc;

	if (t->r.flags & (CVM_EVIDENCE_F_SERVICE_GUID | CVM_EVIDENCE_F_MANIFEST_VERSION) &&
	    !t->service_provider)
		return fail(RC_USAGE, "--service-guid and --manifest-version need --service-provider");
	rc = device_evidence(t->device, &t->r, t->kernel_random, blob);
	if (rc)
		return rc;
	rc = evidence_parse(buf_span(blob), e);
	if (rc)
		return rc;
	asked = evidence_data(e, CVM_EVIDENCE_ITEM_REPORT_DATA);
	if (!t->kernel_random && (asked.len != t->r.report_data_len ||
				  memcmp(asked.p, t->r.report_data, asked.len)))
		return fail(RC_EVIDENCE, "%s: the evidence is bound to other report data than requested",
			    t->device);
	return evidence_check_binding(e, &checked);
}
