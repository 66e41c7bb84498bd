#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A host that sends certificates with one report and none with the next. TSM
# keeps the length of what it freed, and sev_guest (as the simulated one does
# with stale_len=Y) sets neither: on a reused entry the kernel would copy from
# NULL, so auxblob is read once on an entry that had certificates
# (provider_tsm.c), and what comes after it is another entry's.

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

param=/sys/module/sev_guest/parameters/stale_len
knob=/sys/kernel/cvm_sim/sev_guest/certs

if [ ! -w "$param" ] || [ ! -w "$knob" ]; then
	skip_all "needs the simulated sev_guest"
fi
[ -e "$node" ] || skip_all "$node: no such device"
"$ctl" fast=1 >/dev/null 2>&1
head -c 1 "$node" >/dev/null 2>&1 ||
	skip_all "needs a simulation that answers to any data"

cleanup() {
	echo N >"$param"
	"$ctl" reset >/dev/null 2>&1
}

take() {
	head -c 262144 "$node" >"$1" && [ -s "$1" ]
}

certs_come_and_go() {
	tmp=$(mktemp -d)
	echo Y >"$param"
	"$ctl" fast=1 >/dev/null || fail "cannot set fast=1"
	with=0 without=0 i=0
	while [ "$i" -lt 40 ]; do
		[ $((i % 3)) -ne 1 ] || echo none:1 >"$knob"
		# half of the time the entry goes, half of the time it stays
		[ $((i % 6)) -ne 1 ] || sleep 0.4
		take "$tmp/blob" || fail "request $i"
		if [ "$(wc -c <"$tmp/blob")" -gt 4000 ]; then
			with=$((with + 1))
		else
			without=$((without + 1))
		fi
		i=$((i + 1))
	done
	rm -rf "$tmp"
	note "$with with certificates, $without without"
	[ "$with" -gt 0 ] || fail "none with certificates"
	[ "$without" -gt 0 ] || fail "none without"
}

many_clients() {
	echo Y >"$param"
	"$ctl" fast=1 >/dev/null || fail "cannot set fast=1"
	pids=
	for c in 1 2 3; do
		(
			for i in 1 2 3 4 5 6 7 8 9 10; do
				take "/tmp/stale_certs.$c" || exit 1
			done
		) &
		pids="$pids $!"
	done
	for i in 1 2 3 4 5 6 7 8 9 10; do
		echo none:1 >"$knob"
		sleep 0.05
	done
	for p in $pids; do
		wait "$p" || fail "a client got no evidence"
	done
	rm -f /tmp/stale_certs.*
}

ktap_main certs_come_and_go many_clients
