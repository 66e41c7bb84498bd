// SPDX-License-Identifier: GPL-2.0-only
/* One request to the device, from REQUEST or read(2) to the end of its blob */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "device/error.h"
#include "device/request.h"
#include "evidence/evidence.h"

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
	r->sequence = 0;
	do {
		/* the kernel stores the number before it waits: with it the call
		 * continues the request after a signal
		 */
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
			return fail(RC_EVIDENCE, "%s: the evidence is larger than this tool accepts", path);
		buf_add(blob, chunk, (size_t)n);
	}
}

/* @kernel_random: no report data were given. Without other parameters read(2) lets
 * the kernel choose them; REQUEST needs them, so the tool chooses random bytes.
 */
static int ask(int fd, const char *path, struct cvm_evidence_request *r, bool kernel_random)
{
	if (!kernel_random)
		return start_request(fd, path, r);
	if (!has_parameters(r))
		return RC_OK;
	r->report_data_len = sizeof(r->report_data);
	if (getrandom(r->report_data, sizeof(r->report_data), 0) != sizeof(r->report_data))
		return fail(RC_FAILED, "cannot get random bytes from the kernel: %s", strerror(errno));
	return start_request(fd, path, r);
}

int device_evidence(const char *path, struct cvm_evidence_request *r, bool kernel_random,
		    struct buf *blob)
{
	struct device_info di;
	int fd, rc;

	rc = device_open(path, &fd);
	if (rc)
		return rc;
	/* a plain file could be read too, and a module of another version would
	 * take the request for something else
	 */
	rc = device_info(fd, path, &di);
	if (!rc)
		rc = ask(fd, path, r, kernel_random);
	if (!rc)
		rc = read_blob(fd, path, r, blob);
	if (!rc && r->report_data_len && blob->len != r->blob_len)
		rc = fail(RC_EVIDENCE, "%s: the device announced %llu bytes of evidence, but returned %zu", path,
			  (unsigned long long)r->blob_len, blob->len);
	close(fd);
	return rc;
}
