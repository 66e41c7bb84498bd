// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "cli/platform.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

#if defined(__x86_64__) || defined(__i386__)
static bool cpu_says_tdx(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid_count(0x21, 0, &a, &b, &c, &d))
		return false;
	/* "IntelTDX    " */
	return b == 0x65746e49 && d == 0x5844546c && c == 0x20202020;
}

/* Hyper-V reports to its guests how they are isolated, under a paravisor too. */
static const char *hyperv_isolation(void)
{
	unsigned int a, b, c, d;

	__cpuid(0x40000000, a, b, c, d);
	if (a < 0x4000000c || a > 0x40010000 || b != 0x7263694d || c != 0x666f736f ||
	    d != 0x76482074)
		return NULL;
	__cpuid(0x4000000c, a, b, c, d);
	return (b & 15) == 2 ? "sev-snp" : (b & 15) == 3 ? "tdx" : NULL;
}
#else
static bool cpu_says_tdx(void)
{
	return false;
}

static const char *hyperv_isolation(void)
{
	return NULL;
}
#endif

const char *platform_tee(const char **seen)
{
	const char *tee = hyperv_isolation();

	if (tee) {
		*seen = "Hyper-V's isolation type";
		return tee;
	}
	if (cpu_says_tdx()) {
		*seen = "CPUID leaf 0x21";
		return "tdx";
	}
	if (!access("/sys/bus/platform/devices/sev-guest", F_OK)) {
		*seen = "the platform device sev-guest";
		return "sev-snp";
	}
	if (!access("/sys/devices/platform/arm-cca-dev", F_OK)) {
		*seen = "the platform device arm-cca-dev";
		return "cca";
	}
	return NULL;
}

const char *platform_lockdown(void)
{
	static const char *const modes[] = { "none", "integrity", "confidentiality" };
	char text[128], mode[32];
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	const char *found = NULL;
	size_t i;

	if (!f)
		return NULL;
	if (fgets(text, sizeof(text), f)) {
		for (i = 0; i < ARRAY_SIZE(modes); i++) {
			snprintf(mode, sizeof(mode), "[%s]", modes[i]);
			if (strstr(text, mode))
				found = modes[i];
		}
	}
	fclose(f);
	return found;
}

/* Four bytes of attributes, then the value */
int platform_secure_boot(void)
{
	u8 var[5];
	int fd = open(SECURE_BOOT, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = read(fd, var, sizeof(var));
	close(fd);
	return n == (ssize_t)sizeof(var) ? var[4] == 1 : -1;
}

char platform_config(const char *option)
{
	char line[512];
	size_t len = strlen(option);
	struct utsname u;
	char *path;
	char found = 'n';
	FILE *f;

	if (uname(&u))
		return 0;
	path = xasprintf("/boot/config-%s", u.release);
	f = fopen(path, "re");
	free_str(&path);
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, option, len) && line[len] == '=' &&
		    (line[len + 1] == 'y' || line[len + 1] == 'm'))
			found = line[len + 1];
	fclose(f);
	return found;
}
