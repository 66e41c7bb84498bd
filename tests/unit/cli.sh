#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The command line: bad input, one message each, and output that cannot be written.
. ./lib.sh

g=golden
none=$tmp/no-such-device

# verbs, help
expect 2 'Usage:' 'no verb' "$tool"
expect 2 "no verb 'heal'" 'a verb that is not built is refused, with the list of what is' "$tool" heal
check '--help' "$tool" --help
check '--version' "$tool" --version
for v in status doctor load get show request monitor verify; do
	check "$v --help" "$tool" $v --help
	if "$tool" $v --help | grep -q "^Example"; then ok "$v --help has examples"; else not_ok "$v --help has examples"; fi
	expect 2 "Try 'cvm-evidence $v --help'" "$v with an unknown option" "$tool" $v --no-such-option
	expect 1 'cannot write standard output' "$v --help to a full disk" sh -c "'$tool' $v --help >/dev/full"
done
expect 2 "no verb 'verifier'" 'help of a verb that is not there' "$tool" help verifier
check 'help VERB is that of the verb' cmp <("$tool" help show) <("$tool" show --help)
expect 2 "'load' is a second one" 'help of two verbs' "$tool" help show load
# what an abbreviation means changes with the next option
for v in show get verify 'request cmw'; do
	# shellcheck disable=SC2086 # a verb and its service
	expect 2 "options are not abbreviated; is it '--" "$v: an abbreviated option" "$tool" $v --hel
done
expect 2 "unrecognized option '--pol': options are not abbreviated; is it '--policy'?" \
	'with a value' "$tool" verify --pol=/dev/null /dev/null
expect 2 "is it '--policy'?" 'with a value of its own' "$tool" verify --polic /dev/null /dev/null
expect 2 "invalid option -- 'j'" 'a letter that no page names' "$tool" show -j $g/snp-v2.bin
expect 1 'what was written so far is not complete' 'a full disk behind standard output' \
	sh -c "'$tool' show $g/snp-v2.bin >/dev/full"
if grep -q 'partial file' "$tmp/err"; then not_ok 'of which no file is spoken'; else ok 'of which no file is spoken'; fi
expect 2 'cmw-yaml' 'get --format that does not exist' "$tool" get --format cmw-yaml
expect 2 "no service 'nosuch'" 'a service that is not built is refused' "$tool" request nosuch
expect 2 'name of one service' 'request without a service' "$tool" request

# report data
long=$(printf '%0130d' 0)
expect 2 '65 bytes' 'report data over 64 bytes' "$tool" get --report-data "hex:$long"
expect 2 'odd number' 'hex of odd length' "$tool" get --report-data hex:abc
expect 2 'not a hexadecimal digit' 'hex with junk' "$tool" get --report-data hex:zz
expect 2 'not allowed in base64' 'base64 with junk' "$tool" get --report-data 'base64:QUJ*'
expect 2 'mixes the alphabets' 'base64 of two alphabets' "$tool" get --report-data base64:-+AA
expect 2 'length is not' 'base64 of a wrong length' "$tool" get --report-data base64:QUJDR
expect 2 'empty' 'empty report data' "$tool" get --report-data hex:
expect 2 'encoding in front' 'report data without an encoding' "$tool" get --report-data 0011
expect 2 'unknown encoding' 'report data of an unknown encoding' "$tool" get --report-data oct:00
: >"$tmp/empty"
expect 2 'empty' 'report data of an empty file' "$tool" get --report-data "file:$tmp/empty"
head -c 65 /dev/zero >"$tmp/65"
expect 2 '65 bytes' 'report data of a file that is too long' "$tool" get --report-data "file:$tmp/65"
expect 1 'cannot read' 'report data of no file' "$tool" get --report-data "file:$tmp/nothing"
expect 2 'given twice' 'report data given twice' "$tool" get --report-data hex:00 --report-data hex:01
expect 2 'not one of sha256' 'an unknown hash' "$tool" get --nonce-hash md5 /dev/null
expect 2 'is missing' 'a hash without a file' "$tool" get --nonce-hash sha256
expect 1 'cannot read' 'a hash of no file' "$tool" get --nonce-hash sha256 "$tmp/nothing"

# parameters
expect 2 'not one of auto' 'an unknown provider' "$tool" get --provider tpm
expect 2 'from 0 to 3' 'privlevel out of range' "$tool" get --privlevel 4
expect 2 'not a number' 'privlevel that is not a number' "$tool" get --privlevel x
expect 2 'not a number' 'a negative timeout' "$tool" get --timeout -1
expect 2 'at least 1 ms' 'timeout 0' "$tool" get --timeout 0
expect 2 'not a GUID' 'a bad GUID' "$tool" get --service-guid 1234
expect 2 '--service-provider' 'a GUID without a service' "$tool" get --device "$none" \
	--service-guid c0b406a4-a803-4952-9743-3fb6014cd0ae
expect 2 '1 to 32 bytes' 'a service name that is too long' "$tool" get --service-provider "$long"
expect 2 'takes no argument' 'get with a file' "$tool" get file

# the device
expect 3 'cvm-evidence load' 'no device: what to do' "$tool" get --device "$none"
expect 3 'not the device' 'a plain file is not the device' "$tool" get --device $g/blob-snp.cvme
expect 3 'not the device' 'nor with parameters' "$tool" get --device $g/blob-snp.cvme --provider tsm
expect 3 '' 'status without a device' "$tool" status --device "$none"
if "$tool" status --json --device "$none" | grep -q '"available":false'; then
	ok 'status --json without a device'
else
	not_ok 'status --json without a device'
fi
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	cp "$plain" "$tmp/tool"
	: >"$tmp/secret"
	chmod 755 "$tmp" "$tmp/tool"
	chmod 000 "$tmp/secret"
	nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	expect 4 'usermod -aG cvm-evidence' 'a device that may not be opened: what to do' \
		"${nobody[@]}" "$tmp/tool" get --device "$tmp/secret"
	expect 4 '' 'status: a device that may not be opened' \
		"${nobody[@]}" "$tmp/tool" status --device "$tmp/secret"
	if ! modinfo cvm_evidence >/dev/null 2>&1; then
		expect 3 "run 'make dkms-install'" 'load: a module that is not installed: what to do' \
			"${nobody[@]}" "$tmp/tool" load
	fi
	mkdir -m 755 "$tmp/ro"
	# the tree may be where others cannot read, as in /root
	install -m 644 $g/blob-maa.cvme $g/runtime-data.json "$tmp/"
	expect 4 'cannot write' 'a directory that may not be written' \
		"${nobody[@]}" "$tmp/tool" request maa --evidence "$tmp/blob-maa.cvme" \
		--runtime-data "$tmp/runtime-data.json" -o "$tmp/ro/out"
	if [ -z "$(ls -A "$tmp/ro")" ]; then ok 'nothing is left there'; else not_ok 'nothing is left there'; fi
else
	echo 'skip unprivileged user: not root, or no setpriv'
fi

# show
expect 5 'is empty' 'an empty file' "$tool" show "$tmp/empty"
expect 5 'is empty' 'empty standard input' "$tool" show
expect 1 'cannot read' 'no file' "$tool" show "$tmp/nothing"
expect 1 'cannot read' 'a directory' "$tool" show "$tmp"
expect 2 'a second one' 'two files' "$tool" show a b
expect 5 'not recognised at offset 0' 'text' "$tool" show /etc/passwd
head -c 700 $g/blob-snp.cvme >"$tmp/cut"
expect 5 'offset 16' 'a blob cut short' "$tool" show "$tmp/cut"
head -c 700 $g/snp-v3-genoa.bin >"$tmp/cut"
expect 5 'cut short at offset 700' 'an SNP report cut short' "$tool" show "$tmp/cut"
head -c 700 $g/tdx-v4.bin >"$tmp/cut"
expect 5 'at offset 636' 'a quote cut short' "$tool" show "$tmp/cut"
head -c 700 $g/tdreport-v0.bin >"$tmp/cut"
expect 5 'cut short at offset 700' 'a TDREPORT cut short' "$tool" show "$tmp/cut"
head -c 1024 $g/tdreport-v2.bin >"$tmp/cut"
expect 5 'one of version 2 has 1280 bytes' 'a TDREPORT of version 2 without its extension' "$tool" show "$tmp/cut"
printf '\007' | cat - <(tail -c +2 $g/snp-v3-genoa.bin) >"$tmp/v7"
expect 5 'version 7' 'an SNP report of a version to come' "$tool" show "$tmp/v7"
printf '\003' | cat - <(tail -c +2 $g/tdx-v4.bin) >"$tmp/v3"
expect 5 'quote of SGX' 'a quote of SGX' "$tool" show "$tmp/v3"
printf '\002' | cat <(head -c 4 $g/blob-snp.cvme) - <(tail -c +6 $g/blob-snp.cvme) >"$tmp/v2"
expect 5 'use a newer' 'a blob of a major version to come' "$tool" show "$tmp/v2"
# patched OFFSET BYTES: a blob with these bytes there, as printf %b has them
patched() {
	cp $g/blob-snp.cvme "$tmp/patched"
	printf %b "$2" | dd of="$tmp/patched" bs=1 seek="$1" conv=notrunc 2>/dev/null
}
patched 34 '\0001'
expect 5 'critical bits (0x00010000)' 'a critical flag that is not known' "$tool" show "$tmp/patched"
expect 5 '' 'nor is it verified' "$tool" verify --no-binding --any-code "$tmp/patched"
patched 35 "\\0200"
expect 5 'critical bits (0x80000000)' 'the highest critical flag' "$tool" show "$tmp/patched"
patched 33 "\\0200"
expect 0 '' 'a flag that is not known and not critical' "$tool" show "$tmp/patched"
check 'is shown' grep -q '0x8000' "$tmp/out"
for binding in 0 7 255; do
	patched 36 "\\0$(printf %03o "$binding")"
	expect 5 "binding $binding at offset 36 is not known" "binding $binding" "$tool" show "$tmp/patched"
done
expect 0 '' 'hex text of a report' sh -c "od -An -v -tx1 $g/snp-v5-turin.bin | '$tool' show -"
expect 0 '' 'base64 text of a quote' sh -c "base64 $g/tdx-v5-td15.bin | '$tool' show -"
expect 1 'cannot write standard output' 'show to a full disk' sh -c "'$tool' show $g/snp-v2.bin >/dev/full"
# what evidence says must not reach the terminal as it is
printf '\033[2J' | dd of="$tmp/esc" conv=notrunc 2>/dev/null
cp $g/snp-v2.bin "$tmp/esc"
printf 'AA\033[2JAA' | dd of="$tmp/esc" bs=1 seek=16 conv=notrunc 2>/dev/null
if "$tool" show "$tmp/esc" | grep -q "$(printf '\033')"; then not_ok 'no escape sequences'; else ok 'no escape sequences'; fi

# output whole or not at all
maa=("$tool" request maa --evidence "$g/blob-maa.cvme" --runtime-data "$g/runtime-data.json")
mkdir "$tmp/dir"
expect 1 'No space left' 'output to a full disk' "${maa[@]}" -o /dev/full
expect 1 'cannot write' 'output into no directory' "${maa[@]}" -o "$tmp/none/out"
expect 1 'Is a directory' 'output onto a directory' "${maa[@]}" -o "$tmp/dir"
expect 0 '' 'output into a file' "${maa[@]}" -o "$tmp/dir/out"
"${maa[@]}" >"$tmp/stdout"
check 'it is the same as standard output' cmp "$tmp/dir/out" "$tmp/stdout"
echo before >"$tmp/dir/old"
chmod 640 "$tmp/dir/old"
ln -s old "$tmp/dir/link"
expect 0 '' 'output through a symbolic link' "${maa[@]}" -o "$tmp/dir/link"
check 'the link is still one' test -L "$tmp/dir/link"
check 'the file behind it is written' cmp "$tmp/dir/old" "$tmp/stdout"
check 'and keeps its mode' test "$(stat -c %a "$tmp/dir/old")" = 640
if [ "$(find "$tmp/dir" -name '.*' | wc -l)" -eq 0 ]; then ok 'no temporary files'; else not_ok 'no temporary files'; fi
# a file system of 16 KiB: the old file survives a write that does not fit
if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
	# shellcheck disable=SC2016  # for the inner shell
	expect 0 '' 'a full file system leaves the old file as it was' unshare -m sh -c '
		mount -t tmpfs -o size=16k none "$1" || exit 9
		echo old >"$1/f"; head -c 11000 /dev/zero >"$1/fill"
		"$2" request maa --evidence "$3/blob-maa.cvme" --runtime-data "$3/runtime-data.json" -o "$1/f" && exit 8
		[ "$(cat "$1/f")" = old ] && [ "$(ls -A "$1" | wc -l)" -eq 2 ]' \
		sh "$tmp/dir" "$tool" "$PWD/$g"
else
	echo 'skip full file system: no mount namespace'
fi
# to a terminal: only with --force
if command -v script >/dev/null; then
	script -qec "'$tool' get --device '$none'" /dev/null >"$tmp/tty" 2>&1
	if grep -q 'standard output is a terminal' "$tmp/tty"; then ok 'no binary to a terminal'; else not_ok 'no binary to a terminal'; fi
	script -qec "'$tool' get --force --device '$none'" /dev/null >"$tmp/tty" 2>&1
	if grep -q 'cannot open' "$tmp/tty"; then ok 'unless --force'; else not_ok 'unless --force'; fi
else
	echo 'skip binary to a terminal: no script(1)'
fi
exit $status
