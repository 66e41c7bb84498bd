// SPDX-License-Identifier: GPL-2.0-only
/* What the paravisor does to a command of the guest and to its answer. */
#include <string.h>

#include "pv.h"

#define PT_NV_INDEX_MAX		0x117
#define PT_MAX_DIGEST		0x120
#define PT_NV_BUFFER_MAX	0x12c
#define CAP_HANDLES		1
#define CAP_TPM_PROPERTIES	6

static size_t error(uint8_t *rsp, uint32_t rc)
{
	put_be16(rsp, TAG_PLAIN);
	put_be32(rsp + 2, HEADER_LEN);
	put_be32(rsp + 6, rc);
	return HEADER_LEN;
}

static uint32_t rc_of(const uint8_t *rsp)
{
	return get_be32(rsp + 6);
}

/* The parameters: they follow the handles and the authorization area. */
static uint8_t *parameters(uint8_t *cmd, size_t len, unsigned int handles, size_t need)
{
	size_t at = HEADER_LEN + 4 * handles;

	if (get_be16(cmd) == TAG_SESSIONS) {
		if (len < at + 4 || get_be32(cmd + at) > len)
			return NULL;
		at += 4 + get_be32(cmd + at);
	}
	return at + need <= len ? cmd + at : NULL;
}

/*
 * A read that swtpm's shadow of the index cannot serve is made one of its
 * beginning: swtpm says whether it is allowed, the bytes are ours.
 */
static size_t nv_read(uint8_t *cmd, size_t len, uint8_t *rsp)
{
	uint8_t *p = parameters(cmd, len, 2, 4);
	struct nv_index *nv = len >= 18 ? nv_find(get_be32(cmd + 14)) : NULL;
	bool beyond, translate;
	struct session_use use;
	uint16_t size, offset;
	size_t n;

	if (!p)
		return tpm_exchange(cmd, len, rsp);
	size = get_be16(p);
	offset = get_be16(p + 2);
	if (size > knob(K_NV_BUFFER))
		return error(rsp, RC_VALUE_P1);
	if (nv != &nv_report && offset == 0)
		nv_want_ak_cert();
	if (!nv || nv->state != NV_OK)
		return tpm_exchange(cmd, len, rsp);

	if (nv == &nv_report && offset == 0)
		hcl_read_begins();
	else if (nv == &nv_report && knob(K_TEAR))
		hcl_tear(knob_take(K_TEAR));
	else if (nv == &nv_ak_cert && offset && offset <= size && knob_take(K_CERT_TEAR))
		nv_tear_ak_cert();
	if (offset + size > nv->size)
		return error(rsp, RC_NV_RANGE);
	beyond = offset + size > NV_SHADOW_MAX;
	translate = nv->size != nv_shadow(nv) && session_begin(&use, cmd, len, nv);
	if (beyond)
		put_be16(p + 2, 0);
	if (translate)
		session_command(&use, cmd, len, nv);
	n = tpm_exchange(cmd, len, rsp);
	if (rc_of(rsp) || get_be16(rsp) != TAG_SESSIONS || n < 16U + size)
		return n;
	session_track(cmd, len, rsp, n);
	if (beyond)
		memcpy(rsp + 16, nv->data + offset, size);
	if (translate)
		session_answer(&use, rsp, n);
	return n;
}

/* The index as large as the guest is to see it, and the name that goes with it. */
static size_t nv_read_public(uint8_t *cmd, size_t len, uint8_t *rsp)
{
	struct nv_index *nv = len >= 14 ? nv_find(get_be32(cmd + 10)) : NULL;
	size_t n = tpm_exchange(cmd, len, rsp);
	uint8_t *area = rsp + HEADER_LEN + 2;
	uint16_t size;

	if (!nv || rc_of(rsp) || get_be16(rsp) != TAG_PLAIN || n < HEADER_LEN + 2)
		return n;
	size = get_be16(rsp + HEADER_LEN);
	if (size < 14 || n < HEADER_LEN + 2U + size + 2 + 34)
		return n;
	put_be16(area + size - 2, nv->size);
	hash(EVP_sha256(), area, size, area + size + 4);
	return n;
}

static size_t nv_write(uint8_t *cmd, size_t len, uint8_t *rsp)
{
	uint8_t *p = parameters(cmd, len, 2, 2);

	if (p && get_be16(p) > knob(K_NV_BUFFER))
		return error(rsp, RC_SIZE_P1);
	if (len >= 18 && get_be32(cmd + 14) == INDEX_INPUT)
		counters[C_WRITES]++;
	return tpm_exchange(cmd, len, rsp);
}

/*
 * Has swtpm quote something else than the guest asked for; @p is the qualifying
 * data. It is signed as well as any. Returns the length of the command.
 */
static size_t quote_instead(uint8_t *cmd, size_t len, uint8_t *p, uint64_t how)
{
	uint16_t size = get_be16(p);
	uint8_t *end = p + 2 + size;

	switch (how) {
	case QUOTE_DATA:
		if (size)
			end[-1] ^= 1;
		break;
	case QUOTE_SHORT:
		if (!size)
			break;
		memmove(end - 1, end, cmd + len - end);
		put_be16(p, size - 1);
		len--;
		break;
	case QUOTE_LONG:
		memmove(end + 1, end, cmd + len - end);
		*end = 0;
		put_be16(p, size + 1);
		len++;
		break;
	case QUOTE_MASK:
		/* the selection ends the command: three bytes of bits */
		cmd[len - 3] ^= 1 << 1;
		break;
	}
	put_be32(cmd + 2, len);
	return len;
}

static size_t quote(uint8_t *cmd, size_t len, uint8_t *rsp)
{
	uint8_t *p = parameters(cmd, len, 1, 2);
	uint8_t longer[TPM_MAX];
	uint64_t how;
	size_t n;

	counters[C_QUOTES]++;
	if (p && get_be16(p) > knob(K_QUOTE_MAX))
		return error(rsp, RC_SIZE_P1);
	how = knob_take(K_QUOTE);
	if (!p || how == QUOTE_OK || p + 2 + get_be16(p) > cmd + len || len >= TPM_MAX)
		return tpm_exchange(cmd, len, rsp);
	memcpy(longer, cmd, len);
	len = quote_instead(longer, len, longer + (p - cmd), how);
	n = tpm_exchange(longer, len, rsp);
	/* paramSize, and the size of TPMS_ATTEST */
	p = rsp + HEADER_LEN + 4 + 2;
	if (rc_of(rsp) || get_be16(rsp) != TAG_SESSIONS || n < HEADER_LEN + 12)
		return n;
	if (how == QUOTE_MAGIC)
		p[0] ^= 1;
	else if (how == QUOTE_TYPE)
		p[5] ^= 1;
	return n;
}

static void patch_properties(uint8_t *p, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++, p += 8) {
		switch (get_be32(p)) {
		case PT_NV_INDEX_MAX:
			put_be32(p + 4, 4096);
			break;
		case PT_MAX_DIGEST:
			/* An algorithm's number and its digest are the limit of a quote's data. */
			if (knob(K_QUOTE_MAX) >= 2 && knob(K_QUOTE_MAX) - 2 < get_be32(p + 4))
				put_be32(p + 4, knob(K_QUOTE_MAX) - 2);
			break;
		case PT_NV_BUFFER_MAX:
			put_be32(p + 4, knob(K_NV_BUFFER));
			break;
		}
	}
}

static size_t hide_handles(uint8_t *rsp, size_t n)
{
	uint8_t *list = rsp + HEADER_LEN + 5;
	uint32_t count = get_be32(list), kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t h = get_be32(list + 4 + 4 * i);

		if (h != HANDLE_OTHER_AK && (h != HANDLE_AK || knob(K_AK) != AK_MISSING))
			put_be32(list + 4 + 4 * kept++, h);
	}
	put_be32(list, kept);
	n -= 4 * (count - kept);
	put_be32(rsp + 2, n);
	return n;
}

static size_t get_capability(uint8_t *cmd, size_t len, uint8_t *rsp)
{
	size_t n = tpm_exchange(cmd, len, rsp);
	uint32_t cap, count;

	if (rc_of(rsp) || get_be16(rsp) != TAG_PLAIN || n < HEADER_LEN + 9)
		return n;
	cap = get_be32(rsp + HEADER_LEN + 1);
	count = get_be32(rsp + HEADER_LEN + 5);
	if (cap == CAP_TPM_PROPERTIES && n >= HEADER_LEN + 9 + 8 * (size_t)count)
		patch_properties(rsp + HEADER_LEN + 9, count);
	else if (cap == CAP_HANDLES && n >= HEADER_LEN + 9 + 4 * (size_t)count)
		n = hide_handles(rsp, n);
	return n;
}

/* Where commands name a key, as far as a guest uses the AK. */
static unsigned int key_handles(uint32_t cc)
{
	switch (cc) {
	case CC_READ_PUBLIC:
	case CC_QUOTE:
	case CC_SIGN:
	case CC_CERTIFY_CREATION:
	case CC_NV_CERTIFY:
		return 1;
	case CC_CERTIFY:
	case CC_GET_TIME:
	case CC_EVICT_CONTROL:
		return 2;
	}
	return 0;
}

/* A response code when the AK is to be missing; puts the other one in its place. */
static uint32_t choose_ak(uint8_t *cmd, size_t len, uint32_t cc)
{
	unsigned int n = knob(K_AK) == AK_OK ? 0 : key_handles(cc);

	for (unsigned int i = 0; i < n && len >= HEADER_LEN + 4 * (i + 1); i++) {
		if (get_be32(cmd + HEADER_LEN + 4 * i) != HANDLE_AK)
			continue;
		if (knob(K_AK) == AK_MISSING)
			return RC_HANDLE_1 + (i << 8);
		put_be32(cmd + HEADER_LEN + 4 * i, HANDLE_OTHER_AK);
	}
	return 0;
}

static size_t by_command(uint8_t *cmd, size_t len, uint8_t *rsp, uint32_t cc)
{
	switch (cc) {
	case CC_NV_READ:
		return nv_read(cmd, len, rsp);
	case CC_NV_READ_PUBLIC:
		return nv_read_public(cmd, len, rsp);
	case CC_NV_WRITE:
		return nv_write(cmd, len, rsp);
	case CC_QUOTE:
		return quote(cmd, len, rsp);
	case CC_GET_CAPABILITY:
		return get_capability(cmd, len, rsp);
	case CC_PCR_READ:
		if (knob_take(K_PCR_DRIFT))
			tpm_extend(10, "cvm-evidence SIMULATED: another measurement");
		break;
	}
	return tpm_exchange(cmd, len, rsp);
}

static size_t execute(uint8_t *cmd, size_t len, uint8_t *rsp, uint32_t cc)
{
	uint32_t rc = choose_ak(cmd, len, cc);
	size_t n;

	if (rc)
		return error(rsp, rc);
	n = by_command(cmd, len, rsp, cc);
	session_track(cmd, len, rsp, n);
	return n;
}

static size_t spoil(uint8_t *rsp, size_t n)
{
	size_t at = get_be16(rsp) == TAG_SESSIONS ? HEADER_LEN + 4 : HEADER_LEN;
	uint64_t v;

	v = knob_take(K_LIE_SIZE);
	if (v != KNOB_TRUE && n >= at + 2)
		put_be16(rsp + at, v);
	v = knob_take(K_LIE_TOTAL);
	if (v != KNOB_TRUE)
		put_be32(rsp + 2, v);
	v = knob_take(K_CUT);
	return v && v < n ? v : n;
}

size_t guest_command(uint8_t *cmd, size_t len, uint8_t *rsp, struct answer_plan *plan)
{
	uint32_t cc, rc;
	size_t n;

	memset(plan, 0, sizeof(*plan));
	if (len < HEADER_LEN || get_be32(cmd + 2) != len)
		return error(rsp, 0x142);		/* TPM_RC_COMMAND_SIZE */
	cc = get_be32(cmd + 6);
	if (cc == CC_SET_LOCALITY)
		return error(rsp, knob_take(K_DENY_LOCALITY) ? RC_LOCALITY : 0);
	counters[C_COMMANDS]++;
	nv_ak_cert_due();
	/* The kernel asks for random bytes when it likes: no part of any test. */
	if (cc == CC_GET_RANDOM || (knob(K_CC) && knob(K_CC) != cc))
		return execute(cmd, len, rsp, cc);

	plan->delay = knob_take(K_DELAY);
	plan->silent = knob_take(K_SILENT);
	rc = knob_take(K_RC);
	if (rc) {
		counters[C_FAULTS]++;
		return error(rsp, rc);
	}
	n = execute(cmd, len, rsp, cc);
	return spoil(rsp, n);
}
