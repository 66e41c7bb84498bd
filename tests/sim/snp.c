// SPDX-License-Identifier: GPL-2.0-only
/* SEV-SNP attestation reports, versions 2, 3 and 5. */
#include <errno.h>
#include <string.h>

#include <openssl/rand.h>

#include "simtee.h"

#define VEK_CACHE	8

/* Signing with RSA under an emulator is slow: keep what was made. */
static X509 *vek_cert(unsigned int product, bool vlek, unsigned int newer)
{
	static struct { X509 *cert; unsigned int product, newer; bool vlek; } made[VEK_CACHE];
	static unsigned int next;
	unsigned int i;

	if (!newer)
		return sim_cert(vlek ? "vlek" : "vcek", product);
	for (i = 0; i < VEK_CACHE; i++)
		if (made[i].cert && made[i].product == product &&
		    made[i].newer == newer && made[i].vlek == vlek)
			return made[i].cert;
	i = next++ % VEK_CACHE;
	X509_free(made[i].cert);
	made[i].cert = make_vek(product, vlek, snp_tcb(product, newer),
				sim_key(vlek ? "vlek" : "vcek"), sim_key("ask"));
	made[i].product = product;
	made[i].newer = newer;
	made[i].vlek = vlek;
	return made[i].cert;
}

static void put_tcb(uint8_t *p, unsigned int product, struct snp_tcb tcb)
{
	if (product == CVM_SIM_TURIN) {
		p[0] = tcb.fmc;
		p[1] = tcb.bl;
		p[2] = tcb.tee;
		p[3] = tcb.snp;
	} else {
		p[0] = tcb.bl;
		p[1] = tcb.tee;
		p[6] = tcb.snp;
	}
	p[7] = tcb.ucode;
}

static void reverse(uint8_t *to, const uint8_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[n - 1 - i];
}

static void sign(uint8_t *r, EVP_PKEY *key)
{
	uint8_t rs[96];

	ecdsa_raw(key, EVP_sha384(), r, SNP_SIGNED_LEN, 48, rs);
	reverse(r + 0x2a0, rs, 48);
	reverse(r + 0x2e8, rs + 48, 48);
}

static void report(uint8_t r[static SNP_REPORT_LEN], const struct cvm_sim_request *rq,
		   unsigned int version, const uint8_t *report_data, bool vlek)
{
	static const uint8_t cpuid[NR_PRODUCTS][3] = {
		{ 0x19, 0x01, 0x01 }, { 0x19, 0x11, 0x01 }, { 0x1a, 0x02, 0x01 },
	};
	static uint8_t report_id[32];
	struct snp_tcb tcb = snp_tcb(rq->product, rq->tcb);

	/* A guest has one for as long as it runs. */
	if (!report_id[0] && RAND_bytes(report_id, sizeof(report_id)) != 1)
		die("no random bytes");
	report_id[0] |= 1;

	memset(r, 0, SNP_REPORT_LEN);
	put_le32(r, version);
	put_le32(r + 0x04, 1);			/* guest SVN */
	put_le64(r + 0x08, 0x30000);		/* policy: SMT allowed */
	memcpy(r + 0x10, "SIMULATED TEE", 13);	/* family id */
	memcpy(r + 0x20, "cvm-evidence sim", 16); /* image id */
	put_le32(r + 0x30, rq->flags & CVM_SIM_F_SVSM ? 0 : rq->vmpl);
	put_le32(r + 0x34, 1);			/* ECDSA P-384 with SHA-384 */
	put_tcb(r + 0x38, rq->product, tcb);
	put_le64(r + 0x40, 1);			/* platform: SMT on */
	put_le32(r + 0x48, vlek ? 1 << 2 : 0);	/* signed by VLEK or VCEK */
	memcpy(r + 0x50, report_data, 64);
	text_hash(EVP_sha384(), "cvm-evidence SIMULATED measurement", r + 0x90);
	memcpy(r + 0x140, report_id, 32);
	r[0x90] ^= rq->identity;
	r[0x140 + 31] ^= rq->identity;
	memset(r + 0x160, 0xff, 32);		/* no migration agent */
	put_tcb(r + 0x180, rq->product, tcb);
	if (version >= 3)
		memcpy(r + 0x188, cpuid[rq->product], 3);
	if (!vlek)
		snp_chip_id(rq->product, r + 0x1a0);
	put_tcb(r + 0x1e0, rq->product, tcb);
	r[0x1e8] = r[0x1ec] = 29;		/* build, minor, major */
	r[0x1e9] = r[0x1ed] = 55;
	r[0x1ea] = r[0x1ee] = 1;
	put_tcb(r + 0x1f0, rq->product, snp_tcb(rq->product, 0));
	if (version >= 5) {
		put_le64(r + 0x1f8, 1);		/* mitigations at launch, now */
		put_le64(r + 0x200, 1);
	}
	sign(r, sim_key(vlek ? "vlek" : "vcek"));
}

int snp_answer(const struct cvm_sim_request *rq, struct answer *a)
{
	bool vlek = rq->certs == CVM_SIM_CERTS_VLEK;
	unsigned int version = rq->version ? rq->version : 3;
	uint8_t r[SNP_REPORT_LEN], data[64];
	int err;

	if (rq->product >= NR_PRODUCTS || version < 2 || version > 5 || rq->tcb > 200 ||
	    rq->identity > 200)
		return -EINVAL;
	memcpy(data, rq->report_data, 64);
	if (rq->flags & CVM_SIM_F_SVSM) {
		struct buf bound = {};

		err = svsm_manifest(rq, &a->manifest);
		if (err)
			return err;
		buf_add(&bound, rq->report_data, 64);
		buf_add(&bound, a->manifest.p, a->manifest.len);
		hash(EVP_sha512(), bound.p, bound.len, data);
		buf_free(&bound);
	}
	report(r, rq, version, data, vlek);
	buf_add(&a->out, r, sizeof(r));

	const struct table_entry entries[] = {
		{ TABLE_ARK, sim_cert("ark", rq->product) },
		{ TABLE_ASK, sim_cert(vlek ? "asvk" : "ask", rq->product) },
		{ vlek ? TABLE_VLEK : TABLE_VCEK, vek_cert(rq->product, vlek, rq->tcb) },
	};
	cert_table(entries, 3, rq->certs, &a->aux);
	return 0;
}
