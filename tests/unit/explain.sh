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
put("cut", log()[:-70])
put("none", b"junk")
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
says "RTMR2: the kernel's command line changed: now \"kernel_cmdline: root=/dev/vda1 init=/bin/sh" 'in words'
says 'in the reference "kernel_cmdline: root=/dev/vda1 quiet' 'and what it was'
if grep -q 'is not measured' "$tmp/out"; then
	not_ok 'GRUB measures it, without the prefix'
else
	ok 'GRUB measures it, without the prefix'
fi
explain initrd
says 'RTMR2: the initrd changed' 'another initrd'
says 'is not measured' 'of a file the log has the name alone'
explain firmware
says "RTMR0: the firmware's version changed: now \"fw 2\", in the reference \"fw 1\"$" 'other firmware, whose words are measured'
explain more
says 'RTMR2: the command line of a module is new' 'an event more'
explain gone
says 'RTMR1: a program that the firmware started .* is gone' 'an event less'
verify --reference "$tmp/good" --event-log "$tmp/cmdline" >"$tmp/out" 2>"$tmp/err"
says '^    reference +failed' 'without --explain'
verify --reference "$tmp/none" --event-log "$tmp/good" >"$tmp/out" 2>"$tmp/err"
says '^    reference +not possible' 'a reference that is none'
explain cut
says '^    reference +failed' 'a log that is cut short'
verify --reference "$tmp/good" >"$tmp/out" 2>"$tmp/err"
says '^    reference +not possible .*event log' 'no log'
expect 2 'reference FILE' '--explain alone' verify --explain --event-log "$tmp/good"
exit $status
