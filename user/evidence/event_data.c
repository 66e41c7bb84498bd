// SPDX-License-Identifier: GPL-2.0-only
/*
 * An event log says in words what a digest says in bytes, and only the digest is
 * extended into a register. For some types of events the data determine the digest:
 * there words that were changed can be told. The rules are those of the TCG PC Client
 * Platform Firmware Profile (10.4, event types) as edk2's Tcg2Dxe and TdTcg2Dxe follow
 * it, and those of GRUB, shim and CoCo's attestation agent where a type leaves it to
 * the software.
 *
 * No rule, because the data only name what was hashed: images, firmware volumes,
 * tables, files that GRUB loads, MokList of shim, the load options and the initrd of
 * Linux's EFI stub (EV_EVENT_TAG), the sections of systemd-stub.
 */
#include <string.h>

#include "base/digest.h"
#include "evidence/event_data.h"

enum {
	EV_SEPARATOR = 0x4, EV_ACTION = 0x5, EV_EVENT_TAG = 0x6, EV_S_CRTM_VERSION = 0x8, EV_IPL = 0xd,
};

#define EV_EFI_VARIABLE_DRIVER_CONFIG	0x80000001
#define EV_EFI_VARIABLE_BOOT		0x80000002
#define EV_EFI_GPT_EVENT		0x80000006
#define EV_EFI_ACTION			0x80000007
#define EV_EFI_VARIABLE_BOOT2		0x8000000c
#define EV_EFI_VARIABLE_AUTHORITY	0x800000e0

#define VARIABLE_HEAD	32		/* GUID, characters of the name, bytes of the value */
#define AAEL		0x4141454c	/* the tag of CoCo's attestation agent */

static bool hashes_to(const void *p, size_t len, const u8 *sha384)
{
	u8 hash[DIGEST_MAX];

	digest("SHA384", p, len, hash);
	return !memcmp(hash, sha384, 48);
}

static enum event_data result(bool measured)
{
	return measured ? DATA_MEASURED : DATA_DIFFERS;
}

/* Of a boot variable its value alone is hashed: the name is not protected. */
static bool boot_variable(struct span data, const u8 *sha384)
{
	u64 name, value;
	size_t room;

	if (data.len < VARIABLE_HEAD)
		return false;
	room = data.len - VARIABLE_HEAD;
	name = le64(data.p + 16);
	value = le64(data.p + 24);
	return name <= room / 2 && value == room - 2 * name &&
	       hashes_to(data.p + VARIABLE_HEAD + 2 * name, (size_t)value, sha384);
}

/* An error separates with the value 1, and may say in its data what went wrong. */
static bool separator(struct span data, const u8 *sha384)
{
	static const u8 error[4] = { 1 };

	return hashes_to(data.p, data.len, sha384) || hashes_to(error, sizeof(error), sha384);
}

/* An older shim, that of Google's COS 85 and 93, hashed one byte less than it logged. */
static bool authority(struct span data, const u8 *sha384)
{
	return hashes_to(data.p, data.len, sha384) || (data.len && hashes_to(data.p, data.len - 1, sha384));
}

/* GRUB hashes a text and logs it behind a word, with a zero at the end. Its other
 * events have the name of the file that was hashed.
 */
static enum event_data grub(struct span data, const u8 *sha384)
{
	static const char *const words[] = { "grub_cmd: ", "kernel_cmdline: ", "module_cmdline: " };
	size_t i, n, len;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		n = strlen(words[i]);
		if (data.len < n || memcmp(data.p, words[i], n))
			continue;
		len = data.len - n;
		if (len && !data.p[data.len - 1])
			len--;
		return result(hashes_to(data.p + n, len, sha384));
	}
	return DATA_FREE;
}

enum event_data event_data_check(u32 type, struct span data, const u8 *sha384)
{
	switch (type) {
	case EV_SEPARATOR:
		return result(separator(data, sha384));
	case EV_ACTION:
	case EV_S_CRTM_VERSION:
	case EV_EFI_ACTION:
	case EV_EFI_GPT_EVENT:
	case EV_EFI_VARIABLE_DRIVER_CONFIG:
	case EV_EFI_VARIABLE_BOOT2:
		return result(hashes_to(data.p, data.len, sha384));
	case EV_EFI_VARIABLE_BOOT:
		return result(boot_variable(data, sha384));
	case EV_EFI_VARIABLE_AUTHORITY:
		return result(authority(data, sha384));
	case EV_IPL:
		return grub(data, sha384);
	case EV_EVENT_TAG:
		if (data.len >= 8 && le32(data.p) == AAEL)
			return result(hashes_to(data.p, data.len, sha384));
		return DATA_FREE;
	default:
		return DATA_FREE;
	}
}
