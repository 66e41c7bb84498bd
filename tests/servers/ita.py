# SPDX-License-Identifier: GPL-2.0-only
"""Intel Trust Authority: nonce, appraisal v1 (flat) and v2 (composite)."""

import base64
import calendar
import hashlib
import hmac
import os
import re
import time
import uuid

import ccel
import snp
import strict
import tdx
import tokens
from frame import Refused, Response, Service
from strict import Bad

POLICIES = ("e48dabc5-9608-4ff3-aaed-f25909ab9de1", "2f1b1c9c-4d0c-4b1e-8f76-0d5a3a6b5c11")
ALGS = ("RS256", "PS384")
COMMON = ("policy_ids", "token_signing_alg", "policy_must_match")
LIFETIME = 600		# a guest may have to boot meanwhile


class Ita(Service):
    name = "ita"
    evidence = "/appraisal/v[12]/attest.*"
    routes = (("GET", "/appraisal/v[12]/nonce", "nonce"),
              ("POST", "/appraisal/v1/attest", "flat"),
              ("POST", "/appraisal/v1/attest/azure/tdxvm", "flat_azure"),
              ("POST", "/appraisal/v2/attest", "nested"),
              ("POST", "/appraisal/v2/attest/azure", "nested_azure"),
              ("GET", "/certs", "certs"))

    def __init__(self, trust, options):
        super().__init__(trust, options)
        self.issuer = tokens.Issuer("https://ita.test.invalid")
        self.mac = os.urandom(32)
        self.key = None
        if options.api_key:
            with open(options.api_key, encoding="ascii") as f:
                self.key = f.read().strip()

    def error(self, status, kind, detail):
        return Response(status, {"error": detail},
                        headers={"request-id": str(uuid.uuid4()), "trace-id": uuid.uuid4().hex})

    def bad(self, detail):
        return Refused(400, "", detail)

    def certs(self, rq):
        return Response(200, self.issuer.jwks())

    def _client(self, rq):
        if len(rq.header("request-id")) > 128 or not re.fullmatch("[A-Za-z0-9_ -]*", rq.header("request-id")):
            raise Bad("request-id: not up to 128 plain characters")
        if self.key is not None and not hmac.compare_digest(rq.header("x-api-key"), self.key):
            raise Refused(401, "", "Unauthorized: the API key is missing or wrong")
        rq.want_accept("application/json")

    def _mac(self, val, iat):
        return hmac.new(self.mac, val + b"|" + iat, hashlib.sha384).digest()

    def nonce(self, rq):
        self._client(rq)
        val = base64.b64encode(os.urandom(64))	# is base64 text before it is encoded
        iat = time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC", time.gmtime()).encode()
        return Response(200, {"val": strict.to_b64std(val), "iat": strict.to_b64std(iat),
                              "signature": strict.to_b64std(self._mac(val, iat))})

    def _nonce(self, o):
        """val || iat, of a nonce that we made and that is not old."""
        strict.fields(o, "verifier_nonce", ("val", "iat", "signature"))
        val, iat, sig = (strict.b64std(o[k], f"verifier_nonce.{k}") for k in ("val", "iat", "signature"))
        if not hmac.compare_digest(sig, self._mac(val, iat)):
            raise Bad("verifier_nonce: signature verification failed")
        made = time.strptime(iat.decode(), "%Y-%m-%d %H:%M:%S +0000 UTC")
        if time.time() - calendar.timegm(made) > LIFETIME:
            raise Bad("verifier_nonce: expired")
        return val + iat

    @staticmethod
    def _bytes(o, key):
        return strict.b64std(o[key], key) if o.get(key) is not None else b""

    def _appraise(self, o, kind, azure):
        """Claims of one TEE's part."""
        main = "report" if kind == "sevsnp" else "quote"
        may = ["verifier_nonce", "runtime_data", "event_log"] + (["user_data"] if azure else [])
        if kind == "sevsnp":
            may.remove("event_log")
        strict.fields(o, kind, (main,), may)
        raw = strict.b64std(o[main], main)
        if kind == "sevsnp":
            r = snp.genuine(raw, self.trust.kds(raw), self.trust)
            report_data, claims = r.report_data, snp.claims(r)
        else:
            b = tdx.genuine(raw, self.trust)
            report_data, claims = b.report_data, tdx.claims(b)
            if o.get("event_log") is not None:
                ccel.check(strict.b64std(o["event_log"], "event_log"), b.rtmr)
        fresh = self._nonce(o["verifier_nonce"]) if o.get("verifier_nonce") is not None else b""
        held = self._bytes(o, "user_data" if azure else "runtime_data")
        want = hashlib.sha512(fresh + held).digest()
        if azure:
            runtime = self._bytes(o, "runtime_data")
            if report_data != hashlib.sha256(runtime).digest() + bytes(32):
                raise Bad("runtime_data: their hash is not in the report")
            user = strict.json_text(runtime, "runtime_data").get("user-data", "")
            report_data = bytes.fromhex(strict.text(user, "user-data", "([0-9A-Fa-f]{2})*"))
        if report_data != want:
            raise Bad(f"{kind}: report data are not SHA-512 of nonce and user data")
        if held:
            claims["attester_held_data"] = strict.to_b64std(held)
        return claims

    def _token(self, o, parts):
        policies = strict.array(o.get("policy_ids", []), "policy_ids", 0, 10)
        for p in policies:
            if p not in POLICIES:
                raise Bad(f"policy_ids: there is no policy {p!r}")
        alg = o.get("token_signing_alg", "PS384")
        if alg not in ALGS:
            raise Bad(f"token_signing_alg: {alg!r} is neither RS256 nor PS384")
        strict.boolean(o.get("policy_must_match", False), "policy_must_match")
        claims = {**parts, "ver": "2.0.0", "policy_ids_matched": [{"id": p} for p in policies]}
        return Response(200, {"token": self.issuer.sign(claims, alg)},
                        headers={"request-id": str(uuid.uuid4()), "trace-id": uuid.uuid4().hex})

    def _flat(self, rq, azure):
        self._client(rq)
        rq.want_type("application/json")
        o = strict.json_text(rq.body)
        strict.fields(o, "body", (), o if isinstance(o, dict) else ())
        part = {k: v for k, v in o.items() if k not in COMMON}
        return self._token(o, {"tdx": self._appraise(part, "tdx", azure)})

    def _nested(self, rq, azure):
        self._client(rq)
        rq.want_type("application/json")
        o = strict.fields(strict.json_text(rq.body), "body", (), ("tdx", "sevsnp") + COMMON)
        parts = {k: self._appraise(o[k], k, azure) for k in ("tdx", "sevsnp") if k in o}
        if len(parts) != 1:
            raise Bad("body: evidence of one TEE is wanted")
        return self._token(o, parts)

    def flat(self, rq):
        return self._flat(rq, False)

    def flat_azure(self, rq):
        return self._flat(rq, True)

    def nested(self, rq):
        return self._nested(rq, False)

    def nested_azure(self, rq):
        return self._nested(rq, True)
