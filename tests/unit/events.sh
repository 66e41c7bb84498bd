#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tool's names of events are those of the YNL spec, all of them; the spec's
# names and numbers are those of the header.
. ./lib.sh

python3 ./ynl_header.py ../../include/netlink/cvm_evidence.yaml \
	../../include/uapi/linux/cvm_evidence.h || status=1

# attributes of the set "event" with their type and number, and what the enums
# and flags among them can be, as t_event --names has it
awk '
	/^attribute-sets:/ { sets = 1 }
	/^operations:/ { exit }
	$1 == "-" { next }
	# a definition, or a set: four blanks; what is in it: eight
	/^    name: / { in_set = sets && $2 == "event"; def = $2; n = 0 }
	/^        name: / && !sets { entry[def, ++n] = $2; number[def, n] = n - 1; count[def] = n }
	/^        value: / && !sets { number[def, n] = $2 }
	/^      - [a-z]/ && !sets { next }
	/^        name: / && in_set { attr = $2; id++ }
	/^        value: / && in_set { id = $2 }
	/^        type: / && in_set && $2 != "pad" { print "attribute", attr, $2, id }
	/^        enum: / && in_set {
		for (i = 1; i <= count[$2]; i++)
			print attr, entry[$2, i], number[$2, i]
	}' <(sed -E 's/^      - ([a-z].*)$/        name: \1/' ../../include/netlink/cvm_evidence.yaml) |
	sort >"$tmp/spec"
"$OUT/t_event" --names | sort >"$tmp/ours"
if [ "$(grep -c ^attribute "$tmp/spec")" -ge 38 ] && [ "$(grep -c '^type ' "$tmp/spec")" -ge 13 ]; then
	ok 'the YNL spec was read'
else
	not_ok 'the YNL spec was read'
fi
if diff "$tmp/spec" "$tmp/ours" >"$tmp/err"; then
	ok 'names and numbers are those of the YNL spec'
else
	not_ok 'names and numbers are those of the YNL spec'
fi

# the command line
expect 2 'is not ATTRIBUTE=VALUE' 'a filter that is none' "$tool" monitor --filter taken
expect 2 'they have: number type' 'a filter of no attribute' "$tool" monitor --filter user=root
expect 2 'is not a value of type; use one of: evidence-taken' 'a filter of no type' "$tool" monitor --filter type=taken
expect 2 '--count: it must be at least 1' '--count 0' "$tool" monitor --count 0
expect 2 'not a number' 'a timeout that is none' "$tool" monitor --timeout soon
expect 2 'not a number' '--since nothing' "$tool" monitor --since ''
expect 2 'takes no argument' 'monitor with an argument' "$tool" monitor events
if [ ! -d /sys/module/cvm_evidence ]; then
	expect 3 '--wait waits for it' 'no module: what to do' "$tool" monitor
	expect 3 'not loaded' 'a module that does not come' "$tool" monitor --wait --timeout 1
	timeout --foreground -s INT 1 "$tool" monitor --wait >"$tmp/out" 2>"$tmp/err"
	if [ $? -eq 124 ] && [ ! -s "$tmp/err" ]; then ok 'waiting for the module'; else not_ok 'waiting for the module'; fi
	# --foreground: no SIGCONT after it, which would take LeakSanitizer's SIGSTOP away
	expect 0 '' 'SIGINT ends it well' timeout --foreground --preserve-status -s INT 1 "$tool" monitor --wait
	expect 0 '' 'SIGTERM ends it well' timeout --foreground --preserve-status 1 "$tool" monitor --wait
	# noticed before there is anything to write
	expect 0 '' 'a reader that goes ends it well' \
		timeout 10 bash -c "'$tool' monitor --wait | true; exit \${PIPESTATUS[0]}"
else
	echo 'skip monitor without a module: it is loaded here'
fi
exit $status
