#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_ccel.sh [-o TEXT] [KERNEL]...: run on the host. Boots guests whose firmware
# hands over a confidential computing event log, right and wrong ones, and has
# provider_ccel check what the module makes of it. KERNELs (6.12 latest 6.1) all
# see a good log and a secret, the first one all others. With -o only the cases
# with TEXT in their names. Last line: "N passed, N failed, N skipped".
#
# The module looks at the tables whenever it is asked. So a guest has many cases,
# as most of what a boot costs is the same: the memory that their tables name is
# there from the start, and each case's table takes the place of firmware's.

set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
run=$here/../vm/run
base=0x10000000		# of the areas, where a guest of 1 GiB has memory
tmp=$(mktemp -d "${TMPDIR:-/tmp}/host-ccel.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0 n=0
nr=0 areas=0 tables=() names=() options=()

# le BYTES NUMBER: little-endian, as printf's escapes
le() {
	local i v=$2
	for ((i = 0; i < $1; i++)); do
		printf '\\x%02x' $((v & 255))
		v=$((v >> 8))
	done
}

# table LENGTH ADDRESS [TYPE]: an ACPI CCEL table of the next case. QEMU mends the
# checksum of firmware's; nobody looks at one later.
table() {
	local file=$tmp/in/$nr.table${#tables[@]}
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
	} >"$file"
	tables+=("$file")
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

# padded SIZE LOG: the log, then 0xff to the size
padded() {
	cat "$2"
	fill $(($1 - $(stat -c %s "$2")))
}

# area FILE [TYPE]: the next guest has the file's content in memory, at $at, and
# firmware says that this is ACPI NVS (where TDX firmware puts the log), reserved,
# or acpi (data); nothing is said of what is the kernel's
area() {
	local size
	at=$((base + areas * 0x100000)) areas=$((areas + 1))
	size=$((($(stat -c %s "$1") + 4095) & ~4095))
	case ${2:-nvs} in
	nvs) options+=(-c "memmap=$size%$at-1+4") ;;
	reserved) options+=(-c "memmap=$size\$$at") ;;
	acpi) options+=(-c "memmap=$size#$at") ;;
	kernel) ;;
	esac
	options+=(-x "-device loader,file=$1,addr=$at,force-raw=on")
}

# check NAME WANT [ENV...]: a case of the tables made since the last one; WANT is
# a file with the log, or an errno
check() {
	local name=$1 want=$2
	shift 2
	case $name in
	*"$only"*) ;;
	*) tables=(); return ;;
	esac
	# what the guest's firmware has is replaced by the first case, too
	if [ $nr -eq 0 ]; then
		for t in "${tables[@]}"; do
			cp "$t" "$tmp/firmware${t##*.}"
			options+=(-x "-acpitable file=$tmp/firmware${t##*.}")
		done
	fi
	case $want in
	/*)
		cp "$want" "$tmp/in/$nr.log"
		set -- "CVM_CCEL_LOG=/root/in/$nr.log" "$@" ;;
	*) set -- "CVM_CCEL_ERRNO=$want" "$@" ;;
	esac
	echo "$nr $*" >>"$tmp/in/cases"
	names+=("$name")
	nr=$((nr + 1)) tables=()
}

# In the guest, which has as many tables as each of its cases
cat >"$tmp/guest" <<'EOT'
cd /root/in || exit 1
where=$(dmesg | sed -n 's/.*ACPI: CCEL \(0x[0-9A-Fa-f]*\) .*/\1/p')
while read -r nr env; do
	put='' i=0
	for addr in $where; do
		put=$put${put:+,}$addr=$nr.table$i
		i=$((i + 1))
	done
	echo "=== $nr"
	# shellcheck disable=SC2086 # words
	env $env CVM_CCEL_PUT="$put" /opt/selftests/provider_ccel </dev/null
	echo "=== $nr $?"
done <cases
EOT

# boot KERNEL: a guest with these cases
boot() {
	local kernel=$1 sim=tsm-tdx rc i case_rc
	if [ $nr -gt 0 ]; then
		[ "$kernel" != 6.1 ] || sim=ioctl-tdx
		"$run" -q -p 1 -k "$kernel" -s "$sim" -c iomem=relaxed "${options[@]}" \
			-a "$tmp/in" -a "$tmp/guest" -- sh /root/guest >"$tmp/out" 2>"$tmp/err"
		rc=$?
		[ $rc -eq 0 ] || sed 's/^/# /' "$tmp/err"
		for ((i = 0; i < nr; i++)); do
			n=$((n + 1))
			sed -n "/^=== $i\$/,/^=== $i /{/^===/d;s/^/    /;p}" "$tmp/out" >"$tmp/part"
			case_rc=$(sed -n "s/^=== $i //p" "$tmp/out")
			cat "$tmp/part"
			if [ $rc -eq 77 ]; then
				skipped=$((skipped + 1))
				echo "ok $n ${names[i]} on $kernel # SKIP no such pair"
			elif [ "$case_rc" = 0 ] && ! grep -q '# SKIP' "$tmp/part"; then
				passed=$((passed + 1))
				echo "ok $n ${names[i]} on $kernel"
			else
				failed=$((failed + 1))
				echo "not ok $n ${names[i]} on $kernel # exit status ${case_rc:-of the guest $rc}"
			fi
		done
		# not even a warning in its log
		if [ $rc -ne 0 ] && [ $rc -ne 77 ]; then
			n=$((n + 1)) failed=$((failed + 1))
			echo "not ok $n the guest with $kernel # exit status $rc"
		fi
	fi
	rm -rf "$tmp/in"
	mkdir "$tmp/in"
	nr=0 areas=0 tables=() names=() options=()
}

only=
if [ "${1-}" = -o ]; then
	only=$2
	shift 2
fi
[ $# -gt 0 ] || set -- 6.12 latest 6.1
mkdir "$tmp/in"
echo "KTAP version 1"
first=$1

# errno numbers: EACCES 13, EINVAL 22, EFBIG 27, ENODATA 61, EBADMSG 74,
# EOPNOTSUPP 95

# Zeroes and 0xff at the end of an event, and a register that is not one, are the
# log's own; the secret behind the records is not.
{
	head_of_log
	event 1 $((0x80000007)) 'what was measured'
	event $((0xffffffff)) 3 'no register'
	event 2 13 $'\xff\xff'
} >"$tmp/log"
padded 65536 "$tmp/log" >"$tmp/good"
{ fill 300 | cat "$tmp/log" - <(printf 'SECRET'); } >"$tmp/followed"
padded 65536 "$tmp/followed" >"$tmp/followed-area"

# as in the secrets page of an SNP guest, which some firmware calls NVS
{
	printf '\3\0\0\0'
	head -c 28 /dev/zero
	printf 'VMPCK0-THIS-IS-THE-GUESTS-KEY-01'
	printf 'VMPCK1-THIS-IS-THE-GUESTS-KEY-02'
} >"$tmp/secrets"
padded 4096 "$tmp/secrets" >"$tmp/secrets-page"

{
	head_of_log
	event 1 4 "$(head -c 65400 /dev/zero | tr '\0' x)"
} >"$tmp/full"
fill 65536 >"$tmp/nothing"
head -c 65536 /dev/urandom >"$tmp/garbage"
# A record that claims what lies behind the log
{ cat "$tmp/log"; event 1 4 SECRET $((0xffffffff)); } >"$tmp/long"
padded 65536 "$tmp/long" >"$tmp/long-area"
{
	head_of_log
	for _ in $(seq 5); do
		event 1 4 "$(head -c 60000 /dev/zero | tr '\0' x)"
	done
} >"$tmp/large"
padded 524288 "$tmp/large" >"$tmp/large-area"
# A real one, where the vectors are. How much of the file is the log says the
# manifest; tpm2_eventlog finds as many events in what arrived.
real=${VECTORS:-$here/../../../shared/vectors}/Dstack-TEE__dstack/ccel.bin
[ ! -e "$real" ] || head -c 1933 "$real" >"$tmp/real"

every_kernel() {
	area "$tmp/followed-area"
	table 65536 "$at"
	check "a log and what follows it" "$tmp/log"
	area "$tmp/secrets-page"
	table 4096 "$at"
	check "a page of secrets in NVS" 74
}

one_kernel() {
	local good
	area "$tmp/full"
	table "$(stat -c %s "$tmp/full")" "$at"
	check "a log that fills its area" "$tmp/full"
	area "$tmp/nothing"
	table 65536 "$at"
	check "an area without a log" 61
	area "$tmp/garbage"
	table 65536 "$at"
	check "an area with garbage" 74
	area "$tmp/long-area"
	table 65536 "$at"
	check "a record longer than the area" "$tmp/log"

	table 65536 0
	check "a table that names no address" 22
	area "$tmp/good"
	good=$at
	table 0 "$good"
	check "a table that names no length" 22
	table $((1 << 40)) "$good"
	check "a table that names a terabyte" 22
	table 65536 -4096
	check "a table whose area wraps" 22

	# A genuine log in memory where firmware does not put it: so might a secret be
	area "$tmp/good" reserved
	table 65536 "$at"
	check "a table that names reserved memory" 13
	area "$tmp/good" acpi
	table 65536 "$at"
	check "a table that names ACPI data" 13
	area "$tmp/good" kernel
	table 65536 "$at"
	check "a table that names the kernel's memory" 13
	table 131072 "$good"
	check "an area half in the kernel's memory" 13
	table 4096 $((0xfee00000))
	check "a table that names a device's registers" 13

	table 65536 "$good" 1
	check "a table of SEV" 95 CVM_CCEL_TABLE_ERRNO=95
	area "$tmp/large-area"
	table 524288 "$at"
	check "a log larger than max_blob" 27 CVM_CCEL_MAX_BLOB=65536
	if [ -e "$real" ]; then
		area "$real"
		table "$(stat -c %s "$real")" "$at"
		check "the log of a TDX machine" "$tmp/real"
	else
		n=$((n + 1)) skipped=$((skipped + 1))
		echo "ok $n the log of a TDX machine # SKIP no $real"
	fi
}

# as acpi_get_table() numbers them
two_tables() {
	area "$tmp/good"
	table 4096 $((0xfee00000))
	table 65536 "$at"
	check "a second table has the log" "$tmp/log" CVM_CCEL_TABLE=CCEL2
}

for kernel; do
	every_kernel
	[ "$kernel" != "$first" ] || one_kernel
	boot "$kernel"
done
two_tables
boot "$first"

# tpm2_eventlog wants register 0 in the head, which is 1 in edk2's for TDX, and one
# that there is in every record
judge() {
	{ printf '\0\0\0\0'; tail -c +5 "$1"; } |
		sed 's/\xff\xff\xff\xff\x03\x00\x00\x00/\x01\x00\x00\x00\x03\x00\x00\x00/' >"$tmp/judged"
	tpm2_eventlog "$tmp/judged" 2>/dev/null | grep -c EventNum
}
n=$((n + 1))
if ! command -v tpm2_eventlog >/dev/null; then
	skipped=$((skipped + 1))
	echo "ok $n tpm2_eventlog reads the logs that must arrive # SKIP no tpm2_eventlog"
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
