// SPDX-License-Identifier: GPL-2.0-only
/* Response codes of a TPM 2.0 in words (TCG TPM 2.0 Library, part 2, 6.6) */
#include "tpm/dev.h"

#define RC_FMT1		0x080
#define RC_FMT1_P	0x040	/* about a parameter */
#define RC_FMT1_S	0x800	/* about a session, if not about a parameter */
#define RC_LAYER	0xffff0000u

static const struct {
	u16 rc;
	const char *name, *text;
} codes[] = {
	{ 0x081, "ASYMMETRIC", "it does not know this kind of key" },
	{ 0x082, "ATTRIBUTES", "inconsistent attributes" },
	{ 0x083, "HASH", "it does not know this hash, or has no PCRs of it" },
	{ 0x084, "VALUE", "a value that is not valid here" },
	{ 0x085, "HIERARCHY", "the hierarchy is disabled, or the wrong one" },
	{ 0x087, "KEY_SIZE", "it has no keys of this size" },
	{ 0x089, "MODE", "it does not know this mode" },
	{ 0x08a, "TYPE", "not an object of this type" },
	{ 0x08b, "HANDLE", "no such key, index or session" },
	{ 0x08e, "AUTH_FAIL", "it needs a password: the TPM has an owner" },
	{ 0x08f, "NONCE", "a nonce of the wrong size" },
	{ 0x092, "SCHEME", "it does not know this scheme" },
	{ 0x095, "SIZE", "a structure of the wrong size" },
	{ 0x097, "TAG", "a structure of another kind" },
	{ 0x09a, "INSUFFICIENT", "the command is cut short" },
	{ 0x09b, "SIGNATURE", "the signature is not valid" },
	{ 0x09c, "KEY", "the key cannot be used for this" },
	{ 0x09d, "POLICY_FAIL", "the policy of the object is not satisfied" },
	{ 0x09f, "INTEGRITY", "it was altered, or belongs to another TPM" },
	{ 0x0a2, "BAD_AUTH", "it needs a password: the TPM has an owner" },
	{ 0x0a3, "EXPIRED", "the policy has expired" },
	{ 0x100, "INITIALIZE", "it was not started up" },
	{ 0x101, "FAILURE", "it is in failure mode, until a reboot at least" },
	{ 0x103, "SEQUENCE", "the commands are in the wrong order" },
	{ 0x120, "DISABLED", "the command is disabled" },
	{ 0x121, "EXCLUSIVE", "another session has exclusive use of it" },
	{ 0x124, "AUTH_TYPE", "another kind of authorisation is needed" },
	{ 0x125, "AUTH_MISSING", "an authorisation is needed" },
	{ 0x126, "POLICY", "the policy is not satisfied" },
	{ 0x127, "PCR", "the PCRs are not what they should be" },
	{ 0x128, "PCR_CHANGED", "a PCR changed meanwhile" },
	{ 0x12d, "UPGRADE", "its firmware is being replaced" },
	{ 0x12e, "TOO_MANY_CONTEXTS", "no room for another context" },
	{ 0x12f, "AUTH_UNAVAILABLE", "a password does not authorise this" },
	{ 0x130, "REBOOT", "it needs a reboot first" },
	{ 0x142, "COMMAND_SIZE", "the command's length is wrong" },
	{ 0x143, "COMMAND_CODE", "it does not know this command" },
	{ 0x146, "NV_RANGE", "beyond the end of the NV index" },
	{ 0x147, "NV_SIZE", "the NV index cannot have this size" },
	{ 0x148, "NV_LOCKED", "the NV index is locked" },
	{ 0x149, "NV_AUTHORIZATION", "the NV index may not be used in this way" },
	{ 0x14a, "NV_UNINITIALIZED", "the NV index is defined but was not written yet" },
	{ 0x14b, "NV_SPACE", "no room for another NV index" },
	{ 0x14c, "NV_DEFINED", "the NV index exists already" },
	{ 0x901, "CONTEXT_GAP", "a session was saved too long ago" },
	{ 0x902, "OBJECT_MEMORY", "no room for another key: another program did not flush its keys" },
	{ 0x903, "SESSION_MEMORY", "no room for another session: another program did not flush its sessions" },
	{ 0x904, "MEMORY", "no room" },
	{ 0x905, "SESSION_HANDLES", "no more sessions: another program did not flush its sessions" },
	{ 0x906, "OBJECT_HANDLES", "no more keys: another program did not flush its keys" },
	{ 0x907, "LOCALITY", "wrong locality" },
	{ TPM_RC_YIELDED, "YIELDED", "busy, come back later" },
	{ 0x909, "CANCELED", "another program canceled the command" },
	{ TPM_RC_TESTING, "TESTING", "it is testing itself, come back later" },
	{ TPM_RC_NV_RATE, "NV_RATE", "NV is written too often, come back later" },
	{ TPM_RC_LOCKOUT, "LOCKOUT", "locked out after failed authorisations" },
	{ TPM_RC_RETRY, "RETRY", "busy, come back later" },
	{ 0x923, "NV_UNAVAILABLE", "NV cannot be written now" },
};

u32 tpm_rc_base(u32 rc)
{
	rc &= ~RC_LAYER;
	return rc & RC_FMT1 ? rc & 0x0bf : rc;
}

bool tpm_rc_is_passing(u32 rc)
{
	return rc == TPM_RC_YIELDED || rc == TPM_RC_TESTING || rc == TPM_RC_NV_RATE ||
	       rc == TPM_RC_RETRY;
}

/* "parameter 2, " of a code that says what it is about */
static char *about(u32 rc)
{
	if (!(rc & RC_FMT1))
		return xstrdup("");
	if (rc & RC_FMT1_P)
		return xasprintf("parameter %u: ", rc >> 8 & 15);
	if (rc & RC_FMT1_S)
		return rc >> 8 & 7 ? xasprintf("session %u: ", rc >> 8 & 7) : xstrdup("session: ");
	return rc >> 8 & 7 ? xasprintf("handle %u: ", rc >> 8 & 7) : xstrdup("");
}

char *tpm_rc_text(u32 rc)
{
	u32 base = tpm_rc_base(rc);
	/* codes of software in front of the TPM have its number above */
	const char *layer = rc & RC_LAYER ? "from software in front of the TPM, not from the TPM: " : "";
	char *where CLEANUP(free_str) = about(rc);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(codes); i++)
		if (codes[i].rc == base)
			return xasprintf("0x%03x, TPM_RC_%s: %s%s%s", rc, codes[i].name, layer, where,
					 codes[i].text);
	return xasprintf("0x%03x: %s%s" "see TCG TPM 2.0 part 2, 6.6", rc, layer, where);
}

int tpm_refused(const struct tpm *t, const char *command)
{
	char *text CLEANUP(free_str) = tpm_rc_text(t->rc);

	complain("%s: the TPM refused %s: %s", t->path, command, text);
	switch (tpm_rc_base(t->rc)) {
	case TPM_RC_AUTH_FAIL:
	case TPM_RC_BAD_AUTH:
		return RC_DENIED;
	case TPM_RC_LOCKOUT:
		return RC_BUSY;
	}
	return tpm_rc_is_passing(tpm_rc_base(t->rc)) ? RC_BUSY : RC_FAILED;
}
