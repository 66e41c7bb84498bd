# SPDX-License-Identifier: GPL-2.0-only
"""The Azure paravisor's HCL report, and quotes of its vTPM."""

import hashlib
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

import strict
from strict import Bad

HEADER, SLOT = 32, 1184
SNP, TDX = 2, 4
CLAIMS = 1236
HASHES = {1: "sha256", 2: "sha384", 3: "sha512"}


class Hcl:
    """Header, slot with the hardware's report, claims; every byte is looked at."""

    def __init__(self, raw, where="hcl_report"):
        if len(raw) < CLAIMS:
            raise Bad(f"{where}: {len(raw)} bytes are not an HCL report")
        magic, version, size, kind, status = struct.unpack_from("<4sIIII", raw)
        data_size, data_version, report_type, hash_type, n = struct.unpack_from("<IIIII", raw, 1216)
        if magic != b"HCLA" or version not in (1, 2) or kind != 2 or status or any(raw[20:32]):
            raise Bad(f"{where}: the header is not that of an attestation report")
        if size != CLAIMS + n or data_size != 20 + n or data_version != 1 or size > len(raw):
            raise Bad(f"{where}: sizes that contradict each other")
        if report_type not in (SNP, TDX) or hash_type not in HASHES or any(raw[size:]):
            raise Bad(f"{where}: report type {report_type}, hash {hash_type}, or bytes behind the end")
        self.type = report_type
        self.report = raw[HEADER:HEADER + (SLOT if report_type == SNP else 1024)]
        if report_type == TDX and any(raw[HEADER + 1024:HEADER + SLOT]):
            raise Bad(f"{where}: bytes behind the TDREPORT")
        self.claims_raw = raw[CLAIMS:size]
        digest = hashlib.new(HASHES[hash_type], self.claims_raw).digest()
        self.bound = digest + bytes(64 - len(digest))
        self.claims = strict.json_text(self.claims_raw, where + ": runtime claims")
        if not isinstance(self.claims, dict):
            raise Bad(f"{where}: runtime claims: not an object")

    def ak(self):
        return ak_of(self.claims)

    def user_data(self, where="runtime claims"):
        v = self.claims.get("user-data")
        if v is None:
            return bytes(64)
        try:
            raw = bytes.fromhex(strict.text(v, where, "[0-9A-Fa-f]*"))
        except ValueError:
            raise Bad(f"{where}: user-data is not hex") from None
        return raw + bytes(64 - len(raw))


def ak_of(claims, where="runtime claims"):
    """The attestation key that the claims name."""
    strict.fields(claims, where, (), claims)
    for key in strict.array(claims.get("keys"), where + ": keys"):
        if not isinstance(key, dict) or key.get("kid") != "HCLAkPub" or key.get("kty") != "RSA":
            continue
        n, e = (int.from_bytes(strict.b64url(key.get(x), where), "big") for x in ("n", "e"))
        try:
            return rsa.RSAPublicNumbers(e, n).public_key()
        except ValueError as err:
            raise Bad(f"{where}: HCLAkPub: {err}") from None
    raise Bad(f"{where}: no HCLAkPub")


class Quote:
    """TPMS_ATTEST of a quote."""

    def __init__(self, raw, where="quote"):
        self.raw, self.where, at = raw, where, 6
        if raw[:6] != b"\xffTCG\x80\x18":
            raise Bad(f"{where}: not the TPMS_ATTEST of a quote")
        try:
            self.signer, at = self._sized(at)
            self.extra, at = self._sized(at)
            at += 17 + 8			# clock, firmware version
            (count,) = struct.unpack_from(">I", raw, at)
            at += 4
            self.selection = []
            for _ in range(min(count, 16)):
                alg, size = struct.unpack_from(">HB", raw, at)
                bits = int.from_bytes(raw[at + 3:at + 3 + size], "little")
                self.selection.append((alg, [i for i in range(8 * size) if bits >> i & 1]))
                at += 3 + size
            self.digest, at = self._sized(at)
        except struct.error:
            raise Bad(f"{where}: cut off") from None
        if at != len(raw):
            raise Bad(f"{where}: {len(raw) - at} bytes behind it")

    def _sized(self, at):
        (n,) = struct.unpack_from(">H", self.raw, at)
        if at + 2 + n > len(self.raw):
            raise Bad(f"{self.where}: cut off")
        return self.raw[at + 2:at + 2 + n], at + 2 + n

    def check(self, key, sig, pcrs, alg=0xb):
        """Signed by @key, over these PCRs ({index: value}) of one SHA-256 bank."""
        try:
            key.verify(sig, self.raw, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Bad(f"{self.where}: not signed by the attestation key") from None
        if self.selection != [(alg, sorted(pcrs))]:
            raise Bad(f"{self.where}: speaks of other PCRs than these")
        values = b"".join(pcrs[i] for i in sorted(pcrs))
        if hashlib.sha256(values).digest() != self.digest:
            raise Bad(f"{self.where}: the PCR values are not those that were quoted")


def raw_signature(tpmt, where="signature"):
    """The RSA signature of a marshalled TPMT_SIGNATURE: RSASSA, SHA-256."""
    if len(tpmt) < 6:
        raise Bad(f"{where}: cut off")
    scheme, alg, n = struct.unpack_from(">HHH", tpmt)
    if scheme != 0x14 or alg != 0xb or len(tpmt) != 6 + n:
        raise Bad(f"{where}: not an RSASSA signature with SHA-256")
    return tpmt[6:]
