#!/usr/bin/python3 -SE
# SPDX-License-Identifier: GPL-2.0-only
"""FAKE_CMD of tests/unit/fakedev.c: a fresh blob for FAKE_DATA into FAKE_BLOB.

SIM_KIND    snp, tdx, tdx-log (with an event log), tdreport, az-snp, az-tdx
SIM_SAMPLE  which of cvm-simtee's (snp-v3-milan, quote-v4)
SIM_STATE   directory where the vTPM of az-* keeps its key
"""

import os
import site
import sys

import simtee

SNP, TDX, TSM, TDX_GUEST, VTPM = 1, 2, 1, 3, 4


def azure(tee, data):
    site.main()			# -S left it out: most runs need nothing of it
    import vtpm

    vm = vtpm.Paravisor(os.environ["SIM_STATE"] + "/ak.pem")
    report, made = vm.report(tee, data)
    items = {simtee.REPORT_DATA: data, simtee.REPORT: report, simtee.DRIVER: b"vtpm"}
    if int(os.environ["FAKE_FLAGS"]) & 2:
        mask = int(os.environ["FAKE_PCR_MASK"]) or 0xffffff
        message, sig = vm.quote(bytes.fromhex(os.environ["FAKE_QUOTE_DATA"]), mask)
        items[simtee.TPM_ATTEST] = message
        items[simtee.TPM_SIGNATURE] = b"\0\x14\0\x0b\x01\0" + sig
        items[simtee.AK_PUB] = vm.public(vm.ak)
        items[simtee.AK_CERT] = vm.certificate().ljust(4096, b"\0")
        items[simtee.PCRS] = vm.pcr_item(mask)
    if tee == "snp":
        items[simtee.CERTS] = made["snp-v3-milan.certs"]
    return simtee.blob(SNP if tee == "snp" else TDX, VTPM, simtee.HCL, items)


def logged(data):
    site.main()
    import mint

    items = {simtee.REPORT_DATA: data, simtee.DRIVER: b"tdx_guest",
             simtee.REPORT: mint.Pck(os.environ["SIM_STATE"]).quote(data, mint.LOG)}
    if int(os.environ["FAKE_FLAGS"]) & 1:
        items.update({simtee.CCEL_TABLE: mint.ccel_table(len(mint.LOG)), simtee.CCEL_DATA: mint.LOG})
    return simtee.blob(TDX, TSM, simtee.DIRECT, items)


def plain(kind, data):
    made = simtee.samples(data)
    items = {simtee.REPORT_DATA: data}
    if kind == "snp":
        name = os.environ.get("SIM_SAMPLE", "snp-v3-milan")
        items.update({simtee.REPORT: made[name + ".bin"], simtee.CERTS: made[name + ".certs"],
                      simtee.DRIVER: b"sev_guest"})
        return simtee.blob(SNP, TSM, simtee.DIRECT, items)
    if kind == "tdx":
        items.update({simtee.REPORT: made[os.environ.get("SIM_SAMPLE", "quote-v4") + ".bin"],
                      simtee.DRIVER: b"tdx_guest"})
        return simtee.blob(TDX, TSM, simtee.DIRECT, items)
    items.update({simtee.REPORT: made["tdreport-10.bin"], simtee.DRIVER: b"tdx_guest"})
    return simtee.blob(TDX, TDX_GUEST, simtee.DIRECT, items, simtee.TDREPORT_FLAG)


def main():
    kind, data = os.environ["SIM_KIND"], bytes.fromhex(os.environ["FAKE_DATA"])
    out = azure(kind[3:], data) if kind.startswith("az-") else \
        logged(data) if kind == "tdx-log" else plain(kind, data)
    with open(os.environ["FAKE_BLOB"], "wb") as f:
        f.write(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
