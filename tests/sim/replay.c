// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replay: real evidence, captured elsewhere, is given whatever is asked for.
 * The certificate table of an SNP report is made from the certificates found
 * for it: a VCEK or VLEK whose key verifies the report, and the vendor's
 * certificates of that product.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>

#include "simtee.h"

static struct buf evidence, table;
static uint32_t kind;

static uint32_t recognise(const uint8_t *p, size_t len)
{
	if (len >= 3 && p[0] == 0xd9 && p[1] == 0x01 && p[2] == 0x8f)
		return CVM_SIM_CCA;
	if (len >= 48 && (get_le16(p) == 4 || get_le16(p) == 5) && get_le32(p + 4) == 0x81)
		return CVM_SIM_QUOTE;
	if (len == TDREPORT_LEN && p[0] == 0x81)
		return CVM_SIM_TDREPORT;
	if (len == SNP_REPORT_LEN && get_le32(p) >= 1 && get_le32(p) <= 5)
		return CVM_SIM_SNP;
	return 0;
}

/* The hardware report in an HCL report: 32 bytes in, 1216 where claims begin. */
static bool unwrap_hcl(const uint8_t *p, size_t len)
{
	uint32_t type;

	if (len < 1236 || memcmp(p, "HCLA", 4))
		return false;
	type = get_le32(p + 1224);
	if (type == 2)
		buf_add(&evidence, p + 32, SNP_REPORT_LEN);
	else if (type == 4)
		buf_add(&evidence, p + 32, TDREPORT_LEN);
	return evidence.len;
}

const char *replay_kind(void)
{
	switch (kind) {
	case CVM_SIM_SNP:	return "snp";
	case CVM_SIM_TDREPORT:	return "tdreport";
	case CVM_SIM_QUOTE:	return "quote";
	case CVM_SIM_CCA:	return "cca";
	}
	return NULL;
}

/* --- finding certificates --- */

static bool verifies(EVP_PKEY *key, const uint8_t *r)
{
	EVP_MD_CTX *ctx = must(EVP_MD_CTX_new(), "EVP_MD_CTX_new");
	ECDSA_SIG *sig = must(ECDSA_SIG_new(), "ECDSA_SIG_new");
	BIGNUM *br = BN_lebin2bn(r + 0x2a0, 48, NULL);
	BIGNUM *bs = BN_lebin2bn(r + 0x2e8, 48, NULL);
	uint8_t *der = NULL;
	bool ok = false;
	int len;

	ECDSA_SIG_set0(sig, br, bs);
	len = i2d_ECDSA_SIG(sig, &der);
	if (EVP_PKEY_get_bits(key) == 384 && len > 0 &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha384(), NULL, key) == 1)
		ok = EVP_DigestVerify(ctx, der, len, r, SNP_SIGNED_LEN) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	return ok;
}

static X509 *read_der(const char *path)
{
	const uint8_t *p;
	uint8_t *file;
	size_t len;
	X509 *c;

	p = file = read_file(path, &len);
	if (!file)
		return NULL;
	c = d2i_X509(NULL, &p, len);
	free(file);
	return c;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

/* Any certificate under dir, two levels deep, for which match() is true. */
static X509 *search(const char *dir, int depth, bool (*match)(const char *, X509 *))
{
	X509 *found = NULL;
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && !found && (e = readdir(d))) {
		char path[4096];
		struct stat st;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (stat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode)) {
			if (depth > 0)
				found = search(path, depth - 1, match);
		} else if (ends_with(path, ".der")) {
			X509 *c = read_der(path);

			if (c && match(e->d_name, c))
				found = c;
			else
				X509_free(c);
		}
	}
	if (d)
		closedir(d);
	return found;
}

static bool is_signer(const char *name, X509 *c)
{
	EVP_PKEY *key = X509_get0_pubkey(c);

	return (strstr(name, ".vcek.") || strstr(name, ".vlek.")) && key &&
	       verifies(key, evidence.p);
}

static X509 *wanted_by;		/* is_issuer() looks for who signed this */

static bool is_issuer(const char *name, X509 *c)
{
	EVP_PKEY *key = X509_get0_pubkey(c);

	return !X509_NAME_cmp(X509_get_subject_name(c), X509_get_issuer_name(wanted_by)) &&
	       key && X509_verify(wanted_by, key) == 1;
}

static bool is_vlek(X509 *c)
{
	char cn[64] = "";

	X509_NAME_get_text_by_NID(X509_get_subject_name(c), NID_commonName, cn, sizeof(cn));
	return !strcmp(cn, "SEV-VLEK");
}

static void find_certs(const char *own_dir, const char *vectors)
{
	struct table_entry e[3];
	X509 *leaf, *ask, *ark = NULL;
	unsigned int n = 0;

	leaf = search(own_dir, 0, is_signer);
	if (!leaf && vectors)
		leaf = search(vectors, 1, is_signer);
	if (!leaf)
		return;
	wanted_by = leaf;
	ask = search(vectors ? vectors : own_dir, 1, is_issuer);
	if (ask) {
		wanted_by = ask;
		ark = search(vectors ? vectors : own_dir, 1, is_issuer);
	}
	if (ark)
		e[n++] = (struct table_entry){ TABLE_ARK, ark };
	if (ask)
		e[n++] = (struct table_entry){ TABLE_ASK, ask };
	e[n++] = (struct table_entry){ is_vlek(leaf) ? TABLE_VLEK : TABLE_VCEK, leaf };
	cert_table(e, n, CVM_SIM_CERTS_PEM, &table);
	X509_free(leaf);
	X509_free(ask);
	X509_free(ark);
}

/* --- loading, serving --- */

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static void load_table(const char *path, bool optional)
{
	size_t len;
	void *p = read_file(path, &len);

	if (!p && !optional)
		die("%s: %s", path, strerror(errno));
	if (p)
		buf_add(&table, p, len);
	free(p);
}

/*
 * path is a file, or a directory with the files evidence and certs (what
 * replay_write() makes). certs names a certificate table to use as it is.
 */
int replay_load(const char *path, const char *certs, const char *vectors)
{
	char file[4096], other[4200], *slash;
	uint8_t *p;
	size_t len;
	bool dir = is_dir(path);

	snprintf(file, sizeof(file), dir ? "%s/evidence" : "%s", path);
	p = read_file(file, &len);
	if (!p)
		die("%s: %s", file, strerror(errno));
	if (!unwrap_hcl(p, len))
		buf_add(&evidence, p, len);
	free(p);
	kind = recognise(evidence.p, evidence.len);
	if (!kind)
		die("%s: no SNP report, TDX quote, TDREPORT, HCL report or CCA token", file);
	if (kind != CVM_SIM_SNP)
		return 0;

	if (certs) {
		load_table(certs, false);
	} else if (dir) {
		snprintf(other, sizeof(other), "%s/certs", path);
		load_table(other, true);
	} else {
		/* NAME.certs or NAME.auxblob.bin beside NAME.outblob.bin or NAME.bin */
		snprintf(other, sizeof(other), "%s", file);
		slash = strrchr(other, '/');
		slash = strchr(slash ? slash : other, '.');
		if (slash)
			*slash = 0;
		len = strlen(other);
		snprintf(other + len, sizeof(other) - len, ".auxblob.bin");
		load_table(other, true);
		if (!table.len) {
			snprintf(other + len, sizeof(other) - len, ".certs");
			load_table(other, true);
		}
		if (!table.len) {
			slash = strrchr(file, '/');
			if (slash)
				*slash = 0;
			find_certs(slash ? file : ".", vectors);
		}
	}
	return 0;
}

int replay_answer(const struct cvm_sim_request *rq, struct answer *a)
{
	if (rq->kind != kind)
		return -EOPNOTSUPP;
	a->flags = CVM_SIM_R_NO_CACHE;
	buf_add(&a->out, evidence.p, evidence.len);
	buf_add(&a->aux, table.p, table.len);
	return 0;
}

void replay_write(const char *dir)
{
	write_file(dir, "evidence", evidence.p, evidence.len);
	write_file(dir, "certs", table.p, table.len);
	write_file(dir, "kind", replay_kind(), strlen(replay_kind()));
}
