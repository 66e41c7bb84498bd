#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Loading and unloading cvm_evidence: "mode 0600 root by itself", "A request in
# flight holds a module reference", "unload refused while open".

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

module=cvm_evidence
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -e "$node" ] || skip_all "$node: no such device; load $module first"
[ -d "/sys/module/$module/holders" ] || skip_all "$module is not a module here"
modprobe -n -q "$module" 2>/dev/null ||
	skip_all "modprobe does not find $module: it could not be loaded again"
was=$(stat -c '%a %u:%g' "$node")

loaded() { [ -d "/sys/module/$module" ]; }
there() { [ -c "$node" ]; }
unload() { rmmod "$module" 2>/dev/null; }
sim() { [ -x "$ctl" ] && "$ctl" get delay >/dev/null 2>&1; }
# Evidence, or the error of a machine without any
evidence() { [ "$(head -c 4 "$node" 2>/dev/null)" = CVME ]; }

had_evidence=
! evidence || had_evidence=1

# Whatever the case did, the next one and other tests meet it as it was.
cleanup() {
	! sim || "$ctl" reset
	loaded || modprobe "$module"
	within 5 there
	chmod "${was% *}" "$node"
	chown "${was#* }" "$node"
}

unload_and_load() {
	check "unload at rest" within 2 unload
	! there || fail "$node is there without the module"
	check "load" modprobe "$module"
	check "the node came" within 5 there
	[ -z "$had_evidence" ] || check "evidence after a reload" evidence
}

mode_and_owner() {
	check "unload at rest" within 2 unload
	check "load" modprobe "$module"
	check "the node came" within 5 there
	# udev, where it runs, gives it to the group of the package
	if pidof systemd-udevd udevd >/dev/null 2>&1; then
		udevadm settle 2>/dev/null
		case $(stat -c '%a %U:%G' "$node") in
		'600 root:root' | '660 root:cvm-evidence') ;;
		*) fail "$(stat -c '%a %U:%G' "$node")" ;;
		esac
	else
		[ "$(stat -c '%a %u:%g' "$node")" = "600 0:0" ] ||
			fail "$(stat -c '%a %u:%g' "$node"), not 600 0:0"
	fi
}

refused_while_open() {
	exec 3<>"$node"
	i=0
	while [ "$i" -lt 5 ]; do
		! unload || fail "it was unloaded under an open file"
		i=$((i + 1))
	done
	loaded || fail "the module is gone"
	rmmod "$module" 2>&1 | grep -qi "in use" ||
		fail "the refusal does not say 'in use'"
	# and the file is as good as before
	if [ -n "$had_evidence" ]; then
		[ "$(head -c 4 <&3)" = CVME ] || fail "no evidence afterwards"
	fi
	exec 3>&-
	check "unload when it is closed" within 2 unload
}

in_flight() { [ "$(cat /sys/kernel/cvm_sim/*/in_flight 2>/dev/null)" != 0 ]; }

refused_in_flight() {
	sim || skip "needs the simulated TEE's knobs"
	[ -n "$had_evidence" ] || skip "no evidence to be had"
	# the firmware is held until we say so, and works on the request when it is killed
	"$ctl" block=1
	cat "$node" >/dev/null &
	pid=$!
	within 20 in_flight || fail "the request does not reach the firmware"
	kill -KILL "$pid"
	wait "$pid"
	# nobody has it open, the firmware's call goes on: ours must stay
	! unload || fail "it was unloaded under a call of its own"
	"$ctl" block=0
	check "unload when the call is over" within 5 unload
}

many_times() {
	i=0
	while [ "$i" -lt 10 ]; do
		check "unload $i" within 2 unload
		check "load $i" modprobe "$module"
		check "node $i" within 5 there
		[ -z "$had_evidence" ] || [ $((i % 3)) -ne 0 ] ||
			check "evidence $i" evidence
		i=$((i + 1))
	done
}

leaves_nothing() {
	[ -z "$had_evidence" ] || check "evidence" evidence
	check "unload" within 2 unload
	for d in /sys/kernel/config/tsm/report/cvm*; do
		[ ! -e "$d" ] || fail "$d is left behind"
	done
	[ ! -e /sys/kernel/debug/cvm_evidence ] || fail "debugfs has a directory left"
	! grep -q '^cvm_evidence' /proc/slabinfo 2>/dev/null ||
		fail "left behind: $(grep '^cvm_evidence' /proc/slabinfo)"
	for t in /proc/[0-9]*/comm; do
		read -r comm 2>/dev/null <"$t" || continue
		case $comm in
		cvm_evidence) fail "thread $comm is left behind" ;;
		esac
	done
}

# One thread for all providers, while it is loaded
one_thread() {
	n=0
	for t in /proc/[0-9]*/comm; do
		read -r comm 2>/dev/null <"$t" || continue
		[ "$comm" != cvm_evidence ] || n=$((n + 1))
	done
	[ "$n" = 1 ] || fail "$n threads cvm_evidence"
}

ktap_main one_thread unload_and_load mode_and_owner refused_while_open refused_in_flight \
	many_times leaves_nothing
