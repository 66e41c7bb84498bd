#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The netlink family by the kernel's own tools: tools/net/ynl with the YNL spec,
# and genl of iproute2. host_ynl.sh brings them into a guest; elsewhere:
#   YNL=.../tools/net/ynl/cli.py SPEC=.../include/netlink/cvm_evidence.yaml
#   SCHEMA=.../Documentation/netlink/genetlink.yaml

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

ynl=${YNL:-/opt/ynl/ynl}
spec=${SPEC:-/opt/ynl/specs/cvm_evidence.yaml}
schema=${SCHEMA:-/opt/ynl/genetlink.yaml}
genl=${GENL:-genl}
param=/sys/module/cvm_evidence/parameters/queue_max
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -x "$ynl" ] || skip_all "the kernel's ynl is not here (host_ynl.sh brings it)"
command -v jq >/dev/null || skip_all "no jq here"
[ -e "$node" ] || skip_all "$node: no such device; load cvm_evidence first"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
was=$(cat "$param")

cleanup() {
	echo "$was" >"$param"
}

# As JSON, the schema checked, and nothing of the answers unknown to the spec
ynl() {
	"$ynl" --spec "$spec" --schema "$schema" --output-json "$@"
}

take() { [ "$(head -c 4 "$node" 2>/dev/null)" = CVME ]; }
had_evidence=
! take || had_evidence=1

loads() {
	ynl --list-ops >"$tmp/ops" || fail "the spec does not load"
	ynl --list-msgs >>"$tmp/ops" || fail "no messages"
	for op in 'get-info  \[ do \]' 'get-log  \[ dump \]' 'event  \[ '; do
		grep -q "^$op" "$tmp/ops" || fail "no $op: $(cat "$tmp/ops")"
	done
	# the schema is for real: a spec that breaks it is refused
	sed 's/^protocol: genetlink/protocol: genetlink-to-come/' "$spec" >"$tmp/bad.yaml"
	! "$ynl" --spec "$tmp/bad.yaml" --schema "$schema" --list-ops >"$tmp/ops" 2>&1 ||
		fail "a spec of no protocol loads"
}

info() {
	ynl --do get-info --json '{}' >"$tmp/info" || fail "get-info"
	version=$(modinfo -F version cvm_evidence)
	jq -e --arg v "$version" '.version == $v and .events >= 0 and ."api-version" == 2' \
		<"$tmp/info" >/dev/null || fail "version or events: $(cat "$tmp/info")"
	for p in tsm sev-guest tdx-guest; do
		jq -e --arg p "$p" '.provider[] | select(.name == $p and .id == $p)' \
			<"$tmp/info" >/dev/null || fail "no provider $p: $(cat "$tmp/info")"
	done
	[ -z "$had_evidence" ] ||
		jq -e '[.provider[] | select(.status == "available")] | length > 0 and
			all(.[]; .tee != "none" and (.driver | length) > 0) and
			(map(.started) | add) > 0' <"$tmp/info" >/dev/null ||
		fail "none is available: $(cat "$tmp/info")"
}

# ynl separates bytes by blanks and has flags in any order
same() {
	jq -S -c 'if type == "array" then .[] else . end |
		if .flags then .flags |= sort else . end |
		with_entries(if .key | test("^(report-sha256|old|new)$")
			then .value |= gsub(" "; "") else . end)'
}

log() {
	echo 200 >"$param"
	[ -z "$had_evidence" ] || take
	echo 201 >"$param"
	ynl --dump get-log --json '{}' >"$tmp/log" || fail "get-log"
	jq -e '.[-1] | .type == "parameter-changed" and ."new-value" == 201 and .uid == 0' \
		<"$tmp/log" >/dev/null || fail "$(cat "$tmp/log")"
	[ -z "$had_evidence" ] ||
		jq -e '.[-2] | .type == "evidence-taken" and .comm == "head" and
			(."report-sha256" | length) >= 64' <"$tmp/log" >/dev/null || fail "$(cat "$tmp/log")"
	# from a number on
	last=$(jq '.[-1].number' <"$tmp/log")
	[ "$(ynl --dump get-log --json "{\"number\": $last}" | jq -c '[.[].number]')" = "[$last]" ] ||
		fail "from number $last on"
	# what the tool of this project says is word for word the same
	command -v cvm-evidence >/dev/null || return 0
	cvm-evidence monitor --json --log --timeout 0 | same >"$tmp/ours"
	same <"$tmp/log" | cmp - "$tmp/ours" || fail "monitor: $(cat "$tmp/ours")"
}

subscribe() {
	ynl --subscribe events --sleep 12 >"$tmp/events" 2>"$tmp/err" &
	pid=$!
	i=0
	while kill -0 "$pid" 2>/dev/null; do
		i=$((i + 1))
		[ -z "$had_evidence" ] || take || fail "no evidence"
		echo $((300 + i % 2)) >"$param"
		sleep 0.5
	done
	wait "$pid" || fail "$(cat "$tmp/err")"
	jq -e '.[].msg | select(.type == "parameter-changed" and ."new-value" == 300)' \
		<"$tmp/events" >/dev/null || fail "no event: $(cat "$tmp/events")"
	[ -n "$had_evidence" ] || return 0
	jq -e '.[].msg | select(.type == "evidence-taken" and .comm == "head")' \
		<"$tmp/events" >/dev/null || fail "no evidence: $(cat "$tmp/events")"
}

without_capability() {
	if setpriv --bounding-set -net_admin --inh-caps -net_admin "$ynl" --spec "$spec" \
			--schema "$schema" --dump get-log --json '{}' >"$tmp/log" 2>&1; then
		fail "the log: $(cat "$tmp/log")"
	fi
	grep -q 'Operation not permitted' "$tmp/log" || fail "$(cat "$tmp/log")"
	if setpriv --bounding-set -net_admin --inh-caps -net_admin "$ynl" --spec "$spec" \
			--schema "$schema" --subscribe events --sleep 1 >"$tmp/log" 2>&1; then
		fail "the group: $(cat "$tmp/log")"
	fi
	grep -q 'PermissionError' "$tmp/log" || fail "$(cat "$tmp/log")"
	if setpriv --bounding-set -net_admin --inh-caps -net_admin "$ynl" --spec "$spec" \
			--schema "$schema" --do get-info --json '{}' >"$tmp/log" 2>&1; then
		fail "get-info: $(cat "$tmp/log")"
	fi
	grep -q 'Operation not permitted' "$tmp/log" || fail "$(cat "$tmp/log")"
}

by_genl() {
	command -v "$genl" >/dev/null || skip "no genl here"
	"$genl" ctrl list >"$tmp/list" || fail "ctrl list"
	grep -q '^Name: cvm_evidence$' "$tmp/list" || fail "$(cat "$tmp/list")"
	"$genl" ctrl get name cvm_evidence >"$tmp/get" || fail "ctrl get"
	grep -q 'ID: 0x[0-9a-f]*  Version: 0x1 ' "$tmp/get" || fail "$(cat "$tmp/get")"
	grep -A 1 'multicast groups' "$tmp/get" | grep -q 'name: events' || fail "$(cat "$tmp/get")"
	# capabilities it shows of families of version 2 only
	for id in 1 2; do
		grep -q "ID-0x$id *\$" "$tmp/get" || fail "no command $id: $(cat "$tmp/get")"
	done
}

ktap_main loads info log subscribe without_capability by_genl
