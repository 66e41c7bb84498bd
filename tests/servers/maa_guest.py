# SPDX-License-Identifier: GPL-2.0-only
"""Microsoft Azure Attestation: /attest/AzureGuest. The vTPM's quote, the firmware's
log, the HCL report's parts, and a key of this boot that the AK certified, to which
the answer is sealed."""

import hashlib
import json
import os
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import ccel
import hcl
import snp
import strict
import tdx
import trust
from strict import Bad, to_b64std, to_b64url

INFO = ("AttestationProtocolVersion", "OSType", "OSDistro", "OSBuild", "OSVersionMajor",
        "OSVersionMinor", "TcgLogs", "ClientPayload", "TpmInfo", "IsolationInfo")
TPM = ("AikCert", "AikPub", "PcrQuote", "PcrSignature", "PcrSet", "PCRs", "EncKeyPub",
       "EncKeyCertifyInfo", "EncKeyCertifyInfoSignature")
# What the client says of itself; nothing signed speaks of it.
SAID = INFO[1:6] + ("ClientPayload",)


def public(raw, where):
    """(key, name) of a TPM2B_PUBLIC of RSA-2048."""
    try:
        size, kind, name_alg, _, policy = struct.unpack_from(">HHHIH", raw)
        at = 12 + policy
        if size != len(raw) - 2 or kind != 1 or name_alg != 0xb:
            raise Bad(f"{where}: not a TPM2B_PUBLIC of RSA")
        (symmetric,) = struct.unpack_from(">H", raw, at)
        at += 2 if symmetric == 0x10 else 6
        (scheme,) = struct.unpack_from(">H", raw, at)
        at += 2 if scheme == 0x10 else 4
        bits, exponent, n = struct.unpack_from(">HIH", raw, at)
        at += 8
        if bits != 2048 or n != 256 or at + n != len(raw):
            raise Bad(f"{where}: not RSA-2048")
        key = rsa.RSAPublicNumbers(exponent or 65537, int.from_bytes(raw[at:], "big")).public_key()
    except (struct.error, ValueError):
        raise Bad(f"{where}: cut off, or no key") from None
    return key, b"\0\x0b" + hashlib.sha256(raw[2:]).digest()


def _certified(raw, where="EncKeyCertifyInfo"):
    """The name of what a TPMS_ATTEST of TPM2_Certify certifies."""
    if raw[:6] != b"\xffTCG\x80\x17":
        raise Bad(f"{where}: not of TPM2_Certify")
    at, parts = 6, []
    try:
        for skip in (0, 25, 0, 0):		# signer, extra data, name, qualified name
            (n,) = struct.unpack_from(">H", raw, at)
            parts.append(raw[at + 2:at + 2 + n])
            at += 2 + n + skip
    except struct.error:
        raise Bad(f"{where}: cut off") from None
    if at != len(raw):
        raise Bad(f"{where}: bytes behind it")
    return parts[2]


def _verify(key, sig, message, what):
    try:
        key.verify(sig, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise Bad(f"{what}: not signed by the AK") from None


def _ak(t, store):
    """The AK, by its certificate and its public area."""
    raw = strict.b64std(t["AikCert"], "AikCert")
    end = trust.tlv(raw)[2]
    if any(raw[end:]):
        raise Bad("AikCert: bytes behind it that are not zero")
    issuer = trust.load(raw[:end], "AikCert").issuer
    root = next((d for d, c in store.vtpm.items() if c.subject == issuer), b"")
    cert = store.chain([raw[:end], root] if root else [raw[:end]], store.vtpm, "AikCert")
    key, _ = public(strict.b64std(t["AikPub"], "AikPub"), "AikPub")
    if key.public_numbers() != cert.public_key().public_numbers():
        raise Bad("AikPub: not the key of AikCert")
    return key


def _quote(t, ak, log):
    if t["PcrSet"] != list(range(8)):
        raise Bad("PcrSet: a Linux guest quotes PCR 0 to 7")
    pcrs = {}
    for p in strict.array(t["PCRs"], "PCRs", 8, 8):
        strict.fields(p, "PCRs", ("Index", "Digest"))
        pcrs[strict.integer(p["Index"], "PCRs.Index", 8)] = strict.b64std(p["Digest"], "PCRs.Digest")
    quote = hcl.Quote(strict.b64std(t["PcrQuote"], "PcrQuote"), "PcrQuote")
    quote.check(ak, strict.b64std(t["PcrSignature"], "PcrSignature"), pcrs)
    if quote.extra:
        raise Bad("PcrQuote: has qualifying data, which are to be empty")
    replayed = ccel.pcrs(log)
    for i, value in pcrs.items():
        if replayed[i] != value:
            raise Bad(f"TcgLogs: do not lead to PCR {i}")


def _isolation(o, ak, store):
    strict.fields(o, "IsolationInfo", ("Type", "Evidence"))
    e = strict.fields(o["Evidence"], "Evidence", ("Proof", "RunTimeData"))
    if o["Type"] == "SevSnp":
        read = strict.b64url if "=" not in e["Proof"] else strict.b64std
        proof = strict.fields(strict.json_text(read(e["Proof"], "Proof"), "Proof"), "Proof",
                              ("SnpReport", "VcekCertChain"))
        chain = strict.b64url_either(proof["VcekCertChain"], "VcekCertChain")
        r = snp.genuine(strict.b64url_either(proof["SnpReport"], "SnpReport"),
                        trust.pem_certs(chain, "VcekCertChain"), store, "SnpReport")
        runtime, data, claims = read(e["RunTimeData"], "RunTimeData"), r.report_data, snp.claims(r)
    elif o["Type"] == "Tdx":
        b = tdx.genuine(strict.b64std(e["Proof"], "Proof"), store, "Proof")
        runtime, data, claims = strict.b64std(e["RunTimeData"], "RunTimeData"), b.report_data, tdx.claims(b)
    else:
        raise Bad(f"IsolationInfo.Type: {o['Type']!r}")
    if data != hashlib.sha256(runtime).digest() + bytes(32):
        raise Bad("RunTimeData: their hash is not in the report")
    if hcl.ak_of(strict.json_text(runtime, "RunTimeData")).public_numbers() != ak.public_numbers():
        raise Bad("RunTimeData: HCLAkPub is not the AK")
    return claims


def seal(token, key):
    """A token that only whoever holds the ephemeral key can open."""
    inner, iv = os.urandom(32), os.urandom(12)
    sealed = AESGCM(inner).encrypt(iv, token.encode(), b"Transport Key")
    return to_b64url(json.dumps({
        "EncryptionParams": {"Iv": to_b64std(iv)}, "AuthenticationData": to_b64std(sealed[-16:]),
        "Jwt": to_b64std(sealed[:-16]),
        "EncryptedInnerKey": to_b64std(key.encrypt(inner, padding.PKCS1v15()))}).encode())


def appraise(body, store):
    """(claims, the key the answer is sealed to)"""
    o = strict.fields(strict.json_text(body), "body", ("AttestationInfo",))
    info = strict.fields(strict.json_text(strict.b64url(o["AttestationInfo"], "AttestationInfo"),
                                          "AttestationInfo"), "AttestationInfo", INFO)
    if info["AttestationProtocolVersion"] != "2.0":
        raise Bad("AttestationProtocolVersion: not 2.0")
    for k in ("OSType", "OSDistro", "OSBuild"):
        strict.b64std(info[k], k)
    for k in ("OSVersionMajor", "OSVersionMinor"):
        strict.integer(info[k], k, 32)
    payload = strict.fields(info["ClientPayload"], "ClientPayload", (), info["ClientPayload"])
    echoed = {k: strict.b64std(v, "ClientPayload").decode("utf-8", "replace")
              for k, v in payload.items()}
    t = strict.fields(info["TpmInfo"], "TpmInfo", TPM)
    ak = _ak(t, store)
    _quote(t, ak, strict.b64std(info["TcgLogs"], "TcgLogs"))
    enc, name = public(strict.b64std(t["EncKeyPub"], "EncKeyPub"), "EncKeyPub")
    certify = strict.b64std(t["EncKeyCertifyInfo"], "EncKeyCertifyInfo")
    _verify(ak, strict.b64std(t["EncKeyCertifyInfoSignature"], "EncKeyCertifyInfoSignature"), certify,
            "EncKeyCertifyInfo")
    if _certified(certify) != name:
        raise Bad("EncKeyCertifyInfo: certifies another key")
    claims = _isolation(info["IsolationInfo"], ak, store)
    return {"x-ms-attestation-type": "azurevm", "x-ms-isolation-tee": claims,
            "x-ms-runtime": {"client-payload": echoed}}, enc
