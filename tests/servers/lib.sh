# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034  # of those that source it: tmp, servers
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
