#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# request and attest against servers that verify (tests/servers), on loopback,
# with fresh evidence of the simulated TEE. Every request that was accepted is
# tried again by the server with a bit changed here and there.
# shellcheck disable=SC2317  # expect calls the functions
. ./lib.sh

servers=$(cd ../servers && pwd)
export PYTHONPYCACHEPREFIX=$OUT/pycache FAKE_DEV=$tmp/dev FAKE_BLOB=$tmp/blob SIM_STATE=$tmp
export FAKE_CMD=$servers/simdev.py
unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy
: >"$FAKE_DEV"
pids=()
finish() {
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT

# --- servers ---

[ -x ../sim/cvm-simtee ] || make -s -C ../sim >&2
../sim/cvm-simtee --dump "$tmp/sim" >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=TEST throwaway CA' \
	-keyout "$tmp/ca.key" -out "$tmp/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=127.0.0.1' \
	-keyout "$tmp/tls.key" -out "$tmp/tls.csr" 2>/dev/null
openssl x509 -req -in "$tmp/tls.csr" -CA "$tmp/ca.pem" -CAkey "$tmp/ca.key" -days 2 \
	-extfile <(echo 'subjectAltName=IP:127.0.0.1') -out "$tmp/tls.pem" 2>/dev/null
printf 'key-of-the-test\n' >"$tmp/api-key"
printf 'token-of-the-test\n' >"$tmp/access-token"
printf 'the secret that KBS hands out' >"$tmp/resource"

# serve NAME OPTION...: ports in $http and $https, the log in $tmp/NAME.log
serve() {
	local name=$1 i
	shift
	"$servers/serve.py" --roots "$tmp/sim/roots" --tls "$tmp/tls.pem" "$tmp/tls.key" \
		--ready "$tmp/$name.port" --log "$tmp/$name.log" --flip 67 \
		--api-key "$tmp/api-key" --access-token "$tmp/access-token" \
		--resource "default/key/1=$tmp/resource" "$@" 2>"$tmp/$name.err" &
	pids+=($!)
	for ((i = 0; i < 200; i++)); do
		[ ! -s "$tmp/$name.port" ] || break
		sleep 0.05
	done
	read -r http https <"$tmp/$name.port" || { cat "$tmp/$name.err"; exit 1; }
	log=$tmp/$name.log
}

# fault JSON: what goes wrong next; no argument: nothing any more
fault() {
	local body=${1:-}
	exec 3<>"/dev/tcp/127.0.0.1/$http"
	printf 'POST /-/fault HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' \
		"${#body}" "$body" >&3
	read -r _ <&3
	exec 3>&-
}

# --- the tool ---

# kind NAME [SAMPLE]: what the device gives from now on
kind() {
	export SIM_KIND=$1 SIM_SAMPLE=${2:-}
	[ -n "$SIM_SAMPLE" ] || unset SIM_SAMPLE
	case $1 in
	snp) export FAKE_TEE=1 FAKE_PROVIDER=1 ;;
	tdx) export FAKE_TEE=2 FAKE_PROVIDER=1 ;;
	tdreport) export FAKE_TEE=2 FAKE_PROVIDER=3 ;;
	az-snp) export FAKE_TEE=1 FAKE_PROVIDER=4 ;;
	az-tdx) export FAKE_TEE=2 FAKE_PROVIDER=4 ;;
	esac
}
fake() { env LD_PRELOAD="$OUT/fakedev.so" "$plain" "$@"; }
attest() {
	local service=$1
	shift
	fake attest "$service" --device "$FAKE_DEV" --endpoint "http://127.0.0.1:$http" "$@"
}
request() {
	local service=$1
	shift
	fake request "$service" --device "$FAKE_DEV" "$@"
}

# token NAME TEXT: what was printed is a token whose claims have TEXT
token() {
	local claims
	claims=$(cut -d. -f2 "$tmp/out" | tr -- '-_' '+/' | tr -d '\n')
	while [ $((${#claims} % 4)) -ne 0 ]; do claims=$claims=; done
	base64 -d <<<"$claims" >"$tmp/claims" 2>/dev/null
	if [ "$(wc -l <"$tmp/out")" -eq 1 ] && grep -qF -- "$2" "$tmp/claims"; then
		ok "$1"
	else
		head -c 300 "$tmp/claims" "$tmp/out" >"$tmp/err" 2>/dev/null
		not_ok "$1"
	fi
}

# has SERVICE: the tool has it
has() { "$plain" "${2:-attest}" "$1" --help >/dev/null 2>&1; }

# requests N NAME: so many requests since the last call
seen=0
requests() {
	local now
	now=$(wc -l <"$log")
	if [ $((now - seen)) -eq "$1" ]; then
		ok "$2"
	else
		tail -n $((now - seen)) "$log" >"$tmp/err"
		not_ok "$2 ($((now - seen)) requests, wanted $1)"
	fi
	seen=$now
}

serve main
rd=golden/runtime-data.json

# --- Microsoft Azure Attestation ---

for s in snp-v3-milan snp-v5-genoa snp-v5-turin; do
	kind snp $s
	expect 0 '' "maa: $s" attest maa --runtime-data "$rd"
	token 'its token' '"x-ms-runtime":{"keys":[{"kty":"EC","kid":"test"}],"nonce":"42"}'
done
for s in quote-v4 quote-v5-15; do
	kind tdx $s
	expect 0 '' "maa: $s" attest maa --runtime-data "$rd" --nonce once
	token 'its token' '"nonce":"once"'
done
requests 5 'one request each'

# --- KBS ---

for k in 'snp snp-v3-milan' 'snp snp-v5-turin' 'snp snp-v3-milan-vlek' 'tdx quote-v4' az-snp; do
	# shellcheck disable=SC2086 # words
	kind $k
	expect 0 '' "kbs: $k" attest kbs
	token 'its token' '"ear.status":"affirming"'
done
requests 10 'auth and attest each'
kind snp
expect 0 '' 'kbs: a resource' attest kbs --resource default/key/1
check 'decrypted' cmp "$tmp/out" "$tmp/resource"
expect 7 '' 'kbs: a resource that is not there' attest kbs --resource default/key/2
kind snp snp-v2-milan
expect 7 'too old' 'kbs: the reason of a refusal' attest kbs
kind snp snp-v3-milan-vmpl2
expect 7 'VMPL' 'kbs: another reason' attest kbs
kind snp

# --- errors: retries, shapes, time-outs ---

maa() { attest maa --runtime-data "$rd" "$@"; }
seen=$(wc -l <"$log")
fault '{"path":"/attest/","status":429,"headers":{"Retry-After":"1"}}'
start=${EPOCHREALTIME/./}
expect 0 '' '429 with Retry-After: tried again' maa
took=$((${EPOCHREALTIME/./} - start))
if [ $took -ge 1000000 ]; then ok 'after the second it asked for'; else not_ok "after the second it asked for (${took} us)"; fi
requests 2 'two requests'
fault '{"path":"/attest/","status":503,"body":"{\"error\":{\"code\":\"Busy\",\"message\":\"later\"}}"}'
expect 0 '' '503: tried again' maa
requests 2 'two requests'
fault '{"path":"/attest/","times":99,"status":429,"headers":{"Retry-After":"3600"}}'
expect 6 '' '429 for an hour' maa
fault
seen=$(wc -l <"$log")
fault '{"path":"/attest/","status":400,"body":"{\"error\":{\"code\":\"InvalidParameter\",\"message\":\"the moon is wrong\"}}"}'
expect 7 'the moon is wrong' "400: the service's own words" maa
requests 1 'once'
fault '{"path":"/attest/","status":401,"type":"text/html","body":"<html>no</html>"}'
expect 7 '401' '401 with a page instead of JSON' maa
fault '{"path":"/attest/","status":200,"body":"{\"token\":"}'
expect 7 '' 'an answer that is no JSON' maa
fault '{"path":"/attest/","status":200,"body":"{\"tokens\":\"x\"}"}'
expect 7 '' 'an answer without a token' maa
fault '{"path":"/attest/","status":200,"body":"{\"token\":\"line\\nother line\"}"}'
expect 7 '' 'a token that is none' maa
fault '{"path":"/attest/","status":302,"headers":{"Location":"http://127.0.0.1:1/attest/SevSnpVm"}}'
expect 7 '' 'a redirection elsewhere is not followed' maa
fault '{"path":"/attest/","delay":5}'
expect 6 '' 'a service that does not answer' maa --http-timeout 1
fault
fault '{"path":"/attest/","status":200,"body":"{\"token\":\"aaaa\"}","close":5}'
expect 1 '' 'an answer that is cut off' maa
fault
expect 1 '' 'nobody listens' fake attest maa --device "$FAKE_DEV" --runtime-data "$rd" --endpoint http://127.0.0.1:1

# --- TLS ---

tls() { fake attest maa --device "$FAKE_DEV" --runtime-data "$rd" --endpoint "https://127.0.0.1:$https" "$@"; }
seen=$(wc -l <"$log")
expect 1 'certificate' 'https: a certificate nobody vouches for' tls
requests 0 'nothing was sent'
expect 0 '' 'https: with its CA' tls --ca "$tmp/ca.pem"
expect 1 'certificate' 'https: by another CA' tls --ca "$tmp/sim/roots/sgx-root.pem"
expect 1 '' 'https: by another name' fake attest maa --device "$FAKE_DEV" --runtime-data "$rd" \
	--endpoint "https://localhost:$https" --ca "$tmp/ca.pem"
requests 1 'one of them came through'

# --- the servers' own word: no changed bit was accepted ---

if grep -q '"flips"' "$log" && ! grep '"survived": \["' "$log" >"$tmp/err"; then
	ok "no request was accepted with a bit changed, $(grep -o '"flips": [0-9]*' "$log" |
		awk '{ n += $2 } END { print n }') tries"
else
	not_ok 'no request was accepted with a bit changed'
fi
exit $status
