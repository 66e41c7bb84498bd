#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What status says of the TPM: a swtpm that is put in each state, or lies.
# shellcheck disable=SC2317  # expect and check call the functions
. ./lib.sh

for p in swtpm tpm2_nvwrite jq; do
	command -v "$p" >/dev/null || { echo "skip status of a TPM: $p is not here"; exit 0; }
done
# shellcheck source=swtpm.lib
. ./swtpm.lib
finish() {
	tpm_faults_stop
	tpm_stop
	rm -rf "$tmp"
}
trap finish EXIT

# No device is here: the status is 3 whatever the TPM says.
st() { "$tool" status --device "$tmp/none" --tpm "$tmp/tpm.sock" "$@"; }
# says NAME FILTER: so does the JSON
says() {
	st --json >"$tmp/json" 2>"$tmp/err"
	if jq -e "$2" "$tmp/json" >/dev/null; then
		ok "$1"
	else
		jq -c '.tpm' "$tmp/json" >"$tmp/err"
		not_ok "$1"
	fi
}
# people NAME TEXT: in what people read
people() {
	st >"$tmp/out" 2>"$tmp/err"
	if grep -qF -- "$2" "$tmp/out"; then ok "$1"; else not_ok "$1"; fi
}

expect 3 '' 'no TPM' st
if [ ! -e /sys/class/tpm/tpm0 ]; then
	says 'none' '.tpm == {"version": "none"}'
fi
tpm_start
expect 3 '' 'a TPM' st
says 'that nobody took' '.tpm | .accessible and .ready and .in_lockout == false and
	.owner_password == false and .owner_enabled and .failed_authorizations == 0 and
	.failed_authorizations_max == 3 and .lockout_interval_s == 1000 and
	.hcl_report == "none" and (has("persisted") | not)'
people 'nothing is in the way' 'nothing is in the way'
if [ -n "$(jq -r '.warnings[]?.field' "$tmp/json")" ]; then not_ok 'no warning'; else ok 'no warning'; fi

# --- the claims of a paravisor ---

# report NAME CLAIMS [VERSION]: an HCL report without its beginning, as an index
report() {
	python3 - "$1" "${2:-1}" >"$tmp/hcl" <<'P'
import struct
import sys
c = sys.argv[1].encode()
raw = bytes(1216) + struct.pack("<IIIII", 20 + len(c), int(sys.argv[2]), 2, 1, len(c)) + c
sys.stdout.buffer.write(raw.ljust(2000, b"\0"))
P
	tpm2 nvwrite -C o -i "$tmp/hcl" 0x01400001
}
tpm2 nvdefine -Q -C o -s 100 -a 'ownerwrite|ownerread|authread' 0x01400001 >"$tmp/out"
head -c 100 /dev/zero | tpm2 nvwrite -C o -i - 0x01400001
says 'an index that is too short' '.tpm | (.hcl_report | test("too short")) and (has("persisted") | not)'
tpm2 nvundefine -Q -C o 0x01400001
tpm2 nvdefine -Q -C o -s 2000 -a 'ownerwrite|ownerread|authread' 0x01400001 >"$tmp/out"
says 'an index that was not written' '.tpm.hcl_report | test("0x14a, TPM_RC_NV_UNINITIALIZED: .*not written yet")'
people 'then nobody knows' 'it is not known whether'
report '{"keys":[],"vm-configuration":{"tpm-enabled":true,"tpm-persisted":true}}'
says 'persisted' '.tpm | .persisted and .hcl_report == "there" and (.before_sealing | test("after a reboot"))'
report '{"keys":[],"vm-configuration":{"tpm-enabled":true,"tpm-persisted":false}}'
says 'not persisted' '(.tpm | .persisted == false and .ready) and any(.warnings[]; .warning | test("do not seal"))'
people 'in words' 'do not seal'
for c in '{"vm-configuration":{}}' '{"vm-configuration":{"tpm-persisted":"true"}}' '{"vm-configuration":7}' '[]' '{'; do
	report "$c"
	says "not told: $c" '.tpm | has("persisted") or .hcl_report != "there" | not'
done
report '{"vm-configuration":{"tpm-persisted":true}}' 2
says 'a version that is not known' '.tpm | (.hcl_report | test("not an HCL report")) and (has("persisted") | not)'
report '{"vm-configuration":{"tpm-persisted":true}}'

# --- states ---

tpm2 changeauth -c o secret
says 'an owner with a password' '.tpm | .owner_password and .ready == false and
	(.hcl_report | test("BAD_AUTH|AUTH_FAIL")) and (has("persisted") | not)'
people 'what that means' 'the owner has a password'
tpm2 changeauth -c o -p secret
says 'and without' '.tpm.ready'
tpm2 dictionarylockout -s -n 2 -t 30 -l 40
tpm2 createprimary -Q -C n -p right -c "$tmp/da.ctx" >"$tmp/out"
for _ in 1 2 3; do
	tpm2 load -Q -C "$tmp/da.ctx" -P wrong -u /dev/null -r /dev/null -c "$tmp/x.ctx" 2>"$tmp/err"
	tpm2 create -Q -C "$tmp/da.ctx" -P wrong -u "$tmp/x.pub" -r "$tmp/x.priv" 2>"$tmp/err"
done
says 'locked out' '.tpm | .in_lockout and .failed_authorizations == 2 and .failed_authorizations_max == 2 and
	.lockout_interval_s == 30 and .lockout_recovery_s == 40 and .ready == false'
people 'what that means' 'tpm2_dictionarylockout'
tpm2 dictionarylockout -c
says 'let out' '.tpm | .in_lockout == false and .ready'
tpm2 hierarchycontrol -Q -C o shEnable clear 2>"$tmp/err"
says "the owner's hierarchy is off" '.tpm | .owner_enabled == false and .ready == false'
tpm_stop
tpm_start
says 'and on again after a reboot' '.tpm | .owner_enabled and .ready and .persisted'

# --- who may not see it, and a TPM that lies ---

install -m 000 /dev/null "$tmp/locked"
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp"
	install -m 755 "$plain" "$tmp/for-all"
	locked() { setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/for-all" status --device "$tmp/none" --tpm "$tmp/locked" --json; }
else
	locked() { st --tpm "$tmp/locked" --json; }
fi
locked >"$tmp/json" 2>"$tmp/err"
check 'a TPM that is not for us: what was not seen' jq -e '.tpm | .accessible == false and
	(.not_seen | test("Permission denied")) and (.remedy | test("root")) and (has("ready") | not)' "$tmp/json"
check 'nothing on stderr' test ! -s "$tmp/err"
tpm_faults
faulty() { st --tpm "$tmp/faulty.sock" --json; }
while read -r filter action; do
	plan "$action"
	faulty >"$tmp/json" 2>"$tmp/err"
	check "$action: $filter" jq -e ".tpm | $filter" "$tmp/json"
	check 'nothing on stderr' test ! -s "$tmp/err"
done <<'E'
(.state|test("LOCKOUT"))and(.ready|not) 17a rc=921
(.state|test("short"))and(.ready|not) 17a cut=30
(.state|test("short"))and(.ready|not) 17a byte=16,ff
(.state|test("answer"))and(.ready|not) any cut=0
(.state=="unknown")and(.ready|not) 17a byte=22,01
(.hcl_report|test("FAILURE"))and(has("persisted")|not) 14e rc=101
(.hcl_report|test("short"))and(has("persisted")|not) 14e byte=15,ff
(.hcl_report|test("not.an.HCL"))and(has("persisted")|not) 14e byte=34,ff
E
# it says that it reads nothing at a time: that is no reason to read for ever
plan '17a pass' '17a byte=25,00' '17a byte=25,00'
timeout --foreground 30 "$tool" status --device "$tmp/none" --tpm "$tmp/faulty.sock" --json \
	>"$tmp/json" 2>"$tmp/err"
check 'a TPM that reads 0 bytes at a time: an end' test $? -eq 3
check 'and what it has' jq -es 'length == 1 and (.[0].tpm | .ready and .persisted)' "$tmp/json"
exit $status
