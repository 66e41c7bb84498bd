// SPDX-License-Identifier: GPL-2.0-only
#include "base/unwrap.h"
#include "evidence/evidence.h"
#include "evidence/input.h"

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

bool input_open(struct span s, size_t max, struct buf *hold, struct input *in)
{
	if (recognise(s, in))
		return true;
	return unwrap_text(s, max, hold) && recognise(buf_span(hold), in);
}

int input_unknown(const char *name)
{
	return fail(RC_EVIDENCE,
		    "%s: not recognised at offset 0: neither an evidence blob, SNP report, TDX quote, TDREPORT, HCL report, CCA token, TPM quote, certificate, CRL, event log or JSON, nor hex or base64 of one",
		    name);
}
