#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_ccel.sh [KERNEL]...: run on the host. Boots guests whose firmware hands
# over a confidential computing event log, right and wrong ones, and has
# provider_ccel check what the module makes of it. KERNELs (6.12 latest 6.1)
# all see a good log, the first one all others. Last line: "N passed, N failed,
# N skipped".

set -u
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

# table LENGTH ADDRESS: an ACPI CCEL table; QEMU mends the checksum
table() {
	# shellcheck disable=SC2059 # escapes
	{
		printf 'CCEL'
		printf "$(le 4 56)"
		printf '\x01\x00CVMTSTCVMTABLE'
		printf "$(le 4 1)"
		printf 'TEST'
		printf "$(le 4 1)"
		printf '\x02\x00\x00\x00'	# TDX
		printf "$(le 8 "$1")"
		printf "$(le 8 "$2")"
	} >"$tmp/table"
}

# fill COUNT: so many 0xff
fill() {
	head -c "$1" /dev/zero | tr '\0' '\377'
}

# area SIZE LOG: the log, then 0xff to the size
area() {
	{ cat "$2"; fill $(($1 - $(stat -c %s "$2"))); } >"$tmp/area"
}

# check NAME KERNEL KERNEL-ARGS WANT: WANT is a file with the log or an errno
check() {
	local name=$1 kernel=$2 cmdline=$3 want=$4 sim=tsm-tdx args rc
	n=$((n + 1))
	[ "$kernel" != 6.1 ] || sim=ioctl-tdx
	args=(-q -k "$kernel" -s "$sim" -c "$cmdline"
		-x "-acpitable file=$tmp/table"
		-x "-device loader,file=$tmp/area,addr=$addr,force-raw=on")
	case $want in
	/*) args+=(-a "$want:/root/log" -e CVM_CCEL_LOG=/root/log) ;;
	*) args+=(-e "CVM_CCEL_ERRNO=$want") ;;
	esac
	"$run" -p 1 "${args[@]}" -- /opt/selftests/run provider_ccel >"$tmp/out" 2>&1
	rc=$?
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

reserve() { echo "memmap=$1K\$$addr"; }

[ $# -gt 0 ] || set -- 6.12 latest 6.1
echo "KTAP version 1"
first=$1

# 0xff inside and zeros at the end are the log's own
{ head -c 5000 /dev/urandom; fill 300; printf 'end\0\0'; } >"$tmp/log"
for kernel; do
	table 65536 $((addr))
	area 65536 "$tmp/log"
	check "a log and what follows it" "$kernel" "$(reserve 64)" "$tmp/log"
done

head -c 65535 /dev/urandom >"$tmp/full"
printf '\0' >>"$tmp/full"
table 65536 $((addr))
cp "$tmp/full" "$tmp/area"
check "a log that fills its area" "$first" "$(reserve 64)" "$tmp/full"

fill 65536 >"$tmp/area"
check "an area without a log" "$first" "$(reserve 64)" 61	# ENODATA

table 65536 0
area 65536 "$tmp/log"
check "a table that names no address" "$first" "$(reserve 64)" 22	# EINVAL
table 0 $((addr))
check "a table that names no length" "$first" "$(reserve 64)" 22
table $((1 << 40)) $((addr))
check "a table that names a terabyte" "$first" "$(reserve 64)" 22
table 65536 -4096
check "a table whose area wraps" "$first" "$(reserve 64)" 22

# the host must not point users at the kernel's memory
table 65536 $((addr))
check "a table that names the kernel's memory" "$first" "quiet" 13	# EACCES
table 131072 $((addr))
check "an area half in the kernel's memory" "$first" "$(reserve 64)" 13

head -c 300000 /dev/urandom >"$tmp/large"
printf '\0' >>"$tmp/large"
table 524288 $((addr))
area 524288 "$tmp/large"
check "a log larger than max_blob" "$first" "$(reserve 512)" 27	# EFBIG

# a real one, where the vectors are
real=${VECTORS:-$here/../../../shared/vectors}/Dstack-TEE__dstack/ccel.bin
if [ -e "$real" ]; then
	cp "$real" "$tmp/area"
	head -c 1933 "$real" >"$tmp/real"	# so says the manifest
	table 65536 $((addr))
	check "the log of a TDX machine" "$first" "$(reserve 64)" "$tmp/real"
else
	n=$((n + 1)) skipped=$((skipped + 1))
	echo "ok $n the log of a TDX machine # SKIP no $real"
fi

echo "1..$n"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
