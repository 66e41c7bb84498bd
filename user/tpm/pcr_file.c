// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of PCR values that tpm2_quote writes: tpm2-tss's structures as they are in
 * memory, little-endian: TPML_PCR_SELECTION, how many lists there are, the lists (TPML_DIGEST).
 */
#include "tpm/pcr_file.h"
#include "tpm/quote.h"

#define BANKS_MAX	16
#define SELECTION_LEN	8	/* hash, bytes of the selection, four of these, padding */
#define HEAD_LEN	(4 + BANKS_MAX * SELECTION_LEN + 4)
#define DIGEST_LEN	66	/* length, 64 bytes */
#define LIST_DIGESTS	8
#define LIST_LEN	(4 + LIST_DIGESTS * DIGEST_LEN)
#define LISTS_MAX	(BANKS_MAX * 24 / LIST_DIGESTS)	/* of 24 PCRs in each bank */

bool pcr_file_looks_like(struct span s)
{
	return s.len > HEAD_LEN && s.len <= HEAD_LEN + LISTS_MAX * LIST_LEN && !((s.len - HEAD_LEN) % LIST_LEN) && le32(s.p) && le32(s.p) <= BANKS_MAX &&
	       le32(s.p + HEAD_LEN - 4) == (s.len - HEAD_LEN) / LIST_LEN &&
	       tpm_hash_len(le16(s.p + 4));
}

/* The @nr-th value, over all lists; false: there is none */
static bool value(struct span s, size_t nr, struct span *out)
{
	size_t at;

	for (at = HEAD_LEN; at < s.len; at += LIST_LEN) {
		size_t n = le32(s.p + at);

		n = n < LIST_DIGESTS ? n : LIST_DIGESTS;
		if (nr < n) {
			const u8 *d = s.p + at + 4 + nr * DIGEST_LEN;

			*out = (struct span){ d + 2, le16(d) <= 64 ? le16(d) : 0 };
			return true;
		}
		nr -= n;
	}
	return false;
}

void pcr_file_values(struct span s, struct buf *out)
{
	struct span v;
	size_t i;

	for (i = 0; value(s, i, &v); i++)
		buf_add(out, v.p, v.len);
}

size_t pcr_file_each(struct span s, void (*fn)(void *arg, u16 bank, unsigned int pcr, struct span value),
		     void *arg)
{
	size_t i, pcr, nr = 0;
	struct span v;

	for (i = 0; i < le32(s.p); i++) {
		const u8 *bank = s.p + 4 + i * SELECTION_LEN;

		for (pcr = 0; pcr < 8u * (bank[2] < 4 ? bank[2] : 4); pcr++)
			if (bank[3 + pcr / 8] >> pcr % 8 & 1 && value(s, nr++, &v))
				fn(arg, le16(bank), (unsigned int)pcr, v);
	}
	return nr;
}

size_t pcr_file_count(struct span s)
{
	struct span v;
	size_t n = 0;

	while (value(s, n, &v))
		n++;
	return n;
}
