#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What completes evidence: --qgs over AF_UNIX and vsock, and --imds.
# shellcheck disable=SC2317 # functions are called by expect and trap
. ./lib.sh
. ./standin.lib
. ./requests.lib
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy


rd=golden/runtime-data.json
"$OUT/gen" --bound "$tmp/td.cvme" tdreport "$(sha256sum <$rd | cut -c1-64)"
quote=$tmp/td.cvme.quote
maa() { "$tool" request maa --runtime-data $rd --evidence "$tmp/td.cvme" "$@"; }
maa --quote "$quote" >"$tmp/want"

# --- Intel's quoting service ---

standin "unix:$tmp/qgs" "$quote" "id:$quote" error:0x12005 "short:$quote" "lie:$quote" big \
	"type:$quote" golden/tdx-v4.bin hang
qgs=--qgs=unix:$tmp/qgs
expect 0 '' 'a quote by QGS' maa "$qgs"
check 'is the one a file would give' cmp "$tmp/out" "$tmp/want"
check 'of this TDREPORT' grep -qx "$(sha256sum <$rd | cut -c1-64)0\{64\}" "$tmp/log"
expect 0 '' 'an answer that names the selected key' maa "$qgs"
check 'the quote without the name' cmp "$tmp/out" "$tmp/want"
expect 7 'error 0x12005' 'an error of the service' maa "$qgs"
expect 7 'ended the exchange' 'an answer that is cut off' maa "$qgs"
expect 7 'is malformed' 'sizes that contradict each other' maa "$qgs"
expect 7 'no quote is that long' 'a length no quote has' maa "$qgs"
expect 7 'does not speak the protocol' 'an answer to another question' maa "$qgs"
expect 5 'not made from this TDREPORT' 'a quote of another TD' maa "$qgs"
expect 6 'does not answer in time' 'a service that hangs' maa "$qgs" --http-timeout 1
expect 1 'no connection' 'no service' maa --qgs=unix:"$tmp/none"
expect 2 'neither vsock:CID:PORT nor unix:PATH' 'an address that is none' maa --qgs=localhost:4050
expect 2 'neither vsock:CID:PORT nor unix:PATH' 'an address with more behind it' maa --qgs=vsock:2:4050x
port=$((50000 + $$ % 10000))
if standin "vsock:$port" "$quote"; then
	expect 0 '' 'a quote by QGS over vsock' maa --qgs="vsock:1:$port"
	check 'is the same' cmp "$tmp/out" "$tmp/want"
else
	echo "skip QGS over vsock: this kernel has no vsock to itself (module vsock_loopback)"
fi

# --- Azure's instance metadata ---

item() { "$tool" show --json "$2" | jq -j ".items[] | select(.name == \"$1\") | .data" | base64 -d; }
item report $r/maa-azure-snp.cvme >"$tmp/hcl"
item certs $r/maa-azure-snp.cvme >"$tmp/table"
"$tool" request maa --runtime-data $rd --evidence "$tmp/hcl" --certs "$tmp/table" >"$tmp/want-snp"
jq -r .report "$tmp/want-snp" | tr -- '-_' '+/' | base64 -d 2>/dev/null | jq -r .VcekCertChain | tr -- '-_' '+/' |
	base64 -d 2>/dev/null >"$tmp/chain.pem"
# the TCB as THIM writes it: the eight bytes read as one big-endian number
tcb=$(tail -c +417 "$tmp/hcl" | head -c 8 | od -An -v -tx1 | awk '{ for (i = NF; i; i--) printf "%s", toupper($i) }')
thim() {
	jq -cn --arg tcbm "$1" --arg vcek "$(awk '/BEGIN/ { n++ } n == 1' "$tmp/chain.pem")" \
		--arg chain "$(awk '/BEGIN/ { n++ } n > 1' "$tmp/chain.pem")" \
		'{vcekCert: ($vcek + "\n"), tcbm: $tcbm, certificateChain: ($chain + "\n"), cacheControl: "86400"}'
}
thim "$tcb" >"$tmp/thim"
thim DB18000000000005 >"$tmp/thim-other"
echo '{"vcekCert":"x"}' >"$tmp/thim-bad"
printf '{"quote":"%s"}' "$(base64 -w0 <"$quote" | tr '+/' '-_' | tr -d =)" >"$tmp/tdquote"
: >"$tmp/log"
standin http "$tmp/thim" "$tmp/thim-other" "$tmp/thim-bad" 404 "$tmp/tdquote" 500 "$tmp/tdquote"
imds=--imds=http://127.0.0.1:$address
snp() { "$tool" request maa --runtime-data "$rd" --evidence "$tmp/hcl" "$@"; }
expect 0 '' 'certificates by THIM' snp "$imds"
check 'make the same request' cmp "$tmp/out" "$tmp/want-snp"
check 'asked with Metadata: true' grep -q '^GET /metadata/THIM/amd/certification true' "$tmp/log"
expect 5 'is for TCB DB18000000000005' 'certificates of another TCB' snp "$imds"
expect 5 'neither certificates' 'what are not certificates' snp "$imds"
expect 7 'the request to' 'a host that is not Azure' snp "$imds"
expect 0 '' 'a quote by the host' maa "$imds"
check 'is the one a file would give' cmp "$tmp/out" "$tmp/want"
b64=$(item report "$tmp/td.cvme" | base64 -w0 | tr '+/' '-_' | tr -d =)
check 'asked with the TDREPORT alone' grep -qxF "POST /acc/tdquote true {\"report\":\"$b64\"}" "$tmp/log"
expect 0 'asking again' 'a host that is busy' maa "$imds"
HTTP_PROXY=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 expect 1 'is this a VM on Azure' 'no proxy is asked' snp "$imds"
if grep -q ':9:' "$tmp/err"; then not_ok 'not even tried'; else ok 'not even tried'; fi

# --- AMD's service: a report of version 2 does not tell its product ---

cert() { awk -v k="$1" '/BEGIN/ { n++ } n == k' golden/certs.pem; }
export XDG_CACHE_HOME=$tmp/cache
for i in 1 2 3; do
	case $(cert $i | openssl x509 -noout -subject) in
	*VCEK*) cert $i | openssl x509 -outform DER -out "$tmp/vcek.der" ;;
	*ARK*) cert $i >"$tmp/ark.pem" ;;
	*) cert $i >"$tmp/ask.pem" ;;
	esac
done
cat "$tmp/ask.pem" "$tmp/ark.pem" >"$tmp/kds-chain.pem"
: >"$tmp/log"
standin http 404 "$tmp/vcek.der" "$tmp/kds-chain.pem" 404 404 "$tmp/thim-bad"
kds=--kds=http://127.0.0.1:$address
v2() { "$tool" request maa --self-nonce --evidence golden/snp-v2.bin "$@"; }
expect 0 '' 'certificates by AMD, for version 2' v2 "$kds"
check 'Milan is tried, then Genoa' test "$(grep -o '/vcek/v1/[A-Za-z]*/[a-z0-9_]\{6\}' "$tmp/log" | cut -d/ -f4 | tr '\n' ' ')" = 'Milan Genoa Genoa '
cp "$tmp/out" "$tmp/by-kds"
v2 --certs golden/certs.pem >"$tmp/out"
check 'the same request as with files' cmp "$tmp/out" "$tmp/by-kds"
mv "$tmp/cache" "$tmp/cache-kept"
expect 7 'has no VCEK' 'a chip AMD does not know' v2 "$kds"
expect 5 'neither certificates' 'an answer that is not a certificate' v2 "$kds"
check 'is not kept' test -z "$(find "$tmp/cache" -type f 2>/dev/null)"
rm -rf "$tmp/cache"
mv "$tmp/cache-kept" "$tmp/cache"
expect 5 'signed by a VLEK' 'a report that names no chip' "$tool" request maa --self-nonce --evidence golden/snp-dangerous.bin "$kds"
exit $status
