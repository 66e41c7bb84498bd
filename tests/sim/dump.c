// SPDX-License-Identifier: GPL-2.0-only
/* Writes samples of all kinds: what host tests and openssl work on. */
#include <stdio.h>
#include <string.h>

#include "simtee.h"

struct sample {
	const char *name;
	uint32_t kind, version, product, certs, flags, vmpl, tcb;
};

static const struct sample samples[] = {
	{ "snp-v2-milan", CVM_SIM_SNP, 2, CVM_SIM_MILAN },
	{ "snp-v3-milan", CVM_SIM_SNP, 3, CVM_SIM_MILAN },
	{ "snp-v3-genoa", CVM_SIM_SNP, 3, CVM_SIM_GENOA },
	{ "snp-v5-milan", CVM_SIM_SNP, 5, CVM_SIM_MILAN, CVM_SIM_CERTS_DER },
	{ "snp-v5-genoa", CVM_SIM_SNP, 5, CVM_SIM_GENOA, CVM_SIM_CERTS_PEM_LE },
	{ "snp-v5-turin", CVM_SIM_SNP, 5, CVM_SIM_TURIN, CVM_SIM_CERTS_DER_LE },
	{ "snp-v3-milan-vlek", CVM_SIM_SNP, 3, CVM_SIM_MILAN, CVM_SIM_CERTS_VLEK },
	{ "snp-v3-milan-vmpl2", CVM_SIM_SNP, 3, CVM_SIM_MILAN, .vmpl = 2 },
	{ "snp-v3-milan-newer-tcb", CVM_SIM_SNP, 3, CVM_SIM_MILAN, .tcb = 1 },
	{ "snp-v3-milan-svsm", CVM_SIM_SNP, 3, CVM_SIM_MILAN, .flags = CVM_SIM_F_SVSM },
	{ "snp-certs-outside", CVM_SIM_SNP, 3, CVM_SIM_MILAN, CVM_SIM_CERTS_OUTSIDE },
	{ "snp-certs-overlap", CVM_SIM_SNP, 3, CVM_SIM_MILAN, CVM_SIM_CERTS_OVERLAP },
	{ "snp-certs-wrap", CVM_SIM_SNP, 3, CVM_SIM_MILAN, CVM_SIM_CERTS_WRAP },
	{ "snp-certs-large", CVM_SIM_SNP, 3, CVM_SIM_MILAN, CVM_SIM_CERTS_LARGE },
	{ "tdreport-10", CVM_SIM_TDREPORT, 0, 10 },
	{ "tdreport-15", CVM_SIM_TDREPORT, 0, 15 },
	{ "quote-v4", CVM_SIM_QUOTE, 4, 10 },
	{ "quote-v5-10", CVM_SIM_QUOTE, 5, 10 },
	{ "quote-v5-15", CVM_SIM_QUOTE, 5, 15 },
	{ "cca", CVM_SIM_CCA },
};

static void write_sample(const char *dir, const struct sample *s, const uint8_t *data)
{
	struct cvm_sim_request rq = {
		.kind = s->kind, .version = s->version, .product = s->product,
		.certs = s->certs, .flags = s->flags, .vmpl = s->vmpl, .tcb = s->tcb,
		.report_data_len = 64,
	};
	struct answer a = {};
	char name[64];

	memcpy(rq.report_data, data, 64);
	if (make_answer(&rq, &a))
		die("cannot make the sample %s", s->name);
	snprintf(name, sizeof(name), "%s.bin", s->name);
	write_file(dir, name, a.out.p, a.out.len);
	if (a.aux.len) {
		snprintf(name, sizeof(name), "%s.certs", s->name);
		write_file(dir, name, a.aux.p, a.aux.len);
	}
	if (a.manifest.len) {
		snprintf(name, sizeof(name), "%s.manifest", s->name);
		write_file(dir, name, a.manifest.p, a.manifest.len);
	}
	buf_free(&a.out);
	buf_free(&a.aux);
	buf_free(&a.manifest);
}

void dump(const char *dir, const uint8_t report_data[64])
{
	char roots[4096];

	make_dir(dir);
	snprintf(roots, sizeof(roots), "%s/roots", dir);
	write_roots(roots);
	write_file(dir, "report_data", report_data, 64);
	for (unsigned int i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		write_sample(dir, &samples[i], report_data);
}
