// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole of attest with a service whose every answer is the fuzzer's, and of
 * request with evidence that is.
 */
#include <unistd.h>

#include "../unit/gen.h"
#include "cli/cmd.h"
#include "evidence/evidence.h"
#include "fuzz.h"
#include "services/service.h"

#define ARGS_MAX	40

struct command {
	char *argv[ARGS_MAX + 1];
	int argc;
	int fds[8];
	int n_fds;
};

static void arg(struct command *c, const char *text)
{
	must(c->argc < ARGS_MAX);
	c->argv[c->argc++] = xstrdup(text);
}

static void file(struct command *c, const char *option, struct span s)
{
	char *path CLEANUP(free_str) = fuzz_file(s, &c->fds[c->n_fds++]);

	arg(c, option);
	arg(c, path);
}

static void text(struct command *c, const char *option, const char *value)
{
	file(c, option, (struct span){ (const u8 *)value, strlen(value) });
}

static void command_free(struct command *c)
{
	while (c->argc)
		free(c->argv[--c->argc]);
	while (c->n_fds)
		close(c->fds[--c->n_fds]);
}

static const struct service *find(const char *name)
{
	size_t i;

	for (i = 0; i < n_services; i++)
		if (!strcmp(services[i]->name, name))
			return services[i];
	must(!"a service of that name");
	return NULL;
}

/* Options without which the service would not be asked; some of them by @bits */
static void options(struct command *c, const struct service *s, u8 bits, bool self_nonce)
{
	u8 i;

	if (s->takes & TAKES_SELF_NONCE && self_nonce)
		arg(c, "--self-nonce");
	if (s->takes & TAKES_RUNTIME_DATA && !self_nonce)
		text(c, "--runtime-data", bits & 1 ? "raw" : RUNTIME_DATA);
	if (s->takes & TAKES_USER_DATA && bits & 1 && !self_nonce)
		text(c, "--user-data", "a user's");
	if (s->takes & TAKES_TPM_FILE)
		text(c, "--tpm-attestation", "{\"quotes\":[{}]}");
	if (s->takes & TAKES_LOCATION) {
		arg(c, "--location");
		arg(c, "projects/p/locations/l");
	}
	for (i = 0; s->forms && s->forms[i]; i++) {
		if (i != (bits >> 2 & 3))
			continue;
		arg(c, "--form");
		arg(c, s->forms[i]);
	}
	arg(c, "-o");
	arg(c, "/dev/null");
}

/* The device's keys: RSA primes take seconds to be found, where others compute too */
void fuzz_prepare(void)
{
	fuzz_device(FUZZ_TDX);
}

static void attest(const char *name, struct span s)
{
	const struct service *service = find(name);
	struct command c CLEANUP(command_free) = { 0 };
	u8 bits = s.len ? s.p[0] : 0;
	struct span rest = { s.p + !!s.len, s.len - !!s.len };

	if (service->secret_env)
		setenv(service->secret_env, "secret", 1);
	fuzz_device((bits >> 4) % FUZZ_EVIDENCE_N);
	fuzz_answers(&rest);
	arg(&c, "attest");
	arg(&c, name);
	arg(&c, "--endpoint");
	arg(&c, FUZZ_ENDPOINT);
	arg(&c, "--imds=" FUZZ_ENDPOINT);
	if (service->takes & TAKES_RESOURCE && bits & 2) {
		arg(&c, "--resource");
		arg(&c, "a/b/c");
	}
	options(&c, service, bits, false);
	optind = 0;
	cmd_attest.run(c.argc, c.argv);
	fuzz_answers(NULL);
}

#define SERVICE(id, name) \
	FUZZ(service_##id) { attest(name, s); }

SERVICE(coco_as, "coco-as")
SERVICE(gcp, "gcp")
SERVICE(ita, "ita")
SERVICE(kbs, "kbs")
SERVICE(maa, "maa")
SERVICE(veraison, "veraison")

/* Evidence, challenge, certificates: all out of files that anybody may have made */
FUZZ(request)
{
	struct span rest = s;
	struct part head CLEANUP_PART = fuzz_part(&rest);
	struct part evidence CLEANUP_PART = fuzz_part(&rest);
	struct part challenge CLEANUP_PART = fuzz_part(&rest);
	struct part quote CLEANUP_PART = fuzz_part(&rest);
	struct part certs CLEANUP_PART = fuzz_part(&rest);
	const struct service *service;
	struct command c CLEANUP(command_free) = { 0 };

	if (head.s.len < 2)
		return;
	service = services[head.s.p[0] % n_services];
	arg(&c, "request");
	arg(&c, service->name);
	file(&c, "--evidence", evidence.s);
	if (service->takes & TAKES_CHALLENGE && challenge.s.len)
		file(&c, "--challenge", challenge.s);
	if (quote.s.len)
		file(&c, "--quote", quote.s);
	if (certs.s.len)
		file(&c, "--certs", certs.s);
	if (head.s.p[1] & 0x80) {
		arg(&c, head.s.p[1] & 0x40 ? "--http" : "--curl");
		arg(&c, "host");
	}
	if (service->takes & TAKES_KEY)
		text(&c, "--tee-key", fuzz_key_pem());
	options(&c, service, head.s.p[1], head.s.p[1] & 0x20);
	optind = 0;
	cmd_request.run(c.argc, c.argv);
}
