// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel gives codes. This table has the words: the first row with the
 * reason, and with this provider or ANY, is used.
 */
#include <string.h>

#include "device/reason.h"
#include "tpm/dev.h"

#define R(name)		CVM_EVIDENCE_REASON_##name
#define P(name)		CVM_EVIDENCE_PROVIDER_##name
#define ANY		CVM_EVIDENCE_PROVIDER_AUTO

#define RELOAD		"reload the module: modprobe -r cvm_evidence; modprobe cvm_evidence"
#define MOMENT		"ask again in a moment"
#define NEW_KEY		"reload the driver with another key (modprobe -r sev-guest; modprobe sev-guest vmpck_id=1), or reboot"
#define WHOSE_NODE	"/proc/misc lists the owners of such nodes: unload the module that made this one, then modprobe "

/* What reason_param is */
enum param { NOTHING, ERRNO, TPM_RC };

/* "@driver" stands for the name of the driver. */
static const struct {
	u32 reason, provider;
	enum param param;
	const char *text, *remedy;
} rows[] = {
	{ R(NONE), ANY, NOTHING, "", "" },
	{ R(NOT_PROBED), ANY, NOTHING, "not probed yet", MOMENT },

	{ R(NO_INTERFACE), P(TSM), NOTHING,
	  "this kernel was built without TSM reports (CONFIG_TSM_REPORTS)",
	  "it needs Linux 6.7 or later with CONFIG_TSM_REPORTS (Debian: linux-image-amd64 of backports); the providers sev-guest and tdx-guest do not need it" },
	{ R(NO_INTERFACE), P(SEV_GUEST), NOTHING,
	  "this kernel was built without the driver sev-guest (CONFIG_SEV_GUEST)",
	  "it needs CONFIG_SEV_GUEST; Debian's cloud kernels of 6.1 lack it: apt-get install linux-image-amd64" },
	{ R(NO_INTERFACE), P(TDX_GUEST), NOTHING,
	  "this kernel was built without the driver tdx-guest (CONFIG_TDX_GUEST_DRIVER)",
	  "it needs Linux 6.2 or later with CONFIG_TDX_GUEST_DRIVER" },
	{ R(NO_INTERFACE), P(VTPM), NOTHING,
	  "this kernel was built without a TPM core (CONFIG_TCG_TPM)",
	  "on a confidential VM on Azure it needs a kernel with CONFIG_TCG_TPM (Debian: linux-image-cloud-amd64)" },
	{ R(NO_INTERFACE), ANY, NOTHING,
	  "this kernel was built without the interface that it uses", "" },

	{ R(NO_CONFIGFS), ANY, NOTHING,
	  "configfs was unavailable when cvm_evidence was loaded",
	  "load configfs (CONFIG_CONFIGFS_FS), then reload cvm_evidence: modprobe configfs; modprobe -r cvm_evidence; modprobe cvm_evidence" },
	{ R(SETUP_FAILED), ANY, ERRNO,
	  "it could not be set up when cvm_evidence was loaded", RELOAD },

	{ R(NO_DRIVER), P(TSM), NOTHING,
	  "no driver of a TEE is loaded, or this is not a confidential VM",
	  "'cvm-evidence load' tries the drivers of this machine" },
	{ R(NO_DRIVER), P(SEV_GUEST), NOTHING,
	  "the driver sev-guest is not loaded, or this is not an SEV-SNP guest",
	  "in an SEV-SNP guest: modprobe sev-guest (CONFIG_SEV_GUEST, which Debian's cloud kernels of 6.1 lack: apt-get install linux-image-amd64)" },
	{ R(NO_DRIVER), P(TDX_GUEST), NOTHING,
	  "the driver tdx-guest is not loaded, or this is not a TDX guest",
	  "in a TDX guest: modprobe tdx-guest (CONFIG_TDX_GUEST_DRIVER, Linux 6.2 or later)" },
	{ R(NO_DRIVER), ANY, NOTHING,
	  "its driver is not loaded, or is not for this machine",
	  "'cvm-evidence load' tries the drivers of this machine" },

	{ R(FOREIGN_NODE), P(SEV_GUEST), NOTHING,
	  "the device sev-guest does not belong to the driver sev-guest",
	  WHOSE_NODE "sev-guest" },
	{ R(FOREIGN_NODE), P(TDX_GUEST), NOTHING,
	  "the device tdx_guest does not belong to the driver tdx-guest",
	  WHOSE_NODE "tdx-guest" },
	{ R(FOREIGN_NODE), ANY, NOTHING,
	  "the device does not belong to the driver",
	  WHOSE_NODE "the driver" },

	{ R(DRIVER_NOT_LIVE), ANY, NOTHING,
	  "the driver @driver is initialising or going away", MOMENT },

	{ R(DRIVER_UNLOADED), P(SEV_GUEST), NOTHING,
	  "the driver sev-guest was unloaded", "modprobe sev-guest" },
	{ R(DRIVER_UNLOADED), P(TDX_GUEST), NOTHING,
	  "the driver tdx-guest was unloaded", "modprobe tdx-guest" },
	{ R(DRIVER_UNLOADED), ANY, NOTHING,
	  "the driver @driver was unloaded",
	  "'cvm-evidence load' loads the drivers of this machine again" },
	{ R(DRIVER_LEFT), P(SEV_GUEST), NOTHING,
	  "the driver sev-guest was unloaded during a request", "modprobe sev-guest" },
	{ R(DRIVER_LEFT), P(TDX_GUEST), NOTHING,
	  "the driver tdx-guest was unloaded during a request", "modprobe tdx-guest" },
	{ R(DRIVER_LEFT), P(VTPM), NOTHING,
	  "the TPM, or the HCL report in it, went away during a request",
	  "ask again; 'cvm-evidence status' says what is missing" },
	{ R(DRIVER_LEFT), ANY, NOTHING,
	  "the driver @driver was unloaded during a request",
	  "'cvm-evidence load' loads the drivers of this machine again" },

	{ R(KEY_WIPED), ANY, NOTHING,
	  "the guest's key to the SNP firmware is wiped", NEW_KEY },

	{ R(NO_TPM), ANY, NOTHING, "there is no TPM 2.0",
	  "only a confidential VM on Azure gives evidence in this way; there: modprobe tpm_crb, modprobe tpm_tis" },
	{ R(NO_HCL_REPORT), ANY, NOTHING,
	  "the TPM has no HCL report of a paravisor",
	  "only the TPM of a confidential VM on Azure has one" },
	{ R(TPM_REFUSED), ANY, TPM_RC,
	  "the TPM refused a command of the probe",
	  "run 'cvm-evidence status' as root to see the state of the TPM" },
	{ R(PROBE_FAILED), ANY, ERRNO,
	  "the probe failed",
	  "the kernel's log (dmesg) may say more; the next request probes again" },
};

static const char *const names[] = {
	[R(NONE)]		= "none",
	[R(NOT_PROBED)]		= "not-probed",
	[R(NO_INTERFACE)]	= "no-interface",
	[R(NO_CONFIGFS)]	= "no-configfs",
	[R(SETUP_FAILED)]	= "setup-failed",
	[R(NO_DRIVER)]		= "no-driver",
	[R(FOREIGN_NODE)]	= "foreign-node",
	[R(DRIVER_NOT_LIVE)]	= "driver-not-live",
	[R(DRIVER_UNLOADED)]	= "driver-unloaded",
	[R(DRIVER_LEFT)]	= "driver-left",
	[R(KEY_WIPED)]		= "key-wiped",
	[R(NO_TPM)]		= "no-tpm",
	[R(NO_HCL_REPORT)]	= "no-hcl-report",
	[R(TPM_REFUSED)]	= "tpm-refused",
	[R(PROBE_FAILED)]	= "probe-failed",
};

const char *reason_name(u32 reason)
{
	return reason < ARRAY_SIZE(names) ? names[reason] : "unknown";
}

const char *provider_status_name(u32 status)
{
	static const char *const states[] = {
		[CVM_EVIDENCE_ST_UNKNOWN]   = "unknown",
		[CVM_EVIDENCE_ST_AVAILABLE] = "available",
		[CVM_EVIDENCE_ST_NOT_BUILT] = "not-built",
		[CVM_EVIDENCE_ST_NO_DRIVER] = "no-driver",
		[CVM_EVIDENCE_ST_NOT_READY] = "not-ready",
		[CVM_EVIDENCE_ST_KEY_LOST]  = "key-lost",
		[CVM_EVIDENCE_ST_ERROR]	    = "error",
	};

	return status < ARRAY_SIZE(states) ? states[status] : "unrecognised";
}

/* Its index; ARRAY_SIZE(rows) for a reason to come */
static size_t row_of(const struct cvm_evidence_provider *p)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].reason == p->reason &&
		    (rows[i].provider == ANY || rows[i].provider == p->id))
			break;
	return i;
}

static char *param_text(enum param kind, u32 param)
{
	const char *name;

	switch (kind) {
	case ERRNO:
		name = param <= INT32_MAX ? strerrorname_np((int)param) : NULL;
		if (name)
			return xasprintf(": %s (%s)", strerror((int)param), name);
		return param ? xasprintf(": error %u", param) : xstrdup("");
	case TPM_RC: {
		char *rc CLEANUP(free_str) = tpm_rc_text(param);

		return xasprintf(": %s", rc);
	}
	default:
		return xstrdup("");
	}
}

/* @text with the driver's name for "@driver", or with nothing for it, then @tail. */
static char *with_driver(const char *text, const struct cvm_evidence_provider *p, const char *tail)
{
	static const char mark[] = " @driver";
	const char *at = strstr(text, mark);
	const char *space = p->driver[0] ? " " : "";

	if (!at)
		return xasprintf("%s%s", text, tail);
	return xasprintf("%.*s%s%.*s%s%s", (int)(at - text), text, space,
			 (int)sizeof(p->driver), p->driver, at + sizeof(mark) - 1, tail);
}

char *reason_text(const struct cvm_evidence_provider *p)
{
	char *param CLEANUP(free_str) = NULL;
	size_t i = row_of(p);

	if (i == ARRAY_SIZE(rows))
		return xasprintf("reason %u with the parameter %u, which this tool does not know",
				 p->reason, p->reason_param);
	param = param_text(rows[i].param, p->reason_param);
	return with_driver(rows[i].text, p, param);
}

char *reason_remedy(const struct cvm_evidence_provider *p)
{
	size_t i = row_of(p);

	if (i == ARRAY_SIZE(rows))
		return xstrdup("use the cvm-evidence of the same version as the loaded module");
	if (p->reason == R(TPM_REFUSED) && tpm_rc_is_passing(tpm_rc_base(p->reason_param)))
		return xstrdup(MOMENT);
	return with_driver(rows[i].remedy, p, "");
}
