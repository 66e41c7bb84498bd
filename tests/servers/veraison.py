# SPDX-License-Identifier: GPL-2.0-only
"""Veraison: challenge-response v1, SEV-SNP evidence as tsm-report or ratsd CMW."""

import os
import time
import uuid

import snp
import strict
import tokens
from frame import Refused, Response, Service
from strict import Bad

SESSION = "application/vnd.veraison.challenge-response-session+json"
TSM_JSON = "application/vnd.veraison.tsm-report+json"
TSM_CBOR = "application/vnd.veraison.tsm-report+cbor"
RATSD = 'application/eat+cwt; eat_profile="tag:github.com,2025:veraison/ratsd/cmw"'
# TSM's own attribute ends in a newline, which real captures have kept.
SNP_PROVIDER = ("sev_guest", "sev_guest\n")
BASE = "/challenge-response/v1/"


def tsm_json(raw, b64=strict.b64url):
    o = strict.fields(strict.json_text(raw, "tsm-report"), "tsm-report", ("outblob", "provider"),
                      ("auxblob", "manifestblob", "service_provider"))
    return {k: v if k in ("provider", "service_provider") else b64(v, k) for k, v in o.items()}


def tsm_cbor(raw):
    o = strict.fields(strict.cbor(raw, "tsm-report"), "tsm-report", ("outblob", "provider"),
                      ("auxblob", "manifestblob", "service_provider"))
    for k, v in o.items():
        if not isinstance(v, str if k in ("provider", "service_provider") else bytes):
            raise Bad(f"tsm-report.{k}: of another type")
    return o


def ratsd(raw):
    """ratsd's token: JSON, with a CMW collection in standard base64."""
    o = strict.fields(strict.json_text(raw, "ratsd token"), "ratsd token", ("cmw", "eat_nonce", "eat_profile"))
    if o["eat_profile"] != "tag:github.com,2024:veraison/ratsd":
        raise Bad("ratsd token: eat_profile")
    collection = strict.json_text(strict.b64std(o["cmw"], "cmw"), "cmw")
    strict.fields(collection, "cmw", ("__cmwc_t", "tsm-report"))
    if collection["__cmwc_t"] != "tag:github.com,2025:veraison/ratsd/cmw":
        raise Bad("cmw: a collection of another type")
    record = strict.array(collection["tsm-report"], "cmw", 2, 3)
    if record[0] != TSM_JSON or (len(record) == 3 and record[2] != 4):
        raise Bad("cmw: not a record of a tsm-report that is evidence")
    return tsm_json(strict.b64url(record[1], "cmw")), strict.b64url_either(o["eat_nonce"], "eat_nonce")


def evidence(o, nonce, store):
    """Claims of a tsm-report of SEV-SNP."""
    if o["provider"] not in SNP_PROVIDER:
        raise Bad(f"tsm-report: provider {o['provider']!r} is not of SEV-SNP")
    if "manifestblob" in o or "service_provider" in o:
        raise Bad("tsm-report: evidence of an SVSM service")
    if "auxblob" not in o:
        raise Bad("tsm-report: no auxblob")
    r = snp.genuine(o["outblob"], snp.table_chain(o["auxblob"], pem_only=True), store, "outblob")
    if r.report_data != nonce:
        raise Bad("freshness: REPORT_DATA is not the session's nonce")
    return snp.claims(r)


class Veraison(Service):
    name = "veraison"
    evidence = BASE + "session/.*"
    routes = (("POST", BASE + "newSession", "new"), ("POST", BASE + "session/([^/]+)", "submit"),
              ("GET", BASE + "session/([^/]+)", "get"), ("DELETE", BASE + "session/([^/]+)", "end"))

    def __init__(self, trust, options):
        super().__init__(trust, options)
        self.issuer = tokens.Issuer("https://veraison.test.invalid")

    def error(self, status, kind, detail):
        return Response(status, {"type": "about:blank", "title": kind or "Bad Request",
                                 "status": status, "detail": detail}, "application/problem+json")

    def bad(self, detail):
        return Refused(400, "Bad Request", detail)

    def accepted(self, answer):
        """Bad evidence is not an error here: the result says so."""
        if answer.status >= 300 or b'"result"' not in answer.body:
            return answer.status < 300
        token = strict.json_text(answer.body)["result"].split(".")[1]
        parts = strict.json_text(strict.b64url(token, "result"))["submods"]
        return all(p["ear.status"] == "affirming" for p in parts.values())

    def _show(self, status, s, headers=None):
        out = {k: v for k, v in s.items() if k != "late"}
        out["nonce"] = strict.to_b64url(s["nonce"])
        return Response(status, out, SESSION, headers)

    def new(self, rq):
        rq.want_accept(SESSION)
        if set(rq.query) == {"nonceSize"}:
            size = strict.text(rq.query["nonceSize"], "nonceSize", "[0-9]{1,2}")
            if not 8 <= int(size) <= 64:
                raise Bad("failed handling nonce request: nonceSize must be in range 8..64")
            nonce = os.urandom(int(size))
        elif set(rq.query) == {"nonce"}:
            nonce = strict.b64url_padded(rq.query["nonce"], "nonce")
            if not 8 <= len(nonce) <= 64:
                raise Bad("failed handling nonce request: nonce must be between 8 and 64 bytes long")
        else:
            raise Bad("failed handling nonce request: nonce and nonceSize are mutually exclusive")
        name = str(uuid.uuid4())
        self.state[name] = {"status": "waiting", "nonce": nonce,
                            "expiry": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 150)),
                            "accept": [TSM_JSON, TSM_CBOR, RATSD]}
        return self._show(201, self.state[name], {"Location": f"session/{name}"})

    def _session(self, name):
        if name not in self.state:
            raise Refused(404, "Not Found", "session not found")
        return self.state[name]

    def submit(self, rq, name):
        rq.want_accept(SESSION)
        kind = rq.header("content-type")
        if kind not in (TSM_JSON, TSM_CBOR, RATSD):
            raise Refused(415, "Unsupported Media Type", f"no active plugin found for {kind}",
                          {"Accept": ", ".join((TSM_JSON, TSM_CBOR, RATSD))})
        s = self._session(name)
        if s["status"] != "waiting":
            raise Bad("session is not waiting for evidence")
        try:
            if kind == RATSD:
                report, nonce = ratsd(rq.body)
                if nonce != s["nonce"]:
                    raise Bad("freshness: eat_nonce is not the session's nonce")
            else:
                report = (tsm_json if kind == TSM_JSON else tsm_cbor)(rq.body)
            appraisal = {"ear.status": "affirming",
                         "ear.veraison.annotated-evidence": evidence(report, s["nonce"], self.trust)}
        except Bad as e:
            appraisal = {"ear.status": "contraindicated",
                         "ear.veraison.policy-claims": {"problem": f"bad evidence: {e}"}}
        s["evidence"] = {"type": kind, "value": strict.to_b64std(rq.body)}
        result = self.issuer.sign({
            "eat_profile": "tag:github.com,2023:veraison/ear", "eat_nonce": strict.to_b64url(s["nonce"]),
            "ear.verifier-id": {"developer": "cvm-evidence tests", "build": "simulated"},
            "submods": {"SEVSNP": appraisal}}, "ES256")
        if self.options.veraison_async:
            s.update(status="processing", late=result)
            return self._show(202, s)
        s.update(status="complete", result=result)
        return self._show(200, s)

    def get(self, rq, name):
        rq.want_accept(SESSION)
        s = self._session(name)
        answer = self._show(200, s)
        if "late" in s:			# there at the next look
            s.update(status="complete", result=s.pop("late"))
        return answer

    def end(self, rq, name):
        self._session(name)
        del self.state[name]
        return Response(204)
