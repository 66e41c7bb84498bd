#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the provider vtpm hands out, judged by programs that are not ours: tpm2-tools
# at the same TPM, openssl. And with these tools at work beside it all the while.

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

tool=${CVM_TOOL:-cvm-evidence}
roots=/opt/sim/roots
report=0x01400001 ak=0x81000003 cert=0x01C101D0
[ "$(id -u)" = 0 ] || skip_all "needs root"
for c in "$tool" jq openssl tpm2_nvread tpm2_checkquote; do
	command -v "$c" >/dev/null || skip_all "no $c here"
done
[ -c /dev/tpmrm0 ] || skip_all "no /dev/tpmrm0 (tests/vm/run -s azure-snp)"
tpm2_nvreadpublic $report >/dev/null 2>&1 ||
	skip_all "this TPM has no HCL report (tests/vm/run -s azure-snp)"
"$tool" status --json 2>/dev/null |
	jq -e '.providers[] | select(.name == "vtpm" and .status == "available")' >/dev/null ||
	skip_all "the provider vtpm is not available"

export TPM2TOOLS_TCTI=device:/dev/tpmrm0 TSS2_LOG=all+none
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
pids=

sim() { [ -x "$ctl" ] && "$ctl" get window >/dev/null 2>&1; }
quick() { ! sim || "$ctl" window="$1"; }

cleanup() {
	for p in $pids; do
		kill -KILL "$p" 2>/dev/null
	done
	pids=
	! sim || "$ctl" reset
	rm -rf "${tmp:?}"/*
}

# take ARG...: evidence in $tmp/blob.json
take() {
	"$tool" get --provider vtpm --json "$@" >"$tmp/blob.json" || fail "get $*: exit status $?"
}

# item NAME: its bytes, in $tmp/NAME
item() {
	jq -er --arg n "$1" '.items[] | select(.name == $n).data' "$tmp/blob.json" >"$tmp/$1.b64" ||
		fail "no item $1"
	base64 -d "$tmp/$1.b64" >"$tmp/$1"
}

random() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

nvread_agrees() {
	sim || skip "another window may begin between the two"
	quick 0
	take --report-data "hex:$(random 64)"
	# nothing makes another one now
	quick 3600000
	item report
	check "tpm2_nvread" tpm2_nvread -C o -o "$tmp/theirs" "$report"
	check "the same bytes" cmp -n "$(wc -c <"$tmp/report")" "$tmp/report" "$tmp/theirs"
	check "at the same length, or zeros after it" [ -z "$(tail -c +$(($(wc -c <"$tmp/report") + 1)) \
		"$tmp/theirs" | tr -d '\0')" ]
	check "the data that the tool asked for" grep -aqi "\"user-data\":\"$(jq -r \
		'.items[] | select(.name == "report_data").bytes' "$tmp/blob.json")\"" "$tmp/theirs"
}

# The quote over DATA by tpm2_checkquote, with the key as the TPM and as we give it
judge_quote() {
	item tpm_attest
	item tpm_signature
	item ak_pub
	check "tpm2_readpublic" tpm2_readpublic -c "$ak" -f pem -o "$tmp/ak.pem" >/dev/null
	for key in "$tmp/ak.pem" "$tmp/ak_pub"; do
		check "tpm2_checkquote" tpm2_checkquote -u "$key" -m "$tmp/tpm_attest" \
			-s "$tmp/tpm_signature" -g sha256 -q "$1" >"$tmp/log"
		! tpm2_checkquote -u "$key" -m "$tmp/tpm_attest" -s "$tmp/tpm_signature" \
			-g sha256 -q "00$1" >"$tmp/log" 2>&1 || fail "they take a quote of other data"
	done
	# behind the header of TPMT_SIGNATURE
	tail -c 256 "$tmp/tpm_signature" >"$tmp/raw"
	check "openssl" openssl dgst -sha256 -verify "$tmp/ak.pem" -signature "$tmp/raw" \
		"$tmp/tpm_attest"
}

# PCR values as they are, and as they were quoted: their hash is in TPMS_ATTEST's end
judge_pcrs() {
	item pcrs
	check "tpm2_pcrread" tpm2_pcrread "sha256:$1" -o "$tmp/theirs" >/dev/null
	check "the same PCRs" cmp "$tmp/pcrs" "$tmp/theirs"
	digest=$(openssl dgst -sha256 -r "$tmp/pcrs" | cut -d' ' -f1)
	check "they are what was quoted" [ "$(tail -c 32 "$tmp/tpm_attest" | od -An -v -tx1 |
		tr -d ' \n')" = "$digest" ]
}

checkquote_agrees() {
	quick 0
	tpm2_pcrextend "16:sha256=$(random 32)" || fail "tpm2_pcrextend"
	data=$(random 32)
	take --tpm-quote --quote-data "hex:$data"
	judge_quote "$data"
	judge_pcrs all
	# what nobody said is the report data
	data=$(random 20)
	take --tpm-quote --report-data "hex:$data" --pcrs 0-7,16
	judge_quote "$data"
	judge_pcrs 0,1,2,3,4,5,6,7,16
}

certificate_agrees() {
	quick 0
	take --tpm-quote --quote-data hex:
	item ak_cert
	item ak_pub
	check "tpm2_nvread" tpm2_nvread -C o -o "$tmp/theirs" "$cert"
	check "the same bytes" cmp -n "$(wc -c <"$tmp/ak_cert")" "$tmp/ak_cert" "$tmp/theirs"
	check "openssl" openssl x509 -inform der -in "$tmp/ak_cert" -out "$tmp/cert.pem"
	[ ! -e "$roots/vtpm-ca.pem" ] ||
		check "its CA" openssl verify -CAfile "$roots/vtpm-ca.pem" "$tmp/cert.pem"
	openssl x509 -in "$tmp/cert.pem" -noout -pubkey >"$tmp/a.pem"
	tpm2_print -t TPM2B_PUBLIC -f pem "$tmp/ak_pub" >"$tmp/b.pem"
	check "of the AK we give" [ "$(openssl rsa -pubin -in "$tmp/a.pem" -modulus -noout)" = \
		"$(openssl rsa -pubin -in "$tmp/b.pem" -modulus -noout)" ]
}

# others: until it is killed, a line in $tmp/beside each time all went well
others() {
	while :; do
		{
			tpm2_getrandom 8 --hex && tpm2_pcrread sha256:0,7,16 &&
				tpm2_nvread -C o -o "$tmp/beside.report" "$report" &&
				tpm2_quote -c "$ak" -l sha256:0,1 -q 00 -m "$tmp/beside.m" \
					-s "$tmp/beside.s" -g sha256
		} >/dev/null 2>"$tmp/beside.err" || {
			echo "failed: $(tr '\n' ' ' <"$tmp/beside.err")" >>"$tmp/beside"
			continue
		}
		echo well >>"$tmp/beside"
	done
}

# Their reads of the report begin windows of their own: ours are true all the same.
beside_tpm2_tools() {
	quick 50
	: >"$tmp/beside"
	others &
	echo $! >"$tmp/pid"
	for i in 1 2 3 4 5 6 7 8 9 10; do
		data=$(random 40)
		take --fresh --tpm-quote --report-data "hex:$data"
		jq -e '.binding == "hcl"' "$tmp/blob.json" >/dev/null ||
			fail "request $i: bound as $(jq -r .binding "$tmp/blob.json")"
		item tpm_attest
	done
	until [ "$(wc -l <"$tmp/beside")" -ge 3 ]; do
		kill -0 "$(cat "$tmp/pid")" || fail "the loop died"
		take --fresh
		sleep 0.1
	done
	kill "$(cat "$tmp/pid")"
	note "they: $(grep -c well "$tmp/beside") rounds"
	! grep failed "$tmp/beside" || fail "tpm2-tools met errors with us beside them"
}

ktap_main nvread_agrees checkquote_agrees certificate_agrees beside_tpm2_tools
