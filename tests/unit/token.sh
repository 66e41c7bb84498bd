#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# verify --token: signature, issuer, times, nonce, the service's own verdict, claims.
# The tokens are made by tokens.py.
# shellcheck disable=SC2317 # functions are called by expect and trap
. ./lib.sh
. ./standin.lib
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY no_proxy

# the report data of a report in golden/, for attest
xxd -s 80 -l 64 -p golden/snp-v3-genoa.bin | xxd -r -p >"$tmp/rd"
python3 ./tokens.py "$tmp" "$(xxd -p "$tmp/rd" | tr -d '\n')" || exit 1
nonce=hex:$(python3 -c 'print(bytes(range(1, 33)).hex())')
verify() { "$tool" verify --token --at @1767225600 "$@"; }
good() { verify --jwks "$tmp/jwks.json" --issuer https://issuer.example --nonce "$nonce" --any-code "$@"; }
# outcome CHECK RESULT NAME: the last output has that check with that result
outcome() {
	if grep -qE "^    $1 +$2 " "$tmp/out"; then ok "$3"; else not_ok "$3 ($1 is not $2)"; fi
}

for t in maa-snp maa-guest maa-tdx ita-1 ita-2 ear ear_status ear-number google; do
	expect 0 '' "a token of $t" good "$tmp/$t.jwt"
done
expect 0 '' "a service's answer with the token in it" good "$tmp/answer.json"
expect 0 '' 'from standard input' sh -c "'$tool' verify --at @1767225600 --jwks '$tmp/jwks.json' --no-binding --any-code - <'$tmp/ear.jwt'"
expect 0 '' 'keys without names' verify --jwks "$tmp/no-kid.json" --no-binding --any-code "$tmp/without-kid.jwt"

# --- signature ---

wrong() { # FILE CHECK NAME: that check fails
	good "$tmp/$1.jwt" >"$tmp/out" 2>"$tmp/err"
	if [ $? -eq 5 ] && grep -qE "^    $2 +failed" "$tmp/out"; then ok "$3"; else not_ok "$3"; fi
}
wrong altered signature 'claims that were altered'
wrong none layout 'without a signature'
wrong none-sig signature 'the algorithm none'
wrong hs256 signature 'a shared secret made of the public key'
wrong own-key signature 'a key that the token brings along'
wrong crit signature 'a critical header'
wrong unknown-kid signature 'a key that is not in the set'
wrong wrong-kid signature "a key of another algorithm"
expect 5 'no key of the issuer' 'without keys' verify --no-binding --any-code "$tmp/ear.jwt"
expect 5 'signature' "another issuer's keys" verify --jwks "$tmp/other.json" --no-binding --any-code "$tmp/maa-snp.jwt"
expect 5 'signature' 'a key for another algorithm' verify --jwks "$tmp/pinned.json" --no-binding --any-code "$tmp/maa-snp.jwt"
expect 2 'no key that signs' 'a set without keys' verify --jwks "$tmp/none.json" "$tmp/ear.jwt"
expect 2 'not a JWK set' 'keys that are none' verify --jwks ./lib.sh "$tmp/ear.jwt"
expect 0 '' '--token-alg' good --token-alg PS384 --token-alg RS256 "$tmp/maa-snp.jwt"
expect 5 token-alg '--token-alg of others' good --token-alg PS384 "$tmp/maa-snp.jwt"
expect 2 'not one of' '--token-alg none' good --token-alg none "$tmp/maa-snp.jwt"
size=$(stat -c %s "$tmp/ear.jwt")
for ((i = 1; i < size - 2; i += 41)); do
	head -c "$i" "$tmp/ear.jwt" >"$tmp/cut"
	"$plain" verify --token --at @1767225600 --jwks "$tmp/jwks.json" --no-binding --any-code "$tmp/cut" >/dev/null 2>&1
	[ $? -eq 5 ] || { not_ok "a token cut to $i bytes"; break; }
done
[ "$i" -lt $((size - 2)) ] || ok 'cut at every 41st byte'

# --- whose, for whom, when ---

expect 5 issuer 'another issuer' verify --jwks "$tmp/jwks.json" --issuer https://other.example --no-binding --any-code "$tmp/ear.jwt"
expect 0 '' 'an audience' good --audience https://me.example "$tmp/google.jwt"
expect 5 audience 'another audience' good --audience https://you.example "$tmp/google.jwt"
expect 5 audience 'no audience' good --audience https://me.example "$tmp/ear.jwt"
wrong no-exp time 'without an end'
wrong expired time 'expired'
wrong exp-of-1e300 time 'an end that is not a time'
wrong iat-before-time time 'issued before there was time'
wrong nbf-text time 'a beginning that is a text'
wrong later time 'not yet valid'
wrong future time 'of the future'
expect 0 '' '--max-age' good --max-age 60 "$tmp/ear.jwt"
expect 5 age '--max-age of an older one' good --max-age 60 "$tmp/old.jwt"

# --- the nonce ---

expect 5 'possible values is what was asked for' 'another nonce' verify --jwks "$tmp/jwks.json" --nonce 0bad --any-code "$tmp/maa-snp.jwt"
expect 5 'give --nonce' 'none asked for' verify --jwks "$tmp/jwks.json" --any-code "$tmp/maa-snp.jwt"
for t in maa-guest ita-2 ear google; do
	expect 5 nonce "another nonce, $t" verify --jwks "$tmp/jwks.json" --nonce 0bad --any-code "$tmp/$t.jwt"
done

# --- what the service came to ---

wrong not-compliant compliance 'MAA: not compliant'
wrong no-compliance compliance 'MAA: no status'
wrong debuggable debug 'MAA: a debuggable guest'
wrong no-debug debug 'MAA: nothing about debugging'
wrong ita-old 'TCB status' 'ITA: out of date'
wrong ita-none 'TCB status' 'ITA: no status'
wrong ita-policy policies 'ITA: a policy that is not matched'
wrong ear-none 'ear.status of cpu0' 'EAR: no status'
wrong ear-warning 'ear.status of cpu0' 'EAR: a warning'
wrong ear-bad 'ear.status of cpu0' 'EAR: contraindicated'
wrong ear-96 'ear.status of cpu0' 'EAR: the same as a number'
wrong ear-gpu 'ear.status of gpu0' 'EAR: a second device'
wrong ear-both ear.status 'EAR: one for all that contradicts'
wrong ear-empty ear.status 'EAR: no submodule'
wrong google-debug debug 'Google: a debug image'
wrong google-no-dbgstat debug 'Google: no dbgstat'
wrong google-shielded hwmodel 'Google: a VM that is not confidential'
wrong plain status 'a token without any status'
expect 0 '' '--ear-status warning' good --ear-status affirming --ear-status warning "$tmp/ear-warning.jwt"
expect 2 'cannot be allowed' '--ear-status contraindicated' good --ear-status contraindicated "$tmp/ear-bad.jwt"
expect 0 '' '--allow-debug' good --allow-debug "$tmp/debuggable.jwt"
expect 0 '' '--tcb-status' good --tcb-status OutOfDate "$tmp/ita-old.jwt"

# --- claims ---

claims() { verify --jwks "$tmp/jwks.json" --nonce "$nonce" "$@" "$tmp/plain.jwt"; }
expect 0 '' 'claims: text, number, boolean, list, pointer' claims --claim sub=somebody --claim level=3 --claim ok=true \
	--claim list=b --claim '/deep/x~1y=z'
expect 0 '' 'any of two values' claims --claim sub=nobody --claim sub=somebody
expect 5 'claim level' 'another value' claims --claim sub=somebody --claim level=4
expect 5 'claim none' 'a claim that is not there' claims --claim none=x
expect 5 'claim deep' 'a claim that is an object' claims --claim deep=z
expect 2 'NAME=VALUE' 'a claim without a value' claims --claim sub
expect 5 'claims' 'nothing asked for' verify --jwks "$tmp/jwks.json" --nonce "$nonce" "$tmp/ear.jwt"
cat >"$tmp/policy.json" <<'J'
{ "issuer": "https://issuer.example", "claim": ["sub=somebody", "level=3"], "max-age": 60, "token-alg": "RS256" }
J
expect 0 '' 'the same in a policy' claims --policy "$tmp/policy.json"
echo '{ "claim": ["sub=nobody"] }' >"$tmp/policy.json"
expect 5 'claim sub' 'and another' claims --policy "$tmp/policy.json"

# --- only where it fits ---

verify --no-binding --any-code golden/tdx-v4.bin >"$tmp/out" 2>"$tmp/err"
outcome token 'not possible' '--token for a quote'
"$tool" verify --jwks "$tmp/jwks.json" --claim a=b --no-binding golden/tdx-v4.bin >"$tmp/out" 2>"$tmp/err"
outcome jwks 'not possible' '--jwks for a quote'
outcome claim 'not possible' '--claim for a quote'
good --rtmr0 "$(printf '00%.0s' {1..48})" "$tmp/ear.jwt" >"$tmp/out" 2>"$tmp/err"
outcome rtmr0 'not possible' '--rtmr0 for a token'

# --- keys of the issuer ---

standin http "$tmp/jwks.json" "$tmp/other.json"
expect 0 '' '--fetch-jwks=URL' good --fetch-jwks="http://127.0.0.1:$address/certs" "$tmp/maa-snp.jwt"
fetch() { verify --no-binding --any-code "$@" "$tmp/maa-snp.jwt"; }
expect 5 signature 'keys of another' fetch --issuer https://issuer.example --fetch-jwks="http://127.0.0.1:$address/certs"
expect 2 'name one issuer' 'no issuer named' fetch --fetch-jwks="http://127.0.0.1:$address/certs"
expect 2 'only over https://' 'keys over http' fetch --issuer https://issuer.example --fetch-jwks=http://issuer.example/certs
expect 2 'not a URL' 'an issuer that is not a URL' fetch --issuer ITA --fetch-jwks
for who in me other; do
	standin http "$tmp/meta" "$tmp/jwks.json"
	url=http://127.0.0.1:$address
	[ $who = me ] && iss=$url || iss=https://other.example
	echo "{\"issuer\":\"$iss\",\"jwks_uri\":\"$url/keys\"}" >"$tmp/meta"
	if [ $who = me ]; then
		expect 5 'issuer' 'discovery: keys, but of another issuer than the token names' fetch --issuer "$url" --fetch-jwks
		outcome signature passed 'the keys were found'
		check 'where the metadata say' grep -q '/keys' "$tmp/log"
	else
		expect 7 'of another issuer' 'metadata of another issuer' fetch --issuer "$url" --fetch-jwks
	fi
done

# --- attest --verify ---

echo '{ "claim": "iss=https://issuer.example" }' >"$tmp/policy.json"
attest() {
	"$tool" attest coco-as --evidence golden/snp-v3-genoa.bin --runtime-data "$tmp/rd" --runtime-data-type binary \
		--endpoint "http://127.0.0.1:$address" --jwks "$tmp/jwks.json" --token-policy "$tmp/policy.json" "$@"
}
standin http "$tmp/now.jwt" "$tmp/ear.jwt" "$tmp/now.jwt" "$tmp/now.jwt"
expect 0 '' 'attest --verify' attest --verify
check 'prints the token' cmp "$tmp/out" "$tmp/now.jwt"
expect 5 'not verified' 'a token that does not hold' attest --verify
check 'is not printed' test ! -s "$tmp/out"
expect 5 signature 'nor one by another key' attest --verify --jwks "$tmp/other.json"
echo '{ "claim": "iss=https://other.example" }' >"$tmp/policy.json"
expect 5 'claim iss' 'nor one with other claims' attest --verify
expect 2 'go with --verify' 'a policy without --verify' attest
expect 2 'needs the keys' '--verify without keys' "$tool" attest coco-as --self-nonce --verify --endpoint http://127.0.0.1:9
exit $status
