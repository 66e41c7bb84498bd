/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking fresh evidence: the options that get, request and attest have in common */
#ifndef CVM_CLI_TAKE_OPTIONS_H
#define CVM_CLI_TAKE_OPTIONS_H

#include <getopt.h>

#include "device/take.h"

/* Options of both verbs, in the range from TAKE_OPT_FIRST on */
enum {
	TAKE_DEVICE = 512, TAKE_PROVIDER, TAKE_PRIVLEVEL, TAKE_TIMEOUT, TAKE_FRESH,
	TAKE_EVENT_LOG, TAKE_SERVICE_PROVIDER, TAKE_SERVICE_GUID, TAKE_MANIFEST_VERSION,
	TAKE_TPM_QUOTE, TAKE_QUOTE_DATA, TAKE_PCRS, TAKE_TDREPORT,
};

#define TAKE_OPTIONS \
	{ "device", required_argument, NULL, TAKE_DEVICE }, \
	{ "provider", required_argument, NULL, TAKE_PROVIDER }, \
	{ "privlevel", required_argument, NULL, TAKE_PRIVLEVEL }, \
	{ "timeout", required_argument, NULL, TAKE_TIMEOUT }, \
	{ "fresh", no_argument, NULL, TAKE_FRESH }, \
	{ "allow-tdreport", no_argument, NULL, TAKE_TDREPORT }, \
	{ "event-log", no_argument, NULL, TAKE_EVENT_LOG }, \
	{ "service-provider", required_argument, NULL, TAKE_SERVICE_PROVIDER }, \
	{ "service-guid", required_argument, NULL, TAKE_SERVICE_GUID }, \
	{ "manifest-version", required_argument, NULL, TAKE_MANIFEST_VERSION }, \
	{ "tpm-quote", no_argument, NULL, TAKE_TPM_QUOTE }, \
	{ "quote-data", required_argument, NULL, TAKE_QUOTE_DATA }, \
	{ "pcrs", required_argument, NULL, TAKE_PCRS }

#define TAKE_HELP \
"  --device PATH            the device (default: /dev/cvm-evidence)\n" \
"  --provider NAME          auto (default), tsm, sev-guest, tdx-guest, vtpm\n" \
"  --privlevel N            0..3; SNP: the VMPL (default: what the driver has)\n" \
"  --timeout MS             deadline (default: the module's)\n" \
"  --fresh                  refuse evidence that was not made for this request\n" \
"  --allow-tdreport         accept a TDREPORT if TSM exists but cannot give a quote;\n" \
"                           --provider tdx-guest takes one in any case\n" \
"  --event-log              attach the CCEL table and its event log\n" \
"  --service-provider NAME  ask a service of the SVSM (\"svsm\"), not the TEE\n" \
"  --service-guid GUID      one service of it\n" \
"  --manifest-version N     version of its manifest\n" \
"  --tpm-quote              vtpm: attach a quote of the PCRs by the vTPM's key\n" \
"  --quote-data hex:..|base64:..|text:..|file:PATH\n" \
"                           qualifying data of the quote, may be empty (\"hex:\");\n" \
"                           default: the report data as they were given\n" \
"  --pcrs LIST              PCRs to quote, as 0-7,11 (default: all 24)\n"

/* RC_OK also for other options; sets @mine if it is one of these */
int take_option(struct take *t, int opt, const char *arg, bool *mine);

#endif
