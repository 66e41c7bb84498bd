#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Tokens of Arm CCA: signatures, the binding of the two tokens, keys, policy. The
# tokens are made by cca.py; the real ones are judged by the keys of their publisher.
# shellcheck disable=SC2317 # functions are called by expect
. ./lib.sh

python3 ./cca.py "$tmp" || exit 1
nonce=hex:$(python3 -c 'print(bytes(range(64)).hex())')
rim=$(printf '77%.0s' {1..48})
verify() { "$tool" verify "$@"; }
full() { verify --cca-key "$tmp/cpak.pem" --nonce "$nonce" --rim "$rim" "$@"; }
# outcome CHECK RESULT NAME: the last output has that check with that result
outcome() {
	if grep -qE "^    $1 +$2 " "$tmp/out"; then ok "$3"; else not_ok "$3 ($1 is not $2)"; fi
}

for t in 2022 2023 2024 2024-draft 2024-rmm 2024-rmm-private 907 unknown key-ops; do
	expect 0 '' "a token of $t" full "$tmp/good-$t.cbor"
done
outcome 'platform signature' passed 'its platform signature'
outcome 'realm signature' passed 'its realm signature'
check 'and by which algorithm' grep -qE '^    realm signature +passed +ES384$' "$tmp/out"
outcome 'realm key' passed 'its realm key'
outcome 'report data' passed 'its challenge'
expect 0 '' 'ES512 and ES256, SHA-512 of the key' verify --cca-key "$tmp/es512.pem" --nonce "$nonce" --rim "$rim" "$tmp/good-es512.cbor"
base64 "$tmp/good-2023.cbor" >"$tmp/good.b64"
expect 0 '' 'in base64' full "$tmp/good.b64"
expect 0 '' 'show has the claims of 2024' "$tool" show "$tmp/good-2024.cbor"
check 'by name' grep -qE 'MEC_policy +private' "$tmp/out"

# --- whose key ---

expect 5 'no key of the platform was given' 'without a key' verify --no-binding --any-code "$tmp/good-2023.cbor"
outcome 'realm signature' passed 'the realm token is checked all the same'
expect 5 'platform signature' "another platform's key" verify --cca-key "$tmp/other.pem" --no-binding --any-code "$tmp/good-2023.cbor"
for k in both.pem cpak.jwk cpak.jwks ta.json corim.cbor; do
	expect 0 '' "a key in $k" verify --cca-key "$tmp/$k" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
done
for k in cpak.pem cpak.jwks corim.cbor; do
	expect 0 '' "--certs $k" verify --certs "$tmp/$k" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
done
expect 0 '' '--certs with a key and a certificate in one file: the key' verify --certs "$tmp/key-and-cert.pem" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
verify --certs "$tmp/key-and-cert.pem" --no-binding --any-code golden/snp-v5-milan.bin >"$tmp/out" 2>"$tmp/err"
outcome signature passed 'and the certificates'
for k in ta-other.json corim-other.cbor; do
	expect 5 'none of the given keys belongs to this platform instance' "a key of another instance, $k" verify --cca-key "$tmp/$k" --no-binding --any-code "$tmp/good-2023.cbor"
done
expect 2 'names no instance' 'a CoRIM that names no platform' verify --cca-key "$tmp/corim-nobody.cbor" "$tmp/good-2023.cbor"
expect 2 'under conditions' 'a CoRIM whose key counts under conditions' verify --cca-key "$tmp/corim-conditions.cbor" "$tmp/good-2023.cbor"
expect 2 'names no instance' 'a CoRIM whose UEID is empty' verify --cca-key "$tmp/corim-empty.cbor" "$tmp/good-2023.cbor"
expect 2 'a UEID of 33 bytes' 'a CoRIM whose UEID is short' verify --cca-key "$tmp/corim-short.cbor" "$tmp/good-2023.cbor"
expect 2 'no public key in PEM' 'a CoRIM with a certificate' verify --cca-key "$tmp/corim-cert.cbor" "$tmp/good-2023.cbor"

# --- CoRIMs that are signed: by whom the caller says (--corim-key), judged at 2026-01-01 ---

at=(--at @1767225600)
corim() { # STATUS RESULT FILE KEY NAME
	verify "${at[@]}" --cca-key "$tmp/$3" ${4:+--corim-key "$tmp/$4"} --nonce "$nonce" --rim "$rim" \
		"$tmp/good-2023.cbor" >"$tmp/out" 2>"$tmp/err"
	if [ $? -eq "$1" ] && grep -qE "^    CoRIM [^ ]*$3 +$2" "$tmp/out"; then ok "$5"; else not_ok "$5"; fi
}
corim 0 passed corim-signed.cbor maker.pem 'signed by a key that was named'
outcome 'platform signature' passed 'and the platform token by its key'
check 'the result says who signed it' grep -q 'which .*maker.pem signed' "$tmp/out"
corim 0 passed corim-signed.cbor maker.jwk 'by a key as JWK'
corim 0 passed corim-signed-old.cbor maker.pem 'in the tag of older drafts'
corim 0 passed corim-signed-meta.cbor maker.pem 'with times that hold'
corim 5 'not possible' corim-signed.cbor '' 'signed, and no key was named'
outcome 'platform signature' 'not possible' 'whose keys count for nothing'
corim 5 failed corim-signed.cbor thief.pem 'signed by another'
corim 5 failed corim-signed-thief.cbor maker.pem 'another by another'
corim 5 failed corim-signed-altered.cbor maker.pem 'altered'
corim 5 failed corim-signed-late.cbor maker.pem 'whose signature ended'
corim 5 failed corim-signed-early.cbor maker.pem 'whose signature is not valid yet'
corim 5 failed corim-signed-endless.cbor maker.pem 'whose signature has no end'
corim 5 failed corim-signed-payload-late.cbor maker.pem 'that ended itself'
corim 5 failed corim-signed-alg.cbor maker.pem 'of an algorithm of another curve'
corim 5 failed corim-signed-crit.cbor maker.pem 'with a critical header'
corim 5 failed corim-signed-nobody.cbor maker.pem 'that names no platform'
corim 5 failed corim-signed-junk.cbor maker.pem 'of junk'
corim 0 'not checked' corim.cbor '' 'one that nobody signed is told as such'
check 'at the key, too' grep -q 'platform signature .*nobody signed' "$tmp/out"
corim 0 'not checked' corim-now.cbor '' 'one that nobody signed, of this time'
corim 5 failed corim-late.cbor '' 'one that nobody signed, which ended'
verify --cca-key "$tmp/cpak.pem" --corim-key "$tmp/maker.pem" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor" >"$tmp/out" 2>"$tmp/err"
outcome corim-key 'not possible' '--corim-key without a signed CoRIM'
expect 5 'platform signature' 'a key for CoRIMs is none of a platform' verify --corim-key "$tmp/cpak.pem" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
expect 2 'has no key that signs CoRIMs' '--corim-key without a key' verify --corim-key ./lib.sh "$tmp/good-2023.cbor"
for f in "$tmp"/bad-header-*.cbor; do
	n=${f##*bad-header-}
	corim 5 failed "bad-header-$n" maker.pem "a header of CoRIMs that does not hold: ${n%.cbor}"
	check 'the message names the header' grep -q 'CoRIM .*the header of its signature: ' "$tmp/out"
	outcome 'platform signature' 'not possible' 'its keys count for nothing'
done
for f in "$tmp"/good-header-*.cbor; do
	n=${f##*good-header-}
	corim 0 passed "good-header-$n" maker.pem "a header of CoRIMs that holds: ${n%.cbor}"
done
corim 5 failed corim-signed-half.cbor maker.pem 'whose second key names no platform'
outcome 'platform signature' 'not possible' 'its first key counts for nothing either'
corim 0 passed corim-signed-profile.cbor maker.pem "under Arm's profile"
corim 5 failed corim-signed-profile-bad.cbor maker.pem 'under a profile that is not known'
check 'which is named' grep -q 'CoRIM .*http://unknown.example/profile' "$tmp/out"
outcome 'platform signature' 'not possible' 'the whole CoRIM is refused'
expect 2 'has no key of a CCA platform' 'a CoRIM without a key behind one that is signed' verify --cca-key "$tmp/corim-signed.cbor" --cca-key "$tmp/corim-no-key.cbor" "$tmp/good-2023.cbor"
mkdir "$tmp/dir3"
cp "$tmp/corim.cbor" "$tmp/corim-no-key.cbor" "$tmp/dir3/"
expect 0 '' 'one without a key in a directory is skipped, though it ended' verify "${at[@]}" --certs "$tmp/dir3" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
for f in "$tmp"/profile-good-*.cbor; do
	expect 0 '' "a CoRIM of nobody under ${f##*/}" verify --cca-key "$f" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
done
for f in "$tmp"/profile-bad-*.cbor; do
	expect 2 'under its profile' "${f##*/}" verify --cca-key "$f" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
done

# --- what limits a key in JSON is not lost ---

for f in ta-misspelt ta-misspelt-only ta-denied; do
	expect 2 'is none of pkey, instance-id and implementation-id' "$f" verify --cca-key "$tmp/$f.json" "$tmp/good-2023.cbor"
done
expect 2 'names no platform' 'a record of no platform' verify --cca-key "$tmp/ta-nobody.json" "$tmp/good-2023.cbor"
expect 2 'is not 33 bytes' 'an instance id that is too short' verify --cca-key "$tmp/ta-short.json" "$tmp/good-2023.cbor"
expect 2 'there twice' 'an instance id twice' verify --cca-key "$tmp/ta-twice.json" "$tmp/good-2023.cbor"
for f in ta-flat ta-set; do
	expect 2 'outside of a record' "$f" verify --cca-key "$tmp/$f.json" "$tmp/good-2023.cbor"
done
for f in use-enc use-number ops-encrypt ops-text ops-empty both-differ alg-ecdh alg-other in-set in-record; do
	expect 2 'a JWK cannot be used: its ' "a JWK that is not for signatures: $f" verify --cca-key "$tmp/jwk-$f.json" "$tmp/good-2023.cbor"
done
expect 0 '' 'a JWK that is, by all of its members' verify --cca-key "$tmp/jwk-good.json" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
expect 2 'names no key that signs CoRIMs' 'a record of a platform as --corim-key' verify --corim-key "$tmp/ta-record.json" "$tmp/good-2023.cbor"
expect 0 '' 'the same as --cca-key' verify --cca-key "$tmp/ta-record.json" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"

# --- a directory: its keys count, and ask for nothing ---

mkdir "$tmp/dir" "$tmp/dir2"
cp "$tmp/cpak.pem" "$tmp/dir/a.pem"
cp ./lib.sh "$tmp/dir/notes"
expect 0 '' '--certs DIR with a key' verify --certs "$tmp/dir" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
cp "$tmp/corim.cbor" "$tmp/dir2/"
expect 0 '' '--certs DIR with a CoRIM' verify --certs "$tmp/dir2" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
cp "$tmp/short.jwk" "$tmp/corim-nobody.cbor" "$tmp/dir2/"
expect 0 '' 'files there that have no good key are skipped' verify --certs "$tmp/dir2" --nonce "$nonce" --rim "$rim" "$tmp/good-2023.cbor"
rm "$tmp/dir2/corim.cbor"
cp "$tmp/ta-half.json" "$tmp/corim-half.cbor" "$tmp/dir2/"
expect 2 'no file in the directory' 'nor a good key of a file that is refused for another' verify --certs "$tmp/dir2" "$tmp/good-2023.cbor"
expect 2 'no file in the directory' 'a directory without a good key' verify --certs "$tmp/dir2" "$tmp/good-2023.cbor"
cp "$tmp/other.pem" "$tmp/dir2/"
expect 5 'platform signature' "another platform's key in the directory" verify --certs "$tmp/dir2" --no-binding --any-code "$tmp/good-2023.cbor"
verify --certs "$tmp/dir" --no-binding --any-code golden/tdx-v4.bin >"$tmp/out" 2>"$tmp/err"
check 'keys in a directory ask nothing of a quote' sh -c "! grep -q cca-key '$tmp/out'"
expect 2 'JWK cannot be used' 'a JWK that is cut short' verify --cca-key "$tmp/short.jwk" "$tmp/good-2023.cbor"
expect 2 'no key of a CCA platform' 'a file without a key' verify --cca-key ./lib.sh "$tmp/good-2023.cbor"
verify --cca-key "$tmp/cpak.pem" --no-binding --any-code golden/tdx-v4.bin >"$tmp/out" 2>"$tmp/err"
outcome cca-key 'not possible' '--cca-key for a quote'

# --- one thing wrong ---

wrong() { # FILE CHECK NAME: that check fails
	full "$tmp/$1.cbor" >"$tmp/out" 2>"$tmp/err"
	if [ $? -eq 5 ] && grep -qE "^    $2 +failed" "$tmp/out"; then ok "$3"; else not_ok "$3"; fi
}
wrong other-platform 'platform signature' 'signed by another platform'
wrong altered 'platform signature' 'a platform token that was altered'
wrong stolen 'realm signature' 'a realm token that its key did not sign'
wrong spliced 'realm key' "a realm token of another's making beside a genuine platform token"
wrong no-alg 'platform signature' 'the algorithm outside of what is signed'
wrong crit 'platform signature' 'a critical header'
wrong weak-alg 'platform signature' 'ES256 by a key of P-384'
wrong debug lifecycle 'a platform under debug'
wrong recovery lifecycle 'a platform whose root of trust is under debug'
wrong no-lifecycle 'platform claims' 'a platform token without a lifecycle'
wrong no-rem 'realm claims' 'a realm token without REMs'
wrong three-rems 'realm claims' 'three REMs'
wrong short-challenge 'realm claims' 'a challenge of 32 bytes'
wrong no-client 'platform claims' 'profile 2024 without client_id'
wrong mec 'realm claims' 'a MEC policy that is none'
wrong mec-number 'realm claims' 'a MEC policy of 2'
wrong mec-bytes 'realm claims' 'a MEC policy in bytes'
wrong mec-missing 'realm claims' 'no MEC policy'
wrong rmm-no-instance 'realm claims' "the RMM specification's form without an instance id"
wrong draft-bad-instance 'realm claims' 'an instance id that is no UEID'
wrong key-ops 'realm signature' 'a realm key that signs only (RFC 9052, 7.1)'
wrong key-alg 'realm signature' 'a realm key of another algorithm'
wrong profile 'platform claims' 'a profile of 2031'
wrong compressed 'realm signature' 'a compressed key'
wrong twice layout 'a claim twice'
# 45 minutes when each component cost a copy of all before it
SECONDS=0
wrong many 'platform claims' 'a million components that are none'
if [ $SECONDS -lt 60 ]; then ok 'in less than a minute'; else not_ok "a million components take $SECONDS s"; fi
check 'none of which is shown' sh -c "! grep -q '^  *firmware' '$tmp/out'"
full --sw-component "$(printf '44%.0s' {1..32})" "$tmp/many.cbor" >"$tmp/out" 2>"$tmp/err"
outcome sw-component 'not possible' 'nor compared'
expect 0 '' '--allow-debug' full --allow-debug "$tmp/debug.cbor"
expect 5 lifecycle '--allow-debug is not for the root of trust' full --allow-debug "$tmp/recovery.cbor"
size=$(stat -c %s "$tmp/good-2023.cbor")
for ((i = 1; i < size; i += 97)); do
	head -c "$i" "$tmp/good-2023.cbor" >"$tmp/cut"
	for verb in show 'verify --no-binding --any-code'; do
		# shellcheck disable=SC2086 # the words of a command
		"$plain" $verb "$tmp/cut" >/dev/null 2>&1
		[ $? -eq 5 ] || { not_ok "$verb takes a token cut to $i bytes"; break 2; }
	done
done
[ "$i" -lt "$size" ] || ok 'cut at every 97th byte'

# --- what is asked of it ---

for o in "rim $rim" "rem2 $(printf '82%.0s' {1..48})" "rpv $(printf '66%.0s' {1..64})" \
	"implementation-id $(printf '22%.0s' {1..32})" "instance-id 01$(printf '33%.0s' {1..32})" 'platform-config cfcfcfcf'; do
	bad=${o%??}00
	# shellcheck disable=SC2086 # an option and its value
	expect 0 '' "--${o%% *}" full --any-code --${o/rim*/any-code} "$tmp/good-2023.cbor"
	# shellcheck disable=SC2086
	expect 5 "${o%% *}" "--${o%% *} of another" verify --cca-key "$tmp/cpak.pem" --nonce "$nonce" --any-code --$bad "$tmp/good-2023.cbor"
done
# the components of cca.py: measurement 44.., signer 55..
m=$(printf '44%.0s' {1..32}) s=$(printf '55%.0s' {1..32})
full "$tmp/good-2023.cbor" >"$tmp/out" 2>"$tmp/err"
outcome firmware 'not checked' 'the firmware of the platform, when nothing is asked'
for o in "$m" "$m:$s" "${m^^}:${s^^}"; do
	expect 0 '' "--sw-component ${o:0:2}..${o:64:3}" full --sw-component "$s" --sw-component "$o" "$tmp/good-2023.cbor"
done
for o in "$s" "$m:$m" "$s:$s"; do
	expect 5 sw-component "--sw-component of another: ${o:0:2}..${o:64:3}" full --sw-component "$o" "$tmp/good-2023.cbor"
done
expect 5 sw-component 'one of two components is not named' full --sw-component "$m" "$tmp/two-components.cbor"
expect 0 '' 'both are named' full --sw-component "$m" --sw-component "$s" "$tmp/two-components.cbor"
for o in 44 "$m:" ":$s" "$m:$s:$s" "$m:zz"; do
	expect 2 'MEASUREMENT' "--sw-component $o" full --sw-component "$o" "$tmp/good-2023.cbor"
done

# --- the result for programs: a name is there once ---

names_once() {
	python3 -c 'import json,sys
def once(pairs):
    d = dict(pairs)
    if len(d) != len(pairs):
        sys.exit("a name is there twice: %s" % [k for k, _ in pairs])
    return d
json.load(open(sys.argv[1]), object_pairs_hook=once)' "$1"
}
for t in two-components good-2023; do
	full --json "$tmp/$t.cbor" >"$tmp/out" 2>"$tmp/err"
	check "each name once: $t" names_once "$tmp/out"
done
check 'one component is a list, too' jq -e '.facts.firmware | type == "array" and length == 1' "$tmp/out"
full --json "$tmp/two-components.cbor" >"$tmp/out" 2>"$tmp/err"
check 'of both components' jq -e ".facts.firmware == [\"- -, $m:$s\", \"- -, $s:$s\"]" "$tmp/out"

# --- permissions and supplies that nothing made use of ---

unused() { # NAME WHAT ARGUMENT...: status 0, and NAME is listed as of no use
	local name=$1 what=$2
	shift 2
	if full "$@" >"$tmp/out" 2>"$tmp/err" && grep -qE "^    $name +not checked +it was given, but no check needed it" "$tmp/out"; then ok "$what"; else not_ok "$what"; fi
}
used() { # WHAT COMMAND...: status 0, and nothing is listed as of no use
	local what=$1
	shift
	if "$@" >"$tmp/out" 2>"$tmp/err" && ! grep -q 'it was given, but' "$tmp/out"; then ok "$what"; else not_ok "$what"; fi
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=root -out "$tmp/root.pem" 2>/dev/null
unused root '--root for a token of Arm CCA' --root "$tmp/root.pem" "$tmp/good-2023.cbor"
unused certs '--certs for it' --certs "$tmp/root.pem" "$tmp/good-2023.cbor"
unused no-binding '--no-binding beside a nonce' --no-binding "$tmp/good-2023.cbor"
unused any-code '--any-code beside --rim' --any-code "$tmp/good-2023.cbor"
for o in debug migration sept-ve; do
	unused allow-$o "--allow-$o that is not needed" --allow-$o "$tmp/good-2023.cbor"
done
used '--allow-debug that is' full --allow-debug "$tmp/debug.cbor"
used '--no-binding and --any-code that are' verify --cca-key "$tmp/cpak.pem" --no-binding --any-code "$tmp/good-2023.cbor"

expect 5 'not what was asked for' 'another nonce' verify --cca-key "$tmp/cpak.pem" --nonce 01 --rim "$rim" "$tmp/good-2023.cbor"
expect 5 'give --rim' 'no code asked for' verify --cca-key "$tmp/cpak.pem" --nonce "$nonce" "$tmp/good-2023.cbor"
expect 5 'measurement' '--measurement is of others' full --measurement "$rim" "$tmp/good-2023.cbor"

# --- real tokens: each by the key that its publisher gives for it ---

if [ -f "$VECTORS2/MANIFEST.tsv" ]; then
	v=$VECTORS2
	cat >"$tmp/ta-02.json" <<'J'
[{"instance-id": "010202020202020202020202020202020202020202020202020202020202020202",
  "pkey": {"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}}]
J
	cat >"$tmp/tf.json" <<'J'
{"keys": [{"crv": "P-384", "kty": "EC", "x": "IShnxS4rlQiwpCCpBWDzlNLfqiG911FP8akBr-fh94uxHU5m-Kijivp2r2oxxN6M",
  "y": "hM4tr8mWQli1P61xh3T0ViDREbF26DGOEYfbAjWjGNN7pZf-6A4OTHYqEryz6m7U"}]}
J
	real() { verify --no-binding --any-code --cca-key "$@"; }
	expect 0 '' "TF-RMM's token by TF-A's key" real "$tmp/tf.json" "$v/veraison__ccatoken/cca-token.cca_token.cbor.b40be114.bin"
	expect 5 '' 'and by another' real "$tmp/other.pem" "$v/veraison__ccatoken/cca-token.cca_token.cbor.b40be114.bin"
	expect 0 '' "Veraison's second token by its key" real "$tmp/ta-02.json" "$v/veraison__rust-ccatoken/cca-token.cca-token-02.cbor.88d7566e.bin"
	expect 0 '' "the token of profile 2023 by TF-A's key" real "$tmp/tf.json" "$v/veraison__ratsd/cca-token.ex-basic-arm-cca.70a46f08.bin"
else
	echo "skip real tokens of Arm CCA: VECTORS2 is not here"
fi
exit $status
