// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/platform.h"
#include "cli/status.h"
#include "cli/status_tpm.h"
#include "device/device.h"
#include "device/event.h"
#include "device/nl.h"
#include "device/reason.h"
#include "evidence/evidence.h"
#include "tpm/dev.h"

#define TSM_REPORT_DIR	"/sys/kernel/config/tsm/report"
#define OUR_ENTRIES	"cvm_evidence."
/* A module that was loaded just now is asked again, so often and so far apart */
#define PROBE_TRIES	40
#define PROBE_WAIT_NS	50000000

static const char help[] =
"Usage: cvm-evidence status [--json] [--device PATH] [--tpm PATH]\n"
"\n"
"Shows whether this machine can give evidence, and if not, why and what to do:\n"
"kernel, TEE, Secure Boot and lockdown, the module, the device, each provider\n"
"with its driver, the module's limits and counters, and entries that other tools\n"
"left in the TSM report configfs (they keep a driver from being unloaded).\n"
"Providers and counters are shown if you may open the device or have\n"
"CAP_NET_ADMIN.\n"
"Of the TPM: whether it is locked out, has an owner's password, and on Azure\n"
"whether it outlives a reboot, to be known before a key is sealed to it.\n"
"\n"
"  --json           the same for programs\n"
"  --device PATH    the device (default: /dev/cvm-evidence)\n"
"  --tpm PATH       the TPM (default: /dev/tpmrm0)\n"
"  -h, --help       this text\n"
"\n"
"Exit status: that of 'cvm-evidence get'. 0 a provider is available,\n"
"3 none is, or the module is of another version than this tool, 4 the device may\n"
"not be opened, 6 the guest's key to the SNP firmware is wiped.\n"
"\n"
"Example:\n"
"  cvm-evidence status --json | jq -r '.providers[] | select(.status == \"available\").name'\n";

static void show_kernel(struct node *to)
{
	static const char *const options[] = {
		"CONFIG_TSM_REPORTS", "CONFIG_SEV_GUEST", "CONFIG_TDX_GUEST_DRIVER",
		"CONFIG_ARM_CCA_GUEST",
	};
	const char *seen = NULL, *tee = platform_tee(&seen), *lockdown = platform_lockdown();
	int secure_boot = platform_secure_boot();
	struct node *n;
	struct utsname u;
	size_t i;

	if (!uname(&u))
		add_text(to, "kernel", "%s %s", u.release, u.machine);
	n = add_text(to, "machine_tee", "%s", tee ? tee : "unknown");
	if (tee)
		note(n, "by %s", seen);
	else
		note(n, "nothing says that this is a confidential VM");
	add_text(to, "secure_boot", "%s", secure_boot > 0 ? "on" : secure_boot ? "unknown" : "off");
	n = add_text(to, "lockdown", "%s", lockdown ? lockdown : "unknown");
	if (lockdown && strcmp(lockdown, "none"))
		note(n, "only signed modules load: DKMS' key must be enrolled, mokutil --import /var/lib/dkms/mok.pub");
	if (!platform_config(options[0]))
		return;
	n = add_map(to, "kernel_config", NULL);
	for (i = 0; i < ARRAY_SIZE(options); i++)
		add_text(n, options[i], "%c", platform_config(options[i]));
}

static void show_module(struct node *to)
{
	enum module_state state = module_state("cvm_evidence");
	struct node *n = add_map(to, "module", "module cvm_evidence");

	add_text(n, "state", "%s", state == MODULE_LOADED ? "loaded" :
		 state == MODULE_THERE ? "not loaded" : "not installed");
	if (state == MODULE_THERE)
		add_text(n, "remedy", "cvm-evidence load");
	else if (state == MODULE_MISSING)
		add_text(n, "remedy", "%s", module_load_hint("cvm_evidence", -ENOENT));
}

/* Opens the device and says why when it cannot; RC_OK when it could. */
static int open_node(struct node *to, const char *path, int *fd)
{
	struct node *n = add_map(to, "device", NULL);
	const struct passwd *pw;
	const struct group *gr;
	struct stat st;
	int err;

	*fd = -1;
	add_text(n, "path", "%s", path);
	if (stat(path, &st)) {
		add_text(n, "access", "%s", strerror(errno));
		add_text(n, "remedy", "load the module ('cvm-evidence load'); in a container, pass the device in");
		return RC_NO_PROVIDER;
	}
	pw = getpwuid(st.st_uid);
	gr = getgrgid(st.st_gid);
	add_text(n, "mode", "%04o", st.st_mode & 07777);
	add_text(n, "owner", "%s:%s", pw ? pw->pw_name : "?", gr ? gr->gr_name : "?");
	*fd = open(path, O_RDWR | O_CLOEXEC);
	err = errno;
	add_text(n, "access", "%s", *fd >= 0 ? "yes" : strerror(err));
	if (*fd >= 0)
		return RC_OK;
	add_text(n, "remedy", "run as root, or join the group that owns it (usermod -aG cvm-evidence USER, then log in again)");
	return err == EACCES || err == EPERM ? RC_DENIED : RC_NO_PROVIDER;
}

static void show_provider(struct node *list, const struct cvm_evidence_provider *p)
{
	static const struct {
		u32 bit;
		const char *name;
	} caps[] = {
		{ CVM_EVIDENCE_CAP_PRIVLEVEL, "privlevel" },
		{ CVM_EVIDENCE_CAP_SERVICE, "service" },
		{ CVM_EVIDENCE_CAP_CERTS, "certs" },
		{ CVM_EVIDENCE_CAP_FW_STATUS, "fw-status" },
		{ CVM_EVIDENCE_CAP_TPM_QUOTE, "tpm-quote" },
	};
	bool available = p->status == CVM_EVIDENCE_ST_AVAILABLE;
	bool unprobed = p->status == CVM_EVIDENCE_ST_UNKNOWN;
	char *title = xasprintf("%.*s: %s", (int)sizeof(p->name), p->name,
				unprobed ? "not probed yet" : provider_status_name(p->status));
	char *reason CLEANUP(free_str) = reason_text(p), *remedy CLEANUP(free_str) = reason_remedy(p);
	struct node *n = add_map(list, NULL, title), *c;
	size_t i;

	free_str(&title);
	json_only(add_text(n, "name", "%.*s", (int)sizeof(p->name), p->name));
	json_only(add_text(n, "status", "%s", provider_status_name(p->status)));
	if (!available) {
		json_only(add_text(n, "reason_code", "%s", reason_name(p->reason)));
		json_only(add_uint(n, "reason_param", p->reason_param));
		add_text(n, "reason", "%s", reason);
		if (*remedy)
			add_text(n, "remedy", "%s", remedy);
		return;
	}
	add_text(n, "tee", "%s", tee_name(p->tee));
	add_text(n, "driver", "%.*s", (int)sizeof(p->driver), p->driver);
	add_uint(n, "privlevel_floor", p->privlevel_floor);
	c = add_list(n, "can", NULL);
	for (i = 0; i < ARRAY_SIZE(caps); i++)
		if (p->caps & caps[i].bit)
			add_text(c, NULL, "%s", caps[i].name);
	if (p->caps & CVM_EVIDENCE_CAP_TPM_QUOTE)
		add_uint(n, "quote_data_max", p->quote_data_max);
	add_uint(n, "queued", p->queued);
	add_uint(n, "started", p->started);
	add_uint(n, "failed", p->failed);
	if (p->last_error)
		note(add_uint(n, "last_error", p->last_error), "%s", strerror((int)p->last_error));
	else
		json_only(add_uint(n, "last_error", 0));
}

/* By the names that events have for them */
static void show_request_flags(struct node *to, u32 flags)
{
	const struct event_attr *a = event_attr(CVM_EVIDENCE_EVENT_A_FLAGS);
	struct node *list = add_list(to, "request_flags", "the module serves");
	struct buf name CLEANUP_BUF;
	u32 i;

	for (i = 0; event_bit_name(a, flags, i, &name); i++, name.len = 0)
		add_text(list, NULL, "%s", (char *)name.p);
}

static void show_version(struct node *to, const struct cvm_evidence_info *i)
{
	struct node *n;

	add_text(to, "module_version", "%.*s", (int)sizeof(i->version), i->version);
	add_uint(to, "api_version", i->api_version);
	n = add_uint(to, "vm_epoch", i->vm_epoch);
	if (!(i->flags & CVM_EVIDENCE_INFO_F_VMFORK))
		note(n, "meaningless: this kernel cannot detect forks of the VM");
	json_only(add_bool(to, "notices_vm_forks", i->flags & CVM_EVIDENCE_INFO_F_VMFORK));
	n = add_bool(to, "tells_events", i->flags & CVM_EVIDENCE_INFO_F_EVENTS);
	if (!(i->flags & CVM_EVIDENCE_INFO_F_EVENTS))
		note(n, "'cvm-evidence monitor' has nothing to listen to: the module could not register its netlink family");
	show_request_flags(to, i->request_flags);
}

static void show_limits(struct node *to, const struct cvm_evidence_info *i)
{
	struct node *n;

	add_text(to, "auto_provider", "%s", i->auto_provider == CVM_EVIDENCE_PROVIDER_AUTO ?
		 "none" : provider_name(i->auto_provider));
	add_text(to, "tee", "%s", tee_name(i->tee));
	n = add_map(to, "limits", NULL);
	add_uint(n, "report_data_max", i->report_data_max);
	add_uint(n, "max_blob", i->max_blob);
	add_uint(n, "queue_max", i->queue_max);
	add_uint(n, "default_timeout_ms", i->default_timeout_ms);
	add_uint(n, "max_timeout_ms", i->max_timeout_ms);
}

/* @events is NULL where they are unknown: only netlink has them. */
static void show_counters(struct node *to, const struct cvm_evidence_info *i,
			  const struct netlink_counters *events)
{
	struct node *n = add_map(to, "counters", NULL);

	add_uint(n, "requests_waiting", i->requests_waiting);
	add_uint(n, "requests_started", i->requests_started);
	add_uint(n, "requests_ok", i->requests_ok);
	add_uint(n, "requests_failed", i->requests_failed);
	add_uint(n, "requests_timed_out", i->requests_timed_out);
	add_uint(n, "requests_canceled", i->requests_canceled);
	add_uint(n, "requests_mismatched", i->requests_mismatched);
	add_uint(n, "refused_busy", i->refused_busy);
	add_uint(n, "refused_quota", i->refused_quota);
	if (events) {
		add_uint(n, "events", events->events);
		add_uint(n, "events_unsent", events->unsent);
	}
}

static void show_providers(struct node *to, const char *title, const struct device_info *di)
{
	struct node *list = add_list(to, "providers", title);
	u32 i;

	for (i = 0; i < di->n; i++)
		show_provider(list, &di->providers[i]);
}

/* A module that was loaded just now is given a moment for its first probe. */
static int ask_device(int fd, const char *path, struct device_info *di)
{
	static const struct timespec pause = { 0, PROBE_WAIT_NS };
	int i, rc;

	for (i = 0; ; i++) {
		rc = device_info(fd, path, di);
		if (rc || i == PROBE_TRIES || !device_unprobed(di))
			return rc;
		nanosleep(&pause, NULL);
	}
}

/* What a request that names no provider would end with now */
static int outlook(struct node *to, const struct device_info *di)
{
	const struct cvm_evidence_provider *p = device_auto(di);
	u32 i;

	if (p && p->status == CVM_EVIDENCE_ST_AVAILABLE)
		return RC_OK;
	if (p && p->status == CVM_EVIDENCE_ST_KEY_LOST)
		return RC_BUSY;
	for (i = 0; i < di->n && !p; i++)
		if (di->providers[i].id == CVM_EVIDENCE_PROVIDER_TDX_GUEST &&
		    di->providers[i].status == CVM_EVIDENCE_ST_AVAILABLE)
			add_text(to, "remedy", "the provider tdx-guest gives a TDREPORT, not a quote: 'cvm-evidence get --allow-tdreport' accepts it");
	return RC_NO_PROVIDER;
}

/* By netlink, which needs no access to the device; it has all but the limits. */
static int ask_netlink(struct device_info *di, struct netlink_counters *events)
{
	struct netlink *nl;
	int err = netlink_open(&nl, NULL, NULL);

	if (err)
		return err;
	err = netlink_attach(nl, false);
	if (!err)
		err = netlink_info(nl, di, events);
	netlink_close(&nl);
	return err;
}

/* Entries that programs made and left: each holds its driver. Ours go by
 * themselves, 100 ms after the last request.
 */
static void show_orphans(struct node *to)
{
	DIR *dir = opendir(TSM_REPORT_DIR);
	struct node *list, *n;
	struct dirent *d;

	if (!dir)
		return;
	list = add_list(to, "configfs_entries", "configfs entries of other programs");
	while ((d = readdir(dir))) {
		if (d->d_name[0] == '.' || !strncmp(d->d_name, OUR_ENTRIES, strlen(OUR_ENTRIES)))
			continue;
		n = add_text(list, NULL, TSM_REPORT_DIR "/%s", d->d_name);
		note(n, "unless a program is using it now: rmdir it, or its driver cannot be unloaded");
	}
	closedir(dir);
}

int status_gather(struct node *root, const char *path, const char *tpm)
{
	struct device_info di, told;
	struct netlink_counters events;
	int fd, rc, err;

	show_kernel(root);
	show_module(root);
	rc = open_node(root, path, &fd);
	if (!rc)
		rc = ask_device(fd, path, &di);
	err = ask_netlink(&told, &events);
	if (!rc || !err) {
		show_version(root, rc ? &told.info : &di.info);
		if (!rc)
			show_limits(root, &di.info);
		show_counters(root, rc ? &told.info : &di.info, err ? NULL : &events);
		show_providers(root, rc ? "providers, as last seen" : NULL, rc ? &told : &di);
		if (!rc)
			rc = outlook(root, &di);
	} else if (err == -EPERM) {
		add_text(root, "not_told", "providers and counters, which need access to the device, or CAP_NET_ADMIN in the initial user namespace");
	} else if (err == -EPROTO) {
		add_text(root, "not_told", "providers and counters: the loaded module speaks another version of the interface than this tool");
	}
	show_orphans(root);
	status_tpm(root, tpm);
	json_only(add_bool(root, "available", !rc));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int status(const char *path, const char *tpm, bool json)
{
	struct node *root CLEANUP(report_free) = report_new(NULL);
	int rc = status_gather(root, path, tpm);
	int out = report_print(root, json);

	return rc ? rc : out;
}

static int run(int argc, char **argv)
{
	enum { DEVICE = OPT_LONG, TPM };
	static const struct option options[] = {
		{ "device", required_argument, NULL, DEVICE },
		{ "help", no_argument, NULL, 'h' },
		{ "json", no_argument, NULL, 'j' },
		{ "tpm", required_argument, NULL, TPM },
		{ 0 }
	};
	const char *path = CVM_EVIDENCE_DEVICE, *tpm = TPM_DEVICE;
	bool json = false;
	int c;

	while ((c = cmd_getopt(argc, argv, "h", options)) != -1) {
		switch (c) {
		case DEVICE:
			path = optarg;
			break;
		case TPM:
			tpm = optarg;
			break;
		case 'h':
			return cmd_help(&cmd_status);
		case 'j':
			json = true;
			break;
		default:
			return cmd_usage(&cmd_status);
		}
	}
	if (optind < argc) {
		complain("status takes no argument '%s'", argv[optind]);
		return cmd_usage(&cmd_status);
	}
	return status(path, tpm, json);
}

const struct cmd cmd_status = {
	.name = "status",
	.summary = "shows whether this machine can give evidence, and what it lacks",
	.help = help,
	.run = run,
};
