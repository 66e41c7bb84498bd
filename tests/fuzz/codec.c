// SPDX-License-Identifier: GPL-2.0-only
/* Texts that carry bytes, and JSON in its canonical form */
#include <ctype.h>

#include "base/json.h"
#include "fuzz.h"

static bool same_hex(const char *a, const u8 *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (a[i] != tolower(b[i]))
			return false;
	return true;
}

static void hex(struct span s)
{
	struct buf b CLEANUP_BUF;
	const char *why = NULL;
	char *text;

	if (hex_decode((const char *)s.p, s.len, &b, &why)) {
		must(why);
		return;
	}
	must(b.len * 2 == s.len);
	text = hex_encode(b.p, b.len);
	must(strlen(text) == s.len && same_hex(text, s.p, s.len));
	free(text);
}

/* One value has one text: what decodes is what encoding gives, but for "=". */
static void base64(struct span s)
{
	struct buf b CLEANUP_BUF;
	const char *why = NULL;
	char *text;
	size_t len = s.len;
	bool url;

	if (base64_decode((const char *)s.p, s.len, &b, &why)) {
		must(why);
		return;
	}
	url = s.len && (memchr(s.p, '-', s.len) || memchr(s.p, '_', s.len));
	text = base64_encode(b.p, b.len, url ? BASE64_URL_PAD : BASE64_STD);
	while (len && s.p[len - 1] == '=')
		len--;
	must(strlen(text) >= len && strlen(text) - len <= 2 && !memcmp(text, s.p, len));
	free(text);
}

FUZZ(codec)
{
	char *text CLEANUP(free_str) = xalloc(s.len + 1);
	char back[37];
	u8 guid[16];

	hex(s);
	base64(s);
	memcpy(text, s.p, s.len);
	if (!guid_parse(text, guid)) {
		guid_format(guid, back);
		must(same_hex(back, (u8 *)text, 36));
	}
}

/* Canonical text is its own canonical text. */
FUZZ(jcs)
{
	struct json_object *o CLEANUP(json_put) = json_parse(s);
	struct json_object *again CLEANUP(json_put) = NULL;
	struct buf once CLEANUP_BUF, twice CLEANUP_BUF;

	if (!o || jcs(o, &once))
		return;
	again = json_parse(buf_span(&once));
	must(again || !strcmp((char *)once.p, "null"));
	/* of 2^53 and up, what was no integer looks like one, and is refused */
	if (jcs(again, &twice))
		return;
	must(once.len == twice.len && !memcmp(once.p, twice.p, once.len));
}
