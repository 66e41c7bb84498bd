/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of cvm-simtee share. */
#ifndef SIMTEE_H
#define SIMTEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "kmod/proto.h"

#define SNP_REPORT_LEN		1184
#define SNP_SIGNED_LEN		0x2a0
#define TDREPORT_LEN		1024
#define NR_PRODUCTS		3

/* A byte string that grows. */
struct buf {
	uint8_t *p;
	size_t len, cap;
};

void buf_add(struct buf *b, const void *p, size_t len);
void buf_zero(struct buf *b, size_t len);
void buf_le16(struct buf *b, uint16_t v);
void buf_le32(struct buf *b, uint32_t v);
void buf_u8(struct buf *b, uint8_t v);
void buf_free(struct buf *b);
void put_le16(uint8_t *p, uint16_t v);
void put_le32(uint8_t *p, uint32_t v);
void put_le64(uint8_t *p, uint64_t v);
uint16_t get_le16(const uint8_t *p);
uint32_t get_le32(const uint8_t *p);

__attribute__((noreturn, format(printf, 1, 2))) void die(const char *fmt, ...);
void *must(void *p, const char *what);
void hash(const EVP_MD *md, const void *p, size_t len, uint8_t *out);
void text_hash(const EVP_MD *md, const char *text, uint8_t *out);
void *read_file(const char *path, size_t *len);
void write_file(const char *dir, const char *name, const void *p, size_t len);
/* A daemon's: a test that eats the memory must not end the machine's firmware. */
void settle(const char *pidfile);

/* keys.c: keys and certificates made at build time */
EVP_PKEY *sim_key(const char *name);
X509 *sim_cert(const char *name, unsigned int product);

/* x509.c: makes certificates, also on the build machine */
struct snp_tcb {
	uint8_t fmc, bl, tee, snp, ucode;
};

extern const char *const product_names[NR_PRODUCTS];
struct snp_tcb snp_tcb(unsigned int product, unsigned int newer);
void snp_chip_id(unsigned int product, uint8_t id[64]);
X509 *make_ark(unsigned int product, EVP_PKEY *ark);
X509 *make_ask(unsigned int product, bool vlek, EVP_PKEY *ask, EVP_PKEY *ark,
	       X509 *ark_cert);
X509 *make_vek(unsigned int product, bool vlek, struct snp_tcb tcb, EVP_PKEY *vek,
	       EVP_PKEY *ask);
X509 *make_sgx_root(EVP_PKEY *root);
X509 *make_sgx_ca(EVP_PKEY *ca, EVP_PKEY *root, X509 *root_cert);
X509 *make_vtpm_ca(EVP_PKEY *ca);
X509 *make_ak_cert(EVP_PKEY *ak, EVP_PKEY *ca, X509 *ca_cert);
X509 *make_pck(EVP_PKEY *pck, EVP_PKEY *ca, X509 *ca_cert);
void cert_pem(X509 *cert, struct buf *out);
void cert_der(X509 *cert, struct buf *out);

/* Raw ECDSA: r and s, big-endian, n bytes each. */
void ecdsa_raw(EVP_PKEY *key, const EVP_MD *md, const void *p, size_t len, size_t n,
	       uint8_t *rs);
/* Uncompressed point without its first byte. */
void ec_point(EVP_PKEY *key, size_t n, uint8_t *xy);

struct answer {
	struct buf out, aux, manifest;
	uint32_t flags;
};

/* Each gives 0 or a negative errno. */
int snp_answer(const struct cvm_sim_request *rq, struct answer *a);
int tdreport_answer(const struct cvm_sim_request *rq, struct answer *a);
int quote_answer(const struct cvm_sim_request *rq, struct answer *a);
int cca_answer(const struct cvm_sim_request *rq, struct answer *a);
int svsm_manifest(const struct cvm_sim_request *rq, struct buf *manifest);
int make_answer(const struct cvm_sim_request *rq, struct answer *a);

/* certs.c */
enum table_cert { TABLE_ARK, TABLE_ASK, TABLE_VCEK, TABLE_VLEK };
struct table_entry {
	enum table_cert what;
	X509 *cert;
};
void cert_table(const struct table_entry *entries, unsigned int n,
		enum cvm_sim_certs how, struct buf *out);

/* replay.c */
int replay_load(const char *path, const char *certs, const char *vectors);
const char *replay_kind(void);
int replay_answer(const struct cvm_sim_request *rq, struct answer *a);
void replay_write(const char *dir);

/* roots.c */
void make_dir(const char *dir);
void write_roots(const char *dir);

void dump(const char *dir, const uint8_t report_data[64]);

#endif /* SIMTEE_H */
