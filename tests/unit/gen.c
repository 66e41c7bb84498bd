// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the synthetic evidence of golden/: each layout that no real sample
 * shows, and blobs of each kind. Signatures differ from run to run, so the
 * output is committed; run it again (make golden) only to add a file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "gen.h"

static const char *dir;

void save(const char *name, const struct buf *b)
{
	char *path = xasprintf("%s/%s", dir, name);

	if (file_write(path, b->p, b->len))
		exit(1);
	free(path);
}

void put(struct buf *b, size_t off, const void *p, size_t len)
{
	memcpy(b->p + off, p, len);
}

void put32(struct buf *b, size_t off, u32 v)
{
	u8 le[4] = { (u8)v, (u8)(v >> 8), (u8)(v >> 16), (u8)(v >> 24) };

	put(b, off, le, 4);
}

void put64(struct buf *b, size_t off, u64 v)
{
	put32(b, off, (u32)v);
	put32(b, off + 4, (u32)(v >> 32));
}

void fill(struct buf *b, size_t off, size_t len, u8 start)
{
	size_t i;

	for (i = 0; i < len; i++)
		b->p[off + i] = (u8)(start + i);
}

void zeros(struct buf *b, size_t len)
{
	u8 z = 0;

	while (len--)
		buf_add(b, &z, 1);
}

static void blobs_snp(const struct keys *k)
{
	static const u8 nonce[3] = { 1, 2, 3 };
	u8 data[64] = { 0 }, hash[DIGEST_MAX] = { 0 };
	struct buf report = { 0 }, table = { 0 }, both = { 0 };
	struct blob o;

	memcpy(data, nonce, sizeof(nonce));
	snp_report(&report, k, 3, MILAN, data);
	cert_table(&table, k, false, false);
	blob_start(&o, 1, 1, 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, nonce, sizeof(nonce));
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	blob_item(&o, CVM_EVIDENCE_ITEM_CERTS, 0, table.p, table.len);
	blob_common(&o, "sev_guest");
	blob_save(&o, "blob-snp.cvme");

	/* for what runtime-data.json says, so that a request can be made of it */
	digest("SHA256", RUNTIME_DATA, strlen(RUNTIME_DATA), hash);
	buf_free(&report);
	snp_report(&report, k, 5, TURIN, hash);
	blob_start(&o, 1, 1, 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, hash, 32);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	blob_item(&o, CVM_EVIDENCE_ITEM_CERTS, 0, table.p, table.len);
	blob_common(&o, "sev_guest");
	blob_save(&o, "blob-maa.cvme");
	/* the same without certificates, and a reason */
	blob_start(&o, 1, 2, 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, hash, 32);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	buf_free(&both);
	zeros(&both, 8);
	put32(&both, 0, CVM_EVIDENCE_ITEM_CERTS);
	put32(&both, 4, 2);
	buf_add_str(&both, "the host has no certificates");
	blob_item(&o, CVM_EVIDENCE_ITEM_ABSENT, 0, both.p, both.len);
	blob_item(&o, 999, 0, "later versions", 14);
	blob_common(&o, "sev_guest");
	blob_save(&o, "blob-no-certs.cvme");
	/* an item this version does not know and must not skip */
	blob_start(&o, 1, 1, 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, hash, 32);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	blob_item(&o, 1000, CVM_EVIDENCE_ITEM_F_CRITICAL, "x", 1);
	blob_save(&o, "bad-critical.cvme");
	/* bound to other data than it says */
	blob_start(&o, 1, 1, 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, nonce, sizeof(nonce));
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	blob_save(&o, "bad-binding.cvme");
	/* what cat gives */
	memset(hash, 0x5a, 64);
	buf_free(&report);
	snp_report(&report, k, 3, GENOA, hash);
	blob_start(&o, 1, 1, CVM_EVIDENCE_BLOB_F_KERNEL_RANDOM, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, hash, 64);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	blob_item(&o, CVM_EVIDENCE_ITEM_CERTS, 0, table.p, table.len);
	blob_common(&o, "sev_guest");
	blob_save(&o, "blob-random.cvme");
	/* of an SVSM service */
	buf_free(&both);
	buf_add(&both, data, 64);
	buf_add_str(&both, "a services manifest");
	digest("SHA512", both.p, both.len, hash);
	buf_free(&report);
	snp_report(&report, k, 2, MILAN, hash);
	blob_start(&o, 1, 1, 0, CVM_EVIDENCE_BINDING_SVSM);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, nonce, sizeof(nonce));
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	blob_text(&o, CVM_EVIDENCE_ITEM_MANIFEST, "a services manifest");
	blob_text(&o, CVM_EVIDENCE_ITEM_SERVICE_PROVIDER, "svsm");
	blob_common(&o, "sev_guest");
	blob_save(&o, "blob-svsm.cvme");
	buf_free(&report);
	buf_free(&table);
	buf_free(&both);
}

static void blobs_others(void)
{
	u8 data[64] = { 0 };
	struct buf r = { 0 }, ccel = { 0 };
	struct blob o;

	digest("SHA256", RUNTIME_DATA, strlen(RUNTIME_DATA), data);
	tdx_quote(&r, 5, 3, data, 70);
	zeros(&ccel, 56);
	put(&ccel, 0, "CCEL", 4);
	put32(&ccel, 4, 56);
	ccel.p[36] = 2;
	put64(&ccel, 40, 65536);
	put64(&ccel, 48, 0x7f000000);
	blob_start(&o, 2, 1, 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, data, 32);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, r.p, r.len);
	blob_item(&o, CVM_EVIDENCE_ITEM_CCEL_TABLE, 0, ccel.p, ccel.len);
	blob_text(&o, CVM_EVIDENCE_ITEM_CCEL_DATA, "an event log");
	blob_common(&o, "tdx_guest");
	blob_save(&o, "blob-tdx.cvme");

	buf_free(&r);
	tdreport(&r, 1, data);
	blob_start(&o, 2, 3, CVM_EVIDENCE_BLOB_F_TDREPORT, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, data, 32);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, r.p, r.len);
	blob_common(&o, "tdx_guest");
	blob_save(&o, "blob-tdreport.cvme");
	/* passed off as a quote */
	blob_start(&o, 2, 3, 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, data, 32);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, r.p, r.len);
	blob_save(&o, "bad-flag.cvme");

	blob_start(&o, 3, 1, CVM_EVIDENCE_BLOB_F_UNCHECKED, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, data, 32);
	buf_free(&r);
	cca_token(&r, data);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, r.p, r.len);
	blob_common(&o, "arm_cca_guest");
	blob_save(&o, "blob-cca.cvme");
	buf_free(&r);
	buf_free(&ccel);
}

/* A blob of files: a real report, its certificates ("" for none) */
static int blob_of(char **arg)
{
	struct buf report = { 0 }, certs = { 0 };
	u32 tee = (u32)atoi(arg[1]);
	size_t off = tee == 1 ? 0x50 : 48 + 520;
	struct blob o;

	if (file_read(arg[3], 1 << 20, &report) || report.len < off + 64 ||
	    (*arg[4] && file_read(arg[4], 1 << 20, &certs)))
		return 1;
	blob_start(&o, tee, 1, 0, CVM_EVIDENCE_BINDING_DIRECT);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT_DATA, 0, report.p + off, 64);
	blob_item(&o, CVM_EVIDENCE_ITEM_REPORT, 0, report.p, report.len);
	if (certs.len)
		blob_item(&o, CVM_EVIDENCE_ITEM_CERTS, 0, certs.p, certs.len);
	blob_common(&o, arg[2]);
	blob_end(&o);
	return file_write(arg[0], o.b.p, o.b.len);
}

int main(int argc, char **argv)
{
	struct buf b = { 0 };
	struct keys *k;

	if (argc > 1 && !strcmp(argv[1], "--bound"))
		return gen_bound(argc - 2, argv + 2);
	if (argc > 1 && !strcmp(argv[1], "--items"))
		return gen_items(argc - 2, argv + 2);
	if (argc == 6)
		return blob_of(argv + 1);
	if (argc != 2) {
		fputs("usage: gen DIRECTORY | gen BLOB TEE DRIVER REPORT CERTS\n"
		      "       gen --bound BLOB snp|tdx|tdreport|azure-snp|azure-tdx DATA [QUOTE_DATA]\n"
		      "       gen --items BLOB TEE PROVIDER FLAGS BINDING TYPE=FILE...\n", stderr);
		return 2;
	}
	dir = argv[1];
	k = keys_make();
	gen_snp(k);
	gen_tdx();
	gen_hcl(k);
	blobs_snp(k);
	blobs_others();
	buf_add_str(&b, RUNTIME_DATA);
	save("runtime-data.json", &b);
	buf_free(&b);
	keys_free(k);
	return 0;
}
