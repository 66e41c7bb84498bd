#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `cvm-evidence monitor` against the module: events of each kind that a script can
# make happen, reloads, a reader that sleeps, a command that is slow.

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

module=cvm_evidence
tool=${CVM_TOOL:-cvm-evidence}
params=/sys/module/$module/parameters
[ "$(id -u)" = 0 ] || skip_all "needs root"
command -v "$tool" >/dev/null || skip_all "no $tool here"
command -v jq >/dev/null || skip_all "no jq here"
[ -e "$node" ] || skip_all "$node: no such device; load $module first"
"$tool" monitor --log --timeout 0 >/dev/null 2>&1 ||
	skip_all "this module or this kernel has no events"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
out=$tmp/out
was_queue=$(cat "$params/queue_max")
was_mode=$(stat -c '%a %u:%g' "$node")
pids=

loaded() { [ -d "/sys/module/$module" ]; }
there() { [ -c "$node" ]; }
unload() { rmmod "$module" 2>/dev/null; }
sim() { [ -x "$ctl" ] && "$ctl" get delay >/dev/null 2>&1; }
take() { [ "$(head -c 4 "$node" 2>/dev/null)" = CVME ]; }
had_evidence=
! take || had_evidence=1

cleanup() {
	for p in $pids; do
		kill -CONT "$p" 2>/dev/null
		kill -KILL "$p" 2>/dev/null
	done
	pids=
	if sim; then
		"$ctl" reset
		[ -z "$had_evidence" ] || take || "$ctl" reload 2>/dev/null
	fi
	loaded || modprobe "$module"
	within 5 there
	chmod "${was_mode% *}" "$node"
	chown "${was_mode#* }" "$node"
	echo "$was_queue" >"$params/queue_max"
	rm -rf "${tmp:?}"/*
}

need_sim() {
	sim || skip "needs the simulated TEE"
	[ -n "$had_evidence" ] || skip "no evidence to be had"
}

# One event that needs no provider: parameter-changed
poke() {
	if [ "$(cat "$params/queue_max")" = 300 ]; then
		echo 301 >"$params/queue_max"
	else
		echo 300 >"$params/queue_max"
	fi
}

# poke_times N
poke_times() {
	i=0
	while [ "$i" -lt "$1" ]; do
		echo 299 >"$params/queue_max"
		echo 298 >"$params/queue_max"
		i=$((i + 2))
	done
}

last() {
	"$tool" status --json | jq .counters.events
}

# A monitor into $out as JSON, listening for sure; $mon is its pid
start() {
	poke
	: >"$out"
	"$tool" monitor --json --since "$(last)" >>"$out" 2>"$tmp/err" &
	mon=$!
	pids="$pids $mon"
	within 10 test -s "$out" || fail "monitor does not start: $(cat "$tmp/err")"
}

# stop: it ends well, and all that it printed is JSON
stop() {
	kill -TERM "$mon"
	wait "$mon"
	rc=$?
	[ "$rc" -eq 0 ] || fail "monitor ended with $rc: $(cat "$tmp/err")"
	jq -e . <"$out" >/dev/null || fail "not JSON: $(cat "$out")"
}

# has FILTER: an event that this jq expression is true of
has() {
	[ -n "$(jq -c "select($1)" <"$out" 2>/dev/null)" ]
}

# sees FILTER: it comes
sees() {
	within 10 has "$1" || fail "no event with $1: $(cat "$out")"
}

# Numbers come one after the other, but for those that were told to be lost
whole() {
	jq -r 'if .notice == "lost" then "\(.first) \(.last)" elif .number then
		"\(.number) \(.number)" else empty end' <"$1" |
	awk 'NR > 1 && $1 != next_one { print "after " next_one - 1 " comes " $1; bad = 1 }
		{ next_one = $2 + 1 } END { exit bad || !NR }' || fail "the stream has a gap or a double"
}

who_took_evidence() {
	[ -n "$had_evidence" ] || skip "no evidence to be had"
	start
	# the opener, not who reads
	exec 3<"$node"
	head -c 4 <&3 >/dev/null
	sees '.type == "evidence-taken" and .comm == "monitor.sh" and .uid == 0 and ."kernel-random" and
		(."report-sha256" | length) == 64 and .number > 0 and .cgroup > 0'
	exec 3>&-
	# another user, by the tool, with data of its own
	chmod 666 "$node"
	setpriv --reuid 1000 --regid 1000 --clear-groups \
		"$tool" get --report-data hex:00112233 --fresh -o /dev/null || fail "no evidence"
	inode=$(stat -L -c %i "$(command -v "$tool")")
	sees ".type == \"evidence-taken\" and .uid == 1000 and .comm == \"cvm-evidence\" and
		.flags == [\"fresh\"] and .\"exe-inode\" == $inode and (has(\"kernel-random\") | not)"
	stop
	whole "$out"
	! grep -q 00112233 "$out" || fail "report data are told"
}

what_failed() {
	need_sim
	fault=wrong_data=1:1 errno=74
	# what a CCA token is over, only its verifier sees
	[ "$(cat /run/cvm-sim/driver)" != arm_cca_guest ] || fault=empty=1:1 errno=5
	start
	"$ctl" "$fault"
	! take || fail "evidence in spite of $fault"
	sees ".type == \"evidence-failed\" and .errno == $errno and .pid > 0"
	stop
}

parameters() {
	start
	echo 299 >"$params/queue_max"
	sees '.type == "parameter-changed" and .parameter == "queue_max" and ."new-value" == 299'
	stop
}

quota() {
	need_sim
	start
	clients=
	"$ctl" block=1
	# one in the firmware, one in the reserved place, one of two common places
	echo 2 >"$params/queue_max"
	for i in 1 2 3 4; do
		head -c 1 "$node" >/dev/null 2>&1 &
		clients="$clients $!"
	done
	within 10 has '.type == "quota-denied" and .errno == 122 and .count > 0' ||
		note "not denied: $(cat "$out")"
	"$ctl" block=0
	# shellcheck disable=SC2086 # words
	wait $clients
	sees '.type == "quota-denied" and .errno == 122 and .comm == "head"'
	stop
}

providers_come_and_go() {
	need_sim
	start
	within 10 "$ctl" unload 2>/dev/null || fail "the driver does not unload"
	take
	sees '.type == "provider-removed" and (.driver | length) > 0'
	"$ctl" load
	within 10 take
	sees '.type == "provider-added" and (.driver | length) > 0'
	stop
}

throttling() {
	need_sim
	[ "$(cat /run/cvm-sim/driver)" = sev_guest ] || skip "of SNP only"
	start
	"$ctl" throttle=1:1
	take
	sees '.type == "throttled" and ."firmware-ns" > 1000000000'
	take
	take
	sees '.type == "recovered"'
	"$ctl" tcb=7
	take
	sees '.type == "tcb-changed" and .field == "reported-tcb" and .old != .new'
	"$ctl" key_lost=1
	take
	sees '.type == "key-lost" and .reason == "key-wiped"'
	"$ctl" key_lost=0
	take
	sees '.type == "key-recovered"'
	"$ctl" reload
	within 10 take
	stop
}

log_then_live() {
	poke_times 200
	poke_times 400 &
	writer=$!
	"$tool" monitor --json --log >"$out" 2>"$tmp/err" &
	mon=$!
	pids="$pids $mon"
	wait "$writer"
	echo 297 >"$params/queue_max"
	sees '."new-value" == 297'
	stop
	whole "$out"
	[ "$(wc -l <"$out")" -ge 400 ] || fail "$(wc -l <"$out") events"
}

one_filter() {
	poke
	from=$(($(last) + 1))
	take
	echo 299 >"$params/queue_max"
	poke
	"$tool" monitor --json --since "$from" --timeout 0 --filter new-value=299,7 >"$out"
	[ "$(jq -r .parameter <"$out")" = queue_max ] || fail "$(cat "$out")"
	"$tool" monitor --since "$from" --timeout 0 --filter type=reattest >"$out"
	[ ! -s "$out" ] || fail "$(cat "$out")"
	"$tool" monitor --since "$from" --timeout 0 --filter comm=monitor.sh >"$out"
	[ "$(grep -c 'parameter-changed.* comm="monitor.sh".* parameter="queue_max"' "$out")" = 2 ] ||
		fail "for people: $(cat "$out")"
}

how_it_ends() {
	"$tool" monitor --count 1 --timeout 1 2>"$tmp/err"
	rc=$?
	[ "$rc" -eq 6 ] || fail "no event in time: status $rc"
	check "no event asked for" "$tool" monitor --timeout 1
	poke
	poke
	[ "$("$tool" monitor --log --count 2 | wc -l)" = 2 ] || fail "--count 2"
	# the reader goes while nothing happens
	timeout 10 sh -c "$tool monitor --log | head -n 1 >/dev/null" || fail "no end without a reader"
	for s in INT TERM; do
		start
		# a shell's child ignores SIGINT when it is in the background; this does not
		kill "-$s" "$mon"
		wait "$mon" || fail "SIG$s: status $?"
	done
	if [ -e /dev/full ]; then
		"$tool" monitor --log --timeout 0 >/dev/full 2>"$tmp/err"
		rc=$?
		[ "$rc" -eq 1 ] || fail "a full disk: status $rc"
	fi
}

without_capability() {
	for how in '--log' '--since 1' '--log --timeout 0' ''; do
		# shellcheck disable=SC2086 # words
		setpriv --bounding-set -net_admin --inh-caps -net_admin \
			"$tool" monitor $how >"$out" 2>"$tmp/err"
		rc=$?
		[ "$rc" -eq 4 ] || fail "monitor $how: status $rc"
		[ ! -s "$out" ] || fail "monitor $how: $(cat "$out")"
		grep -q CAP_NET_ADMIN "$tmp/err" || fail "monitor $how: $(cat "$tmp/err")"
	done
	# as root of a namespace of its own it sees no family at all
	unshare -n "$tool" monitor --log >"$out" 2>"$tmp/err"
	rc=$?
	[ "$rc" -eq 3 ] || fail "another network namespace: status $rc"
	grep -q 'this network namespace has no events' "$tmp/err" || fail "$(cat "$tmp/err")"
	# counters are shown to those who may open the device, or have the capability
	chmod 600 "$node"
	setpriv --reuid 1001 --regid 1001 --clear-groups "$tool" status --json >"$out"
	rc=$?
	[ "$rc" -eq 4 ] || fail "status: $rc"
	[ "$(jq '(has("counters") or has("providers") | not) and
		(.not_told | test("CAP_NET_ADMIN"))' "$out")" = true ] || fail "status: $(cat "$out")"
	setpriv --reuid 1001 --regid 1001 --clear-groups --inh-caps +net_admin \
		--ambient-caps +net_admin "$tool" status --json >"$out"
	rc=$?
	[ "$rc" -eq 4 ] || fail "status with the capability: $rc"
	[ "$(jq '.counters.events > 0 and (.providers | length) > 0' "$out")" = true ] ||
		fail "status with the capability: $(cat "$out")"
}

reload() {
	start
	for i in 1 2 3; do
		check "unload $i" within 5 unload
		check "load $i" modprobe "$module"
		within 5 there
		echo 299 >"$params/queue_max"
		n=0
		while [ "$(grep -c '"new-value":299' "$out")" -lt "$i" ]; do
			n=$((n + 1))
			[ "$n" -lt 200 ] || fail "reload $i: $(cat "$out")"
			sleep 0.05
		done
	done
	[ "$(grep -c '"notice":"unloaded"' "$out")" = 3 ] || fail "unloads: $(cat "$out")"
	[ "$(grep -c '"notice":"loaded"' "$out")" = 3 ] || fail "loads: $(cat "$out")"
	stop
	# from each load on: 1, 2, 3, ...
	jq -r '.notice // .number' <"$out" | awk '
		$1 == "unloaded" { next }
		$1 == "loaded" { next_one = 1; next }
		next_one && $1 != next_one++ { print "number " $1 " at line " NR; bad = 1 }
		END { exit bad }' || fail "$(cat "$out")"
}

waits_for_the_module() {
	check "unload" within 5 unload
	"$tool" monitor 2>"$tmp/err"
	rc=$?
	[ "$rc" -eq 3 ] || fail "no module: status $rc"
	"$tool" monitor --json --wait --filter type=parameter-changed --count 1 --timeout 60 \
		>"$out" 2>"$tmp/err" &
	mon=$!
	pids="$pids $mon"
	sleep 0.5
	modprobe "$module"
	within 5 there
	poke
	wait "$mon" || fail "status $?: $(cat "$tmp/err")"
	has '.notice == "loaded"' || fail "$(cat "$out")"
	has '.parameter == "queue_max"' || fail "$(cat "$out")"
}

slow_command() {
	number="sed 's/.*\"number\":\([0-9]*\).*/\1/'"
	poke
	from=$(($(last) + 1))
	"$tool" monitor --since "$from" --count 60 --timeout 100 --exec \
		"sleep 0.02; $number >>$tmp/numbers" >"$out" 2>"$tmp/err" &
	mon=$!
	pids="$pids $mon"
	poke_times 60
	wait "$mon" || fail "status $?: $(cat "$tmp/err")"
	[ ! -s "$out" ] || fail "$(cat "$out")"
	seq "$from" $((from + 59)) | cmp - "$tmp/numbers" || fail "$(cat "$tmp/numbers")"
	# one that is stopped says what it did not come to
	: >"$tmp/numbers"
	"$tool" monitor --since "$from" --exec "$number >>$tmp/numbers; sleep 3" \
		--json >"$out" 2>"$tmp/err" &
	mon=$!
	pids="$pids $mon"
	within 10 test -s "$tmp/numbers"
	stop
	has '.notice == "not-executed" and .count == 59' || fail "$(cat "$out")"
	[ "$(wc -l <"$tmp/numbers")" = 1 ] || fail "$(cat "$tmp/numbers")"
}

# Its socket and then the log overflow: it says so, and goes on
a_reader_that_sleeps() {
	[ ! -e /sys/kernel/debug/kmemleak ] ||
		skip "so many events take minutes on a debug kernel (stress_events overflows there)"
	start
	kill -STOP "$mon"
	poke_times 24000
	echo 297 >"$params/queue_max"
	kill -CONT "$mon"
	# jq takes seconds for what is there by now
	within 60 grep -q '"new-value":297' "$out" || fail "the last event did not come"
	echo 296 >"$params/queue_max"
	within 10 grep -q '"new-value":296' "$out" || fail "no event after it"
	stop
	has '.notice == "lost" and .count == .last - .first + 1' ||
		fail "24000 events, and none was lost: $(wc -l <"$out") lines"
	note "$(jq -c 'select(.notice)' <"$out" | head -n 3 | tr '\n' ' ')"
	whole "$out"
}

ktap_main who_took_evidence what_failed parameters quota providers_come_and_go throttling \
	log_then_live one_filter how_it_ends without_capability reload waits_for_the_module \
	slow_command a_reader_that_sleeps
