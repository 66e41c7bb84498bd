/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef GEN_H
#define GEN_H

#include <linux/cvm_evidence.h>

#include "base/util.h"

#define RUNTIME_DATA "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"test\"}],\"nonce\":\"42\"}"

enum product { MILAN, GENOA, TURIN, VENICE };

struct keys;

void save(const char *name, const struct buf *b);
void put(struct buf *b, size_t off, const void *p, size_t len);
void put32(struct buf *b, size_t off, u32 v);
void put64(struct buf *b, size_t off, u64 v);
void fill(struct buf *b, size_t off, size_t len, u8 start);
void zeros(struct buf *b, size_t len);

/* gen_blob.c */
struct blob {
	struct buf b;
	u32 items;
};

void blob_start(struct blob *o, u32 tee, u32 provider, u32 flags, u32 binding);
void blob_item(struct blob *o, u32 type, u32 flags, const void *p, size_t len);
void blob_text(struct blob *o, u32 type, const char *text);
/* What every blob of the module has besides */
void blob_common(struct blob *o, const char *driver);
void blob_end(struct blob *o);
void blob_save(struct blob *o, const char *name);

/* gen_bound.c: evidence for given data, blobs of given items */
int gen_bound(int argc, char **argv);
int gen_items(int argc, char **argv);

/* gen_snp.c */
struct keys *keys_make(void);
void keys_free(struct keys *k);
void snp_report(struct buf *b, const struct keys *k, u32 version, enum product product,
		const u8 report_data[64]);
void cert_table(struct buf *b, const struct keys *k, bool mixed, bool der);
void gen_snp(const struct keys *k);

/* gen_tdx.c */
void cca_token(struct buf *b, const u8 report_data[64]);
/* @components are @n items of CBOR */
void cca_token_of(struct buf *b, const u8 report_data[64], struct span components, size_t n);
void tdx_quote(struct buf *b, u16 version, u16 body_type, const u8 report_data[64], size_t tail);
void tdreport(struct buf *b, u8 version, const u8 report_data[64]);
void gen_tdx(void);
void hcl(struct buf *b, u32 type, const struct keys *k, const char *claims);
void gen_hcl(const struct keys *k);

#endif
