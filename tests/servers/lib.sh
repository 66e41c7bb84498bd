# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034  # of those that source it: tmp, servers, OUT, plain
# For the shell tests that need the servers: $servers is this directory, $tmp a
# directory that goes away, $roots the certificates to trust.

pids=()

# In a trap on EXIT
stop_servers() {
	[ ${#pids[@]} -eq 0 ] || { kill "${pids[@]}" && wait "${pids[@]}"; } 2>/dev/null
}

# serve NAME OPTION...: ports in $http and $https, the log in $log
serve() {
	local name=$1 i r args=()
	shift
	for r in "${roots[@]}"; do args+=(--roots "$r"); done
	"$servers/serve.py" "${args[@]}" --ready "$tmp/$name.port" --log "$tmp/$name.log" "$@" \
		2>"$tmp/$name.err" &
	pids+=($!)
	for ((i = 0; i < 400; i++)); do
		[ ! -s "$tmp/$name.port" ] || break
		sleep 0.05
	done
	read -r http https <"$tmp/$name.port" || { cat "$tmp/$name.err" >&2; exit 1; }
	log=$tmp/$name.log
}

# send FILE: the HTTP request in it; status line, head and body of the answer
send() {
	exec 3<>"/dev/tcp/127.0.0.1/$http"
	cat "$1" >&3
	cat <&3
	exec 3>&-
}

# ask METHOD TARGET BODY [HEADER]...: the same, of what is said
ask() {
	local method=$1 target=$2 body=$3
	shift 3
	{
		printf '%s %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n' "$method" "$target"
		[ $# -eq 0 ] || printf '%s\r\n' "$@"
		printf 'Content-Length: %d\r\n\r\n%s' "${#body}" "$body"
	} >"$tmp/ask"
	send "$tmp/ask"
}

# body: of an answer on stdin
body() {
	sed '1,/^\r*$/d'
}

# header NAME: of an answer on stdin
header() {
	tr -d '\r' | sed -n "/^\$/q; s/^$1: //Ip"
}

# fault JSON: what goes wrong next; no argument: nothing any more
fault() {
	ask POST /-/fault "${1:-}" >/dev/null
}

# claims_of TOKEN-FILE: what a token says
claims_of() {
	local claims
	claims=$(cut -d. -f2 "$1" | tr -- '-_' '+/' | tr -d '\n')
	while [ $((${#claims} % 4)) -ne 0 ]; do claims=$claims=; done
	base64 -d <<<"$claims" 2>/dev/null
}

# --- for the unit tests: evidence without a VM ---

# sim_device: the device (tests/unit/fakedev.c) gives fresh evidence of a simulated
# TEE, whose roots are $roots from now on; keys and what else it has go to $tmp
sim_device() {
	export PYTHONPYCACHEPREFIX=$OUT/pycache FAKE_DEV=$tmp/dev FAKE_BLOB=$tmp/blob SIM_STATE=$tmp
	export FAKE_CMD=$servers/simdev.py SIMTEE=$tmp/cvm-simtee
	unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy
	: >"$FAKE_DEV"
	[ -x "$servers/../sim/cvm-simtee" ] || make -s -C "$servers/../sim" >&2
	# its keys are those of a build, which may happen meanwhile
	cp "$servers/../sim/cvm-simtee" "$SIMTEE"
	"$SIMTEE" --dump "$tmp/sim" >/dev/null
	"$servers/mint.py" "$tmp"
	roots=("$tmp/sim/roots" "$tmp/log-root.der" "$tmp/vtpm-root.der")
}

# kind NAME [SAMPLE]: what the device gives from now on
kind() {
	export SIM_KIND=$1 SIM_SAMPLE=${2:-}
	[ -n "$SIM_SAMPLE" ] || unset SIM_SAMPLE
	case $1 in
	snp) export FAKE_TEE=1 FAKE_PROVIDER=1 ;;
	tdx | tdx-log) export FAKE_TEE=2 FAKE_PROVIDER=1 ;;
	tdreport) export FAKE_TEE=2 FAKE_PROVIDER=3 ;;
	az-snp) export FAKE_TEE=1 FAKE_PROVIDER=4 ;;
	az-tdx) export FAKE_TEE=2 FAKE_PROVIDER=4 ;;
	esac
}
fake() { env LD_PRELOAD="$OUT/fakedev.so" "$plain" "$@"; }
