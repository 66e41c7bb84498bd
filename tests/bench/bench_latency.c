// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long one request takes: by /dev/cvm-evidence, and by a client of TSM
 * configfs that is correct and makes and removes its entry once only. One of
 * the one, one of the other, so that whatever the machine does meanwhile
 * meets both. Both read to the end of file and check what they got.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/cvm_evidence.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY	"/sys/kernel/config/tsm/report/bench"

static uint8_t buf[BLOB_MAX];
static uint8_t rd[RD_LEN];
static uint64_t writes;
static int with_certs;

static int open_attr(const char *name, int flags)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), ENTRY "/%s", name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static size_t read_attr(const char *name)
{
	int fd = open_attr(name, O_RDONLY);
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, buf + len, sizeof(buf) - len);
		if (n < 0)
			die(ENTRY "/%s: %s", name, strerror(errno));
		len += n;
	} while (n);
	close(fd);
	return len;
}

static void by_configfs(void)
{
	size_t len;
	int fd;

	fd = open_attr("inblob", O_WRONLY);
	if (write(fd, rd, RD_LEN) != RD_LEN)
		die(ENTRY "/inblob: %s", strerror(errno));
	close(fd);
	writes++;

	len = read_attr("outblob");
	if (!memmem(buf, len, rd, RD_LEN))
		die("a report of %zu bytes without the report_data", len);
	if (with_certs)
		read_attr("auxblob");

	len = read_attr("generation");
	buf[len] = 0;
	if (strtoull((char *)buf, NULL, 10) != writes)
		die("generation %s after %llu writes", (char *)buf,
		    (unsigned long long)writes);
}

struct series {
	const char *name;
	uint64_t *ns;
};

static void print(struct series *s, size_t n)
{
	printf("%-28s median %6.1f us   quartiles %6.1f %6.1f   p99 %6.1f\n",
	       s->name, quantile(s->ns, n, 50) / 1e3,
	       quantile(s->ns, n, 25) / 1e3, quantile(s->ns, n, 75) / 1e3,
	       quantile(s->ns, n, 99) / 1e3);
}

static double compare(int dev, size_t n, int certs)
{
	struct series cfs = { certs ? "configfs, with auxblob" : "configfs",
			      calloc(n, sizeof(uint64_t)) };
	struct series ours = { "/dev/cvm-evidence", calloc(n, sizeof(uint64_t)) };
	uint64_t t;
	double ratio;

	if (!cfs.ns || !ours.ns)
		die("out of memory");
	with_certs = certs;
	for (size_t i = 0; i < n + n / 10; i++) {
		/* the first ones warm the caches up */
		size_t at = i < n / 10 ? 0 : i - n / 10;

		next_report_data(rd);
		t = now_ns();
		by_configfs();
		cfs.ns[at] = now_ns() - t;

		next_report_data(rd);
		t = now_ns();
		take(dev, rd, buf, sizeof(buf));
		ours.ns[at] = now_ns() - t;
	}
	print(&cfs, n);
	print(&ours, n);
	ratio = (double)quantile(ours.ns, n, 50) / quantile(cfs.ns, n, 50);
	free(cfs.ns);
	free(ours.ns);
	return ratio;
}

/* Where the time of one request goes, by REQUEST's own word */
static void breakdown(int dev, size_t n)
{
	struct series wait = { "  waiting for the worker", calloc(n, 8) };
	struct series fw = { "  in the provider", calloc(n, 8) };
	struct series rest = { "  submitting, blob, wake-up", calloc(n, 8) };
	struct cvm_evidence_request req;
	uint64_t t;

	if (!wait.ns || !fw.ns || !rest.ns)
		die("out of memory");
	for (size_t i = 0; i < n; i++) {
		memset(&req, 0, sizeof(req));
		req.size = sizeof(req);
		req.privlevel = CVM_EVIDENCE_PRIVLEVEL_DEFAULT;
		req.report_data_len = RD_LEN;
		next_report_data(req.report_data);
		t = now_ns();
		if (ioctl(dev, CVM_EVIDENCE_REQUEST, &req))
			die("REQUEST: %s", strerror(errno));
		t = now_ns() - t;
		wait.ns[i] = req.wait_ns;
		fw.ns[i] = req.firmware_ns;
		rest.ns[i] = t - req.wait_ns - req.firmware_ns;
	}
	puts("of one request by ioctl:");
	print(&wait, n);
	print(&fw, n);
	print(&rest, n);
	free(wait.ns);
	free(fw.ns);
	free(rest.ns);
}

int main(int argc, char **argv)
{
	size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 3000;
	int dev;

	if (!n)
		die("usage: bench_latency [REQUESTS [host-certs]]");
	dev = open(CVM_EVIDENCE_DEVICE, O_RDWR | O_CLOEXEC);
	if (dev < 0)
		die(CVM_EVIDENCE_DEVICE ": %s", strerror(errno));
	if (mkdir(ENTRY, 0700))
		die(ENTRY ": %s", strerror(errno));

	printf("%zu requests each, in turn\n", n);
	if (argc > 2) {
		printf("latency-ratio-host-certs %.3f\n", compare(dev, n, 1));
		rmdir(ENTRY);
		return 0;
	}
	printf("latency-ratio %.3f\n", compare(dev, n, 0));
	/* SNP: ours brings the certificates, so a client may read them too */
	if (!access(ENTRY "/auxblob", F_OK))
		printf("latency-ratio-certs %.3f\n", compare(dev, n, 1));
	breakdown(dev, n);
	rmdir(ENTRY);
	return 0;
}
