#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Requests of every service: golden files, bindings, what is refused.
. ./lib.sh
. ./requests.lib

req() { "$tool" request "$@"; }

# byte for byte, and never for data that is not theirs
while read -r name evidence kind args; do
	[ -n "$name" ] || continue
	# shellcheck disable=SC2046,SC2086 # words
	set -- $args $(evidence_args "$evidence" "$kind")
	expect 0 '' "$name" req "$@"
	check "$name, byte for byte" cmp "$tmp/out" "$r/$name"
done <<<"$cases"

heads >"$tmp/heads"
check 'the head of the HTTP request of each' cmp "$tmp/heads" $r/heads

# fresh from a device that is asked for what the service checks: the same body
fresh() {
	env LD_PRELOAD="$OUT/fakedev.so" FAKE_DEV="$tmp/dev" FAKE_LOG="$tmp/log" "$plain" request "$@" --device "$tmp/dev"
}
while read -r name evidence kind args; do
	[ -n "$name" ] || continue
	export FAKE_BLOB=$r/$evidence.cvme FAKE_TEE=1 FAKE_PROVIDER=1
	case $kind in *tdx) FAKE_TEE=2 ;; esac
	case $kind in azure-*) FAKE_PROVIDER=4 ;; esac
	# shellcheck disable=SC2086 # words
	set -- $args
	data=$(req "$@" --binding | hex report_data)
	[ "$kind" != azure-tdx ] || set -- "$@" --quote "$r/$evidence.cvme.quote"
	rm -f "$tmp/log"
	expect 0 '' "$name, fresh" fresh "$@"
	check "$name, fresh: the same" cmp "$tmp/out" "$r/$name"
	check "$name: the device was asked for it" grep -q " data=$data service" "$tmp/log"
done <<<"$cases"
# kbs, coco-as and gcp want the event log; a vTPM's quote is asked for where there is one
# shellcheck disable=SC2317 # check calls it
asked() { grep -q "flags=$1 " "$tmp/log"; }
rm -f "$tmp/log"
export FAKE_BLOB=$r/kbs-tdx.cvme FAKE_TEE=2 FAKE_PROVIDER=1
# shellcheck disable=SC2086 # words
fresh $kbs >/dev/null
check 'kbs asks for the event log' asked 0x1
rm -f "$tmp/log"
export FAKE_BLOB=$r/kbs-azure-snp.cvme FAKE_TEE=1 FAKE_PROVIDER=4
# shellcheck disable=SC2086 # words
fresh $kbs >/dev/null
check "and for the vTPM's quote, over data of its own" asked 0x7
rm -f "$tmp/log"
expect 2 'runtime-data FILE is missing' 'maa: no data, no evidence' fresh maa
check 'none was taken' test ! -e "$tmp/log"
unset FAKE_BLOB FAKE_TEE FAKE_PROVIDER

# a challenge with its first character changed binds nothing
flip() { sed "s/\"$1\":\"./\"$1\":\"X/" "$2" >"$tmp/flipped"; }
other() {
	flip "$3" "$2"
	# shellcheck disable=SC2086 # words
	expect 5 'not bound' "$1: evidence for another challenge" \
		req ${4//$2/$tmp/flipped} --evidence "$r/$5.cvme"
}
other kbs $r/kbs-challenge.json nonce "$kbs" kbs-snp
other kbs $r/kbs-challenge.json nonce "$kbs" kbs-tdx
other ita $r/ita-nonce.json val "$ita" ita-snp
other veraison $r/veraison-session.json nonce "$veraison" veraison-snp
other gcp $r/gcp-challenge.json tpmNonce "$gcp" gcp-tdx
printf '{"b":2,"a":"test","c":{"d":"e"}}' >"$tmp/flipped"
expect 5 'not bound' 'coco-as: evidence for other data' req coco-as --runtime-data "$tmp/flipped" --evidence $r/coco-tdx.cvme
printf 'x' >"$tmp/flipped"
expect 5 'not bound' 'cmw: evidence for another challenge' req cmw --challenge "$tmp/flipped" --evidence $r/cmw-snp.cvme
flip nonce $r/kbs-challenge.json
expect 5 'not bound' 'kbs: user-data of the claims for another challenge' \
	req kbs --challenge "$tmp/flipped" --tee-key $r/tee-key.pem --evidence $r/kbs-azure-snp.cvme
openssl ecparam -name prime256v1 -genkey -noout -out "$tmp/key.pem" 2>/dev/null
expect 5 'not bound to the challenge and the key' 'kbs: evidence for another key' \
	req kbs --challenge $r/kbs-challenge.json --tee-key "$tmp/key.pem" --evidence $r/kbs-snp.cvme
expect 5 'not bound' 'kbs: another hash' req kbs --challenge $r/kbs-challenge.json --tee-key $r/tee-key.pem --hash sha512 --evidence $r/kbs-snp.cvme
expect 5 'not bound' 'ita: other user data' req ita --challenge $r/ita-nonce.json --user-data $r/nonce.bin --evidence $r/ita-user-data.cvme

# what no service takes
printf 'a statement' >"$tmp/statement"
printf '\1\2\3' >"$tmp/rd"
"$OUT/gen" --bound "$tmp/made.cvme" snp "$(sha256sum <"$tmp/statement" | cut -c1-64)"
item() { "$tool" show --json "$2" | jq -j ".items[] | select(.name == \"$1\") | .data" | base64 -d; }
item report "$tmp/made.cvme" >"$tmp/report"
"$OUT/gen" --items "$tmp/statement.cvme" 1 1 0 6 1="$tmp/rd" 2="$tmp/report" 5="$tmp/statement"
while read -r args; do
	s=${args%% *}
	# shellcheck disable=SC2086 # words
	{
		expect 5 'proves freshness to no verifier' "$s: the kernel's own nonce" req $args --evidence golden/blob-random.cvme
		expect 5 'only the same machine can check' "$s: a TDREPORT" req $args --evidence golden/blob-tdreport.cvme
		expect 5 'takes SNP reports' "$s: Arm CCA" req $args --evidence golden/blob-cca.cvme
		expect 5 'not bound' "$s: an SVSM binding" req $args --evidence golden/blob-svsm.cvme
		expect 5 'carries a statement' "$s: a statement" req $args --evidence "$tmp/statement.cvme"
	}
done <<E
$kbs
$ita
$veraison
$gcp
$coco
cmw --challenge $r/nonce.bin
maa --runtime-data golden/runtime-data.json
E

# challenges
expect 2 'challenge FILE is missing' 'kbs without a challenge' req kbs --evidence $r/kbs-snp.cvme --tee-key $r/tee-key.pem
expect 2 '--tee-key FILE is missing' 'kbs: old evidence and a new key' req kbs --challenge $r/kbs-challenge.json --evidence $r/kbs-snp.cvme
expect 2 'not a key of EC P-256' 'kbs: a key of another kind' req kbs --challenge $r/kbs-challenge.json --tee-key <(openssl genrsa 2048 2>/dev/null) --evidence $r/kbs-snp.cvme
expect 2 'not an unencrypted key in PEM' 'kbs: no key' req kbs --challenge $r/kbs-challenge.json --tee-key golden/certs.pem --evidence $r/kbs-snp.cvme
expect 2 'challenge FILE is missing' 'ita without a nonce' req ita --evidence $r/ita-snp.cvme
expect 2 'challenge FILE is missing' 'veraison without a session' req veraison --evidence $r/veraison-snp.cvme
expect 2 'challenge FILE is missing' 'gcp without a challenge' req gcp --evidence $r/gcp-snp.cvme
expect 2 'runtime-data FILE is missing' 'coco-as without data' req coco-as --evidence $r/coco-snp.cvme
expect 5 'not a JSON object' 'a challenge that is none' req kbs --challenge golden/certs.pem --tee-key $r/tee-key.pem --evidence $r/kbs-snp.cvme
echo '{"nonce":"AAAA"}' >"$tmp/short"
expect 5 'nonceSize=64' "veraison: a nonce that is too short" req veraison --challenge "$tmp/short" --evidence $r/veraison-snp.cvme
sed 's/"waiting"/"complete"/' $r/veraison-session.json >"$tmp/done"
expect 5 'not waiting' 'veraison: a session that is over' req veraison --challenge "$tmp/done" --evidence $r/veraison-snp.cvme
sed 's/"application.vnd.veraison.tsm-report+cbor",//' $r/veraison-session.json >"$tmp/nocbor"
expect 5 'takes no application/vnd.veraison.tsm-report+cbor' 'veraison: a type it does not take' req veraison --challenge "$tmp/nocbor" --form cbor --evidence $r/veraison-snp.cvme
sed 's/"used":false/"used":true/' $r/gcp-challenge.json >"$tmp/used"
expect 5 'used before' 'gcp: a challenge that was used' req gcp --challenge "$tmp/used" --evidence $r/gcp-snp.cvme
expect 5 '--tpm-attestation' "gcp: without the TPM's part" req gcp --challenge $r/gcp-challenge.json --evidence $r/gcp-snp.cvme
expect 5 'has no quotes' "gcp: a TPM's part without quotes" req gcp --challenge $r/gcp-challenge.json --tpm-attestation $r/kbs-challenge.json --evidence $r/gcp-snp.cvme
echo '{"nonce":"AAAA","extra-params":{"selected-hash-algorithm":"md5"}}' >"$tmp/md5"
expect 5 "'md5', which this tool does not support" 'kbs: a hash that is not known' req kbs --challenge "$tmp/md5" --tee-key $r/tee-key.pem --evidence $r/kbs-snp.cvme

# parts that are missing
item report $r/kbs-snp.cvme >"$tmp/report"
item certs $r/kbs-snp.cvme >"$tmp/certs"
item report $r/veraison-snp.cvme >"$tmp/bare"
item report $r/kbs-azure-snp.cvme >"$tmp/hcl-alone"
nonce=$(jq -r .nonce $r/veraison-session.json | tr -- '-_' '+/')
"$OUT/gen" --bound "$tmp/hcl" azure-snp "$(echo "$nonce==" | base64 -d | od -An -tx1 | tr -d " \n")"
# shellcheck disable=SC2086 # words
{
	req $kbs --evidence "$tmp/report" >"$tmp/out" 2>/dev/null
	check 'kbs: absent certificates are null' jq -e '."tee-evidence".primary_evidence | has("cert_chain") and .cert_chain == null' "$tmp/out"
	expect 0 '' 'kbs: certificates from a file' req $kbs --evidence "$tmp/report" --certs "$tmp/certs"
	check 'give the same body' cmp "$tmp/out" $r/kbs-snp
	expect 5 'no VCEK certificate' 'veraison: no certificates' req $veraison --evidence "$tmp/bare"
	expect 5 'quote of the vTPM' 'kbs: an HCL report alone' req $kbs --evidence "$tmp/hcl-alone"
	expect 5 'for which it has no type' 'veraison: an HCL report' req $veraison --evidence "$tmp/hcl"
}
expect 5 'takes no SNP report' 'ita v1: SNP' req ita --challenge $r/ita-nonce.json --form v1 --evidence $r/ita-snp.cvme
# shellcheck disable=SC2046 # words
expect 2 'takes at most 10' 'ita: too many policies' req ita --challenge $r/ita-nonce.json $(printf -- '--policy-id %s ' 1 2 3 4 5 6 7 8 9 10 11) --evidence $r/ita-snp.cvme

# AzureGuest: base64 of a JSON whose members are base64 with padding
printf 'TPM2B_PUBLIC' >"$tmp/pub"
printf 'TPMS_ATTEST' >"$tmp/info"
{ printf '\0\024\0\013\1\0'; head -c 256 /dev/zero; } >"$tmp/sig"
printf 'a TCG log' >"$tmp/tcg"
guest=(maa --form azure-guest --nonce once --tcg-log "$tmp/tcg" --enc-key-pub "$tmp/pub" --enc-key-info "$tmp/info" --enc-key-signature "$tmp/sig")
for k in snp tdx; do
	# shellcheck disable=SC2046 # words
	expect 0 '' "AzureGuest: $k" req "${guest[@]}" $(evidence_args maa-azure-$k azure-$k)
	if grep -qx '{"AttestationInfo":"[A-Za-z0-9_-]*"}' "$tmp/out"; then ok 'one member, base64url without padding'; else not_ok 'one member, base64url without padding'; fi
	jq -r .AttestationInfo "$tmp/out" | tr -- '-_' '+/' | base64 -d >"$tmp/info.json" 2>/dev/null
	check 'members and their order' jq -e 'keys_unsorted == ["AttestationProtocolVersion","OSType","OSDistro","OSBuild","OSVersionMajor","OSVersionMinor","TcgLogs","ClientPayload","TpmInfo","IsolationInfo"]
		and .AttestationProtocolVersion == "2.0" and .OSType == "TGludXg=" and .OSBuild == "Tm90QXBwbGljYXRpb24="
		and .ClientPayload == {"nonce": "b25jZQ=="} and .TcgLogs == "YSBUQ0cgbG9n"
		and (.OSVersionMajor | type) == "number" and (.OSDistro | @base64d | length) > 0' "$tmp/info.json"
	check "the TPM's part" jq -e '.TpmInfo | .AikPub == "YSBUUE0yQl9QVUJMSUM=" and .AikCert == "YSBjZXJ0aWZpY2F0ZQ=="
		and .EncKeyPub == "VFBNMkJfUFVCTElD" and .EncKeyCertifyInfo == "VFBNU19BVFRFU1Q="
		and (.PcrSignature | @base64d | length) > 0 and (.PCRs | length) == (.PcrSet | length)
		and .PcrSet[0:8] == [0,1,2,3,4,5,6,7] and (.PCRs[0] | keys_unsorted) == ["Index","Digest"]' "$tmp/info.json"
	check 'signatures without their header' test "$(jq -r .TpmInfo.PcrSignature "$tmp/info.json" | base64 -d | wc -c)" -eq 256 -a \
		"$(jq -r .TpmInfo.EncKeyCertifyInfoSignature "$tmp/info.json" | base64 -d | wc -c)" -eq 256
done
check 'TDX: quote and claims in base64 with padding' jq -e '.IsolationInfo | .Type == "Tdx" and (.Evidence.RunTimeData | @base64d | startswith("{\"keys\":"))' "$tmp/info.json"
req "${guest[@]}" --evidence $r/maa-azure-snp.cvme | jq -r .AttestationInfo | tr -- '-_' '+/' | base64 -d 2>/dev/null |
	jq -r .IsolationInfo.Evidence.Proof >"$tmp/proof"
check "SNP: SevSnpVm's report" cmp "$tmp/proof" <(jq -r .report $r/maa-snp)
expect 5 'takes HCL reports' 'AzureGuest: no paravisor' req "${guest[@]}" --evidence golden/blob-maa.cvme
expect 5 'quote of the vTPM' 'AzureGuest: no quote' req "${guest[@]}" --evidence "$tmp/hcl-alone"
expect 5 'as the service requires' 'AzureGuest: a quote with qualifying data' req "${guest[@]}" --evidence $r/kbs-azure-snp.cvme
expect 4 'needs the TPM' 'AzureGuest: no key, no TPM' req maa --tpm "$tmp/none" --form azure-guest --tcg-log "$tmp/tcg" --evidence $r/maa-azure-snp.cvme

# options
expect 2 'maa takes no --user-data' "an option of other services" req maa --user-data /dev/null --evidence golden/blob-maa.cvme
expect 2 'an option of attest' "an option of the other verb" req maa --endpoint https://h --evidence golden/blob-maa.cvme
expect 2 "no form 'v3'" 'a form that there is not' req ita --form v3
expect 2 'one form only' 'a form where there is one' req kbs --form x
expect 2 'takes the name of one service' 'no service' req --evidence golden/blob-maa.cvme
expect 2 'has no body' 'a GET has no body' req ita --begin
for s in maa coco-as cmw; do
	expect 2 "$s takes no --begin" "$s: nobody to ask for a challenge" req $s --begin
done
n=0
for s in $("$tool" attest --help | sed -n '/^SERVICE/,$s/^  \([a-z-]*\)  .*/\1/p'); do
	n=$((n + 1))
	expect 2 '--endpoint URL is missing' "attest takes $s, which its --help lists" "$tool" attest "$s"
done
check 'it lists the six services' test "$n" -eq 6
expect 2 'there are:' 'attest: no such service' "$tool" attest nosuch
if grep -q cmw "$tmp/err"; then not_ok 'the list has services only'; else ok 'the list has services only'; fi
for s in maa ita kbs coco-as veraison gcp cmw; do
	expect 0 '' "$s --help" req $s --help
	check 'says how' grep -q "^Usage: cvm-evidence request.* $s " "$tmp/out"
done

# a known answer of each hash: AS's own test, and SHA-512 of nothing, which Intel's
# client writes on Azure
req coco-as --runtime-data $r/as-runtime.json --binding >"$tmp/out"
check "AS's example of JCS and SHA-384" grep -q '"report_data":"e71ce8e70d814ba6639c3612ebee0ff1f76f650f8dbb5e47157e0f3f525cd22c4597480a186427c813ca941da78870c3"' "$tmp/out"
req ita --self-nonce --binding >"$tmp/out"
check "ITA: SHA-512 of nothing" grep -q '"report_data":"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"' "$tmp/out"

# what is hashed is written too: anybody can hash it again
hashed() { # SERVICE HASH OPTION...
	local s=$1 hash=$2
	shift 2
	req "$s" "$@" --binding >"$tmp/binding" 2>"$tmp/err"
	command jq -j 'if has("preimage") then .preimage else "" end' "$tmp/binding" >"$tmp/preimage"
	command jq -j '.preimage_hex // ""' "$tmp/binding" | xxd -r -p >>"$tmp/preimage"
	check "$s: --binding has the preimage" test -s "$tmp/preimage" -a \
		"$(command jq -r .hash "$tmp/binding")" = "$hash"
	case $hash in
	none) check "$s: which are the report data" cmp "$tmp/preimage" <(hex report_data <"$tmp/binding" | xxd -r -p) ;;
	*) check "$s: whose $hash the report data are" test \
		"$("${hash}sum" <"$tmp/preimage" | cut -d' ' -f1)" = "$(hex report_data <"$tmp/binding")" ;;
	esac
}
echo '{"nonce":"a b","extra-params":{"selected-hash-algorithm":"sha512"}}' >"$tmp/challenge512"
hashed kbs sha512 --challenge "$tmp/challenge512" --tee-key $r/tee-key.pem
hashed coco-as sha384 --runtime-data $r/as-runtime.json
echo raw >"$tmp/raw"
hashed coco-as none --runtime-data "$tmp/raw"
hashed ita sha512 --self-nonce --user-data "$tmp/raw"
hashed maa sha256 --runtime-data golden/runtime-data.json
expect 0 'is not saved' 'kbs: a key that nobody keeps' req kbs --challenge "$tmp/challenge512" --binding
expect 0 '' 'kbs: a key that is kept' req kbs --challenge "$tmp/challenge512" --save-key "$tmp/kept.pem" --binding
check 'of which nothing is said' test ! -s "$tmp/err"

# the messages that ask for a challenge
expect 0 '' 'kbs --begin' req kbs --begin --evidence $r/kbs-azure-tdx.cvme
check 'names the TEE' grep -qx '{"version":"0.4.0","tee":"az-tdx-vtpm","extra-params":{"supported-hash-algorithms":\["sha256","sha384","sha512"\]}}' "$tmp/out"
expect 0 '' 'veraison --begin' req veraison --begin --http h
check 'asks for 64 bytes' grep -q '^POST /challenge-response/v1/newSession?nonceSize=64 HTTP/1.1' "$tmp/out"
expect 0 '' 'gcp --begin' req gcp --begin --location projects/p/locations/l --http h
check 'in its location' grep -q '^POST /v1/projects/p/locations/l/challenges HTTP/1.1' "$tmp/out"

# secrets are neither printed nor arguments
export TRUSTAUTHORITY_API_KEY=s3cr3t-of-the-tests
# shellcheck disable=SC2086 # words
{
	expect 0 'a secret is not printed' 'ita --http' req $ita --evidence $r/ita-tdx.cvme --http h
	# shellcheck disable=SC2016 # it is this text that is printed
	check 'a place for the key' grep -q '^x-api-key: ${TRUSTAUTHORITY_API_KEY}' "$tmp/out"
	if grep -q s3cr3t "$tmp/out"; then not_ok 'but no key'; else ok 'but no key'; fi
	req $ita --evidence $r/ita-tdx.cvme --curl h >"$tmp/curl"
}
if grep -q s3cr3t "$tmp/curl"; then not_ok '--curl has no key'; else ok '--curl has no key'; fi
mkdir "$tmp/bin"
cat >"$tmp/bin/curl" <<-EOC
	#!/bin/sh
	cat >"$tmp/sent"
	cat <&3 >"$tmp/key" 2>/dev/null
	echo "\$*" >"$tmp/args"
EOC
chmod +x "$tmp/bin/curl"
PATH=$tmp/bin:$PATH sh "$tmp/curl"
check 'a shell sends the body' cmp "$tmp/sent" $r/ita-tdx
check 'the key goes by a file descriptor' grep -qx 'x-api-key: s3cr3t-of-the-tests' "$tmp/key"
check 'the address' grep -q 'https://h/appraisal/v2/attest$' "$tmp/args"
if grep -q s3cr3t "$tmp/args"; then not_ok 'no argument has the key'; else ok 'no argument has the key'; fi
# shellcheck disable=SC2086 # words
req $veraison --form cbor --evidence $r/veraison-snp.cvme --session http://other/challenge-response/v1/session/1 --curl h >"$tmp/curl"
PATH=$tmp/bin:$PATH sh "$tmp/curl" 3</dev/null
check 'a body of bytes survives the shell' cmp "$tmp/sent" $r/veraison-cbor
check 'and goes to the session at that host' grep -q 'https://h/challenge-response/v1/session/1$' "$tmp/args"
# shellcheck disable=SC2086 # words
req $kbs --evidence $r/kbs-snp.cvme --session 'kbs-session-id=a1' --http h >"$tmp/out"
check 'the cookie of the session' grep -qx $'Cookie: kbs-session-id=a1\r' "$tmp/out"

# shellcheck disable=SC2086 # words
expect 0 'lacks the cookie' 'kbs: no cookie' req $kbs --evidence $r/kbs-snp.cvme --http h
# shellcheck disable=SC2086 # words
expect 0 'lacks the location' 'veraison: no location' req $veraison --evidence $r/veraison-snp.cvme --curl h

# a new key is kept for its owner alone
expect 3 '' 'no device' req kbs --challenge $r/kbs-challenge.json --save-key "$tmp/new.pem" --device "$tmp/none"
check 'but the key was made' openssl pkey -in "$tmp/new.pem" -noout
check 'for its owner' test "$(stat -c %a "$tmp/new.pem")" = 600
expect 1 'cannot make' 'and is not written over' req kbs --challenge $r/kbs-challenge.json --save-key "$tmp/new.pem" --device "$tmp/none"
exit $status
