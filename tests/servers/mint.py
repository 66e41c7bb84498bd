# SPDX-License-Identifier: GPL-2.0-only
"""Evidence of the simulated TEE on the host: reports and quotes by cvm-simtee,
HCL reports and TPM quotes by a paravisor and TPM of our own."""

import glob
import hashlib
import json
import os
import struct
import subprocess
import tempfile

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from strict import to_b64url

HERE = os.path.dirname(os.path.abspath(__file__))
SIMTEE = os.environ.get("SIMTEE", HERE + "/../sim/cvm-simtee")


def samples(report_data, roots=None):
    """{file name: bytes} of everything cvm-simtee makes for this report data."""
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run([SIMTEE, "--dump", tmp, "--report-data", report_data.hex()], check=True)
        if roots and not os.path.isdir(roots):
            os.rename(tmp + "/roots", roots)
        out = {}
        for name in glob.glob(tmp + "/*.*"):
            with open(name, "rb") as f:
                out[os.path.basename(name)] = f.read()
        return out


class Paravisor:
    """An Azure VM's HCL and vTPM: claims, HCL reports, AK, PCRs, quotes."""

    def __init__(self):
        self.ak = rsa.generate_private_key(65537, 2048)
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
