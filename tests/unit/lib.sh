# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034  # who sources it uses them
# For the shell tests: one line per check, as unit.h has it.

tool=$OUT/cvm-evidence.san
plain=$OUT/cvm-evidence
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
status=0

ok() {
	echo "ok $1"
}

not_ok() {
	echo "# $(head -c 600 "$tmp/err" 2>/dev/null | tr '\n' ' ')"
	echo "not ok $1"
	status=1
}

# expect STATUS TEXT NAME COMMAND...: it ends with that status, TEXT is in its
# messages (there is exactly one line of them unless TEXT is empty)
expect() {
	local want=$1 text=$2 name=$3 rc
	shift 3
	"$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	rc=$?
	if [ "$rc" -ne "$want" ]; then
		not_ok "$name (status $rc, wanted $want)"
	elif [ -n "$text" ] && ! grep -qF -- "$text" "$tmp/err"; then
		not_ok "$name (message lacks '$text')"
	else
		ok "$name"
	fi
}

# check NAME COMMAND...: it succeeds
check() {
	local name=$1
	shift
	if "$@" >/dev/null 2>"$tmp/err"; then ok "$name"; else not_ok "$name"; fi
}

# jq 1.6 calls it a success when there is nothing at all to read: with -e, something
# has to come out.
jq() {
	case $1 in
	--*) command jq "$@" ;;
	-*e*)
		_jq=$(command jq "$@") || return
		[ -n "$_jq" ] && printf '%s\n' "$_jq"
		;;
	*) command jq "$@" ;;
	esac
}
