# SPDX-License-Identifier: GPL-2.0-only
"""An Azure VM without Azure: a paravisor's HCL reports around cvm-simtee's, and a
vTPM whose AK quotes and certifies."""

import datetime
import hashlib
import json
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

import ccel
from mint import event_log, kept
from simtee import samples
from strict import to_b64url

TCG_LOG = event_log([(0, 8, b"firmware"), *((i, 4, bytes(4)) for i in range(8)), (4, 0xd, b"shim"),
                     (11, 0xd, b"kernel")], 0xb)
CA = "TEST SIMULATED vTPM CA"


class Paravisor:
    """Claims, HCL reports, AK, PCRs, quotes."""

    def __init__(self, keep=None):
        """@keep: file that the AK is read from, or made in; its CA goes beside it."""
        self.ak = kept(keep, lambda: rsa.generate_private_key(65537, 2048))
        self.ca = kept(keep and keep + ".ca", lambda: rsa.generate_private_key(65537, 2048))
        self.pcrs = list(ccel.pcrs(TCG_LOG).values())

    def claims(self, user_data):
        n = to_b64url(self.ak.public_key().public_numbers().n.to_bytes(256, "big"))
        o = {"keys": [{"kid": "HCLAkPub", "key_ops": ["sign"], "kty": "RSA", "e": "AQAB", "n": n}],
             "vm-configuration": {"console-enabled": True, "secure-boot": False, "tpm-enabled": True,
                                  "vmUniqueId": "00000000-SIMULATED"},
             "user-data": user_data.ljust(64, b"\0").hex().upper()}
        return json.dumps(o, separators=(",", ":")).encode()

    def report(self, tee, user_data, name=None):
        """(HCL report, what cvm-simtee made over the same claims)."""
        claims = self.claims(user_data)
        made = samples(hashlib.sha256(claims).digest())
        slot = made[name or ("snp-v3-milan.bin" if tee == "snp" else "tdreport-10.bin")]
        n = len(claims)
        raw = struct.pack("<4sIIII12x", b"HCLA", 1, 1236 + n, 2, 0) + slot.ljust(1184, b"\0")
        raw += struct.pack("<IIIII", 20 + n, 1, 2 if tee == "snp" else 4, 1, n) + claims
        return raw.ljust(2600, b"\0"), made

    def pcr_item(self, mask=0xffffff):
        """The blob's item of PCR values: those that were quoted, in order."""
        return b"".join(p for i, p in enumerate(self.pcrs) if mask >> i & 1)

    def certificate(self):
        """The AK's, DER, issued by a CA of ours."""
        return self._issue("TEST SIMULATED AK", self.ak, False)

    def root(self):
        return self._issue(CA, self.ca, True)

    def _issue(self, cn, key, is_ca):
        name = lambda n: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, n)])
        b = x509.CertificateBuilder().subject_name(name(cn)).serial_number(7 + is_ca)
        b = b.issuer_name(name(CA)).public_key(key.public_key())
        b = b.not_valid_before(datetime.datetime(2024, 1, 1))
        b = b.not_valid_after(datetime.datetime(2049, 12, 31))
        b = b.add_extension(x509.BasicConstraints(is_ca, None), True)
        return b.sign(self.ca, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def quote(self, extra, mask=0xffffff):
        """(TPMS_ATTEST, raw RSA signature)."""
        digest = hashlib.sha256(self.pcr_item(mask)).digest()
        body = struct.pack(">IHB", 1, 0xb, 3) + mask.to_bytes(3, "little")
        return self._attest(0x8018, extra, body + struct.pack(">H", 32) + digest)

    def _attest(self, kind, extra, body):
        name = self.name(self.ak)
        att = struct.pack(">4sHH", b"\xffTCG", kind, len(name)) + name
        att += struct.pack(">H", len(extra)) + extra + struct.pack(">QIIB", 12345, 1, 0, 1) + bytes(8)
        return att + body, self.ak.sign(att + body, padding.PKCS1v15(), hashes.SHA256())

    def certify(self, key):
        """TPM2_Certify of a key of this TPM, by the AK."""
        name = self.name(key)
        return self._attest(0x8017, b"", (struct.pack(">H", len(name)) + name) * 2)

    @staticmethod
    def public(key):
        """TPM2B_PUBLIC of an RSA key without a scheme."""
        n = key.public_key().public_numbers().n.to_bytes(256, "big")
        area = struct.pack(">HHIHHHHIH", 1, 0xb, 0x60072, 0, 0x10, 0x10, 2048, 0, 256) + n
        return struct.pack(">H", len(area)) + area

    def name(self, key):
        return b"\0\x0b" + hashlib.sha256(self.public(key)[2:]).digest()
