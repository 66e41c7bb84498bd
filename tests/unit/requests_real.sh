#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Requests made of real evidence against what real clients made of it.
. ./lib.sh
. ./requests.lib

cc=$VECTORS/confidential-containers__trustee
rs=$VECTORS/confidential-dot-ai__attestation-rs
vs=$VECTORS/veraison__services
it=$VECTORS/intel__trustauthority-client-for-go
ms=$VECTORS/microsoft__confidential-sidecar-containers
for d in "$cc" "$rs" "$vs" "$it" "$ms"; do
	if [ ! -d "$d" ]; then
		echo "skip requests of real evidence: VECTORS is not here"
		exit 0
	fi
done
req() { "$tool" request "$@"; }
b64url() { base64 -w0 | tr '+/' '-_' | tr -d =; }
unurl() { tr -- '-_' '+/' | base64 -d 2>/dev/null; }

# A vTPM's quote as the blob has it: the captures have the RSA bytes alone
tpm_items() {
	{ printf '\0\024\0\013\001\0'; cat "$2"; } >"$tmp/sig"
	echo "9=$1 10=$tmp/sig 11=$3"
}

# CoCo's evidence of Azure VMs, version 1: an HCL report of an earlier time and a
# quote over the text "challenge"
printf challenge >"$tmp/challenge"
v1() { # NAME TEE ENVELOPE HCL MSG SIG PCRS ARGUMENTS...
	local name=$1 tee=$2 envelope=$3 hcl=$4 items
	items=$(tpm_items "$5" "$6" "$7")
	shift 7
	# shellcheck disable=SC2086 # words
	"$OUT/gen" --items "$tmp/blob" "$tee" 4 $((tee == 2)) 4 1="$tmp/challenge" 2="$hcl" $items
	expect 0 '' "$name" req coco-as --runtime-data "$tmp/challenge" --evidence "$tmp/blob" "$@"
	jq -j '.verification_requests[0].evidence' "$tmp/out" | unurl >"$tmp/evidence"
	check "$name, member for member" cmp <(jq -S . "$tmp/evidence") <(jq -S . "$envelope")
}
jq -r .vcek "$cc/az-snp-vtpm.evidence-v1.json" | tr -- '-_' '+/' | base64 -d >"$tmp/vcek-v1.der"
jq -r .hcl_report "$cc/az-snp-vtpm.evidence-v1.json" | tr -- '-_' '+/' | base64 -d >"$tmp/hcl-v1"
v1 'az-snp-vtpm, version 1 (trustee)' 1 "$cc/az-snp-vtpm.evidence-v1.json" "$tmp/hcl-v1" \
	"$cc/evidence-v1.az-snp-vtpm.tpm_quote.msg.bin" "$cc/evidence-v1.az-snp-vtpm.tpm_quote.sig.bin" \
	<(jq -r '.tpm_quote.pcrs[]' "$cc/az-snp-vtpm.evidence-v1.json" | tr -d '\n' | perl -ne 'print pack "H*", $_') \
	--certs "$tmp/vcek-v1.der"
v1_of() { # the same, everything out of the envelope itself
	local name=$1 tee=$2 envelope=$3 what
	shift 3
	for what in message signature; do
		jq -r ".tpm_quote.$what" "$envelope" | perl -ne 'chomp; print pack "H*", $_' >"$tmp/$what"
	done
	jq -r '.tpm_quote.pcrs[]' "$envelope" | perl -ne 'chomp; print pack "H*", $_' >"$tmp/pcrs"
	jq -r .hcl_report "$envelope" | tr -- '-_' '+/' | base64 -d >"$tmp/hcl"
	v1 "$name" "$tee" "$envelope" "$tmp/hcl" "$tmp/message" "$tmp/signature" "$tmp/pcrs" "$@"
}
jq .evidence "$rs/az_snp.evidence-v1.json" >"$tmp/envelope.json"
[ "$(jq -r type "$tmp/envelope.json")" = object ] || cp "$rs/az_snp.evidence-v1.json" "$tmp/envelope.json"
jq -r .vcek "$tmp/envelope.json" | tr -- '-_' '+/' | base64 -d >"$tmp/vcek.der"
v1_of 'az-snp-vtpm, version 1 (attestation-rs)' 1 "$tmp/envelope.json" --certs "$tmp/vcek.der"
check 'in the same order, byte for byte' cmp "$tmp/evidence" <(jq -cj . "$tmp/envelope.json")
for e in "$cc/az-tdx-vtpm.evidence-v1.json" "$rs/az_tdx.evidence-v1.json"; do
	jq .evidence "$e" >"$tmp/envelope.json"
	[ "$(jq -r type "$tmp/envelope.json")" = object ] || cp "$e" "$tmp/envelope.json"
	jq -r .td_quote "$tmp/envelope.json" | tr -- '-_' '+/' | base64 -d >"$tmp/quote"
	v1_of "az-tdx-vtpm, version 1 (${e%/*})" 2 "$tmp/envelope.json" --quote "$tmp/quote"
done
check 'byte for byte' cmp "$tmp/evidence" <(jq -cj . "$tmp/envelope.json")
printf other >"$tmp/other"
expect 5 'TPM quote is not bound' 'a quote over another challenge' req coco-as --runtime-data "$tmp/other" --evidence "$tmp/blob" --quote "$tmp/quote"
printf x | dd of="$tmp/pcrs" bs=1 seek=70 conv=notrunc 2>/dev/null
# shellcheck disable=SC2046 # words
"$OUT/gen" --items "$tmp/blob" 2 4 1 4 1="$tmp/challenge" 2="$tmp/hcl" $(tpm_items "$tmp/message" "$tmp/signature" "$tmp/pcrs")
expect 5 'not the quoted ones' 'PCR values that were altered' req coco-as --runtime-data "$tmp/challenge" --evidence "$tmp/blob" --quote "$tmp/quote"

# KBS's snp evidence: the report comes back out of the JSON, signature and all
n=0 names=()
while IFS=$'\t' read -r file _; do
	req coco-as --self-nonce --evidence "$VECTORS/$file" >"$tmp/out" 2>"$tmp/err"
	jq -j '.verification_requests[0].evidence' "$tmp/out" | unurl >"$tmp/evidence.${#names[@]}"
	names+=("$file")
done < <(awk -F'\t' '$2 ~ /^snp-report-v[235]/' "$VECTORS/MANIFEST.tsv")
python3 ./snp_of_json.py "$tmp"/evidence.* 2>"$tmp/err"
for ((i = 0; i < ${#names[@]}; i++)); do
	if ! cmp -s "$tmp/evidence.$i.bin" <(head -c 1184 "$VECTORS/${names[i]}"); then
		not_ok "the report of ${names[i]} comes back out of its JSON"
	else
		n=$((n + 1))
	fi
done
if [ $n -ge 20 ]; then ok "$n real reports come back out of CoCo's JSON"; else not_ok "$n real reports"; fi

# Veraison's own sample: chain and report in, the same text out
jq -r .outblob "$vs/sevsnp-tsm-report.json" | unurl >"$tmp/report"
"$OUT/gen" --items "$tmp/blob" 1 1 0 1 1=<(tail -c +81 "$tmp/report" | head -c 64) 2="$tmp/report" \
	3="$vs/sevsnp-tsm-report.auxblob.bin" 14=<(printf sev_guest)
printf '{"nonce":"%s","status":"waiting"}' "$(tail -c +81 "$tmp/report" | head -c 64 | b64url)" >"$tmp/session"
expect 0 '' 'veraison' req veraison --challenge "$tmp/session" --evidence "$tmp/blob"
check "Veraison's own tsm-report, byte for byte" cmp "$tmp/out" "$vs/sevsnp-tsm-report.json"
tail -c +81 "$tmp/report" | head -c 64 >"$tmp/nonce"
expect 0 '' 'cmw' req cmw --challenge "$tmp/nonce" --evidence "$tmp/blob"
jq -j '.[1]' "$tmp/out" | unurl >"$tmp/inner"
check 'the same in a CMW record' cmp "$tmp/inner" <(head -c -1 "$vs/sevsnp-tsm-report.json")
check 'as evidence, of its media type' jq -e '.[0] == "application/vnd.veraison.tsm-report+json" and .[2] == 4 and length == 3' "$tmp/out"

# Intel's Azure TDX sample was taken without nonce and user data: SHA-512("")
: >"$tmp/empty"
ita=(ita --self-nonce --evidence "$it/aztdx_adapter_test.hcl.34803454.bin" --quote "$it/aztdx_adapter_test.tdquote_v4.f51db4d1.bin")
"$tool" show --json "$it/aztdx_adapter_test.tdquote_v4.f51db4d1.bin" | jq -r .body.REPORTDATA >"$tmp/q"
if [ "$(cat "$tmp/q")" = "$("$tool" show --json "$it/aztdx_adapter_test.tdreport.5c2169a7.bin" | jq -r .REPORTDATA)" ]; then
	expect 0 '' "Intel's Azure sample is bound to SHA-512 of nothing" req "${ita[@]}" --user-data "$tmp/empty"
	check 'runtime data are the claims' cmp <(jq -j .tdx.runtime_data "$tmp/out" | base64 -d) \
		<(tail -c +1237 "${ita[3]}" | head -c 1200)
	expect 5 'not bound' 'and to nothing else' req "${ita[@]}" --user-data "$tmp/challenge"
else
	expect 5 'not made from this TDREPORT' "the quote of Intel's sample is of another TDREPORT" req "${ita[@]}" --user-data "$tmp/empty"
fi

# a real quote in each body of ITA
q=$cc/td-quote.bin
req ita --self-nonce --evidence "$q" >"$tmp/out"
check 'ITA: a real quote, no user data: null' jq -e '.tdx | has("runtime_data") and .runtime_data == null' "$tmp/out"
check 'without its tail' cmp <(jq -j .tdx.quote "$tmp/out" | base64 -d) <(head -c 4936 "$q")
exit $status
