#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# KBS: evidence of further devices, and its plugins. What report data must be is
# computed here from the protocol: SHA-384 of the canonical JSON of nonce, key, text.
# shellcheck disable=SC2317 # functions are called by expect and trap
. ./lib.sh
. ./standin.lib
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY no_proxy

openssl ecparam -name prime256v1 -genkey -noout -out "$tmp/key.pem" 2>/dev/null
echo '{"nonce":"bm9uY2U=","extra-params":""}' >"$tmp/challenge"
printf '{"nvidia": [{"arch": "HOPPER", "evidence": "AAAA"}]}' >"$tmp/more"
# digest TEXT: of this additional evidence; and the report that carries it
digest() {
	python3 - "$tmp" "$1" <<'P'
import base64, hashlib, json, sys
from cryptography.hazmat.primitives import serialization
k = serialization.load_pem_private_key(open(sys.argv[1] + "/key.pem", "rb").read(), None).public_key().public_numbers()
b = lambda n: base64.urlsafe_b64encode(n.to_bytes(32, "big")).rstrip(b"=").decode()
o = {"additional-evidence": sys.argv[2], "nonce": "bm9uY2U=", "tee-pubkey": {
    "alg": "ECDH-ES+A256KW", "crv": "P-256", "kty": "EC", "x": b(k.x), "y": b(k.y)}}
h = hashlib.sha384(json.dumps(o, sort_keys=True, separators=(",", ":")).encode()).digest()
r = bytearray(open("golden/snp-v3-genoa.bin", "rb").read())
r[0x50:0x90] = h + bytes(16)
open(sys.argv[1] + "/report", "wb").write(r)
print(h.hex())
P
}
kbs() { "$tool" "$1" kbs --challenge "$tmp/challenge" --tee-key "$tmp/key.pem" --session kbs-session-id=1 "${@:2}"; }
none=$(digest '')
more=$(digest "$(cat "$tmp/more")")
kbs request --binding >"$tmp/out" 2>"$tmp/err"
check 'report data without further devices' grep -q "\"report_data\":\"$none" "$tmp/out"
kbs request --additional-evidence "$tmp/more" --binding >"$tmp/out" 2>"$tmp/err"
check 'with the evidence of one' grep -q "\"report_data\":\"$more" "$tmp/out"
check 'and what is hashed' sh -c "jq -r .preimage '$tmp/out' | tr -d '\n' | sha384sum | grep -q ^$more"
expect 0 '' 'a request with it' kbs request --additional-evidence "$tmp/more" --evidence "$tmp/report"
check 'has it as it was given' sh -c "jq -rj '.\"tee-evidence\".additional_evidence' '$tmp/out' | cmp - '$tmp/more'"
expect 5 '' 'a report that is not over it' kbs request --evidence "$tmp/report"
expect 2 'not a JSON object' 'additional evidence that is none' kbs request --additional-evidence ./lib.sh --binding
expect 2 'takes no --additional-evidence' 'of another service' "$tool" request ita --additional-evidence "$tmp/more" --binding

digest '' >/dev/null
echo '{"token":"aa.bb.cc"}' >"$tmp/token"
echo 'certificate of the plugin' >"$tmp/plain"
echo '{"protected":"AAAA","ciphertext":"AAAA"}' >"$tmp/sealed"
standin http "$tmp/token" "$tmp/plain" "$tmp/token" "$tmp/sealed"
expect 0 'did not encrypt' 'a plugin' kbs attest --evidence "$tmp/report" --endpoint "http://127.0.0.1:$address" \
	--plugin 'nebula-ca/credential?ip=10.0.0.1'
check 'its answer' cmp "$tmp/out" "$tmp/plain"
check 'its path' grep -q 'GET /kbs/v0/nebula-ca/credential?ip=10.0.0.1 ' "$tmp/log"
expect 7 'cannot be decrypted' 'a plugin whose answer is encrypted to another' kbs attest --evidence "$tmp/report" \
	--endpoint "http://127.0.0.1:$address" --plugin nebula-ca/credential
expect 2 'exclude each other' '--plugin and --resource' kbs attest --endpoint "http://127.0.0.1:$address" \
	--plugin a/b --resource c/d/e
expect 2 'a character that is not allowed' 'a path with a space' kbs attest --endpoint "http://127.0.0.1:$address" --plugin 'a b'
exit $status
