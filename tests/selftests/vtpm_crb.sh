#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The TPM behind the kernel's own tpm_crb, with an HCL report captured on Azure in its
# index: host_crb.sh starts the guest, and says what jq and od found in the report. No
# new report is ever made, so the device may give this one only for what it is.

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

tool=${CVM_TOOL:-cvm-evidence}
captured=/opt/sim/captured
report=0x01400001 input=0x01400002
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -n "${CRB_TEE-}" ] || skip_all "host_crb.sh runs it"

export TPM2TOOLS_TCTI=device:/dev/tpmrm0 TSS2_LOG=all+none
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

cleanup() {
	rm -rf "${tmp:?}"/*
}

# take ARG...: evidence in $tmp/blob, the exit status in $rc
take() {
	rm -f "$tmp/blob"
	"$tool" get --provider vtpm -o "$tmp/blob" "$@" 2>"$tmp/err"
	rc=$?
	note "get $*: exit status $rc: $(cat "$tmp/err")"
}

zeros() {
	[ -z "$(printf %s "$CRB_USER_DATA" | tr -d 0)" ]
}

the_driver_is_the_kernels() {
	driver=$(readlink /sys/class/tpm/tpm0/device/driver) || fail "no TPM"
	case ${driver##*/} in
	tpm_crb*) ;;
	*) fail "${driver##*/}" ;;
	esac
}

available() {
	"$tool" status --json >"$tmp/status" || fail "status: exit status $?"
	# shellcheck disable=SC2016 # jq's
	check "available, $CRB_TEE" jq -e --arg tee "$CRB_TEE" '.providers[] |
		select(.name == "vtpm") | .status == "available" and .tee == $tee' "$tmp/status" >/dev/null
}

tpm2_tools_read_the_same() {
	check "tpm2_nvread" tpm2_nvread -C o -o "$tmp/theirs" "$report"
	size=$(wc -c <"$captured")
	check "the captured bytes" cmp -n "$size" "$captured" "$tmp/theirs"
}

# A report over somebody's data is not for this request; one over none is evidence of
# the boot, and says so.
the_report_is_given_for_what_it_is() {
	take --report-data hex:1122
	if ! zeros; then
		check "timed out" [ "$rc" = 6 ]
		check "no evidence" [ ! -e "$tmp/blob" ]
		return
	fi
	check "exit status 0" [ "$rc" = 0 ]
	"$tool" show --json "$tmp/blob" >"$tmp/json" || fail "show: exit status $?"
	check "of the boot" jq -e '.binding == "hcl-boot"' "$tmp/json" >/dev/null
	jq -er '.items[] | select(.name == "report").data' "$tmp/json" | base64 -d >"$tmp/report"
	size=$(wc -c <"$tmp/report")
	check "the captured bytes" cmp -n "$size" "$captured" "$tmp/report"
	check "zeros behind them" [ -z "$(tail -c +$((size + 1)) "$captured" | tr -d '\0')" ]
}

never_as_fresh() {
	take --fresh --report-data hex:1122
	check "timed out" [ "$rc" = 6 ]
	check "no evidence" [ ! -e "$tmp/blob" ]
}

# The AK of this TPM is not the machine's that made the report: its quote would bind
# nothing to these claims.
no_quote_of_another_key() {
	take --tpm-quote --report-data hex:1122
	if zeros; then
		[ "$rc" != 0 ] || ! "$tool" show --json "$tmp/blob" | jq -e \
			'.binding == "hcl-quote" or any(.items[]; .name == "tpm_attest")' >/dev/null ||
			fail "a quote of a key that the claims do not name"
	else
		check "no evidence" [ "$rc" != 0 ]
	fi
}

# What another tool keeps there, as Azure's own tools write it
their_user_data_stays() {
	tpm2_nvreadpublic "$input" >/dev/null 2>&1 ||
		check "tpm2_nvdefine" tpm2_nvdefine -Q -C o -s 64 "$input" \
			-a 'ownerread|ownerwrite|authread|authwrite'
	head -c 64 /dev/urandom >"$tmp/data"
	check "tpm2_nvwrite" tpm2_nvwrite -Q -C o -i "$tmp/data" "$input"
	take --report-data hex:3344
	check "tpm2_nvread" tpm2_nvread -C o -o "$tmp/after" "$input"
	check "the same data" cmp "$tmp/data" "$tmp/after"
}

ktap_main the_driver_is_the_kernels available tpm2_tools_read_the_same \
	the_report_is_given_for_what_it_is never_as_fresh no_quote_of_another_key \
	their_user_data_stays
