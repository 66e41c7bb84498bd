#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""read_cmw.py FILE NONCE-FILE ROOTS...: a verifier that takes a CMW: reads it strictly,
checks the evidence in it and that it is bound to the nonce, tries it with a bit of
every 23rd byte changed, and prints the claims."""

import json
import sys

import cmw
import trust
from strict import Bad


def main():
    with open(sys.argv[1], "rb") as f:
        raw = f.read()
    with open(sys.argv[2], "rb") as f:
        want = f.read().ljust(64, b"\0")
    store = trust.Trust(sys.argv[3:])
    try:
        print(json.dumps(cmw.check(raw, want, store)))
    except Bad as e:
        print(f"refused: {e}", file=sys.stderr)
        return 1
    for at in range(0, len(raw), 23):
        changed = bytearray(raw)
        changed[at] ^= 1 << at % 8
        try:
            cmw.check(bytes(changed), want, store)
        except Bad:
            continue
        if cmw.same_records(raw, bytes(changed)):	# a label: the application's, not evidence
            continue
        print(f"accepted with bit {at % 8} of byte {at} changed", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
