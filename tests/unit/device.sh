#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The client of the device, against one made of LD_PRELOAD (fakedev.c).
. ./lib.sh

g=$PWD/golden
export FAKE_DEV=$tmp/dev FAKE_BLOB=$g/blob-snp.cvme FAKE_LOG=$tmp/log
: >"$FAKE_DEV"
fake() { env LD_PRELOAD="$OUT/fakedev.so" "$plain" "$@"; }
get() { fake get --device "$FAKE_DEV" "$@"; }
logged() {
	if grep -qF -- "$1" "$FAKE_LOG"; then ok "$2"; else cp "$FAKE_LOG" "$tmp/err"; not_ok "$2"; fi
	: >"$FAKE_LOG"
}

expect 0 '' 'get with report data' get --report-data hex:010203
check 'the blob comes whole' cmp "$tmp/out" "$FAKE_BLOB"
logged 'flags=0x0 provider=0 privlevel=-1 timeout=0 len=3 data=010203' 'the request is as asked'
expect 0 '' 'get through signals: the request is continued by its number' env FAKE_EINTR=3 LD_PRELOAD="$OUT/fakedev.so" "$plain" get --device "$FAKE_DEV" --report-data text:$'\x01\x02\x03'
: >"$FAKE_LOG"
expect 0 '' 'every parameter' get --report-data base64:AQID --provider sev-guest --privlevel 2 \
	--timeout 1500 --fresh --event-log --allow-tdreport --service-provider svsm \
	--service-guid c476f1eb-0123-45a5-9641-b4e7dde5bfe3 --manifest-version 7
logged 'flags=0x1c9 provider=2 privlevel=2 timeout=1500 len=3 data=010203 service=svsm version=7 guid=c476f1eb012345a59641b4e7dde5bfe3' \
	'every parameter arrives'
export FAKE_BLOB=$g/blob-maa.cvme
expect 0 '' 'the hash of a file' get --nonce-hash sha256 golden/runtime-data.json
logged "len=32 data=$(sha256sum <golden/runtime-data.json | cut -c1-64)" 'is the report data'
export FAKE_BLOB=$g/blob-random.cvme
expect 0 '' 'no report data: as cat does it' get
if [ -s "$FAKE_LOG" ]; then not_ok 'without REQUEST'; else ok 'without REQUEST'; fi
expect 0 '' 'no report data, but a parameter' get --privlevel 1
logged 'privlevel=1 timeout=0 len=64' '64 random bytes'

# formats
export FAKE_BLOB=$g/blob-snp.cvme
get --report-data hex:010203 --format raw >"$tmp/raw"
check 'raw is the report' cmp "$tmp/raw" <(tail -c +105 "$FAKE_BLOB" | head -c 1184)
get --report-data hex:010203 --format certs >"$tmp/certs"
check 'certs is PEM' openssl x509 -in "$tmp/certs" -noout
if openssl x509 -in "$tmp/certs" -noout -subject | grep -q VCEK; then ok 'leaf first'; else not_ok 'leaf first'; fi
if [ "$(grep -c BEGIN "$tmp/certs")" -eq 3 ]; then ok 'three certificates'; else not_ok 'three certificates'; fi
get --report-data hex:010203 --json >"$tmp/json"
check 'json is what show --json says' cmp "$tmp/json" golden/blob-snp.cvme.json
get --report-data hex:010203 --format tsm-json >"$tmp/tsm"
if grep -q '^{"auxblob":"[A-Za-z0-9_-]*","outblob":"AwAAA[A-Za-z0-9_-]*","provider":"sev_guest\\n"}$' "$tmp/tsm"; then
	ok 'tsm-json has the members in order'
else
	not_ok 'tsm-json has the members in order'
fi
expect 0 '' 'get -o' get --report-data hex:010203 -o "$tmp/file"
check 'writes the same' cmp "$tmp/file" "$FAKE_BLOB"
FAKE_BLOB=$g/blob-no-certs.cvme expect 5 'no certificates' 'certs without any' \
	get --nonce-hash sha256 golden/runtime-data.json --format certs

# answers that are not what was asked for
expect 5 'other report data' 'evidence for other data' get --report-data hex:99
FAKE_BLOB=$g/bad-binding.cvme expect 5 'not bound' 'evidence not bound to what it says' get --report-data hex:010203
FAKE_BLOB=$g/bad-critical.cvme expect 5 'critical' 'an unknown critical item' get --report-data hex:010203
head -c 500 "$FAKE_BLOB" >"$tmp/cut"
FAKE_BLOB=$tmp/cut expect 5 'cut short' 'a blob cut short' get --report-data hex:010203 -o "$tmp/nothing"
if [ -e "$tmp/nothing" ]; then not_ok 'and nothing is written'; else ok 'and nothing is written'; fi

# errors: number, status, a piece of the message
while read -r nr want text; do
	FAKE_ERRNO=$nr expect "$want" "$text" "errno $nr: status $want" get --report-data hex:00
	FAKE_READ_ERRNO=$nr expect "$want" "$text" "errno $nr of read: status $want" get
done <<'EOF'
19 3 no provider of evidence
95 2 cannot serve what was asked for
22 2 does not take this request
90 2 too long
27 1 max_blob
110 6 before the deadline
16 6 queue of requests is full
122 6 share of the queue
125 1 replaced the request
7 3 does not know version 2
128 6 vmpck_id
74 5 discarded
116 6 forked or restored
5 1 Input/output error
1 4 not allowed
12 1 Cannot allocate
EOF
FAKE_ERRNO=22 expect 2 'longer than this module allows, 10000' 'EINVAL: the timeout' get --timeout 10001
FAKE_ERRNO=22 expect 2 'below what this guest may ask for, 1' 'EINVAL: the floor' get --privlevel 0
FAKE_ERRNO=95 FAKE_CAPS=0 expect 2 'tsm (driver sev_guest) cannot serve --privlevel' 'EOPNOTSUPP: privlevel' get --privlevel 2
FAKE_ERRNO=95 expect 2 'cannot serve --service-provider' 'EOPNOTSUPP: service' get --service-provider svsm
FAKE_ERRNO=95 expect 2 'cannot serve --tpm-quote' 'EOPNOTSUPP: a quote' get --tpm-quote
FAKE_ERRNO=95 expect 2 'was not made for this request' 'EOPNOTSUPP: freshness' get --fresh
FAKE_ERRNO=110 FAKE_PROVIDER=4 expect 6 'the paravisor made no new report' 'ETIMEDOUT: freshness' get --fresh
FAKE_ERRNO=90 expect 2 'give --quote-data (a hash' 'EMSGSIZE: report data for a quote' get --tpm-quote
FAKE_ERRNO=90 expect 2 'than --quote-data has (2)' 'EMSGSIZE: data for a quote' get --quote-data hex:0102
FAKE_ERRNO=25 expect 3 'not the device' 'errno 25: not our device' get --report-data hex:00
FAKE_ERRNO=95 FAKE_SERVES=0 expect 2 'loaded module does not serve --event-log' 'EOPNOTSUPP: what the module does not serve' get --event-log
FAKE_ERRNO=90 FAKE_PROVIDER=4 FAKE_CAPS=16 expect 2 '(50 at most)' 'EMSGSIZE: how many bytes' get --tpm-quote

# no provider: why, and what to do
FAKE_ERRNO=19 FAKE_STATUS=3 FAKE_REASON=5 expect 3 "  tsm: no driver of a TEE is loaded, or this is not a confidential VM; 'cvm-evidence load'" \
	'no provider: why, and what to do' get --report-data hex:00
FAKE_ERRNO=19 FAKE_STATUS=3 FAKE_REASON=5 FAKE_PROVIDER=2 \
	expect 3 'the provider sev-guest gives no evidence: the driver sev-guest is not loaded, or this is not an SEV-SNP guest; in an SEV-SNP guest: modprobe sev-guest' \
	'a provider by name: its own reason' get --provider sev-guest
if grep -q 'no provider of evidence' "$tmp/err"; then not_ok 'and no other'; else ok 'and no other'; fi
FAKE_ERRNO=19 FAKE_PROVIDER=3 FAKE_TEE=2 FAKE_AUTO=0 expect 3 '--allow-tdreport accepts it' \
	'AUTO has only a TDREPORT: how to allow it' get --report-data hex:00
FAKE_PROVIDER=3 FAKE_TEE=2 FAKE_AUTO=0 expect 3 '' 'status where AUTO has only a TDREPORT' fake status --device "$FAKE_DEV"
if grep -q -- '--allow-tdreport' "$tmp/out"; then ok 'says how to allow it'; else not_ok 'says how to allow it'; fi
FAKE_ERRNO=5 FAKE_FW=17 expect 1 '0x11' 'the status of the firmware is told' get --report-data hex:00
FAKE_ERRNO=5 FAKE_PROVIDER=4 FAKE_FW=330 expect 1 '0x14a, TPM_RC_NV_UNINITIALIZED: the NV index is defined but was not written yet' \
	"a TPM's in words" get --report-data hex:00
FAKE_OPEN=13 expect 4 'usermod -aG cvm-evidence' 'EACCES of open: the group' get
FAKE_OPEN=1 expect 4 'in a container' 'EPERM of open' get
FAKE_OPEN=2 expect 3 'cvm-evidence load' 'ENOENT of open' get

FAKE_BLOB=$g/blob-tdreport.cvme expect 0 'not a quote' 'a TDREPORT is not passed off as a quote' \
	get --nonce-hash sha256 golden/runtime-data.json --format raw
FAKE_BLOB=$g/blob-tdx.cvme expect 2 'in the quote' 'certs of TDX' \
	get --nonce-hash sha256 golden/runtime-data.json --format certs

# a real report and its certificates as Veraison's own client sent them
vs=$VECTORS/veraison__services
if [ -d "$vs" ]; then
	unb64() { local t; t=$(tr -- '-_' '+/'); while [ $((${#t} % 4)) -ne 0 ]; do t=$t=; done; printf %s "$t" | base64 -d; }
	sed -n 's/.*"outblob":"\([^"]*\)".*/\1/p' "$vs/sevsnp-tsm-report.json" | unb64 >"$tmp/outblob"
	"$OUT/gen" "$tmp/real.cvme" 1 sev_guest "$tmp/outblob" "$vs/sevsnp-tsm-report.auxblob.bin"
	data=$(tail -c +81 "$tmp/outblob" | head -c 64 | od -An -v -tx1 | tr -d ' \n')
	FAKE_BLOB=$tmp/real.cvme expect 0 '' 'tsm-json of a real report' get --report-data "hex:$data" --format tsm-json
	check 'is what Veraison has, byte for byte' cmp "$tmp/out" "$vs/sevsnp-tsm-report.json"
else
	echo 'skip tsm-json of a real report: VECTORS is not here'
fi

# status
expect 0 '' 'status with a provider' fake status --device "$FAKE_DEV"
for text in '9.9-fake' 'tsm: available' 'sev_guest' 'requests_started'; do
	if grep -q -- "$text" "$tmp/out"; then ok "status says $text"; else not_ok "status says $text"; fi
done
export FAKE_PROVIDER=3 FAKE_TEE=2 FAKE_AUTO=0
expect 3 'no provider' 'request where AUTO has only a TDREPORT' \
	fake request kbs --device "$FAKE_DEV" --begin
expect 0 '' 'request that allows it' fake request kbs --device "$FAKE_DEV" --begin --allow-tdreport
check 'is of TDX' grep -q '"tee":"tdx"' "$tmp/out"
unset FAKE_PROVIDER FAKE_TEE FAKE_AUTO

# status: exits by what AUTO would do
FAKE_STATUS=5 FAKE_REASON=10 expect 6 '' 'status with a lost key' fake status --device "$FAKE_DEV"
if grep -q 'vmpck_id=1' "$tmp/out"; then ok 'says how to get another'; else not_ok 'says how to get another'; fi
FAKE_STATUS=3 FAKE_REASON=5 expect 3 '' 'status --json without a driver' fake status --json --device "$FAKE_DEV"
cp "$tmp/out" "$tmp/json"
check 'has code, reason and remedy' jq -e '.providers[0] | .reason_code == "no-driver" and
	.status == "no-driver" and (.reason | test("^no driver of a TEE")) and
	(.remedy | test("cvm-evidence load"))' "$tmp/json"
FAKE_AUTO=0 expect 3 '' 'a provider that AUTO would not take is not enough' fake status --device "$FAKE_DEV"
FAKE_LAST_ERROR=110 fake status --device "$FAKE_DEV" --json >"$tmp/json"
check 'counters and flags of the module' jq -e '.counters.requests_canceled == 3 and
	.counters.requests_waiting == 4 and (.limits | has("share_max") | not) and
	(.request_flags | index("tdreport")) and .tells_events and .providers[0].last_error == 110' "$tmp/json"

# right after loading
FAKE_UNKNOWN=3 expect 0 '' 'a provider that is being probed is waited for' fake status --device "$FAKE_DEV"
if grep -q 'tsm: available' "$tmp/out"; then ok 'and found'; else not_ok 'and found'; fi
begun=$SECONDS
FAKE_UNKNOWN=100000 expect 3 '' 'but not for ever' fake status --device "$FAKE_DEV"
if [ $((SECONDS - begun)) -le 6 ] && grep -q 'tsm: not probed yet' "$tmp/out"; then
	ok 'and it is said'
else
	not_ok 'and it is said'
fi

# each reason: provider, code, parameter, a piece of the sentence, one of the remedy
while IFS='|' read -r provider code param text remedy; do
	FAKE_STATUS=6 FAKE_PROVIDER=$provider FAKE_REASON=$code FAKE_PARAM=$param \
		fake status --json --device "$FAKE_DEV" >"$tmp/json" 2>"$tmp/err"
	# shellcheck disable=SC2016  # for jq
	check "reason $code of provider $provider: $text" jq -e --arg t "$text" --arg r "$remedy" \
		'.providers[0] | (.reason | contains($t)) and (.remedy // "" | contains($r))' "$tmp/json"
done <<'EOF'
1|1|0|not probed yet|in a moment
1|2|0|CONFIG_TSM_REPORTS|Linux 6.7
2|2|0|CONFIG_SEV_GUEST|linux-image-amd64
3|2|0|CONFIG_TDX_GUEST_DRIVER|Linux 6.2
4|2|0|CONFIG_TCG_TPM|CONFIG_TCG_TPM
1|3|0|configfs was unavailable when cvm_evidence was loaded|modprobe configfs; modprobe -r cvm_evidence
1|4|12|could not be set up when cvm_evidence was loaded: Cannot allocate memory (ENOMEM)|modprobe cvm_evidence
3|5|0|this is not a TDX guest|modprobe tdx-guest
2|6|0|does not belong to the driver sev-guest|/proc/misc
1|7|0|the driver is initialising or going away|in a moment
2|8|0|was unloaded|modprobe sev-guest
3|9|0|was unloaded during a request|modprobe tdx-guest
2|10|0|key to the SNP firmware is wiped|vmpck_id=1
4|11|0|there is no TPM 2.0|Azure
4|12|0|no HCL report|Azure
4|13|330|the TPM refused a command of the probe: 0x14a, TPM_RC_NV_UNINITIALIZED|as root
4|13|2338|TPM_RC_RETRY|in a moment
1|14|5|the probe failed: Input/output error (EIO)|dmesg
1|14|99999|the probe failed: error 99999|dmesg
1|77|9|reason 77 with the parameter 9, which this tool does not know|same version as the loaded module
EOF

# every code of the header has a name and a sentence: a new one must not be forgotten
codes=$(grep -oE 'CVM_EVIDENCE_REASON_[A-Z_]+\s+= [0-9]+' ../../include/uapi/linux/cvm_evidence.h | sed 's/.*= //')
for code in $codes; do
	FAKE_STATUS=6 FAKE_REASON=$code fake status --json --device "$FAKE_DEV" >"$tmp/json" 2>"$tmp/err"
	check "reason $code is known" jq -e '.providers[0] | .reason_code != "unknown" and
		(.reason | contains("does not know") | not)' "$tmp/json"
done

# a module of another version: told, and never asked for evidence
FAKE_API=1 expect 3 'speaks version 1 of the interface, this tool version 2: install' 'get of an old module' \
	get --report-data hex:010203
if grep -q 'was asked' "$tmp/err" || [ -s "$tmp/out" ]; then not_ok 'which is not asked'; else ok 'which is not asked'; fi
FAKE_API=1 expect 3 'speaks version 1' 'get without report data' get
if [ -s "$tmp/out" ]; then not_ok 'gives nothing'; else ok 'gives nothing'; fi
FAKE_API=1 expect 3 'speaks version 1' 'status of an old module' fake status --device "$FAKE_DEV"
if grep -qE 'tsm:|0\.1\.0|counters' "$tmp/out"; then not_ok 'shows nothing that it misreads'; else ok 'shows nothing that it misreads'; fi
FAKE_API=1 fake status --json --device "$FAKE_DEV" >"$tmp/json" 2>"$tmp/err"
check 'available is false' jq -e '.available == false and (has("providers") | not)' "$tmp/json"
FAKE_API=1 expect 3 'speaks version 1' 'request of an old module' \
	fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
for nr in 22 7; do
	FAKE_INFO_ERRNO=$nr expect 3 'does not know version 2 of the interface' "GET_INFO: errno $nr" get
done
FAKE_INFO_ERRNO=25 expect 3 'not the device' 'GET_INFO: errno 25' get
FAKE_API=3 expect 0 '' 'a newer module, which only adds, serves this tool' get --report-data hex:010203

# request with fresh evidence
export FAKE_BLOB=$g/blob-maa.cvme
: >"$FAKE_LOG"
expect 0 '' 'request maa, fresh' fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
logged "len=32 data=$(sha256sum <golden/runtime-data.json | cut -c1-64)" 'asks for SHA-256 of the runtime data'
FAKE_BLOB=$g/blob-tdx.cvme expect 0 '' 'request maa, fresh TDX quote' \
	fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
FAKE_BLOB=$g/blob-tdreport.cvme expect 5 '--quote FILE' 'request maa, a TDREPORT is not a quote' \
	fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
FAKE_BLOB=$g/blob-no-certs.cvme expect 5 '--certs FILE' 'request maa, no certificates' \
	fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
FAKE_BLOB=$g/blob-random.cvme expect 0 '' 'request maa --self-nonce' \
	fake request maa --device "$FAKE_DEV" --self-nonce
expect 2 '--runtime-data FILE is missing' 'request maa without runtime data' fake request maa --device "$FAKE_DEV"
exit $status
