// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "base/json.h"
#include "base/unwrap.h"
#include "evidence/evidence.h"
#include "evidence/input.h"

#define BYTE_ORDER_MARK	"\xef\xbb\xbf"

static bool recognise(struct span s, struct input *in)
{
	*in = (struct input){ .s = s, .blob = evidence_looks_like(s) };
	if (in->blob)
		return true;
	in->kind = raw_recognise(s);
	if (in->kind == RAW_SNP && !raw_split(s, &in->s, &in->certs)) {
		in->s = s;
		in->certs = (struct span){ 0 };
	}
	return in->kind != RAW_UNKNOWN;
}

/* JSON that is a text and nothing else, as a tool prints it that has one value to give */
static bool json_string(struct span s, struct buf *out)
{
	struct json_object *o = NULL;
	bool is;

	while (s.len && strchr(" \t\r\n", *s.p) && *s.p)
		s = (struct span){ s.p + 1, s.len - 1 };
	if (s.len && *s.p == '"')
		o = json_parse(s);
	is = json_object_is_type(o, json_type_string);
	if (is)
		buf_add(out, json_object_get_string(o), (size_t)json_object_get_string_len(o));
	json_object_put(o);
	return is;
}

static bool decode(struct span s, size_t max, struct buf *hold, struct input *in)
{
	return unwrap_text(s, max, hold) && recognise(buf_span(hold), in);
}

bool input_open(struct span s, size_t max, struct buf *hold, struct input *in)
{
	struct buf inner CLEANUP_BUF;

	if (recognise(s, in))
		return true;
	/* what editors of Windows put before a text (RFC 8259, 8.1: it may be ignored) */
	if (s.len > 3 && !memcmp(s.p, BYTE_ORDER_MARK, 3)) {
		s = (struct span){ s.p + 3, s.len - 3 };
		if (recognise(s, in))
			return true;
	}
	if (!json_string(s, &inner))
		return decode(s, max, hold, in);
	if (!recognise(buf_span(&inner), in))
		return decode(buf_span(&inner), max, hold, in);
	/* what was recognised is in there */
	*hold = inner;
	inner = (struct buf){ 0 };
	return true;
}

int input_unknown(const char *name)
{
	return fail(RC_EVIDENCE,
		    "%s: not recognised at offset 0: neither an evidence blob, SNP report, TDX quote, TDREPORT, HCL report, CCA token, TPM quote, certificate, CRL, event log, CMW or JSON, nor hex or base64 of one",
		    name);
}
