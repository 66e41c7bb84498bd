#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# host_crb.sh [-a] [KERNEL]...: run on the host. Boots guests whose TPM is QEMU's behind
# the kernel's own tpm_crb: with the simulated paravisor's reports, which tpm2-tools
# judge (vtpm_judges), and with HCL reports of the vectors, captured on Azure, in its
# index (vtpm_crb): one of SNP and one of TDX, with -a or ALL=1 each that there is.
# KERNELs: latest 6.1. Last line: "N passed, N failed, N skipped".

set -u
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
run=$here/../vm/run
vectors=${VECTORS:-$here/../../../shared/vectors}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/host-crb.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0 n=0
all=${ALL:-}
if [ "${1-}" = -a ]; then
	all=1
	shift
fi
[ $# -gt 0 ] || set -- latest 6.1

# boot NAME KERNEL SIM TESTS [OPTION]...: its cases are counted
boot() {
	local name=$1 kernel=$2 sim=$3 tests=$4 rc last p f s
	shift 4
	"$run" -q -p 1 -k "$kernel" -s "$sim" "$@" -- /opt/selftests/run "$tests" \
		>"$tmp/out" 2>"$tmp/err" </dev/null
	rc=$?
	sed 's/^/    /' "$tmp/out"
	n=$((n + 1))
	last=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$tmp/out" | tail -n 1)
	read -r p _ f _ s _ <<<"${last:-0 passed, 1 failed, 0 skipped}"
	# the harness found what no test did
	[ $rc -eq 0 ] || [ "$f" -gt 0 ] || f=1
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	if [ "$f" -gt 0 ]; then
		sed 's/^/# /' "$tmp/err"
		echo "not ok $n $name on $kernel # exit status $rc"
	else
		echo "ok $n $name on $kernel"
	fi
}

# What is in the file, read by other programs than ours: offsets of Azure's public
# documentation (guest attestation, "HCL report").
captured() {
	local kernel=$1 file=$2 type len user
	type=$(od -An -t u4 -j 1224 -N 4 "$file" | tr -d ' ')
	len=$(od -An -t u4 -j 1232 -N 4 "$file" | tr -d ' ')
	tail -c +1237 "$file" | head -c "$len" >"$tmp/claims"
	user=$(jq -r '."user-data" // ""' "$tmp/claims") || return
	case $type in
	2) type=sev-snp ;;
	4) type=tdx ;;
	esac
	boot "${file##*/}" "$kernel" "crb:$file" vtpm_crb -e "CRB_TEE=$type" -e "CRB_USER_DATA=$user"
}

files=()
if [ -r "$vectors/MANIFEST.tsv" ]; then
	while read -r f; do
		files+=("$vectors/$f")
	done < <(awk -F'\t' '$2 ~ /^azure-hcl-/ && $3 == 2600 { print $1 }' "$vectors/MANIFEST.tsv")
fi

echo "KTAP version 1"
for kernel; do
	boot "the simulated paravisor's" "$kernel" crb-snp vtpm_judges
	count=0 snp='' tdx=''
	for f in ${files[@]+"${files[@]}"}; do
		if [ "$all" != 1 ]; then
			case $(od -An -t u4 -j 1224 -N 4 "$f" | tr -d ' ') in
			2) [ -z "$snp" ] || continue; snp=1 ;;
			4) [ -z "$tdx" ] || continue; tdx=1 ;;
			esac
		fi
		captured "$kernel" "$f"
		count=$((count + 1))
	done
	if [ $count -eq 0 ]; then
		skipped=$((skipped + 1)) n=$((n + 1))
		echo "ok $n captured HCL reports on $kernel # SKIP no $vectors"
	fi
done

echo "1..$n"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
