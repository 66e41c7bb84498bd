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
	mandoc -T lint -W warning "$tmp/man/$page" >"$tmp/err" 2>&1
	if [ -s "$tmp/err" ]; then not_ok "mandoc -T lint: $page"; else ok "mandoc -T lint: $page"; fi
	MANWIDTH=72 man --warnings -l "$tmp/man/$page" 2>"$tmp/err" | col -b >"$tmp/$page.man"
	if [ -s "$tmp/err" ] || [ ! -s "$tmp/$page.man" ]; then not_ok "man --warnings: $page"; else ok "man --warnings: $page"; fi
	mandoc -T utf8 -O width=1000 "$tmp/man/$page" | sed 's/.\x08//g' >"$tmp/$page.txt"
	# a page that can be found by its name
	expect 0 '' "whatis knows $page" lexgrog "$tmp/man/$page"
done
# cvm-evidence(1) is written by hand: what is optional ends where it should
page=$user/man/cvm-evidence.1
mandoc -T lint -W warning $page >"$tmp/err" 2>&1
if [ -s "$tmp/err" ]; then not_ok 'mandoc -T lint: cvm-evidence.1'; else ok 'mandoc -T lint: cvm-evidence.1'; fi
MANWIDTH=200 man --warnings -l $page 2>"$tmp/err" | col -b >"$tmp/one.man"
mandoc -T utf8 -O width=200 $page | sed 's/.\x08//g' >"$tmp/one.mandoc"
if [ -s "$tmp/err" ]; then not_ok 'man --warnings: cvm-evidence.1'; else ok 'man --warnings: cvm-evidence.1'; fi
for f in man mandoc; do
	for text in '--min-firmware major.minor[.build], --require-committed-firmware' \
		'--fetch-jwks[=url], --token-root file' '--min-tcb [product:]part=n[,...]' \
		'lost (with “first”, “last” and “count”)' '--kds[=url]' '--pcs[=url]' \
		'hex:digits | base64:text | text:text | file:path' '[=vsock:cid:port | unix:path]'; do
		check "$f: $text" grep -qF -- "$text" "$tmp/one.$f"
	done
	# an option with a comma within the brackets of the one before it
	if grep -qE '\[[^]]*, --' "$tmp/one.$f"; then not_ok "$f: brackets are closed"; else ok "$f: brackets are closed"; fi
done
# what mandoc and man find is found here too
sed 's/^\.SH NAME/.SH NAME\n.P/' "$tmp/man/cvm-evidence.4" >"$tmp/bad.4"
if mandoc -T lint -W warning "$tmp/bad.4" >"$tmp/err"; then not_ok 'a page that is wrong is noticed'; else ok 'a page that is wrong is noticed'; fi

python3 -B ./manual.py names "$tmp/cvm-evidence.4.txt" "$tmp/cvm_evidence.7.txt" \
	../../include/uapi/linux/cvm_evidence.h ../../kmod ../../include/netlink/cvm_evidence.yaml ||
	status=1

# examples
mkdir "$tmp/ex4" "$tmp/ex7"
python3 -B ./manual.py examples $user/man/cvm-evidence.4.scd "$tmp/ex4" \
	$user/man/cvm_evidence.7.scd "$tmp/ex7"
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
openssl dgst -sha256 -binary golden/runtime-data.json >"$tmp/hash"
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
cli=$(find -L "${OUT%/*/*}/kernel-ynl" -name cli.py 2>/dev/null | head -n 1)
if [ -n "$cli" ]; then
	while read -r option; do
		check "cli.py has $option" grep -qF "'$option'" "$cli"
	done < <(grep -hoE 'cli\.py .*' "$tmp"/ex7/*.sh | grep -oE -e '--[a-z-]+' | sort -u)
else
	echo 'skip the options of cli.py: the kernel is not here (host_ynl.sh fetches it)'
fi

# install and remove: what `make all` built, under the lock of tests/vm/build
# shellcheck disable=SC2317 # expect calls it
made() { flock "${OUT%/*/*}/lock/build-programs" make -s -C "$user" "$@" DESTDIR="$tmp/root" PREFIX=/usr; }
expect 0 '' 'install' made install
for page in cvm-evidence.1 $pages; do
	check "installs $page" test -s "$tmp/root/usr/share/man/man${page##*.}/$page"
done
expect 0 '' 'uninstall' made uninstall
if [ -z "$(find "$tmp/root" -type f)" ]; then ok 'leaves no file'; else not_ok 'leaves no file'; fi
exit $status
