// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TPM, before a key is sealed to it: is its state kept over a reboot, is
 * it locked out, does it have an owner.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/status_tpm.h"
#include "tpm/dev.h"

#define VERSION_FILE	"/sys/class/tpm/tpm0/tpm_version_major"

/* TPM_PT_* from the first of the variable group on */
#define PT_FIRST	0x200
#define PERMANENT	0x00
#define STARTUP_CLEAR	0x01
#define LOCKOUT_COUNTER	0x0e
#define MAX_AUTH_FAIL	0x0f
#define LOCKOUT_INTERVAL 0x10
#define LOCKOUT_RECOVERY 0x11
#define N_PROPERTIES	0x12

#define OWNER_AUTH_SET	0x001u
#define LOCKOUT_AUTH_SET 0x004u
#define IN_LOCKOUT	0x200u
#define SH_ENABLE	0x002u

/* The HCL report without its beginning: reading that makes a new report */
#define HCL_DATA	1216
#define HCL_DATA_LEN	20
#define HCL_CLAIMS_MAX	4096

enum persisted { PERSISTED_UNKNOWN, PERSISTED_NO, PERSISTED_YES };

/* Shows in the tree, not on stderr, why a value is unknown */
static void add_why(struct node *to, const char *key, const struct buf *said)
{
	add_text(to, key, "%s", said->p ? (const char *)said->p : "unknown");
}

static const char *version(void)
{
	FILE *f = fopen(VERSION_FILE, "re");
	int c = f ? fgetc(f) : EOF;

	if (f)
		fclose(f);
	return c == '2' ? "2.0" : c == '1' ? "1.2" : NULL;
}

static u64 property(const u32 *val, u32 known, unsigned int i, const char *key, struct node *to)
{
	if (!(known >> i & 1))
		return 0;
	add_uint(to, key, val[i]);
	return val[i];
}

/* Whether a tool without a password can use the TPM; shows what prevents it */
static bool show_readiness(struct node *to, struct tpm *t)
{
	struct buf said CLEANUP_BUF;
	struct buf *before = complain_into(&said);
	u32 val[N_PROPERTIES] = { 0 }, known;
	struct node *n;
	bool locked, owned, enabled;
	int rc = tpm_properties(t, PT_FIRST, val, N_PROPERTIES, &known);

	complain_into(before);
	if (rc || !(known >> PERMANENT & 1)) {
		add_why(to, "state", &said);
		return false;
	}
	locked = val[PERMANENT] & IN_LOCKOUT;
	owned = val[PERMANENT] & OWNER_AUTH_SET;
	enabled = !(known >> STARTUP_CLEAR & 1) || val[STARTUP_CLEAR] & SH_ENABLE;
	n = add_bool(to, "in_lockout", locked);
	if (locked)
		danger(n, "keys that a password protects are refused until the lockout has passed, or tpm2_dictionarylockout --clear-lockout");
	property(val, known, LOCKOUT_COUNTER, "failed_authorizations", to);
	property(val, known, MAX_AUTH_FAIL, "failed_authorizations_max", to);
	property(val, known, LOCKOUT_INTERVAL, "lockout_interval_s", to);
	property(val, known, LOCKOUT_RECOVERY, "lockout_recovery_s", to);
	n = add_bool(to, "owner_password", owned);
	if (owned)
		danger(n, "the owner has a password: new owner keys and NV indices (also the one for user data) need it");
	n = add_bool(to, "owner_enabled", enabled);
	if (!enabled)
		danger(n, "the owner's hierarchy is switched off until the next boot");
	add_bool(to, "lockout_password", val[PERMANENT] & LOCKOUT_AUTH_SET);
	return !locked && !owned && enabled;
}

/* RC_OK also without an answer: t->rc */
static int read_claims(struct tpm *t, struct buf *claims)
{
	struct buf head CLEANUP_BUF;
	u32 len;
	int rc = tpm_nv_read(t, TPM_NV_HCL, HCL_DATA, HCL_DATA_LEN, &head);

	if (!rc && (t->rc == TPM_RC_NV_RANGE || tpm_rc_base(t->rc) == TPM_RC_VALUE))
		return fail(RC_EVIDENCE, "NV index 0x%08x is too short to be an HCL report", TPM_NV_HCL);
	if (rc || t->rc)
		return rc;
	len = le32(head.p + 16);
	if (le32(head.p + 4) != 1 || le32(head.p) != HCL_DATA_LEN + len || len > HCL_CLAIMS_MAX)
		return fail(RC_EVIDENCE, "NV index 0x%08x is there, but is not an HCL report", TPM_NV_HCL);
	return tpm_nv_read(t, TPM_NV_HCL, HCL_DATA + HCL_DATA_LEN, len, claims);
}

/*
 * tpm-persisted means less than its name says: current paravisors set it where
 * the VM has any state to keep, and may still lose that state. Only "no" is
 * reliable.
 */
static enum persisted persisted_claim(const struct buf *claims)
{
	struct json_object *o CLEANUP(json_put) = json_parse(buf_span(claims)), *v = NULL, *p = NULL;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, "vm-configuration", &v) ||
	    !json_object_is_type(v, json_type_object) ||
	    !json_object_object_get_ex(v, "tpm-persisted", &p) ||
	    !json_object_is_type(p, json_type_boolean))
		return PERSISTED_UNKNOWN;
	return json_object_get_boolean(p) ? PERSISTED_YES : PERSISTED_NO;
}

/* @is_azure: a paravisor's vTPM, as far as can be seen */
static enum persisted show_persisted(struct node *to, struct tpm *t, bool *is_azure)
{
	struct buf said CLEANUP_BUF, claims CLEANUP_BUF;
	struct buf *before = complain_into(&said);
	enum persisted p = PERSISTED_UNKNOWN;
	char *text CLEANUP(free_str) = NULL;
	struct node *n;
	int rc = read_claims(t, &claims);

	complain_into(before);
	*is_azure = rc || tpm_rc_base(t->rc) != TPM_RC_HANDLE;
	if (rc) {
		add_why(to, "hcl_report", &said);
		return p;
	}
	if (t->rc) {
		text = tpm_rc_text(t->rc);
		add_text(to, "hcl_report", "%s", *is_azure ? text : "none");
		return p;
	}
	add_text(to, "hcl_report", "there");
	p = persisted_claim(&claims);
	if (p == PERSISTED_UNKNOWN) {
		json_only(add_text(to, "persisted_why", "the claims have no tpm-persisted"));
		return p;
	}
	n = add_bool(to, "persisted", p == PERSISTED_YES);
	note(n, "the claim tpm-persisted, which evidence has signed");
	return p;
}

static void show_advice(struct node *to, bool is_azure, enum persisted p, bool ready)
{
	struct node *n;

	if (p == PERSISTED_NO) {
		n = add_text(to, "before_sealing", "the paravisor says that its state is not kept: what is sealed to this TPM is lost when the VM is stopped or restarted, with its keys and NV indices");
		danger(n, "do not seal a disk's key to it, nor anything that must outlive this boot");
	} else if (p == PERSISTED_UNKNOWN && is_azure) {
		add_text(to, "before_sealing", "it is not known whether what is sealed to this TPM can be opened after a reboot: keep a recovery key elsewhere");
	} else if (!ready) {
		add_text(to, "before_sealing", "first clear what is in the way, above");
	} else if (p == PERSISTED_YES) {
		add_text(to, "before_sealing", "the paravisor says that data sealed to this TPM can be opened after a reboot, but not on a copy of the VM nor after its state was reset: keep a recovery key elsewhere");
	} else {
		add_text(to, "before_sealing", "nothing is in the way");
	}
}

void status_tpm(struct node *to, const char *path)
{
	struct tpm t CLEANUP(tpm_close) = { .fd = -1 };
	struct node *map = add_map(to, "tpm", "TPM");
	const char *v = version();
	struct buf said CLEANUP_BUF, *before;
	enum persisted p;
	bool ready, is_azure;
	int rc;

	if (!v && access(path, F_OK)) {
		add_text(map, "version", "none");
		return;
	}
	if (v)
		add_text(map, "version", "%s", v);
	add_text(map, "path", "%s", path);
	before = complain_into(&said);
	rc = tpm_open(&t, path, "status");
	complain_into(before);
	json_only(add_bool(map, "accessible", !rc));
	if (rc) {
		add_why(map, "not_seen", &said);
		add_text(map, "remedy", "run as root to see lockout, ownership and persistence; evidence shows persistence too: cvm-evidence get | cvm-evidence show -");
		return;
	}
	ready = show_readiness(map, &t);
	add_bool(map, "ready", ready);
	p = show_persisted(map, &t, &is_azure);
	show_advice(map, is_azure, p, ready);
}
