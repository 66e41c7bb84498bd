#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# request and attest against servers that verify (tests/servers), on loopback,
# with fresh evidence of the simulated TEE. Every request that was accepted is
# tried again by the server with a bit changed here and there. FULL=1 runs every
# kind, and a bit of every 29th byte instead of every 499th.
# shellcheck disable=SC2317  # expect calls the functions
. ./lib.sh

full=${FULL:-}
every=499
[ -z "$full" ] || every=29
servers=$(cd ../servers && pwd)
# shellcheck source=../servers/lib.sh
. "$servers/lib.sh"
finish() {
	stop_servers
	rm -rf "$tmp"
}
trap finish EXIT

# --- servers ---

sim_device
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=TEST throwaway CA' \
	-keyout "$tmp/ca.key" -out "$tmp/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=127.0.0.1' \
	-keyout "$tmp/tls.key" -out "$tmp/tls.csr" 2>/dev/null
openssl x509 -req -in "$tmp/tls.csr" -CA "$tmp/ca.pem" -CAkey "$tmp/ca.key" -days 2 \
	-extfile <(echo 'subjectAltName=IP:127.0.0.1') -out "$tmp/tls.pem" 2>/dev/null
printf 'key-of-the-test\n' >"$tmp/api-key"
printf 'token-of-the-test\n' >"$tmp/access-token"
printf 'the secret that KBS hands out' >"$tmp/resource"
nonce=$(printf %064d 42)	# of every challenge of Google's
"$servers/tpm_part.py" "$nonce" "$tmp/ak.pem" >"$tmp/tpm.json"

# --- the tool ---

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
	claims_of "$tmp/out" >"$tmp/claims"
	if [ "$(wc -l <"$tmp/out")" -eq 1 ] && grep -qF -- "$2" "$tmp/claims"; then
		ok "$1"
	else
		head -c 300 "$tmp/claims" "$tmp/out" >"$tmp/err" 2>/dev/null
		not_ok "$1"
	fi
}

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

serve main --tls "$tmp/tls.pem" "$tmp/tls.key" --flip "$every" --api-key "$tmp/api-key" \
	--access-token "$tmp/access-token" --resource "default/key/1=$tmp/resource" --gcp-nonce "$nonce"
rd=golden/runtime-data.json

# --- Microsoft Azure Attestation ---

for s in snp-v3-milan ${full:+snp-v5-genoa} snp-v5-turin; do
	kind snp "$s"
	expect 0 '' "maa: $s" attest maa --runtime-data "$rd"
	token 'its token' '"x-ms-runtime":{"keys":[{"kty":"EC","kid":"test"}],"nonce":"42"}'
done
for s in ${full:+quote-v4 quote-v5-10} quote-v5-15; do
	kind tdx "$s"
	expect 0 '' "maa: $s" attest maa --runtime-data "$rd" --nonce once
	token 'its token' '"nonce":"once"'
done
[ -z "$full" ] || seen=$((seen + 3))
requests 3 'one request each'

for k in ${full:+az-tdx} az-snp; do
	kind "$k"
	expect 0 '' "maa: AzureGuest, $k" attest maa --form azure-guest --runtime-data "$rd" --nonce once \
		--enc-key-pub "$tmp/enc.pub" --enc-key-info "$tmp/enc.info" --enc-key-signature "$tmp/enc.sig" \
		--tcg-log "$tmp/tcg.log" --imds="http://127.0.0.1:$http"
	"$servers/unseal.py" "$tmp/out" "$tmp/enc.pem" >"$tmp/unsealed" 2>"$tmp/err" && mv "$tmp/unsealed" "$tmp/out"
	token 'its sealed token' '"client-payload":{"nonce":"once"}'
done
seen=$(wc -l <"$log")

# --- KBS ---

kinds=('snp snp-v5-turin' 'tdx quote-v4' az-snp)
[ -z "$full" ] || kinds+=('snp snp-v3-milan' 'snp snp-v5-genoa' 'snp snp-v3-milan-vlek')
for k in "${kinds[@]}"; do
	# shellcheck disable=SC2086 # words
	kind $k
	expect 0 '' "kbs: $k" attest kbs
	token 'its token' '"ear.status":"affirming"'
done
requests $((2 * ${#kinds[@]})) 'auth and attest each'
kind snp
expect 0 '' 'kbs: a resource' attest kbs --resource default/key/1
check 'decrypted' cmp "$tmp/out" "$tmp/resource"
: >"$tmp/disk.key"
chmod 644 "$tmp/disk.key"
expect 0 '' 'kbs: a resource into a file' attest kbs --resource default/key/1 -o "$tmp/disk.key"
check 'which its owner alone can read' test "$(stat -c %a "$tmp/disk.key")" = 600
expect 7 '' 'kbs: a resource that is not there' attest kbs --resource default/key/2
kind snp snp-v2-milan
expect 7 'too old' 'kbs: the reason of a refusal' attest kbs
kind snp snp-v3-milan-vmpl2
expect 7 'VMPL' 'kbs: another reason' attest kbs
kind snp

kind tdx-log
expect 0 '' 'kbs: TDX with its event log' attest kbs
token 'which the service replayed' '"events":3'
kind az-tdx
expect 0 '' 'kbs: az-tdx-vtpm, the quote by IMDS' attest kbs --imds="http://127.0.0.1:$http"
token 'its token' '"az-tdx-vtpm":{"mrtd"'
kind snp
expect 0 '' 'kbs: a key and init data of mine' attest kbs --save-key "$tmp/tee.pem"
expect 0 '' 'kbs: the same key again' attest kbs --tee-key "$tmp/tee.pem" --resource default/key/1
check 'decrypted with it' cmp "$tmp/out" "$tmp/resource"
printf 'version = "0.1.0"\nalgorithm = "sha256"\n[data]\n"a" = "b"\n' >"$tmp/init.toml"
expect 5 'HOST_DATA' 'kbs: init data of another VM' attest kbs --init-data "$tmp/init.toml"

# --- Intel Trust Authority ---

ita() { attest ita --secret-file "$tmp/api-key" "$@"; }
policy=e48dabc5-9608-4ff3-aaed-f25909ab9de1
for k in snp ${full:+tdx az-snp} az-tdx tdx-log; do
	kind "$k"
	expect 0 '' "ita: $k" ita --user-data "$rd" --imds="http://127.0.0.1:$http"
	token 'its token' "\"attester_held_data\":\"$(base64 -w0 "$rd")\""
done
kind tdx
expect 0 '' 'ita: v1, policies, another algorithm' ita --form v1 --policy-id $policy --policy-must-match \
	--token-signing-alg RS256
token 'its token' "\"policy_ids_matched\":[{\"id\":\"$policy\"}]"
kind az-tdx
expect 0 '' 'ita: v1 on Azure' ita --form v1 --user-data "$rd" --imds="http://127.0.0.1:$http"
kind snp
expect 7 'there is no policy' 'ita: a policy it does not know' ita --policy-id ${policy%1}2
expect 7 'Unauthorized' 'ita: a wrong key' attest ita --secret-file "$tmp/access-token"
expect 0 '' 'ita: the key in the environment' env TRUSTAUTHORITY_API_KEY=key-of-the-test \
	LD_PRELOAD="$OUT/fakedev.so" "$plain" attest ita --device "$FAKE_DEV" --endpoint "http://127.0.0.1:$http"

# --- the attestation service of CoCo ---

printf '%s' '{"b":1,"a":"test","c":{"d":"e"}}' >"$tmp/structured"
printf 'a nonce of mine' >"$tmp/raw-nonce"
for k in snp ${full:+tdx az-tdx} az-snp; do
	kind "$k"
	for f in structured ${full:+raw-nonce}; do
		expect 0 '' "coco-as: $k, $f" attest coco-as --runtime-data "$tmp/$f" \
			--policy-id default --imds="http://127.0.0.1:$http"
		token 'its token' '"ear.status":"affirming"'
	done
done
kind snp
expect 0 '' 'coco-as: another hash' attest coco-as --runtime-data "$tmp/structured" --hash sha512
expect 6 "policy 'mine' is not found" 'coco-as: its reason' attest coco-as --runtime-data "$tmp/structured" --policy-id mine

# --- Veraison ---

for f in json ${full:+cbor} cmw; do
	expect 0 '' "veraison: $f" attest veraison --form "$f"
	token 'its result' '"submods":{"SEVSNP":{"ear.status":"affirming"'
done
kind snp snp-v5-milan
expect 0 '' 'veraison: a host whose table is DER' attest veraison
kind tdx
expect 7 'not of SEV-SNP' 'veraison: no scheme for TDX' attest veraison
kind snp
fault '{"path":"newSession","status":500,"type":"application/problem+json","body":"{\"title\":\"x\",\"detail\":\"no plugin\"}"}'
expect 6 'no plugin' 'veraison: a problem in its words' attest veraison
# ear CLAIMS: the next session ends with a result of these claims
ear() {
	local b
	b=$(printf %s "$1" | base64 -w0 | tr '+/' '-_' | tr -d =)
	fault "$(jq -cn --arg r "eyJhbGciOiJFUzI1NiJ9.$b.AAAA" '{path: "/session/", status: 200,
		type: "application/json", body: ({status: "complete", result: $r} | tojson)}')"
}
ear '{"submods":{"SEVSNP":{}}}'
expect 7 'has no status' 'veraison: a result without a status' attest veraison
ear '{"submods":{}}'
expect 7 'is not an EAR' 'veraison: a result for nothing' attest veraison
ear '{"submods":{"SEVSNP":{"ear.status":96}}}'
expect 7 'rejected the evidence' 'veraison: a status as a number' attest veraison
ear '{"submods":{"SEVSNP":{"ear_status":"contraindicated"}}}'
expect 7 'rejected the evidence' 'veraison: a status by its other name' attest veraison
ear '{"submods":{"SEVSNP":{"ear.status":2}}}'
expect 0 '' 'veraison: affirming as a number' attest veraison

# --- Google ---

gcp() {
	attest gcp --location projects/p/locations/us-central1 --secret-file "$tmp/access-token" \
		--tpm-attestation "$tmp/tpm.json" "$@"
}
for k in snp tdx-log; do
	kind "$k"
	expect 0 '' "gcp: $k" gcp --audience https://aud.invalid --nonce 0123456789
	token 'its token' '"aud":"https://aud.invalid"'
done
kind snp
expect 7 'invalid authentication' 'gcp: a wrong access token' attest gcp \
	--location projects/p/locations/us-central1 --secret-file "$tmp/api-key" --tpm-attestation "$tmp/tpm.json"
"$servers/tpm_part.py" "${nonce/42/43}" "$tmp/ak.pem" >"$tmp/other.json"
expect 7 'not over the challenge' 'gcp: a TPM quote over another challenge' gcp --tpm-attestation "$tmp/other.json"
place=/v1/projects/p/locations/us-central1
ask POST $place/challenges '{}' 'Content-Type: application/json' "Authorization: Bearer $(cat "$tmp/access-token")" |
	body >"$tmp/challenge"
expect 0 '' 'gcp: a challenge asked for before' attest gcp --challenge "$tmp/challenge" \
	--secret-file "$tmp/access-token" --tpm-attestation "$tmp/tpm.json"
expect 7 'used before' 'gcp: it is good for once' attest gcp --challenge "$tmp/challenge" \
	--secret-file "$tmp/access-token" --tpm-attestation "$tmp/tpm.json"
kind tdx
expect 5 'CCEL' 'gcp: TDX without an event log' gcp

# --- CMW, for any verifier ---

for k in snp ${full:+tdx}; do
	kind "$k"
	for f in json ${full:+cbor json-collection} cbor-collection; do
		expect 0 '' "cmw: $k $f" request cmw --challenge "$tmp/raw-nonce" --form "$f" -o "$tmp/cmw"
		check 'is read, verified, and refused with a bit changed' \
			"$servers/read_cmw.py" "$tmp/cmw" "$tmp/raw-nonce" "$tmp/sim/roots"
	done
done
kind snp

# --- certificates from AMD's service ---

export XDG_CACHE_HOME=$tmp/cache
"$SIMTEE" --dump "$tmp/kds" --report-data "$(sha256sum <"$rd" | cut -c1-64)" >/dev/null
for s in ${full:+milan genoa} turin; do
	expect 0 '' "kds: $s" request maa --evidence "$tmp/kds/snp-v5-$s.bin" --runtime-data "$rd" \
		--kds="http://127.0.0.1:$http"
done
seen=$(wc -l <"$log")
expect 0 '' 'kds: again' request maa --evidence "$tmp/kds/snp-v5-turin.bin" --runtime-data "$rd" --kds="http://127.0.0.1:$http"
requests 0 'out of the cache'
rm -rf "$tmp/cache"
fault '{"path":"/vcek/","times":9,"status":429,"headers":{"Retry-After":"600"}}'
expect 6 '' 'kds: throttled' request maa --evidence "$tmp/kds/snp-v5-turin.bin" --runtime-data "$rd" --kds="http://127.0.0.1:$http"
fault
seen=$(wc -l <"$log")
expect 6 'is throttling for another' 'kds: and left alone' request maa --evidence "$tmp/kds/snp-v5-turin.bin" --runtime-data "$rd" --kds="http://127.0.0.1:$http"
requests 0 'without a request'
unset XDG_CACHE_HOME

# --- errors: retries, shapes, time-outs ---

maa() { attest maa --runtime-data "$rd" "$@"; }
kind snp
expect 0 '' 'the last of the evidence made for this' maa
unset FAKE_CMD		# from here on the device gives the same again
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
expect 7 '' 'an answer that is not JSON' maa
fault '{"path":"/attest/","status":200,"body":"{\"tokens\":\"x\"}"}'
expect 7 '' 'an answer without a token' maa
fault '{"path":"/attest/","status":200,"body":"{\"token\":\"line\\nother line\"}"}'
expect 7 '' 'a token that is none' maa
fault '{"path":"/attest/","status":302,"headers":{"Location":"http://127.0.0.1:1/attest/SevSnpVm"}}'
expect 7 '' 'a redirection elsewhere is not followed' maa
fault '{"path":"/attest/","hang":5}'
expect 6 '' 'a service that does not answer' maa --http-timeout 1
fault
fault '{"path":"/attest/","delay":0.3}'
expect 0 '' 'a service that is slow' maa --http-timeout 60
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
