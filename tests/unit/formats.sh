#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Files of other tools: show and verify take them, whatever they are wrapped in.
# shellcheck disable=SC2317 # functions are called by expect
. ./lib.sh

g=golden
verify() { "$tool" verify --at 2026-01-01 --no-binding --any-code "$@"; }
show() { "$tool" show "$@"; }

# same NAME FILE: show and verify say of it what they say of the raw file
show --json "$g/tdx-v4.bin" >"$tmp/want" 2>/dev/null
verify --json "$g/tdx-v4.bin" >"$tmp/want-verdict" 2>/dev/null
same() {
	show --json "$2" >"$tmp/out" 2>"$tmp/err"
	if cmp -s "$tmp/out" "$tmp/want"; then ok "show: $1"; else not_ok "show: $1"; fi
	verify --json "$2" >"$tmp/out" 2>"$tmp/err"
	if cmp -s "$tmp/out" "$tmp/want-verdict"; then ok "verify: $1"; else not_ok "verify: $1"; fi
}
hex=$(xxd -p "$g/tdx-v4.bin" | tr -d '\n')
printf '0x%s' "$hex" >"$tmp/0x"
same '0x and hex' "$tmp/0x"
xxd -p "$g/tdx-v4.bin" >"$tmp/plain"
same 'xxd -p' "$tmp/plain"
xxd "$g/tdx-v4.bin" >"$tmp/dump"
same 'xxd' "$tmp/dump"
hexdump -C "$g/tdx-v4.bin" >"$tmp/hexdump"
same 'hexdump -C' "$tmp/hexdump"
base64 -w0 "$g/tdx-v4.bin" | tr '+/' '-_' | tr -d = >"$tmp/base64url"
same 'base64url' "$tmp/base64url"
xxd "$g/tdx-v4.bin" | sed 20d >"$tmp/lost"
expect 5 'not recognised' 'a dump with a line lost' show "$tmp/lost"

# --- JSON: whatever the members are called ---

quoted() { # NAME FILE: verify says of it what it says of the quote, and show decodes it
	verify --json "$2" >"$tmp/out" 2>"$tmp/err"
	if cmp -s "$tmp/out" "$tmp/want-verdict"; then ok "verify: $1"; else not_ok "verify: $1"; fi
	expect 0 '' "show: $1" show "$2"
	check 'with what is in it' grep -q ' MRTD ' "$tmp/out"
}
echo "{\"quote\":\"$hex\"}" >"$tmp/q1"
quoted '{"quote": hex}' "$tmp/q1"
echo "{\"tdx\":{\"quote\":\"$(base64 -w0 "$g/tdx-v4.bin")\"},\"event_log\":\"[]\"}" >"$tmp/q2"
quoted '{"tdx":{"quote": base64}}' "$tmp/q2"
echo "[\"application/x\",\"$(base64 -w0 <"$tmp/q2")\"]" >"$tmp/q3"
quoted 'JSON in base64 in JSON' "$tmp/q3"
python3 -c 'import json, sys; print(json.dumps({"evidence": {"raw": list(open(sys.argv[1], "rb").read())}}))' \
	"$g/tdx-v4.bin" >"$tmp/q4"
quoted 'a list of bytes' "$tmp/q4"
echo "{\"a\":\"$hex\",\"b\":\"0x$hex\"}" >"$tmp/q5"
quoted 'the same quote twice' "$tmp/q5"
echo "{\"a\":\"$hex\",\"b\":\"$(base64 -w0 $g/snp-v3-genoa.bin)\"}" >"$tmp/q6"
expect 5 '2 pieces of evidence' 'two pieces of evidence' verify "$tmp/q6"
echo '{"no":"evidence"}' >"$tmp/q7"
expect 5 'no member of this JSON' 'JSON without evidence' verify "$tmp/q7"
expect 5 'cut short, or not JSON' 'JSON that breaks off' show <(head -c 700 "$tmp/q1")

# --- a report with its certificates behind it ---

cat $g/snp-v5-milan.bin $g/certs.pem >"$tmp/ext-pem"
cat $g/snp-v5-milan.bin $g/certs-mixed-der.bin >"$tmp/ext-table"
for f in pem table; do
	verify "$tmp/ext-$f" >"$tmp/out" 2>"$tmp/err"
	check "a report with certificates behind it: $f" grep -qE '^    signature +passed' "$tmp/out"
	expect 0 '' "and show: $f" show "$tmp/ext-$f"
	check 'both are shown' grep -q 'certificates_behind' "$tmp/out"
	expect 0 '' "and request: $f" "$tool" request coco-as --self-nonce --evidence "$tmp/ext-$f"
done
cat $g/snp-v5-milan.bin <(echo junk) >"$tmp/ext-junk"
expect 5 'after the end of the report' 'a report with something else behind it' show "$tmp/ext-junk"

# --- blobs that have PEM in them ---

for f in blob-snp blob-svsm blob-tdx; do
	verify $g/$f.cvme >"$tmp/out" 2>"$tmp/err"
	check "get | verify: $f is taken for a blob" grep -qE '^    (signature|QE vendor) ' "$tmp/out"
done

# --- certificates ---

python3 -c 'import sys, urllib.parse; print(urllib.parse.quote(open(sys.argv[1]).read()))' $g/certs.pem >"$tmp/certs.url"
verify --json --certs $g/certs.pem $g/snp-v5-milan.bin >"$tmp/want-verdict" 2>/dev/null
by_certs() {
	verify --json --certs "$2" $g/snp-v5-milan.bin >"$tmp/out" 2>"$tmp/err"
	if cmp -s "$tmp/out" "$tmp/want-verdict"; then ok "--certs: $1"; else not_ok "--certs: $1"; fi
}
by_certs 'URL-encoded' "$tmp/certs.url"
mkdir "$tmp/dir" "$tmp/none"
awk -v d="$tmp/dir" '/BEGIN/ { n++ } { print >(d "/" n ".pem") }' $g/certs.pem
echo 'not a certificate' | tee "$tmp/dir/README" >"$tmp/none/README"
by_certs 'a directory' "$tmp/dir"
expect 5 'no file in the directory' '--certs: a directory without any' verify --certs "$tmp/none" $g/snp-v5-milan.bin
expect 0 '' 'show: a chain URL-encoded' show "$tmp/certs.url"
check 'three certificates' test "$(grep -c subject "$tmp/out")" = 3

# --- lists, tokens, collateral, logs: shown, and never evidence ---

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=TEST CA' \
	-keyout "$tmp/ca.key" -out "$tmp/ca.pem" 2>/dev/null
printf '[ca]\ndefault_ca=a\n[a]\ndatabase=%s\ndefault_md=sha256\ncrlnumber=%s\n' "$tmp/index" "$tmp/number" >"$tmp/ca.cnf"
printf 'R\t300101000000Z\t250101000000Z\t1F\tunknown\t/CN=gone\n' >"$tmp/index"
echo 2A >"$tmp/number"
openssl ca -gencrl -config "$tmp/ca.cnf" -cert "$tmp/ca.pem" -keyfile "$tmp/ca.key" -crldays 30 -out "$tmp/crl.pem" 2>/dev/null
openssl crl -in "$tmp/crl.pem" -outform DER -out "$tmp/crl.der"
xxd -p "$tmp/crl.der" | tr -d '\n' >"$tmp/crl.hex"
for f in pem der hex; do
	expect 0 '' "show: a CRL, $f" show "$tmp/crl.$f"
	check 'its number and entry' grep -qE 'serial +1F$' "$tmp/out"
	expect 5 'give it with --crl' "verify: a CRL, $f" verify "$tmp/crl.$f"
	expect 5 'genuine: no' "--crl: $f" verify --crl "$tmp/crl.$f" "$g/tdx-v4.bin"
done
expect 5 '' 'a CRL cut short' show <(head -c 100 "$tmp/crl.der"; head -c 100 /dev/zero)

b64url() { base64 -w0 | tr '+/' '-_' | tr -d =; }
token=$(printf '{"alg":"ES256"}' | b64url).$(printf '{"iss":"somebody","nested":{"quote":"%s"}}' "$hex" | b64url).AAAA
echo "$token" >"$tmp/jwt"
expect 0 '' 'show: a JWT' show "$tmp/jwt"
check 'its claims' grep -qE 'iss +somebody' "$tmp/out"
check 'and the quote in them' grep -q ' MRTD ' "$tmp/out"
expect 5 'it has no exp' 'verify: a JWT' verify "$tmp/jwt"
echo '{"tcbInfo":{"id":"TDX","nextUpdate":"2020-01-01T00:00:00Z"},"signature":"00"}' >"$tmp/tcb"
expect 0 '' 'show: collateral' show "$tmp/tcb"
check 'that is out of date' grep -q 'nextUpdate .*!! it is out of date' "$tmp/out"
expect 5 'give it with --collateral' 'verify: collateral' verify "$tmp/tcb"

python3 - "$tmp/log" <<'P'
import struct, sys
spec = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, 0xc, 48, 0)
log = struct.pack("<II20xI", 1, 3, len(spec)) + spec
event = lambda reg, kind, data: struct.pack("<IIIH48sI", reg, kind, 1, 0xc, b"\1" * 48, len(data)) + data
log += event(1, 8, b"version") + event(0xffffffff, 3, b"no register") + event(2, 4, b"\0" * 4)
open(sys.argv[1], "wb").write(log + b"\xff" * 100)
open(sys.argv[1] + ".bad", "wb").write(log + b"\xff" * 100 + b"junk")
open(sys.argv[1] + ".cut", "wb").write(log[:-10])
P
expect 0 '' 'show: an event log' show "$tmp/log"
check 'three events, one of no register' grep -qE 'number_of_events +3' "$tmp/out"
check 'the unused rest' grep -qE 'unused_bytes +100' "$tmp/out"
expect 5 'in its free part' 'an event log with data in its free part' show "$tmp/log.bad"
expect 5 'cut short' 'an event log cut short' show "$tmp/log.cut"
expect 5 'give it with --event-log' 'verify: an event log' verify "$tmp/log"

# --- Arm CCA ---

cca=$(show --json $g/blob-cca.cvme | command jq -r '.items[] | select(.name == "report").data' | base64 -d | xxd -p | tr -d '\n')
len=$((${#cca} / 2)) bad=0
for ((i = 4; i < len; i += 37)); do
	xxd -r -p <<<"${cca:0:$((2 * i))}" >"$tmp/cut"
	for verb in show verify; do
		$verb "$tmp/cut" >/dev/null 2>&1
		[ $? -eq 5 ] || bad=$((bad + 1))
	done
done
if [ $bad -eq 0 ] && [ $len -gt 500 ]; then ok 'a CCA token cut anywhere'; else not_ok "a CCA token cut anywhere ($bad)"; fi
exit $status
