// SPDX-License-Identifier: GPL-2.0-only
/* Checks of platform, kernel, module, TPM, clock and services */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doctor.h"

enum cloud { CLOUD_OTHER, CLOUD_HYPERV, CLOUD_GOOGLE, CLOUD_AWS };

static enum cloud cloud_of(struct doctor *d)
{
	static const struct {
		const char *vendor;
		enum cloud cloud;
	} vendors[] = {
		{ "Microsoft Corporation", CLOUD_HYPERV },
		{ "Google", CLOUD_GOOGLE },
		{ "Amazon EC2", CLOUD_AWS },
	};
	char *vendor CLEANUP(free_str) = files_line(&d->files, "/sys/class/dmi/id/sys_vendor");
	size_t i;

	for (i = 0; vendor && i < ARRAY_SIZE(vendors); i++)
		if (!strcmp(vendor, vendors[i].vendor))
			return vendors[i].cloud;
	return CLOUD_OTHER;
}

static const char *tee_of(struct doctor *d)
{
	const char *tee = doctor_text(d->status, "machine_tee");

	return tee && strcmp(tee, "unknown") ? tee : NULL;
}

static bool is_tee(struct doctor *d, const char *name)
{
	const char *tee = tee_of(d);

	return tee && !strcmp(tee, name);
}

static void check_tee(struct doctor *d)
{
	static const char *const names[] = {
		[CLOUD_OTHER] = "this machine", [CLOUD_HYPERV] = "Azure or another Hyper-V",
		[CLOUD_GOOGLE] = "Google Cloud", [CLOUD_AWS] = "AWS",
	};
	const char *tee = doctor_text(d->status, "machine_tee");

	if (!tee)
		doctor_say(d, "tee", DOC_NA, NULL, "the bundle does not say which TEE this is");
	else if (!tee_of(d))
		doctor_say(d, "tee", DOC_FAIL,
			   "create a confidential VM; if this is one, use a kernel with the driver of its TEE (docs/install.md)",
			   "nothing says that this is a confidential VM: no isolation type of Hyper-V, no TDX leaf of CPUID, no device of SEV-SNP or CCA");
	else
		doctor_say(d, "tee", DOC_OK, NULL, "%s, on %s", tee, names[cloud_of(d)]);
}

/* "6.2.0-1011-azure": three numbers and what Ubuntu counts on */
static bool kernel_of(struct doctor *d, unsigned int v[static 3], char flavour[static 32], char **release)
{
	*release = files_line(&d->files, "/proc/sys/kernel/osrelease");
	v[2] = 0;
	flavour[0] = 0;
	return *release && (sscanf(*release, "%u.%u.%*u-%u-%31s", &v[0], &v[1], &v[2], flavour) >= 2 ||
			    sscanf(*release, "%u.%u", &v[0], &v[1]) == 2);
}

static void check_kernel(struct doctor *d)
{
	static const struct {
		const char *tee;
		unsigned int major, minor;
		const char *why;
	} oldest[] = {
		{ "sev-snp", 5, 19, "/dev/sev-guest came with 5.19" },
		{ "tdx", 6, 2, "TDX guests can give evidence from 6.2 on" },
		{ "cca", 6, 13, "realms can give evidence from 6.13 on" },
	};
	char *release CLEANUP(free_str) = NULL, flavour[32];
	bool paravisor = cloud_of(d) == CLOUD_HYPERV;
	unsigned int v[3];
	size_t i;

	if (!kernel_of(d, v, flavour, &release)) {
		doctor_say(d, "kernel", DOC_NA, NULL, "the kernel's release is not known");
		return;
	}
	if (paravisor && is_tee(d, "tdx") && v[0] == 6 && v[1] == 2 && !strcmp(flavour, "azure") &&
	    v[2] < 1011) {
		doctor_say(d, "kernel", DOC_FAIL, "upgrade the kernel",
			   "%s: images with TDX on Azure need 6.2.0-1011-azure or newer", release);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(oldest); i++) {
		if (!is_tee(d, oldest[i].tee) ||
		    v[0] > oldest[i].major || (v[0] == oldest[i].major && v[1] >= oldest[i].minor))
			continue;
		doctor_say(d, "kernel", DOC_FAIL, "upgrade the kernel", "%s: %s", release, oldest[i].why);
		return;
	}
	if (!paravisor && is_tee(d, "tdx") && (v[0] < 6 || (v[0] == 6 && v[1] < 7)))
		doctor_say(d, "kernel", DOC_WARN, "upgrade to 6.7 or newer",
			   "%s gives a TDREPORT; only a quoting service on this machine can make a quote from it",
			   release);
	else
		doctor_say(d, "kernel", DOC_OK, NULL, "%s", release);
}

static bool locked_down(struct doctor *d)
{
	const char *mode = doctor_text(d->status, "lockdown");

	return mode && (!strcmp(mode, "integrity") || !strcmp(mode, "confidentiality"));
}

static void check_module(struct doctor *d)
{
	const char *state = doctor_text(d->status, "module.state");
	const char *remedy = doctor_text(d->status, "module.remedy");

	if (!state)
		doctor_say(d, "module", DOC_NA, NULL, "the bundle does not say whether the module is loaded");
	else if (!strcmp(state, "loaded"))
		doctor_say(d, "module", DOC_OK, NULL, "cvm_evidence is loaded");
	else
		doctor_say(d, "module", DOC_FAIL, remedy, "cvm_evidence is %s", state);
}

/* The kernel marks a module without a valid signature with an E. */
static void check_signature(struct doctor *d)
{
	static const char enrol[] =
		"sign the module where the image is built, or enrol DKMS's key: mokutil --import /var/lib/dkms/mok.pub, and confirm it at the next boot";
	char *taint CLEANUP(free_str) = files_line(&d->files, "/sys/module/cvm_evidence/taint");
	bool unsigned_module = taint && strchr(taint, 'E');
	const char *boot = doctor_text(d->status, "secure_boot");
	bool secure = boot && !strcmp(boot, "on");

	if (!taint && locked_down(d))
		doctor_say(d, "signature", DOC_FAIL, enrol,
			   "the kernel is locked down and takes only modules signed by a key it trusts; cvm_evidence is not loaded");
	else if (!taint)
		doctor_say(d, "signature", DOC_NA, NULL, "cvm_evidence is not loaded");
	else if (unsigned_module && secure)
		doctor_say(d, "signature", DOC_WARN, enrol,
			   "the module has no signature that the kernel trusts, and Secure Boot is on: with lockdown it will not load");
	else if (unsigned_module)
		doctor_say(d, "signature", DOC_WARN, enrol,
			   "the module has no signature that the kernel trusts; Secure Boot would refuse it");
	else
		doctor_say(d, "signature", DOC_OK, NULL, "the kernel accepted the module's signature%s",
			   locked_down(d) ? ", and is locked down" : "");
}

static void check_device(struct doctor *d)
{
	const char *access = doctor_text(d->status, "device.access");
	const char *owner = doctor_text(d->status, "device.owner");
	const char *mode = doctor_text(d->status, "device.mode");

	if (!access) {
		doctor_say(d, "device", DOC_NA, NULL, "the bundle does not say whether the device may be opened");
	} else if (strcmp(access, "yes")) {
		doctor_say(d, "device", DOC_FAIL, doctor_text(d->status, "device.remedy"), "%s", access);
	} else if (mode && strlen(mode) >= 4 && mode[3] != '0') {
		doctor_say(d, "device", DOC_FAIL,
			   "find the udev rule that does it; ours is 60-cvm-evidence.rules with 0660",
			   "every user may open it (mode %s): every program speaks for the whole VM", mode);
	} else if (owner && strcmp(owner, "root:cvm-evidence")) {
		doctor_say(d, "device", DOC_WARN,
			   "install the package cvm-evidence (udev rule and group), then: udevadm trigger /sys/class/misc/cvm-evidence",
			   "it belongs to %s, not to root:cvm-evidence: members of the group cannot open it", owner);
	} else {
		doctor_say(d, "device", DOC_OK, NULL, "mode %s, %s", mode ? mode : "?", owner ? owner : "?");
	}
}

static void check_provider(struct doctor *d)
{
	struct json_object *list = doctor_get(d->status, "providers"), *p;
	const char *reason = NULL, *remedy = NULL, *status, *name;
	size_t i, n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
	struct buf all CLEANUP_BUF;

	if (!n) {
		doctor_say(d, "provider", DOC_NA, NULL, "the module was not asked (see device)");
		return;
	}
	for (i = 0; i < n; i++) {
		p = json_object_array_get_idx(list, i);
		status = doctor_text(p, "status");
		name = doctor_text(p, "name");
		if (status && !strcmp(status, "available")) {
			doctor_say(d, "provider", DOC_OK, NULL, "%s, by the driver %s", name ? name : "?",
				   doctor_text(p, "driver") ? doctor_text(p, "driver") : "?");
			return;
		}
		if (status && !strcmp(status, "key-lost")) {
			doctor_say(d, "provider", DOC_FAIL, doctor_text(p, "remedy"), "%s: %s",
				   name ? name : "?", doctor_text(p, "reason") ? doctor_text(p, "reason") : status);
			return;
		}
		reason = doctor_text(p, "reason");
		if (!remedy)
			remedy = doctor_text(p, "remedy");
		buf_printf(&all, "%s%s: %s", all.len ? "; " : "", name ? name : "?", reason ? reason : "?");
	}
	doctor_say(d, "provider", DOC_FAIL, remedy, "none can be used. %.*s", (int)all.len, (char *)all.p);
}

static bool has_tpm(struct doctor *d)
{
	const char *v = doctor_text(d->status, "tpm.version");

	return v && strcmp(v, "none");
}

/* Only Azure's confidential VMs have their evidence in the TPM. */
static bool wants_vtpm(struct doctor *d)
{
	return tee_of(d) && cloud_of(d) == CLOUD_HYPERV;
}

static void check_vtpm(struct doctor *d)
{
	if (!doctor_text(d->status, "tpm.version"))
		doctor_say(d, "vtpm", DOC_NA, NULL, "the bundle does not say whether there is a TPM");
	else if (!has_tpm(d))
		doctor_say(d, "vtpm", wants_vtpm(d) ? DOC_FAIL : DOC_NA,
			   wants_vtpm(d) ? "on Azure the evidence is in the virtual TPM: create the VM with vTPM" : NULL,
			   "there is no TPM");
	else if (doctor_bool(d->status, "tpm.accessible") == 0)
		doctor_say(d, "vtpm", DOC_WARN, "run doctor as root", "the TPM could not be asked");
	else if (doctor_bool(d->status, "tpm.in_lockout") == 1)
		doctor_say(d, "vtpm", DOC_FAIL,
			   "wait until the lockout has passed, or: tpm2_dictionarylockout --clear-lockout",
			   "the TPM is locked out: it refuses keys that a password protects");
	else if (doctor_bool(d->status, "tpm.owner_password") == 1)
		doctor_say(d, "vtpm", wants_vtpm(d) ? DOC_FAIL : DOC_WARN,
			   "give the owner an empty password again: tpm2_changeauth -c owner -p PASSWORD",
			   "the owner of the TPM has a password%s",
			   wants_vtpm(d) ? ": the paravisor can no longer read the report data" : "");
	else if (doctor_bool(d->status, "tpm.owner_enabled") == 0)
		doctor_say(d, "vtpm", DOC_FAIL, "reboot", "the owner's hierarchy is switched off until the next boot");
	else
		doctor_say(d, "vtpm", DOC_OK, NULL, "TPM %s, ready", doctor_text(d->status, "tpm.version"));
}

static void check_sealing(struct doctor *d)
{
	int persisted = doctor_bool(d->status, "tpm.persisted");

	if (!has_tpm(d))
		doctor_say(d, "sealing", DOC_NA, NULL, "there is no TPM to seal to");
	else if (persisted == 0)
		doctor_say(d, "sealing", DOC_WARN, "do not seal a disk's key to it",
			   "the paravisor does not keep the TPM's state: what is sealed to it is lost when the VM stops");
	else if (persisted < 0 && wants_vtpm(d))
		doctor_say(d, "sealing", DOC_WARN, "keep a recovery key elsewhere",
			   "it is not known whether the TPM's state outlives a reboot");
	else if (persisted == 1)
		doctor_say(d, "sealing", DOC_OK, NULL,
			   "the paravisor says that the TPM's state outlives a reboot; keep a recovery key elsewhere all the same");
	else
		doctor_say(d, "sealing", DOC_NA, NULL, "no paravisor says whether the TPM's state is kept");
}

static void check_pcr_banks(struct doctor *d)
{
	bool sha256 = files_exists(&d->files, "/sys/class/tpm/tpm0/pcr-sha256/0");
	bool sha384 = files_exists(&d->files, "/sys/class/tpm/tpm0/pcr-sha384/0");
	bool sha1 = files_exists(&d->files, "/sys/class/tpm/tpm0/pcr-sha1/0");

	if (!has_tpm(d) && !sha1 && !sha256 && !sha384)
		doctor_say(d, "pcr_banks", DOC_NA, NULL, "there is no TPM");
	else if (sha256 || sha384)
		doctor_say(d, "pcr_banks", DOC_OK, NULL, "%s%s%s", sha256 ? "SHA-256" : "",
			   sha256 && sha384 ? ", " : "", sha384 ? "SHA-384" : "");
	else if (sha1)
		doctor_say(d, "pcr_banks", DOC_FAIL, "tpm2_pcrallocate sha256:all, then reboot",
			   "only SHA-1, which proves nothing today");
	else
		doctor_say(d, "pcr_banks", DOC_NA, NULL, "the kernel does not show the banks");
}

static long long number(struct json_object *o, const char *path, long long otherwise)
{
	struct json_object *v = doctor_get(o, path);

	return json_object_is_type(v, json_type_int) ? json_object_get_int64(v) : otherwise;
}

#define DAY	86400

static void check_ak_certificate(struct doctor *d)
{
	int present = doctor_bool(d->facts, "tpm.ak_cert.present");
	long long now = number(d->facts, "time", 0);
	long long from = number(d->facts, "tpm.ak_cert.not_before", 0);
	long long until = number(d->facts, "tpm.ak_cert.not_after", 0);

	if (!wants_vtpm(d))
		doctor_say(d, "ak_certificate", DOC_NA, NULL, "only Azure's paravisor has one");
	else if (present < 0)
		doctor_say(d, "ak_certificate", DOC_NA, NULL, "the TPM could not be asked");
	else if (!present)
		doctor_say(d, "ak_certificate", DOC_WARN,
			   "read another NV index and try again in a minute: the host issues it on demand",
			   "NV index 0x01c101d0 is not there: verifiers that ask for a certificate of the AK refuse this VM");
	else if (doctor_bool(d->facts, "tpm.ak_cert.readable") != 1)
		doctor_say(d, "ak_certificate", DOC_FAIL, "reboot, and report it if it stays",
			   "NV index 0x01c101d0 does not hold a certificate");
	else if (!until || !now)
		doctor_say(d, "ak_certificate", DOC_FAIL, NULL, "its dates cannot be read");
	else if (now < from)
		doctor_say(d, "ak_certificate", DOC_FAIL, "set the clock", "it is not valid yet, by this machine's clock");
	else if (now > until)
		doctor_say(d, "ak_certificate", DOC_FAIL, "reboot: the host then issues a new one",
			   "it expired %lld days ago", (now - until) / DAY);
	else if (until - now < 14 * DAY)
		doctor_say(d, "ak_certificate", DOC_WARN, "reboot before that: the host then issues a new one",
			   "it expires in %lld days", (until - now) / DAY);
	else
		doctor_say(d, "ak_certificate", DOC_OK, NULL, "valid for %lld days", (until - now) / DAY);
}

/* TPMA_NV, TPM 2.0 part 2, 13.4 */
#define NV_OWNERWRITE	(1u << 1)
#define NV_OWNERREAD	(1u << 17)
#define NV_WRITELOCKED	(1u << 11)
#define NV_TYPE_MASK	0xf0u

static void check_user_data(struct doctor *d)
{
	static const char undefine[] =
		"tpm2_nvundefine -C o 0x01400002; the module then defines it again. Find out which tool defined it";
	int present = doctor_bool(d->facts, "tpm.nv_user_data.present");
	long long size = number(d->facts, "tpm.nv_user_data.size", 0);
	unsigned int attr = (unsigned int)number(d->facts, "tpm.nv_user_data.attributes", 0);

	if (!wants_vtpm(d) || present < 0)
		doctor_say(d, "nv_user_data", DOC_NA, NULL, "%s",
			   wants_vtpm(d) ? "the TPM could not be asked" : "only Azure's paravisor reads it");
	else if (!present)
		doctor_say(d, "nv_user_data", DOC_OK, NULL, "not there: the first request makes it");
	else if (size < 64)
		doctor_say(d, "nv_user_data", DOC_FAIL, undefine,
			   "another tool left it with %lld bytes; 64 are needed", size);
	else if (!(attr & NV_OWNERREAD) || !(attr & NV_OWNERWRITE) || attr & NV_TYPE_MASK ||
		 attr & NV_WRITELOCKED)
		doctor_say(d, "nv_user_data", DOC_FAIL, undefine,
			   "another tool left it with attributes 0x%08x: owner read and write are needed", attr);
	else
		doctor_say(d, "nv_user_data", DOC_OK, NULL, "%lld bytes, for the owner to read and write", size);
}

static bool is_ptp_hyperv(void *arg, const char *name)
{
	struct doctor *d = arg;
	char *path CLEANUP(free_str) = xasprintf("/sys/class/ptp/%s/clock_name", name);
	char *clock CLEANUP(free_str) = files_line(&d->files, path);

	return clock && !strcmp(clock, "hyperv");
}

static const char *const chrony_conf[] = { "/etc/chrony/chrony.conf", "/etc/chrony.conf" };

static bool is_phc_line(const char *line)
{
	line += strspn(line, " \t");
	return !strncmp(line, "refclock", 8) && strstr(line, "PHC") &&
	       (strstr(line, "/dev/ptp_hyperv") || strstr(line, "/dev/ptp0"));
}

static bool is_server_line(const char *line)
{
	line += strspn(line, " \t");
	return !strncmp(line, "server ", 7) || !strncmp(line, "pool ", 5) || !strncmp(line, "peer ", 5);
}

/* @conf with the reference clock commented out; false: nothing to change */
static bool without_refclock(const struct buf *conf, struct buf *out, bool *servers)
{
	char *text CLEANUP(free_str) = xasprintf("%.*s", (int)conf->len, (char *)conf->p), *p, *line;
	bool changed = false;
	size_t len;

	*servers = false;
	for (p = text; *p; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		line = xasprintf("%.*s", (int)len, p);
		if (is_phc_line(line)) {
			buf_printf(out, "# cvm-evidence doctor: drifts on TDX guests: %s\n", line);
			changed = true;
		} else {
			*servers |= is_server_line(line);
			buf_printf(out, "%s\n", line);
		}
		free_str(&line);
	}
	return changed;
}

/* With a copy beside it; the name of the copy, or NULL with a message */
static const char *apply(struct doctor *d, const char *path, const struct buf *old, const struct buf *new)
{
	static char backup[128];
	const char *root = d->files.root ? d->files.root : "";
	char *to CLEANUP(free_str) = xasprintf("%s%s", root, path), *copy CLEANUP(free_str) = NULL;

	snprintf(backup, sizeof(backup), "%s.before-doctor", path);
	copy = xasprintf("%s%s", root, backup);
	if (file_write(copy, old->p, old->len) || file_write(to, new->p, new->len))
		return NULL;
	return backup;
}

static void refclock(struct doctor *d, const char *path, const struct buf *conf)
{
	struct buf new CLEANUP_BUF;
	char *remedy CLEANUP(free_str) = NULL;
	const char *backup;
	bool servers;

	if (!without_refclock(conf, &new, &servers)) {
		doctor_say(d, "clock_reference", DOC_OK, NULL, "%s does not use the clock of ptp_hyperv", path);
		return;
	}
	if (!servers) {
		remedy = xasprintf("add a time server to %s (server or pool), then comment out the line 'refclock PHC ..', or doctor --fix", path);
		doctor_say(d, "clock_reference", DOC_WARN, remedy,
			   "chrony follows only ptp_hyperv, which drifts on TDX guests, and has no server to follow instead");
		return;
	}
	if (!d->fix) {
		remedy = xasprintf("comment out the line 'refclock PHC ..' in %s and restart chrony; doctor --fix does it and keeps a copy", path);
		doctor_say(d, "clock_reference", DOC_WARN, remedy,
			   "chrony follows the reference clock of ptp_hyperv, which drifts on TDX guests");
		return;
	}
	backup = apply(d, path, conf, &new);
	if (!backup) {
		doctor_say(d, "clock_reference", DOC_FAIL, NULL, "%s could not be changed", path);
		return;
	}
	remedy = xasprintf("systemctl restart chrony; the way back: mv %s %s", backup, path);
	doctor_say(d, "clock_reference", DOC_WARN, remedy, "changed: %s no longer uses ptp_hyperv", path);
}

static void check_clock(struct doctor *d)
{
	char *source CLEANUP(free_str) =
		files_line(&d->files, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	int synchronized = doctor_bool(d->facts, "clock.synchronized");
	long long error = number(d->facts, "clock.max_error_us", 0);

	if (!source)
		doctor_say(d, "clock_source", DOC_NA, NULL, "not known");
	else if (!strcmp(source, "hpet") || !strcmp(source, "acpi_pm") || !strcmp(source, "jiffies"))
		doctor_say(d, "clock_source", DOC_WARN, "see the kernel's log: the TSC was found unstable",
			   "%s: slow, and every read of it goes to the host", source);
	else if (tee_of(d) && (!strcmp(source, "kvm-clock") || !strncmp(source, "hyperv_clocksource", 18)))
		doctor_say(d, "clock_source", DOC_OK, NULL, "%s: its parameters come from the host", source);
	else
		doctor_say(d, "clock_source", DOC_OK, NULL, "%s", source);

	if (synchronized < 0)
		doctor_say(d, "clock_offset", DOC_NA, NULL, "not known");
	else if (!synchronized)
		doctor_say(d, "clock_offset", DOC_WARN, "run chrony or systemd-timesyncd with a server that you trust",
			   "nothing synchronizes the clock, by which certificates and tokens are checked");
	else if (error > 1000000)
		doctor_say(d, "clock_offset", DOC_WARN, "see: chronyc tracking",
			   "the clock may be wrong by %lld ms", error / 1000);
	else
		doctor_say(d, "clock_offset", DOC_OK, NULL, "synchronized, wrong by %lld ms at most", error / 1000);
}

static void check_refclock(struct doctor *d)
{
	struct buf conf CLEANUP_BUF;
	size_t i;

	if (!is_tee(d, "tdx") || !files_each(&d->files, "/sys/class/ptp", is_ptp_hyperv, d)) {
		doctor_say(d, "clock_reference", DOC_NA, NULL, "for TDX guests of Hyper-V");
		return;
	}
	for (i = 0; i < ARRAY_SIZE(chrony_conf); i++) {
		if (!files_read(&d->files, chrony_conf[i], &conf))
			continue;
		refclock(d, chrony_conf[i], &conf);
		return;
	}
	doctor_say(d, "clock_reference", DOC_OK, NULL, "there is no chrony that could follow ptp_hyperv");
}

static void check_generation_id(struct doctor *d)
{
	int notices = doctor_bool(d->status, "notices_vm_forks");

	if (notices < 0)
		doctor_say(d, "generation_id", DOC_NA, NULL, "the module was not asked");
	else if (!notices)
		doctor_say(d, "generation_id", DOC_WARN, "a kernel with CONFIG_VMGENID",
			   "this kernel cannot detect that the VM was cloned or restored from a snapshot");
	else if (!files_exists(&d->files, "/sys/bus/acpi/drivers/vmgenid") &&
		 !files_exists(&d->files, "/sys/bus/platform/drivers/vmgenid"))
		doctor_say(d, "generation_id", DOC_WARN, "ask the host for a VM generation id (QEMU: -device vmgenid)",
			   "there is no driver of a generation id: a copy of the VM goes unnoticed");
	else
		doctor_say(d, "generation_id", DOC_OK, NULL, "the kernel can notice a copied VM, if the host says so");
}

static void check_listeners(struct doctor *d)
{
	int tells = doctor_bool(d->status, "tells_events");

	if (tells < 0)
		doctor_say(d, "events", DOC_NA, NULL, "the module was not asked");
	else if (!tells)
		doctor_say(d, "events", DOC_WARN, "the kernel's log says why the netlink family could not be registered",
			   "the module has no events");
	else if (files_exists(&d->files, "/sys/fs/cgroup/system.slice/cvm-evidence-audit.service"))
		doctor_say(d, "events", DOC_OK, NULL, "cvm-evidence-audit writes them into the journal");
	else
		doctor_say(d, "events", DOC_WARN, "systemctl enable --now cvm-evidence-audit",
			   "nothing records who takes evidence, and when to attest again");
}

static void check_orphans(struct doctor *d)
{
	struct json_object *list = doctor_get(d->status, "configfs_entries");
	size_t n = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	if (!list)
		doctor_say(d, "configfs", DOC_NA, NULL, "this kernel has no TSM reports, or configfs is not mounted");
	else if (n)
		doctor_say(d, "configfs", DOC_WARN, "rmdir them, unless a program is using them now",
			   "%zu entries of other programs in /sys/kernel/config/tsm/report: they keep the driver from being unloaded",
			   n);
	else
		doctor_say(d, "configfs", DOC_OK, NULL, "no entries of other programs");
}

/* What cannot be tried without harm is not guessed from a version. */
static void check_kernel_fixes(struct doctor *d)
{
	int whole = doctor_bool(d->facts, "evidence.whole");

	if (!whole)
		doctor_say(d, "kernel_fixes", DOC_FAIL, "upgrade the kernel, and send us a bundle",
			   "the TDX quote is malformed or has trailing bytes: this kernel may copy as many bytes as the host says");
	else if (whole > 0)
		doctor_say(d, "kernel_fixes", DOC_OK, NULL, "the quote has no trailing bytes");
	else
		doctor_say(d, "kernel_fixes", DOC_NA, NULL,
			   "cannot be tested without harm; the module does not rely on the lengths that TSM keeps");
}

void doctor_checks(struct doctor *d)
{
	check_tee(d);
	check_kernel(d);
	check_module(d);
	check_signature(d);
	check_device(d);
	check_provider(d);
	doctor_evidence(d);
	check_kernel_fixes(d);
	check_vtpm(d);
	check_sealing(d);
	check_pcr_banks(d);
	check_ak_certificate(d);
	check_user_data(d);
	check_clock(d);
	check_refclock(d);
	doctor_disk(d);
	check_generation_id(d);
	check_listeners(d);
	check_orphans(d);
}
