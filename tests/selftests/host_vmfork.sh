#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_vmfork.sh [KERNEL]...: run on the host. Boots guests with a VM generation
# id, saves them and has them go on in another QEMU with another id, and has
# host_vmfork in the guest check what the module makes of it (6.12, latest,
# 6.1). On 6.1-cloud, which does not know the device, the module has to say so; and
# so it has in a guest without a generation id.
# Last line: "N passed, N failed, N skipped".

set -u
here=$(cd "$(dirname "$0")" && pwd)
run=$here/../vm/run
tmp=$(mktemp -d "${TMPDIR:-/tmp}/host-vmfork.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0 n=0

# verdict NAME STATUS
verdict() {
	n=$((n + 1))
	sed 's/^/    /' "$tmp/out"
	case $2 in
	0)	passed=$((passed + 1)) && echo "ok $n $1" ;;
	77)	skipped=$((skipped + 1)) && echo "ok $n $1 # SKIP no such pair" ;;
	*)	failed=$((failed + 1)) && echo "not ok $n $1 # exit status $2" ;;
	esac
}

# forked KERNEL: twice with another id, once with the same. A case that was
# skipped, or that the guest did not leave this QEMU for, is none that passed.
forked() {
	local sim=tsm-snp rc ids
	[ "$1" != 6.1 ] || sim=ioctl-snp
	"$run" -F -k "$1" -s "$sim" -- /opt/selftests/host_vmfork \
		forked forked_again moved >"$tmp/out" 2>&1
	rc=$?
	ids=$(grep -o 'another QEMU, with id .*' "$tmp/out" | sort | uniq -c |
		awk '{ print $1 }' | sort | xargs)
	if [ $rc -eq 0 ] && { grep -q '# SKIP' "$tmp/out" || [ "$ids" != "1 2" ]; }; then
		rc="0, with other forks than 3 to 2 ids ($ids)"
	fi
	verdict "a VM that is forked, on $1" "$rc"
}

[ $# -gt 0 ] || set -- 6.12 latest 6.1 6.1-cloud
echo "KTAP version 1"
for kernel; do
	if [ "$kernel" = 6.1-cloud ]; then
		"$run" -k "$kernel" -s ioctl-snp -e CVM_NO_VMFORK=1 \
			-x "-device vmgenid,guid=auto" -- \
			/opt/selftests/host_vmfork cannot_tell >"$tmp/out" 2>&1
		verdict "a kernel that cannot tell, $kernel" $?
	else
		forked "$kernel"
		sim=tsm-snp
		[ "$kernel" != 6.1 ] || sim=ioctl-snp
		"$run" -k "$kernel" -s "$sim" -e CVM_NO_VMFORK=1 -- \
			/opt/selftests/host_vmfork cannot_tell >"$tmp/out" 2>&1
		verdict "a VM without a generation id, $kernel" $?
	fi
done
echo "1..$n"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
