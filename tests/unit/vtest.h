/* SPDX-License-Identifier: GPL-2.0-only */
/* What tests of verify on made-up evidence have in common */
#ifndef VTEST_H
#define VTEST_H

#include "unit.h"
#include "verify/verify.h"
#include "vsim.h"

static struct vsim sim __attribute__((unused));
static struct verify v __attribute__((unused));
static struct buf said __attribute__((unused));

__attribute__((unused))
static void trust(const struct vsim *s, bool amd)
{
	struct buf b = { 0 };

	add_pem(&b, amd ? s->ark_crt : s->root_crt);
	verify_root(&v, buf_span(&b), "root");
	buf_free(&b);
}

__attribute__((unused))
static void give(X509 *x)
{
	struct buf b = { 0 };

	add_pem(&b, x);
	cert_pool_add(&v.certs, buf_span(&b), "certificate");
	buf_free(&b);
}

__attribute__((unused))
static void begin(void)
{
	verify_free(&v);
	verify_init(&v);
	v.at = 1767225600;	/* 2026 */
	v.policy.any_code = true;
}

__attribute__((unused))
static void opt(const char *name, const char *arg)
{
	struct option options[POLICY_OPTIONS_MAX];
	size_t i, n = policy_options(options, 0);

	for (i = 0; i < n; i++)
		if (!strcmp(options[i].name, name) && !policy_option(&v.policy, (int)i, arg))
			return;
	ok(false, "option %s %s", name, arg);
}

__attribute__((unused))
static void run(const void *p, size_t len)
{
	struct buf *b = verify_keep(&v);
	int rc;

	buf_add(b, p, len);
	buf_free(&said);
	complain_into(&said);
	rc = verify_open(&v, buf_span(b), "made up");
	complain_into(NULL);
	if (!rc)
		verify_check(&v);
}

/* The last check of that name, because a chain may be judged twice */
__attribute__((unused))
static void want(enum outcome o, const char *check, const char *what)
{
	const struct check *c = NULL;
	size_t i;

	for (i = 0; i < v.n; i++)
		if (!strcmp(v.checks[i].name, check))
			c = &v.checks[i];
	if (!c || c->outcome != o)
		for (i = 0; i < v.n; i++)
			printf("# %d %s: %s\n", v.checks[i].outcome, v.checks[i].name, v.checks[i].reason);
	ok(c && c->outcome == o, "%s: %s", what, check);
}

__attribute__((unused))
static void verdict(enum verdict d, enum outcome o, const char *what)
{
	const struct check *worst;
	bool good = verify_outcome(&v, d, &worst) == o;

	if (!good)
		printf("# %s: %s\n", worst ? worst->name : "-", worst ? worst->reason : "-");
	ok(good, "%s: verdict %d", what, d);
}

#define LEVEL(svn, status) "{\"tcb\":{\"sgxtcbcomponents\":[" COMPS(svn) "],\"pcesvn\":11," \
	"\"tdxtcbcomponents\":[" COMPS(svn) "]},\"tcbDate\":\"2025-06-01T00:00:00Z\",\"tcbStatus\":\"" status "\"," \
	"\"advisoryIDs\":[\"INTEL-SA-1\"]}"
#define COMPS(svn) C4(svn) "," C4(svn) "," C4(svn) "," C4(svn)
#define C4(svn) "{\"svn\":" svn "},{\"svn\":" svn "},{\"svn\":" svn "},{\"svn\":" svn "}"
#define ZEROS48 "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define TIMES(until) "\"issueDate\":\"2025-12-01T00:00:00Z\",\"nextUpdate\":\"" until "\""
#define TCB_INFO(fmspc, until, level) "{\"id\":\"TDX\",\"version\":3,\"tcbType\":0," TIMES(until) \
	",\"fmspc\":\"" fmspc "\",\"pceId\":\"0000\",\"tcbEvaluationDataNumber\":17,\"tdxModuleIdentities\":[{\"id\":\"TDX_01\"," \
	"\"mrsigner\":\"" ZEROS48 "\",\"attributes\":\"0000000000000000\"," \
	"\"attributesMask\":\"FFFFFFFFFFFFFFFF\",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":5}," \
	"\"tcbDate\":\"2025-06-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"},{\"tcb\":{\"isvsvn\":2},\"tcbStatus\":\"OutOfDate\"}]}]," \
	"\"tcbLevels\":[" level "]}"
#define LATER "2026-12-31T00:00:00Z"

#define QE_ID(svn) "{\"id\":\"TD_QE\",\"version\":2," TIMES(LATER) ",\"miscselect\":\"00000000\"," \
	"\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"11000000000000000000000000000000\"," \
	"\"attributesMask\":\"FBFFFFFFFFFFFFFF0000000000000000\",\"mrsigner\":" \
	"\"dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5\"," \
	"\"isvprodid\":2,\"tcbEvaluationDataNumber\":17,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":" svn "}," \
	"\"tcbDate\":\"2025-06-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}"

#endif
