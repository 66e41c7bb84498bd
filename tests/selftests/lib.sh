# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# shellcheck disable=SC2034 # what those that source it use
#
# KTAP for the tests that are scripts. One defines cases as functions, and ends
# with: ktap_main CASE... A case calls fail or skip, or returns.

node=${CVM_NODE:-/dev/cvm-evidence}
ctl=${CVM_SIM_CTL:-/opt/sim/ctl}

note() {
	echo "# $*"
}

# In a case, which runs in a subshell.
fail() {
	note "$case: $*"
	exit 1
}

skip() {
	note "SKIP $*"
	exit 4
}

skip_all() {
	echo "KTAP version 1"
	echo "1..0 # SKIP $*"
	exit 4
}

# check WHAT COMMAND...: the case fails unless the command succeeds.
check() {
	what=$1
	shift
	"$@" || fail "$what: exit status $? of: $*"
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

# within SECONDS COMMAND...: until it succeeds
within() {
	tries=$(($1 * 20))
	shift
	while [ "$tries" -gt 0 ]; do
		"$@" && return 0
		sleep 0.05
		tries=$((tries - 1))
	done
	return 1
}

# A case may define cleanup(), which is run after it however it ended.
ktap_main() {
	_failed=0 _passed=0 _skipped=0 _n=0
	echo "KTAP version 1"
	echo "1..$#"
	for case; do
		_n=$((_n + 1))
		_out=$( ("$case") 2>&1)
		_rc=$?
		[ -z "$_out" ] || printf '%s\n' "$_out" | sed '/^# SKIP /d; s/^\([^#]\)/# \1/'
		case $_rc in
		0)
			_passed=$((_passed + 1))
			echo "ok $_n $case"
			;;
		4)
			_skipped=$((_skipped + 1))
			echo "ok $_n $case # SKIP $(printf '%s\n' "$_out" | sed -n 's/^# SKIP //p')"
			;;
		*)
			_failed=$((_failed + 1))
			echo "not ok $_n $case"
			;;
		esac
		command -v cleanup >/dev/null && cleanup
	done
	[ "$_failed" -eq 0 ] || exit 1
	[ "$_passed" -gt 0 ] || exit 4
	exit 0
}
