#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tokens of attestation services, as their documents describe them, and keys.

tokens.py DIRECTORY REPORT_DATA writes one file for each: tokens that hold, and tokens with one
thing wrong in each. They are signed by python3-cryptography.
"""
import base64
import datetime
import hashlib
import json
import os
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

AT = 1767225600		# 2026-01-01, by which the tests judge
NONCE = bytes(range(1, 33))
HASH = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(n):
    return b64(n.to_bytes((n.bit_length() + 7) // 8, "big"))


def jwk(key, **more):
    n = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return dict({"kty": "RSA", "n": number(n.n), "e": number(n.e)}, **more)
    size = (key.curve.key_size + 7) // 8
    return dict({"kty": "EC", "crv": "P-%d" % key.curve.key_size, "x": b64(n.x.to_bytes(size, "big")),
                 "y": b64(n.y.to_bytes(size, "big"))}, **more)


def sign(key, alg, text):
    digest = HASH[alg[2:]]
    if alg[:2] == "RS":
        return key.sign(text, padding.PKCS1v15(), digest)
    if alg[:2] == "PS":
        return key.sign(text, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(digest)))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def token(key, alg, kid, claims, **header):
    head = dict({"alg": alg, "typ": "JWT"}, **header)
    if kid:
        head["kid"] = kid
    if not isinstance(claims, str):
        claims = json.dumps(claims)
    text = b64(json.dumps(head).encode()) + "." + b64(claims.encode())
    return text + "." + b64(sign(key, alg, text.encode()))


def certificate(name, key, issuer, by, ca, usage=None, days=20000, extended=None):
    usage = usage or ("keyCertSign" if ca else "digitalSignature")
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in (name, issuer)]
    at = datetime.datetime.utcfromtimestamp(AT)
    use = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                         "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    use["key_cert_sign" if usage == "keyCertSign" else "digital_signature" if usage == "digitalSignature"
        else "key_encipherment"] = True
    b = (x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1])
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(at - datetime.timedelta(days=500)).not_valid_after(at + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca, None), True).add_extension(x509.KeyUsage(**use), True))
    if extended:
        b = b.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(o) for o in extended]), True)
    return b.sign(by, hashes.SHA256())


def x5c_tokens(write_token, out, claims, now):
    """Tokens with their certificates, as Google's and Trustee's have them (RFC 7515, 4.1.6)"""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(5)]
    root_key, ca_key, leaf_key, evil_root_key, evil_key = keys
    root = certificate("Token Root", root_key, "Token Root", root_key, True)
    ca = certificate("Token CA", ca_key, "Token Root", root_key, True)
    leaf = certificate("Signer", leaf_key, "Token CA", ca_key, False)
    evil_root = certificate("Token Root", evil_root_key, "Token Root", evil_root_key, True)
    evil = certificate("Signer", evil_key, "Token Root", evil_root_key, False)

    def pem(name, *certs):
        with open(os.path.join(out, name), "wb") as f:
            f.write(b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certs))

    def x5c(*certs):
        return [base64.b64encode(c.public_bytes(serialization.Encoding.DER)).decode() for c in certs]

    def write(name, key, certs, **header):
        write_token(name + ".jwt", token(key, "ES256", header.pop("kid", None), claims, x5c=certs, **header))

    pem("token-root.pem", root)
    pem("token-chain.pem", root, ca)
    pem("token-evil.pem", evil_root)
    pem("token-ca.pem", ca)
    pem("token-leaf.pem", certificate("Alone", leaf_key, "Alone", leaf_key, False))
    write("x5c", leaf_key, x5c(leaf, ca, root))
    write_token("x5c-now.jwt", token(leaf_key, "ES256", None, now, x5c=x5c(leaf, ca)))
    write("x5c-short", leaf_key, x5c(leaf, ca))
    write("x5c-alone", leaf_key, x5c(leaf))
    write("x5c-kid", leaf_key, x5c(leaf, ca), kid="any")
    write("x5c-evil", evil_key, x5c(evil, evil_root))
    write("x5c-other-key", evil_key, x5c(leaf, ca, root))
    write("x5c-second", evil_key, x5c(leaf, evil, ca, root))
    write("x5c-ca", ca_key, x5c(ca, root))
    write("x5c-usage", leaf_key, x5c(certificate("Signer", leaf_key, "Token CA", ca_key, False, "keyEncipherment"), ca))
    write("x5c-old", leaf_key, x5c(certificate("Signer", leaf_key, "Token CA", ca_key, False, days=-1), ca))
    # RFC 5280, 4.2.1.12, and RFC 9509, 3 (id-kp-jwt)
    for name, extended in (("tls", ["1.3.6.1.5.5.7.3.1"]), ("time", ["1.3.6.1.5.5.7.3.8"]),
                           ("mail", ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4"]), ("any", ["2.5.29.37.0"]),
                           ("jwt", ["1.3.6.1.5.5.7.3.37"]), ("both", ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.37"])):
        write("x5c-for-" + name, leaf_key, x5c(certificate("Signer", leaf_key, "Token CA", ca_key, False, extended=extended), ca))
    # the authority below Google's root of Confidential Space names tcg-kp-EKCertificate, its signer nothing
    write("x5c-google", leaf_key, x5c(leaf, certificate("Token CA", ca_key, "Token Root", root_key, True, extended=["2.23.133.8.1"]), root))
    # config.md of Trustee's attestation service: "as jwk.x5c"
    for name, key in (("x5c-jwk", leaf_key), ("x5c-jwk-other", evil_key)):
        write_token(name + ".jwt", token(key, "ES256", None, claims, jwk=jwk(key, alg="ES256", x5c=x5c(leaf, ca, root))))
    write("x5c-empty", leaf_key, [])
    write("x5c-text", leaf_key, x5c(leaf)[0])
    write("x5c-junk", leaf_key, ["AAAA"])
    write("x5c-many", leaf_key, x5c(*([leaf] * 17)))
    with open(os.path.join(out, "token-leaf.pem"), "rb") as f:
        alone = x509.load_pem_x509_certificate(f.read())
    write("x5c-self", leaf_key, x5c(alone))


def times(**more):
    return dict({"iss": "https://issuer.example", "iat": AT - 10, "nbf": AT - 10, "exp": AT + 3600}, **more)


def maa_snp(**more):
    return dict(times(**{"x-ms-attestation-type": "sevsnpvm", "x-ms-compliance-status": "azure-compliant-cvm",
                         "x-ms-sevsnpvm-is-debuggable": False, "x-ms-sevsnpvm-reportdata": (NONCE + bytes(32)).hex(),
                         "x-ms-sevsnpvm-launchmeasurement": "ab" * 48, "x-ms-ver": "1.0"}), **more)


def hcl(user_data=NONCE):
    """Runtime data on Azure: the claims of the paravisor, as in tokens that were published."""
    return {"keys": [{"kid": "HCLAkPub", "kty": "RSA", "key_ops": ["sign"], "e": "AQAB", "n": "AA"}],
            "user-data": (user_data + bytes(64 - len(user_data))).hex().upper(),
            "vm-configuration": {"secure-boot": True, "tpm-enabled": True, "vmUniqueId": "88543EA6"}}


def hash_of(claims):
    return hashlib.sha256(json.dumps(claims).encode()).hexdigest() + "00" * 32


def maa_azure(runtime, **more):
    """SevSnpVm of a VM with a paravisor: REPORT_DATA is the hash of its claims"""
    return maa_snp(**dict({"x-ms-runtime": runtime, "x-ms-sevsnpvm-reportdata": hash_of(runtime),
                           "x-ms-sevsnpvm-vmpl": 0, "x-ms-sevsnpvm-migration-allowed": False}, **more))


def maa_guest(user_data=b"", payload=NONCE, tee=None, **more):
    """AzureGuest: what Microsoft's own client gets; user-data are zeros, the nonce is in the payload"""
    inner = {k: v for k, v in maa_azure(hcl(user_data)).items() if k.startswith("x-ms")}
    inner.update(tee or {})
    return dict(times(**{
        "x-ms-attestation-type": "azurevm", "x-ms-azurevm-attestation-protocol-ver": "2.0", "secureboot": True,
        "x-ms-azurevm-attested-pcrs": [0, 1, 2, 3, 4, 5, 6, 7], "x-ms-azurevm-bootdebug-enabled": False,
        "x-ms-azurevm-dbvalidated": True, "x-ms-azurevm-dbxvalidated": True, "x-ms-azurevm-debuggersdisabled": True,
        "x-ms-azurevm-default-securebootkeysvalidated": True, "x-ms-azurevm-flightsigning-enabled": False,
        "x-ms-azurevm-hypervisordebug-enabled": False, "x-ms-azurevm-kerneldebug-enabled": False,
        "x-ms-azurevm-signingdisabled": True, "x-ms-azurevm-testsigning-enabled": False,
        "x-ms-isolation-tee": inner,
        "x-ms-runtime": {"client-payload": {"nonce": base64.b64encode(payload).decode()},
                         "keys": [{"kid": "TpmEphemeralEncryptionKey", "kty": "RSA", "e": "AQAB", "n": "AA"}]}}), **more)


def ita_snp(**more):
    """As in Intel's tutorial for Azure with SEV-SNP: it has no attester_tcb_status"""
    runtime = hcl()
    return times(iss="Intel Trust Authority", ver="2.0.0", policy_ids_matched=None, policy_ids_unmatched=None,
                 verifier_instance_ids=["a"], sevsnp=dict({
                     "attester_type": "AMD SEV-SNP", "sevsnp_is_debuggable": False, "sevsnp_migration_allowed": False,
                     "sevsnp_reportdata": hash_of(runtime), "sevsnp_runtime_data": runtime, "sevsnp_vmpl": 0,
                     "sevsnp_snpfw_svn": 8}, **more))


def nvgpu(**more):
    """Beside a TD; NVIDIA's "GPU claims" for what is in claim_details"""
    return times(ver="2.0.0", verifier_instance_ids=["a"], tdx=ita(attester_type="TDX"), nvgpu=dict({
        "attester_type": "NVGPU", "x-nvidia-overall-att-result": True, "x-nvidia-ver": "3.0", "policy_ids_unmatched": None,
        "claim_details": {"GPU-0": {"hwmodel": "GH100", "secboot": True, "dbgstat": "disabled", "measres": "success",
                                    "x-nvidia-gpu-arch-check": True}}}, **more))


def veraison(**more):
    """ear.go of veraison/ear: no exp"""
    return dict({"eat_profile": "tag:github.com,2023:veraison/ear", "iat": AT - 10, "eat_nonce": b64(NONCE),
                 "ear.verifier-id": {"developer": "d", "build": "b"},
                 "submods": {"CCA_REALM": {"ear.status": "affirming", "ear.trustworthiness-vector":
                                           {"instance-identity": 2, "configuration": 0, "executables": 3, "hardware": 2}}}}, **more)


def ita(**more):
    return dict({"attester_tcb_status": "UpToDate", "tdx_is_debuggable": False, "policy_ids_unmatched": None,
                 "tdx_report_data": (NONCE + bytes(32)).hex(), "tdx_mrtd": "cd" * 48}, **more)


def ear(name="ear.status", status="affirming", **more):
    sub = {"ear.appraisal-policy-id": "default",
           "ear.veraison.annotated-evidence": {"report_data": (NONCE + bytes(32)).hex()}}
    if name:
        sub[name] = status
    return times(eat_profile="tag:github.com,2024:confidential-containers/Trustee", submods={"cpu0": sub}, **more)


OTHER = "11" * 64


def trustee(tee="tdx", named=None, body=None, header=None, quote=None, **more):
    """docs/tcb_claims.md of Trustee, as its verifier for TDX makes them"""
    report = (NONCE + bytes(32)).hex()
    return {"report_data": report, "init_data": "00" * 48, "runtime_data_claims": None, tee: dict({
        "quote": quote or {"header": dict({"version": "0500", "att_key_type": "0200", "tee_type": "81000000", "reserved": "00000000",
                                           "vendor_id": "939a7233f79c4ca9940a0db3957f0607", "user_data": "ab" * 20}, **(header or {})),
                           "body": dict({"td_attributes": "0000001000000000", "seam_attributes": "00" * 8, "mrsigner_seam": "00" * 48,
                                         "mr_seam": "5b" * 48, "xfam": "e702060000000000", "mr_td": "cd" * 48, "tcb_svn": "0b01" + "00" * 14,
                                         "mr_servicetd": "00" * 48, "report_data": report}, **(body or {}))},
        "td_attributes": dict({"debug": False, "key_locker": False, "perfmon": False, "protection_keys": False,
                               "septve_disable": True}, **(named or {})),
        "advisory_ids": [], "collateral_expiration_status": "0", "tcb_status": "UpToDate", "tcb_status_current": "UpToDate"}, **more)}


def with_evidence(evidence, **others):
    """cpu0 has that evidence, other submodules theirs"""
    e = ear()
    e["submods"] = {n: {"ear.status": "affirming", "ear.veraison.annotated-evidence": v} for n, v in dict(others, cpu0=evidence).items()}
    return e


def td(**more):
    """A test token of Intel's client (go-connector): the claims of the TD in version 2"""
    return dict({"attester_type": "TDX", "attester_tcb_status": "UpToDate", "policy_ids_unmatched": None,
                 "tdx_report_data": (NONCE + bytes(32)).hex(), "tdx_mrtd": "cd" * 48, "tdx_mrsignerseam": "00" * 48,
                 "tdx_seam_attributes": "0000000000000000", "tdx_xfam": "e702060000000000", "tdx_td_attributes": "0000001000000000",
                 "tdx_td_attributes_debug": False, "tdx_td_attributes_septve_disable": True,
                 "tdx_td_attributes_protection_keys": False, "tdx_td_attributes_key_locker": False,
                 "tdx_td_attributes_perfmon": False, "tdx_is_debuggable": False, "tdx_is_migratable": False}, **more)


def td_tokens(put):
    """Raw bits and named ones, by each service; the bits are those of Intel's TDX Module ABI, TD_ATTRIBUTES"""
    raw = {"migratable": "0000003000000000", "profiled": "7000001000000000", "reserved": "0001001000000000", "sept": "0000000000000000",
           "short": "00000010", "perfmon": "0000001000000080"}
    put("td-trustee", with_evidence(trustee()), "ES256")
    put("td-trustee-null", with_evidence(trustee(body={"td_attributes": None})), "ES256")
    put("td-trustee-debug", with_evidence(trustee(named={"debug": True}, body={"td_attributes": "0100001000000000"})), "ES256")
    put("td-trustee-named-sept", with_evidence(trustee(named={"septve_disable": False}, body={"td_attributes": "0000000000000000"})), "ES256")
    put("td-trustee-named-debug", with_evidence(trustee(named={"debug": True})), "ES256")
    for name, value in (("xfam", "e702060000000001"), ("seam_attributes", "0100000000000000"), ("mrsigner_seam", "01" + "00" * 47),
                        ("mr_servicetd", "01" + "00" * 47)):
        put("td-trustee-" + name, with_evidence(trustee(body={name: value})), "ES256")
    for name, value in (("tee_type", "00000000"), ("vendor_id", "00" * 16)):
        put("td-trustee-" + name, with_evidence(trustee(header={name: value})), "ES256")
    put("td-trustee-expired", with_evidence(trustee(collateral_expiration_status="1")), "ES256")
    put("td-trustee-current", with_evidence(trustee(tcb_status_current="Revoked")), "ES256")
    put("td-trustee-no-tcb", with_evidence({"report_data": (NONCE + bytes(32)).hex(), "tdx": {"td_attributes": {"debug": False}}}), "ES256")
    # the TD of a paravisor: its REPORT_DATA are the hash of the paravisor's claims
    put("td-trustee-azure", with_evidence(trustee("az-tdx-vtpm", named={"septve_disable": False}, body={
        "td_attributes": "0000000000000000", "report_data": hash_of(hcl())})), "ES256")
    for name, value in (("tdx.td_attributes.debug", True), ("tdx.quote.body.td_attributes", raw["migratable"]), ("sample.svn", "1"),
                        ("tdx.quote.body.report_data", OTHER)):
        put("td-flat-" + name, with_evidence({"report_data": (NONCE + bytes(32)).hex(), name: value}), "ES256")
    put("td-two", with_evidence(trustee(), cpu1=trustee(named={"perfmon": True}, body={"td_attributes": raw["perfmon"]})), "ES256")
    put("ita-td", times(ver="2.0.0", tdx=td(), verifier_instance_ids=["a"]), "PS384")
    put("ita-td-azure", times(ver="2.0.0", verifier_instance_ids=["a"], tdx=td(
        tdx_td_attributes="0000000000000000", tdx_td_attributes_septve_disable=False, tdx_report_data=hash_of(hcl()),
        attester_runtime_data=hcl())), "PS384")
    maa = {"x-ms-attestation-type": "tdxvm", "dbgstat": "disabled"}
    put("maa-td", times(**dict(td(), **maa)))
    for name, value in raw.items():
        put("td-trustee-" + name, with_evidence(trustee(body={"td_attributes": value})), "ES256")
        put("ita-td-" + name, times(ver="2.0.0", tdx=td(tdx_td_attributes=value), verifier_instance_ids=["a"]), "PS384")
        put("maa-td-" + name, times(**dict(td(tdx_td_attributes=value), **maa)))
    for name, value in (("tdx_is_migratable", True), ("tdx_td_attributes_migratable", True), ("tdx_td_attributes_pmt_prof", True),
                        ("tdx_seam_attributes", "0000000000000080"), ("tdx_mrsignerseam", "ff" * 48), ("tdx_xfam", "e6" + "00" * 7),
                        ("tdx_mrservicetd", "ff" * 48), ("tdx_td_attributes_perfmon", True)):
        put("ita-" + name, times(ver="2.0.0", tdx=td(**{name: value}), verifier_instance_ids=["a"]), "PS384")
        put("maa-" + name, times(**dict(td(**{name: value}), **maa)))


def trustee_tokens(put):
    """What no hardware stands behind, and report data that are said more than once"""
    report = (NONCE + bytes(32)).hex()
    sample = {"svn": "1", "launch_digest": "abcde", "debug": False, "platform_version": {"major": 1, "minor": 4}}
    put("tee-sample", with_evidence({"report_data": report, "sample": sample}), "ES256")
    put("tee-sampledevice", with_evidence(trustee(), gpu0={"report_data": report, "sampledevice": {"svn": "1"}}), "ES256")
    put("tee-tpm", with_evidence({"report_data": report, "tpm": {"pcr00": "00" * 32}}), "ES256")
    put("tee-csv", with_evidence({"report_data": report, "csv": {"policy": {"nodbg": 1, "nosend": 1}}}), "ES256")
    put("tee-csv-debug", with_evidence({"report_data": report, "csv": {"policy": {"nodbg": 0, "nosend": 1}}}), "ES256")
    put("tee-csv-send", with_evidence({"report_data": report, "csv": {"policy": {"nodbg": 1, "nosend": 0}}}), "ES256")
    # example.token.json of Trustee has 07: a debug enclave
    put("tee-sgx-debug", with_evidence({"report_data": report, "sgx": {"body": {"attributes.flags": "0700000000000000"}}}), "ES256")
    put("tee-sgx", with_evidence({"report_data": report, "sgx": {"body": {"attributes.flags": "0500000000000000"}}}), "ES256")
    for name in ("cert-status", "cert-ocsp-status"):
        put("tee-gpu-" + name, with_evidence(trustee(), gpu0={"nvidia": {"x-nvidia-gpu-attestation-report-cert-chain": dict(
            {"x-nvidia-cert-status": "valid", "x-nvidia-cert-ocsp-status": "good"}, **{"x-nvidia-" + name: "revoked"})}}), "ES256")
    other = trustee(body={"report_data": OTHER})
    put("bound-twice", with_evidence(trustee()), "ES256")
    put("bound-other-quote", with_evidence(other), "ES256")
    put("bound-other-alone", with_evidence({"tdx": other["tdx"]}, gpu0={"report_data": report}), "ES256")
    put("bound-quote-alone", with_evidence({"tdx": trustee()["tdx"]}), "ES256")
    challenge = base64.b64encode(NONCE + bytes(32)).decode()
    put("bound-realm", with_evidence({"cca": {"realm": {"cca_realm_challenge": challenge}}}), "ES256")
    put("bound-other-realm", with_evidence({"report_data": report, "cca": {"realm": {"cca_realm_challenge": base64.b64encode(bytes(64)).decode()}}}), "ES256")
    put("bound-other-veraison", with_evidence({"realm": {"cca-realm-challenge": base64.b64encode(bytes(64)).decode()}}, gpu0={"report_data": report}), "ES256")
    put("bound-other-dcu", with_evidence(trustee(), dcu0={"hygondcu": {"body": {"user_data": OTHER}}}), "ES256")
    put("bound-part", with_evidence(trustee(), gpu0={"nvidia": {"arch": "Hopper"}}), "ES256")
    # the guest's own words bind nothing
    for name in ("init_data_claims", "uefi_event_logs"):
        put("bound-by-" + name, with_evidence({"tdx": {name: [{"report_data": report}]}, name: {"report_data": report}}), "ES256")
    put("bound-by-list", with_evidence({"tdx": {"list": [{"report_data": report}]}}), "ES256")
    put("bound-elsewhere", times(ver="2.0.0", tdx={k: v for k, v in td().items() if k != "tdx_report_data"}, x={"report_data": report},
                                 verifier_instance_ids=["a"]), "PS384")
    put("bound-other-attester", times(ver="2.0.0", tdx=td(), x=[{"report_data": OTHER}], verifier_instance_ids=["a"]), "PS384")
    put("bound-other-name", times(ver="2.0.0", tdx=td(tdx_reportdata=OTHER), verifier_instance_ids=["a"]), "PS384")


def google(**more):
    return dict(times(**{"aud": "https://me.example", "hwmodel": "GCP_INTEL_TDX", "swname": "GCE", "secboot": True,
                         "dbgstat": "disabled-since-boot", "submods": {"gce": {"zone": "z"}}, "eat_nonce": ["other", b64(NONCE)]}), **more)


def space(submods=None, **more):
    """Google's Confidential Space: "Attestation token claims"; tdx is an array there"""
    return google(**dict({"swname": "CONFIDENTIAL_SPACE", "attester_tcb": ["INTEL"],
                          "tdx": [{"gcp_attester_tcb_status": "UpToDate", "gcp_attester_tcb_date": "2024-03-13T00:00:00Z"}],
                          "submods": dict({"confidential_space": {"support_attributes": ["LATEST", "STABLE", "USABLE"]},
                                           "container": {"env": {"dbgstat": "enabled"}},
                                           "nvidia_gpu": {"cc_mode": "ON"}, "gce": {"zone": "z"}}, **(submods or {}))}, **more))


def main(out):
    rsa_key = rsa.generate_private_key(65537, 2048)
    rsa_other = rsa.generate_private_key(65537, 2048)
    p256 = ec.generate_private_key(ec.SECP256R1())
    p384 = ec.generate_private_key(ec.SECP384R1())
    keys = {"RS": (rsa_key, "r"), "PS": (rsa_key, "r"), "ES256": (p256, "e"), "ES384": (p384, "f")}

    def write(name, text):
        with open(os.path.join(out, name), "w") as f:
            f.write(text if isinstance(text, str) else json.dumps(text))

    def put(name, claims, alg="RS256", key=None, kid=None, **header):
        k, i = keys.get(alg[:2]) or keys[alg]
        write(name + ".jwt", token(key or k, alg, i if kid is None else kid, claims, **header) + "\n")

    write("jwks.json", {"keys": [jwk(rsa_other, kid="o"), jwk(rsa_key, kid="r", use="sig"), jwk(p256, kid="e", alg="ES256"),
                                 jwk(p384, kid="f"), jwk(rsa_other, kid="x", use="enc"),
                                 {"kty": "oct", "k": "AAAA", "kid": "h"}]})
    write("other.json", {"keys": [jwk(rsa_other, kid="r")]})
    write("no-kid.json", {"keys": [jwk(rsa_other), jwk(rsa_key)]})
    write("pinned.json", {"keys": [jwk(rsa_key, kid="r", alg="PS384")]})
    write("none.json", {"keys": []})
    good = jwk(rsa_key, kid="r")
    for name, more in (("use-enc", {"use": "enc"}), ("use-list", {"use": ["sig"]}),
                       ("ops-sign", {"key_ops": ["sign"]}), ("ops-nested", {"key_ops": [["verify"]]}),
                       ("ops-text", {"key_ops": "verify"}), ("alg-number", {"alg": 256}),
                       ("kid-number", {"kid": 7}), ("good", {"use": "sig", "key_ops": ["verify"]})):
        write("key-%s.json" % name, {"keys": [dict(good, **more)]})
    write("twice.json", '{"keys": [%s]}' % json.dumps(good).replace("{", '{"use": "enc", "use": "sig", ', 1))
    # RFC 7517, 5: keys that are not understood, or out of the supported range, are ignored in a set
    weak = rsa.generate_private_key(65537, 1024)
    odd = dict(jwk(p256, kid="z"), crv="secp256k1")
    write("odd.json", {"keys": [odd, jwk(weak, kid="w"), {"kty": "EC", "kid": "v"}, {"kty": "AKP", "kid": "u"}, jwk(rsa_key, kid="r")]})
    write("odd-alone.json", odd)
    write("odd-only.json", {"keys": [odd, jwk(weak, kid="w")]})
    # WellKnownInfo of veraison/services: a key without a name
    write("veraison.json", {"ear-verification-key": jwk(p256, alg="ES256"), "media-types": [], "version": "x",
                            "service-state": "READY", "api-endpoints": {}})
    write("veraison-other.json", {"ear-verification-key": jwk(p384, alg="ES384")})
    put("weak", maa_snp(), key=weak, kid="w")
    write("metadata", {"issuer": "ISSUER", "jwks_uri": "ISSUER/keys"})
    put("maa-snp", maa_snp())
    put("maa-guest", maa_guest())
    put("maa-azure", maa_azure(hcl()))
    put("maa-runtime", maa_azure({"nonce": b64(NONCE), "keys": []}))
    put("ita-azure", times(**ita(verifier_instance_ids=["a"], tdx_report_data=hash_of(hcl()), attester_runtime_data=hcl())), "PS384")
    put("ita-snp", ita_snp(), "PS384")
    put("ita-gpu", nvgpu(), "PS384")
    val, iat, held = NONCE, b"2025-05-07 18:26:33 +0000 UTC", b"held by the TD"
    by_ita = {"verifier_nonce": {"val": base64.b64encode(val).decode(), "iat": base64.b64encode(iat).decode()},
              "attester_held_data": base64.b64encode(held).decode()}
    put("ita-nonce", times(ver="2.0.0", verifier_instance_ids=["a"], tdx=ita(
        tdx_report_data=hashlib.sha512(val + iat + held).hexdigest(), **by_ita)), "PS384")
    put("ita-nonce-other", times(ver="2.0.0", verifier_instance_ids=["a"], tdx=ita(
        tdx_report_data=hashlib.sha512(val + iat).hexdigest(), **by_ita)), "PS384")
    put("veraison", veraison(), "ES256")
    put("maa-tdx", times(**{"x-ms-attestation-type": "tdxvm", "attester_tcb_status": "UpToDate",
                            "dbgstat": "disabled", "tdx_report_data": (NONCE + bytes(32)).hex()}))
    put("ita-1", times(**ita(verifier_instance_ids=["a"])), "PS384")
    put("ita-2", times(tdx=ita(), ver="2.0.0", verifier_instance_ids=["a"]), "PS384")
    put("ear", ear(), "ES256")
    put("ear_status", ear("ear_status"), "ES384")
    put("ear-number", ear("ear.status", 2), "ES256")
    put("google", google())
    put("space", space())
    put("space-intel", space(iss="https://portal.trustauthority.intel.com", verifier_instance_ids=["a"], policy_ids_unmatched=None,
                             tdx={"attester_tcb_status": "UpToDate", "gcp_attester_tcb_status": "UpToDate", "tdx_is_debuggable": False}))
    put("google-sev", {k: v for k, v in google(hwmodel="GCP_AMD_SEV").items() if k != "dbgstat"})
    write("answer.json", {"token": token(rsa_key, "RS256", "r", maa_snp())})
    # 256 bytes of signature: base64 with padding ends in two of these
    write("padded.json", {"token": token(rsa_key, "RS256", "r", maa_snp()) + "=="})
    put("plain", times(sub="somebody", eat_nonce=b64(NONCE), level=3, ok=True, list=["a", "b"], deep={"x/y": "z"},
                       huge=99999999999999999999, low=-99999999999999999999))
    now = ear()
    now["submods"]["cpu0"]["ear.veraison.annotated-evidence"]["report_data"] = sys.argv[2]
    now = dict(now, iat=int(time.time()), nbf=int(time.time()), exp=int(time.time()) + 3600)
    put("now", now, "ES256")
    fresh = {"iat": int(time.time()), "nbf": int(time.time()), "exp": int(time.time()) + 3600}
    with open("golden/runtime-data.json", "rb") as f:
        asked = hashlib.sha256(f.read()).digest()
    # the answer of MAA to a VM with a paravisor: runtime data are its claims, with the hash of the user's in user-data
    write("maa-now.json", {"token": token(rsa_key, "RS256", "r", maa_azure(hcl(asked), **fresh))})
    write("maa-now-other.json", {"token": token(rsa_key, "RS256", "r", maa_azure(hcl(b"x"), nonce="once", **fresh))})
    # one thing wrong
    put("exp-of-1e300", maa_snp(exp=1e300))
    put("iat-before-time", maa_snp(iat=-9223372036854775808))
    put("nbf-text", maa_snp(nbf="now"))
    put("no-exp", {k: v for k, v in maa_snp().items() if k != "exp"})
    put("expired", maa_snp(exp=AT - 1))
    put("later", maa_snp(nbf=AT + 3600))
    put("future", maa_snp(iat=AT + 3600))
    put("old", maa_snp(iat=AT - 7200))
    put("altered", maa_snp())
    with open(os.path.join(out, "altered.jwt")) as f:
        head, payload, sig = f.read().strip().split(".")
    write("altered.jwt", ".".join((head, b64(json.dumps(maa_snp(iss="https://other.example")).encode()), sig)))
    write("none.jwt", b64(b'{"alg":"none"}') + "." + payload + ".")
    write("none-sig.jwt", b64(b'{"alg":"none","kid":"r"}') + "." + payload + "." + sig)
    hs_head = b64(b'{"alg":"HS256","kid":"r"}')
    mac = hmac.HMAC(rsa_key.public_key().public_bytes(serialization.Encoding.PEM,
                                                      serialization.PublicFormat.SubjectPublicKeyInfo), hashes.SHA256())
    mac.update((hs_head + "." + payload).encode())
    write("hs256.jwt", hs_head + "." + payload + "." + b64(mac.finalize()))
    own = rsa.generate_private_key(65537, 2048)
    put("own-key", maa_snp(), key=own, jwk=jwk(own), jku="https://attacker.example/keys")
    put("crit", maa_snp(), crit=["b64"], b64=True)
    put("b64", maa_snp(), b64=True)
    put("unknown-kid", maa_snp(), kid="q")
    put("wrong-kid", maa_snp(), "ES256", kid="f")
    put("without-kid", maa_snp(), kid="")
    put("not-compliant", maa_snp(**{"x-ms-compliance-status": "none"}))
    put("no-compliance", {k: v for k, v in maa_snp().items() if k != "x-ms-compliance-status"})
    put("debuggable", maa_snp(**{"x-ms-sevsnpvm-is-debuggable": True}))
    put("no-debug", {k: v for k, v in maa_snp().items() if k != "x-ms-sevsnpvm-is-debuggable"})
    put("ita-old", times(**ita(attester_tcb_status="OutOfDate")), "PS384")
    put("ita-none", times(**{k: v for k, v in ita(verifier_instance_ids=[]).items() if k != "attester_tcb_status"}), "PS384")
    put("ita-policy", times(tdx=ita(policy_ids_unmatched=[{"id": "p"}]), verifier_instance_ids=["a"]), "PS384")
    put("ear-none", ear(None), "ES256")
    put("ear-warning", ear(status="warning"), "ES256")
    put("ear-bad", ear(status="contraindicated"), "ES256")
    put("ear-96", ear(status=96), "ES256")
    put("ear-both", dict(ear(), **{"ear.status": "contraindicated"}), "ES256")
    two = ear()
    two["submods"]["gpu0"] = {"ear.status": "contraindicated"}
    put("ear-gpu", two, "ES256")
    put("ear-empty", dict(ear(), submods={}), "ES256")
    put("google-debug", google(dbgstat="enabled"))
    put("google-shielded", google(hwmodel="GCP_SHIELDED_VM"))
    put("space-no-dbgstat", {k: v for k, v in space().items() if k != "dbgstat"})
    # bound to something else
    put("maa-echo", maa_snp(nonce=NONCE.decode("latin-1"), **{"x-ms-sevsnpvm-reportdata": "00" * 64}))
    put("maa-echo-azure", maa_azure(hcl(b"another"), nonce=NONCE.decode("latin-1")))
    put("maa-echo-alone", {k: v for k, v in maa_snp(nonce=NONCE.decode("latin-1")).items() if k != "x-ms-sevsnpvm-reportdata"})
    put("maa-zeros", maa_azure(hcl(b"")))
    put("maa-guest-other", maa_guest(b"another"))
    put("maa-guest-open", maa_guest(**{"x-ms-runtime": {"client-payload": {"nonce": base64.b64encode(NONCE).decode()}}}))
    put("ita-azure-other", times(**ita(verifier_instance_ids=["a"], tdx_report_data=hash_of(hcl(b"x")), attester_runtime_data=hcl(b"x"),
                                       verifier_nonce={"val": base64.b64encode(NONCE).decode()})), "PS384")
    put("ear-other-gpu", dict(ear(), submods=dict(ear()["submods"], gpu0={
        "ear.status": "affirming", "ear.veraison.annotated-evidence": {"report_data": "11" * 64}})), "ES256")
    # what a part says against the whole
    gpu = nvgpu()["nvgpu"]["claim_details"]["GPU-0"]
    for name, value in (("measres", "fail"), ("secboot", False), ("dbgstat", "enabled"), ("x-nvidia-gpu-arch-check", False)):
        put("gpu-" + name, nvgpu(claim_details={"GPU-0": gpu, "GPU-1": dict(gpu, **{name: value})}), "PS384")
    put("gpu-result", nvgpu(**{"x-nvidia-overall-att-result": False}), "PS384")
    put("gpu-policy", nvgpu(policy_ids_unmatched=[{"id": "p"}]), "PS384")
    put("gpu-silent", dict(nvgpu(), nvgpu={"attester_type": "NVGPU"}), "PS384")
    put("ita-tpm", times(ver="2.0.0", tdx=ita(), tpm={"attester_tcb_status": "Revoked"}, verifier_instance_ids=["a"]), "PS384")
    put("ita-tpm-good", times(ver="2.0.0", tdx=ita(), tpm={"attester_type": "TPM"}, verifier_instance_ids=["a"]), "PS384")
    put("ita-snp-debug", ita_snp(sevsnp_is_debuggable=True), "PS384")
    put("ita-snp-migration", ita_snp(sevsnp_migration_allowed=True), "PS384")
    put("space-old", space(tdx=[{"gcp_attester_tcb_status": "OutOfDate"}]))
    put("space-old-object", space(tdx={"gcp_attester_tcb_status": "OutOfDate"}))
    put("space-unsupported", space({"confidential_space": {"support_attributes": ["USABLE"]}}))
    put("space-no-support", space({"confidential_space": {"support_attributes": []}}))
    put("space-gpu-off", space({"nvidia_gpu": {"cc_mode": "OFF"}}))
    put("space-gpu-devtools", space({"nvidia_gpu": {"cc_mode": "DEVTOOLS"}}))
    for name, value in (("attester_tcb_status", "Revoked"), ("tdx_is_debuggable", True)):
        put("space-intel-" + name, space(iss="https://portal.trustauthority.intel.com", tdx=dict(
            {"attester_tcb_status": "UpToDate", "tdx_is_debuggable": False}, **{name: value})))
    put("space-intel-silent", space(iss="https://portal.trustauthority.intel.com", tdx={}))
    put("google-and-ear", dict(google(), eat_profile="tag:github.com,2023:veraison/ear"))
    for name, value in (("bootdebug-enabled", True), ("kerneldebug-enabled", True), ("hypervisordebug-enabled", True),
                        ("debuggersdisabled", False), ("testsigning-enabled", True), ("dbvalidated", False),
                        ("dbxvalidated", False), ("signingdisabled", False), ("default-securebootkeysvalidated", False)):
        put("guest-" + name, maa_guest(**{"x-ms-azurevm-" + name: value}))
    put("guest-secureboot", maa_guest(secureboot=False))
    put("guest-sgx", maa_guest(**{"x-ms-attestation-type": "sgx", "x-ms-sgx-is-debuggable": True}))
    put("guest-silent", {k: v for k, v in maa_guest().items() if k != "secureboot" and not k.startswith("x-ms-azurevm-")})
    put("guest-tee", maa_guest(**{"x-ms-isolation-tee": "sevsnpvm"}))
    put("maa-migration", maa_azure(hcl(), **{"x-ms-sevsnpvm-migration-allowed": True}))
    # as raw quotes: refused, but for a TD under Azure's paravisor
    put("ita-sept-ve", times(ver="2.0.0", tdx=ita(tdx_td_attributes_septve_disable=False), verifier_instance_ids=["a"]), "PS384")
    put("ita-sept-ve-azure", times(ver="2.0.0", verifier_instance_ids=["a"], tdx=ita(
        tdx_td_attributes_septve_disable=False, tdx_report_data=hash_of(hcl()), attester_runtime_data=hcl())), "PS384")
    put("maa-vmpl", maa_azure(hcl(), **{"x-ms-sevsnpvm-vmpl": 3}))
    # an EAR's parts
    cpu = veraison()["submods"]["CCA_REALM"]
    for name, value in (("hardware", 97), ("hardware", -97), ("executables", 32), ("executables", 200), ("executables", "good")):
        put("vector-%s-%s" % (name, value), veraison(exp=AT + 60, submods={"x": dict(cpu, **{"ear.trustworthiness-vector": {name: value}})}), "ES256")
    put("vector-none", veraison(exp=AT + 60, submods={"x": dict(cpu, **{"ear.trustworthiness-vector": {"hardware": -1, "executables": 31}})}), "ES256")
    put("ear-nested", veraison(exp=AT + 60, submods={"x": dict(cpu, submods={"y": {"ear.status": "contraindicated"}})}), "ES256")
    put("ear-nested-none", veraison(exp=AT + 60, submods={"x": dict(cpu, submods={"y": {}})}), "ES256")
    put("ear-hidden", veraison(exp=AT + 60, submods={"x": dict(cpu, more=[{"ear_status": 96}])}), "ES256")
    put("ear-list", veraison(exp=AT + 60, submods=[{"ear.status": "contraindicated"}], **{"ear.status": "affirming"}), "ES256")
    evidence = {"tdx": {"td_attributes": {"debug": True}}}
    put("ear-tdx-debug", veraison(exp=AT + 60, submods={"x": dict(cpu, **{"ear.veraison.annotated-evidence": evidence})}), "ES256")
    evidence = {"snp": {"policy_debug_allowed": False, "policy_migrate_ma": True}}
    put("ear-snp-migration", veraison(exp=AT + 60, submods={"x": dict(cpu, **{"ear.veraison.annotated-evidence": evidence})}), "ES256")
    put("ear-no-iat", {k: v for k, v in veraison().items() if k != "iat"}, "ES256")
    # RFC 8259: names within an object shall be unique; json-c ends a name, and C a text, at a NUL
    put("nul-iss", maa_snp(iss="https://issuer.example\0.evil"))
    put("nul-aud", google(aud="https://me.example\0x"))
    put("nul-status", veraison(exp=AT + 60, submods={"x": {"ear.status": "affirming\0x"}}), "ES256")
    put("nul-claim", times(sub="somebody\0x", eat_nonce=b64(NONCE)))
    put("nul-name", times(eat_nonce=b64(NONCE), **{"sub\0x": "somebody"}))
    text = json.dumps(veraison(exp=AT + 60, submods={}))
    put("twice", text[:-1] + ', "submods": {"x": {"ear.status": "affirming"}}}', "ES256")
    put("twice-deep", json.dumps(veraison(exp=AT + 60))[:-2] + ', "y": {"ear.status": "contraindicated", "ear.status": 2}}}', "ES256")
    td_tokens(put)
    trustee_tokens(put)
    x5c_tokens(write, out, ear(), now)


main(sys.argv[1])
