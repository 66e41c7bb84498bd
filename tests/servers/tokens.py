# SPDX-License-Identifier: GPL-2.0-only
"""Signed tokens: the answer of a service, JWS in compact form."""

import json
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from strict import to_b64url


def _int(n, size):
    return to_b64url(n.to_bytes(size, "big"))


class Issuer:
    """Keys that live as long as the server."""

    def __init__(self, issuer):
        self.issuer = issuer
        self.keys = {}

    def _key(self, alg):
        if alg not in self.keys:
            self.keys[alg] = rsa.generate_private_key(65537, 2048) if alg[1] == "S" and alg[0] != "E" \
                else ec.generate_private_key(ec.SECP256R1() if alg == "ES256" else ec.SECP384R1())
        return self.keys[alg]

    def sign(self, claims, alg="RS256", lifetime=300):
        now = int(time.time())
        body = {"iss": self.issuer, "iat": now, "nbf": now, "exp": now + lifetime, **claims}
        head = {"alg": alg, "typ": "JWT", "kid": f"test-{alg}"}
        text = ".".join(to_b64url(json.dumps(x, separators=(",", ":")).encode()) for x in (head, body))
        key = self._key(alg)
        digest = {"256": hashes.SHA256(), "384": hashes.SHA384()}[alg[2:]]
        if alg.startswith("ES"):
            size = 32 if alg == "ES256" else 48
            r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(digest)))
            sig = r.to_bytes(size, "big") + s.to_bytes(size, "big")
        elif alg.startswith("PS"):
            sig = key.sign(text.encode(), padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        else:
            sig = key.sign(text.encode(), padding.PKCS1v15(), digest)
        return text + "." + to_b64url(sig)

    def jwks(self):
        out = []
        for alg, key in self.keys.items():
            n = key.public_key().public_numbers()
            jwk = {"kid": f"test-{alg}", "use": "sig", "alg": alg}
            if alg.startswith("ES"):
                size = 32 if alg == "ES256" else 48
                jwk.update(kty="EC", crv="P-256" if size == 32 else "P-384",
                           x=_int(n.x, size), y=_int(n.y, size))
            else:
                jwk.update(kty="RSA", n=_int(n.n, 256), e="AQAB")
            out.append(jwk)
        return {"keys": out}
