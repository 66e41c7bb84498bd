// SPDX-License-Identifier: GPL-2.0-only
/* What an errno of the device means, and what to do about it */
#include <errno.h>
#include <string.h>

#include "device_error.h"
#include "evidence.h"
#include "tpm_dev.h"

int not_a_device(const char *path)
{
	return fail(RC_NO_PROVIDER, "%s is not the device of the cvm_evidence module", path);
}

const char *provider_status_name(u32 status)
{
	static const char *const names[] = {
		[CVM_EVIDENCE_ST_AVAILABLE] = "available",
		[CVM_EVIDENCE_ST_NOT_BUILT] = "not-built",
		[CVM_EVIDENCE_ST_NO_DRIVER] = "no-driver",
		[CVM_EVIDENCE_ST_NOT_READY] = "not-ready",
		[CVM_EVIDENCE_ST_KEY_LOST]  = "key-lost",
		[CVM_EVIDENCE_ST_ERROR]	    = "error",
	};

	return status < ARRAY_SIZE(names) ? names[status] : "unknown";
}

const char *provider_remedy(const struct cvm_evidence_provider *p)
{
	static const struct {
		u32 id, status;
		const char *text;
	} remedies[] = {
		{ CVM_EVIDENCE_PROVIDER_TSM, CVM_EVIDENCE_ST_NOT_BUILT,
		  "it needs Linux 6.7 or later with CONFIG_TSM_REPORTS (Debian: linux-image-amd64 of backports); the ioctl providers do without" },
		{ CVM_EVIDENCE_PROVIDER_TSM, CVM_EVIDENCE_ST_NO_DRIVER,
		  "'cvm-evidence load' tries the drivers of this machine" },
		{ CVM_EVIDENCE_PROVIDER_SEV_GUEST, CVM_EVIDENCE_ST_NOT_BUILT,
		  "it needs CONFIG_SEV_GUEST; Debian's cloud kernels of 6.1 lack it: apt-get install linux-image-amd64" },
		{ CVM_EVIDENCE_PROVIDER_SEV_GUEST, CVM_EVIDENCE_ST_NO_DRIVER,
		  "in an SEV-SNP guest: modprobe sev-guest (CONFIG_SEV_GUEST)" },
		{ CVM_EVIDENCE_PROVIDER_TDX_GUEST, CVM_EVIDENCE_ST_NOT_BUILT,
		  "it needs CONFIG_TDX_GUEST_DRIVER (Linux 6.2 or later)" },
		{ CVM_EVIDENCE_PROVIDER_TDX_GUEST, CVM_EVIDENCE_ST_NO_DRIVER,
		  "in a TDX guest: modprobe tdx-guest (CONFIG_TDX_GUEST_DRIVER)" },
	};
	size_t i;

	if (p->status == CVM_EVIDENCE_ST_KEY_LOST)
		return "reload the driver with another key (modprobe -r sev-guest; modprobe sev-guest vmpck_id=1), or reboot";
	if (p->status == CVM_EVIDENCE_ST_NOT_READY)
		return "ask again in a moment";
	for (i = 0; i < ARRAY_SIZE(remedies); i++)
		if (remedies[i].id == p->id && remedies[i].status == p->status)
			return remedies[i].text;
	return "";
}

/* ENODEV alone helps nobody: say for each provider why it is not there. */
static void explain_absence(int fd, const char *path)
{
	struct device_info di;
	u32 i;

	if (device_info(fd, path, &di))
		return;
	for (i = 0; i < di.n; i++) {
		const struct cvm_evidence_provider *p = &di.providers[i];

		if (p->status != CVM_EVIDENCE_ST_AVAILABLE)
			complain("  %.*s: %.*s; %s", (int)sizeof(p->name), p->name,
				 (int)sizeof(p->reason), p->reason, provider_remedy(p));
	}
}

/* The provider a request would go to */
static const struct cvm_evidence_provider *addressed(const struct device_info *di,
						     const struct cvm_evidence_request *r)
{
	u32 id = r->out_provider ? r->out_provider : r->provider, i;

	if (id == CVM_EVIDENCE_PROVIDER_AUTO)
		id = di->info.auto_provider;
	for (i = 0; i < di->n; i++)
		if (di->providers[i].id == id)
			return &di->providers[i];
	return NULL;
}

static int unsupported(int fd, const char *path, const struct cvm_evidence_request *r)
{
	const struct cvm_evidence_provider *p;
	const char *what = "what was asked for";
	struct device_info di;

	if (device_info(fd, path, &di))
		return RC_USAGE;
	p = addressed(&di, r);
	if (p && r->privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT &&
	    !(p->caps & CVM_EVIDENCE_CAP_PRIVLEVEL))
		what = "--privlevel";
	else if (p && r->service_provider_len && !(p->caps & CVM_EVIDENCE_CAP_SERVICE))
		what = "--service-provider";
	else if (p && r->flags & CVM_EVIDENCE_F_TPM_QUOTE && !(p->caps & CVM_EVIDENCE_CAP_TPM_QUOTE))
		what = "--tpm-quote";
	else if (r->flags & CVM_EVIDENCE_F_FRESH)
		what = "--fresh: what it has was not made for this request";
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

static int too_long(const char *path, const struct cvm_evidence_request *r)
{
	if (r->flags & CVM_EVIDENCE_F_TPM_QUOTE && !(r->flags & CVM_EVIDENCE_F_QUOTE_DATA))
		return fail(RC_USAGE, "%s: the TPM quotes fewer bytes than these report data have; give --quote-data (a hash of them, as hex:..), or shorter --report-data",
			    path);
	if (r->flags & CVM_EVIDENCE_F_TPM_QUOTE)
		return fail(RC_USAGE, "%s: the TPM quotes fewer bytes than --quote-data has (%u); give a hash of them",
			    path, r->quote_data_len);
	return fail(RC_USAGE, "%s: report data or the name of the service provider is too long", path);
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
		complain("%s: no provider of evidence is available", path);
		explain_absence(fd, path);
		return RC_NO_PROVIDER;
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
		return too_long(path, r);
	case EFBIG:
		return fail(RC_FAILED, "%s: the evidence is larger than the module's parameter max_blob allows; raise /sys/module/cvm_evidence/parameters/max_blob",
			    path);
	case ETIMEDOUT:
		return fail(RC_BUSY, "%s: no evidence (%s) before the deadline%s; the host may be throttling: ask less often, or give a longer --timeout",
			    path, who, fw);
	case EBUSY:
		return fail(RC_BUSY, "%s: the queue of the provider (%s) is full; ask again later", path, who);
	case EDQUOT:
		return fail(RC_BUSY, "%s: this user's share of the queue of the provider (%s) is full; ask again later",
			    path, who);
	case EKEYREVOKED:
		return fail(RC_BUSY, "%s: the guest's key to the SNP firmware is wiped%s; reload the driver with another key (modprobe -r sev-guest; modprobe sev-guest vmpck_id=1), or reboot",
			    path, fw);
	case EBADMSG:
		return fail(RC_EVIDENCE, "%s: the provider (%s) gave evidence that does not answer for this request; it was thrown away",
			    path, who);
	case ESTALE:
		return fail(RC_FAILED, "%s: this VM was forked or restored while the evidence was taken; ask again",
			    path);
	case EINTR:
		return fail(RC_FAILED, "%s: interrupted", path);
	default:
		return fail(RC_FAILED, "%s: taking evidence from %s failed: %s%s", path, who,
			    strerror(err), fw);
	}
}
