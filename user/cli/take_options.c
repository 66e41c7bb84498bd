// SPDX-License-Identifier: GPL-2.0-only
/* Options of the verbs that take evidence */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "cli/take_options.h"
#include "tpm/quote.h"

static int quote_data_option(struct take *t, const char *arg)
{
	struct buf b CLEANUP_BUF;
	int rc = parse_data("--quote-data", arg, &b);

	if (rc)
		return rc;
	if (b.len > sizeof(t->quote_data))
		return fail(RC_USAGE, "--quote-data: %zu bytes; the limit is %zu, and many TPMs accept fewer",
			    b.len, sizeof(t->quote_data));
	memcpy(t->quote_data, b.p, b.len);
	t->r.quote_data = b.len ? (uintptr_t)t->quote_data : 0;
	t->r.quote_data_len = (u32)b.len;
	t->r.flags |= CVM_EVIDENCE_F_TPM_QUOTE | CVM_EVIDENCE_F_QUOTE_DATA;
	return RC_OK;
}

/* 0-7,11 */
static int pcrs_option(struct take *t, const char *arg)
{
	unsigned long first, last;
	const char *p = arg;
	char *end;

	t->r.pcr_mask = 0;
	do {
		first = strtoul(p, &end, 10);
		last = first;
		if (end != p && *end == '-') {
			p = end + 1;
			last = strtoul(p, &end, 10);
		}
		if (end == p || !isdigit((unsigned char)*p) || first > last || last >= TPM_PCRS)
			return fail(RC_USAGE, "--pcrs: '%s' is not a list of numbers from 0 to %d, as 0-7,11",
				    arg, TPM_PCRS - 1);
		for (; first <= last; first++)
			t->r.pcr_mask |= 1u << first;
		p = end + 1;
	} while (*end == ',');
	if (*end)
		return fail(RC_USAGE, "--pcrs: '%s': cannot parse '%s'", arg, end);
	t->r.flags |= CVM_EVIDENCE_F_TPM_QUOTE;
	return RC_OK;
}

int take_option(struct take *t, int opt, const char *arg, bool *mine)
{
	struct cvm_evidence_request *r = &t->r;
	u64 n;
	int rc = RC_OK;

	*mine = true;
	switch (opt) {
	case TAKE_DEVICE:
		t->device = arg;
		break;
	case TAKE_PROVIDER:
		if (provider_by_name(arg, &r->provider))
			return fail(RC_USAGE, "--provider: '%s' is not one of auto, tsm, sev-guest, tdx-guest, vtpm",
				    arg);
		break;
	case TAKE_PRIVLEVEL:
		rc = parse_number("--privlevel", arg, CVM_EVIDENCE_PRIVLEVEL_MAX, &n);
		r->privlevel = (u32)n;
		break;
	case TAKE_TIMEOUT:
		rc = parse_number("--timeout", arg, UINT32_MAX, &n);
		r->timeout_ms = (u32)n;
		if (!rc && !n)
			rc = fail(RC_USAGE, "--timeout: it must be at least 1 ms; leave it out for the module's default");
		break;
	case TAKE_FRESH:
		r->flags |= CVM_EVIDENCE_F_FRESH;
		break;
	case TAKE_TDREPORT:
		r->flags |= CVM_EVIDENCE_F_TDREPORT;
		break;
	case TAKE_EVENT_LOG:
		r->flags |= CVM_EVIDENCE_F_EVENT_LOG;
		break;
	case TAKE_SERVICE_PROVIDER:
		if (!*arg || strlen(arg) > CVM_EVIDENCE_SERVICE_MAX)
			return fail(RC_USAGE, "--service-provider: a name has 1 to %d bytes",
				    CVM_EVIDENCE_SERVICE_MAX);
		t->service_provider = arg;
		r->service_provider = (uintptr_t)arg;
		r->service_provider_len = (u32)strlen(arg);
		break;
	case TAKE_SERVICE_GUID:
		if (guid_parse(arg, r->service_guid))
			return fail(RC_USAGE, "--service-guid: '%s' is not a GUID (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)",
				    arg);
		r->flags |= CVM_EVIDENCE_F_SERVICE_GUID;
		break;
	case TAKE_MANIFEST_VERSION:
		rc = parse_number("--manifest-version", arg, UINT32_MAX, &n);
		r->service_manifest_version = (u32)n;
		r->flags |= CVM_EVIDENCE_F_MANIFEST_VERSION;
		break;
	case TAKE_TPM_QUOTE:
		r->flags |= CVM_EVIDENCE_F_TPM_QUOTE;
		break;
	case TAKE_QUOTE_DATA:
		rc = quote_data_option(t, arg);
		break;
	case TAKE_PCRS:
		rc = pcrs_option(t, arg);
		break;
	default:
		*mine = false;
	}
	return rc;
}
