#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The tool at the TPM itself: the key that AzureGuest wants, certified by the AK and
# judged by openssl and tpm2-tools; the answer sealed to it, in time and too late;
# what status says of the TPM.

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

tool=${CVM_TOOL:-cvm-evidence}
roots=/opt/sim/roots
ak=0x81000003
[ "$(id -u)" = 0 ] || skip_all "needs root"
for c in "$tool" jq openssl tpm2_verifysignature; do
	command -v "$c" >/dev/null || skip_all "no $c here"
done
[ -c /dev/tpmrm0 ] || skip_all "no /dev/tpmrm0 (tests/vm/run -s azure-snp)"
"$tool" status --json 2>/dev/null |
	jq -e '.providers[] | select(.name == "vtpm" and .status == "available")' >/dev/null ||
	skip_all "the provider vtpm is not available"
"$tool" status --json | jq -e '.providers[] | select(.name == "vtpm").tee == "sev-snp"' >/dev/null ||
	skip_all "on TDX a request needs a quote that is made elsewhere"
[ -e $roots/vcek.pem ] || skip_all "needs the simulated TEE's certificates"

export TPM2TOOLS_TCTI=device:/dev/tpmrm0 TSS2_LOG=all+none
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

cleanup() {
	"$ctl" reset
	rm -rf "${tmp:?}"/*
}

request() {
	cat "$roots/vcek.pem" "$roots/ask.pem" "$roots/ark.pem" >"$tmp/certs"
	printf 'a log of the firmware' >"$tmp/log"
	"$ctl" window=0
	"$tool" request maa --form azure-guest --self-nonce --certs "$tmp/certs" \
		--tcg-log "$tmp/log" "$@"
}

# part NAME: of the body, in $tmp/NAME
part() {
	jq -r ".TpmInfo.$1" "$tmp/info" | base64 -d >"$tmp/$1"
}

# body: a request; its parts are in $tmp/info
body() {
	request -o "$tmp/body" || fail "no request: exit status $?"
	jq -r .AttestationInfo "$tmp/body" | tr '_-' '/+' | base64 -d >"$tmp/info" 2>/dev/null
	part EncKeyPub
	check "a key" tpm2_print -t TPM2B_PUBLIC -f pem "$tmp/EncKeyPub" >"$tmp/key.pem"
}

# seal: the answer to the body. The token was sealed once, by the inner key here.
seal() {
	printf 0123456789abcdef0123456789abcdef >"$tmp/inner"
	openssl pkeyutl -encrypt -pubin -inkey "$tmp/key.pem" -in "$tmp/inner" -out "$tmp/sealed" ||
		fail "openssl does not take the key"
	jq -nc --arg inner "$(base64 -w0 "$tmp/sealed")" '{
		EncryptionParams: { Iv: "MDEyMzQ1Njc4OWFi" },
		Jwt: "8cyGXia4tniZZErQwCoPTiXotbtiug8=",
		AuthenticationData: "iObza1xsafhoL800+nmGjQ==", EncryptedInnerKey: $inner }' >"$tmp/plain"
	printf '{"token":"%s"}' "$(base64 -w0 "$tmp/plain" | tr '+/' '-_' | tr -d =)" >"$tmp/answer"
}

opens() {
	"$tool" request maa --open "$tmp/answer" "$@" >"$tmp/token" 2>"$tmp/err"
}

# fails_with STATUS TEXT COMMAND...
fails_with() {
	want=$1 text=$2
	shift 2
	"$@" >"$tmp/out" 2>"$tmp/err"
	rc=$?
	[ "$rc" -eq "$want" ] || fail "status $rc, not $want: $(cat "$tmp/err")"
	grep -q -- "$text" "$tmp/err" || fail "not told '$text': $(cat "$tmp/err")"
	[ ! -s "$tmp/out" ] || fail "output all the same"
}

no_log() {
	[ ! -e /sys/kernel/security/tpm0/binary_bios_measurements ] || skip "this TPM has a log"
	fails_with 4 'event log' "$tool" request maa --form azure-guest --self-nonce
}

the_key_is_certified() {
	body
	part EncKeyCertifyInfo
	part EncKeyCertifyInfoSignature
	part AikPub
	check "tpm2_readpublic" tpm2_readpublic -Q -c "$ak" -f pem -o "$tmp/ak.pem"
	check "openssl" openssl dgst -sha256 -verify "$tmp/ak.pem" \
		-signature "$tmp/EncKeyCertifyInfoSignature" "$tmp/EncKeyCertifyInfo"
	check "tpm2_verifysignature" tpm2_verifysignature -c "$ak" -g sha256 -f rsassa \
		-m "$tmp/EncKeyCertifyInfo" -s "$tmp/EncKeyCertifyInfoSignature"
	tpm2_print -t TPM2B_PUBLIC -f pem "$tmp/AikPub" >"$tmp/ak2.pem"
	check "the AK is the one of the evidence" cmp "$tmp/ak.pem" "$tmp/ak2.pem"
	name=000b$(tail -c +3 "$tmp/EncKeyPub" | openssl dgst -sha256 -r | cut -d' ' -f1)
	od -An -v -tx1 "$tmp/EncKeyCertifyInfo" | tr -d ' \n' | grep -q "^ff5443478017.*0022$name" ||
		fail "not of TPM2_Certify of this key"
	tpm2_startauthsession -S "$tmp/session"
	tpm2_policypcr -Q -S "$tmp/session" -l sha256:0,1,2,3,4,5,6,7 -L "$tmp/policy"
	tpm2_flushcontext "$tmp/session"
	check "the policy of tpm2_policypcr" [ "$(tpm2_print -t TPM2B_PUBLIC "$tmp/EncKeyPub" |
		sed -n 's/^authorization policy: //p')" = "$(od -An -v -tx1 "$tmp/policy" | tr -d ' \n')" ]
	check "PCR 0 to 7 were quoted, and no others" jq -e '.TpmInfo.PcrSet == [0,1,2,3,4,5,6,7]' "$tmp/info"
}

the_answer_is_opened() {
	body
	seal
	opens --sent "$tmp/body" || fail "$(cat "$tmp/err")"
	[ "$(cat "$tmp/token")" = header.claims.signature ] || fail "token: $(cat "$tmp/token")"
	opens || fail "without the body: $(cat "$tmp/err")"
	jq -c '.AuthenticationData = "iObza1xsafhoL800+nmGjA=="' "$tmp/plain" >"$tmp/other"
	printf '{"token":"%s"}' "$(base64 -w0 "$tmp/other" | tr '+/' '-_' | tr -d =)" >"$tmp/answer"
	fails_with 7 altered "$tool" request maa --open "$tmp/answer" --sent "$tmp/body"
}

beside_requests() {
	body
	seal
	"$ctl" window=50
	while :; do
		"$tool" get --provider vtpm --fresh --quote-data hex: -o "$tmp/beside" || echo failed >>"$tmp/bad"
	done &
	echo $! >"$tmp/pid"
	for i in 1 2 3 4 5; do
		opens --sent "$tmp/body" || fail "round $i: $(cat "$tmp/err")"
	done
	kill "$(cat "$tmp/pid")"
	[ -s "$tmp/beside" ] || fail "no evidence meanwhile"
	[ ! -e "$tmp/bad" ] || fail "no evidence beside it"
}

another_boot() {
	body
	seal
	"$ctl" power=reset
	within 20 test -c /dev/tpmrm0 || fail "the TPM does not come back"
	fails_with 5 'another boot' "$tool" request maa --open "$tmp/answer" --sent "$tmp/body"
	fails_with 7 'restarted' "$tool" request maa --open "$tmp/answer"
	within 20 request -o "$tmp/body" 2>"$tmp/err" || fail "no new request: $(cat "$tmp/err")"
}

a_pcr_is_extended() {
	body
	seal
	tpm2_pcrextend "7:sha256=$(openssl rand -hex 32)" || fail "tpm2_pcrextend"
	fails_with 5 'PCR 7 was extended' "$tool" request maa --open "$tmp/answer" --sent "$tmp/body"
	fails_with 7 'PCR 0 to 7' "$tool" request maa --open "$tmp/answer"
	body
	seal
	opens --sent "$tmp/body" || fail "with the PCR of now: $(cat "$tmp/err")"
}

refusals_in_words() {
	body
	seal
	"$ctl" cc=0x159 rc=lockout:1
	fails_with 6 'RSA_Decrypt: 0x921, TPM_RC_LOCKOUT' "$tool" request maa --open "$tmp/answer"
	"$ctl" cc=0x159 cut=20:1
	fails_with 1 /dev/tpmrm0 "$tool" request maa --open "$tmp/answer"
	opens || fail "$(cat "$tmp/err")"
	"$ctl" cc=0x131 rc=0x902:1
	fails_with 1 'CreatePrimary: 0x902, TPM_RC_OBJECT_MEMORY' request
	"$ctl" cc=nv_read rc=lockout
	fails_with 1 'response: 0x921, TPM_RC_LOCKOUT' "$tool" get --provider vtpm
}

who_may_not() {
	body
	seal
	chmod 711 "$tmp"
	chmod 644 "$tmp/answer"
	fails_with 4 'cannot open /dev/tpmrm0: Permission denied' setpriv --reuid 1000 --regid 1000 --clear-groups \
		"$tool" request maa --open "$tmp/answer"
	mv /dev/tpmrm0 /dev/tpmrm0.away
	"$tool" request maa --open "$tmp/answer" 2>"$tmp/err"
	rc=$?
	mv /dev/tpmrm0.away /dev/tpmrm0
	[ "$rc" -eq 4 ] || fail "no node: status $rc"
	setpriv --reuid 1000 --regid 1000 --clear-groups "$tool" status --json >"$tmp/status"
	check "status says what a user cannot see" jq -e '.tpm | .version == "2.0" and
		.accessible == false and (.not_seen | test("Permission denied"))' "$tmp/status"
}

what_status_says() {
	for v in true false; do
		"$ctl" window=0 "persisted=$v:1"
		"$tool" get --provider vtpm -o "$tmp/blob" || fail "no evidence"
		before=$("$ctl" get refreshes)
		"$tool" status --json >"$tmp/status" || fail "status: $?"
		check "persisted=$v" jq -e ".tpm.persisted == $v and .tpm.ready" "$tmp/status"
		[ "$("$ctl" get refreshes)" = "$before" ] || fail "status had a report made"
	done
	check "it warns" jq -e 'any(.warnings[]; .warning | test("do not seal"))' "$tmp/status"
	"$tool" status | grep -q 'do not seal' || fail "people are not warned"
	"$ctl" index=uninit
	"$tool" status --json >"$tmp/status"
	"$ctl" index=ok
	check "0x14a in words" jq -e '.tpm.hcl_report | test("0x14a.*not written yet")' "$tmp/status"
	tpm2_changeauth -Q -c o secret || fail "tpm2_changeauth"
	"$tool" status --json >"$tmp/status"
	tpm2_changeauth -Q -c o -p secret || fail "tpm2_changeauth back"
	check "an owner's password" jq -e '.tpm | .owner_password and .ready == false and
		(.hcl_report | test("password"))' "$tmp/status"
}

ktap_main no_log the_key_is_certified the_answer_is_opened beside_requests another_boot \
	a_pcr_is_extended refusals_in_words who_may_not what_status_says
