#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_ccel.sh [-o TEXT] [KERNEL]...: run on the host. Boots guests whose firmware
# hands over a confidential computing event log, right and wrong ones, and has
# provider_ccel check what the module makes of it. KERNELs (6.12 latest 6.1) all
# see a good log and a secret, the first one all others. With -o only the cases
# with TEXT in their names. Last line: "N passed, N failed, N skipped".

set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
run=$here/../vm/run
addr=0x10000000		# of the log area, where a guest of 1 GiB has memory
tmp=$(mktemp -d "${TMPDIR:-/tmp}/host-ccel.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0 n=0

# le BYTES NUMBER: little-endian, as printf's escapes
le() {
	local i v=$2
	for ((i = 0; i < $1; i++)); do
		printf '\\x%02x' $((v & 255))
		v=$((v >> 8))
	done
}

# table LENGTH ADDRESS [TYPE [FILE]]: an ACPI CCEL table; QEMU mends the checksum
table() {
	# shellcheck disable=SC2059 # escapes
	{
		printf 'CCEL'
		printf "$(le 4 56)"
		printf '\x01\x00CVMTSTCVMTABLE'
		printf "$(le 4 1)"
		printf 'TEST'
		printf "$(le 4 1)"
		printf "$(le 4 "${3:-2}")"	# 2: TDX
		printf "$(le 8 "$1")"
		printf "$(le 8 "$2")"
	} >"${4:-$tmp/table}"
}

# head_of_log: a TCG_PCR_EVENT with Spec ID Event03 and one algorithm, SHA-384
head_of_log() {
	# shellcheck disable=SC2059 # escapes
	{
		printf "$(le 4 1)$(le 4 3)$(le 20 0)$(le 4 33)"
		printf 'Spec ID Event03\0'
		printf "$(le 4 0)\\x00\\x02\\x00\\x02$(le 4 1)$(le 2 12)$(le 2 48)\\x00"
	}
}

# event REGISTER TYPE DATA [LENGTH]: a TCG_PCR_EVENT2
event() {
	# shellcheck disable=SC2059 # escapes
	printf "$(le 4 "$1")$(le 4 "$2")$(le 4 1)$(le 2 12)"
	head -c 48 /dev/zero | tr '\0' d
	# shellcheck disable=SC2059
	printf "$(le 4 "${4:-${#3}}")"
	printf %s "$3"
}

# fill COUNT: so many 0xff
fill() {
	head -c "$1" /dev/zero | tr '\0' '\377'
}

# area SIZE LOG: the log, then 0xff to the size
area() {
	{ cat "$2"; fill $(($1 - $(stat -c %s "$2"))); } >"$tmp/area"
}

# check NAME KERNEL KERNEL-ARGS WANT [ENV...]: WANT is a file with the log or an
# errno; $tmp/table* are the tables
check() {
	local name=$1 kernel=$2 cmdline=$3 want=$4 sim=tsm-tdx args rc t v
	shift 4
	case $name in
	*"$only"*) ;;
	*) rm -f "$tmp"/table*; return ;;
	esac
	n=$((n + 1))
	[ "$kernel" != 6.1 ] || sim=ioctl-tdx
	args=(-q -k "$kernel" -s "$sim" -c "$cmdline"
		-x "-device loader,file=$tmp/area,addr=$addr,force-raw=on")
	for t in "$tmp"/table*; do
		args+=(-x "-acpitable file=$t")
	done
	case $want in
	/*) args+=(-a "$want:/root/log" -e CVM_CCEL_LOG=/root/log) ;;
	*) args+=(-e "CVM_CCEL_ERRNO=$want") ;;
	esac
	for v; do
		args+=(-e "$v")
	done
	"$run" -p 1 "${args[@]}" -- /opt/selftests/run provider_ccel >"$tmp/out" 2>&1
	rc=$?
	rm -f "$tmp"/table*
	sed 's/^/    /' "$tmp/out"
	if [ $rc -eq 77 ]; then
		skipped=$((skipped + 1))
		echo "ok $n $name on $kernel # SKIP no such pair"
	elif [ $rc -eq 0 ] && ! grep -q '# SKIP' "$tmp/out"; then
		passed=$((passed + 1))
		echo "ok $n $name on $kernel"
	else
		failed=$((failed + 1))
		echo "not ok $n $name on $kernel # exit status $rc"
	fi
}

# What firmware says of the log area: ACPI NVS (4), where TDX firmware puts it,
# reserved memory, or ACPI data
nvs() { echo "memmap=$1K%$addr-1+4"; }
reserve() { echo "memmap=$1K\$$addr"; }
acpi_data() { echo "memmap=$1K#$addr"; }

only=
if [ "${1-}" = -o ]; then
	only=$2
	shift 2
fi
[ $# -gt 0 ] || set -- 6.12 latest 6.1
echo "KTAP version 1"
first=$1

# errno numbers: EACCES 13, EINVAL 22, EFBIG 27, ENODATA 61, EBADMSG 74,
# EOPNOTSUPP 95

# Zeroes and 0xff at the end of an event, and a register that is not one, are the
# log's own; the secret behind the records is not.
{
	head_of_log
	event 1 $((0x80000001)) 'what was measured'
	event $((0xffffffff)) 3 'no register'
	event 2 13 $'\xff\xff'
} >"$tmp/log"
fill 300 | cat "$tmp/log" - <(printf 'SECRET') >"$tmp/followed"

# as in the secrets page of an SNP guest, which some firmware calls NVS
{
	printf '\3\0\0\0'
	head -c 28 /dev/zero
	printf 'VMPCK0-THIS-IS-THE-GUESTS-KEY-01'
	printf 'VMPCK1-THIS-IS-THE-GUESTS-KEY-02'
} >"$tmp/secrets"

for kernel; do
	table 65536 $((addr))
	area 65536 "$tmp/followed"
	check "a log and what follows it" "$kernel" "$(nvs 64)" "$tmp/log"
	table 4096 $((addr))
	area 4096 "$tmp/secrets"
	check "a page of secrets in NVS" "$kernel" "$(nvs 4)" 74
done

{
	head_of_log
	event 1 4 "$(head -c 65400 /dev/zero | tr '\0' x)"
} >"$tmp/full"
cp "$tmp/full" "$tmp/area"
table "$(stat -c %s "$tmp/full")" $((addr))
check "a log that fills its area" "$first" "$(nvs 64)" "$tmp/full"

fill 65536 >"$tmp/area"
table 65536 $((addr))
check "an area without a log" "$first" "$(nvs 64)" 61

head -c 65536 /dev/urandom >"$tmp/area"
table 65536 $((addr))
check "an area with garbage" "$first" "$(nvs 64)" 74

# A record that claims what lies behind the log
{ cat "$tmp/log"; event 1 4 SECRET $((0xffffffff)); } >"$tmp/long"
area 65536 "$tmp/long"
table 65536 $((addr))
check "a record longer than the area" "$first" "$(nvs 64)" "$tmp/log"

area 65536 "$tmp/log"
table 65536 0
check "a table that names no address" "$first" "$(nvs 64)" 22
table 0 $((addr))
check "a table that names no length" "$first" "$(nvs 64)" 22
table $((1 << 40)) $((addr))
check "a table that names a terabyte" "$first" "$(nvs 64)" 22
table 65536 -4096
check "a table whose area wraps" "$first" "$(nvs 64)" 22

# A genuine log in memory where firmware does not put it: so might a secret be
table 65536 $((addr))
check "a table that names reserved memory" "$first" "$(reserve 64)" 13
table 65536 $((addr))
check "a table that names ACPI data" "$first" "$(acpi_data 64)" 13
table 65536 $((addr))
check "a table that names the kernel's memory" "$first" "quiet" 13
table 131072 $((addr))
check "an area half in the kernel's memory" "$first" "$(nvs 64)" 13
table 4096 $((0xfee00000))
check "a table that names a device's registers" "$first" "$(nvs 64)" 13

# Several tables, as acpi_get_table() numbers them
table 65536 $((addr)) 1
check "a table of SEV" "$first" "$(nvs 64)" 95 CVM_CCEL_TABLE_ERRNO=95
table 4096 $((0xfee00000)) 2 "$tmp/table1"
table 65536 $((addr)) 2 "$tmp/table2"
check "a second table has the log" "$first" "$(nvs 64)" "$tmp/log" \
	CVM_CCEL_TABLE=CCEL2

{
	head_of_log
	for _ in $(seq 5); do
		event 1 4 "$(head -c 60000 /dev/zero | tr '\0' x)"
	done
} >"$tmp/large"
table 524288 $((addr))
area 524288 "$tmp/large"
check "a log larger than max_blob" "$first" "$(nvs 512)" 27 CVM_CCEL_MAX_BLOB=65536

# Real ones, where the vectors are. How much of the file is the log says the
# manifest; tpm2_eventlog finds as many events in what arrived.
real=${VECTORS:-$here/../../../shared/vectors}/Dstack-TEE__dstack/ccel.bin
if [ -e "$real" ]; then
	cp "$real" "$tmp/area"
	head -c 1933 "$real" >"$tmp/real"
	table 65536 $((addr))
	check "the log of a TDX machine" "$first" "$(nvs 64)" "$tmp/real"
else
	n=$((n + 1)) skipped=$((skipped + 1))
	echo "ok $n the log of a TDX machine # SKIP no $real"
fi

# tpm2_eventlog wants register 0 in the head, which is 1 in edk2's for TDX
judge() {
	{ printf '\0\0\0\0'; tail -c +5 "$1"; } >"$tmp/judged"
	tpm2_eventlog "$tmp/judged" 2>/dev/null | grep -c EventNum
}
n=$((n + 1))
if ! command -v tpm2_eventlog >/dev/null; then
	skipped=$((skipped + 1))
	echo "ok $n the logs made here are logs # SKIP no tpm2_eventlog"
elif [ "$(judge "$tmp/log")" = 4 ] && { [ ! -e "$real" ] || [ "$(judge "$tmp/real")" = 19 ]; }; then
	passed=$((passed + 1))
	echo "ok $n tpm2_eventlog reads the logs that must arrive"
else
	failed=$((failed + 1))
	echo "not ok $n tpm2_eventlog reads the logs that must arrive"
fi

echo "1..$n"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
