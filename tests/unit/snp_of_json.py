#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""snp_of_json.py FILE...: FILE.bin of each, the 1184 bytes of an SNP report out of the
JSON that CoCo's attesters send."""

import json
import struct
import sys


def tcb(t):
    if t["fmc"] is None:
        return bytes((t["bootloader"], t["tee"], 0, 0, 0, 0, t["snp"], t["microcode"]))
    return bytes((t["fmc"], t["bootloader"], t["tee"], t["snp"], 0, 0, 0, t["microcode"]))


def version(v):
    return bytes((v["build"], v["minor"], v["major"], 0))


def report(r):
    b = struct.pack("<IIQ", r["version"], r["guest_svn"], r["policy"])
    b += bytes(r["family_id"]) + bytes(r["image_id"])
    b += struct.pack("<II", r["vmpl"], r["sig_algo"]) + tcb(r["current_tcb"])
    b += struct.pack("<QII", r["plat_info"], r["key_info"], 0)
    for key in ("report_data", "measurement", "host_data", "id_key_digest", "author_key_digest",
                "report_id", "report_id_ma"):
        b += bytes(r[key])
    b += tcb(r["reported_tcb"])
    b += bytes(r[key] or 0 for key in ("cpuid_fam_id", "cpuid_mod_id", "cpuid_step")) + bytes(21)
    b += bytes(r["chip_id"]) + tcb(r["committed_tcb"])
    b += version(r["current"]) + version(r["committed"])
    b += tcb(r["launch_tcb"])
    b += struct.pack("<QQ", r.get("launch_mit_vector") or 0, r.get("current_mit_vector") or 0)
    b = b.ljust(0x2a0, b"\0") + bytes(r["signature"]["r"]) + bytes(r["signature"]["s"])
    return b.ljust(1184, b"\0")


for name in sys.argv[1:]:
    with open(name, "rb") as f, open(name + ".bin", "wb") as out:
        out.write(report(json.load(f)["attestation_report"]))
