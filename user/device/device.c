// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device/device.h"

#define INSTALL	"install module and tool of one version, then reload the module (modprobe -r cvm_evidence; modprobe cvm_evidence)"

int device_open(const char *path, int *fd)
{
	int err;

	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd >= 0)
		return RC_OK;
	err = errno;
	if (err == EACCES || err == EPERM || err == EROFS)
		return fail(RC_DENIED,
			    "cannot open %s: %s; run as root, or join the group that owns it (usermod -aG cvm-evidence USER, then log in again); in a container, pass the device in",
			    path, strerror(err));
	if (err == ENOENT || err == ENXIO || err == ENODEV)
		return fail(RC_NO_PROVIDER,
			    "cannot open %s: %s; load the module with 'cvm-evidence load'; in a container, pass the device in; 'cvm-evidence status' shows more",
			    path, strerror(err));
	return fail(RC_FAILED, "cannot open %s: %s", path, strerror(err));
}

int not_a_device(const char *path)
{
	return fail(RC_NO_PROVIDER,
		    "%s is not the device of the module cvm_evidence, or the module does not speak version %d of the interface, which this tool needs: " INSTALL,
		    path, CVM_EVIDENCE_API_VERSION);
}

int other_version(const char *path, u32 api)
{
	if (api)
		return fail(RC_NO_PROVIDER,
			    "%s: the loaded module speaks version %u of the interface, this tool version %d: " INSTALL,
			    path, api, CVM_EVIDENCE_API_VERSION);
	return fail(RC_NO_PROVIDER,
		    "%s: the loaded module does not know version %d of the interface, which this tool speaks: " INSTALL,
		    path, CVM_EVIDENCE_API_VERSION);
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
		if (errno == EINVAL || errno == E2BIG)
			return other_version(path, 0);
		return fail(RC_FAILED, "%s: asking for the providers failed: %s", path,
			    strerror(errno));
	}
	/* apart from size, the only member that is at the same offset in all versions */
	if (out->info.api_version < CVM_EVIDENCE_API_VERSION)
		return other_version(path, out->info.api_version);
	out->n = out->info.nr_providers;
	if (out->n > DEVICE_PROVIDERS_MAX)
		out->n = DEVICE_PROVIDERS_MAX;
	return RC_OK;
}

const struct cvm_evidence_provider *device_auto(const struct device_info *di)
{
	u32 i;

	for (i = 0; i < di->n; i++)
		if (di->providers[i].id == di->info.auto_provider)
			return &di->providers[i];
	return NULL;
}

bool device_unprobed(const struct device_info *di)
{
	u32 i;

	for (i = 0; i < di->n; i++)
		if (di->providers[i].status == CVM_EVIDENCE_ST_UNKNOWN)
			return true;
	return false;
}
