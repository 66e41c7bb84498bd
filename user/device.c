// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "device.h"
#include "evidence.h"

int device_open(const char *path, int *fd)
{
	int err;

	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd >= 0)
		return RC_OK;
	err = errno;
	if (err == EACCES || err == EPERM || err == EROFS)
		return fail(RC_DENIED,
			    "cannot open %s: %s; be root, or a member of the group that owns it (usermod -aG cvm-evidence USER, then log in again); in a container, pass the device in",
			    path, strerror(err));
	if (err == ENOENT || err == ENXIO || err == ENODEV)
		return fail(RC_NO_PROVIDER,
			    "cannot open %s: %s; the module is not loaded: 'cvm-evidence load' loads it, 'cvm-evidence status' says more",
			    path, strerror(err));
	return fail(RC_FAILED, "cannot open %s: %s", path, strerror(err));
}

static int not_a_device(const char *path)
{
	return fail(RC_NO_PROVIDER, "%s is not the device of the cvm_evidence module", path);
}

int device_info(int fd, const char *path, struct device_info *out)
{
	memset(out, 0, sizeof(*out));
	out->info.size = sizeof(out->info);
	out->info.provider_size = sizeof(out->providers[0]);
	out->info.nr_providers = DEVICE_PROVIDERS_MAX;
	out->info.providers = (uintptr_t)out->providers;
	if (ioctl(fd, CVM_EVIDENCE_GET_INFO, &out->info) < 0) {
		if (errno == ENOTTY)
			return not_a_device(path);
		return fail(RC_FAILED, "%s: asking for the providers failed: %s", path,
			    strerror(errno));
	}
	out->n = out->info.nr_providers;
	if (out->n > DEVICE_PROVIDERS_MAX)
		out->n = DEVICE_PROVIDERS_MAX;
	return RC_OK;
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
		  "load the driver of this TEE: modprobe sev-guest, tdx-guest or arm-cca-guest ('cvm-evidence load' tries them)" },
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

static int request_failed(int fd, const char *path, const struct cvm_evidence_request *r, int err)
{
	char fw[64] = "";
	const char *who = provider_name(r->out_provider ? r->out_provider : r->provider);

	if (r->out_flags & CVM_EVIDENCE_OUT_F_FW_STATUS)
		snprintf(fw, sizeof(fw), " (status of firmware and host: 0x%llx)",
			 (unsigned long long)r->fw_status);
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
		return fail(RC_USAGE, "%s: the provider (%s) cannot do what was asked for; 'cvm-evidence status' lists what each can",
			    path, who);
	case EINVAL:
		return fail(RC_USAGE, "%s: the kernel refuses the request (%s): privlevel below the floor or too high, timeout too long, or a provider it does not know; 'cvm-evidence status' lists the limits",
			    path, who);
	case EMSGSIZE:
		return fail(RC_USAGE, "%s: report data or the name of the service provider is too long", path);
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

/* read(2) has no parameters: it takes what the module's defaults give. */
static bool has_parameters(const struct cvm_evidence_request *r)
{
	return r->flags || r->provider || r->privlevel != CVM_EVIDENCE_PRIVLEVEL_DEFAULT ||
	       r->timeout_ms || r->service_provider_len;
}

static int start_request(int fd, const char *path, struct cvm_evidence_request *r)
{
	int rc;

	r->size = sizeof(*r);
	do {
		/* after a signal the same call rejoins the same request */
		rc = ioctl(fd, CVM_EVIDENCE_REQUEST, r);
	} while (rc < 0 && errno == EINTR);
	return rc < 0 ? request_failed(fd, path, r, errno) : RC_OK;
}

static int read_blob(int fd, const char *path, const struct cvm_evidence_request *r,
		     struct buf *blob)
{
	u8 chunk[65536];
	ssize_t n;

	for (;;) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return request_failed(fd, path, r, errno);
		if (!n)
			return RC_OK;
		if (blob->len + (size_t)n > EVIDENCE_MAX)
			return fail(RC_EVIDENCE, "%s: the evidence has no end", path);
		buf_add(blob, chunk, (size_t)n);
	}
}

int device_evidence(const char *path, struct cvm_evidence_request *r, bool kernel_random,
		    struct buf *blob)
{
	struct device_info di;
	int fd, rc;

	rc = device_open(path, &fd);
	if (rc)
		return rc;
	if (kernel_random && !has_parameters(r)) {
		/* a plain file would be read as gladly */
		rc = device_info(fd, path, &di);
	} else {
		if (kernel_random) {
			r->report_data_len = sizeof(r->report_data);
			if (getrandom(r->report_data, sizeof(r->report_data), 0) !=
			    sizeof(r->report_data)) {
				rc = fail(RC_FAILED, "no random bytes from the kernel: %s",
					  strerror(errno));
				goto out;
			}
		}
		rc = start_request(fd, path, r);
	}
	if (!rc)
		rc = read_blob(fd, path, r, blob);
	if (!rc && r->report_data_len && blob->len != r->blob_len)
		rc = fail(RC_EVIDENCE, "%s: %llu bytes of evidence were announced, %zu came", path,
			  (unsigned long long)r->blob_len, blob->len);
out:
	close(fd);
	return rc;
}
