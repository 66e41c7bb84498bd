# SPDX-License-Identifier: GPL-2.0-only
"""What cvm-simtee makes, without a VM, and the blob around it."""

import glob
import os
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SIMTEE = os.environ.get("SIMTEE", HERE + "/../sim/cvm-simtee")
REPORT_DATA, REPORT, CERTS, CCEL_TABLE, CCEL_DATA = 1, 2, 3, 7, 8
TPM_ATTEST, TPM_SIGNATURE, PCRS, AK_PUB, AK_CERT, DRIVER = 9, 10, 11, 12, 13, 14
DIRECT, HCL = 1, 2
TDREPORT_FLAG = 1


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


def blob(tee, provider, binding, items, flags=0):
    """An evidence blob of {item type: payload}, as the UAPI header has it."""
    body = b""
    for kind, payload in sorted(items.items()):
        body += struct.pack("<IIII", kind, 0, len(payload), 0) + payload + bytes(-len(payload) % 8)
    return struct.pack("<4sHHIIQIIII24x", b"CVME", 1, 0, 64, len(items), 64 + len(body), tee,
                       provider, flags, binding) + body
