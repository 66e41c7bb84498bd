#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# AzureGuest with a TPM (swtpm): the key that the AK certifies, judged by openssl,
# tpm2-tools and the servers; the sealed answer opened, altered, too late.
# shellcheck disable=SC2317  # expect and check call the functions
. ./lib.sh

for p in swtpm tpm2_certify jq; do
	command -v "$p" >/dev/null || { echo "skip AzureGuest: $p is not here"; exit 0; }
done
servers=$(cd ../servers && pwd)
# shellcheck source=../servers/lib.sh
. "$servers/lib.sh"
# shellcheck source=swtpm.lib
. ./swtpm.lib
finish() {
	stop_servers
	tpm_faults_stop
	tpm_stop
	rm -rf "$tmp"
}
trap finish EXIT

sim_device
serve main
openssl pkey -in "$tmp/ak.pem" -pubout -out "$tmp/ak.pub.pem"
openssl genrsa -out "$tmp/other.pem" 2048 2>/dev/null
tpm_start
tpm_measure
tpm_ak "$tmp/ak.pem" 0x81000003
tpm_ak "$tmp/other.pem" 0x81000004
tpm_faults

guest=(maa --form azure-guest --device "$FAKE_DEV" --tcg-log "$tmp/tcg.log" --nonce once)
attest() { fake attest "${guest[@]}" --tpm "$tmp/tpm.sock" --endpoint "http://127.0.0.1:$http" --imds="http://127.0.0.1:$http" "$@"; }
request() { fake request "${guest[@]}" --tpm "$tmp/tpm.sock" --imds="http://127.0.0.1:$http" "$@"; }
# member of what is in a body
info() { jq -r .AttestationInfo "$1" | tr -- '-_' '+/' | base64 -d 2>/dev/null | jq -j "$2"; }
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else echo "# '$2' is not '$3'"; not_ok "$1"; fi
}

# --- the whole exchange ---

for k in az-snp az-tdx; do
	kind $k
	expect 0 '' "attest, $k" attest
	claims_of "$tmp/out" >"$tmp/claims"
	check 'its token is open' grep -qF '"client-payload":{"nonce":"once"}' "$tmp/claims"
	is 'one line' "$(wc -l <"$tmp/out")" 1
done
is 'no key and no session is left in the TPM' "$(tpm_left)" ''

# --- the body ---

kind az-snp
expect 0 '' 'request' request -o "$tmp/body"
for m in EncKeyPub EncKeyCertifyInfo EncKeyCertifyInfoSignature; do
	info "$tmp/body" ".TpmInfo.$m" | base64 -d >"$tmp/$m"
done
check 'openssl: the AK signed what it certifies' openssl dgst -sha256 -verify "$tmp/ak.pub.pem" \
	-signature "$tmp/EncKeyCertifyInfoSignature" "$tmp/EncKeyCertifyInfo"
check 'tpm2_verifysignature, by the AK' tpm2 verifysignature -c 0x81000003 -g sha256 -f rsassa \
	-m "$tmp/EncKeyCertifyInfo" -s "$tmp/EncKeyCertifyInfoSignature"
tpm2 print -t TPM2B_PUBLIC "$tmp/EncKeyPub" >"$tmp/key.yaml"
is 'tpm2_print: its attributes' "$(sed -n '/^attributes/,/raw/s/.*value: //p' "$tmp/key.yaml")" \
	'fixedtpm|fixedparent|sensitivedataorigin|noda|decrypt'
is '2048 bits' "$(sed -n 's/^bits: //p' "$tmp/key.yaml")" 2048
tpm2 startauthsession -S "$tmp/session"
tpm2 policypcr -Q -S "$tmp/session" -l sha256:0,1,2,3,4,5,6,7 -L "$tmp/policy"
tpm2 flushcontext "$tmp/session"
is 'its policy is of tpm2_policypcr' "$(sed -n 's/^authorization policy: //p' "$tmp/key.yaml")" \
	"$(od -An -v -tx1 "$tmp/policy" | tr -d ' \n')"
expect 0 '' 'again' request -o "$tmp/again"
is 'the same key' "$(info "$tmp/again" .TpmInfo.EncKeyPub)" "$(info "$tmp/body" .TpmInfo.EncKeyPub)"
jq -j .AttestationInfo "$tmp/body" >"$tmp/field"
if grep -q '[^A-Za-z0-9_-]' "$tmp/field"; then not_ok 'AttestationInfo in base64url'; else ok 'AttestationInfo in base64url'; fi
printf 'POST /attest/AzureGuest?api-version=2020-10-01 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' \
	"$(wc -c <"$tmp/body")" | cat - "$tmp/body" >"$tmp/whole"
send "$tmp/whole" | body >"$tmp/answer"

# --- its answer ---

opens() { "$tool" request maa --tpm "$tmp/tpm.sock" --open "$@"; }
expect 0 '' "the service's answer is opened" opens "$tmp/answer" --sent "$tmp/body"
claims_of "$tmp/out" >"$tmp/claims"
check 'its token' grep -qF '"client-payload":{"nonce":"once"}' "$tmp/claims"
cp "$tmp/out" "$tmp/token"
expect 0 '' 'without the body' opens "$tmp/answer"
check 'the same' cmp "$tmp/out" "$tmp/token"
jq -r .token "$tmp/answer" >"$tmp/bare"
expect 0 '' 'the sealed token alone' opens "$tmp/bare" -o "$tmp/out2"
check 'the same' cmp "$tmp/out2" "$tmp/token"
is 'nothing is left in the TPM' "$(tpm_left)" ''

seal() { "$servers/seal.py" "$tmp/body" "$@" >"$tmp/sealed"; }
# altered STATUS TEXT NAME CHANGE...: an answer with members in the place of others
altered() {
	local want=$1 text=$2 name=$3
	shift 3
	seal aaaa.bbbb.cccc "$@"
	rm -f "$tmp/never"
	expect "$want" "$text" "$name" opens "$tmp/sealed" --sent "$tmp/body" -o "$tmp/never"
	check 'no output' test ! -e "$tmp/never" -o "$want" -eq 0
}
altered 0 '' 'whole'
altered 0 '' 'with what a service may say besides' 'EncryptionParams.Cipher="AES"' \
	'EncryptionParams.BlockMode="ChainingModeGCM"' 'EncryptionParams.KeySizeInBits=256' 'Hash="Sha256"'
altered 7 'not sealed with AES-256-GCM' 'another mode' 'EncryptionParams.BlockMode="ChainingModeCBC"'
altered 7 'not sealed with AES-256-GCM' 'another size of key' 'EncryptionParams.KeySizeInBits=128'
for m in AuthenticationData Jwt EncryptedInnerKey EncryptionParams EncryptionParams.Iv; do
	altered 7 "member ${m#*.}" "without $m" "$m="
	altered 7 "member ${m#*.}" "$m is a number" "$m=7"
done
for m in AuthenticationData Jwt EncryptedInnerKey EncryptionParams.Iv; do
	altered 7 'altered' "a bit of $m" "$m=flip"
	altered 7 'not allowed in base64' "$m is not base64" "$m=\"%%%%\""
	altered 7 'bytes' "$m is empty" "$m=\"\""
done
altered 7 'has 13 bytes' 'a long IV' 'EncryptionParams.Iv="AAAAAAAAAAAAAAAAAA=="'
altered 7 'has 4 bytes' 'a short tag' 'AuthenticationData="AAAAAA=="'
altered 7 'has 255 bytes' 'a short inner key' "EncryptedInnerKey=\"$(head -c 255 /dev/zero | base64 -w0)\""
altered 7 'altered' 'an inner key over the modulus' "EncryptedInnerKey=\"$(head -c 256 /dev/zero | tr '\0' '\377' | base64 -w0)\""
PYTHONPATH=$servers python3 - "$tmp/EncKeyPub" >"$tmp/enc.pub.pem" <<'P'
import sys
from cryptography.hazmat.primitives import serialization
import maa_guest
with open(sys.argv[1], "rb") as f:
    key, _ = maa_guest.public(f.read(), "key")
print(key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode())
P
short=$(head -c 16 /dev/zero | openssl pkeyutl -encrypt -pubin -inkey "$tmp/enc.pub.pem" | base64 -w0)
altered 7 'altered' 'an inner key of 16 bytes' "EncryptedInnerKey=\"$short\""
seal $'line\nother line'
expect 7 'is malformed' 'what was sealed is not a token' opens "$tmp/sealed"
seal ''
expect 7 'Jwt has 0 bytes' 'nothing was sealed' opens "$tmp/sealed"
expect 7 'not sealed' 'a token that is not sealed' opens "$tmp/token"
printf '{"token":' >"$tmp/cut"
expect 7 'not JSON' 'an answer that is cut off' opens "$tmp/cut"
echo '{"tokens":"x"}' >"$tmp/cut"
expect 7 'no member token' 'an answer without a token' opens "$tmp/cut"
echo '{"token":"W10"}' >"$tmp/cut"
expect 7 'not a JSON object' 'a token of something else' opens "$tmp/cut"
expect 2 'is empty' 'nothing at all' opens - --sent "$tmp/body"
expect 5 '--sent' 'a body that is none' opens "$tmp/answer" --sent "$tmp/answer"
expect 2 '--sent goes with --open' '--sent alone' "$tool" request maa --sent "$tmp/body"
expect 2 'an option of request' 'attest opens by itself' "$tool" attest maa --open "$tmp/answer"
expect 2 'takes no --open' 'of this service alone' "$tool" request kbs --open "$tmp/answer"

# --- no TPM, not for us, another one ---

expect 4 'there is no' 'no TPM: attest' attest --tpm "$tmp/none"
expect 4 'there is no' 'no TPM: request' request --tpm "$tmp/none"
expect 4 'there is no' 'no TPM: --open' opens "$tmp/answer" --tpm "$tmp/none"
install -m 000 /dev/null "$tmp/locked"
if [ "$(id -u)" = 0 ]; then	# who may open everything
	chmod 755 "$tmp"
	install -m 755 "$plain" "$tmp/for-all"
	locked() { setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/for-all" request "$@"; }
else
	locked() { "$tool" request "$@"; }
fi
expect 4 'cannot open' 'a TPM that is not for us' locked maa --tpm "$tmp/locked" --open "$tmp/answer"
seen=$(wc -l <"$log")
attest --tpm "$tmp/none" 2>/dev/null
is 'nobody was asked anything' "$(wc -l <"$log")" "$seen"
expect 2 'three files' 'a key of one file' attest --enc-key-pub "$tmp/enc.pub"
faulty() { request --tpm "$tmp/faulty.sock" -o "$tmp/never"; }
plan '173 ak=81000004'
expect 5 'another machine' 'evidence of another machine' faulty
plan '173 ak=81000009'
expect 5 'no key 0x81000003' 'a TPM without an AK' faulty

# --- a TPM that refuses, or lies ---

while read -r want text action; do
	plan "$action"
	expect "$want" "$text" "request: $action" faulty
	check 'no output' test ! -e "$tmp/never"
	tpm2 pcrread -Q sha256:0	# swtpm has no resource manager, which would clean up
done <<'E'
6 TPM_RC_LOCKOUT 131 rc=921
1 TPM_RC_NV_UNINITIALIZED 173 rc=14a
4 TPM_RC_BAD_AUTH 148 rc=9a2
1 TPM_RC_SCHEME 148 rc=2d2
1 TPM_RC_OBJECT_MEMORY 131 rc=902
1 0x7ff 17e rc=7ff
1 short 17e cut=20
1 answer any cut=0
1 short 131 cut=9
1 bytes 131 total=9
1 bytes 148 total=70000
1 short 148 byte=14,ff
1 short 173 byte=10,ff
5 key 173 byte=13,23
1 PCRs 17e byte=23,03
1 PCRs 17e byte=19,0c
1 short 17e byte=28,ff
5 certified 148 byte=100,00
5 certified 131 byte=40,55
E
printf '17e rc=922\n17e rc=908\n17e rc=90a\n' >"$tmp/plan"
expect 0 '' 'a TPM that is busy for a while' request --tpm "$tmp/faulty.sock"
is 'nothing is left in the TPM' "$(tpm_left)" ''

# --- too late ---

late() { "$tool" request maa --tpm "$tmp/faulty.sock" --open "$tmp/answer" "$@"; }
plan '159 rc=9a2'
expect 4 'RSA_Decrypt' 'RSA_Decrypt is refused' late
plan '159 cut=12'
expect 1 'short' 'its answer is cut off' late
plan '176 rc=905'
expect 1 'SESSION_HANDLES' 'no session' late
plan '131 extend=23'
expect 0 '' 'another PCR is extended' late
plan '173 extend=7'
expect 5 'PCR 7' 'PCR 7 is extended between quote and key' faulty
check 'no output' test ! -e "$tmp/never"
expect 5 'PCR 7 was extended' 'and the answer to what was sent before' opens "$tmp/answer" --sent "$tmp/body"
jq -r .AttestationInfo "$tmp/body" | tr -- '-_' '+/' | base64 -d 2>/dev/null | jq -j -c 'del(.TpmInfo.PCRs)' |
	base64 -w0 | tr '+/' '-_' | tr -d = | jq -Rc '{AttestationInfo: .}' >"$tmp/bodiless"
expect 5 'PCR 0 to 7 changed since the request' 'where the body has no PCRs' opens "$tmp/answer" --sent "$tmp/bodiless"
expect 7 'restarted' 'where there is no body' opens "$tmp/answer"
expect 5 'extended since the quote' 'nor is there a request with this quote' request
boot() {
	tpm_stop
	tpm_start
	tpm_measure
}
boot
expect 5 'another boot' 'after a reboot' opens "$tmp/answer" --sent "$tmp/body"
expect 7 'restarted' 'without the body' opens "$tmp/answer"
expect 0 '' 'a new request' request -o "$tmp/body"
seal aaaa.bbbb.cccc
cp "$tmp/sealed" "$tmp/answer"
expect 0 '' 'and its answer' opens "$tmp/sealed" --sent "$tmp/body"
plan '131 extend=3'
expect 5 'meanwhile' 'PCR 3 is extended before the session' late --sent "$tmp/body"
boot
expect 0 '' 'a new request' request -o "$tmp/body"
seal aaaa.bbbb.cccc
cp "$tmp/sealed" "$tmp/answer"
plan '159 extend=0'
expect 5 'meanwhile' 'PCR 0 is extended in the session' late --sent "$tmp/body"
exit $status
