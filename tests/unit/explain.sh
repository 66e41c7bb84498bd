#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --reference and --explain: what changed in an event log, by logs that are made here
# as the TCG's specification has them (Spec ID Event03, SHA-384 alone).
# shellcheck disable=SC2317 # functions are called by expect
. ./lib.sh

python3 - "$tmp" <<'P'
import hashlib, struct, sys
out = sys.argv[1] + "/"
spec = b"Spec ID Event03\0" + struct.pack("<IBBBBIHH", 0, 0, 2, 0, 2, 1, 0xc, 48) + b"\0"
head = struct.pack("<II20xI", 1, 3, len(spec)) + spec
def event(reg, kind, data, measured=None):
    d = hashlib.sha384(data if measured is None else measured).digest()
    return struct.pack("<IIIH", reg, kind, 1, 0xc) + d + struct.pack("<I", len(data)) + data
def log(cmdline=b"root=/dev/vda1 quiet", initrd=b"good initrd", firmware=b"fw 1", more=b"", kernel=True):
    l = head + event(1, 8, firmware) + event(0xffffffff, 3, b"no register")
    l += event(2, 0x80000003, b"EFI\\BOOT\\grubx64.efi", b"loader") if kernel else b""
    l += event(3, 0xd, b"kernel_cmdline: " + cmdline + b"\0", cmdline)
    l += event(3, 0xd, b"(hd0)/boot/initrd.img\0", initrd)
    return l + event(3, 4, b"\0\0\0\0") + more + b"\xff" * 64
def put(name, data):
    open(out + name, "wb").write(data)
put("good", log())
put("cmdline", log(cmdline=b"root=/dev/vda1 init=/bin/sh"))
put("initrd", log(initrd=b"evil initrd"))
put("firmware", log(firmware=b"fw 2"))
put("more", log(more=event(3, 0xd, b"module_cmdline: extra\0")))
put("gone", log(kernel=False))
put("rtmr3", log(more=event(4, 0xd, b"of the guest")))
put("cut", log()[:-70])
put("none", b"junk")
# the words of GRUB, the type, and the name and GUID of a boot variable are in no digest
def variable(name, value, guid=bytes(range(16))):
    return guid + struct.pack("<QQ", len(name), len(value)) + name.encode("utf-16le") + value
def booted(name=b"kernel_cmdline: ", cmdline=b"linux ro", version=8, boot="Boot0001", value=b"good value", guid=bytes(range(16))):
    return (head + event(1, version, b"fw 1") + event(1, 0x80000002, variable(boot, value, guid), value) +
            event(3, 0xd, name + cmdline + b"\0", cmdline) + b"\xff" * 64)
put("booted", booted())
put("lie", booted(b"module_cmdline: ", b"linux init=/bin/sh", 8, "Lang harmless", b"evil value", b"Z" * 16))
put("type", booted(version=5))
put("words", booted(b"grub_cmd: ", boot="Lang harmless"))
P
verify() { "$tool" verify --no-binding --any-code "$@" golden/tdx-v4.bin; }
# the registers of that quote are not of these logs: their values are asked for
mapfile -t pins < <("$plain" show --json golden/tdx-v4.bin |
	jq -r '.. | objects | to_entries[] | select(.key | test("^rtmr[0-3]$"; "i")) | "--\(.key | ascii_downcase)=\(.value)"')
explain() { verify --explain --reference "$tmp/good" --event-log "$tmp/$1" "${pins[@]}" >"$tmp/out" 2>"$tmp/err"; }
says() { if grep -qE -- "$1" "$tmp/out"; then ok "$2"; else not_ok "$2 (output lacks $1)"; fi; }

explain good
says '^    reference +passed +its 5 events' 'the same log'
if grep -q ' changed 1 ' "$tmp/out"; then not_ok 'nothing changed'; else ok 'nothing changed'; fi
verify --reference "$tmp/good" --event-log "$tmp/good" >"$tmp/out" 2>"$tmp/err"
says '^    reference +not possible .*extended by more' 'the same log, of other registers'
explain cmdline
says '^    reference +failed .*1 of the events' 'another command line'
says "RTMR2: the kernel's command line changed: now \"root=/dev/vda1 init=/bin/sh\"" 'in words'
says 'in the reference "root=/dev/vda1 quiet"' 'and what it was'
says '; the log calls it .*\(EV_IPL, "kernel_cmdline: "\), which is not measured$' "GRUB's word is not measured"
explain initrd
says 'RTMR2: the initrd changed' 'another initrd'
says 'now SHA-384 [0-9a-f]{16}\.\.\., .*calls it the initrd \(EV_IPL, "\(hd0\)/boot/initrd.img"\), which is not measured$' 'of a file the log has the name alone'
explain firmware
says "RTMR0: the firmware's version changed: now \"fw 2\", in the reference \"fw 1\"; the log calls it the firmware's version \(EV_S_CRTM_VERSION\), which is not measured$" 'other firmware, whose words are measured, and whose type is not'
explain more
says 'RTMR2: an event is new: .*the log calls it the command line of a module' 'an event more'
says '^    reference +failed .*1 of the events' 'which is a failure'
explain rtmr3
says '^    reference +failed .*1 of the events' 'an event more in the last register'
says 'RTMR3: an event is new' 'in words'
explain gone
says '^    reference +failed .*1 of the events' 'an event less is a failure'
says 'RTMR1: a program that the firmware started .* is gone' 'an event less'
verify --reference "$tmp/good" --event-log "$tmp/cmdline" >"$tmp/out" 2>"$tmp/err"
says '^    reference +failed' 'without --explain'
verify --reference "$tmp/none" --event-log "$tmp/good" >"$tmp/out" 2>"$tmp/err"
says '^    reference +not possible' 'a reference that is none'
explain cut
says '^    reference +failed' 'a log that is cut short'
lie() { verify --explain --reference "$tmp/booted" --event-log "$tmp/$1" "${pins[@]}" "${@:2}" >"$tmp/out" 2>"$tmp/err"; }
lie lie
says '^    changed 1 +RTMR0: a boot variable changed: now "evil value", in the reference "good value"; .*\(EV_EFI_VARIABLE_BOOT, 5a5a5a5a-5a5a-5a5a-5a5a-5a5a5a5a5a5a "Lang harmless"\), which is not measured$' \
	'the name and the GUID of a boot variable are not measured'
says "^    changed 2 +RTMR2: the kernel's command line changed: now \"linux init=/bin/sh\", .*calls it the command line of a module \(EV_IPL, \"module_cmdline: \"\), which is not measured$" \
	'what an event is called comes from the reference'
says 'event log, data +passed +of 1 events the data come to the digest, of 2 a part of them' 'and the data of it and of GRUB count as a part'
lie lie --json
check 'the same in JSON' jq -e '[.. | objects | .facts? // empty | .["changed 1"]] | any(test("which is not measured$"))' "$tmp/out"
lie type
says "changed 1 +RTMR0: the firmware's version has another type, and the same digest: .*\(EV_ACTION\), which is not measured" 'another type'
lie words
says '^    reference +passed' 'other words of GRUB with the same digest'
says 'event log, data +passed +of 1 events .*of 2 a part of them' 'are not said to be measured'
verify --reference "$tmp/good" >"$tmp/out" 2>"$tmp/err"
says '^    reference +not possible .*event log' 'no log'
expect 2 'reference FILE' '--explain alone' verify --explain --event-log "$tmp/good"
exit $status
