// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device made of environment variables, for LD_PRELOAD:
 *
 *   FAKE_DEV      the path that is the device (it need not exist)
 *   FAKE_BLOB     file that read(2) gives, if the request succeeds
 *   FAKE_ERRNO    errno of REQUEST and of read(2)
 *   FAKE_READ_ERRNO  errno of read(2) alone
 *   FAKE_OPEN     errno of open(2)
 *   FAKE_EINTR    so many EINTR before REQUEST ends, which has to be continued by
 *                 its sequence number
 *   FAKE_STATUS   status of the only provider (default: available)
 *   FAKE_REASON, FAKE_PARAM  its reason, and the parameter of that
 *   FAKE_UNKNOWN  so many GET_INFO tell that it was not probed
 *   FAKE_AUTO     auto_provider (default: it, if it is available or its key lost)
 *   FAKE_LAST_ERROR  its last_error
 *   FAKE_CAPS     what it can; its privlevel floor is 1
 *   FAKE_SERVES   request_flags of the module (default: all)
 *   FAKE_API      api_version; 1: a module of that version, with its structs
 *   FAKE_INFO_ERRNO  errno of GET_INFO
 *   FAKE_FW       fw_status that REQUEST tells
 *   FAKE_LOG      file that gets a line per REQUEST: what was asked
 *   FAKE_CMD      shell command that makes FAKE_BLOB at each REQUEST; it sees
 *                 FAKE_DATA, FAKE_QUOTE_DATA (hex), FAKE_FLAGS, FAKE_PCR_MASK
 *   FAKE_TEE, FAKE_PROVIDER  what the provider is (numbers of the UAPI)
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/cvm_evidence.h>

#include "fakedev_v1.h"

static int dev_fd = -1;
static int blob_fd = -1;
static int asked;

static int env(const char *name)
{
	const char *v = getenv(name);

	return v ? atoi(v) : 0;
}

static int fail_with(int err)
{
	errno = err;
	return -1;
}

static int fake_open(void)
{
	if (env("FAKE_OPEN"))
		return fail_with(env("FAKE_OPEN"));
	dev_fd = memfd_create("fakedev", 0);
	return dev_fd;
}

int open(const char *path, int flags, ...)
{
	static int (*real)(const char *, int, ...);
	const char *dev = getenv("FAKE_DEV");
	mode_t mode = 0;
	va_list ap;

	if (dev && !strcmp(path, dev))
		return fake_open();
	if (!real)
		real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return real(path, flags, mode);
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return open(path, flags);
}

static off_t blob_len(void)
{
	const char *path = getenv("FAKE_BLOB");
	struct stat st;

	return path && !stat(path, &st) ? st.st_size : 0;
}

static void hex(FILE *f, const unsigned char *p, unsigned int len)
{
	while (len--)
		fprintf(f, "%02x", *p++);
}

static void log_request(const struct cvm_evidence_request *r)
{
	const char *path = getenv("FAKE_LOG");
	FILE *f = path ? fopen(path, "a") : NULL;

	if (!f)
		return;
	fprintf(f, "size=%u flags=0x%x provider=%u privlevel=%d timeout=%u len=%u data=", r->size,
		r->flags, r->provider, (int)r->privlevel, r->timeout_ms, r->report_data_len);
	hex(f, r->report_data, r->report_data_len);
	fprintf(f, " service=%.*s version=%u guid=", (int)r->service_provider_len,
		(char *)(unsigned long)r->service_provider, r->service_manifest_version);
	hex(f, r->service_guid, 16);
	fputc('\n', f);
	fclose(f);
}

static void set_hex(const char *name, const unsigned char *p, unsigned int len)
{
	char text[2 * CVM_EVIDENCE_REPORT_DATA_MAX + 1] = "";
	unsigned int i;

	for (i = 0; i < len && i < CVM_EVIDENCE_REPORT_DATA_MAX; i++)
		sprintf(text + 2 * i, "%02x", p[i]);
	setenv(name, text, 1);
}

/* 0 when the command, if there is one, made a blob */
static int run_command(const struct cvm_evidence_request *r)
{
	char flags[16], *preload;
	int rc;

	if (!getenv("FAKE_CMD"))
		return 0;
	snprintf(flags, sizeof(flags), "%u", r->flags);
	setenv("FAKE_FLAGS", flags, 1);
	snprintf(flags, sizeof(flags), "%u", r->pcr_mask);
	setenv("FAKE_PCR_MASK", flags, 1);
	set_hex("FAKE_DATA", r->report_data, r->report_data_len);
	set_hex("FAKE_QUOTE_DATA", (void *)(unsigned long)r->quote_data, r->quote_data_len);
	preload = getenv("LD_PRELOAD");
	preload = preload ? strdup(preload) : NULL;
	unsetenv("LD_PRELOAD");
	rc = system(getenv("FAKE_CMD"));
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	free(preload);
	return rc;
}

static unsigned int provider(void)
{
	return getenv("FAKE_PROVIDER") ? (unsigned int)env("FAKE_PROVIDER") : CVM_EVIDENCE_PROVIDER_TSM;
}

#define SEQUENCE	0x4200000007ULL

/* As the kernel: the number is stored before the wait, and continues the request */
static int interrupted(struct cvm_evidence_request *r)
{
	static int interrupts = -1;
	int pending = interrupts >= 0;

	if (interrupts < 0)
		interrupts = env("FAKE_EINTR");
	if (r->sequence != (pending ? SEQUENCE : 0))
		return fail_with(EINVAL);
	r->sequence = SEQUENCE;
	if (interrupts-- > 0)
		return fail_with(EINTR);
	interrupts = -1;
	return 0;
}

static int request(struct cvm_evidence_request *r)
{
	if (r->size != sizeof(*r))
		return fail_with(EINVAL);
	if (interrupted(r))
		return -1;
	log_request(r);
	r->out_provider = provider();
	r->out_flags = 0;
	if (getenv("FAKE_FW")) {
		r->out_flags = CVM_EVIDENCE_OUT_F_FW_STATUS;
		r->fw_status = (unsigned long long)env("FAKE_FW");
	}
	if (env("FAKE_ERRNO"))
		return fail_with(env("FAKE_ERRNO"));
	if (run_command(r))
		return fail_with(EIO);
	r->blob_len = (unsigned long long)blob_len();
	asked = 1;
	return 0;
}

static unsigned int status_now(void)
{
	static int unknown = -1;

	if (unknown < 0)
		unknown = env("FAKE_UNKNOWN");
	if (unknown-- > 0)
		return CVM_EVIDENCE_ST_UNKNOWN;
	unknown = 0;
	return getenv("FAKE_STATUS") ? (unsigned int)env("FAKE_STATUS") : CVM_EVIDENCE_ST_AVAILABLE;
}

static void fill_provider(struct cvm_evidence_provider *p, unsigned int status)
{
	static const char *const names[] = { "", "tsm", "sev-guest", "tdx-guest", "vtpm" };
	static const char *const drivers[] = { "", "sev_guest", "tdx_guest", "arm_cca_guest" };
	unsigned int tee = getenv("FAKE_TEE") ? (unsigned int)env("FAKE_TEE") :
		CVM_EVIDENCE_TEE_SEV_SNP;

	memset(p, 0, sizeof(*p));
	p->id = provider();
	p->status = status;
	p->reason = status ? (unsigned int)env("FAKE_REASON") : CVM_EVIDENCE_REASON_NOT_PROBED;
	p->reason_param = (unsigned int)env("FAKE_PARAM");
	p->tee = status == CVM_EVIDENCE_ST_AVAILABLE || status == CVM_EVIDENCE_ST_KEY_LOST ? tee : 0;
	p->caps = getenv("FAKE_CAPS") ? (unsigned int)env("FAKE_CAPS") : CVM_EVIDENCE_CAP_PRIVLEVEL;
	p->quote_data_max = 50;
	p->privlevel_floor = 1;
	p->last_error = (unsigned int)env("FAKE_LAST_ERROR");
	strcpy(p->name, names[p->id]);
	strcpy(p->driver, p->tee ? drivers[tee] : "");
}

static int get_info(struct cvm_evidence_info *i)
{
	struct cvm_evidence_provider *p = (void *)(unsigned long)i->providers;
	unsigned int status = status_now();
	int usable = status == CVM_EVIDENCE_ST_AVAILABLE || status == CVM_EVIDENCE_ST_KEY_LOST;

	if (env("FAKE_INFO_ERRNO"))
		return fail_with(env("FAKE_INFO_ERRNO"));
	if (i->size != sizeof(*i) || i->provider_size != sizeof(*p))
		return fail_with(EINVAL);
	i->flags = CVM_EVIDENCE_INFO_F_EVENTS;
	i->api_version = getenv("FAKE_API") ? (unsigned int)env("FAKE_API") :
		CVM_EVIDENCE_API_VERSION;
	i->report_data_max = 64;
	i->auto_provider = getenv("FAKE_AUTO") ? (unsigned int)env("FAKE_AUTO") :
		usable ? provider() : 0;
	i->requests_started = 5;
	i->requests_waiting = 4;
	i->requests_canceled = 3;
	i->request_flags = getenv("FAKE_SERVES") ? (unsigned int)env("FAKE_SERVES") : 0x1cf;
	i->max_timeout_ms = 10000;
	strcpy(i->version, "9.9-fake");
	if (i->nr_providers && p)
		fill_provider(p, status);
	i->nr_providers = 1;
	return 0;
}

static int fake_ioctl(unsigned long cmd, void *arg)
{
	int v1 = env("FAKE_API") == 1;

	if (cmd == CVM_EVIDENCE_REQUEST)
		return v1 ? v1_request(arg, (unsigned long long)blob_len()) : request(arg);
	if (cmd == CVM_EVIDENCE_GET_INFO)
		return v1 ? v1_get_info(arg) : get_info(arg);
	return fail_with(ENOTTY);
}

int ioctl(int fd, unsigned long cmd, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd == dev_fd && fd >= 0)
		return fake_ioctl(cmd, arg);
	if (!real)
		real = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	return real(fd, cmd, arg);
}

/* The number is another file's from then on. */
int close(int fd)
{
	static int (*real)(int);

	if (!real)
		real = (int (*)(int))dlsym(RTLD_NEXT, "close");
	if (fd == dev_fd)
		dev_fd = -1;
	return real(fd);
}

ssize_t read(int fd, void *buf, size_t len)
{
	static ssize_t (*real)(int, void *, size_t);

	if (!real)
		real = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
	if (fd != dev_fd || fd < 0)
		return real(fd, buf, len);
	if (env("FAKE_READ_ERRNO") || (!asked && env("FAKE_ERRNO")))
		return fail_with(env("FAKE_READ_ERRNO") ? env("FAKE_READ_ERRNO") : env("FAKE_ERRNO"));
	if (blob_fd < 0)
		blob_fd = open(getenv("FAKE_BLOB"), O_RDONLY);
	/* in small pieces, as any reader must bear */
	return real(blob_fd, buf, len > 100 ? 100 : len);
}

ssize_t __read_chk(int fd, void *buf, size_t len, size_t size);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t size)
{
	(void)size;
	return read(fd, buf, len);
}
