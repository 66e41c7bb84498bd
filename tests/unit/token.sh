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
good() {
	verify --jwks "$tmp/jwks.json" --issuer https://issuer.example --issuer 'Intel Trust Authority' \
		--issuer https://portal.trustauthority.intel.com --nonce "$nonce" --any-code "$@"
}
# outcome CHECK RESULT NAME: the last output has that check with that result
outcome() {
	if grep -qE "^    $1 +$2 " "$tmp/out"; then ok "$3"; else not_ok "$3 ($1 is not $2)"; fi
}

for t in maa-snp maa-azure maa-runtime maa-guest maa-tdx ita-1 ita-2 ita-azure ita-snp ita-gpu ita-nonce ear ear_status ear-number \
	google google-sev space space-intel; do
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
wrong b64 signature 'b64 that is not critical (RFC 7797, 6)'
expect 5 '' 'padding (RFC 7515, 2)' good "$tmp/padded.json"
wrong unknown-kid signature 'a key that is not in the set'
wrong wrong-kid signature "a key of another algorithm"
expect 5 'no key of the issuer' 'without keys' verify --no-binding --any-code "$tmp/ear.jwt"
expect 5 'signature' "another issuer's keys" verify --jwks "$tmp/other.json" --no-binding --any-code "$tmp/maa-snp.jwt"
expect 5 'signature' 'a key for another algorithm' verify --jwks "$tmp/pinned.json" --no-binding --any-code "$tmp/maa-snp.jwt"
expect 2 'no key that signs' 'a set without keys' verify --jwks "$tmp/none.json" "$tmp/ear.jwt"
expect 2 'there twice' 'a key with a member twice (RFC 7517, 4)' verify --jwks "$tmp/twice.json" --no-binding --any-code "$tmp/maa-snp.jwt"
# RFC 7517, 4.2, 4.3: what a key is for is text, or a list of texts, and has to be signatures
for k in use-enc use-list ops-sign ops-nested ops-text alg-number kid-number; do
	expect 2 'no key that signs' "a key that is not for signatures: $k" verify --jwks "$tmp/key-$k.json" --no-binding --any-code "$tmp/maa-snp.jwt"
done
expect 0 '' 'a key that is' verify --jwks "$tmp/key-good.json" --no-binding --any-code "$tmp/maa-snp.jwt"
expect 2 'not a JWK set' 'keys that are none' verify --jwks ./lib.sh "$tmp/ear.jwt"
expect 0 '' 'a set with keys that cannot be used' verify --jwks "$tmp/odd.json" --no-binding --any-code "$tmp/maa-snp.jwt"
outcome keys 'not checked' 'they are told of'
expect 5 signature 'and are not used' verify --jwks "$tmp/odd.json" --no-binding --any-code "$tmp/weak.jwt"
expect 2 'cannot be read' 'one alone' verify --jwks "$tmp/odd-alone.json" "$tmp/maa-snp.jwt"
expect 2 'no key that signs' 'such keys only' verify --jwks "$tmp/odd-only.json" "$tmp/maa-snp.jwt"
expect 0 '' "Veraison's description of itself" verify --jwks "$tmp/veraison.json" --no-binding --any-code "$tmp/ear.jwt"
expect 5 signature 'of another service' verify --jwks "$tmp/veraison-other.json" --no-binding --any-code "$tmp/ear.jwt"
expect 0 '' 'a token that names a key, by a key without a name' verify --jwks "$tmp/no-kid.json" --no-binding --any-code "$tmp/maa-snp.jwt"
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

# --- certificates that a token brings along ---

x5c() { # STATUS CHECK RESULT NAME ARGUMENTS
	local want=$1 check=$2 result=$3 name=$4
	shift 4
	verify --no-binding --any-code "$@" >"$tmp/out" 2>"$tmp/err"
	if [ $? -eq "$want" ] && grep -qE "^    $check +$result" "$tmp/out"; then ok "$name"; else not_ok "$name"; fi
}
root() { x5c "$1" "$2" "$3" "$4" --token-root "$tmp/token-root.pem" "$tmp/$5.jwt"; }
root 0 x5c passed 'x5c up to a root that was named' x5c
root 0 signature passed 'and the signature by its first certificate' x5c
root 0 x5c passed 'x5c without the root' x5c-short
root 0 x5c passed 'with the name of a key' x5c-kid
x5c 0 x5c passed 'the authority between beside the root' --token-root "$tmp/token-chain.pem" "$tmp/x5c-alone.jwt"
x5c 0 x5c passed 'one certificate that was named' --token-root "$tmp/token-leaf.pem" "$tmp/x5c-self.jwt"
x5c 5 x5c 'not checked' 'x5c without --token-root' "$tmp/x5c.jwt"
x5c 5 signature 'not possible' 'whose signature nobody can check' "$tmp/x5c.jwt"
x5c 5 x5c 'not checked' '--root is not for tokens' --root "$tmp/token-root.pem" "$tmp/x5c.jwt"
root 5 x5c 'not possible' 'x5c that ends before a root' x5c-alone
root 5 x5c failed 'x5c that ends in another root of the same name' x5c-evil
x5c 5 x5c failed 'another root of the same name' --token-root "$tmp/token-evil.pem" "$tmp/x5c.jwt"
root 5 signature failed 'a signature by another key' x5c-other-key
root 5 signature failed 'a signature by the second certificate' x5c-second
root 5 x5c failed 'a signature by the authority' x5c-ca
root 5 x5c failed 'a key that is not for signatures' x5c-usage
root 5 x5c failed 'a certificate that has expired' x5c-old
for t in tls time mail; do
	root 5 x5c failed "a certificate for other purposes: $t" x5c-for-$t
done
for t in any jwt both; do
	root 0 x5c passed "a certificate that is for tokens, too: $t" x5c-for-$t
done
root 0 x5c passed 'a purpose of the authority alone, as at Google' x5c-google
root 0 x5c passed 'x5c of a key that the token brings along, as at Trustee' x5c-jwk
root 5 signature failed 'which is not used itself' x5c-jwk-other
x5c 5 x5c 'not checked' 'nor without --token-root' "$tmp/x5c-jwk.jwt"
root 5 x5c failed 'an empty list' x5c-empty
root 5 x5c failed 'a text in place of the list' x5c-text
root 5 x5c failed 'no certificate' x5c-junk
root 5 x5c failed 'more certificates than any chain has' x5c-many
root 5 token-root 'not possible' 'a token without x5c' ear
x5c 5 signature failed 'both asked for, and the keys do not fit' --token-root "$tmp/token-root.pem" --jwks "$tmp/jwks.json" "$tmp/x5c.jwt"
expect 2 'issued itself' 'a root that is none' verify --token-root "$tmp/token-ca.pem" "$tmp/x5c.jwt"
x5c 5 token-root 'not possible' '--token-root for a quote' --token-root "$tmp/token-root.pem" golden/tdx-v4.bin

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
# ear.go of veraison/ear: results have iat and no exp
veraison() { verify --jwks "$tmp/jwks.json" --nonce "$nonce" --any-code "$@"; }
expect 5 'max-age' 'a result of Veraison has no end' veraison "$tmp/veraison.jwt"
expect 0 '' 'a result of Veraison with --max-age' veraison --max-age 60 "$tmp/veraison.jwt"
expect 5 age 'one that is too old' veraison --max-age 5 "$tmp/veraison.jwt"
expect 5 'no exp' 'one that does not say when it was made' veraison --max-age 60 "$tmp/ear-no-iat.jwt"

# --- the nonce ---

expect 5 'reportdata is not what was asked for' 'another nonce' verify --jwks "$tmp/jwks.json" --nonce 0bad --any-code "$tmp/maa-snp.jwt"
expect 5 'give --nonce' 'none asked for' verify --jwks "$tmp/jwks.json" --any-code "$tmp/maa-snp.jwt"
for t in maa-azure maa-runtime maa-guest ita-2 ita-azure ita-snp ita-nonce ear google; do
	expect 5 nonce "another nonce, $t" verify --jwks "$tmp/jwks.json" --nonce 0bad --any-code "$tmp/$t.jwt"
done
# MAA's REST reference: the nonce of the request is only returned in the claim of that name
wrong maa-echo nonce 'MAA: the nonce of the request beside report data that are zeros'
wrong maa-echo-azure nonce 'MAA: the nonce of the request beside other user-data'
wrong maa-zeros nonce 'MAA: user-data that nobody asked for'
wrong maa-guest-other nonce 'AzureGuest: the payload beside other user-data'
wrong maa-guest-open nonce 'AzureGuest: a payload in a token that no key of the TPM was for'
wrong ita-azure-other nonce "ITA: its own nonce beside other user-data"
wrong ita-nonce-other nonce "ITA: its own nonce, of which the report data are no hash"
wrong ear-other-gpu nonce 'EAR: a device that is bound to something else'
for t in bound-twice bound-quote-alone bound-realm; do
	expect 0 '' "EAR: report data that are the same, $t" good "$tmp/$t.jwt"
done
for t in quote alone realm veraison dcu attester name; do
	wrong bound-other-$t nonce "report data that are said once more, and differ: $t"
done
wrong td-flat-tdx.quote.body.report_data nonce 'the same by a flat name'
for t in by-init_data_claims by-uefi_event_logs by-list elsewhere; do
	good "$tmp/bound-$t.jwt" >"$tmp/out" 2>"$tmp/err"
	outcome nonce 'not possible' "report data that are not the service's words on a TEE: $t"
done
good "$tmp/bound-part.jwt" >"$tmp/out" 2>"$tmp/err"
outcome nonce passed 'EAR: a device without report data beside a TD'
outcome 'nonce of gpu0' 'not checked' 'is told of'
good "$tmp/maa-echo-alone.jwt" >"$tmp/out" 2>"$tmp/err"
outcome nonce 'not possible' 'MAA: the nonce of the request alone'

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
wrong space-no-dbgstat debug 'Google: an image of Confidential Space without dbgstat'
good "$tmp/google-sev.jwt" >"$tmp/out" 2>"$tmp/err"
outcome debug 'not checked' 'Google: a VM with another image has no dbgstat'
wrong google-shielded hwmodel 'Google: a VM that is not confidential'
wrong plain status 'a token without any status'
# parts that contradict the whole
for t in result measres x-nvidia-gpu-arch-check silent; do
	wrong gpu-$t GPU "ITA: a GPU whose $t is bad"
done
wrong gpu-secboot 'secure boot' 'ITA: a GPU without secure boot'
wrong gpu-dbgstat debug 'ITA: a GPU under debug'
wrong gpu-policy policies 'ITA: a policy that a GPU does not match'
wrong ita-tpm 'TCB status' 'ITA: an attester that is not known, with a status'
good "$tmp/ita-tpm-good.jwt" >"$tmp/out" 2>"$tmp/err"
outcome tpm 'not checked' 'ITA: an attester that is not known'
wrong ita-snp-debug debug 'ITA: SEV-SNP under debug'
wrong ita-snp-migration migration 'ITA: SEV-SNP that can be migrated'
good "$tmp/ita-snp.jwt" >"$tmp/out" 2>"$tmp/err"
outcome 'TCB status' 'not checked' 'ITA: SEV-SNP has no TCB status'
good --tcb-status UpToDate "$tmp/ita-snp.jwt" >"$tmp/out" 2>"$tmp/err"
outcome tcb-status 'not possible' 'ITA: so none can be asked for'
check 'and no file would help' sh -c "! grep -q collateral '$tmp/out'"
wrong space-old 'TCB status' 'Google: a TCB that is out of date'
wrong space-old-object 'TCB status' 'Google: the same in an object'
wrong space-unsupported image 'Google: an image that is no longer supported'
wrong space-no-support image 'Google: an image without support'
wrong space-gpu-off GPU 'Google: a GPU without confidential computing'
wrong space-gpu-devtools GPU 'Google: a GPU in the mode of developers'
wrong space-intel-attester_tcb_status 'TCB status' "Google's claims by Intel: revoked"
wrong space-intel-tdx_is_debuggable debug "Google's claims by Intel: a TD under debug"
wrong space-intel-silent 'TCB status' "Google's claims by Intel: no status"
wrong google-and-ear 'ear.status of gce' 'a token of two families'
expect 0 '' '--tcb-status for Google' good --tcb-status OutOfDate "$tmp/space-old.jwt"
expect 0 '' '--claim that names the support' good --claim /submods/confidential_space/support_attributes=USABLE "$tmp/space-unsupported.jwt"
for t in bootdebug-enabled kerneldebug-enabled hypervisordebug-enabled debuggersdisabled; do
	wrong guest-$t debug "AzureGuest: $t"
done
expect 0 '' 'AzureGuest: --allow-debug' good --allow-debug "$tmp/guest-kerneldebug-enabled.jwt"
for t in testsigning-enabled dbvalidated dbxvalidated signingdisabled default-securebootkeysvalidated secureboot; do
	wrong guest-$t 'secure boot' "AzureGuest: $t"
done
expect 0 '' 'AzureGuest: --claim that names it' good --claim secureboot=false "$tmp/guest-secureboot.jwt"
expect 5 'claim secureboot' 'AzureGuest: --claim that names another' good --claim secureboot=true "$tmp/guest-secureboot.jwt"
wrong guest-sgx type 'AzureGuest: an enclave around it'
wrong guest-sgx debug 'AzureGuest: a debuggable enclave around it'
wrong guest-tee type 'AzureGuest: a TEE that is no object'
good "$tmp/guest-silent.jwt" >"$tmp/out" 2>"$tmp/err"
outcome 'secure boot' 'not checked' 'AzureGuest: nothing said of the boot'
outcome 'debug of the guest' 'not checked' 'AzureGuest: nothing said of debugging'
wrong maa-migration migration 'MAA: a VM that can be migrated'
expect 0 '' 'MAA: --allow-migration' good --allow-migration "$tmp/maa-migration.jwt"
wrong ita-sept-ve SEPT_VE_DISABLE 'ITA: a TD into which the host can inject #VE'
expect 0 '' 'ITA: --allow-sept-ve' good --allow-sept-ve "$tmp/ita-sept-ve.jwt"
wrong ita-sept-ve-azure SEPT_VE_DISABLE 'ITA: what looks like Azure, which the guest can make'
expect 0 '' 'ITA: on Azure' good --profile azure "$tmp/ita-sept-ve-azure.jwt"
outcome SEPT_VE_DISABLE 'not checked' 'ITA: where the paravisor handles it'
wrong maa-vmpl vmpl 'MAA: a report of VMPL 3'
expect 0 '' 'MAA: --vmpl' good --vmpl 3 "$tmp/maa-vmpl.jwt"
good --vmpl 0 "$tmp/ear.jwt" >"$tmp/out" 2>"$tmp/err"
outcome vmpl 'not possible' '--vmpl for a token without one'
# draft-ietf-rats-ar4si, 2.3.2, and UpdateStatusFromTrustVector() of veraison/ear
for t in hardware-97 hardware--97 executables-32 executables-200 executables-good; do
	wrong vector-$t 'trustworthiness of x' "EAR: a claim that is worse than the status, $t"
done
expect 0 '' 'EAR: claims that claim nothing' veraison "$tmp/vector-none.jwt"
expect 0 '' 'EAR: a warning, with --ear-status' veraison --ear-status affirming --ear-status warning "$tmp/vector-executables-32.jwt"
wrong ear-nested 'ear.status of y' 'EAR: a submodule of a submodule'
wrong ear-nested-none 'ear.status of y' 'EAR: one without a status'
wrong ear-hidden 'ear.status of x' 'EAR: a status within a submodule'
wrong ear-list ear.status 'EAR: submodules in a list'
wrong ear-tdx-debug debug 'EAR: evidence of a TD under debug'
wrong ear-snp-migration migration 'EAR: evidence of a VM that can be migrated'
good "$tmp/ear.jwt" >"$tmp/out" 2>"$tmp/err"
outcome debug 'not checked' 'EAR: nothing said of debugging'

# --- bits of a TD ---

for t in td-trustee td-trustee-azure td-two ita-td maa-td; do
	expect 0 '' "raw and named bits: $t" good "$tmp/$t.jwt"
done
wrong ita-td-azure SEPT_VE_DISABLE 'raw bits of what looks like Azure'
expect 0 '' 'raw and named bits: ita-td-azure' good --profile azure "$tmp/ita-td-azure.jwt"
good "$tmp/td-trustee-azure.jwt" >"$tmp/out" 2>"$tmp/err"
outcome SEPT_VE_DISABLE 'not checked' 'Trustee: a paravisor handles it'
good --profile azure "$tmp/ita-td-azure.jwt" >"$tmp/out" 2>"$tmp/err"
outcome SEPT_VE_DISABLE 'not checked' 'ITA: the same of raw bits'
good "$tmp/td-trustee.jwt" >"$tmp/out" 2>"$tmp/err"
for t in debug SEPT_VE_DISABLE migration TDATTRIBUTES XFAM 'TDX module' 'service TD' collateral 'quoting enclave' 'TCB status'; do
	outcome "$t" passed "Trustee: $t"
done
check 'and debugging is not said to be unknown' sh -c "! grep -q 'debug  *not checked' '$tmp/out'"
for t in td-trustee ita-td maa-td; do
	wrong $t-migratable migration "$t: MIGRATABLE"
	wrong $t-profiled debug "$t: under profiling (TUD)"
	wrong $t-reserved TDATTRIBUTES "$t: a bit that must be zero"
	wrong $t-sept SEPT_VE_DISABLE "$t: without SEPT_VE_DISABLE"
	wrong $t-sept TDATTRIBUTES "$t: which the named bit denies"
	wrong $t-short TDATTRIBUTES "$t: not 8 bytes"
	wrong $t-perfmon TDATTRIBUTES "$t: another bit that its name denies"
done
expect 0 '' '--allow-debug for profiling' good --allow-debug "$tmp/td-trustee-profiled.jwt"
expect 5 TDATTRIBUTES '--allow-migration, but the names deny it' good --allow-migration "$tmp/ita-td-migratable.jwt"
expect 0 '' '--allow-migration, where no name is of it' good --allow-migration "$tmp/td-trustee-migratable.jwt"
expect 0 '' '--allow-sept-ve' good --allow-sept-ve "$tmp/td-trustee-named-sept.jwt"
expect 0 '' '--allow-debug' good --allow-debug "$tmp/td-trustee-debug.jwt"
expect 5 TDATTRIBUTES '--allow-debug, but raw and named bits differ' good --allow-debug "$tmp/td-trustee-named-debug.jwt"
wrong td-trustee-named-sept SEPT_VE_DISABLE 'Trustee: septve_disable'
wrong td-trustee-null TDATTRIBUTES 'Trustee: no bits'
wrong td-trustee-xfam XFAM 'Trustee: an XFAM that no module allows'
wrong td-trustee-seam_attributes 'TDX module' 'Trustee: a debug module'
wrong td-trustee-mrsigner_seam 'TDX module' 'Trustee: a module that Intel did not sign'
wrong td-trustee-mr_servicetd 'service TD' 'Trustee: a service TD'
expect 0 '' 'Trustee: --allow-migration for it' good --allow-migration "$tmp/td-trustee-mr_servicetd.jwt"
for t in ita maa; do
	for c in is_migratable td_attributes_migratable; do wrong $t-tdx_$c migration "$t: $c"; done
	wrong $t-tdx_td_attributes_pmt_prof debug "$t: pmt_prof"
	for c in seam_attributes mrsignerseam; do wrong $t-tdx_$c 'TDX module' "$t: $c"; done
	wrong $t-tdx_xfam XFAM "$t: an XFAM without SSE"
	wrong $t-tdx_mrservicetd 'service TD' "$t: a service TD"
	wrong $t-tdx_td_attributes_perfmon TDATTRIBUTES "$t: a name that the bits deny"
done
wrong td-flat-tdx.td_attributes.debug debug 'Trustee: a flat name of debugging'
wrong td-flat-tdx.quote.body.td_attributes migration 'Trustee: the same of the bits'

# --- what the default policies of Trustee require ---

wrong td-trustee-expired collateral 'Trustee: collateral that had expired'
wrong td-trustee-current 'TCB status' 'Trustee: the current level is revoked'
expect 5 'TCB status' 'which no --tcb-status allows' good --tcb-status UpToDate --tcb-status OutOfDate "$tmp/td-trustee-current.jwt"
for t in tee_type vendor_id; do
	wrong td-trustee-$t 'quoting enclave' "Trustee: $t"
done
good "$tmp/td-trustee-no-tcb.jwt" >"$tmp/out" 2>"$tmp/err"
outcome 'TCB status' 'not checked' 'Trustee: a TD without a TCB status'
wrong tee-sample TEE 'Trustee: the sample verifier'
wrong td-flat-sample.svn TEE 'Trustee: the same by a flat name'
wrong tee-sampledevice TEE 'Trustee: a sample device beside a TD'
good "$tmp/tee-tpm.jwt" >"$tmp/out" 2>"$tmp/err"
outcome TEE 'not possible' 'Trustee: a TPM alone'
for t in tee-csv tee-sgx; do
	expect 0 '' "Trustee: $t" good "$tmp/$t.jwt"
done
wrong tee-csv-debug debug 'Trustee: a guest of CSV under debug'
wrong tee-csv-send migration 'Trustee: one that can be sent'
wrong tee-sgx-debug debug 'Trustee: a debug enclave'
for t in cert-status cert-ocsp-status; do
	wrong tee-gpu-$t GPU "Trustee: a GPU whose $t is bad"
done

# a name of 300 KB above 20,000 objects: the way to each is not made, a second at most
python3 - "$tmp/long.jwt" <<'P'
import base64, json, sys
part = lambda o: base64.urlsafe_b64encode(json.dumps(o).encode()).decode().rstrip("=")
evidence = {str(i): {} for i in range(20000)}
sub = {"ear.status": "affirming", "ear.veraison.annotated-evidence": evidence}
claims = {"iss": "x", "exp": 4000000000, "iat": 1, "submods": {"c" * 300000: sub}}
open(sys.argv[1], "w").write(part({"alg": "ES256"}) + "." + part(claims) + "." + "A" * 86)
P
begin=$(date +%s%N)
"$plain" verify --token --nonce 0102 --any-code "$tmp/long.jwt" >"$tmp/out" 2>"$tmp/err"
took=$((($(date +%s%N) - begin) / 1000000))
check "a long name above many objects ($took ms)" test $took -lt 1000

# --- texts and names ---

wrong nul-iss issuer 'an issuer with a NUL in it'
expect 5 audience 'an audience with a NUL in it' good --audience https://me.example "$tmp/nul-aud.jwt"
wrong nul-status 'ear.status of x' 'a status with a NUL in it'
expect 5 'claim sub' 'a claim with a NUL in it' verify --jwks "$tmp/jwks.json" --nonce "$nonce" --claim sub=somebody "$tmp/nul-claim.jwt"
wrong nul-name layout 'a name with a NUL in it'
wrong twice layout 'a member that is there twice'
wrong twice-deep layout 'and deeper'

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
# the nearest numbers of 64 bits
expect 5 'claim huge' 'a number that is too large' claims --claim huge=18446744073709551615
expect 5 'claim low' 'a number that is too small' claims --claim low=-9223372036854775808
expect 2 'NAME=VALUE' 'a claim without a value' claims --claim sub
expect 5 'claims' 'nothing asked for' verify --jwks "$tmp/jwks.json" --nonce "$nonce" "$tmp/ear.jwt"
cat >"$tmp/policy.json" <<'J'
{ "issuer": "https://issuer.example", "claim": ["sub=somebody", "level=3"], "max-age": 60, "token-alg": "RS256" }
J
expect 0 '' 'the same in a policy' claims --policy "$tmp/policy.json"
echo '{ "claim": ["sub=nobody"] }' >"$tmp/policy.json"
expect 5 'claim sub' 'and another' claims --policy "$tmp/policy.json"

# --- only where it fits ---

verify --jwks "$tmp/jwks.json" --no-binding --any-code "$tmp/maa-snp.jwt" >"$tmp/out" 2>"$tmp/err"
check '--no-binding says so of the nonce' grep -qE '^    nonce +not checked +--no-binding: it may be bound to anything$' "$tmp/out"
check 'what was of use is not listed' sh -c "! grep -q 'it was given, but no check needed it' '$tmp/out'"
verify --jwks "$tmp/jwks.json" --no-binding --nonce "$nonce" --any-code --claim iss=https://issuer.example --allow-debug --allow-migration "$tmp/maa-snp.jwt" >"$tmp/out" 2>"$tmp/err"
for o in no-binding any-code allow-debug allow-migration; do
	outcome $o 'not checked' "--$o that was of no use"
done

verify --no-binding --any-code golden/tdx-v4.bin >"$tmp/out" 2>"$tmp/err"
outcome token 'not possible' '--token for a quote'
"$tool" verify --jwks "$tmp/jwks.json" --claim a=b --no-binding golden/tdx-v4.bin >"$tmp/out" 2>"$tmp/err"
outcome jwks 'not possible' '--jwks for a quote'
outcome claim 'not possible' '--claim for a quote'
good --rtmr0 "$(printf '00%.0s' {1..48})" "$tmp/ear.jwt" >"$tmp/out" 2>"$tmp/err"
outcome rtmr0 'not possible' '--rtmr0 for a token'

# --- keys of the issuer ---

standin http "$tmp/jwks.json" "$tmp/other.json"
expect 0 '' '--fetch-jwks=URL' verify --issuer https://issuer.example --nonce "$nonce" --any-code --fetch-jwks="http://127.0.0.1:$address/certs" "$tmp/maa-snp.jwt"
fetch() { verify --no-binding --any-code "$@" "$tmp/maa-snp.jwt"; }
expect 5 signature 'keys of another' fetch --issuer https://issuer.example --fetch-jwks="http://127.0.0.1:$address/certs"
expect 2 'name one issuer' 'no issuer named' fetch --fetch-jwks="http://127.0.0.1:$address/certs"
expect 2 'only over https://' 'keys over http' fetch --issuer https://issuer.example --fetch-jwks=http://issuer.example/certs
expect 2 'not a URL' 'an issuer that is not a URL' fetch --issuer ITA --fetch-jwks
standin http "$tmp/meta"
url=http://127.0.0.1:$address
echo "{\"issuer\":\"https://other.example\",\"issuer\":\"$url\",\"jwks_uri\":\"$url/keys\"}" >"$tmp/meta"
expect 7 'there twice' 'discovery: metadata with a member twice' fetch --issuer "$url" --fetch-jwks
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
by_root() {
	"$tool" attest coco-as --evidence golden/snp-v3-genoa.bin --runtime-data "$tmp/rd" --runtime-data-type binary \
		--endpoint "http://127.0.0.1:$address" --token-policy "$tmp/policy.json" --verify "$@"
}
echo '{ "claim": "iss=https://issuer.example" }' >"$tmp/policy.json"
standin http "$tmp/x5c-now.jwt" "$tmp/x5c-now.jwt" "$tmp/now.jwt"
expect 0 '' 'attest --verify --token-root' by_root --token-root "$tmp/token-root.pem"
check 'prints the token that brings its certificates along' test "$(cat "$tmp/out")" = "$(cat "$tmp/x5c-now.jwt")"
expect 5 x5c 'not one whose root is another' by_root --token-root "$tmp/token-evil.pem"
check 'which is not printed' test ! -s "$tmp/out"
expect 5 token-root 'nor one without certificates' by_root --token-root "$tmp/token-root.pem"
# Azure: what --runtime-data asks for is in user-data of the paravisor's claims
. ./requests.lib
maa() {
	# shellcheck disable=SC2046 # options and their values
	"$tool" attest maa --runtime-data golden/runtime-data.json --nonce once $(evidence_args maa-azure-snp azure-snp) \
		--endpoint "http://127.0.0.1:$address" --jwks "$tmp/jwks.json" --token-policy "$tmp/any.json" --verify
}
echo '{ "any-code": true }' >"$tmp/any.json"
standin http "$tmp/maa-now.json" "$tmp/maa-now-other.json"
expect 0 '' 'attest maa --verify, of a VM with a paravisor' maa
expect 5 'user-data is not what was asked for' 'other user-data beside the nonce of the request' maa
expect 2 'go with --verify' 'a policy without --verify' attest
expect 2 'go with --verify' 'roots without --verify' "$tool" attest coco-as --self-nonce --token-root "$tmp/token-root.pem" \
	--endpoint http://127.0.0.1:9
expect 2 'needs the keys' '--verify without keys' "$tool" attest coco-as --self-nonce --verify --endpoint http://127.0.0.1:9
exit $status
