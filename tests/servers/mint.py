#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Evidence that cvm-simtee does not make: quotes of a TD that has an event log.

mint.py DIR: the keys of this simulation in DIR, the roots of what they sign, and
what AzureGuest wants from its guest besides: a key, certified, a firmware's log."""

import datetime
import hashlib
import os
import struct
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

import ccel
import tdx


def event_log(events, bank=0xc):
    """A log of [(register index, type, data)], digests of the data in one bank."""
    algorithm = {0xb: hashlib.sha256, 0xc: hashlib.sha384}[bank]
    head = b"Spec ID Event03\0" + struct.pack("<IBBBBIHHB", 0, 0, 2, 0, 2, 1, bank,
                                              algorithm().digest_size, 0)
    log = struct.pack("<II20xI", 1 if bank == 0xc else 0, 3, len(head)) + head
    for index, kind, data in events:
        log += struct.pack("<IIIH", index, kind, 1, bank) + algorithm(data).digest()
        log += struct.pack("<I", len(data)) + data
    return log


LOG = event_log([(1, 4, bytes(4)), (2, 0xd, b"kernel"), (3, 6, b"tag")])


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
        qe[128:160] = tdx.INTEL_SIGNER
        qe[256] = 2
        qe[320:352] = hashlib.sha256(pub + bytes(32)).digest()
        chain = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in reversed(self.certs))
        inner = bytes(qe) + self._sign(self.keys[2], bytes(qe)) + struct.pack("<H32x", 32)
        inner += struct.pack("<HI", 5, len(chain)) + chain
        auth = self._sign(self.keys[3], signed) + pub + struct.pack("<HI", 6, len(inner)) + inner
        return signed + struct.pack("<I", len(auth)) + auth


def write(path, raw):
    with open(path, "wb") as f:
        f.write(raw)


def main(where):
    import vtpm			# which needs this module

    write(where + "/log-root.der", Pck(where).root())
    vm = vtpm.Paravisor(where + "/ak.pem")
    write(where + "/vtpm-root.der", vm.root())
    key = kept(where + "/enc.pem", lambda: rsa.generate_private_key(65537, 2048))
    info, sig = vm.certify(key)
    for name, raw in (("pub", vm.public(key)), ("info", info), ("sig", sig)):
        write(f"{where}/enc.{name}", raw)
    write(where + "/tcg.log", vtpm.TCG_LOG)


if __name__ == "__main__":
    main(sys.argv[1])
