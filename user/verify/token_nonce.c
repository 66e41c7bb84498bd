// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a token is bound to. Services repeat the report data, or, where these are a
 * hash, the data that they found to be hashed into them. Whatever else they repeat
 * of a request says nothing about the evidence: who has old evidence can send it
 * again with a new nonce.
 */
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "verify/token.h"
#include "verify/verify.h"

/* REPORT_DATA of the TEE: MAA, Intel Trust Authority 1 and 2, Trustee */
static const char *const report_data[] = {
	"x-ms-sevsnpvm-reportdata", "tdx_report_data", "tdx_reportdata", "sevsnp_report_data",
	"sevsnp_reportdata", "report_data",
};

/* The data that the service found to be hashed into REPORT_DATA */
static const char *const runtime_data[] = {
	"x-ms-runtime", "attester_runtime_data", "sevsnp_runtime_data", "runtime_data_claims",
};

/*
 * The same in what Trustee and Veraison repeat of the evidence itself: within the body of
 * a quote, and of a realm's token. Of Hygon's device it is in a body, too.
 */
static const struct {
	const char *name, *in;	/* the object that it is in, or NULL: any */
} repeated[] = {
	{ "cca_realm_challenge", NULL }, { "cca-realm-challenge", NULL }, { "user_data", "body" },
};

enum found { NOTHING, GOOD, BAD, ZEROS };

/* Of all the objects of a token that describe a TEE */
struct binding {
	struct verify *v;
	char *where, *bad;	/* the first of each */
	bool zeros;		/* user-data of a report that nobody asked for */
	size_t statements;
};

/* Where look_within() is */
struct within {
	const struct within *up;	/* the way to it; NULL: it begins here */
	const char *name, *in;	/* its last member, and the one before; "" at the top */
	struct json_object *report;	/* report data of the TEE that it is a part of, or NULL */
	bool counts;		/* what is found here, and not only what differs */
};

static bool same_bytes(const struct verify *v, const void *bytes, size_t len)
{
	const struct policy *p = &v->policy;

	if (v->other_nonce.len && len == v->other_nonce.len && !memcmp(bytes, v->other_nonce.p, len))
		return true;
	return (len == p->data_len || len == sizeof(p->data)) && !memcmp(p->data, bytes, len);
}

/* As it is, in hex or in base64 */
static bool same_text(const struct verify *v, struct json_object *o)
{
	const char *text = json_object_get_string(o), *why;
	size_t len = (size_t)json_object_get_string_len(o);
	struct buf hex CLEANUP_BUF, b64 CLEANUP_BUF;

	return same_bytes(v, text, len) ||
	       (!hex_decode(text, len, &hex, &why) && same_bytes(v, hex.p, hex.len)) ||
	       (!base64_decode(text, len, &b64, &why) && same_bytes(v, b64.p, b64.len));
}

static struct json_object *text_in(struct json_object *o, const char *name)
{
	struct json_object *t;

	return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, name, &t) &&
	       json_object_is_type(t, json_type_string) ? t : NULL;
}

static enum found compare(const struct verify *v, struct json_object *text)
{
	return !text ? NOTHING : same_text(v, text) ? GOOD : BAD;
}

static bool is_zeros(struct json_object *hex)
{
	const char *text = json_object_get_string(hex);

	return text && *text && strspn(text, "0") == (size_t)json_object_get_string_len(hex);
}

static bool is_hash(struct json_object *text, const u8 hash[static DIGEST_MAX], size_t len)
{
	const char *why;
	struct buf b CLEANUP_BUF;

	return text && !hex_decode(json_object_get_string(text), (size_t)json_object_get_string_len(text), &b, &why) &&
	       b.len == len && !memcmp(b.p, hash, len);
}

static bool add_base64(struct json_object *o, const char *name, struct buf *to)
{
	struct json_object *text = text_in(o, name);
	struct buf b CLEANUP_BUF;
	const char *why;

	if (!text || base64_decode(json_object_get_string(text), (size_t)json_object_get_string_len(text), &b, &why))
		return false;
	buf_add(to, b.p, b.len);
	return true;
}

/*
 * Intel Trust Authority's own nonce. It counts when SHA-512 of it, of its time and of
 * the user's data is what the hardware, or Azure's paravisor, has.
 */
static enum found ita_nonce(const struct verify *v, struct json_object *o, struct json_object *report,
			    struct json_object *user)
{
	struct json_object *n = json_get_object(o, "verifier_nonce");
	struct buf b CLEANUP_BUF;
	u8 hash[DIGEST_MAX];
	size_t len;

	if (compare(v, text_in(n, "val")) != GOOD || !add_base64(n, "val", &b) || !add_base64(n, "iat", &b))
		return NOTHING;
	add_base64(o, "attester_held_data", &b);
	len = digest("SHA512", b.p, b.len, hash);
	return is_hash(report, hash, len) || is_hash(user, hash, len) ? GOOD : BAD;
}

/* Made where it is told alone: a name may be long, and have many below it */
static void add_way(struct buf *to, const struct within *w)
{
	char *safe CLEANUP(free_str) = NULL;

	if (!w->up)
		return;
	add_way(to, w->up);
	safe = printable(w->name, strlen(w->name));
	buf_printf(to, "/%s", safe);
}

static char *way_of(const struct within *w, const char *name)
{
	char *safe CLEANUP(free_str) = printable(name, strlen(name));
	struct buf way CLEANUP_BUF;

	add_way(&way, w);
	return xasprintf("%s/%s", way.len ? (const char *)way.p : "", safe);
}

static void found(struct binding *b, enum found what, const struct within *w, const char *name)
{
	b->statements += what != NOTHING;
	if (what == GOOD && !b->where)
		b->where = way_of(w, name);
	else if (what == BAD && !b->bad)
		b->bad = way_of(w, name);
	else if (what == ZEROS)
		b->zeros = true;
}

/*
 * Azure's AzureGuest: the payload is repeated, but the answer was sealed to this key,
 * which the AK of the same boot certified.
 */
static bool was_sealed(struct json_object *runtime)
{
	struct json_object *keys;
	size_t i;

	if (!json_object_object_get_ex(runtime, "keys", &keys) || !json_object_is_type(keys, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(keys); i++) {
		const char *kid = json_get_text(json_object_array_get_idx(keys, i), "kid");

		if (kid && !strcmp(kid, "TpmEphemeralEncryptionKey"))
			return true;
	}
	return false;
}

static struct json_object *report_data_in(struct json_object *o, const char **name)
{
	struct json_object *report = NULL;
	size_t i;

	for (i = 0; !report && i < ARRAY_SIZE(report_data); i++) {
		report = text_in(o, report_data[i]);
		*name = report_data[i];
	}
	return report;
}

/*
 * One object that describes a TEE. Report data that are a hash are not what was asked
 * for; then what was hashed decides: on Azure user-data of the paravisor's claims,
 * elsewhere the nonce of the runtime data.
 */
static void look_at(struct binding *b, struct json_object *o, const struct within *w)
{
	struct json_object *report, *runtime = NULL, *user, *nonce;
	const char *report_name = "", *runtime_name = "";
	enum found what, at_report;
	size_t i;

	report = report_data_in(o, &report_name);
	for (i = 0; !runtime && i < ARRAY_SIZE(runtime_data); i++) {
		runtime = json_get_object(o, runtime_data[i]);
		runtime_name = runtime_data[i];
	}
	user = text_in(runtime, "user-data");
	nonce = text_in(runtime, "nonce");
	at_report = compare(b->v, report);
	if (at_report == GOOD || (at_report == BAD && !user && !nonce)) {
		what = at_report == GOOD ? GOOD : ita_nonce(b->v, o, report, NULL) == GOOD ? GOOD : BAD;
		found(b, what, w, report_name);
		return;
	}
	if (user) {
		what = compare(b->v, user);
		if (what == BAD && ita_nonce(b->v, o, report, user) == GOOD)
			what = GOOD;
		if (what == BAD && is_zeros(user))
			what = ZEROS;
	} else {
		what = compare(b->v, nonce);
	}
	if (what != NOTHING) {
		char *name CLEANUP(free_str) = xasprintf("%s/%s", runtime_name, user ? "user-data" : "nonce");

		found(b, what, w, name);
	}
}

/* eat_nonce is a text or a list of them: any counts */
static enum found eat_nonce(const struct verify *v, struct json_object *claims)
{
	struct json_object *o;
	enum found what = NOTHING;
	size_t i;

	if (!json_object_object_get_ex(claims, "eat_nonce", &o))
		return NOTHING;
	if (json_object_is_type(o, json_type_string))
		return compare(v, o);
	for (i = 0; json_object_is_type(o, json_type_array) && i < json_object_array_length(o); i++) {
		struct json_object *one = json_object_array_get_idx(o, i);

		what = what != GOOD && json_object_is_type(one, json_type_string) ? compare(v, one) : what;
	}
	return what;
}

/* Two texts of the same bytes: in hex, in base64, or as they are */
static bool same_statement(struct json_object *a, struct json_object *b)
{
	struct json_object *const both[2] = { a, b };
	struct buf bytes[2] = { { 0 }, { 0 } };
	const char *why;
	bool same;
	size_t i;

	for (i = 0; i < 2; i++) {
		const char *text = json_object_get_string(both[i]);
		size_t len = (size_t)json_object_get_string_len(both[i]);

		if (!hex_decode(text, len, &bytes[i], &why))
			continue;
		buf_free(&bytes[i]);
		if (!base64_decode(text, len, &bytes[i], &why))
			continue;
		buf_free(&bytes[i]);
		buf_add(&bytes[i], text, len);
	}
	same = bytes[0].len == bytes[1].len && bytes[0].len && !memcmp(bytes[0].p, bytes[1].p, bytes[0].len);
	buf_free(&bytes[0]);
	buf_free(&bytes[1]);
	return same;
}

/* The report data of Azure's paravisor are the hash of its claims, not what was asked for. */
static bool is_of_paravisor(const char *name, const char *in)
{
	static const char tee[] = "az-tdx-vtpm";

	return (!strcmp(name, "quote") && !strcmp(in, tee)) ||
	       (!strncmp(name, tee, sizeof(tee) - 1) && name[sizeof(tee) - 1] == '.');
}

/* @name in @in; older releases of Trustee flatten all, as "tdx.quote.body.report_data" */
static bool is_statement(const char *name, const char *in)
{
	const char *last = strrchr(name, '.');
	size_t i, n = strlen(in);

	if (last) {
		n = (size_t)(last - name);
		for (in = last; in > name && in[-1] != '.'; in--)
			;
		n -= (size_t)(in - name);
		name = last + 1;
	}
	for (i = 0; i < ARRAY_SIZE(report_data); i++)
		if (!strcmp(name, report_data[i]))
			return true;
	for (i = 0; i < ARRAY_SIZE(repeated); i++)
		if (!strcmp(name, repeated[i].name) &&
		    (!repeated[i].in || (strlen(repeated[i].in) == n && !strncmp(repeated[i].in, in, n))))
			return true;
	return false;
}

/*
 * What is said once more must be the same: the report data of a TEE, which were judged,
 * or else what was asked for.
 */
static void look_at_repeated(struct binding *b, struct json_object *o, const struct within *w)
{
	json_object_object_foreach(o, name, text) {
		enum found what;

		if (!json_object_is_type(text, json_type_string) || !is_statement(name, w->name) ||
		    is_of_paravisor(name, w->name) || (w->report && same_statement(w->report, text)))
			continue;
		what = compare(b->v, text);
		if (what == BAD || (w->counts && !w->report))
			found(b, what, w, name);
	}
}

/* @name in the object @w */
static bool describes_tee(const struct within *w, const char *name)
{
	static const char *const names[] = { "tdx", "sevsnp", "x-ms-isolation-tee" };
	size_t i;

	if (!strcmp(w->in, "submods"))
		return !strcmp(name, "ear.veraison.annotated-evidence");
	for (i = 0; !*w->name && i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/*
 * All objects but the guest's own words. One that describes a TEE stands at the top of a
 * token, or is the evidence of a submodule; whatever is not of such a one cannot bind the
 * token, but report data that differ are a failure wherever they are.
 */
static void look_within(struct binding *b, struct json_object *o, const struct within *w)
{
	size_t i;

	if (json_object_is_type(o, json_type_array)) {
		struct within one = *w;

		one.counts = false;
		for (i = 0; i < json_object_array_length(o); i++)
			look_within(b, json_object_array_get_idx(o, i), &one);
		return;
	}
	if (!json_object_is_type(o, json_type_object))
		return;
	look_at_repeated(b, o, w);
	json_object_object_foreach(o, name, value) {
		/* what is at the top is not of a TEE that has an object of its own */
		struct within inner = {
			.up = w, .name = name, .in = w->name, .report = *w->name ? w->report : NULL, .counts = w->counts,
		};
		const char *unused;

		if (token_is_of_guest(name) || is_of_paravisor(name, w->name) ||
		    !(json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array)))
			continue;
		if (describes_tee(w, name) && json_object_is_type(value, json_type_object)) {
			look_at(b, value, &inner);
			inner.report = report_data_in(value, &unused);
			inner.counts = true;
		}
		look_within(b, value, &inner);
	}
}

/* Evidence of a part that is bound to nothing, beside other evidence that is */
static void unbound_parts(struct binding *b, struct json_object *subs)
{
	json_object_object_foreach(subs, name, sub) {
		struct binding one = { .v = b->v };
		const struct within w = { .name = name, .in = "submods" };
		struct json_object *evidence = json_get_object(sub, "ear.veraison.annotated-evidence");
		char *safe CLEANUP(free_str) = printable(name, strlen(name));
		char *check CLEANUP(free_str) = xasprintf("nonce of %s", safe);

		if (!evidence && strncasecmp(name, "cpu", 3))
			continue;
		look_within(&one, sub, &w);
		/* that a device is bound says nothing of the TEE beside it */
		if (!one.statements && strncasecmp(name, "gpu", 3))
			unable(b->v, BOUND, check, "the token does not say what this part is bound to, though it does of another");
		else if (!one.statements)
			left_out(b->v, BOUND, check, "the token does not say what this part is bound to: the service compared it, or nobody");
		free_str(&one.where);
		free_str(&one.bad);
	}
}

static void look_at_all(struct binding *b, struct json_object *claims)
{
	const char *unused;
	const struct within top = { .name = "", .in = "", .report = report_data_in(claims, &unused) };
	struct json_object *subs = json_get_object(claims, "submods");

	look_at(b, claims, &top);
	look_within(b, claims, &top);
	if (subs && b->where)
		unbound_parts(b, subs);
}

static bool is_sealed_answer(const struct verify *v, struct json_object *claims)
{
	struct json_object *runtime = json_get_object(claims, "x-ms-runtime");

	return json_get_object(claims, "x-ms-isolation-tee") && was_sealed(runtime) &&
	       compare(v, text_in(json_get_object(runtime, "client-payload"), "nonce")) == GOOD;
}

static void judge(struct binding *b, struct json_object *claims)
{
	static const char check[] = "nonce";
	struct verify *v = b->v;
	enum found eat = eat_nonce(v, claims);

	if (b->bad)
		failed(v, BOUND, check, "%s is not what was asked for", b->bad);
	else if (b->where)
		passed(v, BOUND, check, "it is in %s", b->where);
	else if (is_sealed_answer(v, claims))
		passed(v, BOUND, check, "it is in /x-ms-runtime/client-payload/nonce, and the token was sealed to a key of the TPM");
	else if (b->zeros)
		failed(v, BOUND, check, "user-data of the paravisor's claims are zeros: nothing was asked for");
	else if (eat == GOOD)
		passed(v, BOUND, check, "it is in /eat_nonce");
	else if (eat == BAD)
		failed(v, BOUND, check, "/eat_nonce is not what was asked for");
	else if (compare(v, text_in(claims, "nonce")) == GOOD)
		unable(v, BOUND, check, "it is in /nonce alone, which repeats the request and is bound to no evidence");
	else
		unable(v, BOUND, check, "the token repeats no nonce and no report data where this version looks");
}

void verify_token_nonce(struct verify *v, struct json_object *claims)
{
	struct binding b = { .v = v };

	answered(v, ASK_DATA);
	if (!v->policy.have_data) {
		unbound(v, "nonce", "%s", v->policy.no_binding ? "--no-binding: it may be bound to anything" :
			"nothing to compare it with: give --nonce or --report-data, or --no-binding");
		return;
	}
	look_at_all(&b, claims);
	judge(&b, claims);
	free_str(&b.where);
	free_str(&b.bad);
}
