#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The netlink family by the kernel's own tools: tools/net/ynl with the YNL spec,
# and genl of iproute2. host_ynl.sh brings them into a guest, and holds the spec
# against the schema; elsewhere:
#   YNL=.../tools/net/ynl/cli.py SPEC=.../include/netlink/cvm_evidence.yaml
#   PYTHON=python3 GENL=genl

# shellcheck disable=SC2317 # cases are called by name

# shellcheck source=tests/selftests/lib.sh
. "$(dirname "$0")/lib.sh"

here=$(cd "$(dirname "$0")" && pwd)
cli=${YNL:-/opt/ynl/modules/cli.py}
python=${PYTHON:-/opt/ynl/python}
spec=${SPEC:-/opt/ynl/cvm_evidence.yaml}
genl=${GENL:-genl}
param=/sys/module/cvm_evidence/parameters/queue_max
[ "$(id -u)" = 0 ] || skip_all "needs root"
[ -e "$cli" ] || skip_all "the kernel's ynl is not here (host_ynl.sh brings it)"
command -v jq >/dev/null || skip_all "no jq here"
[ -e "$node" ] || skip_all "$node: no such device; load cvm_evidence first"

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
was=$(cat "$param")

cleanup() {
	echo "$was" >"$param"
}

# serve [COMMAND...]: from now on ynl asks a Python that is started by COMMAND
serve() {
	mkfifo "$tmp/to" "$tmp/from"
	"$@" "$python" "$here/ynl_serve.py" "$cli" "$tmp/ynl" <"$tmp/to" >"$tmp/from" 2>"$tmp/python" &
	exec 3>"$tmp/to" 4<"$tmp/from"
	rm "$tmp/to" "$tmp/from"
}

# ynl ARG...: cli.py; as JSON, and nothing of the answers unknown to the spec
ynl() {
	printf '%s\n' --spec "$spec" --no-schema --output-json "$@" '' >&3
	read -r rc <&4 || { cat "$tmp/python" >&2; return 1; }
	cat "$tmp/ynl.out"
	cat "$tmp/ynl.err" >&2
	return "$rc"
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

# 6.1 cannot guard a group, so the family has none there
has_group() {
	[ "${groups-ask}" != ask ] || groups=$("$genl" ctrl get name cvm_evidence |
		grep -c 'name: events')
	[ "$groups" -gt 0 ]
}

subscribe() {
	has_group || skip "this kernel cannot guard a group, so there is none"
	ynl --subscribe events --sleep 6 >"$tmp/events" 2>"$tmp/err" &
	pid=$!
	i=0
	while kill -0 "$pid" 2>/dev/null; do
		i=$((i + 1))
		[ -z "$had_evidence" ] || take || fail "no evidence"
		echo $((300 + i % 2)) >"$param"
		sleep 0.5
	done
	wait "$pid" || fail "$(cat "$tmp/err")"
	jq -e '.[].msg | select(.type == "parameter-changed" and ."new-value" >= 300)' \
		<"$tmp/events" >/dev/null || fail "no event: $(cat "$tmp/events")"
	[ -n "$had_evidence" ] || return 0
	jq -e '.[].msg | select(.type == "evidence-taken" and .comm == "head")' \
		<"$tmp/events" >/dev/null || fail "no evidence: $(cat "$tmp/events")"
}

# refused TEXT ARG...
refused() {
	text=$1
	shift
	if ynl "$@" >"$tmp/log" 2>&1; then
		fail "$*: $(cat "$tmp/log")"
	fi
	grep -q "$text" "$tmp/log" || fail "$*: $(cat "$tmp/log")"
}

without_capability() {
	serve setpriv --bounding-set -net_admin --inh-caps -net_admin
	ynl --list-ops | grep -q '^get-info ' || fail "the spec does not load"
	refused 'Operation not permitted' --dump get-log --json '{}'
	! has_group || refused 'PermissionError' --subscribe events --sleep 1
	refused 'Operation not permitted' --do get-info --json '{}'
}

by_genl() {
	command -v "$genl" >/dev/null || skip "no genl here"
	"$genl" ctrl list >"$tmp/list" || fail "ctrl list"
	grep -q '^Name: cvm_evidence$' "$tmp/list" || fail "$(cat "$tmp/list")"
	"$genl" ctrl get name cvm_evidence >"$tmp/get" || fail "ctrl get"
	grep -q 'ID: 0x[0-9a-f]*  Version: 0x1 ' "$tmp/get" || fail "$(cat "$tmp/get")"
	case $(uname -r) in
	6.1.*)	! has_group || fail "a group that nothing guards: $(cat "$tmp/get")" ;;
	*)	grep -A 1 'multicast groups' "$tmp/get" | grep -q 'name: events' ||
			fail "$(cat "$tmp/get")" ;;
	esac
	# capabilities it shows of families of version 2 only
	for id in 1 2; do
		grep -q "ID-0x$id *\$" "$tmp/get" || fail "no command $id: $(cat "$tmp/get")"
	done
}

serve
ktap_main loads info log subscribe without_capability by_genl
