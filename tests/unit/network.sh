#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the network may do: which hosts count as this machine, which roots are
# trusted, what is never said, and which failures are worth a second try.
# shellcheck disable=SC2317 # functions are called by expect and trap
. ./lib.sh
. ./standin.lib
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY no_proxy
export XDG_CACHE_HOME=$tmp/cache


# silent NAME: the password is not in the messages
silent() { if grep -q hunter2 "$tmp/err" "$tmp/out"; then not_ok "$1"; else ok "$1"; fi; }

echo aa.bb.cc >"$tmp/token"
printf 'key-hunter2\n' >"$tmp/key"
as() { "$tool" attest coco-as --self-nonce --evidence golden/snp-v3-genoa.bin "$@"; }
ita() {
	"$tool" attest ita --self-nonce --evidence golden/snp-v3-genoa.bin --secret-file "$tmp/key" \
		--http-timeout 5 "$@"
}
kds() { "$tool" request maa --self-nonce --evidence golden/snp-v3-genoa.bin "--kds=$1" "${@:2}"; }

# --- this machine, by address alone, and never through a proxy ---

standin http "$tmp/token" "$tmp/token" "$tmp/token"
proxied() { http_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9 "$@"; }
expect 0 '' 'loopback is not asked through a proxy' proxied as --endpoint "http://127.0.0.1:$address"
expect 7 'not a JSON object' 'a secret goes to loopback over http' proxied ita --endpoint "http://127.0.0.1:$address"
check 'and arrives' grep -q '/appraisal/v2/attest' "$tmp/log"
for host in 127.example.com localhost.evil localhost 127.0.0.1.evil 127.0.0.1:80.evil 127.1 '[::2]' \
	'[::1].evil' '[::1' 128.0.0.1 0x7f000001; do
	expect 2 'only over https://' "no secret over http to $host" ita --endpoint "http://$host"
done
expect 1 '' 'the whole of 127.0.0.0/8 is this machine' ita --endpoint http://127.9.9.9:9
expect 1 '' 'and ::1' ita --endpoint 'http://[::1]:9'

# --- nothing secret in a message ---

for url in http://user:hunter2@127.0.0.1 https://hunter2@host.invalid 'http://127.0.0.1@host.invalid/hunter2' \
	'https://host.invalid/@hunter2' 'ftp://user:hunter2@host.invalid'; do
	expect 2 'an @ is not allowed' "an @ in ${url//hunter2/PASSWORD}" as --endpoint "$url"
	silent 'is not repeated'
done
expect 2 'not allowed in a URL' 'a backslash in an endpoint' as --endpoint 'https://host.invalid/\hunter2'
silent 'is not repeated'
expect 2 'an @ before the path' 'an @ in the address of AMD' kds http://user:hunter2@127.0.0.1:1
silent 'is not repeated'
standin http "$tmp/echo" 403
cp "$tmp/key" "$tmp/echo"
expect 7 '' 'a service that repeats the key' ita --endpoint "http://127.0.0.1:$address"
silent 'is not believed to be the place for it'

# --- the reason, and the proxy that had a part in it ---

by_proxy() { https_proxy=http://user:hunter2@127.0.0.1:9 as --endpoint https://host.invalid --http-timeout 5; }
expect 1 'by the proxy 127.0.0.1:9' 'the proxy is named' by_proxy
silent 'without its password'
expect 1 'Failed to connect to 127.0.0.1 port 9 after' "libcurl's own reason" as --endpoint http://127.0.0.1:9

# --- failures that pass, and failures that stay ---

for s in 408 429 500 502 503; do
	standin http $s
	expect 6 '' "status $s is worth another try" kds "http://127.0.0.1:$address"
	rm -rf "$tmp/cache"
done
for s in 401 403 410; do
	standin http $s
	expect 7 '' "status $s is not" kds "http://127.0.0.1:$address"
done
standin http 429:7200
expect 6 'ask again in 7200 s' 'AMD wants to be left alone for two hours' kds "http://127.0.0.1:$address"
expect 6 'another 7' 'and is' kds "http://127.0.0.1:$address"
if grep -qE 'another 7(200|1[0-9][0-9]) s' "$tmp/err"; then ok 'for two hours'; else not_ok 'for two hours'; fi
# a clock that was a year ahead
for f in "$tmp"/cache/cvm-evidence/kds/*; do echo $(($(date +%s) + 31536000)) >"$f"; done
expect 1 'Failed to connect' 'a time that makes no sense is forgotten' kds "http://127.0.0.1:$address"

# --- the roots of --ca, and none beside them ---

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=TEST other CA' \
	-keyout "$tmp/ca.key" -out "$tmp/ca.pem" 2>/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=127.0.0.1' \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$tmp/tls.key" -out "$tmp/tls.pem" 2>/dev/null
openssl s_server -accept 127.0.0.1:0 -key "$tmp/tls.key" -cert "$tmp/tls.pem" -www >"$tmp/s_server" 2>&1 &
pids+=($!)
for ((i = 0; i < 1200; i++)); do
	address=$(sed -n 's/^ACCEPT .*:\([0-9]*\)$/\1/p' "$tmp/s_server")
	[ -z "$address" ] || break
	sleep 0.05
done
if strace -o /dev/null true 2>/dev/null; then
	ca() {
		LSAN_OPTIONS=detect_leaks=0 strace -f -e trace=file -o "$tmp/strace" "$plain" attest coco-as --self-nonce \
			--evidence golden/snp-v3-genoa.bin --endpoint "https://127.0.0.1:$address" "$@"
	}
	expect 1 'certificate' 'a server by a root that --ca does not name' ca --ca "$tmp/ca.pem"
	if grep -q '/certs/[0-9a-f]*\.[0-9]' "$tmp/strace"; then
		not_ok "the system's roots are not looked at"
	else
		ok "the system's roots are not looked at"
	fi
	expect 1 'certificate' "a server by a root that the system does not have" ca
	check 'they are, without --ca' grep -q '/certs/' "$tmp/strace"
else
	echo "skip the system's roots beside --ca: no strace"
fi
exit $status
