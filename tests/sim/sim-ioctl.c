// SPDX-License-Identifier: GPL-2.0-only
/*
 * sim-ioctl: one call to /dev/sev-guest or /dev/tdx_guest, result as text. For
 * looking at the simulated nodes, or at real ones, from a shell.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/sev-guest.h>

#define CERTS_ROOM	65536
#define TDX_GET_REPORT0	_IOWR('T', 1, struct tdx_call)

struct tdx_call {
	uint8_t reportdata[64];
	uint8_t tdreport[1024];
};

static void save(const char *path, const void *p, size_t len)
{
	FILE *f;

	if (!path)
		return;
	f = fopen(path, "wb");
	if (!f || fwrite(p, 1, len, f) != len || fclose(f)) {
		perror(path);
		exit(1);
	}
}

static void usage(void)
{
	fputs("usage: sim-ioctl [-m MSG_VERSION] [-v VMPL] [-e EXITINFO2] [-o REPORT] "
	      "[-c CERTS]\n                 report | ext CERTS_LEN | key | cmd NUMBER | "
	      "tdreport   <report_data\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static uint8_t certs[CERTS_ROOM] __attribute__((aligned(4096)));
	static struct snp_report_resp resp;
	static struct snp_derived_key_resp key;
	struct snp_ext_report_req req = {};
	struct snp_derived_key_req key_req = {};
	struct snp_guest_request_ioctl io = { .msg_version = 1 };
	const char *out = NULL, *certs_out = NULL, *verb;
	unsigned long cmd = SNP_GET_REPORT;
	uint8_t data[64] = {};
	uint32_t status, size;
	int opt, fd, ret, err;

	while ((opt = getopt(argc, argv, "m:v:e:o:c:")) != -1) {
		switch (opt) {
		case 'm': io.msg_version = strtoul(optarg, NULL, 0); break;
		case 'v': req.data.vmpl = strtoul(optarg, NULL, 0); break;
		case 'e': io.exitinfo2 = strtoull(optarg, NULL, 0); break;
		case 'o': out = optarg; break;
		case 'c': certs_out = optarg; break;
		default: usage();
		}
	}
	verb = optind < argc ? argv[optind] : "";
	if (read(0, data, sizeof(data)) < 0)
		usage();

	if (!strcmp(verb, "tdreport")) {
		struct tdx_call call = {};

		memcpy(call.reportdata, data, 64);
		fd = open("/dev/tdx_guest", O_RDWR);
		if (fd < 0) {
			perror("/dev/tdx_guest");
			return 1;
		}
		ret = ioctl(fd, TDX_GET_REPORT0, &call);
		err = ret ? errno : 0;
		printf("ret=%d errno=%d\n", ret, err);
		if (!ret)
			save(out, call.tdreport, sizeof(call.tdreport));
		return ret != 0;
	}

	memcpy(req.data.user_data, data, 64);
	io.req_data = (uintptr_t)&req.data;
	io.resp_data = (uintptr_t)&resp;
	if (!strcmp(verb, "ext") && optind + 1 < argc) {
		cmd = SNP_GET_EXT_REPORT;
		io.req_data = (uintptr_t)&req;
		req.certs_address = (uintptr_t)certs;
		req.certs_len = strtoul(argv[optind + 1], NULL, 0);
	} else if (!strcmp(verb, "key")) {
		cmd = SNP_GET_DERIVED_KEY;
		io.req_data = (uintptr_t)&key_req;
		io.resp_data = (uintptr_t)&key;
	} else if (!strcmp(verb, "cmd") && optind + 1 < argc) {
		cmd = strtoul(argv[optind + 1], NULL, 0);
	} else if (strcmp(verb, "report")) {
		usage();
	}

	fd = open("/dev/sev-guest", O_RDWR);
	if (fd < 0) {
		perror("/dev/sev-guest");
		return 1;
	}
	ret = ioctl(fd, cmd, &io);
	err = ret ? errno : 0;
	memcpy(&status, resp.data, 4);
	memcpy(&size, resp.data + 4, 4);
	printf("ret=%d errno=%d exitinfo2=0x%llx status=0x%x size=%u certs_len=%u\n", ret,
	       err, (unsigned long long)io.exitinfo2, status, size, req.certs_len);
	if (!ret && !status)
		save(out, resp.data + 32, 1184);
	if (!ret && cmd == SNP_GET_EXT_REPORT)
		save(certs_out, certs, req.certs_len);
	return ret != 0;
}
