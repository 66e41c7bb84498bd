# SPDX-License-Identifier: GPL-2.0-only
"""Google's Confidential Computing API v1: challenges, verifyAttestation."""

import os
import re
import time
import uuid

import ccel
import hcl
import snp
import strict
import tdx
import tokens
import trust
from frame import Refused, Response, Service
from strict import Bad

PLACE = "/v1/(projects/[a-z0-9-]+/locations/[a-z0-9-]+)"
STATUS = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}
SHA256 = 0xb


class Gcp(Service):
    name = "gcp"
    evidence = ".*:verifyAttestation"
    routes = (("POST", PLACE + "/challenges", "challenge"),
              ("POST", PLACE + "/challenges/([0-9a-f-]+):verifyAttestation", "verify"))

    def __init__(self, store, options):
        super().__init__(store, options)
        self.issuer = tokens.Issuer("https://confidentialcomputing.test.invalid")
        self.access = None
        if options.access_token:
            with open(options.access_token, encoding="ascii") as f:
                self.access = f.read().strip()

    def error(self, status, kind, detail):
        return Response(status, {"error": {"code": status, "message": detail,
                                           "status": STATUS.get(status, "INTERNAL")}})

    def bad(self, detail):
        return Refused(400, "", detail)

    def _client(self, rq):
        if self.access is not None and rq.header("authorization") != "Bearer " + self.access:
            raise Refused(401, "", "Request had invalid authentication credentials.")
        rq.want_type("application/json")

    def challenge(self, rq, place):
        self._client(rq)
        strict.fields(strict.json_text(rq.body), "challenge")
        name, now = str(uuid.uuid4()), time.time()
        nonce = self.options.gcp_nonce or os.urandom(32)
        stamp = lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t))
        self.state[name] = {"place": place, "nonce": nonce, "used": False}
        return Response(200, {"name": f"{place}/challenges/{name}", "createTime": stamp(now),
                              "expireTime": stamp(now + 3600), "used": False,
                              "tpmNonce": strict.to_b64std(nonce)})

    def _tpm(self, o, nonce):
        """The vTPM's part, by an AK whose certificate is given."""
        strict.fields(o, "tpmAttestation", ("quotes", "akCert"),
                      ("tcgEventLog", "canonicalEventLog", "certChain"))
        ders = [strict.b64std(c, "akCert") for c in
                (o["akCert"], *strict.array(o.get("certChain", []), "certChain"))]
        issuer = trust.load(ders[-1], "akCert").issuer
        ders += [d for d, c in self.trust.vtpm.items() if c.subject == issuer and d not in ders]
        cert = self.trust.chain(ders, self.trust.vtpm, "akCert")
        banks = set()
        for q in strict.array(o["quotes"], "quotes", 1, 3):
            strict.fields(q, "quotes", ("hashAlgo", "pcrValues", "rawQuote", "rawSignature"))
            if q["hashAlgo"] != SHA256 or q["hashAlgo"] in banks:
                raise Bad(f"quotes: hashAlgo {q['hashAlgo']}")
            banks.add(q["hashAlgo"])
            pcrs = {}
            for k, v in strict.fields(q["pcrValues"], "pcrValues", (), q["pcrValues"]).items():
                if not re.fullmatch("0|[1-9][0-9]?", k):
                    raise Bad(f"pcrValues: {k!r}")
                pcrs[int(k)] = strict.b64std(v, "pcrValues")
            quote = hcl.Quote(strict.b64std(q["rawQuote"], "rawQuote"), "rawQuote")
            quote.check(cert.public_key(),
                        hcl.raw_signature(strict.b64std(q["rawSignature"], "rawSignature")), pcrs)
            if quote.extra != nonce:
                raise Bad("rawQuote: not over the challenge")

    def _tee(self, o):
        if "tdCcel" in o:
            t = strict.fields(o["tdCcel"], "tdCcel", ("ccelAcpiTable", "ccelData", "tdQuote"),
                              ("canonicalEventLog",))
            b = tdx.genuine(strict.b64std(t["tdQuote"], "tdQuote"), self.trust, "tdQuote")
            ccel.table(strict.b64std(t["ccelAcpiTable"], "ccelAcpiTable"))
            log = strict.b64std(t["ccelData"], "ccelData")
            if log.endswith(b"\xff"):
                raise Bad("ccelData: its tail of 0xFF is not cut")
            ccel.check(log, b.rtmr, "ccelData")
            return b.report_data, {"hwmodel": "GCP_INTEL_TDX", "tdx": tdx.claims(b)}
        t = strict.fields(o["sevSnpAttestation"], "sevSnpAttestation", ("report",), ("auxBlob",))
        raw = strict.b64std(t["report"], "report")
        chain = snp.table_chain(strict.b64std(t["auxBlob"], "auxBlob")) if t.get("auxBlob") \
            else self.trust.kds(raw)
        r = snp.genuine(raw, chain, self.trust)
        return r.report_data, {"hwmodel": "GCP_AMD_SEV_SNP", "sevsnp": snp.claims(r)}

    def verify(self, rq, place, name):
        self._client(rq)
        s = self.state.get(name)
        if not s or s["place"] != place:
            raise Refused(404, "", "Requested entity was not found.")
        if s["used"]:
            raise Bad("The challenge was used before")
        o = strict.fields(strict.json_text(rq.body), "body", ("tpmAttestation",),
                          ("tdCcel", "sevSnpAttestation", "tokenOptions", "attester"))
        if ("tdCcel" in o) == ("sevSnpAttestation" in o):
            raise Bad("tee_attestation: one of tdCcel and sevSnpAttestation is wanted")
        options = strict.fields(o.get("tokenOptions", {}), "tokenOptions", (),
                                ("audience", "nonce", "tokenType"))
        for n in strict.array(options.get("nonce", []), "tokenOptions.nonce", 0, 6):
            if not 10 <= len(strict.text(n, "nonce").encode()) <= 74:
                raise Bad("tokenOptions.nonce: not of 10 to 74 bytes")
        self._tpm(o["tpmAttestation"], s["nonce"])
        report_data, claims = self._tee(o)
        if report_data != s["nonce"].ljust(64, b"\0"):
            raise Bad("the report is not over the challenge")
        s["used"] = True
        if "nonce" in options:
            claims["eat_nonce"] = options["nonce"]
        claims["aud"] = options.get("audience", "https://sts.googleapis.com")
        return Response(200, {"oidcClaimsToken": self.issuer.sign(claims)})
