// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device made of environment variables, for LD_PRELOAD:
 *
 *   FAKE_DEV      the path that is the device (it need not exist)
 *   FAKE_BLOB     file that read(2) gives, if the request succeeds
 *   FAKE_ERRNO    errno of REQUEST and of read(2)
 *   FAKE_READ_ERRNO  errno of read(2) alone
 *   FAKE_OPEN     errno of open(2)
 *   FAKE_EINTR    so many EINTR before REQUEST ends
 *   FAKE_STATUS   status of the only provider, "tsm" (0: available)
 *   FAKE_CAPS     what it can; its privlevel floor is 1
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

static int request(struct cvm_evidence_request *r)
{
	static int interrupts = -1;

	if (interrupts < 0)
		interrupts = env("FAKE_EINTR");
	if (interrupts-- > 0)
		return fail_with(EINTR);
	log_request(r);
	r->out_provider = provider();
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

static int get_info(struct cvm_evidence_info *i)
{
	struct cvm_evidence_provider *p = (void *)(unsigned long)i->providers;
	unsigned int id = provider();
	unsigned int tee = getenv("FAKE_TEE") ? (unsigned int)env("FAKE_TEE") :
		CVM_EVIDENCE_TEE_SEV_SNP;
	int status = env("FAKE_STATUS");

	i->api_version = CVM_EVIDENCE_API_VERSION;
	i->report_data_max = 64;
	i->auto_provider = status ? 0 : id;
	i->requests_started = 5;
	i->max_timeout_ms = 10000;
	strcpy(i->version, "9.9-fake");
	if (i->nr_providers && p) {
		memset(p, 0, sizeof(*p));
		p->id = id;
		p->status = (unsigned int)status;
		p->tee = status ? 0 : tee;
		p->caps = getenv("FAKE_CAPS") ? (unsigned int)env("FAKE_CAPS") :
			CVM_EVIDENCE_CAP_PRIVLEVEL;
		p->privlevel_floor = 1;
		strcpy(p->name, "tsm");
		strcpy(p->driver, status ? "" : "sev_guest");
		strcpy(p->reason, status ? "no driver has registered" : "");
	}
	i->nr_providers = 1;
	return 0;
}

int ioctl(int fd, unsigned long cmd, ...)
{
	static int (*real)(int, unsigned long, ...);
	va_list ap;
	void *arg;

	va_start(ap, cmd);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (fd == dev_fd && cmd == CVM_EVIDENCE_REQUEST)
		return request(arg);
	if (fd == dev_fd && cmd == CVM_EVIDENCE_GET_INFO)
		return get_info(arg);
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
