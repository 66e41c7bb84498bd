#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Evidence that cvm-simtee does not make: HCL reports and TPM quotes by a paravisor
and a TPM of our own, quotes of a TD that has an event log."""

import datetime
import hashlib
import json
import os
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

import ccel
import tdx
from simtee import samples
from strict import to_b64url


class Paravisor:
    """An Azure VM's HCL and vTPM: claims, HCL reports, AK, PCRs, quotes."""

    def __init__(self, keep=None):
        """@keep: file that the AK is read from, or made in."""
        self.ak = kept(keep, lambda: rsa.generate_private_key(65537, 2048))
        self.pcrs = [hashlib.sha256(b"PCR %d" % i).digest() if i < 16 else bytes(32) for i in range(24)]

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

    def pcr_item(self):
        """The blob's item of PCR values: those that were quoted, in order."""
        return b"".join(self.pcrs)

    def certificate(self):
        """The AK's, DER, by itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST SIMULATED AK")])
        b = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(7)
        b = b.public_key(self.ak.public_key()).not_valid_before(datetime.datetime(2024, 1, 1))
        cert = b.not_valid_after(datetime.datetime(2049, 12, 31)).sign(self.ak, hashes.SHA256())
        return cert.public_bytes(serialization.Encoding.DER)

    def quote(self, extra):
        """(TPMS_ATTEST, raw RSA signature)."""
        digest = hashlib.sha256(b"".join(self.pcrs)).digest()
        name = b"\0\x0b" + hashlib.sha256(b"AK").digest()
        att = b"\xffTCG\x80\x18" + struct.pack(">H", len(name)) + name
        att += struct.pack(">H", len(extra)) + extra + struct.pack(">QIIB", 12345, 1, 0, 1) + bytes(8)
        att += struct.pack(">IHB", 1, 0xb, 3) + b"\xff\xff\xff" + struct.pack(">H", 32) + digest
        return att, self.ak.sign(att, padding.PKCS1v15(), hashes.SHA256())


def event_log(events):
    """A CCEL of [(register index, type, data)], digests of the data."""
    head = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, 0xc, 48, 0)
    log = struct.pack("<II20xI", 1, 3, len(head)) + head
    for index, kind, data in events:
        log += struct.pack("<IIIH", index, kind, 1, 0xc) + hashlib.sha384(data).digest()
        log += struct.pack("<I", len(data)) + data
    return log


def ccel_table(size):
    t = struct.pack("<4sIBB6s8sI4sIBBHQQ", b"CCEL", 56, 1, 0, b"CVMTST", b"CVMTABLE", 1, b"TEST", 1,
                    2, 0, 0, size, 0x10000000)
    return t[:9] + bytes([-sum(t) & 0xff]) + t[10:]


def kept(path, make):
    """The private key in a file, or a new one that goes there; without a path, new."""
    if path and os.path.exists(path):
        with open(path, "rb") as f:
            return serialization.load_pem_private_key(f.read(), None)
    key = make()
    if path:
        with open(path, "wb") as f:
            f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                      serialization.NoEncryption()))
    return key


class Pck:
    """A test SGX root, CA, PCK and attestation key, for quotes with RTMRs that a log
    leads to, which cvm-simtee does not make."""

    def __init__(self, keep=None):
        """@keep: directory where the keys are, or will be."""
        self.keys = [kept(keep and f"{keep}/pck{i}.pem", lambda: ec.generate_private_key(ec.SECP256R1()))
                     for i in range(4)]
        self.certs = []
        names = ("Intel SGX Root CA", "Intel SGX PCK Platform CA", "Intel SGX PCK Certificate")
        subject = lambda cn: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn),
                                        x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "TEST LOG")])
        for i, cn in enumerate(names):
            b = x509.CertificateBuilder().subject_name(subject(cn)).serial_number(i + 1)
            b = b.issuer_name(subject(names[max(i - 1, 0)])).public_key(self.keys[i].public_key())
            b = b.not_valid_before(datetime.datetime(2024, 1, 1))
            b = b.not_valid_after(datetime.datetime(2049, 12, 31))
            b = b.add_extension(x509.BasicConstraints(i < 2, None), True)
            self.certs.append(b.sign(self.keys[max(i - 1, 0)], hashes.SHA256()))
        if keep and os.path.exists(keep + "/log-root.der"):	# signed anew, it would differ
            with open(keep + "/log-root.der", "rb") as f:
                self.certs[0] = x509.load_der_x509_certificate(f.read())

    def root(self):
        return self.certs[0].public_bytes(serialization.Encoding.DER)

    @staticmethod
    def _sign(key, message):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def quote(self, report_data, log):
        body = bytearray(584)
        body[123] = 0x10
        body[136:184] = hashlib.sha384(b"MRTD of a SIMULATED TD").digest()
        body[232:261] = b"SIMULATED TEE: proves nothing"
        body[328:520] = b"".join(ccel.replay(log))
        body[520:584] = report_data.ljust(64, b"\0")
        signed = struct.pack("<HHI4x16s20x", 4, 2, 0x81, tdx.VENDOR) + body
        n = self.keys[3].public_key().public_numbers()
        pub = n.x.to_bytes(32, "big") + n.y.to_bytes(32, "big")
        qe = bytearray(384)
        qe[128:160] = tdx.TEST_SIGNER
        qe[256] = 2
        qe[320:352] = hashlib.sha256(pub + bytes(32)).digest()
        chain = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in reversed(self.certs))
        inner = bytes(qe) + self._sign(self.keys[2], bytes(qe)) + struct.pack("<H32x", 32)
        inner += struct.pack("<HI", 5, len(chain)) + chain
        auth = self._sign(self.keys[3], signed) + pub + struct.pack("<HI", 6, len(inner)) + inner
        return signed + struct.pack("<I", len(auth)) + auth


LOG = event_log([(1, 4, bytes(4)), (2, 0xd, b"kernel"), (3, 6, b"tag")])


if __name__ == "__main__":	# mint.py DIR: the keys, and the root of the logs' quotes
    made = Pck(sys.argv[1]).root()
    with open(sys.argv[1] + "/log-root.der", "wb") as root:
        root.write(made)
