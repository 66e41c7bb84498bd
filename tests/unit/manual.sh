#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The manual pages cvm-evidence(4) and cvm_evidence(7): everything of the interface is in
# them, no formatter warns of them, their examples compile and do what the text says, and
# they are built, installed and removed.
. ./lib.sh

user=../../user
pages="cvm-evidence.4 cvm_evidence.7"
for command in scdoc mandoc man; do
	command -v $command >/dev/null || { not_ok "$command is there (tests/vm/install-deps)"; exit 1; }
done

# build
expect 0 '' 'the pages are built' make -s -C $user man OBJDIR="$tmp/man" SOURCE_DATE_EPOCH=86400
check 'with the date that is asked for' grep -q '^\.TH "CVM-EVIDENCE" "4" "1970-01-02"' "$tmp/man/cvm-evidence.4"
expect 2 'apt-get install scdoc' 'without scdoc the build says what is missing' \
	make -s -C $user man OBJDIR="$tmp/none" SCDOC="$tmp/scdoc"
if [ -z "$(ls -A "$tmp/none" 2>/dev/null)" ]; then ok 'and makes no page'; else not_ok 'and makes no page'; fi

# format: wide, so that no name is on two lines
for page in $pages; do
	mandoc -T lint "$tmp/man/$page" >"$tmp/err" 2>&1
	if [ -s "$tmp/err" ]; then not_ok "mandoc -T lint: $page"; else ok "mandoc -T lint: $page"; fi
	MANWIDTH=72 man --warnings -l "$tmp/man/$page" 2>"$tmp/err" | col -b >"$tmp/$page.man"
	if [ -s "$tmp/err" ] || [ ! -s "$tmp/$page.man" ]; then not_ok "man --warnings: $page"; else ok "man --warnings: $page"; fi
	mandoc -T utf8 -O width=1000 "$tmp/man/$page" | sed 's/.\x08//g' >"$tmp/$page.txt"
	# a page that can be found by its name
	expect 0 '' "whatis knows $page" lexgrog "$tmp/man/$page"
done
# what mandoc and man find is found here too
sed 's/^\.SH NAME/.SH NAME\n.P/' "$tmp/man/cvm-evidence.4" >"$tmp/bad.4"
if mandoc -T lint "$tmp/bad.4" >"$tmp/err"; then not_ok 'a page that is wrong is noticed'; else ok 'a page that is wrong is noticed'; fi

# names
python3 -B ./manual.py device "$tmp/cvm-evidence.4.txt" ../../include/uapi/linux/cvm_evidence.h \
	../../kmod || status=1
python3 -B ./manual.py netlink "$tmp/cvm_evidence.7.txt" ../../include/netlink/cvm_evidence.yaml || status=1
# The test itself: a header, sources and a spec with one thing more.
more() {
	local name=$1 file=$2 change=$3
	shift 3
	rm -rf "$tmp/more"
	mkdir "$tmp/more"
	cp ../../include/uapi/linux/cvm_evidence.h ../../include/netlink/cvm_evidence.yaml "$tmp/more/"
	cp -r ../../kmod "$tmp/more/"
	sed -i -E "$change" "$tmp/more/$file"
	if cmp -s "$tmp/more/$file" "$(find ../../include ../../kmod -path "*/${file##*/}")"; then
		not_ok "the test of the test: $name changes nothing"
	elif "$@" >"$tmp/out" 2>&1 || ! grep -q '^not ok' "$tmp/out"; then
		not_ok "$name that the page does not have is noticed"
	else
		ok "$name that the page does not have is noticed"
	fi
}
device() { python3 -B ./manual.py device "$tmp/cvm-evidence.4.txt" "$tmp/more/cvm_evidence.h" "$tmp/more/kmod"; }
netlink() { python3 -B ./manual.py netlink "$tmp/cvm_evidence.7.txt" "$tmp/more/cvm_evidence.yaml"; }
h=cvm_evidence.h y=cvm_evidence.yaml
more 'an ioctl' $h 's/^(#define CVM_EVIDENCE_GET_)LEASE(.*)0x92/&\n\1TIME\20x93/' device
more 'another number of an ioctl' $h 's/0x92\)/0x93)/' device
more 'a flag' $h 's/^#define CVM_EVIDENCE_F_TDREPORT.*/&\n#define CVM_EVIDENCE_F_SOON (1U << 9)/' device
more 'an item' $h 's/^(\tCVM_EVIDENCE_ITEM_)ABSENT.*/&\n\1MORE = 25,/' device
more 'a reason' $h 's/^(\tCVM_EVIDENCE_REASON_)NONE.*/&\n\1MOON = 15,/' device
more 'a member' $h 's/^\t__u32 max_blob;/&\n\t__u32 max_time;/' device
more 'another offset' $h 's/@max_blob: offset 44/@max_blob: offset 48/' device
more 'an error' $h 's/^ \*   EFBIG .*/&\n *   EROFS       no/' device
more 'a parameter' kmod/state.c 's/^module_param_cb\(queue_max.*/&\nmodule_param(burst, uint, 0644);/' device
more 'another default' kmod/state.c 's/^(unsigned int cvme_queue_max = )1024/\12048/' device
more 'another range' kmod/state.c 's/cvme_queue_max, 1, 65536/cvme_queue_max, 1, 32768/' device
more 'a tracepoint' kmod/trace.h 's/^TRACE_EVENT\(cvm_evidence_started,/&\nTRACE_EVENT(cvm_evidence_stopped,/' device
more 'a command' $y 's/^      name: get-log/      name: get-all/' netlink
more 'an event' $y 's/^        name: throttled$/        name: delayed/' netlink
more 'an attribute' $y 's/^        name: fw-status$/        name: fw-state/' netlink
more 'another type of an attribute' $y '/name: exe-major/,/type/s/u32/uint/' netlink
more 'a value' $y 's/^      - fresh$/      - newest/' netlink
more 'a group' $y '/^mcast-groups/,$s/name: events/name: news/' netlink

# examples
mkdir "$tmp/ex4" "$tmp/ex7"
python3 -B ./manual.py examples $user/man/cvm-evidence.4.scd "$tmp/ex4"
python3 -B ./manual.py examples $user/man/cvm_evidence.7.scd "$tmp/ex7"
n=0
for f in "$tmp"/ex?/*.sh; do
	bash -n "$f" 2>"$tmp/err" || not_ok "shell: $(head -1 "$f")"
	n=$((n + 1))
done
if [ $n -ge 12 ]; then ok "$n examples are shell (tests/documents looks at each option)"; else not_ok "only $n examples of shell"; fi
for f in "$tmp"/ex4/*.c; do
	check "C example $(basename "$f") compiles" gcc -std=gnu11 -Wall -Wextra -Wshadow -Werror -O1 \
		-I../../include/uapi -o "${f%.c}" "$f"
done
# by what each of them does
example() {
	local f
	f=$(grep -lF -- "$1" "$tmp"/ex4/*.c) && echo "${f%.c}"
}
for f in '.report_data_len = 32' CVM_EVIDENCE_ITEM_REPORT 'poll(&p' CVM_EVIDENCE_GET_INFO; do
	[ -x "$(example "$f")" ] || not_ok "the example with $f"
done
blob=golden/blob-snp.cvme
fake() { env LD_PRELOAD="$OUT/fakedev.so" FAKE_DEV=/dev/cvm-evidence FAKE_BLOB=$blob FAKE_LOG="$tmp/log" "$@"; }
head -c 32 golden/runtime-data.json >"$tmp/hash"
hex=$(od -An -v -tx1 "$tmp/hash" | tr -d ' \n')
for interrupts in 0 3; do
	FAKE_EINTR=$interrupts fake "$(example '.report_data_len = 32')" <"$tmp/hash" >"$tmp/blob" 2>"$tmp/err"
	check "evidence for a hash, $interrupts signals" cmp "$tmp/blob" $blob
done
check 'for these bytes' grep -q "privlevel=-1 timeout=30000 len=32 data=$hex" "$tmp/log"
# as a real failure: the errno, and the firmware's status
FAKE_ERRNO=19 fake "$(example '.report_data_len = 32')" <"$tmp/hash" >"$tmp/out" 2>"$tmp/err"
if [ $? -eq 1 ] && grep -q 'no evidence: No such device' "$tmp/err"; then ok 'no provider'; else not_ok 'no provider'; fi
FAKE_ERRNO=5 FAKE_FW=17 fake "$(example '.report_data_len = 32')" <"$tmp/hash" >"$tmp/out" 2>"$tmp/err"
if [ $? -eq 1 ] && grep -q '(firmware status 0x11)' "$tmp/err"; then ok "the firmware's status"; else not_ok "the firmware's status"; fi
reader=$(example CVM_EVIDENCE_ITEM_REPORT)
# header, report_data of 3 bytes, header of the item: 104 bytes; then an SNP report
"$reader" <$blob >"$tmp/report" 2>"$tmp/err"
check 'the report in a blob' cmp "$tmp/report" <(tail -c +105 $blob | head -c 1184)
for f in bad-critical bad-flag; do
	expect 1 '' "$f is refused" "$reader" <golden/$f.cvme
done
for size in 0 63 64 500 $(($(stat -c %s $blob) - 1)); do
	head -c "$size" $blob >"$tmp/cut"
	if "$reader" <"$tmp/cut" >"$tmp/out" 2>"$tmp/err" || [ -s "$tmp/out" ]; then not_ok "a blob of $size bytes"; else ok "a blob of $size bytes is refused"; fi
done
FAKE_EINTR=2 fake "$(example 'poll(&p')" >"$tmp/out" 2>"$tmp/err"
check 'the event loop' grep -qx "$(stat -c %s $blob) bytes after 0 ms in the firmware" "$tmp/out"
fake "$(example CVM_EVIDENCE_GET_INFO)" >"$tmp/out" 2>"$tmp/err"
check 'the list of providers' grep -qx 'tsm: status 1, reason 0, used by AUTO' "$tmp/out"
FAKE_STATUS=3 FAKE_REASON=5 fake "$(example CVM_EVIDENCE_GET_INFO)" >"$tmp/out" 2>"$tmp/err"
check 'and one that cannot be used' grep -qx 'tsm: status 3, reason 5' "$tmp/out"
# the line of monitor is one that it prints
check 'the line of an event' grep -qF "$(grep -hE '^20[0-9-]+ .*evidence-taken' "$tmp"/ex7/*.sh) " golden/events.txt
# the options of the kernel's own tool, where its source is
cli=$(find "${OUT%/*}/kernel-ynl" -name cli.py 2>/dev/null | head -n 1)
if [ -n "$cli" ]; then
	for option in $(grep -hoE 'cli\.py .*' "$tmp"/ex7/*.sh | grep -oE -e '--[a-z-]+' | sort -u); do
		check "cli.py has $option" grep -qF "'$option'" "$cli"
	done
else
	echo 'skip the options of cli.py: the kernel is not here (host_ynl.sh fetches it)'
fi

# install and remove: what `make all` built, under the lock of tests/vm/build
made() { flock "${OUT%/*}/lock/build-programs" make -s -C $user "$@" DESTDIR="$tmp/root" PREFIX=/usr; }
expect 0 '' 'install' made install
for page in cvm-evidence.1 $pages; do
	check "installs $page" test -s "$tmp/root/usr/share/man/man${page##*.}/$page"
done
expect 0 '' 'uninstall' made uninstall
if [ -z "$(find "$tmp/root" -type f)" ]; then ok 'leaves no file'; else not_ok 'leaves no file'; fi
exit $status
