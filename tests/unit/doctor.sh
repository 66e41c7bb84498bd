#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# doctor on the trees of machines: an Azure guest with SEV-SNP, one with TDX, Google
# Cloud with both, AWS, plain QEMU and a plain machine; then one with a fault for each
# check. What files say is what these platforms say (DMI, sysfs, TPM 2.0 part 2 for
# attributes of an index); the facts have the shape that a bundle has.
# shellcheck disable=SC2317 # commands that break a tree are called by name
. ./lib.sh

# put TREE PATH: from standard input
put() {
	mkdir -p "$(dirname "$1$2")"
	cat >"$1$2"
}

line() {
	printf '%s\n' "$3" | put "$1" "$2"
}

# A disk with a file system in the clear at sda1, and one on dm-crypt at dm-0
disks() {
	mkdir -p "$1/sys/class/block/sda1" "$1/sys/class/block/dm-0/slaves/sda2" \
		"$1/dev/mapper" "$1/sys/dev/block"
	line "$1" /sys/class/block/dm-0/dm/uuid CRYPT-LUKS2-00112233445566778899aabbccddeeff-root
	ln -s ../dm-0 "$1/dev/mapper/root"
}

# mounts TREE SOURCE: the root file system and /tmp
mounts() {
	put "$1" /proc/self/mountinfo <<-EOT
		22 1 8:1 / / rw,relatime shared:1 - ext4 $2 rw
		23 22 0:5 / /dev rw shared:2 - devtmpfs udev rw
		30 22 0:30 / /tmp rw shared:9 - tmpfs tmpfs rw
	EOT
}

# tree NAME VENDOR TEE KERNEL: a guest with all in order
tree() {
	local t=$tmp/$1
	rm -rf "$t"
	mkdir -p "$t/sys/kernel" "$t/sys/bus/acpi/drivers/vmgenid" \
		"$t/sys/fs/cgroup/system.slice/cvm-evidence-audit.service"
	line "$t" /sys/class/dmi/id/sys_vendor "$2"
	line "$t" /proc/sys/kernel/osrelease "$4"
	line "$t" /sys/module/cvm_evidence/taint O
	line "$t" /sys/devices/system/clocksource/clocksource0/current_clocksource tsc
	line "$t" /proc/sys/kernel/core_pattern '|/usr/lib/systemd/systemd-coredump %P %u %g %s %t 9223372036854775808 %h'
	printf 'Filename\t\t\t\tType\t\tSize\tUsed\tPriority\n/dev/dm-0 partition 1 0 -2\n' | put "$t" /proc/swaps
	disks "$t"
	mounts "$t" /dev/mapper/root
	put "$t" /.doctor/status.json <<-EOT
		{"kernel": "$4 x86_64", "machine_tee": "$3", "secure_boot": "on", "lockdown": "integrity",
		 "module": {"state": "loaded"},
		 "device": {"path": "/dev/cvm-evidence", "mode": "0660", "owner": "root:cvm-evidence", "access": "yes"},
		 "notices_vm_forks": true, "tells_events": true,
		 "providers": [{"name": "tsm", "status": "available", "tee": "$3", "driver": "$5"}],
		 "configfs_entries": [], "tpm": {"version": "none"}, "available": true}
	EOT
	put "$t" /.doctor/facts.json <<-EOT
		{"time": 1796000000, "evidence": {"status": 0, "kind": "$6", "provider": "tsm"},
		 "tpm": {"asked": false}, "clock": {"synchronized": true, "max_error_us": 5000, "est_error_us": 10}}
	EOT
	echo "$t"
}

# facts TREE FILE FILTER: changes status.json or facts.json
facts() {
	local f=$1/.doctor/$2.json
	command jq -c "$3" "$f" >"$f.new" && mv "$f.new" "$f"
}

snp='.evidence += {debug: false, migratable: false, vmpl: 0, product: "Genoa",
	tcb: {bl: 9, tee: 0, snp: 21, ucode: 72}, tcb_current: {bl: 9, tee: 0, snp: 21, ucode: 72}}'
td='.evidence += {whole: true, debug: false, migratable: false,
	tee_tcb_svn: "05010200000000000000000000000000"}'

# The paravisor's TPM, with a certificate of 2026 and the index as the module makes it
azure() {
	facts "$1" status '.tpm = {version: "2", path: "/dev/tpmrm0", accessible: true, in_lockout: false,
		owner_password: false, owner_enabled: true, ready: true, hcl_report: "there", persisted: true}
		| .providers[0] += {name: "vtpm", driver: "tpm_crb"}'
	# 0x00020002 is TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD
	facts "$1" facts '.evidence += {kind: "hcl-report", provider: "vtpm"}
		| .tpm = {asked: true, nv_user_data: {present: true, size: 64, attributes: 131074},
			ak_cert: {present: true, readable: true, not_before: 1790000000, not_after: 1820000000}}'
	mkdir -p "$1/sys/class/tpm/tpm0"/pcr-sha{1,256,384}
	for b in "$1"/sys/class/tpm/tpm0/pcr-*; do
		: >"$b/0"
	done
}

make_fixture() {
	local t
	case $1 in
	azure-snp)
		t=$(tree "$1" 'Microsoft Corporation' sev-snp 6.8.0-1021-azure '' '')
		azure "$t"
		facts "$t" facts "$snp"
		line "$t" /sys/devices/system/clocksource/clocksource0/current_clocksource hyperv_clocksource_tsc_page ;;
	azure-tdx)
		t=$(tree "$1" 'Microsoft Corporation' tdx 6.8.0-1021-azure '' '')
		azure "$t"
		facts "$t" facts "$td | del(.evidence.whole)"
		line "$t" /sys/class/ptp/ptp0/clock_name hyperv
		put "$t" /etc/chrony/chrony.conf <<-EOT
			pool ntp.ubuntu.com iburst maxsources 4
			makestep 1 3
		EOT
		;;
	gcp-snp)
		t=$(tree "$1" Google sev-snp 6.12.30+deb13-cloud-amd64 sev_guest snp-report)
		facts "$t" facts "$snp" ;;
	gcp-tdx)
		t=$(tree "$1" Google tdx 6.12.30+deb13-cloud-amd64 tdx_guest tdx-quote)
		facts "$t" facts "$td" ;;
	aws-snp)
		t=$(tree "$1" 'Amazon EC2' sev-snp 6.1.0-37-cloud-amd64 sev_guest snp-report)
		facts "$t" facts "$snp"' | .evidence.product = "Milan"'
		facts "$t" status '.providers[0].name = "sev-guest" | del(.configfs_entries)' ;;
	qemu)
		t=$(tree "$1" QEMU unknown 6.12.30+deb13-amd64 '' '')
		facts "$t" status '.providers = [{name: "tsm", status: "no-driver",
			reason: "no driver gives reports", remedy: "load the driver of this TEE"}] | .available = false'
		facts "$t" facts '.evidence = {status: 3, error: "no provider can be used"}' ;;
	plain)
		t=$(tree "$1" LENOVO unknown 6.12.30+deb13-amd64 '' '')
		facts "$t" status '{kernel, machine_tee, secure_boot, lockdown: "none", tpm,
			module: {state: "not installed", remedy: "install it"},
			device: {path: "/dev/cvm-evidence", access: "No such file or directory", remedy: "load the module"}}'
		facts "$t" facts '.evidence = {status: 3, error: "cannot open /dev/cvm-evidence"}'
		rm -rf "$t/sys/module" "$t/sys/fs" ;;
	esac
}

# fixture NAME: a fresh copy of that tree
fixture() {
	if [ ! -e "$tmp/base/$1" ]; then
		mkdir -p "$tmp/base"
		make_fixture "$1"
		mv "$tmp/$1" "$tmp/base/"
	fi
	rm -rf "${tmp:?}/$1"
	cp -a "$tmp/base/$1" "$tmp/"
}

# says TREE CHECK VERDICT NAME [OPTION...]
says() {
	local t=$tmp/$1 check=$2 verdict=$3 name=$4 got
	shift 4
	"$tool" doctor --json --root "$t" "$@" >"$tmp/out" 2>"$tmp/err"
	got=$(command jq -r --arg c "$check" '.checks[] | select(.check == $c).verdict' "$tmp/out")
	if [ "$got" = "$verdict" ]; then
		ok "$name: $check is $verdict"
	else
		command jq -c --arg c "$check" '.checks[] | select(.check == $c)' "$tmp/out" >>"$tmp/err"
		not_ok "$name: $check is '$got', not $verdict"
	fi
}

# Machines in order: no check fails, and what cannot be helped is a warning.
for t in azure-snp azure-tdx gcp-snp gcp-tdx aws-snp; do
	fixture $t
	expect 0 '' "$t: nothing fails" "$tool" doctor --root "$tmp/$t"
	got=$("$tool" doctor --json --root "$tmp/$t" | jq -r '[.checks[] | select(.verdict == "warn").check] | join(" ")')
	want=generation
	[ $t != azure-tdx ] || want="quoting generation"
	if [ "$got" = "$want" ]; then ok "$t: warnings"; else not_ok "$t: warns of '$got', not '$want'"; fi
done
for t in qemu plain; do
	fixture $t
	expect 1 '' "$t: no confidential VM" "$tool" doctor --root "$tmp/$t"
	says $t tee fail $t
	says $t evidence fail $t
done
says plain module fail plain
says plain device fail plain
says qemu provider fail qemu
says aws-snp configfs n/a 'a kernel without TSM'
says azure-snp sealing ok azure-snp
says gcp-snp vtpm n/a gcp-snp

# fault FIXTURE CHECK VERDICT NAME COMMAND...: COMMAND breaks the tree, which is $t
fault() {
	local base=$1 check=$2 verdict=$3 name=$4
	shift 4
	fixture "$base"
	t=$tmp/$base
	"$@" || { not_ok "$name (cannot be set up)"; return; }
	says "$base" "$check" "$verdict" "$name"
}
fact() { facts "$t" facts "$1"; }
stat_() { facts "$t" status "$1"; }

fault gcp-snp kernel fail 'SNP before 5.19' line "$tmp/gcp-snp" /proc/sys/kernel/osrelease 5.10.0-30-amd64
fault gcp-tdx kernel warn 'TDX before TSM' line "$tmp/gcp-tdx" /proc/sys/kernel/osrelease 6.5.0-1-amd64
fault azure-tdx kernel fail 'TDX images of Azure before 1011' line "$tmp/azure-tdx" /proc/sys/kernel/osrelease 6.2.0-1010-azure
fault azure-tdx kernel ok 'TDX images of Azure from 1011 on' line "$tmp/azure-tdx" /proc/sys/kernel/osrelease 6.2.0-1011-azure
fault gcp-snp module fail 'module not loaded' stat_ '.module = {state: "not loaded", remedy: "cvm-evidence load"}'
fault gcp-snp signature fail 'locked down, not loaded' rm -r "$tmp/gcp-snp/sys/module"
fault gcp-snp signature warn 'unsigned' line "$tmp/gcp-snp" /sys/module/cvm_evidence/taint OE
fault gcp-snp device fail 'every user may open it' stat_ '.device.mode = "0666"'
fault gcp-snp device warn 'no group' stat_ '.device.owner = "root:root"'
fault gcp-snp device fail 'not allowed' stat_ '.device += {access: "Permission denied", remedy: "run as root"}'
fault gcp-snp provider fail 'the key is wiped' stat_ '.providers[0] += {status: "key-lost", reason: "wiped", remedy: "reboot"}'
fault gcp-snp evidence fail 'throttled' fact '.evidence = {status: 6, error: "the host throttles"}'
fault azure-tdx quoting warn 'a TDREPORT' fact '.evidence.kind = "hcl-report"'
fault gcp-snp debug fail 'debug policy' fact '.evidence.debug = true'
fault gcp-tdx debug fail 'debug attribute' fact '.evidence.debug = true'
fault gcp-snp debug warn 'migration agent' fact '.evidence.migratable = true'
fault gcp-snp tcb warn 'uncommitted firmware' fact '.evidence.tcb_current.snp = 22'
fault aws-snp generation warn 'Milan' true
fault gcp-tdx kernel_fixes fail 'bytes behind the quote' fact '.evidence.whole = false'
fault azure-snp vtpm fail 'no TPM on Azure' stat_ '.tpm = {version: "none"}'
fault azure-snp vtpm fail 'lockout' stat_ '.tpm.in_lockout = true'
fault azure-snp vtpm fail 'ownership taken' stat_ '.tpm.owner_password = true'
fault azure-snp vtpm fail 'owner switched off' stat_ '.tpm.owner_enabled = false'
fault azure-snp vtpm warn 'not root' stat_ '.tpm.accessible = false'
fault azure-snp sealing warn 'not persisted' stat_ '.tpm.persisted = false'
fault azure-snp sealing warn 'persisted or not is unknown' stat_ 'del(.tpm.persisted)'
fault azure-snp pcr_banks fail 'SHA-1 alone' rm -r "$tmp"/azure-snp/sys/class/tpm/tpm0/pcr-sha{256,384}
fault azure-snp ak_certificate warn 'no certificate' fact '.tpm.ak_cert = {present: false}'
fault azure-snp ak_certificate fail 'a certificate that is none' fact '.tpm.ak_cert = {present: true, readable: false}'
fault azure-snp ak_certificate fail 'an expired certificate' fact '.tpm.ak_cert.not_after = 1795000000'
fault azure-snp ak_certificate fail 'a certificate of tomorrow' fact '.tpm.ak_cert.not_before = 1796100000'
fault azure-snp ak_certificate warn 'a certificate that ends soon' fact '.tpm.ak_cert.not_after = 1796100000'
fault azure-snp nv_user_data fail 'an index of 32 bytes' fact '.tpm.nv_user_data.size = 32'
# TPMA_NV_AUTHREAD and AUTHWRITE alone
fault azure-snp nv_user_data fail 'an index without owner rights' fact '.tpm.nv_user_data.attributes = 262148'
fault azure-snp nv_user_data ok 'no index yet' fact '.tpm.nv_user_data.present = false'
fault gcp-snp clock_source warn 'hpet' line "$tmp/gcp-snp" /sys/devices/system/clocksource/clocksource0/current_clocksource hpet
fault gcp-snp clock_offset warn 'nobody synchronizes' fact '.clock.synchronized = false'
fault gcp-snp clock_offset warn 'two seconds' fact '.clock.max_error_us = 2000000'
fault gcp-snp root_disk warn 'root disk in the clear' mounts "$tmp/gcp-snp" /dev/sda1
fault gcp-snp core_dumps warn 'core dumps in the clear' mounts "$tmp/gcp-snp" /dev/sda1
plain_swap() { printf 'Filename Type Size Used Priority\n/dev/sda1 partition 1 0 -2\n' | put "$t" /proc/swaps; }
fault gcp-snp swap fail 'swap in the clear' plain_swap
swap_file() { mounts "$t" /dev/sda1; printf 'Filename Type Size Used Priority\n/swap.img file 1 0 -2\n' | put "$t" /proc/swaps; }
fault gcp-snp swap fail 'a swap file in the clear' swap_file
zram() { printf 'Filename Type Size Used Priority\n/dev/zram0 partition 1 0 -2\n' | put "$t" /proc/swaps; }
fault gcp-snp swap ok zram zram
tmp_on_disk() { mounts "$t" /dev/sda1; sed -i '/ \/tmp /d' "$t/proc/self/mountinfo"; }
fault gcp-snp tmp warn '/tmp in the clear' tmp_on_disk
verity() { line "$t" /sys/class/block/dm-0/dm/uuid CRYPT-VERITY-0011-root; }
fault gcp-snp root_disk ok 'dm-verity' verity
# LVM on dm-crypt is as good as what it lies on
lvm() {
	line "$t" /sys/class/block/dm-1/dm/uuid LVM-abc
	mkdir -p "$t/sys/class/block/dm-1/slaves/$1"
	ln -sfn ../dm-1 "$t/dev/mapper/root"
}
fault gcp-snp root_disk ok 'LVM on dm-crypt' lvm dm-0
fault gcp-snp root_disk warn 'LVM on a plain disk' lvm sda1
fault gcp-snp generation_id warn 'a kernel that notices no fork' stat_ '.notices_vm_forks = false'
fault gcp-snp generation_id warn 'no generation id' rm -r "$tmp/gcp-snp/sys/bus/acpi"
fault gcp-snp events warn 'nobody listens' rm -r "$tmp/gcp-snp/sys/fs/cgroup"
fault gcp-snp events warn 'no netlink family' stat_ '.tells_events = false'
fault gcp-snp configfs warn 'entries left in configfs' stat_ '.configfs_entries = ["redacted"]'

# the minimum of the TCB
fixture gcp-snp
says gcp-snp tcb ok 'at the minimum' --min-tcb snp=21,ucode=72
says gcp-snp tcb fail 'below the minimum' --min-tcb snp=22
says gcp-snp tcb fail 'a part that the report has not' --min-tcb fmc=1
says gcp-snp tcb fail 'a minimum that is not a number' --min-tcb snp=x
fixture gcp-tdx
says gcp-tdx tcb ok 'TEE_TCB_SVN at the minimum' --min-tee-tcb 05010200000000000000000000000000
says gcp-tdx tcb fail 'TEE_TCB_SVN below the minimum' --min-tee-tcb 05010300000000000000000000000000
expect 2 'not a hexadecimal digit' 'a minimum that is not hexadecimal' "$tool" doctor --min-tee-tcb xx
expect 2 '1 bytes, not 16' 'a minimum of another length' "$tool" doctor --min-tee-tcb 05

# the reference clock: shown, and changed when asked for, with a way back
refclock() {
	put "$t" /etc/chrony/chrony.conf <<-EOT
		$1
		refclock PHC /dev/ptp_hyperv poll 3 dpoll -2 offset 0 stratum 2
		makestep 1.0 -1
	EOT
}
fault azure-tdx clock_reference warn 'chrony follows only ptp_hyperv' refclock 'server time.example iburst'
cp "$t/etc/chrony/chrony.conf" "$tmp/before"
check 'without --fix nothing is changed' cmp "$t/etc/chrony/chrony.conf" "$tmp/before"
says azure-tdx clock_reference warn 'doctor --fix' --fix
check 'the old file is kept' cmp "$t/etc/chrony/chrony.conf.before-doctor" "$tmp/before"
check 'the line is commented out' grep -q '^# cvm-evidence doctor: .*refclock PHC' "$t/etc/chrony/chrony.conf"
check 'the others stay' grep -qx 'makestep 1.0 -1' "$t/etc/chrony/chrony.conf"
says azure-tdx clock_reference ok 'after --fix'
fault azure-tdx clock_reference warn 'no other server' refclock '# no server'
says azure-tdx clock_reference warn 'no other server, --fix' --fix
check '--fix leaves no guest without a time source' grep -q '^refclock' "$t/etc/chrony/chrony.conf"
fault gcp-tdx clock_reference n/a 'not on Hyper-V' true

# a bundle of a tree says the same as the tree, and does not say what is private
fault azure-tdx clock_reference warn 'before a bundle' refclock 'server secret-name.example iburst'
expect 0 '' '--bundle' "$tool" doctor --root "$t" --bundle "$tmp/bundle.tar"
mkdir "$tmp/unpacked"
check 'tar reads it' tar -C "$tmp/unpacked" -xf "$tmp/bundle.tar"
"$tool" doctor --json --root "$t" >"$tmp/one"
"$tool" doctor --json --root "$tmp/unpacked" >"$tmp/two"
check 'the bundle gives the same verdicts' diff "$tmp/one" "$tmp/two"
expect 1 '' 'no name of a time server' grep -r secret-name "$tmp/unpacked"
expect 1 'cannot' '--bundle that cannot be written' "$tool" doctor --root "$t" --bundle "$tmp/none/x"

# the command line
expect 1 'No such file' '--root that is not there' "$tool" doctor --root "$tmp/none"
mkdir -p "$tmp/bad/.doctor"
echo '{' >"$tmp/bad/.doctor/status.json"
expect 5 'status.json' 'a bundle that is broken' "$tool" doctor --root "$tmp/bad"
mkdir "$tmp/empty"
expect 0 '' 'an empty tree: nothing is known' "$tool" doctor --root "$tmp/empty"
expect 2 'takes no argument' 'doctor with an argument' "$tool" doctor x
# links of a bundle stay below its root
mkdir -p "$tmp/escape/proc"
ln -s "$tmp/secret" "$tmp/escape/proc/swaps"
echo x >"$tmp/secret"
says escape swap n/a 'a link that leaves the bundle is not followed'
exit $status
