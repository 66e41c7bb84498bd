#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# NV indexes that another tool made, with tpm2-tools as that tool: user data of
# another size or without the owner's rights, and a report index that is not the
# platform's.

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

tool=${CVM_TOOL:-cvm-evidence}
input=0x01400002
report=0x01400001
data=hex:$(printf 'aa%.0s' $(seq 64))
[ "$(id -u)" = 0 ] || skip_all "needs root"
for c in "$tool" jq tpm2_nvdefine; do
	command -v "$c" >/dev/null || skip_all "no $c here"
done
[ -c /dev/tpmrm0 ] || skip_all "no /dev/tpmrm0 (tests/vm/run -s azure-snp)"
"$tool" status --json 2>/dev/null |
	jq -e '.providers[] | select(.name == "vtpm" and .status == "available")' >/dev/null ||
	fail "the provider vtpm is not available"

export TPM2TOOLS_TCTI=device:/dev/tpmrm0 TSS2_LOG=all+none
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

cleanup() {
	"$ctl" reset
}

# other_tool SIZE ATTRIBUTES: it makes the index of user data
other_tool() {
	tpm2_nvundefine -Q -C o "$input" 2>/dev/null
	tpm2_nvdefine -Q -C o -s "$1" -a "$2" "$input" || fail "tpm2_nvdefine: $?"
}

heals() {
	"$ctl" window=0
	other_tool "$@"
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" 2>"$tmp/err" ||
		fail "$* : status $?: $(cat "$tmp/err")"
	size=$(tpm2_nvreadpublic "$input" | sed -n 's/^ *size: //p')
	[ "$size" = 64 ] || fail "$* : size $size"
	# as its manual says, the other tool reads and writes the new one
	printf 'the other tool' >"$tmp/other"
	tpm2_nvwrite -Q -C o -i "$tmp/other" "$input" || fail "it cannot write"
	[ "$(tpm2_nvread -C o -s 14 "$input")" = 'the other tool' ] || fail "it cannot read"
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" || fail "then: $?"
}

short_index() {
	heals 32 'ownerread|ownerwrite'
	heals 1 'ownerread|ownerwrite'
}

long_index() {
	heals 128 'ownerread|ownerwrite'
}

not_for_the_owner() {
	heals 64 'authread|authwrite'
	heals 64 'ownerread|authread|authwrite'
	heals 64 'authread|ownerwrite'
}

# What fits is left as it is
kept_index() {
	"$ctl" window=0
	other_tool 64 'ownerread|ownerwrite|authread|authwrite'
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" || fail "status $?"
	tpm2_nvreadpublic "$input" | grep -q authread || fail "it was made anew"
}

bytes() { od -An -v -tx1 "$1" | tr -d ' \n'; }

# As Azure's, kinvolk's and CoCo's tools do it: their data are there when they read
their_data() {
	head -c 64 /dev/urandom >"$tmp/theirs"
	tpm2_nvwrite -Q -C o -i "$tmp/theirs" "$input" || fail "tpm2_nvwrite: $?"
}

are_kept() {
	tpm2_nvread -C o -o "$tmp/now" "$input" || fail "$1: tpm2_nvread: $?"
	cmp -s "$tmp/theirs" "$tmp/now" || fail "$1: theirs was $(bytes "$tmp/theirs"), now $(bytes "$tmp/now")"
}

their_data_are_put_back() {
	"$ctl" window=0
	other_tool 64 'ownerread|ownerwrite|authread|authwrite'
	their_data
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" || fail "status $?"
	are_kept "after a request"
	"$tool" get --provider vtpm --fresh --report-data "$data" -o "$tmp/blob" || fail "fresh: status $?"
	are_kept "after a fresh one"
	"$ctl" never_refresh=1
	"$tool" get --provider vtpm --fresh --report-data "$data" -o "$tmp/blob" 2>/dev/null &&
		fail "fresh evidence of a paravisor that makes none"
	are_kept "after one that failed"
}

# az-snp-vtpm of kinvolk/azure-cvm-tooling, get_report_with_report_data(): write, sleep for
# 3 s, read, and do not look whose data the report carries. A request of ours comes in
# the middle, when it would begin the window in which they read.
they_write_sleep_and_read() {
	"$ctl" window=2000
	other_tool 64 'ownerread|ownerwrite|authread|authwrite'
	sleep 2.5
	their_data
	sleep 1.5
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" &
	waits=$!
	sleep 1.5
	tpm2_nvread -C o -o "$tmp/report" "$report" || fail "tpm2_nvread of the report: $?"
	grep -aqi "\"user-data\":\"$(bytes "$tmp/theirs")\"" "$tmp/report" ||
		fail "their report does not carry their data"
	wait "$waits" || fail "our request beside it: status $?"
	"$tool" show --json "$tmp/blob" | jq -e '.binding == "hcl"' >/dev/null || fail "not bound"
	are_kept "after both"
}

# An index of just the size of another tool's data stays, where ours fit into it; where
# they do not, its data stay
an_index_of_their_size() {
	"$ctl" window=0
	other_tool 48 'ownerread|ownerwrite'
	head -c 48 /dev/urandom >"$tmp/theirs"
	tpm2_nvwrite -Q -C o -i "$tmp/theirs" "$input" || fail "tpm2_nvwrite: $?"
	"$tool" get --provider vtpm --fresh --report-data "hex:$(printf 'bb%.0s' $(seq 32))" \
		-o "$tmp/blob" || fail "status $?"
	size=$(tpm2_nvreadpublic "$input" | sed -n 's/^ *size: //p')
	[ "$size" = 48 ] || fail "an index of 48 bytes has $size after 32 bytes of ours"
	are_kept "an index of 48 bytes"
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" || fail "status $?"
	head -c 16 /dev/zero >>"$tmp/theirs"
	are_kept "an index made larger"
}

# What they write while a request of ours waits for the next window
their_data_meanwhile() {
	"$ctl" window=3000
	other_tool 64 'ownerread|ownerwrite'
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" || fail "status $?"
	"$tool" get --provider vtpm --report-data hex:bb -o "$tmp/blob" &
	waits=$!
	within 20 written bb || fail "the second request wrote nothing"
	their_data
	wait "$waits" || fail "the second request: $?"
	are_kept "after a request that met it"
}

written() { tpm2_nvread -C o -s 1 "$input" 2>/dev/null | od -An -tx1 | grep -q "$1"; }

nothing_of_ours_stays() {
	"$ctl" window=0
	tpm2_nvundefine -Q -C o "$input" 2>/dev/null
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" || fail "status $?"
	tpm2_nvread -C o -o "$tmp/now" "$input" || fail "tpm2_nvread: $?"
	[ "$(bytes "$tmp/now")" = "$(printf '%0128d' 0)" ] || fail "left: $(bytes "$tmp/now")"
	# the boot's report, which is made over it, is nobody's (docs/azure.md)
	"$ctl" never_refresh=1 power=reset
	within 60 [ -c /dev/tpmrm0 ] || fail "no TPM after its reset"
	within 60 boot_report || fail "the boot's report is not given: $(cat "$tmp/err")"
}

boot_report() {
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" 2>"$tmp/err" &&
		"$tool" show --json "$tmp/blob" | jq -e '.binding == "hcl-boot"' >/dev/null
}

# The owner, which is the guest's root, can write anything into an index it made
report_of_the_owner() {
	"$ctl" window=0
	"$tool" get --provider vtpm --report-data "$data" --format raw -o "$tmp/hcl" ||
		fail "no report to put there: $?"
	"$ctl" index=missing index_size=2048
	tpm2_nvdefine -Q -C o -s 2048 -a 'ownerread|ownerwrite|authread|authwrite' "$report" ||
		fail "tpm2_nvdefine: $?"
	head -c 2048 "$tmp/hcl" >"$tmp/part"
	tpm2_nvwrite -Q -C o -i "$tmp/part" "$report" || fail "tpm2_nvwrite: $?"
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/false" 2>"$tmp/err"
	rc=$?
	sleep 1.2
	"$tool" get --provider vtpm --report-data "$data" -o "$tmp/false" 2>>"$tmp/err"
	again=$?
	"$tool" status --json >"$tmp/status"
	tpm2_nvundefine -Q -C o "$report"
	"$ctl" index=ok index_size=2600
	[ "$rc $again" = '3 3' ] || fail "status $rc, $again: $(cat "$tmp/err")"
	check "vtpm is not available" jq -e '.providers[] |
		select(.name == "vtpm").status != "available"' "$tmp/status"
	within 10 "$tool" get --provider vtpm --report-data "$data" -o "$tmp/blob" 2>/dev/null ||
		fail "the platform's index is back, and there is no evidence"
}

ktap_main short_index long_index not_for_the_owner kept_index \
	their_data_are_put_back they_write_sleep_and_read their_data_meanwhile \
	an_index_of_their_size nothing_of_ours_stays report_of_the_owner
