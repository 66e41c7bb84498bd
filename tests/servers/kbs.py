# SPDX-License-Identifier: GPL-2.0-only
"""Key Broker Service of Trustee, protocol 0.4.0: auth, attest, resource."""

import hashlib
import json
import os
import uuid
from http.cookies import CookieError, SimpleCookie

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

import coco
import strict
import tokens
from frame import Refused, Response, Service
from strict import Bad, to_b64url

ERRORS = "https://github.com/confidential-containers/kbs/errors/"
COOKIE = "kbs-session-id"
HASHES = ("sha256", "sha384", "sha512")


def tee_pubkey(o):
    """The key that secrets are encrypted to, ECDH on P-256."""
    strict.fields(o, "tee-pubkey", ("kty", "crv", "alg", "x", "y"))
    if (o["kty"], o["crv"], o["alg"]) != ("EC", "P-256", "ECDH-ES+A256KW"):
        raise Bad("tee-pubkey: not EC, P-256, ECDH-ES+A256KW")
    x, y = (strict.b64url(o[k], f"tee-pubkey.{k}") for k in ("x", "y"))
    if len(x) != 32 or len(y) != 32:
        raise Bad("tee-pubkey: invalid bytes length of coordinates")
    try:
        return ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"),
                                             ec.SECP256R1()).public_key()
    except ValueError:
        raise Bad("tee-pubkey: no point of the curve") from None


def jwe(payload, key):
    """Flattened JWE to @key: ECDH-ES+A256KW, A256GCM."""
    mine = ec.generate_private_key(ec.SECP256R1())
    z = mine.exchange(ec.ECDH(), key)
    alg = b"ECDH-ES+A256KW"
    info = len(alg).to_bytes(4, "big") + alg + bytes(8) + (256).to_bytes(4, "big")
    kek = hashlib.sha256((1).to_bytes(4, "big") + z + info).digest()
    cek, iv = os.urandom(32), os.urandom(12)
    n = mine.public_key().public_numbers()
    head = {"alg": alg.decode(), "enc": "A256GCM",
            "epk": {"crv": "P-256", "kty": "EC", "x": to_b64url(n.x.to_bytes(32, "big")),
                    "y": to_b64url(n.y.to_bytes(32, "big"))}}
    protected = to_b64url(json.dumps(head, separators=(",", ":")).encode())
    sealed = AESGCM(cek).encrypt(iv, payload, protected.encode())
    return {"protected": protected, "encrypted_key": to_b64url(aes_key_wrap(kek, cek)),
            "iv": to_b64url(iv), "ciphertext": to_b64url(sealed[:-16]), "tag": to_b64url(sealed[-16:])}


class Kbs(Service):
    name = "kbs"
    evidence = "/kbs/v0/attest"
    routes = (("POST", "/kbs/v0/auth", "auth"), ("POST", "/kbs/v0/attest", "attest"),
              ("GET", "/kbs/v0/resource/([^/]+/[^/]+/[^/]+)", "resource"),
              ("(?:GET|POST)", "/kbs/.*", "nothing"))

    def __init__(self, trust, options):
        super().__init__(trust, options)
        self.issuer = tokens.Issuer("https://kbs.test.invalid")
        self.resources = dict(r.split("=", 1) for r in options.resource)

    def error(self, status, kind, detail):
        return Response(status, {"type": ERRORS + kind, "detail": detail}, None)

    def bad(self, detail):
        return Refused(401, "AttestationError", f"Attestation error: {detail}")

    def nothing(self, rq):
        raise Refused(404, "InvalidRequestPath", f"Request path {rq.path} is invalid")

    def auth(self, rq):
        rq.want_type("application/json")
        o = strict.fields(strict.json_text(rq.body), "Request", ("version", "tee", "extra-params"))
        if o["version"] != "0.4.0":
            raise Bad(f"KBS Client Protocol Version Mismatch: expect =0.4.0 while the request is {o['version']}")
        if o["tee"] not in coco.TEES:
            raise Bad(f"unknown variant `{o['tee']}`")
        extra = o["extra-params"]
        if extra != "":
            strict.fields(extra, "extra-params", (), ("supported-hash-algorithms",))
            for a in strict.array(extra.get("supported-hash-algorithms", []), "supported-hash-algorithms"):
                if a not in HASHES:
                    raise Bad(f"extra-params: unknown hash {a!r}")
        chosen = self.options.hash
        if chosen and (extra == "" or chosen not in extra.get("supported-hash-algorithms", [])):
            raise Bad(f"the client does not support {chosen}")
        session = uuid.uuid4().hex
        nonce = strict.to_b64std(os.urandom(32))
        self.state[session] = {"tee": o["tee"], "nonce": nonce, "hash": chosen or "sha384"}
        return Response(200, {"nonce": nonce,
                              "extra-params": {"selected-hash-algorithm": chosen} if chosen else ""},
                        headers=self._cookie(session))

    @staticmethod
    def _cookie(session):
        return {"Set-Cookie": f"{COOKIE}={session}; Expires=Fri, 31 Dec 2049 23:59:59 GMT"}

    def _session(self, rq):
        try:
            found = SimpleCookie(rq.header("cookie")).get(COOKIE)
        except CookieError:
            found = None
        if not found:
            raise Bad("cookie not found")
        if found.value not in self.state:
            raise Bad("session not found")
        return found.value, self.state[found.value]

    def attest(self, rq):
        rq.want_type("application/json")
        session, s = self._session(rq)
        o = strict.fields(strict.json_text(rq.body), "Attestation",
                          ("runtime-data", "tee-evidence"), ("init-data",))
        if "token" in s:
            return Response(200, {"token": s["token"]}, headers=self._cookie(session))
        data = strict.fields(o["runtime-data"], "runtime-data", ("nonce", "tee-pubkey"))
        if data["nonce"] != s["nonce"]:
            raise Bad("the nonce in the handshake session is different from the client side")
        tee_pubkey(data["tee-pubkey"])
        ev = strict.fields(o["tee-evidence"], "tee-evidence",
                           ("primary_evidence", "additional_evidence"))
        more = strict.text(ev["additional_evidence"], "additional_evidence")
        if more:
            raise Bad("additional_evidence: no device of this service")
        bound = {"tee-pubkey": data["tee-pubkey"], "nonce": s["nonce"], "additional-evidence": more}
        want = hashlib.new(s["hash"], strict.jcs(bound)).digest()
        init = None
        if o.get("init-data") is not None:
            i = strict.fields(o["init-data"], "init-data", ("format", "body"))
            if i["format"] != "toml":
                raise Bad(f"Unsupported initdata format: {i['format']}")
            init = coco.init_digest(strict.text(i["body"], "init-data.body"))
        claims = coco.evidence(s["tee"], ev["primary_evidence"], want, init, self.trust)
        s["token"] = self.issuer.sign({"eat_profile": "tag:github.com,2024:confidential-containers/Trustee",
                                       "submods": {"cpu0": {"ear.status": "affirming",
                                                            "ear.veraison.annotated-evidence":
                                                            {s["tee"]: claims, "runtime_data_claims": bound}}}},
                                      "ES256")
        s["key"] = data["tee-pubkey"]
        return Response(200, {"token": s["token"]}, headers=self._cookie(session))

    def resource(self, rq, name):
        try:
            _, s = self._session(rq)
        except Bad:
            s = {}
        if "token" not in s:
            raise Refused(401, "TokenNotFound", "Attestation Token not found")
        if name not in self.resources:
            raise Refused(401, "PluginInternalError", "Plugin internal error")
        with open(self.resources[name], "rb") as f:
            return Response(200, jwe(f.read(), tee_pubkey(s["key"])))
