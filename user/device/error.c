// SPDX-License-Identifier: GPL-2.0-only
/* What an errno of the device means, and what to do about it */
#include <errno.h>
#include <string.h>

#include "device/error.h"
#include "device/reason.h"
#include "evidence/evidence.h"
#include "tpm/dev.h"

static const struct cvm_evidence_provider *find(const struct device_info *di, u32 id)
{
	u32 i;

	for (i = 0; i < di->n; i++)
		if (di->providers[i].id == id)
			return &di->providers[i];
	return NULL;
}

/* "REASON; REMEDY" */
static char *why_not(const struct cvm_evidence_provider *p)
{
	char *text CLEANUP(free_str) = reason_text(p), *remedy CLEANUP(free_str) = reason_remedy(p);

	if (p->status == CVM_EVIDENCE_ST_AVAILABLE)
		return xstrdup("it is available again; try again");
	return xasprintf("%s%s%s", text, *remedy ? "; " : "", remedy);
}

static bool gives_tdreport(const struct cvm_evidence_provider *p)
{
	return p->id == CVM_EVIDENCE_PROVIDER_TDX_GUEST && p->status == CVM_EVIDENCE_ST_AVAILABLE;
}

/* ENODEV does not help the user: say for each provider why it cannot be used. */
static int no_provider(int fd, const char *path, const struct cvm_evidence_request *r)
{
	const struct cvm_evidence_provider *p;
	struct device_info di;
	u32 i;

	if (device_info(fd, path, &di))
		return RC_NO_PROVIDER;
	p = r->provider ? find(&di, r->provider) : NULL;
	if (p) {
		char *why CLEANUP(free_str) = why_not(p);

		return fail(RC_NO_PROVIDER, "%s: the provider %s gives no evidence: %s", path,
			    provider_name(r->provider), why);
	}
	complain("%s: no provider of evidence is available", path);
	for (i = 0; i < di.n; i++) {
		char *why CLEANUP(free_str) = why_not(&di.providers[i]);

		p = &di.providers[i];
		if (gives_tdreport(p) && !(r->flags & CVM_EVIDENCE_F_TDREPORT))
			complain("  %.*s: it gives a TDREPORT, from which only a quoting service on this machine can make a quote; --allow-tdreport accepts it",
				 (int)sizeof(p->name), p->name);
		else
			complain("  %.*s: %s", (int)sizeof(p->name), p->name, why);
	}
	return RC_NO_PROVIDER;
}

/* The provider a request would go to */
static const struct cvm_evidence_provider *addressed(const struct device_info *di,
						     const struct cvm_evidence_request *r)
{
	u32 id = r->out_provider ? r->out_provider : r->provider;

	return id == CVM_EVIDENCE_PROVIDER_AUTO ? device_auto(di) : find(di, id);
}

/* The option of a flag that this module does not serve; NULL when it serves them */
static const char *unserved(const struct device_info *di, const struct cvm_evidence_request *r)
{
	static const struct {
		u32 flag;
		const char *option;
	} options[] = {
		{ CVM_EVIDENCE_F_EVENT_LOG, "--event-log" },
		{ CVM_EVIDENCE_F_TPM_QUOTE, "--tpm-quote" },
		{ CVM_EVIDENCE_F_QUOTE_DATA, "--quote-data" },
		{ CVM_EVIDENCE_F_FRESH, "--fresh" },
		{ CVM_EVIDENCE_F_SERVICE_GUID, "--service-guid" },
		{ CVM_EVIDENCE_F_MANIFEST_VERSION, "--manifest-version" },
		{ CVM_EVIDENCE_F_TDREPORT, "--allow-tdreport" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (r->flags & options[i].flag & ~di->info.request_flags)
			return options[i].option;
	return NULL;
}

static int unsupported(int fd, const char *path, const struct cvm_evidence_request *r)
{
	const struct cvm_evidence_provider *p;
	const char *what = "what was asked for";
	struct device_info di;

	if (device_info(fd, path, &di))
		return RC_USAGE;
	if (unserved(&di, r))
		return fail(RC_USAGE, "%s: the loaded module does not serve %s", path, unserved(&di, r));
	p = addressed(&di, r);
	if (p && r->privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT &&
	    !(p->caps & CVM_EVIDENCE_CAP_PRIVLEVEL))
		what = "--privlevel";
	else if (p && r->service_provider_len && !(p->caps & CVM_EVIDENCE_CAP_SERVICE))
		what = "--service-provider";
	else if (p && r->flags & CVM_EVIDENCE_F_TPM_QUOTE && !(p->caps & CVM_EVIDENCE_CAP_TPM_QUOTE))
		what = "--tpm-quote";
	else if (r->flags & CVM_EVIDENCE_F_FRESH)
		what = "--fresh: its report was not made for this request";
	return fail(RC_USAGE, "%s: the provider %.*s (driver %.*s) cannot serve %s", path,
		    p ? (int)sizeof(p->name) : 1, p ? p->name : "?",
		    p ? (int)sizeof(p->driver) : 1, p ? p->driver : "?", what);
}

static int invalid(int fd, const char *path, const struct cvm_evidence_request *r)
{
	const struct cvm_evidence_provider *p;
	struct device_info di;

	if (device_info(fd, path, &di))
		return RC_USAGE;
	p = addressed(&di, r);
	if (r->timeout_ms > di.info.max_timeout_ms)
		return fail(RC_USAGE, "%s: --timeout %u is longer than this module allows, %u ms", path,
			    r->timeout_ms, di.info.max_timeout_ms);
	if (p && r->privlevel < p->privlevel_floor)
		return fail(RC_USAGE, "%s: --privlevel %u is below what this guest may ask for, %u", path,
			    r->privlevel, p->privlevel_floor);
	return fail(RC_USAGE, "%s: the kernel does not take this request: a parameter is not known to this version of the module ('cvm-evidence status')",
		    path);
}

static int too_long(int fd, const char *path, const struct cvm_evidence_request *r)
{
	const struct cvm_evidence_provider *p;
	char *most CLEANUP(free_str) = NULL;
	struct device_info di;

	if (!(r->flags & CVM_EVIDENCE_F_TPM_QUOTE))
		return fail(RC_USAGE, "%s: report data or the name of the service provider is too long", path);
	if (device_info(fd, path, &di))
		return RC_USAGE;
	p = addressed(&di, r);
	most = p && p->quote_data_max ? xasprintf(" (%u at most)", p->quote_data_max) : xstrdup("");
	if (!(r->flags & CVM_EVIDENCE_F_QUOTE_DATA))
		return fail(RC_USAGE, "%s: the TPM quotes fewer bytes%s than these report data have (%u); give --quote-data (a hash of them, as hex:..), or shorter --report-data",
			    path, most, r->report_data_len);
	return fail(RC_USAGE, "%s: the TPM quotes fewer bytes%s than --quote-data has (%u); give a hash of them",
		    path, most, r->quote_data_len);
}

/* What the firmware said, or what is the TPM's; empty where it is not known */
static char *firmware_said(const struct cvm_evidence_request *r)
{
	char *text CLEANUP(free_str) = NULL;

	if (!(r->out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS))
		return xstrdup("");
	if (r->out_provider != CVM_EVIDENCE_PROVIDER_VTPM || !r->fw_status)
		return xasprintf(" (status of firmware and host: 0x%llx)",
				 (unsigned long long)r->fw_status);
	text = tpm_rc_text((u32)r->fw_status);
	return xasprintf(" (the TPM's response: %s)", text);
}

int request_failed(int fd, const char *path, const struct cvm_evidence_request *r, int err)
{
	char *fw CLEANUP(free_str) = firmware_said(r);
	const char *who = provider_name(r->out_provider ? r->out_provider : r->provider);

	switch (err) {
	case ENODEV:
		return no_provider(fd, path, r);
	case ENOTTY:
		return not_a_device(path);
	case EACCES:
	case EPERM:
	case EBADF:
		return fail(RC_DENIED, "%s: not allowed to take evidence: %s", path, strerror(err));
	case EOPNOTSUPP:
		return unsupported(fd, path, r);
	case EINVAL:
		return invalid(fd, path, r);
	case EMSGSIZE:
		return too_long(fd, path, r);
	case EFBIG:
		return fail(RC_FAILED, "%s: the evidence is larger than the module's parameter max_blob allows; raise /sys/module/cvm_evidence/parameters/max_blob",
			    path);
	case ETIMEDOUT:
		if (r->out_provider == CVM_EVIDENCE_PROVIDER_VTPM && r->flags & CVM_EVIDENCE_F_FRESH)
			return fail(RC_BUSY, "%s: the paravisor made no new report for this request before the deadline%s; ask again later, give a longer --timeout, or leave out --fresh",
				    path, fw);
		return fail(RC_BUSY, "%s: no evidence (%s) before the deadline%s; the host may be throttling: ask less often, or give a longer --timeout",
			    path, who, fw);
	case EBUSY:
		return fail(RC_BUSY, "%s: the queue of requests is full; ask again later", path);
	case EDQUOT:
		return fail(RC_BUSY, "%s: this user's share of the queue is full; ask again later", path);
	case EKEYREVOKED:
		return fail(RC_BUSY, "%s: the guest's key to the SNP firmware is wiped%s; reload the driver with another key (modprobe -r sev-guest; modprobe sev-guest vmpck_id=1), or reboot",
			    path, fw);
	case EBADMSG:
		return fail(RC_EVIDENCE, "%s: the provider (%s) gave evidence that is not bound to this request; it was discarded",
			    path, who);
	case ESTALE:
		return fail(RC_BUSY, "%s: this VM was forked or restored while the evidence was taken; ask again",
			    path);
	case EINTR:
		return fail(RC_FAILED, "%s: interrupted", path);
	case ECANCELED:
		return fail(RC_FAILED, "%s: another thread or process that shares the open file replaced the request", path);
	case E2BIG:
		return other_version(path, 0);
	default:
		return fail(RC_FAILED, "%s: taking evidence from %s failed: %s%s", path, who,
			    strerror(err), fw);
	}
}
