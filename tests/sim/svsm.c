// SPDX-License-Identifier: GPL-2.0-only
/*
 * The services manifest of an SVSM, in the layout of COCONUT-SVSM: a vTPM
 * whose data is the public part of its endorsement key.
 */
#include <errno.h>
#include <string.h>

#include "simtee.h"

/* As in memory: mixed-endian, unlike the certificate table's. */
static const uint8_t manifest_guid[16] = {
	0xeb, 0x9e, 0x84, 0x63, 0x92, 0x3d, 0x70, 0x46,
	0xa1, 0xff, 0x58, 0xf9, 0xc9, 0x4b, 0x87, 0xbb
};

static const uint8_t vtpm_guid[16] = {
	0xeb, 0xf1, 0x76, 0xc4, 0x23, 0x01, 0xa5, 0x45,
	0x96, 0x41, 0xb4, 0xe7, 0xdd, 0xe5, 0xbf, 0xe3
};

static void be16(struct buf *b, uint16_t v)
{
	buf_u8(b, v >> 8);
	buf_u8(b, v);
}

/* TPMT_PUBLIC of a storage key on P-256, TCG's EK template without its policy. */
static void ek_public(struct buf *b)
{
	uint8_t xy[64];

	be16(b, 0x0023);		/* ECC */
	be16(b, 0x000b);		/* name: SHA-256 */
	buf_u8(b, 0x00);		/* fixedTPM, fixedParent, restricted, decrypt ... */
	buf_u8(b, 0x03);
	buf_u8(b, 0x00);
	buf_u8(b, 0xb2);
	be16(b, 0);			/* no policy */
	be16(b, 0x0006);		/* AES-128-CFB */
	be16(b, 128);
	be16(b, 0x0043);
	be16(b, 0x0010);		/* no scheme */
	be16(b, 0x0003);		/* NIST P-256 */
	be16(b, 0x0010);		/* no KDF */
	ec_point(sim_key("svsm-ek"), 32, xy);
	be16(b, 32);
	buf_add(b, xy, 32);
	be16(b, 32);
	buf_add(b, xy + 32, 32);
}

int svsm_manifest(const struct cvm_sim_request *rq, struct buf *out)
{
	static const uint8_t none[16];
	struct buf ek = {};
	int err = 0;

	ek_public(&ek);
	if (!memcmp(rq->service_guid, none, 16)) {
		/* All services: a table of one. */
		buf_add(out, manifest_guid, 16);
		buf_le32(out, 24 + 24 + ek.len);
		buf_le32(out, 1);
		buf_add(out, vtpm_guid, 16);
		buf_le32(out, 48);
		buf_le32(out, ek.len);
		buf_add(out, ek.p, ek.len);
	} else if (!memcmp(rq->service_guid, vtpm_guid, 16) && rq->manifest_version == 0) {
		buf_add(out, ek.p, ek.len);
	} else {
		err = -EINVAL;
	}
	buf_free(&ek);
	return err;
}
