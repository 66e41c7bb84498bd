# SPDX-License-Identifier: GPL-2.0-only
"""The attestation service of Confidential Containers, its REST interface."""

import hashlib

import coco
import strict
import tokens
from frame import Refused, Response, Service
from strict import Bad

POLICIES = ("default", "default_cpu")


class CocoAs(Service):
    name = "coco-as"
    evidence = "/attestation"
    routes = (("POST", "/attestation", "attest"),)

    def __init__(self, trust, options):
        super().__init__(trust, options)
        self.issuer = tokens.Issuer("https://as.test.invalid")

    def error(self, status, kind, detail):
        return Response(status, detail.encode(), "text/plain; charset=utf-8")

    def bad(self, detail):
        return Refused(500, "", f"An internal error occured: \n0: {detail}")

    def _bound(self, r):
        alg = strict.text(r.get("runtime_data_hash_algorithm", "sha384"),
                          "runtime_data_hash_algorithm", "sha(256|384|512)")
        if r.get("runtime_data") is None:
            return None
        data = strict.fields(r["runtime_data"], "runtime_data", (), ("raw", "structured"))
        if len(data) != 1:
            raise Bad("runtime_data: expected value of one kind")
        if "raw" in data:
            raw = strict.b64url(data["raw"], "runtime_data.raw")
            if len(raw) > 64:
                raise Bad("runtime_data.raw: longer than report data")
            return raw
        return hashlib.new(alg, strict.jcs(data["structured"])).digest()

    def _init(self, r):
        if r.get("init_data") is None:
            return None
        data = strict.fields(r["init_data"], "init_data", (), ("init_data_digest", "init_data_toml"))
        if len(data) != 1:
            raise Bad("init_data: expected value of one kind")
        if "init_data_digest" in data:
            return strict.b64url(data["init_data_digest"], "init_data_digest")
        return coco.init_digest(strict.text(data["init_data_toml"], "init_data_toml"))

    def attest(self, rq):
        rq.want_type("application/json")
        o = strict.fields(strict.json_text(rq.body), "AttestationRequest",
                          ("verification_requests", "policy_ids"))
        for p in strict.array(o["policy_ids"], "policy_ids"):
            if p not in POLICIES:
                raise Bad(f"policy {p!r} is not found")
        submods = {}
        for r in strict.array(o["verification_requests"], "verification_requests", 1, 4):
            strict.fields(r, "verification_requests", ("tee", "evidence"),
                          ("runtime_data", "init_data", "runtime_data_hash_algorithm"))
            if r["tee"] not in coco.TEES:
                raise Bad(f"tee `{r['tee']} not supported`")
            body = strict.json_text(strict.b64url(r["evidence"], "evidence"), "evidence")
            claims = coco.evidence(r["tee"], body, self._bound(r), self._init(r), self.trust)
            submods[f"cpu{len(submods)}"] = {"ear.status": "affirming",
                                             "ear.veraison.annotated-evidence": {r["tee"]: claims}}
        token = self.issuer.sign({"eat_profile": "tag:github.com,2024:confidential-containers/Trustee",
                                  "submods": submods}, "ES256")
        return Response(200, token.encode(), "text/plain; charset=utf-8")
