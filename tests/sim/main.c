// SPDX-License-Identifier: GPL-2.0-only
/*
 * cvm-simtee: makes and signs the evidence of a simulated TEE, with keys of
 * its own, for the drivers in kmod/. It proves nothing, and says so.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simtee.h"

static bool replaying;

int make_answer(const struct cvm_sim_request *rq, struct answer *a)
{
	if (replaying)
		return replay_answer(rq, a);
	switch (rq->kind) {
	case CVM_SIM_SNP:	return snp_answer(rq, a);
	case CVM_SIM_TDREPORT:	return tdreport_answer(rq, a);
	case CVM_SIM_QUOTE:	return quote_answer(rq, a);
	case CVM_SIM_CCA:	return cca_answer(rq, a);
	}
	return -EOPNOTSUPP;
}

static void serve_one(int fd, const struct cvm_sim_request *rq)
{
	struct cvm_sim_reply rep = { .proto = CVM_SIM_PROTO, .id = rq->id };
	struct answer a = {};
	struct buf out = {};

	if (rq->proto != CVM_SIM_PROTO)
		die("the driver is of another build");
	rep.error = make_answer(rq, &a);
	rep.flags = a.flags;
	if (!rep.error) {
		rep.out_len = a.out.len;
		rep.aux_len = a.aux.len;
		rep.manifest_len = a.manifest.len;
	}
	buf_add(&out, &rep, sizeof(rep));
	buf_add(&out, a.out.p, rep.out_len);
	buf_add(&out, a.aux.p, rep.aux_len);
	buf_add(&out, a.manifest.p, rep.manifest_len);
	/*
	 * ESRCH: whoever asked has given up. ENOMEM: a test that injects faults;
	 * it means its own, not the machine's firmware.
	 */
	for (int i = 0; write(fd, out.p, out.len) < 0 && errno != ESRCH; i++) {
		if ((errno != ENOMEM && errno != EINTR) || i == 100)
			die("/dev/" CVM_SIM_DEVICE ": %s", strerror(errno));
		usleep(1000);
	}
	buf_free(&out);
	buf_free(&a.out);
	buf_free(&a.aux);
	buf_free(&a.manifest);
}

static void serve(bool background, const char *pidfile)
{
	struct cvm_sim_request rq;
	int fd;

	fd = open("/dev/" CVM_SIM_DEVICE, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/" CVM_SIM_DEVICE ": %s (is cvm_sim.ko loaded, and no other daemon?)",
		    strerror(errno));
	if (background && daemon(0, 1))
		die("daemon: %s", strerror(errno));
	settle(pidfile);
	for (;;) {
		ssize_t n = read(fd, &rq, sizeof(rq));

		if (n == sizeof(rq))
			serve_one(fd, &rq);
		else if (n >= 0 || errno != EINTR)
			die("/dev/" CVM_SIM_DEVICE ": %s", n < 0 ? strerror(errno) : "short read");
	}
}

static void parse_report_data(const char *hex, uint8_t data[64])
{
	size_t n = strlen(hex);

	if (n > 128 || n % 2 || strspn(hex, "0123456789abcdefABCDEF") != n)
		die("--report-data %s: not up to 64 bytes of hex", hex);
	memset(data, 0, 64);
	for (size_t i = 0; i < n / 2; i++)
		sscanf(hex + 2 * i, "%2hhx", &data[i]);
}

static void usage(FILE *to)
{
	fputs("usage: cvm-simtee [OPTION]...\n"
"\n"
"Signs evidence of a SIMULATED TEE for the drivers of tests/sim/kmod.\n"
"\n"
"  -b, --background        return when the drivers can be used\n"
"      --pidfile FILE      where to write the pid\n"
"      --roots DIR         write the roots and certificates to DIR first\n"
"      --no-serve          and that is all\n"
"      --replay PATH       give this evidence, whatever is asked for\n"
"      --certs FILE        with this certificate table\n"
"      --vectors DIR       where certificates for it may be found\n"
"\n"
"instead of serving:\n"
"      --dump DIR          write samples of all kinds and the roots\n"
"      --report-data HEX   for these (default: 00 01 02 .. 3f)\n"
"      --kind              print what the --replay file is\n"
"      --prepare DIR       write DIR/evidence and DIR/certs for --replay DIR\n", to);
}

enum {
	OPT_PIDFILE = 256, OPT_ROOTS, OPT_REPLAY, OPT_CERTS, OPT_VECTORS, OPT_DUMP,
	OPT_REPORT_DATA, OPT_KIND, OPT_PREPARE, OPT_NO_SERVE,
};

static const struct option options[] = {
	{ "background", no_argument, NULL, 'b' },
	{ "help", no_argument, NULL, 'h' },
	{ "pidfile", required_argument, NULL, OPT_PIDFILE },
	{ "roots", required_argument, NULL, OPT_ROOTS },
	{ "replay", required_argument, NULL, OPT_REPLAY },
	{ "certs", required_argument, NULL, OPT_CERTS },
	{ "vectors", required_argument, NULL, OPT_VECTORS },
	{ "dump", required_argument, NULL, OPT_DUMP },
	{ "report-data", required_argument, NULL, OPT_REPORT_DATA },
	{ "kind", no_argument, NULL, OPT_KIND },
	{ "prepare", required_argument, NULL, OPT_PREPARE },
	{ "no-serve", no_argument, NULL, OPT_NO_SERVE },
	{}
};

int main(int argc, char **argv)
{
	const char *pidfile = NULL, *roots = NULL, *replay = NULL, *certs = NULL;
	const char *vectors = NULL, *dump_dir = NULL, *prepare = NULL;
	bool background = false, show_kind = false, no_serve = false;
	uint8_t data[64];
	int opt;

	for (int i = 0; i < 64; i++)
		data[i] = i;
	while ((opt = getopt_long(argc, argv, "bh", options, NULL)) != -1) {
		switch (opt) {
		case 'b': background = true; break;
		case 'h': usage(stdout); return 0;
		case OPT_PIDFILE: pidfile = optarg; break;
		case OPT_ROOTS: roots = optarg; break;
		case OPT_REPLAY: replay = optarg; break;
		case OPT_CERTS: certs = optarg; break;
		case OPT_VECTORS: vectors = optarg; break;
		case OPT_DUMP: dump_dir = optarg; break;
		case OPT_REPORT_DATA: parse_report_data(optarg, data); break;
		case OPT_KIND: show_kind = true; break;
		case OPT_PREPARE: prepare = optarg; break;
		case OPT_NO_SERVE: no_serve = true; break;
		default: usage(stderr); return 2;
		}
	}
	if (optind != argc || ((show_kind || prepare || certs) && !replay)) {
		usage(stderr);
		return 2;
	}

	if (replay) {
		replay_load(replay, certs, vectors);
		replaying = true;
	}
	if (show_kind)
		puts(replay_kind());
	if (prepare)
		replay_write(prepare);
	if (dump_dir)
		dump(dump_dir, data);
	if (roots)
		write_roots(roots);
	if (show_kind || prepare || dump_dir || no_serve)
		return 0;
	serve(background, pidfile);
}
