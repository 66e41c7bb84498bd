// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events, composed as the kernel composes them and as it never would.
 *
 *	t_event golden		checks; golden/events.txt and .json have what to say
 *	t_event --text|--json	prints that
 *	t_event --names		names and numbers, to compare with the YNL spec
 */
#include <errno.h>
#include <json-c/json.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "cli/event_filter.h"
#include "cli/event_print.h"
#include "device/event.h"
#include "unit.h"

#define A(name)		CVM_EVIDENCE_EVENT_A_##name
#define EV(name)	CVM_EVIDENCE_EV_##name

/* The netlink type uint: 4 bytes, or 8 where the value needs them */
static void number(struct nl_msg *m, int id, u64 v)
{
	if (v <= UINT32_MAX)
		nla_put_u32(m, id, (u32)v);
	else
		nla_put_u64(m, id, v);
}

static void start(struct nl_msg *m, u64 nr, u32 type)
{
	number(m, A(NUMBER), nr);
	number(m, A(TYPE), type);
	number(m, A(BOOTTIME), 12345678901);
	number(m, A(REALTIME), 1700000000123456789 + nr * 1000000);
	number(m, A(VM_EPOCH), 0);
}

static void who(struct nl_msg *m, const char *comm)
{
	number(m, A(PID), 4711);
	number(m, A(START_TIME), 9000000001);
	number(m, A(UID), 1000);
	nla_put_string(m, A(COMM), comm);
	number(m, A(CGROUP), 2345);
	number(m, A(LOGINUID), 1001);
	number(m, A(SESSION), 3);
	nla_put_u32(m, A(EXE_MAJOR), 8);
	nla_put_u32(m, A(EXE_MINOR), 1);
	number(m, A(EXE_INODE), 131075);
}

static void provider(struct nl_msg *m, u32 id, u32 tee)
{
	number(m, A(PROVIDER), id);
	number(m, A(TEE), tee);
}

static void evidence(struct nl_msg *m, u32 flags)
{
	number(m, A(SEQUENCE), 7);
	number(m, A(FLAGS), flags);
	number(m, A(BATCH), 1);
	number(m, A(WAIT_NS), 123456);
	number(m, A(FIRMWARE_NS), 12000000);
}

static void fill(struct nl_msg *m, int id, u8 first, size_t len)
{
	u8 bytes[64];
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (u8)(first + i);
	nla_put(m, id, (int)len, bytes);
}

static void field(struct nl_msg *m, u32 id, size_t len)
{
	number(m, A(FIELD), id);
	fill(m, A(OLD), 0x10, len);
	fill(m, A(NEW), 0x80, len);
}

static void nested_junk(struct nl_msg *m)
{
	struct nlattr *outer = nla_nest_start(m, 99), *inner = nla_nest_start(m, 1);

	nla_put_u32(m, A(UID), 0);
	nla_nest_end(m, inner);
	nla_nest_end(m, outer);
}

#define SAMPLES		23

/* One of each type, then what this version does not know, then what version 2 of
 * the interface brought
 */
static struct nl_msg *sample(unsigned int i)
{
	struct nl_msg *m = nlmsg_alloc_simple(0, 0);
	u32 types[SAMPLES + 1] = {
		[13] = 99, [14] = EV(EVIDENCE_TAKEN), [18] = 4000000000,
		[20] = EV(KEY_RECOVERED), [21] = EV(PROVIDER_REMOVED), [22] = EV(EVIDENCE_TAKEN),
	};
	u32 type = i <= EV(REATTEST) ? i : types[i];

	if (i != 15 && i != 16)
		start(m, i, type);
	switch (i) {
	case EV(EVIDENCE_TAKEN):
		provider(m, CVM_EVIDENCE_PROVIDER_TSM, CVM_EVIDENCE_TEE_SEV_SNP);
		who(m, "attest-agent");
		evidence(m, CVM_EVIDENCE_F_FRESH | CVM_EVIDENCE_F_EVENT_LOG);
		number(m, A(PRIVLEVEL), 2);
		nla_put_flag(m, A(KERNEL_RANDOM));
		fill(m, A(REPORT_SHA256), 0xe0, 32);
		break;
	case EV(EVIDENCE_FAILED):
		provider(m, CVM_EVIDENCE_PROVIDER_SEV_GUEST, CVM_EVIDENCE_TEE_SEV_SNP);
		who(m, "curl");
		evidence(m, 0);
		number(m, A(ERRNO), EIO);
		number(m, A(FW_STATUS), 0x100000016);
		break;
	case EV(PROVIDER_ADDED):
		provider(m, CVM_EVIDENCE_PROVIDER_TDX_GUEST, CVM_EVIDENCE_TEE_TDX);
		nla_put_string(m, A(DRIVER), "tdx_guest");
		break;
	case EV(PROVIDER_REMOVED):
		provider(m, CVM_EVIDENCE_PROVIDER_TSM, CVM_EVIDENCE_TEE_CCA);
		nla_put_string(m, A(DRIVER), "arm_cca_guest");
		number(m, A(REASON), CVM_EVIDENCE_REASON_DRIVER_UNLOADED);
		break;
	case EV(THROTTLED):
	case EV(RECOVERED):
		provider(m, CVM_EVIDENCE_PROVIDER_SEV_GUEST, CVM_EVIDENCE_TEE_SEV_SNP);
		number(m, A(FIRMWARE_NS), 2000456789);
		break;
	case EV(KEY_LOST):
		provider(m, CVM_EVIDENCE_PROVIDER_TSM, CVM_EVIDENCE_TEE_SEV_SNP);
		nla_put_string(m, A(DRIVER), "sev_guest");
		number(m, A(REASON), CVM_EVIDENCE_REASON_KEY_WIPED);
		break;
	case EV(QUOTA_DENIED):
		number(m, A(PROVIDER), CVM_EVIDENCE_PROVIDER_TSM);
		who(m, "greedy");
		number(m, A(COUNT), 17);
		number(m, A(ERRNO), EDQUOT);
		break;
	case EV(PARAMETER_CHANGED):
		who(m, "sh");
		nla_put_string(m, A(PARAMETER), "queue_max");
		number(m, A(OLD_VALUE), 4096);
		number(m, A(NEW_VALUE), UINT64_MAX);
		break;
	case EV(TCB_CHANGED):
		provider(m, CVM_EVIDENCE_PROVIDER_TSM, CVM_EVIDENCE_TEE_SEV_SNP);
		field(m, CVM_EVIDENCE_FIELD_REPORTED_TCB, 8);
		break;
	case EV(IDENTITY_CHANGED):
		provider(m, CVM_EVIDENCE_PROVIDER_TSM, CVM_EVIDENCE_TEE_SEV_SNP);
		field(m, CVM_EVIDENCE_FIELD_CHIP_ID, 64);
		break;
	case EV(REATTEST):
		number(m, A(CAUSE), CVM_EVIDENCE_CAUSE_VM_FORK);
		break;
	case 13:	/* a type, and attributes, to come */
		nested_junk(m);
		nla_put_u32(m, 39, 5);
		nla_put_string(m, 1000, "later");
		break;
	case 14:	/* a process that names itself badly, flags and enums to come */
		provider(m, 77, 78);
		nla_put(m, A(COMM), 13, "x\" uid=\"0\n\033\xff");
		evidence(m, 1u << 31 | CVM_EVIDENCE_F_SHARED);
		number(m, A(ERRNO), 100000);
		break;
	case 15:	/* nothing at all */
		break;
	case 16:	/* neither number nor type nor time */
		number(m, A(UID), 0);
		break;
	case 17:	/* lengths that are not theirs */
		nla_put_u16(m, A(UID), 5);
		nla_put(m, A(SEQUENCE), 12, "123456789012");
		nla_put(m, A(PID), 0, "");
		nla_put_u64(m, A(EXE_MAJOR), 8);
		nla_put_u8(m, A(KERNEL_RANDOM), 1);
		nla_put(m, A(COMM), 0, "");
		nla_put(m, A(REPORT_SHA256), 0, "");
		nla_put(m, A(DRIVER), 3, "a\0b");
		break;
	case 18:	/* the same thing twice, and thrice */
		number(m, A(UID), 1);
		number(m, A(UID), 2);
		number(m, A(UID), 3);
		nla_put_u32(m, 99, 1);
		nla_put_u32(m, 99, 2);
		break;
	case 19:	/* a VM that was forked */
		number(m, A(VM_EPOCH), 3);
		break;
	case 20:
		provider(m, CVM_EVIDENCE_PROVIDER_SEV_GUEST, CVM_EVIDENCE_TEE_SEV_SNP);
		nla_put_string(m, A(DRIVER), "sev_guest");
		break;
	case 21:	/* a reason with its parameter, and one to come */
		number(m, A(REASON), CVM_EVIDENCE_REASON_PROBE_FAILED);
		number(m, A(REASON_PARAM), EIO);
		number(m, A(REASON), 99);
		break;
	case 22:	/* numbers in 8 bytes that 4 would do for, or would not */
		nla_put_u64(m, A(PROVIDER), CVM_EVIDENCE_PROVIDER_VTPM);
		nla_put_u64(m, A(UID), 1000);
		nla_put_u64(m, A(FLAGS), 1ull << 40 | CVM_EVIDENCE_F_TDREPORT);
		nla_put_u64(m, A(REASON), 1ull << 32 | CVM_EVIDENCE_REASON_NO_TPM);
		break;
	}
	return m;
}

static void *attrs_of(struct nl_msg *m, size_t *len)
{
	*len = (size_t)nlmsg_datalen(nlmsg_hdr(m));
	return nlmsg_data(nlmsg_hdr(m));
}

static void print(struct nl_msg *m, bool json, struct buf *out)
{
	struct event e;
	size_t len;
	void *p = attrs_of(m, &len);

	event_parse(&e, p, len);
	if (json)
		event_json(&e, out);
	else
		event_text(&e, out);
	buf_add_str(out, "\n");
}

static void print_all(bool json, struct buf *out)
{
	unsigned int i;

	for (i = 1; i < SAMPLES; i++) {
		struct nl_msg *m = sample(i);

		print(m, json, out);
		nlmsg_free(m);
	}
}

static void golden(const char *dir, bool json)
{
	char *path CLEANUP(free_str) = xasprintf("%s/events.%s", dir, json ? "json" : "txt");
	struct buf want CLEANUP_BUF, got CLEANUP_BUF;
	char *w, *g, *wl, *gl;
	unsigned int i;

	if (file_read(path, 1 << 20, &want)) {
		ok(false, "%s", path);
		return;
	}
	print_all(json, &got);
	w = (char *)want.p;
	g = (char *)got.p;
	for (i = 1; i < SAMPLES; i++) {
		wl = strsep(&w, "\n");
		gl = strsep(&g, "\n");
		if (wl && gl && strcmp(wl, gl))
			printf("# wanted %s\n# got    %s\n", wl, gl);
		ok(wl && gl && !strcmp(wl, gl), "event %u as %s", i, json ? "JSON" : "text");
	}
	ok(w && !*w, "%s has no more", path);
}

/* Printable ASCII in one line; JSON that is an object */
static bool sane(const void *p, size_t len)
{
	struct buf text CLEANUP_BUF, json CLEANUP_BUF;
	struct json_object *o;
	struct event e;
	size_t i;
	bool good;

	event_parse(&e, p, len);
	event_text(&e, &text);
	event_json(&e, &json);
	for (i = 0, good = true; i < text.len; i++)
		good &= text.p[i] >= ' ' && text.p[i] <= '~';
	good &= !strchr((char *)json.p, '\n');
	o = json_tokener_parse((char *)json.p);
	good &= json_object_is_type(o, json_type_object);
	/* what came is there, be it as bytes that make no sense */
	good &= !len || json_object_object_length(o) || len < 2 * NLA_HDRLEN;
	json_object_put(o);
	return good;
}

/* In memory that ends where the message does, for the sanitizer */
static bool sane_copy(const u8 *p, size_t len)
{
	u8 *copy = malloc(len ? len : 1);
	bool good;

	memcpy(copy, p, len);
	good = sane(copy, len);
	free(copy);
	return good;
}

static void damaged(void)
{
	static const u8 bytes[] = { 0, 1, 3, 4, 5, 0x7f, 0x80, 0xff };
	unsigned int i;
	size_t len, n, b;

	for (i = 1; i < SAMPLES; i++) {
		struct nl_msg *m = sample(i);
		u8 *p = attrs_of(m, &len), was;
		bool cut = true, bad = true;

		for (n = 0; n <= len; n++)
			cut &= sane_copy(p, n);
		for (n = 0; n < len; n++) {
			was = p[n];
			for (b = 0; b < ARRAY_SIZE(bytes); b++) {
				p[n] = bytes[b];
				bad &= sane_copy(p, len);
			}
			p[n] = was;
		}
		ok(cut, "event %u, cut at every length", i);
		ok(bad, "event %u, with every byte damaged", i);
		nlmsg_free(m);
	}
}

static void rest_is_kept(void)
{
	struct buf json CLEANUP_BUF, text CLEANUP_BUF;
	struct nl_msg *m = sample(16);
	struct event e;
	size_t len;
	u8 *p = attrs_of(m, &len), copy[64];

	memcpy(copy, p, len);
	memcpy(copy + len, "\x05\0\0", 3);
	event_parse(&e, copy, len + 3);
	event_json(&e, &json);
	event_text(&e, &text);
	ok(!strcmp((char *)json.p, "{\"uid\":0,\"malformed\":\"050000\"}"), "a rest in JSON: %s",
	   (char *)json.p);
	ok(!strcmp((char *)text.p, "- #? event uid=0 malformed=050000"), "a rest in text: %s",
	   (char *)text.p);
	nlmsg_free(m);
}

/* @texts: filters that all hold, NULL ends them */
static void filter(unsigned int i, bool want, const char *a, const char *b)
{
	struct event_filter *f = NULL;
	struct nl_msg *m = sample(i);
	struct event e;
	size_t len;
	void *p = attrs_of(m, &len);
	int rc = event_filter_add(&f, a);

	if (!rc && b)
		rc = event_filter_add(&f, b);
	event_parse(&e, p, len);
	ok(!rc && event_filter_match(f, &e) == want, "event %u %s %s %s", i,
	   want ? "passes" : "does not pass", a, b ? b : "");
	event_filter_free(&f);
	nlmsg_free(m);
}

static void bad_filter(const char *text, const char *message)
{
	struct event_filter *f = NULL;
	struct buf said CLEANUP_BUF;
	int rc;

	complain_into(&said);
	rc = event_filter_add(&f, text);
	complain_into(NULL);
	ok(rc == RC_USAGE && said.p && strstr((char *)said.p, message), "filter '%s': %s", text,
	   said.p ? (char *)said.p : "");
	event_filter_free(&f);
}

static void filters(void)
{
	ok(event_filter_match(NULL, &(struct event){ 0 }), "no filter passes everything");
	filter(1, true, "type=evidence-taken", NULL);
	filter(1, true, "type=reattest,evidence-taken", NULL);
	filter(1, true, "type=1", NULL);
	filter(1, false, "type=reattest", NULL);
	filter(12, true, "type=reattest", "cause=vm-fork");
	filter(12, false, "type=reattest", "cause=resume");
	filter(13, true, "type=99", NULL);
	filter(13, true, "type=0x63", NULL);
	filter(1, true, "uid=1000", "provider=tsm");
	filter(1, false, "uid=1000", "provider=sev-guest");
	filter(1, false, "uid=1000", "uid=1001");
	filter(1, true, "cgroup=2345", "exe-inode=131075");
	filter(12, false, "uid=0", NULL);
	filter(15, false, "uid=0", NULL);
	filter(16, true, "uid=0", NULL);
	filter(17, false, "uid=5", NULL);
	filter(17, false, "exe-major=8", NULL);
	filter(1, true, "exe-major=8", "exe-minor=1");
	filter(4, true, "reason=driver-unloaded", NULL);
	filter(4, true, "reason=8", NULL);
	filter(4, false, "reason=key-wiped", NULL);
	filter(20, true, "type=key-recovered", NULL);
	filter(21, true, "reason-param=5", NULL);
	filter(22, true, "uid=1000", "provider=vtpm");
	filter(22, true, "flags=tdreport", NULL);
	filter(22, false, "reason=no-tpm", NULL);
	filter(1, true, "comm=attest-agent", NULL);
	filter(1, false, "comm=attest", NULL);
	filter(1, true, "flags=fresh", NULL);
	filter(1, true, "flags=shared,event-log", NULL);
	filter(1, false, "flags=shared", NULL);
	filter(2, false, "flags=fresh", NULL);
	filter(1, true, "kernel-random=true", NULL);
	filter(2, false, "kernel-random=true", NULL);
	filter(10, true, "old=1011121314151617", NULL);
	filter(10, true, "new=00,8081828384858687", NULL);
	filter(9, true, "new-value=18446744073709551615", NULL);
	bad_filter("", "ATTRIBUTE=VALUE");
	bad_filter("type", "ATTRIBUTE=VALUE");
	bad_filter("type=", "ATTRIBUTE=VALUE");
	bad_filter("=1", "events have no ''");
	bad_filter("user=1", "they have: number type");
	bad_filter("pad=1", "events have no 'pad'");
	bad_filter("type=taken", "evidence-taken evidence-failed");
	bad_filter("type=evidence-taken,", "'' is not a value of type");
	bad_filter("provider=auto,vtpm2", "tsm sev-guest");
	bad_filter("flags=nonce", "event-log tpm-quote");
	bad_filter("uid=-1", "a number");
	bad_filter("exe-major=4294967296", "a number");
	bad_filter("uid=18446744073709551616", "a number");
	bad_filter("reason=gone", "no-driver foreign-node");
	bad_filter("uid=root", "a number");
	bad_filter("cgroup=18446744073709551616", "a number");
	bad_filter("kernel-random=false", "true or absent");
	bad_filter("old=zz", "hexadecimal");
}

/* As the YNL spec calls it */
static const char *type_name(enum event_kind kind)
{
	switch (kind) {
	case EVENT_U32:
		return "u32";
	case EVENT_FLAG:
		return "flag";
	case EVENT_TEXT:
		return "string";
	case EVENT_BYTES:
		return "binary";
	default:
		return "uint";
	}
}

static void names(void)
{
	u32 id, i;

	for (id = 0; id < 100; id++) {
		const struct event_attr *a = event_attr(id);

		if (!a)
			continue;
		printf("attribute %s %s %u\n", a->name, type_name(a->kind), id);
		for (i = 0; i < 64 && (a->kind == EVENT_ENUM || a->kind == EVENT_BITS); i++)
			if (event_value_name(a, i))
				printf("%s %s %u\n", a->name, event_value_name(a, i), i);
	}
}

int main(int argc, char **argv)
{
	struct buf out CLEANUP_BUF;

	setenv("TZ", "UTC", 1);
	if (argc != 2)
		return RC_USAGE;
	if (!strcmp(argv[1], "--names")) {
		names();
		return 0;
	}
	if (!strncmp(argv[1], "--", 2)) {
		print_all(!strcmp(argv[1], "--json"), &out);
		fputs((char *)out.p, stdout);
		return 0;
	}
	golden(argv[1], false);
	golden(argv[1], true);
	damaged();
	rest_is_kept();
	filters();
	return unit_failed;
}
