#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tokens of Arm CCA and the keys that they are checked by.

cca.py DIRECTORY writes one file for each: tokens that hold, and tokens with one
thing wrong in each. CBOR, COSE (RFC 9052, 4.4) and the claims are written here
from the specifications, and not by the tool's own code.
"""
import base64
import json
import os
import struct
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

ALGS = {"ES256": (-7, hashes.SHA256(), ec.SECP256R1(), 32),
        "ES384": (-35, hashes.SHA384(), ec.SECP384R1(), 48),
        "ES512": (-36, hashes.SHA512(), ec.SECP521R1(), 66)}
NONCE = bytes(range(64))


class Tag:
    def __init__(self, number, value):
        self.number, self.value = number, value


class Pairs(list):
    """A map whose keys may be there twice"""


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for code, size, fmt in ((24, 1, ">B"), (25, 2, ">H"), (26, 4, ">I"), (27, 8, ">Q")):
        if n < 1 << 8 * size:
            return bytes([major << 5 | code]) + struct.pack(fmt, n)
    raise ValueError(n)


def cbor(v):
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, float):
        return b"\xfb" + struct.pack(">d", v)
    if isinstance(v, bytes):
        return head(2, len(v)) + v
    if isinstance(v, str):
        return head(3, len(v.encode())) + v.encode()
    if isinstance(v, Tag):
        return head(6, v.number) + cbor(v.value)
    if isinstance(v, (dict, Pairs)):
        pairs = list(v.items()) if isinstance(v, dict) else v
        return head(5, len(pairs)) + b"".join(cbor(k) + cbor(x) for k, x in pairs)
    if isinstance(v, (list, tuple)):
        return head(4, len(v)) + b"".join(map(cbor, v))
    raise TypeError(v)


def sign1(key, alg, claims, protected=None, unprotected=None, raw=None):
    number, digest, _, size = ALGS[alg]
    payload = raw if raw is not None else cbor(claims)
    head_ = cbor({1: number} if protected is None else protected)
    if protected == {}:
        head_ = b""
    der = key.sign(cbor(["Signature1", head_, b"", payload]), ec.ECDSA(digest))
    r, s = utils.decode_dss_signature(der)
    size = (key.curve.key_size + 7) // 8
    return cbor(Tag(18, [head_, unprotected or {}, payload,
                         r.to_bytes(size, "big") + s.to_bytes(size, "big")]))


def point(key):
    return key.public_key().public_bytes(serialization.Encoding.X962,
                                         serialization.PublicFormat.UncompressedPoint)


def cose_key(key, more=None):
    n = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    crv = {256: 1, 384: 2, 521: 3}[key.curve.key_size]
    return cbor({1: 2, -1: crv, -2: n.x.to_bytes(size, "big"), -3: n.y.to_bytes(size, "big"),
                 **(more or {})})


def sha(alg, data):
    h = hashes.Hash({"sha-256": hashes.SHA256(), "sha-384": hashes.SHA384(),
                     "sha-512": hashes.SHA512()}[alg])
    h.update(data)
    return h.finalize()


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(key):
    n = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    return {"kty": "EC", "crv": "P-%d" % key.curve.key_size, "x": b64url(n.x.to_bytes(size, "big")),
            "y": b64url(n.y.to_bytes(size, "big"))}


def pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)


IMPLEMENTATION = b"\x22" * 32
INSTANCE = b"\x01" + b"\x33" * 32
RIM = b"\x77" * 48
REMS = [bytes([0x80 + i]) * 48 for i in range(4)]


def platform(year, challenge, **over):
    names = {2022: "http://arm.com/CCA-SSD/1.0.0", 2023: "tag:arm.com,2023:cca_platform#1.0.0",
             2024: "tag:arm.com,2024:cca_platform#2.0.0"}
    c = {265: names[year], 10: challenge, 2396: IMPLEMENTATION, 256: INSTANCE, 2401: b"\xcf" * 4,
         2395: 0x3003, 2399: [{1: "RMM", 2: b"\x44" * 32, 5: b"\x55" * 32, 6: "sha-256"}],
         2402: "sha-256"}
    if year == 2024:
        c[2394] = 1
    for k, v in over.items():
        if v is None:
            del c[int(k[1:])]
        else:
            c[int(k[1:])] = v
    return c


def realm(year, rak, alg="sha-256", **over):
    names = {2023: "tag:arm.com,2023:realm#1.0.0", 2024: "tag:arm.com,2024:realm#2.0.0"}
    c = {10: NONCE, 44235: b"\x66" * 64, 44238: RIM, 44239: REMS, 44236: "sha-384", 44237: rak,
         44240: alg}
    if year != 2022:
        c[265] = names[year]
    if year == 2024:
        c[44243] = "private"
        c[256] = b"\x01" + b"\x99" * 32
    for k, v in over.items():
        if v is None:
            del c[int(k[1:])]
        else:
            c[int(k[1:])] = v
    return c


def collection(p, r, tag=399):
    if tag == 907:
        return cbor(Tag(907, {44234: [263, p], 44241: [263, r]}))
    return cbor(Tag(399, {44234: p, 44241: r}))


def main(out):
    cpak = ec.generate_private_key(ec.SECP384R1())
    other = ec.generate_private_key(ec.SECP384R1())
    rak = ec.generate_private_key(ec.SECP384R1())
    small = ec.generate_private_key(ec.SECP256R1())
    big = ec.generate_private_key(ec.SECP521R1())

    def write(name, data):
        with open(os.path.join(out, name), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())

    def token(name, year=2023, p=None, r=None, pk=cpak, rk=rak, key=None, alg="sha-256",
              tag=399, p_alg="ES384", r_alg="ES384", **how):
        raw = key if key is not None else (point(rk) if year == 2022 else cose_key(rk))
        pc = platform(year, sha(alg, raw), **(p or {}))
        rc = realm(year, raw, alg, **(r or {}))
        write(name, collection(sign1(pk, p_alg, pc, **how), sign1(rk, r_alg, rc), tag))

    token("good-2022.cbor", 2022)
    token("good-2023.cbor")
    token("good-2024.cbor", 2024)
    # draft-ffm-rats-cca-token-03, and Veraison's readers: a text, and no instance id
    token("good-2024-draft.cbor", 2024, r={"_256": None, "_44243": "shared"})
    # RMM specification, A7.2.3.1: shared = 0, private = 1, and the instance id is mandatory
    token("good-2024-rmm.cbor", 2024, r={"_44243": 0})
    token("good-2024-rmm-private.cbor", 2024, r={"_44243": 1})
    token("good-907.cbor", tag=907)
    token("good-es512.cbor", pk=big, p_alg="ES512", rk=small, r_alg="ES256", alg="sha-512")
    token("good-unknown.cbor", p={"_99999": "nobody knows"})
    # wrong in one thing each
    token("other-platform.cbor", pk=other)
    token("stolen.cbor", rk=rak, key=cose_key(other))
    good_p = sign1(cpak, "ES384", platform(2023, sha("sha-256", cose_key(rak))))
    fake_r = sign1(other, "ES384", realm(2023, cose_key(other)))
    write("spliced.cbor", collection(good_p, fake_r))
    altered = bytearray(good_p)
    altered[altered.index(b"\x33" * 32)] ^= 1
    write("altered.cbor", collection(bytes(altered), sign1(rak, "ES384", realm(2023, cose_key(rak)))))
    token("no-alg.cbor", protected={}, unprotected={1: -35})
    token("crit.cbor", protected={1: -35, 2: [4711], 4711: 1})
    token("weak-alg.cbor", p_alg="ES256")
    token("debug.cbor", p={"_2395": 0x4001})
    token("recovery.cbor", p={"_2395": 0x5001})
    token("two-components.cbor", p={"_2399": [{2: b"\x44" * 32, 5: b"\x55" * 32}, {2: b"\x55" * 32, 5: b"\x55" * 32}]})
    token("no-lifecycle.cbor", p={"_2395": None})
    token("no-rem.cbor", r={"_44239": None})
    token("three-rems.cbor", r={"_44239": REMS[:3]})
    token("short-challenge.cbor", r={"_10": NONCE[:32]})
    token("no-client.cbor", 2024, p={"_2394": None})
    token("mec.cbor", 2024, r={"_44243": "both"})
    token("mec-number.cbor", 2024, r={"_44243": 2})
    token("mec-bytes.cbor", 2024, r={"_44243": b"private"})
    token("mec-missing.cbor", 2024, r={"_44243": None})
    token("rmm-no-instance.cbor", 2024, r={"_44243": 0, "_256": None})
    token("draft-bad-instance.cbor", 2024, r={"_256": b"\x02" + b"\x99" * 32})
    token("many.cbor", p={"_2399": [0] * 1000000})
    token("key-ops.cbor", key=cose_key(rak, {4: [1]}))
    token("key-alg.cbor", key=cose_key(rak, {3: -7}))
    token("good-key-ops.cbor", key=cose_key(rak, {3: -35, 4: [2]}))
    token("profile.cbor", p={"_265": "tag:arm.com,2031:cca_platform#9.0.0"})
    token("compressed.cbor", key=cbor({1: 2, -1: 2, -2: cose_key(rak)[8:56], -3: 1}))
    twice = Pairs(list(platform(2023, sha("sha-256", cose_key(rak))).items()) + [(2395, 0x3000)])
    write("twice.cbor", collection(sign1(cpak, "ES384", twice), sign1(rak, "ES384", realm(2023, cose_key(rak)))))
    # keys
    write("cpak.pem", pem(cpak))
    write("es512.pem", pem(big))
    write("other.pem", pem(other))
    write("both.pem", pem(other) + pem(cpak))
    with open("golden/certs.pem", "rb") as f:
        write("key-and-cert.pem", pem(cpak) + f.read())
    write("cpak.jwk", json.dumps(jwk(cpak)))
    write("cpak.jwks", json.dumps({"keys": [jwk(other), jwk(cpak)]}))
    ta = {"instance-id": INSTANCE.hex(), "implementation-id": IMPLEMENTATION.hex(), "pkey": jwk(cpak)}
    write("ta.json", json.dumps([ta]))
    # whatever limits a key must not be lost: each of these would make it one for all platforms
    record = {"instance-id": ta["instance-id"], "pkey": jwk(cpak)}
    for name, more in (("misspelt", {"instance_id": "01" + "34" * 32}),
                       ("denied", {"x-reason": "revoked"})):
        write("ta-%s.json" % name, json.dumps([dict(record, **more)]))
    write("ta-misspelt-only.json", json.dumps([{"pkey": jwk(cpak), "instance_id": "01" + "34" * 32}]))
    write("ta-half.json", json.dumps([record, dict(record, instance_id="x")]))
    write("ta-nobody.json", json.dumps([{"pkey": jwk(cpak)}]))
    write("ta-short.json", json.dumps([dict(record, **{"instance-id": "0133"})]))
    write("ta-twice.json", '[{"pkey": %s, "instance-id": "01%s", "instance-id": "01%s"}]' %
          (json.dumps(jwk(cpak)), "34" * 32, "33" * 32))
    write("ta-flat.json", json.dumps(dict(jwk(cpak), **{"instance-id": "01" + "34" * 32})))
    write("ta-set.json", json.dumps({"keys": [jwk(cpak)], "instance-id": "01" + "34" * 32}))
    write("ta-record.json", json.dumps(record))
    # RFC 7517, 4.2 to 4.4
    for name, more in (("use-enc", {"use": "enc"}), ("use-number", {"use": 1}),
                       ("ops-encrypt", {"key_ops": ["encrypt"]}), ("ops-text", {"key_ops": "verify"}),
                       ("ops-empty", {"key_ops": []}), ("both-differ", {"use": "sig", "key_ops": ["sign"]}),
                       ("alg-ecdh", {"alg": "ECDH-ES"}), ("alg-other", {"alg": "ES256"})):
        write("jwk-%s.json" % name, json.dumps(dict(jwk(cpak), **more)))
    write("jwk-in-set.json", json.dumps({"keys": [dict(jwk(cpak), use="enc")]}))
    write("jwk-in-record.json", json.dumps([dict(record, pkey=dict(jwk(cpak), use="enc"))]))
    write("jwk-good.json", json.dumps(dict(jwk(cpak), use="sig", key_ops=["sign", "verify"],
                                           alg="ES384", kid="x", other=1)))
    write("ta-other.json", json.dumps([dict(ta, **{"instance-id": (b"\x01" + b"\x34" * 32).hex()})]))

    def corim(instance, key, validity=None, *conditions, profile=None, half=False):
        env = {0: {0: Tag(600, IMPLEMENTATION), 1: "ACME"}}
        if instance is not None:
            env[1] = Tag(550, instance)
        triples = [[env, [key], *conditions]]
        if half:
            triples.append([{0: {1: "ACME"}}, [key]])
        comid = {1: {0: "x"}, 4: {3: triples}}
        body = {0: "c", 1: [Tag(506, cbor(comid))]}
        if validity:
            body[4] = validity
        if profile is not None:
            body[3] = profile
        return cbor(Tag(501, body))

    write("corim.cbor", corim(INSTANCE, Tag(554, pem(cpak).decode())))
    write("corim-other.cbor", corim(b"\x01" + b"\x34" * 32, Tag(554, pem(cpak).decode())))
    # [ environment, [ key ], conditions ]: mkey and authorized-by of draft-ietf-rats-corim
    write("corim-conditions.cbor", corim(INSTANCE, Tag(554, pem(cpak).decode()), None, {0: "another"}))
    write("corim-nobody.cbor", corim(None, Tag(554, pem(cpak).decode())))
    # RFC 9783, 4.2.1: a UEID of 33 bytes; of none it would be that of any platform
    write("corim-empty.cbor", corim(b"", Tag(554, pem(cpak).decode())))
    write("corim-short.cbor", corim(INSTANCE[:32], Tag(554, pem(cpak).decode())))
    write("corim-cert.cbor", corim(INSTANCE, Tag(555, "MIIB")))
    key = Tag(554, pem(cpak).decode())
    maker, thief = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    at = 1767225600

    def signed(name, by=maker, alg=-7, payload=None, meta=None, tag=18, wrap=None, **header):
        head = {1: alg, 3: "application/rim+cbor"}
        if meta is not None:
            head[8] = cbor(meta)
        else:
            head[15] = {1: "ACME"}
        head.update({int(k[1:]): v for k, v in header.items()})
        head = {k: v for k, v in head.items() if v is not None}
        payload = corim(INSTANCE, key) if payload is None else payload
        protected = cbor(head)
        r, s = utils.decode_dss_signature(by.sign(cbor(["Signature1", protected, b"", payload]),
                                                  ec.ECDSA(hashes.SHA256())))
        sign1 = Tag(tag, [protected, {}, payload, r.to_bytes(32, "big") + s.to_bytes(32, "big")])
        write(name, cbor(Tag(wrap, sign1) if wrap else sign1))

    signed("corim-signed.cbor")
    signed("corim-signed-old.cbor", wrap=500)
    signed("corim-signed-meta.cbor", meta={0: {0: "ACME"}, 1: {0: Tag(1, at - 9), 1: Tag(1, at + 9)}})
    signed("corim-signed-late.cbor", meta={0: {0: "ACME"}, 1: {1: Tag(1, at - 1)}})
    signed("corim-signed-early.cbor", meta={0: {0: "ACME"}, 1: {0: Tag(1, at + 1), 1: Tag(1, at + 9)}})
    signed("corim-signed-endless.cbor", meta={0: {0: "ACME"}, 1: {0: Tag(1, at - 1)}})
    signed("corim-signed-thief.cbor", by=thief)
    signed("corim-signed-alg.cbor", alg=-35)
    signed("corim-signed-crit.cbor", _2=[99], _99=1)
    signed("corim-signed-payload-late.cbor", payload=corim(INSTANCE, key, {1: Tag(1, at - 1)}))
    signed("corim-signed-nobody.cbor", payload=corim(None, key))
    signed("corim-signed-junk.cbor", payload=b"junk")
    # draft-ietf-rats-corim, 4.2: at least one of corim-meta (8) and CWT-Claims (15), and the
    # content type; RFC 8392, 3.1.4: not on or after exp, not before nbf
    good_meta = {0: {0: "ACME"}, 1: {1: Tag(1, at + 9)}}
    for name, head in (("exp", {"_15": {1: "me", 4: at - 1}}), ("exp-now", {"_15": {1: "me", 4: at}}),
                       ("exp-float", {"_15": {1: "me", 4: at - 0.5}}),
                       ("exp-nan", {"_15": {1: "me", 4: float("nan")}}),
                       ("exp-text", {"_15": {1: "me", 4: "2030-01-01"}}),
                       ("exp-tag", {"_15": {1: "me", 4: Tag(1, at + 9)}}),
                       ("exp-1969", {"_15": {1: "me", 4: -1}}),
                       ("nbf", {"_15": {1: "me", 5: at + 1}}), ("nbf-nan", {"_15": {1: "me", 5: float("nan")}}),
                       ("no-iss", {"_15": {4: at + 9}}), ("cwt-list", {"_15": [1]}),
                       ("no-content", {"_3": None}), ("text", {"_3": "text/plain"}),
                       ("content-number", {"_3": 10571}), ("no-meta", {"_15": None}),
                       ("hash", {"_3": None, "_258": -16, "_259": "application/rim+cbor"}),
                       ("meta-late", {"meta": {0: {0: "ACME"}, 1: {1: Tag(1, at - 1)}},
                                      "_15": {1: "ACME", 4: at + 9}}),
                       ("cwt-late", {"meta": good_meta, "_15": {1: "ACME", 4: at - 1}}),
                       ("no-signer", {"meta": {1: {1: Tag(1, at + 9)}}})):
        signed("bad-header-%s.cbor" % name, **head)
    for name, head in (("cwt", {"_15": {1: "me", 4: at + 1, 5: at}}),
                       ("cwt-float", {"_15": {1: "me", 4: at + 0.5, 5: at - 0.5}}),
                       ("both", {"meta": good_meta, "_15": {1: "ACME", 4: at + 9}}),
                       ("draft-06", {"meta": good_meta, "_3": "application/corim-unsigned+cbor", "_4": b"kid"})):
        signed("good-header-%s.cbor" % name, **head)
    # draft-ydb-rats-cca-endorsements and its first versions; Veraison's services
    known = ["tag:arm.com,2025:cca_platform#1.0.0", "http://arm.com/cca/ssd/1",
             "tag:arm.com,2023:cca_platform#1.0.0"]
    for i, uri in enumerate(known):
        write("profile-good-%d.cbor" % i, corim(INSTANCE, key, profile=Tag(32, uri)))
    write("profile-good-3.cbor", corim(INSTANCE, key, profile=known[0]))
    write("profile-good-4.cbor", corim(INSTANCE, key, profile=[Tag(32, known[1])]))
    bad = [Tag(32, "http://unknown.example/profile"), "http://unknown.example/profile",
           Tag(32, "tag:arm.com,2025:cca_realm#1.0.0"), Tag(111, b"\x2b\x06\x01"), 7, [],
           [Tag(32, known[1]), Tag(32, "http://unknown.example/profile")], [[Tag(32, known[1])]],
           Tag(32, known[1] + "0"), Tag(33, known[1])]
    for i, p in enumerate(bad):
        write("profile-bad-%d.cbor" % i, corim(INSTANCE, key, profile=p))
    # the second key names no platform
    signed("corim-signed-half.cbor", payload=corim(INSTANCE, key, half=True))
    no_key = {0: "c", 1: [Tag(506, cbor({1: {0: "x"}, 4: {}}))], 4: {1: Tag(1, at - 1)}}
    write("corim-no-key.cbor", cbor(Tag(501, no_key)))
    write("corim-half.cbor", corim(INSTANCE, key, half=True))
    signed("corim-signed-profile.cbor", payload=corim(INSTANCE, key, profile=Tag(32, known[0])))
    signed("corim-signed-profile-bad.cbor", payload=corim(INSTANCE, key, profile=bad[0]))
    with open(sys.argv[1] + "/corim-signed.cbor", "rb") as f:
        good = bytearray(f.read())
    good[-1] ^= 1
    write("corim-signed-altered.cbor", bytes(good))
    write("corim-late.cbor", corim(INSTANCE, key, {1: Tag(1, at - 1)}))
    write("corim-now.cbor", corim(INSTANCE, key, {0: Tag(1, at - 9), 1: Tag(1, at + 9)}))
    write("maker.pem", pem(maker))
    write("maker.jwk", json.dumps(jwk(maker)))
    write("thief.pem", pem(thief))
    write("short.jwk", json.dumps(dict(jwk(cpak), x="AAAA")))


main(sys.argv[1])
