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
echo "{\"x\":{\"report\":\"of what\",\"quote\":\"$hex\"}}" >"$tmp/q4b"
quoted 'members with the names of Azure evidence of version 0' "$tmp/q4b"
echo "{\"a\":\"$hex\",\"b\":\"0x$hex\"}" >"$tmp/q5"
quoted 'the same quote twice' "$tmp/q5"
echo "{\"a\":\"$hex\",\"b\":\"$(base64 -w0 $g/snp-v3-genoa.bin)\"}" >"$tmp/q6"
expect 5 '2 pieces of evidence' 'two pieces of evidence' verify "$tmp/q6"
# a member may have any name: a report and a quote that are Azure's only where the quote is an object
echo "{\"report\":\"x\",\"quote\":\"$hex\"}" >"$tmp/q8"
quoted '{"report": .., "quote": hex}' "$tmp/q8"
# collateral that stands beside the evidence is not taken for all of it
echo "{\"quote\":\"$hex\",\"tcbInfo\":{\"version\":3},\"signature\":\"00\"}" >"$tmp/q9"
verify --json "$tmp/q9" >"$tmp/out" 2>"$tmp/err"
jq -c 'walk(if type == "array" then map(select(type != "object" or .check != "collateral")) else . end)' \
	"$tmp/out" >"$tmp/a"
jq -c . "$tmp/want-verdict" >"$tmp/b"
check 'a quote beside "tcbInfo" is judged' cmp "$tmp/a" "$tmp/b"
check 'and its collateral is not used' grep -q 'stands beside the evidence and is not used' "$tmp/out"
# a blob of the device in base64, as any other evidence
verify --json $g/blob-snp.cvme >"$tmp/a" 2>/dev/null
echo "{\"evidence\":\"$(base64 -w0 $g/blob-snp.cvme)\"}" >"$tmp/q10"
verify --json "$tmp/q10" >"$tmp/b" 2>"$tmp/err"
check 'a blob of the device in JSON' cmp "$tmp/a" "$tmp/b"
show --json $g/blob-snp.cvme 2>/dev/null | jq 'del(.warnings)' >"$tmp/a"
show --json "$tmp/q10" 2>/dev/null | jq '.decoded[0] | del(.member)' >"$tmp/b"
check 'is shown as by itself' cmp "$tmp/a" "$tmp/b"
echo "{\"a\":\"$hex\",\"b\":\"$(base64 -w0 $g/blob-snp.cvme)\"}" >"$tmp/q11"
expect 5 '2 pieces of evidence' 'a blob beside a quote' verify "$tmp/q11"

# --- small texts that would become large ---

# peak NAME LIMIT STATUS OPTION...: KiB of memory at the most, more than for nothing
"$plain" verify /dev/null 2>/dev/null
peak() {
	local name=$1 limit=$2 want=$3 kib
	shift 3
	kib=$(/usr/bin/env python3 - "$plain" "$@" <<'P'
import os, resource, subprocess, sys
rc = subprocess.run([sys.argv[1], "verify", "--no-binding", "--any-code", *sys.argv[2:]],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
print(rc, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
P
	)
	if [ "${kib% *}" -eq "$want" ] && [ "${kib#* }" -lt "$limit" ]; then
		ok "$name"
	else
		not_ok "$name (status and KiB: $kib)"
	fi
}
python3 - "$tmp" <<'P'
import json, sys
row = "0000 0000 0000 0000 0000 0000 0000 0000 \n"
bomb = lambda n: "".join(f"{i << 26:08x}: {row}*\n" for i in range(n)) + f"{n << 26:08x}: {row}"
put = lambda name, text: open(f"{sys.argv[1]}/{name}", "w").write(text)
put("bomb", bomb(60))
put("bomb.json", json.dumps([f"{i}" + bomb(2)[len(f"{i}"):] for i in range(40)]))
small = "00000000: " + row + "*\n00fffff0: " + row
put("many.json", json.dumps([small] * 200))
put("crl.json", json.dumps({"tcb_info": "{}", "tcb_info_signature": "00" * 64, "qe_identity": "{}",
    "qe_identity_signature": "00" * 64, "root_ca_crl": bomb(2), "pck_crl": bomb(2), "pck_crl_issuer_chain": bomb(2)}))
put("base64.json", json.dumps(["QUFB" * 4096] * 2000))
P
peak 'a dump of 4 GiB in 3 KiB' 160000 5 "$tmp/bomb"
peak 'the same as a CRL' 160000 2 --crl "$tmp/bomb" $g/snp-v2.bin
peak 'the same as certificates' 40000 2 --certs "$tmp/bomb" $g/snp-v2.bin
peak 'such dumps in JSON' 40000 5 "$tmp/bomb.json"
peak 'many dumps of 16 MiB in JSON' 40000 5 "$tmp/many.json"
peak 'such dumps in a bundle' 40000 5 --collateral "$tmp/crl.json" $g/snp-v2.bin
peak 'many texts that are no evidence' 120000 5 "$tmp/base64.json"
echo '{"no":"evidence"}' >"$tmp/q7"
expect 5 'no member of this JSON' 'JSON without evidence' verify "$tmp/q7"
expect 5 'cut short, or not JSON' 'JSON that breaks off' show <(head -c 700 "$tmp/q1")

# --- evidence with its parts, wrapped in the body of a request to KBS or in a CMW record ---

cat >"$tmp/wrap.py" <<'P'
import base64, json, sys

how, path = sys.argv[1:3]
evidence = json.load(open(path))
if how == "changed":
    text = evidence["tpm_quote"]["signature"]
    evidence["tpm_quote"]["signature"] = ("0" if text[0] != "0" else "1") + text[1:]
body = {"primary_evidence": evidence, "additional_evidence": sys.argv[3] if len(sys.argv) > 3 else "{}"}
if how == "text":	# KBS of older versions
    body = {"runtime-data": {"nonce": "x", "tee-pubkey": {}}, "tee-evidence": json.dumps(body)}
elif how == "cmw":
    body = ["application/vnd.veraison.tsm-report+json", base64.urlsafe_b64encode(json.dumps(evidence).encode()).decode().rstrip("=")]
elif how == "two":
    body = {"a": evidence, "b": dict(evidence, version=2)}
else:
    body = {"init-data": None, "runtime-data": {"nonce": "x", "tee-pubkey": {}}, "tee-evidence": body}
print(json.dumps(body))
P
for tee in snp tdx; do
	sample=$VECTORS/confidential-containers__trustee/az-$tee-vtpm.evidence-v1.json
	if [ ! -e "$sample" ]; then
		echo "skip wrapped evidence of az-$tee-vtpm: VECTORS is not here"
		continue
	fi
	verify --json "$sample" >"$tmp/want-verdict" 2>/dev/null
	check "az-$tee-vtpm has a TPM quote" grep -q 'TPM quote' "$tmp/want-verdict"
	for how in object text; do
		python3 "$tmp/wrap.py" $how "$sample" >"$tmp/wrapped"
		verify --json "$tmp/wrapped" >"$tmp/out" 2>"$tmp/err"
		if cmp -s "$tmp/out" "$tmp/want-verdict"; then ok "az-$tee-vtpm in KBS's body, $how"; else not_ok "az-$tee-vtpm in KBS's body, $how"; fi
	done
	python3 "$tmp/wrap.py" changed "$sample" >"$tmp/wrapped"
	verify "$tmp/wrapped" >"$tmp/out" 2>"$tmp/err"
	check 'its quote is checked' grep -qE '^    TPM quote +failed' "$tmp/out"
	python3 "$tmp/wrap.py" object "$sample" '{"nvidia":["gpu","abc"]}' >"$tmp/wrapped"
	verify "$tmp/wrapped" >"$tmp/out" 2>"$tmp/err"
	check 'evidence of further devices is named' grep -qE '^    additional_evidence +not checked' "$tmp/out"
	python3 "$tmp/wrap.py" two "$sample" >"$tmp/wrapped"
	expect 5 '2 pieces of evidence' 'two of them' verify "$tmp/wrapped"
done
echo "{\"outblob\":\"$(base64 -w0 $g/snp-v3-genoa.bin)\",\"provider\":\"sev_guest\",\"manifestblob\":\"Qk9HVVM=\",\"more\":{\"a\":1}}" >"$tmp/tsm"
for how in alone cmw; do
	cp "$tmp/tsm" "$tmp/wrapped"
	[ $how = alone ] || python3 "$tmp/wrap.py" cmw "$tmp/tsm" >"$tmp/wrapped"
	"$tool" verify --nonce 01 --any-code "$tmp/wrapped" >"$tmp/out" 2>"$tmp/err"
	check "$how: the manifest is checked" grep -qE '^    report data and manifest +failed' "$tmp/out"
	verify "$tmp/wrapped" >"$tmp/out" 2>"$tmp/err"
	check "$how: without a nonce it is named" grep -qE '^    manifest +not checked' "$tmp/out"
	check "$how: a member that is not known is named" grep -qE '^    more +not checked' "$tmp/out"
done

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
expect 2 'no file in the directory' '--certs: a directory without any' verify --certs "$tmp/none" $g/snp-v5-milan.bin
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
# of a Turin that runs (Microsoft's sample) bit 6 of PLATFORM_INFO is set, which has no name
cp golden/snp-v5-turin.bin "$tmp/bits"
printf '\x65' | dd of="$tmp/bits" bs=1 seek=64 conv=notrunc status=none
printf '\x20' | dd of="$tmp/bits" bs=1 seek=72 conv=notrunc status=none
expect 0 '' 'show: bits that have no name' show "$tmp/bits"
for bits in 0x40 0x20; do
	if grep -qE "^ +reserved +$bits$" "$tmp/out"; then ok "reserved $bits"; else not_ok "reserved $bits"; fi
done
expect 0 '' 'show: an event log' show "$tmp/log"
check 'three events, one of no register' grep -qE 'number_of_events +3' "$tmp/out"
check 'the unused rest' grep -qE 'unused_bytes +100' "$tmp/out"
expect 5 'in its free part' 'an event log with data in its free part' show "$tmp/log.bad"
expect 5 'cut short' 'an event log cut short' show "$tmp/log.cut"
expect 5 'give it with --event-log' 'verify: an event log' verify "$tmp/log"

# --- what the input names and what the tool names cannot be confused ---

echo '{"type":"snp-report","MEASUREMENT":"x","warnings":["w"],"decoded":1}' >"$tmp/names"
show --json "$tmp/names" >"$tmp/out"
# shellcheck disable=SC2016 # variables of jq
check 'members of the input are below one of ours' jq -e --slurpfile in "$tmp/names" '
	.type == "json" and .content == $in[0] and .warnings == [] and .decoded == [] and
	(keys == ["content", "decoded", "type", "warnings"])' "$tmp/out"
printf '%s' '{"n":1.5,"b":false,"z":null,"big":12345678901234567890,"e":[],"o":{},"a":[1,true,null,"x",[2]],"neg":-3,"u":"é\u0000\u007f\u0085😀"}' >"$tmp/types"
show --json "$tmp/types" >"$tmp/out"
check 'types are those of the input' python3 -c '
import json, sys
assert json.load(open(sys.argv[1]))["content"] == json.load(open(sys.argv[2]))' "$tmp/out" "$tmp/types"
check 'and nothing in JSON steers a terminal' test "$(LC_ALL=C tr -d '\n -~' <"$tmp/out" | wc -c)" = 0
show "$tmp/types" >"$tmp/out"
check 'nor in text, which shows a NUL' grep -qF '\xc3\xa9\x00\x7f\xc2\x85' "$tmp/out"
show --json "$tmp/jwt" >"$tmp/out"
# shellcheck disable=SC2016 # variables of jq
check 'a token: its claims, and what was decoded with its place' jq -e --arg hex "$hex" '
	.claims == {iss: "somebody", nested: {quote: $hex}} and .header == {alg: "ES256"} and
	(.decoded | length == 1) and .decoded[0].member == "/claims/nested/quote" and
	.decoded[0].type == "tdx-quote" and (.decoded[0].body.MRTD | length == 96)' "$tmp/out"
echo "{\"a/b~\":[\"$hex\"]}" >"$tmp/pointer"
show --json "$tmp/pointer" >"$tmp/out"
check 'places are JSON pointers' jq -e '.decoded[0].member == "/a~1b~0/0"' "$tmp/out"
show --json "$tmp/log" >"$tmp/out"
check 'registers are numbers' jq -e '[.events[].register] == [1, -1, 2]' "$tmp/out"
show --json "$tmp/q3" >"$tmp/out"
check 'JSON in JSON has a list of its own' jq -e '
	.decoded[0].member == "/1" and .decoded[0].type == "json" and
	.decoded[0].decoded[0].member == "/tdx/quote"' "$tmp/out"
exp=$(printf '{"alg":"ES256"}' | b64url).$(printf '{"exp":1000}' | b64url).AAAA
show <(echo "$exp") >"$tmp/out"
check 'a token that is out of date is marked' grep -qE '^  claims  !! it is out of date' "$tmp/out"

# --- a member that cannot be read is named, and one that is no evidence does no harm ---

openssl genrsa -out "$tmp/rsa.pem" 2048 2>/dev/null
openssl rsa -in "$tmp/rsa.pem" -pubout -outform DER -out "$tmp/spki" 2>/dev/null
echo "{\"ak_public\":\"$(base64 -w0 <"$tmp/spki")\"}" >"$tmp/spki.json"
expect 0 '' 'a public key is no certificate' show "$tmp/spki.json"
trustee=$VECTORS/confidential-containers__trustee/tpm_evidence.json
if [ -e "$trustee" ]; then
	expect 0 '' "Trustee's evidence of a TPM" show "$trustee"
	show --json "$trustee" >"$tmp/out"
	check 'its PCRs are numbers' jq -e '.decoded[0].pcrs | length > 0 and all(type == "number")' "$tmp/out"
else
	echo "skip Trustee's evidence of a TPM: VECTORS is not here"
fi
echo "{\"x\":{\"quote\":\"${hex:0:1400}\"},\"y\":1}" >"$tmp/cut.json"
expect 5 'member /x/quote: TDX quote: ' 'a quote cut short in JSON' show "$tmp/cut.json"
check 'and the rest is shown' grep -qE '^  y +1$' "$tmp/out"
echo '{"text":"[this is in brackets and longer than sixty-four characters, but no JSON at all]"}' >"$tmp/brackets"
expect 0 '' 'a text that only begins as JSON' show "$tmp/brackets"
check 'is shown' grep -q 'this is in brackets' "$tmp/out"
for verb in show verify; do
	echo "{\"quote\":\"$hex\",\"x\":{\"q\":1,\"\\u0071\":2}}" >"$tmp/twice"
	expect 5 'the member "q" is there twice' "$verb: a member twice" $verb "$tmp/twice"
	echo "{\"quote\":\"$hex\",\"x\\u0000\":1}" >"$tmp/twice"
	expect 5 'has a NUL in it' "$verb: a name with a NUL" $verb "$tmp/twice"
	printf '{"x":"%s"}' "$(printf '{"quote":"%s","quote":"%s"}' "$hex" "$hex" | base64 -w0)" >"$tmp/twice"
	expect 5 'the member "quote" is there twice' "$verb: a member twice in JSON in JSON" $verb "$tmp/twice"
done

# --- JSON that is only a text, or a list of bytes; a byte order mark ---

verify --json "$g/tdx-v4.bin" >"$tmp/want-verdict" 2>/dev/null
printf '"%s"' "$(base64 -w0 <$g/tdx-v4.bin | sed 's,/,\\/,g')" >"$tmp/string"
same 'a JSON text' "$tmp/string"
printf '\xef\xbb\xbf%s\n' "$hex" >"$tmp/bom"
same 'hex behind a byte order mark' "$tmp/bom"
printf '\xef\xbb\xbf%s\n' "$(cat "$tmp/q1")" >"$tmp/bom"
quoted 'JSON behind a byte order mark' "$tmp/bom"
python3 -c 'import json, sys; print(json.dumps(list(open(sys.argv[1], "rb").read())))' \
	"$g/tdx-v4.bin" >"$tmp/list"
quoted 'a list of bytes and nothing else' "$tmp/list"

# --- what the tool writes, it reads ---

for form in json cbor json-collection cbor-collection; do
	"$tool" request cmw --self-nonce --form $form --evidence $g/blob-snp.cvme >"$tmp/cmw-$form" 2>"$tmp/err"
	show --json "$tmp/cmw-$form" >"$tmp/$form.shown" 2>"$tmp/err" || not_ok "show: cmw $form"
	verify --json "$tmp/cmw-$form" >"$tmp/$form.verdict" 2>"$tmp/err"
done
check 'a CMW: the report is found' jq -e '.evidence == "snp-report"' "$tmp/json.verdict"
check 'a CMW in CBOR is judged as one in JSON' cmp "$tmp/json.verdict" "$tmp/cbor.verdict"
check 'a collection, too' cmp "$tmp/json-collection.verdict" "$tmp/cbor-collection.verdict"
check 'and shown' jq -e '.type == "cmw" and .content.report[0] == "application/vnd.amd.sev-snp.attestation-report" and
	.decoded[0].member == "/report/1" and .decoded[0].type == "snp-report"' "$tmp/cbor-collection.shown"
head -c 600 "$tmp/cmw-cbor" >"$tmp/cmw-cut"
for verb in show verify; do expect 5 'CMW: ' "$verb: a CMW cut short" $verb "$tmp/cmw-cut"; done
# a label may be a text or a number (RFC 9999)
printf '\xa2\x611\x82\x63a/b\x41x\x01\x82\x63a/b\x41y' >"$tmp/cmw-labels"
show --json "$tmp/cmw-labels" >"$tmp/out"
check 'labels 1 and "1" are two' jq -e '.content | keys == ["\"1\"", "1"]' "$tmp/out"
for f in $g/snp-v3-genoa.bin $g/snp-v4-turin.bin $g/snp-v5-milan.bin $g/snp-v5-turin.bin; do
	"$tool" request coco-as --self-nonce --evidence "$f" >"$tmp/coco" 2>"$tmp/err"
	# the request carries the evidence in base64: JSON in JSON
	show --json "$tmp/coco" 2>/dev/null | jq '.decoded[0].decoded[0] | del(.member)' >"$tmp/a"
	show --json "$f" | jq 'del(.warnings)' >"$tmp/b"
	check "CoCo's JSON of a report is the report: $(basename "$f")" cmp "$tmp/a" "$tmp/b"
done
"$tool" request coco-as --self-nonce --evidence "$tmp/ext-pem" >"$tmp/coco" 2>"$tmp/err"
verify "$tmp/coco" >"$tmp/out" 2>"$tmp/err"
check 'its signature is checked' grep -qE '^    signature +passed' "$tmp/out"
check 'what was left to guess is named' grep -qE '^    attestation_report +not checked +the report was made again' "$tmp/out"
jq -r '.verification_requests[0].evidence' "$tmp/coco" | tr '_-' '/+' | base64 -d 2>/dev/null >"$tmp/coco.json"
bad_coco() { # NAME TEXT FILTER
	command jq -c "$3" "$tmp/coco.json" >"$tmp/coco.bad"
	expect 5 "$2" "$1" verify "$tmp/coco.bad"
}
bad_coco 'such a report without a field' 'its field chip_id is missing' 'del(.attestation_report.chip_id)'
bad_coco 'with half a version' 'its field minor is missing' 'del(.attestation_report.current.minor)'
bad_coco 'with a byte that is none' 'its field report_id is missing' '.attestation_report.report_id[1] = 256'
bad_coco 'of a version that has more' 'of version 6 has fields' '.attestation_report.version = 6'
bad_coco 'that was altered' 'genuine: no' '.attestation_report.measurement[0] |= (. + 1) % 256'
python3 - $g/certs.pem >"$tmp/thim" <<'P'
import json, sys
end = "-----END CERTIFICATE-----\n"
leaf, rest = open(sys.argv[1]).read().split(end, 1)
print(json.dumps({"vcekCert": leaf + end, "tcbm": "DB18000000000004", "certificateChain": rest, "cacheControl": "1"}))
P
verify --json --certs $g/certs.pem $g/snp-v5-milan.bin >"$tmp/want-verdict" 2>/dev/null
by_certs "Azure's metadata service (THIM)" "$tmp/thim"
awk '/BEGIN/ { n++ } n == 2' $g/certs.pem | openssl x509 -outform DER -out "$tmp/leaf.der" 2>/dev/null
cat $g/snp-v5-milan.bin "$tmp/leaf.der" >"$tmp/ext-der"
verify "$tmp/ext-der" >"$tmp/out" 2>"$tmp/err"
check 'a report with a certificate in DER behind it' grep -qE '^    signature +passed' "$tmp/out"
expect 0 '' 'and show' show "$tmp/ext-der"
check 'which shows both' grep -q 'certificates_behind' "$tmp/out"

# --- what is said of what ---

python3 - "$tmp" <<'P'
import json, struct, subprocess, sys
d = sys.argv[1]
der = subprocess.run(["openssl", "x509", "-in", d + "/ca.pem", "-outform", "DER"], capture_output=True, check=True).stdout
at = der.index(b"\x17\x0d")
for name, where, when in ("late", at, b"350101000000Z"), ("over", at + 15, b"200101000000Z"):
    open(f"{d}/{name}.der", "wb").write(der[:where + 2] + when + der[where + 15:])
spec = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, 0xc, 48, 0)
log = struct.pack("<II20xI", 1, 3, len(spec)) + spec
for kind in 0x11, 0x13, 0x800000e2:
    log += struct.pack("<IIIH48sI", 1, kind, 1, 0xc, b"\1" * 48, 1) + b"x"
open(d + "/log.types", "wb").write(log)
pem = open(d + "/ca.pem").read()
open(d + "/bundle", "w").write(json.dumps({"tcb_info": "{}", "tcb_info_signature": "00", "qe_identity": "{}",
    "tcb_info_issuer_chain": pem, "qe_identity_issuer_chain": pem}))
# tpm2-tss: TPML_PCR_SELECTION, a count, TPML_DIGESTs
select = struct.pack("<IHB4sx", 1, 0xb, 3, bytes((0x81, 0, 0, 0))).ljust(132, b"\0")
digest = lambda b: struct.pack("<H64s", 32, bytes((b,)) * 32)
lists = struct.pack("<I", 1) + (struct.pack("<I", 2) + digest(1) + digest(2)).ljust(532, b"\0")
open(d + "/pcrs", "wb").write(select + lists)
P
show "$tmp/late.der" >"$tmp/out"
check 'a certificate that is not valid yet is marked' grep -qE 'notBefore +2035.*!! it is not valid yet' "$tmp/out"
show "$tmp/over.der" >"$tmp/out"
check 'one that is out of date, too' grep -qE 'notAfter +2020.*!! it is out of date' "$tmp/out"
show "$tmp/ca.pem" >"$tmp/out"
if grep -q '!!' "$tmp/out"; then not_ok 'and no other'; else ok 'and no other'; fi
# TCG PC Client Platform Firmware Profile 1.06, table 27
show "$tmp/log.types" >"$tmp/out"
for name in EV_NONHOST_INFO EV_POST_CODE2 EV_EFI_SPDM_FIRMWARE_CONFIG; do
	check "event type $name" grep -qE "type +$name\$" "$tmp/out"
done
show "$tmp/bundle" >"$tmp/out"
check 'issuer chains of a bundle are told apart' test "$(grep -cE '(tcb_info|qe_identity)_issuer_chain: X.509 certificates' "$tmp/out")" = 2
expect 5 'give it with --collateral' 'verify: a bundle of collateral' verify "$tmp/bundle"
show --json "$tmp/pcrs" >"$tmp/out"
check 'PCR values of tpm2_quote' jq -e '.type == "pcr-values" and .SHA256.PCR00 == "01" * 32 and .SHA256.PCR07 == "02" * 32' "$tmp/out"
expect 5 'give them with --pcrs' 'verify: PCR values' verify "$tmp/pcrs"
cp $g/snp-v5-milan.bin "$tmp/masked"
head -c 64 /dev/zero | dd of="$tmp/masked" bs=1 seek=$((0x1a0)) conv=notrunc status=none
expect 5 '--vcek-for-masked-chip' 'a masked CHIP_ID' verify "$tmp/masked"
expect 5 '--vcek-for-masked-chip' 'a masked CHIP_ID, with --kds' verify --kds=http://127.0.0.1:9 "$tmp/masked"
verify $g/snp-v2.bin >"$tmp/out" 2>"$tmp/err"
check 'a report of version 2 may be of DDR4 or DDR5' grep -qE 'physical access .*DDR4 by Battering RAM, of DDR5 by TEE.fail' "$tmp/out"

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
# RFC 9783, 4.4.1
show --json $g/blob-cca.cvme >"$tmp/out"
check 'components of a platform have names' jq -e '.items[] | select(.name == "report")."cca-token".platform.sw_components[0] |
	.measurement_type == "RMM" and (.measurement_value | length == 64) and (.signer_id | length == 64)' "$tmp/out"
# RFC 8259, 6: "Numeric values that cannot be represented in the grammar below (such as Infinity and NaN) are not permitted"
for t in '{"a":NaN}' '[Infinity]' '{"a":-Infinity}'; do
	expect 5 'not JSON' "no JSON: $t" sh -c "echo '$t' | '$tool' show --json -"
done
expect 0 '' 'but in a text' sh -c "echo '{\"NaN\":\"-Infinity\"}' | '$tool' show --json -"
# a name of 300 KB above 3,000 values, of which no pointer is printed: linear, a second at most
python3 -c 'print("{\"%s\":[%s]}" % ("n" * 300000, ",".join(["{\"a\":\"b\"}"] * 3000)))' >"$tmp/long"
begin=$(date +%s%N)
"$plain" show --json "$tmp/long" >"$tmp/out" 2>"$tmp/err"
took=$((($(date +%s%N) - begin) / 1000000))
check "a long name above many values ($took ms)" test $took -lt 1000
exit $status
