# SPDX-License-Identifier: GPL-2.0-only
"""Readers that accept one spelling of a thing and no other: JSON, base64, hex,
CBOR. What is not that spelling raises Bad, with the place where it was met."""

import base64
import json
import re


class Bad(Exception):
    """The request is not what the service's format says."""


def json_text(raw, where="body"):
    """Strict JSON: UTF-8, no member twice, no NaN, no lone surrogates."""

    def pairs(items):
        seen = {}
        for k, v in items:
            if k in seen:
                raise Bad(f"{where}: member {k!r} twice")
            seen[k] = v
        return seen

    def constant(name):
        raise Bad(f"{where}: {name} is not JSON")

    try:
        text = raw.decode("utf-8") if isinstance(raw, (bytes, bytearray)) else raw
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as e:
        raise Bad(f"{where}: not JSON: {e}") from None
    return value


def fields(o, where, need=(), may=()):
    """An object with all of @need, perhaps some of @may, and nothing else."""
    if not isinstance(o, dict):
        raise Bad(f"{where}: not an object")
    for k in need:
        if k not in o:
            raise Bad(f"{where}: missing field `{k}`")
    for k in o:
        if k not in need and k not in may:
            raise Bad(f"{where}: unknown field `{k}`")
    return o


def text(v, where, pattern=None):
    if not isinstance(v, str):
        raise Bad(f"{where}: not a string")
    if pattern and not re.fullmatch(pattern, v):
        raise Bad(f"{where}: {v[:80]!r} is not of the form {pattern}")
    return v


def integer(v, where, bits=64):
    if isinstance(v, bool) or not isinstance(v, int) or not 0 <= v < 1 << bits:
        raise Bad(f"{where}: not an unsigned integer of {bits} bits")
    return v


def boolean(v, where):
    if not isinstance(v, bool):
        raise Bad(f"{where}: not a boolean")
    return v


def array(v, where, least=0, most=None):
    if not isinstance(v, list):
        raise Bad(f"{where}: not an array")
    if len(v) < least or (most is not None and len(v) > most):
        raise Bad(f"{where}: an array of {len(v)} elements")
    return v


def int_array(v, where, length=None):
    """Bytes as an array of integers."""
    array(v, where)
    if set(map(type, v)) - {int} or v and not 0 <= min(v) <= max(v) < 256:
        for x in v:
            integer(x, where, 8)	# one of them says what is wrong
    if length is not None and len(v) != length:
        raise Bad(f"{where}: {len(v)} bytes, not {length}")
    return bytes(v)


def _b64(v, where, alphabet, encode, padded):
    text(v, where)
    body = v.rstrip("=")
    if not re.fullmatch(f"[{alphabet}]*", body):
        raise Bad(f"{where}: a character that is not of this base64 alphabet")
    pad = -len(body) % 4
    if pad == 3:
        raise Bad(f"{where}: no base64: cut off")
    if padded is None:
        padded = v != body
    if v != body + ("=" * pad if padded else ""):
        raise Bad(f"{where}: base64 {'without its' if padded else 'with'} padding")
    raw = base64.b64decode((body + "=" * pad).replace("-", "+").replace("_", "/"))
    if encode(raw).decode().rstrip("=") != body:
        raise Bad(f"{where}: base64 with bits behind its end")
    return raw


STD, URL = "A-Za-z0-9+/", "A-Za-z0-9_-"


def b64std(v, where):
    """Standard alphabet, padded."""
    return _b64(v, where, STD, base64.b64encode, True)


def b64url(v, where):
    """URL alphabet, no padding."""
    return _b64(v, where, URL, base64.urlsafe_b64encode, False)


def b64url_padded(v, where):
    return _b64(v, where, URL, base64.urlsafe_b64encode, True)


def b64url_either(v, where):
    return _b64(v, where, URL, base64.urlsafe_b64encode, None)


def to_b64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def to_b64std(raw):
    return base64.b64encode(raw).decode()


def hex_lower(v, where, length=None):
    text(v, where)
    if not re.fullmatch("([0-9a-f]{2})*", v):
        raise Bad(f"{where}: not lower-case hex")
    if length is not None and len(v) != 2 * length:
        raise Bad(f"{where}: {len(v) // 2} bytes, not {length}")
    return bytes.fromhex(v)


def jcs(v):
    """RFC 8785, of what our formats have: strings, integers, no fractions."""
    if isinstance(v, dict):
        keys = sorted(v, key=lambda k: k.encode("utf-16-be"))
        return b"{" + b",".join(jcs(k) + b":" + jcs(v[k]) for k in keys) + b"}"
    if isinstance(v, list):
        return b"[" + b",".join(jcs(x) for x in v) + b"]"
    if isinstance(v, float) or (isinstance(v, int) and abs(v) >= 1 << 53):
        raise Bad(f"JCS: {v} is not written here")
    # json escapes what JCS escapes, but for DEL, which it leaves alone too
    return json.dumps(v, ensure_ascii=False).encode("utf-8")


class Tag:
    """A tagged CBOR value."""

    def __init__(self, number, value):
        self.number, self.value = number, value


def cbor(raw, where="body"):
    """Strict CBOR: one item, shortest lengths, definite, no key twice."""
    value, at = _cbor(raw, 0, where, 0)
    if at != len(raw):
        raise Bad(f"{where}: {len(raw) - at} bytes behind the CBOR item")
    return value


def _cbor_head(raw, at, where):
    if at >= len(raw):
        raise Bad(f"{where}: CBOR cut off")
    major, info = raw[at] >> 5, raw[at] & 31
    at += 1
    if info < 24:
        return major, info, at
    if info > 27:
        raise Bad(f"{where}: CBOR of indefinite or reserved length")
    n = 1 << (info - 24)
    if at + n > len(raw):
        raise Bad(f"{where}: CBOR cut off")
    v = int.from_bytes(raw[at:at + n], "big")
    if v < (24 if n == 1 else 1 << (4 * n)) and major != 7:
        raise Bad(f"{where}: CBOR length not the shortest")
    return major, v, at + n


def _cbor(raw, at, where, depth):
    if depth > 16:
        raise Bad(f"{where}: CBOR too deep")
    start = at
    major, v, at = _cbor_head(raw, at, where)
    if major == 0:
        return v, at
    if major == 1:
        return -1 - v, at
    if major in (2, 3):
        if v > len(raw) - at:
            raise Bad(f"{where}: CBOR cut off")
        body = bytes(raw[at:at + v])
        if major == 2:
            return body, at + v
        try:
            return body.decode("utf-8"), at + v
        except ValueError:
            raise Bad(f"{where}: text that is not UTF-8") from None
    if major == 4:
        out = []
        for _ in range(v):
            x, at = _cbor(raw, at, where, depth + 1)
            out.append(x)
        return out, at
    if major == 5:
        out = {}
        for _ in range(v):
            k, at = _cbor(raw, at, where, depth + 1)
            if not isinstance(k, (int, str)):
                raise Bad(f"{where}: a key that is neither text nor integer")
            if k in out:
                raise Bad(f"{where}: key {k!r} twice")
            out[k], at = _cbor(raw, at, where, depth + 1)
        return out, at
    if major == 6:
        x, at = _cbor(raw, at, where, depth + 1)
        return Tag(v, x), at
    simple = {0xf4: False, 0xf5: True, 0xf6: None}
    if raw[start] not in simple:
        raise Bad(f"{where}: a CBOR simple value or number that has no place here")
    return simple[raw[start]], at
