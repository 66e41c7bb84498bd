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
expect 0 '' 'get through signals' env FAKE_EINTR=3 LD_PRELOAD="$OUT/fakedev.so" "$plain" get --device "$FAKE_DEV" --report-data text:$'\x01\x02\x03'
: >"$FAKE_LOG"
expect 0 '' 'every parameter' get --report-data base64:AQID --provider sev-guest --privlevel 2 \
	--timeout 1500 --fresh --event-log --service-provider svsm \
	--service-guid c476f1eb-0123-45a5-9641-b4e7dde5bfe3 --manifest-version 7
logged 'flags=0xc9 provider=2 privlevel=2 timeout=1500 len=3 data=010203 service=svsm version=7 guid=c476f1eb012345a59641b4e7dde5bfe3' \
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
16 6 queue of the provider
122 6 share of the queue
128 6 vmpck_id
74 5 thrown away
116 1 forked or restored
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
FAKE_ERRNO=90 expect 2 'give --quote-data (a hash' 'EMSGSIZE: report data for a quote' get --tpm-quote
FAKE_ERRNO=90 expect 2 'than --quote-data has (2)' 'EMSGSIZE: data for a quote' get --quote-data hex:0102
FAKE_ERRNO=25 expect 3 'not the device' 'errno 25: not our device' get --report-data hex:00
FAKE_ERRNO=19 FAKE_STATUS=2 expect 3 'tsm: no driver has registered; '\''cvm-evidence load'\''' \
	'no provider: why, and what to do' get --report-data hex:00
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
FAKE_STATUS=4 expect 3 '' 'status with a lost key' fake status --device "$FAKE_DEV"
if grep -q 'vmpck_id=1' "$tmp/out"; then ok 'says how to get another'; else not_ok 'says how to get another'; fi
FAKE_STATUS=2 expect 3 '' 'status --json without a driver' fake status --json --device "$FAKE_DEV"
if grep -q "\"remedy\":\"'cvm-evidence load'" "$tmp/out"; then ok 'has the remedy'; else not_ok 'has the remedy'; fi

# request with fresh evidence
export FAKE_BLOB=$g/blob-maa.cvme
: >"$FAKE_LOG"
expect 0 '' 'request maa, fresh' fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
logged "len=32 data=$(sha256sum <golden/runtime-data.json | cut -c1-64)" 'asks for SHA-256 of the runtime data'
FAKE_BLOB=$g/blob-tdx.cvme expect 0 '' 'request maa, fresh TDX quote' \
	fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
FAKE_BLOB=$g/blob-tdreport.cvme expect 5 '--quote FILE' 'request maa, a TDREPORT is no quote' \
	fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
FAKE_BLOB=$g/blob-no-certs.cvme expect 5 '--certs FILE' 'request maa, no certificates' \
	fake request maa --device "$FAKE_DEV" --runtime-data golden/runtime-data.json
FAKE_BLOB=$g/blob-random.cvme expect 0 '' 'request maa --self-nonce' \
	fake request maa --device "$FAKE_DEV" --self-nonce
expect 2 '--runtime-data FILE is missing' 'request maa without runtime data' fake request maa --device "$FAKE_DEV"
exit $status
