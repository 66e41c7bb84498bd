#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""serve.py --roots DIR [--roots DIR]... [OPTION]...: services on loopback.

  --roots PATH      certificates that are trusted roots (ARK-*, Intel SGX Root CA)
  --ready FILE      gets "HTTP-PORT HTTPS-PORT" when the server is there
  --tls CERT KEY    serve https too
  --log FILE        a line of JSON a request
  --save DIR        the body of each request, by number
  --api-key FILE    the key that ITA wants
  --access-token FILE   the token that Google's service wants
  --resource NAME=FILE  a resource KBS hands out
  --hash NAME       the hash KBS selects (sha384)
  --gcp-nonce HEX   the bytes of every challenge of Google's (else random)
  --veraison-async  results come on a later GET
  --flip N          changes a bit of every Nth byte of what was accepted, tries
                    that too, and logs how many tries and which were accepted
"""

import argparse
import os
import signal
import sys
import threading

import frame
import trust
from coco_as import CocoAs
from gcp import Gcp
from hosts import Imds, Kds
from ita import Ita
from kbs import Kbs
from maa import Maa
from veraison import Veraison


def services(store, options):
    """One of each; a further service is one line here."""
    return [cls(store, options) for cls in (Maa, Ita, Kbs, CocoAs, Veraison, Gcp, Kds, Imds)]


def parser():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--roots", action="append", required=True)
    p.add_argument("--ready")
    p.add_argument("--tls", nargs=2)
    p.add_argument("--log")
    p.add_argument("--save")
    p.add_argument("--api-key")
    p.add_argument("--access-token")
    p.add_argument("--resource", action="append", default=[])
    p.add_argument("--hash")
    p.add_argument("--gcp-nonce", type=bytes.fromhex)
    p.add_argument("--veraison-async", action="store_true")
    p.add_argument("--flip", type=int, default=0)
    return p


def main():
    o = parser().parse_args()
    log = open(o.log, "a", encoding="utf-8") if o.log else None
    all_of_them = services(trust.Trust(o.roots), o)
    servers = [frame.Server(all_of_them, log=log, save=o.save, flip=o.flip)]
    if o.tls:
        servers.append(frame.Server(all_of_them, tls=o.tls, log=log))
    for s in servers:
        threading.Thread(target=s.serve_forever, args=(0.05,), daemon=True).start()
    if o.ready:
        with open(o.ready + ".new", "w", encoding="utf-8") as f:
            print(*(s.server_address[1] for s in servers), file=f)
        os.rename(o.ready + ".new", o.ready)
    signal.sigwait((signal.SIGTERM, signal.SIGINT))
    return 0


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    sys.exit(main())
