# SPDX-License-Identifier: GPL-2.0-only
"""What completes evidence: AMD's key distribution service, Azure's instance
metadata. They answer as the real ones, out of the simulated TEE's certificates."""

import re

from cryptography.hazmat.primitives import serialization

import simtee
import snp
import strict
import tdx
import trust
from frame import Refused, Response, Service
from strict import Bad

SPL = {"blSPL": "3.1", "teeSPL": "3.2", "snpSPL": "3.3", "ucodeSPL": "3.8", "fmcSPL": "3.9"}


class Kds(Service):
    name = "kds"
    routes = (("GET", "/vcek/v1/(Milan|Genoa|Turin)/cert_chain", "chain"),
              ("GET", "/vcek/v1/(Milan|Genoa|Turin)/([0-9a-f]+)", "vcek"))

    def error(self, status, kind, detail):
        return Response(status, detail.encode() + b"\n", "text/plain")

    def bad(self, detail):
        return Refused(404, "", detail)

    def _pem(self, der):
        cert = trust.load(der, "certificate")
        return cert.public_bytes(serialization.Encoding.PEM)

    def chain(self, rq, product):
        for der, cert in self.trust.others.items():
            if trust.cn(cert) == f"SEV-{product}":
                return Response(200, self._pem(der) + self._pem(self.trust.ark_of(cert)),
                                "application/x-pem-file")
        raise Refused(404, "", "no such product")

    def vcek(self, rq, product, hwid):
        """Decimal, two digits at least; Turin's chip id has 8 bytes, and FMC comes first."""
        want = ["blSPL", "teeSPL", "snpSPL", "ucodeSPL"]
        if product == "Turin":
            want.insert(0, "fmcSPL")
        if list(rq.query) != want or len(hwid) != (16 if product == "Turin" else 128):
            raise Refused(400, "", f"Invalid query {list(rq.query)} or hwID")
        for v in rq.query.values():
            if not re.fullmatch("[0-9]{2,3}", v):
                raise Refused(400, "", f"Invalid value {v!r}")
        for der, cert in self.trust.others.items():
            if trust.cn(cert) != "SEV-VCEK" or snp.product_of(cert) != product:
                continue
            if snp.hwid_of(cert).hex() == hwid and all(
                    snp.number(cert, SPL[k]) == int(v) for k, v in rq.query.items()):
                return Response(200, der, "application/x-x509-ca-cert")
        raise Refused(404, "", "no certificate of this chip and TCB")


class Imds(Service):
    name = "imds"
    routes = (("GET", "/metadata/THIM/amd/certification", "certificates"),
              ("POST", "/acc/tdquote", "quote"))

    def error(self, status, kind, detail):
        return Response(status, {"error": detail})

    def bad(self, detail):
        return Refused(400, "", detail)

    def _host(self, rq):
        if rq.header("metadata") != "true":
            raise Refused(400, "", "Bad request. Required metadata header not specified")

    def certificates(self, rq):
        """Of the chip this VM is on: the simulated Milan."""
        self._host(rq)
        for der, cert in self.trust.others.items():
            if trust.cn(cert) == "SEV-VCEK" and snp.product_of(cert) == "Milan":
                leaf, ask, ark = self.trust.complete(der)
                pem = [trust.load(d, "certificate").public_bytes(serialization.Encoding.PEM).decode()
                       for d in (leaf, ask, ark)]
                return Response(200, {"vcekCert": pem[0], "tcbm": snp.tcb_of(cert)[::-1].hex().upper(),
                                      "cacheControl": "86400", "certificateChain": pem[1] + pem[2]})
        raise Refused(500, "", "no certificate")

    def quote(self, rq):
        """A TDREPORT, 1024 bytes and no more, to the quote of the same TD."""
        self._host(rq)
        rq.want_type("application/json")
        o = strict.fields(strict.json_text(rq.body), "body", ("report",))
        report = tdx.TdReport(strict.b64url_either(o["report"], "report"))
        made = simtee.samples(report.report_data)
        for name in ("quote-v4.bin", "quote-v5-15.bin"):
            body = tdx.genuine(made[name], self.trust)
            if report.same_td(body):
                # the real one gives a buffer of 5006 bytes, whatever is in it
                return Response(200, {"quote": strict.to_b64url(made[name].ljust(5006, b"\0"))})
        raise Bad("a TDREPORT of another machine")
