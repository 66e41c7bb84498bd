#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Intel's collateral: a bundle of all of it, and --pcs, which fetches and keeps one.
# Genuine collateral for a genuine quote; the parts are signed, and cannot be made here.
# shellcheck disable=SC2317 # functions are called by expect and trap
. ./lib.sh
. ./standin.lib
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY no_proxy
export XDG_CACHE_HOME=$tmp/cache

if [ ! -f "$VECTORS/MANIFEST.tsv" ]; then
	echo "skip Intel's collateral: VECTORS is not here"
	exit 0
fi
quote=$VECTORS/flashbots__attested-tls/azure-tdx-1764662251380464271.tdquote_v4.509f50f8.bin
python3 - "$VECTORS/flashbots__attested-tls/azure-collateral.yaml" "$tmp" <<'P'
import json, re, sys
d, key = {}, None
for line in open(sys.argv[1]):
    m = re.match(r"([a-z_]+): ?(.*)", line)
    if m:
        key, v = m.groups()
        d[key] = "" if v in ("|", "|-") else v.strip("'\"")
    else:
        d[key] += line[2:]
d = {k: v.rstrip("\n") for k, v in d.items()}
def put(name, what):
    open(sys.argv[2] + "/" + name, "w").write(what if isinstance(what, str) else json.dumps(what))
put("bundle", d)
put("altered", dict(d, tcb_info=d["tcb_info"].replace('"version":3', '"version":3 ')))
put("no-sig", {k: v for k, v in d.items() if k != "tcb_info_signature"})
put("no-qe", {k: v for k, v in d.items() if k != "qe_identity"})
put("bad-chain", dict(d, tcb_info_issuer_chain="none"))
tcb = '{"tcbInfo":%s,"signature":"%s"}' % (d["tcb_info"], d["tcb_info_signature"])
qe = '{"enclaveIdentity":%s,"signature":"%s"}' % (d["qe_identity"], d["qe_identity_signature"])
put("tcb", tcb)
put("qe", qe)
# as structures of C have it: whole answers, bytes, a NUL at the end
put("whole", dict(d, tcb_info=list(tcb.encode() + b"\0"), qe_identity=qe, pck_crl=list(bytes.fromhex(d["pck_crl"]))))
put("chain", d["tcb_info_issuer_chain"])
put("pck-chain", d["pck_crl_issuer_chain"])
open(sys.argv[2] + "/pck.der", "wb").write(bytes.fromhex(d["pck_crl"]))
put("root.hex", d["root_ca_crl"])
for name in "tcb", "qe":
    text = open(sys.argv[2] + "/" + name).read()
    put(name + "-late", re.sub('"nextUpdate":"[0-9]*', '"nextUpdate":"2099', text))
P
verify() { "$tool" verify --no-binding --any-code --allow-sept-ve --at 2026-03-01 --tcb-status UpToDate --tcb-status OutOfDate "$@" "$quote"; }
# outcome CHECK RESULT NAME: the last output has that check with that result
outcome() {
	if grep -qE "^    $1 +$2 " "$tmp/out"; then ok "$3"; else not_ok "$3 ($1 is not $2)"; fi
}
judged() { # NAME: all of the collateral was used and holds
	outcome 'TCB info' passed "$1: TCB info"
	outcome 'QE identity' passed "$1: QE identity"
	outcome 'revocation of Intel SGX PCK Certificate' passed "$1: the list of the PCK CA"
	outcome 'revocation of Intel SGX PCK Platform CA' passed "$1: the list of the root"
}
for b in bundle whole; do
	expect 0 '' "a $b" verify --require-crl --collateral "$tmp/$b"
	judged "$b"
done
expect 0 '' 'single answers beside their chain' verify --collateral "$tmp/tcb" --collateral "$tmp/qe" --certs "$tmp/chain"
expect 5 'TCB info' 'a bundle that was altered' verify --collateral "$tmp/altered"
expect 5 'tcb_info_signature of this bundle' 'a bundle without a signature' verify --collateral "$tmp/no-sig"
expect 5 'qe_identity of this bundle' 'a bundle without the QE identity' verify --collateral "$tmp/no-qe"
expect 5 'neither certificates' 'a bundle whose chain is none' verify --collateral "$tmp/bad-chain"
# what is given as a list of revoked certificates must be one: none revokes nobody
for m in '""' '[]' 5 '[256]' true; do
	for part in pck_crl root_ca_crl tcb_info_issuer_chain; do
		jq --argjson m "$m" ".$part = \$m" "$tmp/bundle" >"$tmp/bent"
		expect 5 '' "a bundle whose $part is $m" verify --collateral "$tmp/bent"
	done
done
jq '.root_ca_crl = null' "$tmp/bundle" >"$tmp/bent"
expect 5 'revocation of Intel SGX PCK Platform CA' 'null is none, which --require-crl asks for' verify --require-crl --collateral "$tmp/bent"
expect 0 '' 'show: a bundle' "$tool" show "$tmp/bundle"
check 'and when it ends' grep -q 'nextUpdate .*2026-03-20' "$tmp/out"

# --- --pcs ---

all=("$tmp/tcb@$tmp/chain" "$tmp/qe@$tmp/chain" "$tmp/pck.der@$tmp/pck-chain" "$tmp/root.hex")
rm -f "$tmp/log"
standin http "${all[@]}"
expect 0 '' '--pcs' verify --require-crl --pcs="http://127.0.0.1:$address"
judged --pcs
check "the platform's family is asked for" grep -q '/tdx/certification/v4/tcb?fmspc=90c06f000000' "$tmp/log"
check 'and its CA' grep -q '/sgx/certification/v4/pckcrl?ca=platform' "$tmp/log"
rm -f "$tmp/log"
standin http "${all[@]}"
expect 0 '' 'collateral that ended is asked for again' verify --pcs="http://127.0.0.1:$address"
rm -rf "$XDG_CACHE_HOME"
rm -f "$tmp/log"
standin http "$tmp/tcb-late@$tmp/chain" "$tmp/qe-late@$tmp/chain" "${all[@]:2}"
expect 5 'TCB info' 'collateral that is not signed' verify --pcs="http://127.0.0.1:$address/sgx/certification/v4/"
expect 5 'TCB info' 'is kept until it ends' verify --pcs="http://127.0.0.1:$address"
if [ "$(wc -l <"$tmp/log")" -eq 4 ]; then ok 'without a request'; else not_ok 'without a request'; fi
rm -rf "$XDG_CACHE_HOME"
rm -f "$tmp/log"
standin http 429:7200
expect 5 'ask again in 7200 s' '--pcs: throttled' verify --pcs="http://127.0.0.1:$address"
outcome 'certificate chain' passed 'the other checks are made'
expect 5 'is throttling for another 7' 'and is left alone' verify --pcs="http://127.0.0.1:$address"
rm -f "$tmp/log"
standin http 503
expect 5 'collateral' '--pcs: a service that fails' verify --pcs="http://127.0.0.1:$address"
rm -f "$tmp/log" "$tmp/empty"
: >"$tmp/empty"
standin http "${all[@]:0:2}" "$tmp/empty@$tmp/pck-chain" "${all[3]}"
expect 5 'an empty answer' '--pcs: a PCCS without a list of revoked certificates' verify --pcs="http://127.0.0.1:$address"
standin http "${all[@]:0:3}" "$tmp/empty"
expect 5 'an empty answer' '--pcs: nor one of the root' verify --pcs="http://127.0.0.1:$address"
if grep -rqs tcb_info "$XDG_CACHE_HOME"; then not_ok 'and neither is kept'; else ok 'and neither is kept'; fi
rm -f "$tmp/log"
standin http "$tmp/tcb"
expect 5 'without the certificate chain' '--pcs: no chain' verify --pcs="http://127.0.0.1:$address"
expect 2 'an @ before the path' '--pcs with a password' verify --pcs=http://user:hunter2@127.0.0.1:1
"$tool" verify --no-binding --any-code --pcs=http://127.0.0.1:9 golden/snp-v3-genoa.bin >"$tmp/out" 2>"$tmp/err"
outcome pcs 'not checked' '--pcs for a report of SNP is of no use'
exit $status
