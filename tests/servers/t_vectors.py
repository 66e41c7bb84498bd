#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""t_vectors.py DIRECTORY: real evidence and real request fields, given to the
servers' parsers and verifiers with AMD's and Intel's roots. They must accept and
refuse what the directory's MANIFEST.tsv says. A line a test: ok, not ok, skip."""

import csv
import hashlib
import json
import os
import sys
from types import SimpleNamespace

import ccel
import cmw
import coco
import frame
import hcl
import snp
import strict
import tdx
import trust
import veraison
from coco_as import CocoAs
from maa import Maa
from strict import Bad
from veraison import Veraison

OPTIONS = SimpleNamespace(veraison_async=False, hash=None, api_key=None, access_token=None,
                          resource=[], gcp_nonce=None)
failed = []


def check(name, want, run):
    """@want: None when @run succeeds, or a part of the reason it refuses."""
    try:
        run()
        got = None
    except Bad as e:
        got = str(e)
    good = got is None if want is None else got is not None and want in got
    if not good:
        print(f"# wanted {want or 'acceptance'}, got {got or 'acceptance'}")
        failed.append(name)
    print(f"{'ok' if good else 'not ok'} {name}")


class Vectors:
    def __init__(self, path):
        self.path = path
        with open(path + "/MANIFEST.tsv", encoding="utf-8") as f:
            self.rows = list(csv.reader(f, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]
        self.store = trust.Trust([path + "/confidential-dot-ai__attestation-rs"], at="any")
        for row in self.of("cert-vcek", "cert-vlek"):
            self.store.add(path + "/" + row[0])

    def of(self, *kinds):
        return [r for r in self.rows if r[1] in kinds]

    def read(self, name):
        with open(f"{self.path}/{name}", "rb") as f:
            return f.read()

    def chain(self, raw):
        """The chain of whichever leaf signed this report."""
        why = "no certificate"
        for leaf, cert in self.store.others.items():
            if not trust.cn(cert).startswith(("SEV-VCEK", "SEV-VLEK")):
                continue
            try:
                chain = self.store.complete(leaf)
            except Bad:			# a certificate of somebody's own making
                continue
            try:
                snp.genuine(raw, chain, self.store)
                return chain
            except Bad as e:
                if why == "no certificate" or "signature is wrong" not in str(e):
                    why = str(e)
        raise Bad(why)


def reports(v):
    """Reports: genuine where the manifest says that a VCEK or VLEK verified them."""
    for row in v.rows:
        raw = v.read(row[0])
        yes, facts = row[9].startswith("yes"), row[8]
        if row[1].startswith("snp-report-v"):
            want = None if yes and "debug=0" in facts else "allows debugging" if yes else ""
            check(f"SNP report {row[0]}", want, lambda raw=raw: v.chain(raw))
        elif row[1].startswith("tdx-quote"):
            want = None if yes else ""
            if yes and "td_attributes=01" in facts:
                want = "can be debugged"
            check(f"TDX quote {row[0]}", want, lambda raw=raw: tdx.genuine(raw, v.store))
        elif row[1] == "tdreport":
            yes = row[9].startswith("self-consistent")
            check(f"TDREPORT {row[0]}", None if yes else "", lambda raw=raw: tdx.TdReport(raw))
        elif row[1].startswith("azure-hcl"):
            check(f"HCL report {row[0]}", None if yes else "", lambda raw=raw: bound(raw))
            if "chip_id zeroed" in row[9]:
                check(f"the altered report in {row[0]}", "signature is wrong",
                      lambda raw=raw: v.chain(hcl.Hcl(raw).report))


def bound(raw):
    h = hcl.Hcl(raw)
    data = h.report[0x50:0x90] if h.type == hcl.SNP else tdx.TdReport(h.report).report_data
    if data != h.bound:
        raise Bad("claims are not bound")
    h.ak()


def envelopes(v):
    """Evidence of Azure's vTPMs as Trustee takes it."""
    for row in v.of("evidence-envelope"):
        if "extraData=" not in row[8] or not row[0].endswith(".json"):
            continue
        o = json.loads(v.read(row[0]))
        o = o["evidence"] if "platform" in o else o
        tee = "az-snp-vtpm" if "snp" in row[0] else "az-tdx-vtpm"
        if tee == "az-snp-vtpm" and not o.get("hcl_report", "=").endswith("="):
            check(f"{row[0]} has its base64 as another verifier takes it", "without its padding",
                  lambda o=o, t=tee: coco.evidence(t, o, b"", None, v.store))
            o.update((k, o[k] + "=" * (-len(o[k]) % 4)) for k in ("hcl_report", "vcek"))
        nonce = bytes.fromhex(row[8].split("extraData=")[1].split("(")[0])
        run = lambda o=o, n=nonce, t=tee: coco.evidence(t, o, n, None, v.store)
        check(f"{tee} evidence {row[0]}", None if row[9].startswith("yes") else "", run)
        check("its nonce is compared", "nonce", lambda r=o, t=tee:
              coco.evidence(t, r, b"challengf", None, v.store))
        pcrs = (o.get("tpm_quote") or o["quote"])["pcrs"]
        pcrs[4] = pcrs[5]
        check("its PCRs are compared", "PCR", run)


def maa_fields(v):
    """The value of `report` that Azure's own sample sends."""
    base = "Azure-Samples__microsoft-azure-attestation/maa-"
    field = v.read(base + "sevsnpvm-report-field.b64url.txt").decode().strip()
    data = v.read(base + "runtime-data-field.b64url.txt").decode().strip()
    maa = Maa(v.store, OPTIONS)
    head = {"content-type": "application/json", "accept": "application/json"}

    def send(o):
        rq = frame.Request("POST", "/attest/SevSnpVm?api-version=2022-08-01", head,
                           json.dumps(o).encode())
        a = maa.handle(rq)
        if a.status != 200:
            raise Bad(json.loads(a.body)["error"]["message"])

    check("MAA: Azure's own report field", None, lambda: send({"report": field}))
    check("MAA: its runtime data, which the sample says are not bound", "not what the report's data",
          lambda: send({"report": field, "runtimeData": {"data": data, "dataType": "Binary"}}))
    flipped = field[:2000] + ("A" if field[2000] != "A" else "B") + field[2001:]
    check("MAA: the field with a character changed", "", lambda: send({"report": flipped}))
    inner = strict.json_text(strict.b64url(field, "report"))
    chain = strict.b64url(inner["VcekCertChain"], "VcekCertChain")
    check("MAA: VcekCertChain is the chain beside it", None, lambda: same(
        chain, v.read(base + "vcekcertchain.pem")))


def same(a, b):
    if a != b:
        raise Bad("differs")


def tsm_reports(v):
    """The tsm-report that Veraison's own tests use."""
    for row in v.of("veraison-tsm-report"):
        raw = v.read(row[0])
        report = veraison.tsm_json(raw)
        nonce = report["outblob"][0x50:0x90]
        check(f"tsm-report {row[0]}", None, lambda: veraison.evidence(report, nonce, v.store))
        check("its nonce is compared", "freshness",
              lambda: veraison.evidence(report, bytes(64), v.store))
        record = ["application/vnd.veraison.tsm-report+json", strict.to_b64url(raw), 4]
        check("as a CMW record", None, lambda: cmw.check(json.dumps(record).encode(), nonce, v.store))
        server = Veraison(v.store, OPTIONS)
        server.state["s"] = {"status": "waiting", "nonce": nonce, "expiry": "", "accept": []}
        rq = frame.Request("POST", veraison.BASE + "session/s",
                           {"content-type": veraison.TSM_JSON, "accept": veraison.SESSION}, raw)
        check("by the session's own way", None, lambda: affirmed(server.handle(rq)))
    for row in v.of("snp-cert-table"):
        raw = v.read(row[0])
        check(f"certificate table {row[0]}", None, lambda: snp.table_chain(raw, pem_only=True))


def affirmed(answer):
    token = json.loads(answer.body)["result"].split(".")[1]
    status = strict.json_text(strict.b64url(token, "result"))["submods"]["SEVSNP"]["ear.status"]
    if answer.status != 200 or status != "affirming":
        raise Bad(status)


def coco_requests(v):
    """A real request of another TEE: its shape is known, its TEE is not ours."""
    for row in v.of("coco-as-request"):
        if not row[0].endswith(".json"):
            continue
        rq = frame.Request("POST", "/attestation", {"content-type": "application/json"}, v.read(row[0]))
        a = CocoAs(v.store, OPTIONS).handle(rq)
        check(f"AS request {row[0]}: only its TEE is refused", None, lambda: same(
            a.body, b"An internal error occured: \n0: tee `sgx not supported`"))


def event_logs(v):
    """Event logs lead to the RTMRs of a quote, where a quote of that TD is there."""
    rtmrs = set()
    for row in v.rows:
        if row[1].startswith("tdx-quote"):
            q = v.read(row[0])
            at = 48 if q[0] == 4 else 54
            rtmrs.add(tuple(tdx.Body(q[at:at + 584]).rtmr[:2]))
    pairs = 0
    for row in v.of("ccel-eventlog"):
        raw = v.read(row[0]).rstrip(b"\xff")
        check(f"event log {row[0]}", None, lambda raw=raw: ccel.replay(raw))
        if tuple(ccel.replay(raw)[:2]) in rtmrs:
            pairs += 1
    print(f"# {pairs} logs lead to RTMR 0 and 1 of a quote here")


def tpm_quotes(v):
    """TPM quotes whose PCR values are there, by the key in the HCL report named."""
    for row in v.of("tpm-quote-msg"):
        stem = row[0].removesuffix(".msg.bin")
        if not os.path.exists(f"{v.path}/{stem}.pcrs.bin") or "HCL " not in row[9]:
            continue
        short = row[9].split("HCL ")[1].split(";")[0]
        report = next(v.read(r[0]) for r in v.rows if r[1].startswith("azure-hcl")
                      and hashlib.sha256(v.read(r[0])).hexdigest().startswith(short))
        raw, sig = v.read(row[0]), v.read(stem + ".sig.bin")
        values = v.read(stem + ".pcrs.bin")
        pcrs = {i: values[32 * i:32 * i + 32] for i in range(24)}
        check(f"TPM quote {row[0]}", None, lambda raw=raw, sig=sig, pcrs=pcrs, h=hcl.Hcl(report):
              hcl.Quote(raw).check(h.ak(), sig, pcrs))


def main():
    if len(sys.argv) != 2 or not os.path.isfile(sys.argv[1] + "/MANIFEST.tsv"):
        print("skip real evidence and the servers: VECTORS is not here")
        return 0
    v = Vectors(sys.argv[1])
    for part in (reports, envelopes, maa_fields, tsm_reports, coco_requests, event_logs, tpm_quotes):
        part(v)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
