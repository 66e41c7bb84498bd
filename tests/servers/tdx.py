# SPDX-License-Identifier: GPL-2.0-only
"""TDX quotes and TDREPORTs, as a verifier."""

import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import trust
from strict import Bad

VENDOR = bytes.fromhex("939a7233f79c4ca9940a0db3957f0607")
INTEL_SIGNER = bytes.fromhex("dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5")


class Body:
    """TD report body: 584 bytes, or 648 in a TD 1.5 quote."""

    def __init__(self, raw):
        self.raw = raw
        self.mrseam, self.attributes, self.xfam = raw[16:64], raw[120:128], raw[128:136]
        self.mrtd, self.mrconfigid = raw[136:184], raw[184:232]
        self.mrowner = raw[232:280]
        self.rtmr = [raw[328 + 48 * i:376 + 48 * i] for i in range(4)]
        self.report_data = raw[520:584]


def _ecdsa(point, rs, message, where, what):
    try:
        key = ec.EllipticCurvePublicNumbers(
            int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big"),
            ec.SECP256R1()).public_key() if isinstance(point, bytes) else point
        sig = encode_dss_signature(int.from_bytes(rs[:32], "big"), int.from_bytes(rs[32:], "big"))
        key.verify(sig, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        raise Bad(f"{where}: the signature of {what} is wrong") from None


def _split(q, where):
    """Version, body type, end of what is signed."""
    if len(q) < 48 + 584 + 4:
        raise Bad(f"{where}: {len(q)} bytes are not a quote")
    version, key_type, tee = struct.unpack_from("<HHI", q)
    if version not in (4, 5) or key_type != 2 or tee != 0x81 or q[12:28] != VENDOR:
        raise Bad(f"{where}: not a TDX quote of version 4 or 5 by Intel's QE, ECDSA P-256")
    if version == 4:
        return 48, 48 + 584
    kind, size = struct.unpack_from("<HI", q, 48)
    if (kind, size) not in ((2, 584), (3, 648)):
        raise Bad(f"{where}: body type {kind} of {size} bytes")
    return 54, 54 + size


def _auth(q, end, where):
    """Signature, key, QE report, its signature, QE auth data, PEM chain."""
    try:
        (auth_len,) = struct.unpack_from("<I", q, end)
        at, stop = end + 4, end + 4 + auth_len
        if stop > len(q) or any(q[stop:]):
            raise Bad(f"{where}: signature data cut off, or bytes behind them")
        sig, pub = q[at:at + 64], q[at + 64:at + 128]
        kind, size = struct.unpack_from("<HI", q, at + 128)
        at += 134
        if kind != 6 or at + size != stop:
            raise Bad(f"{where}: certification data of type {kind}, {size} bytes")
        qe, qe_sig = q[at:at + 384], q[at + 384:at + 448]
        (n,) = struct.unpack_from("<H", q, at + 448)
        data = q[at + 450:at + 450 + n]
        at += 450 + n
        kind, size = struct.unpack_from("<HI", q, at)
        if kind != 5 or at + 6 + size != stop:
            raise Bad(f"{where}: PCK certification data of type {kind}, {size} bytes")
        return sig, pub, qe, qe_sig, data, q[at + 6:stop]
    except struct.error:
        raise Bad(f"{where}: cut off") from None


def _check_qe(qe, where):
    if qe[128:160] != INTEL_SIGNER or qe[48] & 2:
        raise Bad(f"{where}: the quoting enclave is not Intel's, or can be debugged")
    if struct.unpack_from("<H", qe, 256)[0] != 2:
        raise Bad(f"{where}: the enclave is not the TD quoting enclave")


def genuine(q, store, where="quote"):
    """A quote that Intel's chain, or the given root's, vouches for."""
    start, end = _split(q, where)
    sig, pub, qe, qe_sig, data, pem = _auth(q, end, where)
    ders = trust.pem_certs(pem[:-1] if pem.endswith(b"\0") else pem, where)
    if len(ders) != 3:
        raise Bad(f"{where}: a PCK chain of {len(ders)} certificates")
    leaf = store.chain(ders, store.intel, where)
    if trust.cn(leaf) != "Intel SGX PCK Certificate":
        raise Bad(f"{where}: signed by a certificate that is not a PCK's")
    _ecdsa(leaf.public_key(), qe_sig, qe, where, "the quoting enclave's report")
    if qe[320:352] != hashlib.sha256(pub + data).digest() or any(qe[352:384]):
        raise Bad(f"{where}: the quoting enclave does not vouch for this key")
    _ecdsa(pub, sig, q[:end], where, "the quote")
    _check_qe(qe, where)
    body = Body(q[start:end])
    if body.attributes[0] & 1:
        raise Bad(f"{where}: the TD can be debugged")
    body.qe_cpusvn = qe[:16]
    return body


class TdReport:
    def __init__(self, raw, where="TDREPORT"):
        if len(raw) != 1024 or raw[0] != 0x81 or raw[1] or raw[2] > 1 or raw[3]:
            raise Bad(f"{where}: not a TDREPORT")
        if raw[32:80] != hashlib.sha384(raw[256:495]).digest() or \
                raw[80:128] != hashlib.sha384(raw[512:1024]).digest():
            raise Bad(f"{where}: its hashes do not hold")
        if any(raw[4:16]) or any(raw[192:224]) or any(raw[495:512]):
            raise Bad(f"{where}: reserved bytes are not zero")
        self.raw = raw
        self.report_data = raw[128:192]

    def same_td(self, body):
        """The TD the quote speaks of: TDINFO and module as far as a quote has them."""
        r, b = self.raw, body.raw
        pairs = ((512, 120, 8), (520, 128, 8), (528, 136, 48), (576, 184, 48), (624, 232, 48),
                 (672, 280, 48), (720, 328, 192), (128, 520, 64), (264, 0, 16), (280, 16, 48))
        return all(r[x:x + n] == b[y:y + n] for x, y, n in pairs) and r[16:32] == body.qe_cpusvn


def claims(b):
    return {
        "mrtd": b.mrtd.hex(), "mrseam": b.mrseam.hex(), "attributes": b.attributes.hex(),
        "xfam": b.xfam.hex(), "report_data": b.report_data.hex(),
        "rtmrs": [x.hex() for x in b.rtmr], "mrconfigid": b.mrconfigid.hex(),
        "simulated": b.mrowner.startswith(b"SIMULATED TEE"),
    }
