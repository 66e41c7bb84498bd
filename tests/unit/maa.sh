#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Requests for Microsoft Azure Attestation: bodies, bindings, certificates.
. ./lib.sh

g=golden
rd=$g/runtime-data.json
maa() { "$tool" request maa "$@"; }
# member NAME FILE: the value of a text member of a JSON object of one line
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$2"; }
unb64() {
	local t
	t=$(tr -- '-_' '+/')
	while [ $((${#t} % 4)) -ne 0 ]; do t=$t=; done
	printf %s "$t" | base64 -d
}
b64url() { base64 -w0 | tr '+/' '-_' | tr -d =; }

# SevSnpVm from a blob
expect 0 '' 'SevSnpVm' maa --evidence $g/blob-maa.cvme --runtime-data $rd
cp "$tmp/out" "$tmp/body"
want=',"runtimeData":{"data":"'$(b64url <$rd)'","dataType":"JSON"}}'
if grep -qF "$want" "$tmp/body" && grep -q '^{"report":"[A-Za-z0-9_-]*",' "$tmp/body"; then
	ok 'members, order, base64url without padding'
else
	not_ok 'members, order, base64url without padding'
fi
member report "$tmp/body" | unb64 >"$tmp/report"
member SnpReport "$tmp/report" | unb64 >"$tmp/snp"
check 'SnpReport is the report' cmp "$tmp/snp" <(tail -c +129 $g/blob-maa.cvme | head -c 1184)
member VcekCertChain "$tmp/report" | unb64 >"$tmp/chain"
subjects=$(openssl crl2pkcs7 -nocrl -certfile "$tmp/chain" | openssl pkcs7 -print_certs -noout | grep subject | tr -d '\n ')
if [ "$subjects" = 'subject=CN=SEV-VCEKTESTsubject=CN=SEV-TESTsubject=CN=ARK-TEST' ]; then
	ok 'VcekCertChain is VCEK, ASK, ARK'
else
	not_ok "VcekCertChain is VCEK, ASK, ARK: $subjects"
fi
expect 0 '' 'all members' maa --evidence $g/blob-maa.cvme --runtime-data $rd --runtime-data-type binary --nonce 77
if grep -q '"dataType":"Binary"},"nonce":"77"}$' "$tmp/out"; then ok 'in order'; else not_ok 'in order'; fi

# certificates from elsewhere
tail -c +129 $g/blob-maa.cvme | head -c 1184 >"$tmp/raw"
expect 5 '--certs FILE' 'a raw report brings no certificates' maa --evidence "$tmp/raw" --runtime-data $rd
for c in certs.pem certs-rfc4122-pem.bin certs-mixed-der.bin; do
	expect 0 '' "certificates of $c" maa --evidence "$tmp/raw" --certs $g/$c --runtime-data $rd
	check 'give the same body' cmp "$tmp/out" "$tmp/body"
done
sed -n '1,/END/p' $g/certs.pem >"$tmp/ark.pem"
expect 5 'ucodeSPL=97' 'a root alone: where the VCEK is to be had' maa --evidence "$tmp/raw" --certs "$tmp/ark.pem" --runtime-data $rd
awk '/BEGIN/ { n++ } n == 2' $g/certs.pem >"$tmp/vcek.pem"
expect 5 'SEV-TEST' 'a leaf alone: what is missing' maa --evidence "$tmp/raw" --certs "$tmp/vcek.pem" --runtime-data $rd
expect 2 'neither certificates' 'certificates that are none' maa --evidence "$tmp/raw" --certs $rd --runtime-data $rd
expect 2 'is empty' 'an empty file of certificates' maa --evidence "$tmp/raw" --certs /dev/null --runtime-data $rd
cp "$tmp/raw" "$tmp/altered"
printf x | dd of="$tmp/altered" bs=1 seek=150 conv=notrunc 2>/dev/null
expect 5 'altered' 'an altered report' maa --evidence "$tmp/altered" --certs $g/certs.pem --runtime-data $rd

# binding
echo '{"other":1}' >"$tmp/other"
expect 5 'not bound to the runtime data' 'evidence for other runtime data' maa --evidence $g/blob-maa.cvme --runtime-data "$tmp/other"
printf '\001' | dd of="$tmp/raw" bs=1 seek=140 conv=notrunc 2>/dev/null
expect 5 'more bytes follow it' 'data after the hash' maa --evidence "$tmp/raw" --certs $g/certs.pem --runtime-data $rd
expect 2 '--runtime-data FILE is missing' 'no runtime data' maa --evidence $g/blob-maa.cvme
expect 5 'proves freshness to no verifier' "the kernel's own nonce" maa --evidence $g/blob-random.cvme --runtime-data $rd
expect 0 '' 'unless --self-nonce' maa --evidence $g/blob-random.cvme --self-nonce
if grep -q runtimeData "$tmp/out"; then not_ok 'without runtimeData'; else ok 'without runtimeData'; fi
expect 5 'not bound' 'a blob that contradicts itself' maa --evidence $g/bad-binding.cvme --runtime-data $rd
expect 5 'not bound' 'an SVSM binding is not what MAA checks' maa --evidence $g/blob-svsm.cvme --certs $g/certs.pem --runtime-data $rd
expect 2 'is empty' 'empty runtime data' maa --evidence $g/blob-maa.cvme --runtime-data /dev/null
printf 'no json' >"$tmp/text"
expect 2 'not a JSON object' 'runtime data that are not JSON, said to be' maa --evidence $g/blob-maa.cvme --runtime-data "$tmp/text" --runtime-data-type json
expect 2 'neither json nor' 'an unknown type' maa --evidence $g/blob-maa.cvme --runtime-data $rd --runtime-data-type xml
expect 5 'HOST_DATA' 'init data of another VM' maa --evidence $g/blob-maa.cvme --runtime-data $rd --init-data $rd
expect 2 'printable' 'a nonce that is not text' maa --evidence $g/blob-maa.cvme --runtime-data $rd --nonce $'\x01'

# TdxVm
expect 0 '' 'TdxVm' maa --evidence $g/blob-tdx.cvme --runtime-data $rd
member quote "$tmp/out" | unb64 >"$tmp/quote"
check 'quote without its tail of zeros' test "$(stat -c %s "$tmp/quote")" -eq $((54 + 648 + 4 + 128 + 6 + 384 + 64 + 2 + 32 + 6 + 8))
expect 0 '' 'TdxVm with init data' maa --evidence $g/blob-tdx.cvme --runtime-data $rd --init-data "$tmp/text"
if grep -q '"initTimeData":{"data":"bm8ganNvbg","dataType":"Binary"}}$' "$tmp/out"; then ok 'in initTimeData'; else not_ok 'in initTimeData'; fi
expect 5 '--quote FILE' 'a TDREPORT is not a quote' maa --evidence $g/blob-tdreport.cvme --runtime-data $rd
expect 5 'not made from this TDREPORT' 'a quote of another TDREPORT' maa --evidence $g/blob-tdreport.cvme --quote $g/tdx-v4.bin --runtime-data $rd
expect 5 'not flagged' 'a TDREPORT passed off as a quote' maa --evidence $g/bad-flag.cvme --runtime-data $rd
expect 2 'goes with a TDREPORT' 'a quote for a report that needs none' maa --evidence $g/blob-maa.cvme --quote $g/tdx-v4.bin --runtime-data $rd
expect 5 'takes SNP reports' 'Arm CCA' maa --evidence $g/blob-cca.cvme --runtime-data $rd

# HCL reports bring their runtime data
expect 0 '' 'an HCL report' maa --evidence $g/hcl-snp.bin --certs $g/certs.pem
if grep -qF '"runtimeData":{"data":"'"$(tail -c +1237 $g/hcl-snp.bin | tr -d '\0' | b64url)" "$tmp/out"; then
	ok 'its claims are the runtime data'
else
	not_ok 'its claims are the runtime data'
fi
expect 5 'not bound' 'claims that were altered' maa --evidence $g/bad-hcl-claims.bin --certs $g/certs.pem

# the whole request
expect 0 '' '--http' maa --evidence $g/blob-maa.cvme --runtime-data $rd --http a.weu.attest.azure.net
{
	printf 'POST /attest/SevSnpVm?api-version=2022-08-01 HTTP/1.1\r\nHost: a.weu.attest.azure.net\r\n'
	printf 'Content-Type: application/json\r\nAccept: application/json\r\n'
	printf 'Content-Length: %d\r\nConnection: close\r\n\r\n' $(($(stat -c %s "$tmp/body") - 1))
	head -c -1 "$tmp/body"
} >"$tmp/http"
check 'head and body, byte for byte' cmp "$tmp/out" "$tmp/http"
maa --evidence $g/blob-tdx.cvme --runtime-data $rd --http h >"$tmp/out"
if head -1 "$tmp/out" | grep -q '^POST /attest/TdxVm?api-version=2023-04-01-preview HTTP/1.1'; then ok 'TdxVm: path and version'; else not_ok 'TdxVm: path and version'; fi
maa --evidence $g/blob-maa.cvme --runtime-data $rd --curl h --api-version 2025-06-01 >"$tmp/curl"
# shellcheck disable=SC2317  # the sourced file calls it
curl() { cat >"$tmp/sent"; echo "$*" >"$tmp/args"; }
# shellcheck disable=SC1091  # made above
. "$tmp/curl"
check '--curl: a shell sends the body' cmp "$tmp/sent" "$tmp/body"
if grep -q -- '--data-binary @- https://h/attest/SevSnpVm?api-version=2025-06-01' "$tmp/args"; then ok '--curl: the address'; else not_ok '--curl: the address'; fi
expect 2 'a character that is not allowed' 'a host that is none' maa --http 'h;x' --evidence $g/blob-maa.cvme --runtime-data $rd
expect 2 'https://' 'a host with a scheme' maa --curl 'https://h' --evidence $g/blob-maa.cvme --runtime-data $rd
expect 2 'exclude each other' '--http and --curl' maa --http h --curl h --evidence $g/blob-maa.cvme --runtime-data $rd

# real samples
az=$VECTORS/Azure-Samples__microsoft-azure-attestation
rs=$VECTORS/confidential-dot-ai__attestation-rs
cc=$VECTORS/confidential-containers__trustee
if [ -d "$az" ] && [ -d "$rs" ] && [ -d "$cc" ]; then
	maa --self-nonce --evidence "$az/get-sevsnp-jwt.snp_report.b7a21119.bin" \
		--certs "$az/maa-vcekcertchain.pem" >"$tmp/out"
	member report "$tmp/out" | tr -d '\n' >"$tmp/field"
	check "Azure's own sample of the field report, byte for byte" cmp "$tmp/field" "$az/maa-sevsnpvm-report-field.b64url.txt"
	certs=(--certs "$rs/milan-v3-attestation.vcek.5481475b.der" --certs "$rs/amd_SEV-Milan.der" --certs "$rs/amd_ARK-Milan.der")
	tail -c +1237 "$rs/milan-v3-attestation.hcl.a0ba4a3b.bin" | head -c 1110 >"$tmp/claims"
	expect 0 '' 'a real Milan report and the claims it is bound to' \
		maa --evidence "$rs/milan-v3-attestation.snp_report.e3823822.bin" "${certs[@]}" --runtime-data "$tmp/claims"
	cp "$tmp/out" "$tmp/one"
	expect 0 '' 'its HCL report' maa --evidence "$rs/milan-v3-attestation.hcl.a0ba4a3b.bin" "${certs[@]}"
	check 'gives the same request' cmp "$tmp/out" "$tmp/one"
	expect 5 'none of the VCEK or VLEK certificates matches' "another chip's VCEK" \
		maa --evidence "$rs/evidence.hcl.f71a1078.bin" "${certs[@]}"
	expect 0 '' 'a real TDREPORT and the quote made of it' \
		maa --evidence "$cc/hcl-report.2.bin" --quote "$cc/td-quote.bin"
	member quote "$tmp/out" | unb64 >"$tmp/quote"
	check 'the quote without its tail' cmp "$tmp/quote" <(head -c 4936 "$cc/td-quote.bin")
	expect 5 'not made from this TDREPORT' 'a real quote of another TDREPORT' \
		maa --evidence "$cc/hcl-report.4.bin" --quote "$cc/td-quote.bin"
	while IFS=$'\t' read -r file _; do
		expect 5 '' "bound to other data: ${file##*/}" maa --evidence "$VECTORS/$file" --runtime-data $rd
	done < <(awk -F'\t' '$2 ~ /^(snp-report-v|tdx-quote)/ && n++ % 6 == 0' "$VECTORS/MANIFEST.tsv")
else
	echo 'skip requests of real samples: VECTORS is not here'
fi
exit $status
