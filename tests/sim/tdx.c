// SPDX-License-Identifier: GPL-2.0-only
/* TDREPORTs, and quotes version 4 and 5 over the same TD. */
#include <errno.h>
#include <string.h>

#include <openssl/hmac.h>

#include "simtee.h"

#define BODY_10_LEN	584
#define BODY_15_LEN	648
#define QE_REPORT_LEN	384
#define QE_AUTH_LEN	32

#define OWNER	"SIMULATED TEE: proves nothing"

/* What one TD of the simulation is. */
struct td {
	uint8_t tee_tcb_svn[16];
	uint8_t mrseam[48];
	uint8_t attributes[8];
	uint8_t xfam[8];
	uint8_t mrtd[48];
	uint8_t mrowner[48];
	uint8_t rtmr[4][48];
};

static void describe(struct td *td, const struct cvm_sim_request *rq)
{
	static const uint8_t svn[3] = { 8, 1, 8 };

	memset(td, 0, sizeof(*td));
	memcpy(td->tee_tcb_svn, svn, sizeof(svn));
	td->tee_tcb_svn[0] += rq->tcb;
	text_hash(EVP_sha384(), "cvm-evidence SIMULATED TDX module", td->mrseam);
	td->attributes[3] = 0x10;	/* SEPT_VE_DISABLE; not DEBUG */
	td->xfam[0] = 0xe7;
	td->xfam[2] = 0x06;
	text_hash(EVP_sha384(), "cvm-evidence SIMULATED MRTD", td->mrtd);
	td->mrtd[0] ^= rq->identity;
	memcpy(td->mrowner, OWNER, strlen(OWNER));
	text_hash(EVP_sha384(), "cvm-evidence SIMULATED RTMR0", td->rtmr[0]);
	text_hash(EVP_sha384(), "cvm-evidence SIMULATED RTMR1", td->rtmr[1]);
	text_hash(EVP_sha384(), "cvm-evidence SIMULATED RTMR2", td->rtmr[2]);
}

/* product: the TDX module's generation, 10 or 15; 0 is 10. */
static int td15(const struct cvm_sim_request *rq)
{
	return rq->product == 15 ? 1 : rq->product == 10 || !rq->product ? 0 : -EINVAL;
}

int tdreport_answer(const struct cvm_sim_request *rq, struct answer *a)
{
	static const uint8_t cpusvn[16] = { 8, 8, 2, 2, 4, 1, 0, 6 };
	static const char mac_key[] = "cvm-evidence TEST MAC key";
	uint8_t r[TDREPORT_LEN] = { 0x81 };
	unsigned int len = 32;
	int v15 = td15(rq);
	struct td td;

	if (v15 < 0 || rq->tcb > 200 || rq->identity > 200)
		return -EINVAL;
	describe(&td, rq);
	r[2] = v15;				/* version of the type */
	memcpy(r + 16, cpusvn, 16);
	memcpy(r + 128, rq->report_data, 64);

	r[256] = 0xff;				/* TEE_TCB_INFO: valid fields */
	r[257] = v15 ? 0x03 : 0x01;
	memcpy(r + 264, td.tee_tcb_svn, 16);
	memcpy(r + 280, td.mrseam, 48);
	if (v15)
		memcpy(r + 384, td.tee_tcb_svn, 16);

	memcpy(r + 512, td.attributes, 8);	/* TDINFO */
	memcpy(r + 520, td.xfam, 8);
	memcpy(r + 528, td.mrtd, 48);
	memcpy(r + 624, td.mrowner, 48);
	memcpy(r + 720, td.rtmr, sizeof(td.rtmr));

	hash(EVP_sha384(), r + 256, 239, r + 32);
	hash(EVP_sha384(), r + 512, 512, r + 80);
	if (!HMAC(EVP_sha256(), mac_key, sizeof(mac_key) - 1, r, 224, r + 224, &len))
		die("HMAC failed");
	buf_add(&a->out, r, sizeof(r));
	return 0;
}

static void body(struct buf *q, const struct cvm_sim_request *rq, bool v15)
{
	struct td td;

	describe(&td, rq);
	buf_add(q, td.tee_tcb_svn, 16);
	buf_add(q, td.mrseam, 48);
	buf_zero(q, 48 + 8);			/* MRSIGNERSEAM, attributes */
	buf_add(q, td.attributes, 8);
	buf_add(q, td.xfam, 8);
	buf_add(q, td.mrtd, 48);
	buf_zero(q, 48);			/* MRCONFIGID */
	buf_add(q, td.mrowner, 48);
	buf_zero(q, 48);			/* MROWNERCONFIG */
	buf_add(q, td.rtmr, sizeof(td.rtmr));
	buf_add(q, rq->report_data, 64);
	if (v15) {
		buf_add(q, td.tee_tcb_svn, 16);
		buf_zero(q, 48);		/* MRSERVICETD */
	}
}

static void qe_report(uint8_t r[static QE_REPORT_LEN], const uint8_t *pub,
		      const uint8_t *auth)
{
	static const uint8_t cpusvn[16] = { 8, 8, 2, 2, 4, 1, 0, 6 };
	static const uint8_t intel_qe_signer[32] = {
		0xdc, 0x9e, 0x2a, 0x7c, 0x6f, 0x94, 0x8f, 0x17, 0x47, 0x4e, 0x34, 0xa7, 0xfc, 0x43, 0xed, 0x03,
		0x0f, 0x7c, 0x15, 0x63, 0xf1, 0xba, 0xbd, 0xdf, 0x63, 0x40, 0xc8, 0x2e, 0x0e, 0x54, 0xa8, 0xc5
	};
	struct buf bound = {};

	memset(r, 0, QE_REPORT_LEN);
	memcpy(r, cpusvn, 16);
	r[48] = 0x15;				/* attributes: INIT, MODE64, PROVISIONKEY */
	r[56] = 0xe7;
	text_hash(EVP_sha256(), "cvm-evidence SIMULATED QE", r + 64);
	/* Intel's, as every genuine quote has it; who signs this enclave is a TEST root */
	memcpy(r + 128, intel_qe_signer, sizeof(intel_qe_signer));
	put_le16(r + 256, 2);			/* product id, SVN */
	put_le16(r + 258, 6);
	buf_add(&bound, pub, 64);
	buf_add(&bound, auth, QE_AUTH_LEN);
	hash(EVP_sha256(), bound.p, bound.len, r + 320);
	buf_free(&bound);
}

int quote_answer(const struct cvm_sim_request *rq, struct answer *a)
{
	static const uint8_t vendor[16] = {
		0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
		0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07
	};
	unsigned int version = rq->version ? rq->version : 4;
	uint8_t sig[64], pub[64], auth[QE_AUTH_LEN], qe[QE_REPORT_LEN], qe_sig[64];
	struct buf chain = {}, *q = &a->out;
	int v15 = td15(rq);

	if (v15 < 0 || (version != 4 && version != 5) || (version == 4 && v15) ||
	    rq->tcb > 200 || rq->identity > 200)
		return -EINVAL;

	buf_le16(q, version);
	buf_le16(q, 2);				/* ECDSA P-256 */
	buf_le32(q, 0x81);			/* TDX */
	buf_zero(q, 4);
	buf_add(q, vendor, 16);
	buf_zero(q, 20);
	if (version == 5) {
		buf_le16(q, v15 ? 3 : 2);
		buf_le32(q, v15 ? BODY_15_LEN : BODY_10_LEN);
	}
	body(q, rq, v15);

	ecdsa_raw(sim_key("qe"), EVP_sha256(), q->p, q->len, 32, sig);
	ec_point(sim_key("qe"), 32, pub);
	for (int i = 0; i < QE_AUTH_LEN; i++)
		auth[i] = i;
	qe_report(qe, pub, auth);
	ecdsa_raw(sim_key("pck"), EVP_sha256(), qe, sizeof(qe), 32, qe_sig);
	cert_pem(sim_cert("pck", 0), &chain);
	cert_pem(sim_cert("sgx-ca", 0), &chain);
	cert_pem(sim_cert("sgx-root", 0), &chain);

	/* Certification data 6 holds the QE's report, and 5, the PCK chain. */
	uint32_t inner = sizeof(qe) + 64 + 2 + QE_AUTH_LEN + 6 + chain.len;

	buf_le32(q, 64 + 64 + 6 + inner);
	buf_add(q, sig, 64);
	buf_add(q, pub, 64);
	buf_le16(q, 6);
	buf_le32(q, inner);
	buf_add(q, qe, sizeof(qe));
	buf_add(q, qe_sig, 64);
	buf_le16(q, QE_AUTH_LEN);
	buf_add(q, auth, QE_AUTH_LEN);
	buf_le16(q, 5);
	buf_le32(q, chain.len);
	buf_add(q, chain.p, chain.len);
	buf_free(&chain);
	return 0;
}
