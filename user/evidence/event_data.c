// SPDX-License-Identifier: GPL-2.0-only
/*
 * An event log says in words what a digest says in bytes, and only the digest is
 * extended into a register. For some types of events the data determine the digest:
 * there words that were changed can be told. The rules are those of the TCG PC Client
 * Platform Firmware Profile (10.4, event types) as edk2's Tcg2Dxe and TdTcg2Dxe follow
 * it, and those of GRUB and CoCo's attestation agent where a type leaves it to the
 * software. Shim 15 logged an EV_EFI_VARIABLE_AUTHORITY with one byte more than it hashed
 * (rhboot/shim, issue 184); it could not extend the registers of a TD yet (pull request
 * 485), so that such an event is none of a TD's.
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
#define EV_EFI_GPT_EVENT		0x80000006
#define EV_EFI_ACTION			0x80000007
#define EV_EFI_VARIABLE_BOOT2		0x8000000c
#define EV_EFI_VARIABLE_AUTHORITY	0x800000e0

#define VARIABLE_HEAD	32		/* GUID, characters of the name, bytes of the value */
#define AAEL		0x4141454c	/* the tag of CoCo's attestation agent */

static bool hashes_to(struct span s, const u8 *sha384)
{
	u8 hash[DIGEST_MAX];

	digest("SHA384", s.p, s.len, hash);
	return !memcmp(hash, sha384, 48);
}

static struct span from(struct span data, size_t off)
{
	return (struct span){ data.p + off, data.len - off };
}

static enum event_data whole(struct span data, const u8 *sha384, struct span *measured)
{
	if (!hashes_to(data, sha384))
		return DATA_DIFFERS;
	*measured = data;
	return DATA_MEASURED;
}

/* Of a boot variable its value alone is hashed: the GUID and the name are the log's. */
static enum event_data boot_variable(struct span data, const u8 *sha384, struct span *measured)
{
	struct span value;
	u64 name;
	size_t room;

	if (data.len < VARIABLE_HEAD)
		return DATA_DIFFERS;
	room = data.len - VARIABLE_HEAD;
	name = le64(data.p + 16);
	if (name > room / 2 || le64(data.p + 24) != room - 2 * name)
		return DATA_DIFFERS;
	value = from(data, VARIABLE_HEAD + 2 * (size_t)name);
	if (!hashes_to(value, sha384))
		return DATA_DIFFERS;
	*measured = value;
	return DATA_PARTLY;
}

/*
 * An error separates with the value 1, and says in its data what went wrong: words that
 * are not hashed. The data of a separator without an error would hide it.
 */
static enum event_data separator(struct span data, const u8 *sha384, struct span *measured)
{
	static const u8 error[4] = { 1 }, zeros[4] = { 0 }, ones[4] = { 0xff, 0xff, 0xff, 0xff };
	bool normal = data.len == 4 && (!memcmp(data.p, zeros, 4) || !memcmp(data.p, ones, 4));

	if (!normal && hashes_to((struct span){ error, sizeof(error) }, sha384) && !hashes_to(data, sha384))
		return DATA_FREE;
	return whole(data, sha384, measured);
}

/*
 * GRUB hashes a text and logs it behind a word, which is in no digest, with a zero at
 * the end. Its other events have the name of the file that was hashed.
 */
static enum event_data grub(struct span data, const u8 *sha384, struct span *measured)
{
	static const char *const words[] = { "grub_cmd: ", "kernel_cmdline: ", "module_cmdline: " };
	struct span text;
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		n = strlen(words[i]);
		if (data.len < n || memcmp(data.p, words[i], n))
			continue;
		text = from(data, n);
		if (text.len && !text.p[text.len - 1])
			text.len--;
		if (!hashes_to(text, sha384))
			return DATA_DIFFERS;
		*measured = text;
		return DATA_PARTLY;
	}
	return DATA_FREE;
}

enum event_data event_data_check(u32 type, struct span data, const u8 *sha384, struct span *measured)
{
	struct span unused;

	measured = measured ? measured : &unused;
	*measured = (struct span){ 0 };
	switch (type) {
	case EV_SEPARATOR:
		return separator(data, sha384, measured);
	case EV_ACTION:
	case EV_S_CRTM_VERSION:
	case EV_EFI_ACTION:
	case EV_EFI_GPT_EVENT:
	case EV_EFI_VARIABLE_DRIVER_CONFIG:
	case EV_EFI_VARIABLE_BOOT2:
	case EV_EFI_VARIABLE_AUTHORITY:
		return whole(data, sha384, measured);
	case EV_EFI_VARIABLE_BOOT:
		return boot_variable(data, sha384, measured);
	case EV_IPL:
		return grub(data, sha384, measured);
	case EV_EVENT_TAG:
		if (data.len >= 8 && le32(data.p) == AAEL)
			return whole(data, sha384, measured);
		return DATA_FREE;
	default:
		return DATA_FREE;
	}
}
