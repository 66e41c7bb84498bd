// SPDX-License-Identifier: GPL-2.0-only
/* The host's certificate table, GHCB specification 4.1.8.1, right and wrong. */
#include <string.h>

#include "simtee.h"

#define ENTRY_LEN	24

static const uint8_t guids[][16] = {
	[TABLE_ARK] = { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
			0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae },
	[TABLE_ASK] = { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
			0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 },
	[TABLE_VCEK] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
			 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd },
	[TABLE_VLEK] = { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
			 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 },
};

/* One that some hosts add: for readers to skip. */
static const uint8_t extra_guid[16] = {
	0xec, 0xae, 0x0c, 0x0f, 0x95, 0x02, 0x43, 0xb1,
	0xaf, 0xa2, 0x0a, 0xe2, 0xe0, 0xd5, 0x65, 0xb6
};

/* RFC 4122 order, or the first three fields swapped, as Microsoft's GUIDs. */
static void put_guid(uint8_t *to, const uint8_t *g, bool mixed)
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6,
					   8, 9, 10, 11, 12, 13, 14, 15 };

	for (int i = 0; i < 16; i++)
		to[i] = g[mixed ? order[i] : i];
}

void cert_table(const struct table_entry *entries, unsigned int n,
		enum cvm_sim_certs how, struct buf *out)
{
	bool mixed = how == CVM_SIM_CERTS_PEM_LE || how == CVM_SIM_CERTS_DER_LE;
	bool as_der = how == CVM_SIM_CERTS_DER || how == CVM_SIM_CERTS_DER_LE;
	bool large = how == CVM_SIM_CERTS_LARGE;
	size_t at = out->len;
	uint8_t *e;

	if (how == CVM_SIM_CERTS_NONE)
		return;
	buf_zero(out, (n + large + 1) * ENTRY_LEN);
	for (unsigned int i = 0; i < n; i++) {
		size_t start = out->len;

		if (as_der)
			cert_der(entries[i].cert, out);
		else
			cert_pem(entries[i].cert, out);
		e = out->p + at + i * ENTRY_LEN;
		put_guid(e, guids[entries[i].what], mixed);
		put_le32(e + 16, start - at);
		put_le32(e + 20, out->len - start);
	}

	e = out->p + at + (n - 1) * ENTRY_LEN;	/* the last one is the leaf */
	switch (how) {
	case CVM_SIM_CERTS_OUTSIDE:
		put_le32(e + 16, 0x7fff0000);
		break;
	case CVM_SIM_CERTS_OVERLAP:
		put_le32(e + 16, get_le32(e + 16) - 100);
		break;
	case CVM_SIM_CERTS_WRAP:
		put_le32(e + 16, 0xfffff000);
		put_le32(e + 20, 0x2000);
		break;
	case CVM_SIM_CERTS_LARGE:
		e += ENTRY_LEN;
		put_guid(e, extra_guid, mixed);
		put_le32(e + 16, out->len - at);
		put_le32(e + 20, 24576);
		buf_zero(out, 24576);
		break;
	default:
		break;
	}
}
