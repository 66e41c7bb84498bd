// SPDX-License-Identifier: GPL-2.0-only
/*
 * Challenges and answers of services, cut short and with every bit changed: what
 * a hostile service sends must not do more than fail. The sanitizers watch.
 */
#include "services/service.h"
#include "unit.h"

static struct tee_key key;

static const struct service *find(const char *name)
{
	size_t i;

	for (i = 0; i < n_services; i++)
		if (!strcmp(services[i]->name, name))
			return services[i];
	exit(2);
}

/* In memory of exactly its length; the NUL that buf_add() keeps is part of it */
static struct buf copy_of(const char *text, size_t len)
{
	struct buf b = { 0 };

	b.p = malloc(len + 1);
	memcpy(b.p, text, len);
	b.p[len] = '\0';
	b.len = len;
	b.cap = len + 1;
	return b;
}

static int challenge(const struct service *s, const char *text, size_t len)
{
	struct request q = { .service = s, .challenge.path = "test" };
	int rc;

	q.challenge.b = copy_of(text, len);
	q.key = key;
	rc = s->challenge(&q);
	if (!rc)
		rc = s->bind(&q);
	q.key = (struct tee_key){ 0 };
	request_free(&q);
	return rc;
}

static int answer(const struct service *s, const char *text, size_t len)
{
	struct request q = { .service = s };
	struct http_answer a = { .status = 200, .retry_after = -1 };
	struct message next = { 0 };
	struct buf out = { 0 };
	bool again = false;
	char *error;
	int rc;

	a.body = copy_of(text, len);
	rc = s->answer(&q, &a, &next, &again, &out);
	error = http_error_text(&a);
	free(error);
	message_free(&next);
	buf_free(&out);
	http_answer_free(&a);
	request_free(&q);
	return rc;
}

static int secret(const struct service *s, const char *text, size_t len)
{
	struct buf in = copy_of(text, len), out = { 0 };
	int rc = jwe_decrypt(buf_span(&in), &key, &out);

	(void)s;
	buf_free(&in);
	buf_free(&out);
	return rc;
}

static void mangle(const char *name, const struct service *s, const char *text,
		   int (*fn)(const struct service *s, const char *text, size_t len), bool whole)
{
	size_t len = strlen(text), i;
	char *copy = xstrdup(text);
	int bit;

	ok(!fn(s, text, len) == whole, "%s: %s", name, whole ? "as it should be" : "refused");
	for (i = 0; i < len; i++)
		fn(s, text, i);
	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++) {
			copy[i] ^= (char)(1 << bit);
			fn(s, copy, len);
			copy[i] ^= (char)(1 << bit);
		}
	}
	ok(!strcmp(copy, text), "%s: cut short and changed, survived", name);
	free(copy);
}

static void challenges(void)
{
	static const char *const names[][2] = {
		{ "kbs", "golden/requests/kbs-challenge-sha512.json" },
		{ "ita", "golden/requests/ita-nonce.json" },
		{ "veraison", "golden/requests/veraison-session.json" },
		{ "gcp", "golden/requests/gcp-challenge.json" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct buf b = { 0 };

		if (file_read(names[i][1], 1 << 16, &b))
			exit(2);
		mangle(names[i][0], find(names[i][0]), (char *)b.p, challenge, true);
		buf_free(&b);
	}
}

/*
 * An option that a service takes leads to a member of its table: each verb calls them
 * without looking again, so one that is missing would be a call of NULL.
 */
static void tables(void)
{
	size_t i;

	for (i = 0; i < n_services; i++) {
		const struct service *s = services[i];

		ok(s->bind && s->build, "%s binds and builds", s->name);
		ok(!s->begin == !s->challenge, "%s reads the challenge that it asks for", s->name);
		ok(!s->begin || s->takes & TAKES_CHALLENGE, "%s takes the challenge that it asks for",
		   s->name);
		ok(!(s->takes & TAKES_ENC_KEY) == !s->open, "%s opens what it seals", s->name);
		ok(!s->secret_header == !s->secret_env, "%s says where its secret is", s->name);
		ok(s->answer || (!s->begin && !s->retry && !s->secret_header),
		   "%s is a service, or has nothing of one", s->name);
	}
}

int main(void)
{
	/* {"submods":{"A":{"ear.status":"affirming"}}} and one that is not */
	static const char good[] = "{\"status\":\"complete\",\"result\":\"e30.eyJzdWJtb2RzIjp7IkEiOnsiZWFyLnN0YXR1cyI6ImFmZmlybWluZyJ9fX0.c2ln\"}";
	static const char bad[] = "{\"state\":\"complete\",\"result\":\"e30.eyJzdWJtb2RzIjp7IkEiOnsiZWFyLnN0YXR1cyI6ImNvbnRyYWluZGljYXRlZCJ9fX0.c2ln\"}";
	static const char jwe[] = "{\"protected\":\"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOnsiY3J2IjoiUC0yNTYiLCJrdHkiOiJFQyIsIngiOiIyU05MeHAxZXRJOFdnNTVYa1BOaXhyNUFjOXNMbkRlX3BaanFNOGJLakxvIiwieSI6ImJyNFB0eHVXajg5VU9tVkxDajhURWJNcWlKTktTTHlJVThwbWNXT0VZdkEifX0\",\"encrypted_key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"iv\":\"AAAAAAAAAAAAAAAA\",\"ciphertext\":\"AAAA\",\"tag\":\"AAAAAAAAAAAAAAAAAAAAAA\"}";

	unit_quiet();
	if (tee_key_generate(&key))
		return 2;
	tables();
	challenges();
	mangle("maa's token", find("maa"), "{\"token\":\"e30.e30.c2ln\"}", answer, true);
	mangle("ita's token", find("ita"), "{\"token\":\"e30.e30.c2ln\"}", answer, true);
	mangle("kbs's token", find("kbs"), "{\"token\":\"e30.e30.c2ln\"}", answer, true);
	mangle("gcp's token", find("gcp"), "{\"oidcClaimsToken\":\"e30.e30.c2ln\"}", answer, true);
	mangle("coco-as's token", find("coco-as"), "e30.e30.c2ln", answer, true);
	mangle("veraison's result", find("veraison"), good, answer, true);
	mangle("veraison's rejection", find("veraison"), bad, answer, false);
	mangle("an error", find("maa"), "{\"error\":{\"code\":\"A\",\"message\":\"b\\u001b[2J\"}}", answer, false);
	mangle("a problem", find("kbs"), "{\"type\":\"https://a/b/C\",\"detail\":\"d\"}", answer, false);
	mangle("a resource for another key", find("kbs"), jwe, secret, false);
	tee_key_free(&key);
	return unit_failed;
}
