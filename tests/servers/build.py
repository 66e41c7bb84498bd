# SPDX-License-Identifier: GPL-2.0-only
"""One accepted request of each kind, for the tests of the servers themselves:
kinds() yields (service, name, Request). The tool is judged by its own requests."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec, rsa

import coco
import mint
import simtee
import strict
import trust
import veraison
import vtpm
from frame import Request
from strict import to_b64std, to_b64url

JSON = {"content-type": "application/json", "accept": "application/json"}
RUNTIME = b'{"keys":[],"nonce":"42"}'
SERVICES = ("maa", "kbs", "coco-as", "ita", "veraison", "gcp")
TEES = ("snp", "tdx", "az-snp-vtpm", "az-tdx-vtpm")


def post(target, o, **headers):
    heads = {**JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
    body = o if isinstance(o, bytes) else json.dumps(o, separators=(",", ":")).encode()
    return Request("POST", target, heads, body)


def padded_url(raw):
    return base64.urlsafe_b64encode(raw).decode()


def sev_struct(raw):
    """A report as crate `sev` writes it."""
    number = lambda off, n: int.from_bytes(raw[off:off + n], "little")
    turin = raw[0x188] == 0x1a
    o = {k: number(off, bits // 8) for k, (off, bits) in coco.NUMBERS.items()}
    o.update((k, list(raw[off:off + n])) for k, (off, n) in coco.REPORT.items())
    for k, off in coco.TCBS.items():
        t = raw[off:off + 8]
        low = t[1:4] if turin else (t[0], t[1], t[6])
        o[k] = {"fmc": t[0] if turin else None, "bootloader": low[0], "tee": low[1], "snp": low[2],
                "microcode": t[7]}
    for k, off in coco.VERSIONS.items():
        o[k] = dict(zip(("build", "minor", "major"), raw[off:off + 3]))
    o.update((k, raw[off] if raw[0] >= 3 else None) for k, off in coco.CPUID.items())
    o.update((k, number(off, 8) if raw[0] >= 5 else None) for k, off in coco.LATER.items())
    o["signature"] = {"r": list(raw[0x2a0:0x2e8]), "s": list(raw[0x2e8:0x330])}
    return o


class Builder:
    def __init__(self, services, roots, pck, vm):
        self.by_name = {s.name: s for s in services}
        self.roots, self.pck, self.vm = roots, pck, vm
        key = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "alg": "ECDH-ES+A256KW",
                    "x": to_b64url(key.x.to_bytes(32, "big")), "y": to_b64url(key.y.to_bytes(32, "big"))}

    def pem(self, name):
        with open(f"{self.roots}/{name}.pem", "rb") as f:
            return f.read()

    def ask(self, service, rq):
        return self.by_name[service].handle(rq)

    def maa(self, product="milan", version=3):
        made = simtee.samples(hashlib.sha256(RUNTIME).digest())
        data = {"data": to_b64url(RUNTIME), "dataType": "JSON"}
        chain = b"".join(self.pem(f"{c}-{product}") for c in ("vcek", "ask", "ark"))
        inner = {"SnpReport": to_b64url(made[f"snp-v{version}-{product}.bin"]),
                 "VcekCertChain": to_b64url(chain)}
        report = to_b64url(json.dumps(inner, separators=(",", ":")).encode())
        yield "SevSnpVm", post("/attest/SevSnpVm?api-version=2022-08-01",
                               {"report": report, "runtimeData": data, "nonce": "echo"})
        for q in ("v4", "v5-15"):
            yield f"TdxVm {q}", post("/attest/TdxVm?api-version=2023-04-01-preview",
                                     {"quote": to_b64url(made[f"quote-{q}.bin"]), "runtimeData": data})

        yield "AzureGuest", self._guest()

    def _guest(self):
        report, made = self.vm.report("snp", b"")
        key = rsa.generate_private_key(65537, 2048)
        certify, certified = self.vm.certify(key)
        message, sig = self.vm.quote(b"", 0xff)
        std = to_b64std
        chain = b"".join(self.pem(f"{c}-milan") for c in ("vcek", "ask", "ark"))
        proof = json.dumps({"SnpReport": to_b64url(made["snp-v3-milan.bin"]),
                            "VcekCertChain": to_b64url(chain)}, separators=(",", ":"))
        info = {"AttestationProtocolVersion": "2.0", "OSType": std(b"Linux"), "OSDistro": std(b"Debian"),
                "OSBuild": std(b"NotApplication"), "OSVersionMajor": 12, "OSVersionMinor": 0,
                "TcgLogs": std(vtpm.TCG_LOG), "ClientPayload": {"nonce": std(b"once")},
                "TpmInfo": {"AikCert": std(self.vm.certificate().ljust(4096, b"\0")),
                            "AikPub": std(self.vm.public(self.vm.ak)), "PcrQuote": std(message),
                            "PcrSignature": std(sig), "PcrSet": list(range(8)),
                            "PCRs": [{"Index": i, "Digest": std(self.vm.pcrs[i])} for i in range(8)],
                            "EncKeyPub": std(self.vm.public(key)), "EncKeyCertifyInfo": std(certify),
                            "EncKeyCertifyInfoSignature": std(certified)},
                "IsolationInfo": {"Type": "SevSnp", "Evidence": {
                    "Proof": to_b64url(proof.encode()),
                    "RunTimeData": to_b64url(self.vm.claims(b""))}}}
        return post("/attest/AzureGuest?api-version=2020-10-01", {
            "AttestationInfo": to_b64url(json.dumps(info, separators=(",", ":")).encode())})

    def evidence(self, tee, want, chain=True):
        """primary_evidence of KBS and AS."""
        if tee == "tdx":
            return {"cc_eventlog": None, "quote": to_b64std(simtee.samples(want)["quote-v4.bin"])}
        vcek = trust.pem_certs(self.pem("vcek-turin" if tee == "snp" else "vcek-milan"), "vcek")[0]
        if tee == "snp":
            return {"attestation_report": sev_struct(simtee.samples(want)["snp-v5-turin.bin"]),
                    "cert_chain": [{"cert_type": "VCEK", "data": list(vcek)}] if chain else None}
        report, made = self.vm.report(tee[3:6], want)
        message, sig = self.vm.quote(want)
        o = {"version": 2, "tpm_quote": {"signature": sig.hex(), "message": message.hex(),
                                         "pcrs": [p.hex() for p in self.vm.pcrs]},
             "hcl_report": padded_url(report)}
        if tee == "az-snp-vtpm":
            o["vcek"] = padded_url(vcek)
        else:
            o["td_quote"] = padded_url(made["quote-v4.bin"])
        return o

    def kbs_session(self, tee):
        """(nonce, cookie) of a new session."""
        a = self.ask("kbs", post("/kbs/v0/auth", {
            "version": "0.4.0", "tee": tee,
            "extra-params": {"supported-hash-algorithms": ["sha256", "sha384", "sha512"]}}))
        return json.loads(a.body)["nonce"], a.headers["Set-Cookie"].split(";")[0]

    def kbs(self, hashed=strict.jcs):
        for tee in TEES:
            nonce, cookie = self.kbs_session(tee)
            want = hashlib.sha384(hashed({"tee-pubkey": self.jwk, "nonce": nonce,
                                          "additional-evidence": ""})).digest()
            yield tee, post("/kbs/v0/attest", {
                "init-data": None, "runtime-data": {"nonce": nonce, "tee-pubkey": self.jwk},
                "tee-evidence": {"primary_evidence": self.evidence(tee, want),
                                 "additional_evidence": ""}}, cookie=cookie)

    def coco_as(self):
        for tee in TEES:
            structured = {"b": 1, "a": "test", "c": {"d": "e"}}
            want = hashlib.sha384(strict.jcs(structured)).digest()
            for data in ({"structured": structured}, {"raw": to_b64url(want)}):
                evidence = json.dumps(self.evidence(tee, want, False), separators=(",", ":")).encode()
                yield f"{tee} {next(iter(data))}", post("/attestation", {
                    "verification_requests": [{"tee": tee, "evidence": to_b64url(evidence),
                                               "runtime_data": data}], "policy_ids": ["default"]})

    def ita(self):
        a = self.ask("ita", Request("GET", "/appraisal/v2/nonce", JSON, b""))
        nonce = json.loads(a.body)
        held = b"held by the attester"
        want = hashlib.sha512(strict.b64std(nonce["val"], "val") + strict.b64std(nonce["iat"], "iat") +
                              held).digest()
        made = simtee.samples(want)
        common = {"policy_ids": ["e48dabc5-9608-4ff3-aaed-f25909ab9de1"], "token_signing_alg": "RS256"}
        tdx = {"quote": to_b64std(made["quote-v4.bin"]), "verifier_nonce": nonce,
               "runtime_data": to_b64std(held)}
        snp = {"report": to_b64std(made["snp-v3-genoa.bin"]), "verifier_nonce": nonce,
               "runtime_data": to_b64std(held)}
        yield "v1 tdx", post("/appraisal/v1/attest", {**tdx, **common})
        yield "v2 tdx", post("/appraisal/v2/attest", {"tdx": tdx, **common})
        yield "v2 sevsnp", post("/appraisal/v2/attest", {"sevsnp": snp, "policy_must_match": True})
        claims = to_b64std(self.vm.claims(want))
        _, made = self.vm.report("tdx", want)
        azure = {"verifier_nonce": nonce, "runtime_data": claims, "user_data": to_b64std(held)}
        tdx = {"quote": to_b64std(made["quote-v4.bin"]), **azure}
        yield "v1 azure tdx", post("/appraisal/v1/attest/azure/tdxvm", {**tdx, **common})
        yield "v2 azure tdx", post("/appraisal/v2/attest/azure", {"tdx": tdx, **common})
        snp = {"report": to_b64std(made["snp-v3-milan.bin"]), **azure}
        yield "v2 azure sevsnp", post("/appraisal/v2/attest/azure", {"sevsnp": snp})

    def veraison(self):
        for kind in (veraison.TSM_JSON, veraison.TSM_CBOR, veraison.RATSD):
            a = self.ask("veraison", Request("POST", veraison.BASE + "newSession?nonceSize=64",
                                             {"accept": veraison.SESSION}, b""))
            nonce = strict.b64url(json.loads(a.body)["nonce"], "nonce")
            made = simtee.samples(nonce)
            o = {"auxblob": made["snp-v3-milan.certs"], "outblob": made["snp-v3-milan.bin"]}
            text = json.dumps({**{k: to_b64url(v) for k, v in o.items()}, "provider": "sev_guest"},
                              separators=(",", ":")).encode()
            if kind == veraison.TSM_JSON:
                body = text
            elif kind == veraison.TSM_CBOR:
                body = b"\xa3" + b"".join(cbor_text(k) + cbor_bytes(v) for k, v in o.items())
                body += cbor_text("provider") + cbor_text("sev_guest")
            else:
                cmw = {"__cmwc_t": "tag:github.com,2025:veraison/ratsd/cmw",
                       "tsm-report": [veraison.TSM_JSON, to_b64url(text)]}
                body = json.dumps({"cmw": to_b64std(json.dumps(cmw, separators=(",", ":")).encode()),
                                   "eat_nonce": to_b64url(nonce),
                                   "eat_profile": "tag:github.com,2024:veraison/ratsd"},
                                  separators=(",", ":")).encode()
            yield kind.split(";")[0].split(".")[-1], Request(
                "POST", veraison.BASE + a.headers["Location"],
                {"accept": veraison.SESSION, "content-type": kind}, body)

    def gcp(self):
        place = "/v1/projects/p/locations/us-central1"
        cert = self.vm.certificate()
        for tee in ("snp", "tdx"):
            a = json.loads(self.ask("gcp", post(place + "/challenges", {})).body)
            nonce = strict.b64std(a["tpmNonce"], "tpmNonce")
            message, sig = self.vm.quote(nonce)
            quote = {"hashAlgo": 11, "pcrValues": {str(i): to_b64std(p) for i, p in enumerate(self.vm.pcrs)},
                     "rawQuote": to_b64std(message),
                     "rawSignature": to_b64std(b"\0\x14\0\x0b\x01\0" + sig)}
            o = {"tpmAttestation": {"quotes": [quote], "akCert": to_b64std(cert)},
                 "tokenOptions": {"audience": "https://aud.invalid", "nonce": ["0123456789"]}}
            if tee == "snp":
                made = simtee.samples(nonce)
                o["sevSnpAttestation"] = {"report": to_b64std(made["snp-v3-milan.bin"]),
                                          "auxBlob": to_b64std(made["snp-v3-milan.certs"])}
            else:
                o["tdCcel"] = {"ccelAcpiTable": to_b64std(mint.ccel_table(len(mint.LOG))),
                               "ccelData": to_b64std(mint.LOG),
                               "tdQuote": to_b64std(self.pck.quote(nonce, mint.LOG))}
            yield f"verifyAttestation {tee}", post(f"/v1/{a['name']}:verifyAttestation", o)

    def kinds(self, services):
        for service in services:
            for name, rq in getattr(self, service.replace("-", "_"))():
                yield service, name, rq


def _head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    size = 0 if n < 256 else 1 if n < 65536 else 2
    return bytes([major << 5 | 24 + size]) + n.to_bytes(1 << size, "big")


def cbor_text(s):
    return _head(3, len(s.encode())) + s.encode()


def cbor_bytes(b):
    return _head(2, len(b)) + b
