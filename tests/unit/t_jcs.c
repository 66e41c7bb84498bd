// SPDX-License-Identifier: GPL-2.0-only
/* JSON canonicalization: the examples of RFC 8785, and AS's own */
#include "base/digest.h"
#include "base/json.h"
#include "unit.h"

static void canonical(const char *name, const char *text, const char *want)
{
	struct json_object *o = json_parse((struct span){ (const u8 *)text, strlen(text) });
	struct buf out = { 0 };
	int rc = o ? jcs(o, &out) : RC_EVIDENCE;

	if (!want)
		ok(rc == RC_EVIDENCE, "%s is refused", name);
	else
		ok(!rc && out.len == strlen(want) && !memcmp(out.p, want, out.len), "%s: %s", name,
		   out.p ? (char *)out.p : "(nothing)");
	json_object_put(o);
	buf_free(&out);
}

static void number(const char *text, const char *want)
{
	char *in = xasprintf("[%s]", text), *out = want ? xasprintf("[%s]", want) : NULL;

	canonical(text, in, out);
	free(in);
	free(out);
}

static void known_answer(void)
{
	static const char text[] = "{\"b\":1,\"a\":\"test\",\"c\":{\"d\":\"e\"}}";
	struct json_object *o = json_parse((struct span){ (const u8 *)text, strlen(text) });
	struct buf out = { 0 };
	u8 hash[DIGEST_MAX];
	char *hex;

	jcs(o, &out);
	digest("SHA384", out.p, out.len, hash);
	hex = hex_encode(hash, 48);
	ok(!strcmp(hex, "e71ce8e70d814ba6639c3612ebee0ff1f76f650f8dbb5e47157e0f3f525cd22c4597480a186427c813ca941da78870c3"),
	   "SHA-384 of AS's example");
	free(hex);
	buf_free(&out);
	json_object_put(o);
}

int main(void)
{
	known_answer();
	/* section 3.2.2 */
	canonical("numbers and literals",
		  "{ \"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],\n"
		  "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
		  "  \"literals\": [null, true, false] }",
		  "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
		  "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
	/* section 3.2.3: by UTF-16 units, so U+1F600 comes before U+FB33 */
	canonical("order of keys",
		  "{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\","
		  "\"1\":\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
		  "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}",
		  "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
		  "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
		  "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
		  "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");

	/* appendix B */
	number("0.0", "0");
	number("-0.0", "0");
	number("5e-324", "5e-324");
	number("-5e-324", "-5e-324");
	number("1.7976931348623157e308", "1.7976931348623157e+308");
	number("9007199254740992", "9007199254740992");
	number("-9007199254740992", "-9007199254740992");
	number("295147905179352830000.0", "295147905179352830000");
	number("9.999999999999997e22", "9.999999999999997e+22");
	number("1e23", "1e+23");
	number("1.0000000000000001e23", "1.0000000000000001e+23");
	number("999999999999999700000.0", "999999999999999700000");
	number("999999999999999900000.0", "999999999999999900000");
	number("1e21", "1e+21");
	number("9.999999999999997e-7", "9.999999999999997e-7");
	number("0.000001", "0.000001");
	number("333333333.33333325", "333333333.33333325");
	number("-0.0000033333333333333333", "-0.0000033333333333333333");
	number("1424953923781206.2", "1424953923781206.2");
	number("10.0", "10");
	number("123456.0", "123456");
	number("1.5e3", "1500");
	number("9007199254740993", NULL);
	number("1e400", NULL);
	return unit_failed;
}
