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

ktap_main short_index long_index not_for_the_owner kept_index report_of_the_owner
