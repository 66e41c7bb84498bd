// SPDX-License-Identifier: GPL-2.0-only
/*
 * cvm-paravisor: a TPM behind /dev/vtpmx that forwards to swtpm and gives HCL
 * reports as the paravisor of Azure's confidential VMs does, with the hardware's
 * report by the simulated TEE. It proves nothing, and says so. With --qemu it is
 * the TPM of a QEMU on this machine instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/vtpm_proxy.h>

#include "pv.h"

static const char *state_dir, *qemu, *report;
static int vtpm = -1, control = -1;

/* At most one answer is owed: the kernel sends one command at a time. */
static struct {
	bool owed;
	uint64_t due;
	size_t len;
	uint8_t rsp[TPM_MAX];
} answer;

uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

static void plug(void)
{
	struct vtpm_proxy_new_dev dev = { .flags = VTPM_PROXY_FLAG_TPM2 };
	int fd;

	if (qemu)
		return;		/* the guest has it from the start */
	fd = open("/dev/vtpmx", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("/dev/vtpmx: %s (is tpm_vtpm_proxy loaded?)", strerror(errno));
	if (ioctl(fd, VTPM_PROXY_IOC_NEW_DEV, &dev))
		die("/dev/vtpmx: no new TPM: %s", strerror(errno));
	close(fd);
	vtpm = dev.fd;
	fcntl(vtpm, F_SETFD, FD_CLOEXEC);
}

/* Times that the kernel refused it since the power went on, and when to try again */
static unsigned int refused;
static uint64_t plug_at;

static void unplug(void)
{
	answer.owed = false;
	plug_at = 0;
	if (vtpm >= 0)
		close(vtpm);
	vtpm = -1;
}

/*
 * The kernel gives a TPM up that does not answer its first commands within two
 * seconds. A paravisor's answers take the guest no time (openvmm,
 * vmm_core/vmotherboard: the vCPU stands still meanwhile); here a loaded machine
 * may not have run us, so it is offered again.
 */
static void plug_again(void)
{
	unplug();
	if (++refused > 10)
		return;
	fprintf(stderr, "cvm-paravisor: the kernel refused the TPM (%u)\n", refused);
	plug_at = now_ms() + 500;
}

/* What firmware has done by the time a guest runs. */
static void boot_tpm(void)
{
	static const char *const measured[] = {
		"SIMULATED firmware", "SIMULATED firmware configuration",
		"SIMULATED option ROMs", "SIMULATED option ROM configuration",
		"SIMULATED boot loader", "SIMULATED partitions", "SIMULATED wake",
		"SIMULATED Secure Boot policy",
	};
	struct tpm_cmd c = { .cc = CC_STARTUP };

	tpm_start(state_dir);
	buf_be16(&c.params, 0);
	tpm_must(&c, NULL, "Startup");
	tpm_lock_platform();
	for (unsigned int i = 0; i < sizeof(measured) / sizeof(*measured); i++)
		tpm_extend(i, measured[i]);
}

void power_set(uint64_t how)
{
	unplug();
	refused = 0;
	if (how == POWER_RESET) {
		tpm_stop();
		boot_tpm();
		hcl_boot();
	}
	if (how != POWER_OFF)
		plug();
}

static void send_answer(void)
{
	answer.owed = false;
	/* Whoever asked may have given up meanwhile: then there is no taker. */
	if (write(vtpm, answer.rsp, answer.len) < 0 && errno != EIO && errno != EPIPE)
		die("the answer to a TPM command: %s", strerror(errno));
}

/* The knob was turned: what waits by its old value waits no longer. */
void delay_over(void)
{
	if (answer.owed)
		answer.due = now_ms();
}

static void serve_command(void)
{
	uint8_t cmd[TPM_MAX];
	struct answer_plan plan;
	ssize_t n = qemu ? (ssize_t)qemu_command(vtpm, cmd) : read(vtpm, cmd, sizeof(cmd));

	if (qemu && !n)
		exit(0);
	if (n < 0) {
		if (errno == EPIPE)
			plug_again();
		else if (errno != EINTR && errno != EAGAIN)
			die("a TPM command: %s", strerror(errno));
		return;
	}
	answer.len = guest_command(cmd, n, answer.rsp, &plan);
	answer.owed = !plan.silent;
	answer.due = now_ms() + plan.delay;
	if (answer.owed && !plan.delay)
		send_answer();
}

static void serve(void)
{
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = control, .events = POLLIN },
			{ .fd = tpm_fd(), .events = POLLIN },
			{ .fd = answer.owed ? -1 : vtpm, .events = POLLIN },
			{ .fd = qemu_fd(), .events = POLLIN },
		};
		uint64_t now = now_ms();
		int wait = -1;

		if (answer.owed && answer.due <= now) {
			send_answer();
			continue;
		}
		if (plug_at && plug_at <= now) {
			plug_at = 0;
			plug();
			continue;
		}
		if (answer.owed)
			wait = answer.due - now;
		else if (plug_at)
			wait = plug_at - now;
		if (poll(fds, 4, wait) < 0) {
			if (errno == EINTR)
				continue;
			die("poll: %s", strerror(errno));
		}
		if (fds[1].revents)
			die("swtpm is gone (see %s/log)", state_dir);
		if (fds[3].revents) {
			if (!qemu_serve(&vtpm))
				exit(0);
		} else if (fds[0].revents)
			control_serve(control);
		else if (fds[2].revents & POLLIN)
			serve_command();
		else if (fds[2].revents)
			plug_again();
	}
}

static void on_term(int sig)
{
	_exit(0);	/* swtpm sees the end of its socket */
}

/* Forks; the parent ends when the child says that all is there, or has failed. */
static int background_begin(void)
{
	int ready[2];
	char ok;
	pid_t pid;

	if (pipe(ready))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (pid) {
		close(ready[1]);
		_exit(read(ready[0], &ok, 1) == 1 ? 0 : 1);
	}
	close(ready[0]);
	fcntl(ready[1], F_SETFD, FD_CLOEXEC);
	setsid();
	return ready[1];
}

static void use_captured(const char *path)
{
	size_t len;
	void *p = read_file(path, &len);

	if (!p)
		die("%s: %s", path, strerror(errno));
	if (len > nv_report.size)
		die("%s: %zu bytes do not fit into an index of %u", path, len, nv_report.size);
	hcl_captured(p, len);
	free(p);
}

static void run(enum pv_tee tee, bool background, const char *pidfile, char **turned)
{
	const char *wrong;
	char path[4096];
	int ready = -1;
	size_t len;
	void *cert;

	if (background)
		ready = background_begin();
	settle(pidfile);
	signal(SIGTERM, on_term);
	snprintf(path, sizeof(path), "%s/ak.der", state_dir);
	cert = read_file(path, &len);
	if (!cert)
		die("%s: %s (made by --provision)", path, strerror(errno));

	knobs_init(tee);
	boot_tpm();
	hcl_init(tee);
	nv_ak_cert.size = 4096;
	nv_fill(&nv_ak_cert, cert, len);
	nv_set_state(&nv_ak_cert, NV_OK);
	free(cert);
	nv_report.size = knob(K_INDEX_SIZE);
	nv_set_state(&nv_report, NV_OK);
	for (; *turned; turned++) {
		wrong = knob_assign(*turned);
		if (wrong)
			die("%s: %s", *turned, wrong);
	}
	hcl_boot();
	if (report)
		use_captured(report);
	plug();
	if (qemu)
		qemu_listen(qemu);
	else
		control = control_listen();
	if (ready >= 0 && (write(ready, "", 1) != 1 || close(ready)))
		die("whoever started this is gone");
	if (qemu)
		qemu_wait();
	serve();
}

static void usage(FILE *to)
{
	fputs("usage: cvm-paravisor --tee snp|tdx --state DIR [--background] [--pidfile FILE]\n"
"                     [--report FILE] [--qemu SOCKET [NAME=VALUE[:COUNT]]...]\n"
"       cvm-paravisor --provision DIR\n"
"       cvm-paravisor --ctl NAME=VALUE[:COUNT]... | get NAME | show | reset\n"
"\n"
"A SIMULATED paravisor with its vTPM, for tests. --provision makes the TPM's\n"
"state, --state uses it, --ctl speaks to the one that runs. With --report the TPM\n"
"has this captured HCL report and makes none; with --qemu it is the TPM of the QEMU\n"
"that comes to the socket (-tpmdev emulator), with these knobs.\n", to);
}

enum { OPT_TEE = 256, OPT_STATE, OPT_PIDFILE, OPT_PROVISION, OPT_CTL, OPT_QEMU,
       OPT_REPORT };

static const struct option options[] = {
	{ "background", no_argument, NULL, 'b' },
	{ "help", no_argument, NULL, 'h' },
	{ "tee", required_argument, NULL, OPT_TEE },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "pidfile", required_argument, NULL, OPT_PIDFILE },
	{ "qemu", required_argument, NULL, OPT_QEMU },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "provision", required_argument, NULL, OPT_PROVISION },
	{ "ctl", no_argument, NULL, OPT_CTL },
	{}
};

int main(int argc, char **argv)
{
	const char *tee = NULL, *pidfile = NULL;
	bool background = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "+bh", options, NULL)) != -1) {
		switch (opt) {
		case 'b': background = true; break;
		case 'h': usage(stdout); return 0;
		case OPT_TEE: tee = optarg; break;
		case OPT_STATE: state_dir = optarg; break;
		case OPT_PIDFILE: pidfile = optarg; break;
		case OPT_QEMU: qemu = optarg; break;
		case OPT_REPORT: report = optarg; break;
		case OPT_PROVISION: provision(optarg); return 0;
		case OPT_CTL: return control_ask(argc - optind, argv + optind);
		default: usage(stderr); return 2;
		}
	}
	if ((optind != argc && !qemu) || !state_dir || !tee || (strcmp(tee, "snp") && strcmp(tee, "tdx"))) {
		usage(stderr);
		return 2;
	}
	run(strcmp(tee, "snp") ? PV_TDX : PV_SNP, background, pidfile, argv + optind);
}
