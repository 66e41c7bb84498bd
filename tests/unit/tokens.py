#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tokens of attestation services, as their documents describe them, and keys.

tokens.py DIRECTORY REPORT_DATA writes one file for each: tokens that hold, and tokens with one
thing wrong in each. They are signed by python3-cryptography.
"""
import base64
import datetime
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
    text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())
    return text + "." + b64(sign(key, alg, text.encode()))


def certificate(name, key, issuer, by, ca, usage=None, days=400):
    usage = usage or ("keyCertSign" if ca else "digitalSignature")
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, n)]) for n in (name, issuer)]
    at = datetime.datetime.utcfromtimestamp(AT)
    use = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                         "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    use["key_cert_sign" if usage == "keyCertSign" else "digital_signature" if usage == "digitalSignature"
        else "key_encipherment"] = True
    return (x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1])
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(at - datetime.timedelta(days=500)).not_valid_after(at + datetime.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca, None), True).add_extension(x509.KeyUsage(**use), True)
            .sign(by, hashes.SHA256()))


def x5c_tokens(write_token, out, claims):
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
    write("x5c-short", leaf_key, x5c(leaf, ca))
    write("x5c-alone", leaf_key, x5c(leaf))
    write("x5c-kid", leaf_key, x5c(leaf, ca), kid="any")
    write("x5c-evil", evil_key, x5c(evil, evil_root))
    write("x5c-other-key", evil_key, x5c(leaf, ca, root))
    write("x5c-second", evil_key, x5c(leaf, evil, ca, root))
    write("x5c-ca", ca_key, x5c(ca, root))
    write("x5c-usage", leaf_key, x5c(certificate("Signer", leaf_key, "Token CA", ca_key, False, "keyEncipherment"), ca))
    write("x5c-old", leaf_key, x5c(certificate("Signer", leaf_key, "Token CA", ca_key, False, days=-1), ca))
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


def ita(**more):
    return dict({"attester_tcb_status": "UpToDate", "tdx_is_debuggable": False, "policy_ids_unmatched": None,
                 "tdx_report_data": (NONCE + bytes(32)).hex(), "tdx_mrtd": "cd" * 48}, **more)


def ear(name="ear.status", status="affirming", **more):
    sub = {"ear.appraisal-policy-id": "default",
           "ear.veraison.annotated-evidence": {"report_data": (NONCE + bytes(32)).hex()}}
    if name:
        sub[name] = status
    return times(eat_profile="tag:github.com,2024:confidential-containers/Trustee", submods={"cpu0": sub}, **more)


def google(**more):
    return dict(times(**{"aud": "https://me.example", "hwmodel": "GCP_INTEL_TDX", "swname": "GCE", "secboot": True,
                         "dbgstat": "disabled-since-boot", "submods": {"gce": {"zone": "z"}}, "eat_nonce": ["other", b64(NONCE)]}), **more)


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
    write("metadata", {"issuer": "ISSUER", "jwks_uri": "ISSUER/keys"})
    put("maa-snp", maa_snp())
    guest = times(**{"x-ms-attestation-type": "azurevm", "x-ms-isolation-tee":
                     {k: v for k, v in maa_snp().items() if k.startswith("x-ms")},
                     "x-ms-runtime": {"client-payload": {"nonce": base64.b64encode(NONCE).decode()}}})
    put("maa-guest", guest)
    put("maa-tdx", times(**{"x-ms-attestation-type": "tdxvm", "attester_tcb_status": "UpToDate",
                            "dbgstat": "disabled", "tdx_report_data": (NONCE + bytes(32)).hex()}))
    put("ita-1", times(**ita(verifier_instance_ids=["a"])), "PS384")
    put("ita-2", times(tdx=ita(), ver="2.0.0", verifier_instance_ids=["a"]), "PS384")
    put("ear", ear(), "ES256")
    put("ear_status", ear("ear_status"), "ES384")
    put("ear-number", ear("ear.status", 2), "ES256")
    put("google", google())
    write("answer.json", {"token": token(rsa_key, "RS256", "r", maa_snp())})
    put("plain", times(sub="somebody", nonce=b64(NONCE), level=3, ok=True, list=["a", "b"], deep={"x/y": "z"}))
    now = ear()
    now["submods"]["cpu0"]["ear.veraison.annotated-evidence"]["report_data"] = sys.argv[2]
    put("now", dict(now, iat=int(time.time()), nbf=int(time.time()), exp=int(time.time()) + 3600), "ES256")
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
    put("google-no-dbgstat", {k: v for k, v in google().items() if k != "dbgstat"})
    x5c_tokens(write, out, ear())


main(sys.argv[1])
