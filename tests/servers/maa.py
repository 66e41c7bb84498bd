# SPDX-License-Identifier: GPL-2.0-only
"""Microsoft Azure Attestation: /attest/SevSnpVm, /attest/TdxVm, /attest/AzureGuest."""

import hashlib

import maa_guest
import snp
import strict
import tdx
import tokens
import trust
from frame import Refused, Response, Service
from strict import Bad

VERSIONS = {"SevSnpVm": ("2022-08-01", "2023-04-01-preview", "2025-06-01"),
            "TdxVm": ("2023-04-01-preview", "2025-06-01")}


class Maa(Service):
    name = "maa"
    evidence = "/attest/.*"
    routes = (("POST", "/attest/(SevSnpVm|TdxVm)", "attest"),
              ("POST", "/attest/AzureGuest", "guest"),
              ("GET", "/certs", "certs"),
              ("GET", "/[.]well-known/openid-configuration", "openid"))

    def __init__(self, trust_, options):
        super().__init__(trust_, options)
        self.issuer = tokens.Issuer("https://maa.test.invalid")

    def error(self, status, kind, detail):
        return Response(status, {"error": {"code": kind, "message": detail}})

    def bad(self, detail):
        return Refused(400, "InvalidParameter", detail)

    def certs(self, rq):
        return Response(200, self.issuer.jwks())

    def openid(self, rq):
        return Response(200, {"issuer": self.issuer.issuer, "jwks_uri": self.issuer.issuer + "/certs",
                              "response_types_supported": ["token"],
                              "id_token_signing_alg_values_supported": ["RS256"]})

    def _data(self, o, where):
        """(bytes, whether they are JSON) of runtimeData and initTimeData."""
        strict.fields(o, where, ("data", "dataType"))
        raw = strict.b64url_either(o["data"], where + ".data")
        if o["dataType"] not in ("JSON", "Binary"):
            raise Bad(f"{where}.dataType: {o['dataType']!r}")
        value = None
        if o["dataType"] == "JSON":
            value = strict.fields(strict.json_text(raw, where), where, (), strict.json_text(raw, where))
        return raw, value if value is not None else strict.to_b64url(raw)

    def _snp(self, o):
        inner = strict.json_text(strict.b64url_either(o["report"], "report"), "report")
        strict.fields(inner, "report", ("SnpReport", "VcekCertChain"))
        chain = strict.b64url_either(inner["VcekCertChain"], "VcekCertChain")
        r = snp.genuine(strict.b64url_either(inner["SnpReport"], "SnpReport"),
                        trust.pem_certs(chain, "VcekCertChain"), self.trust, "SnpReport")
        return r.report_data, r.host_data, "sevsnpvm", snp.claims(r)

    def _tdx(self, o):
        b = tdx.genuine(strict.b64url_either(o["quote"], "quote"), self.trust)
        return b.report_data, b.mrconfigid, "tdxvm", tdx.claims(b)

    def guest(self, rq):
        rq.want_type("application/json")
        if rq.query != {"api-version": "2020-10-01"}:
            raise Refused(400, "UnsupportedApiVersion", f"query {rq.query}")
        claims, key = maa_guest.appraise(rq.body, self.trust)
        return Response(200, {"token": maa_guest.seal(self.issuer.sign(claims), key)})

    def attest(self, rq, kind):
        rq.want_type("application/json")
        rq.want_accept("application/json")
        if set(rq.query) != {"api-version"} or rq.query["api-version"] not in VERSIONS[kind]:
            raise Refused(400, "UnsupportedApiVersion", f"query {rq.query}")
        main = "report" if kind == "SevSnpVm" else "quote"
        may = ["runtimeData", "initTimeData", "nonce"]
        if kind == "SevSnpVm":
            may.append("draftPolicyForAttestation")
        o = strict.fields(strict.json_text(rq.body), "body", (main,), may)
        report_data, init, tee, claims = self._snp(o) if kind == "SevSnpVm" else self._tdx(o)
        out = {"x-ms-attestation-type": tee, "x-ms-ver": "1.0", f"x-ms-{tee}": claims}
        if "runtimeData" in o:
            raw, value = self._data(o["runtimeData"], "runtimeData")
            if report_data != hashlib.sha256(raw).digest() + bytes(32):
                raise Bad("runtimeData: their SHA-256 is not what the report's data says")
            out["x-ms-runtime"] = value
        if "initTimeData" in o:
            raw, value = self._data(o["initTimeData"], "initTimeData")
            digest = hashlib.sha256(raw).digest()
            if init != digest + bytes(len(init) - 32):
                raise Bad("initTimeData: their SHA-256 is not what the VM was launched with")
            out["x-ms-inittime"] = value
        if "nonce" in o:
            out["nonce"] = strict.text(o["nonce"], "nonce")
        return Response(200, {"token": self.issuer.sign(out)})
