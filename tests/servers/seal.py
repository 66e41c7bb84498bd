#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""seal.py BODY TOKEN [MEMBER=JSON]...: the answer to a body of AzureGuest, with that
token sealed to the key in it; some members of what is sealed are put in the place
of, or left out (MEMBER=). EncryptionParams.Iv is the member of a member."""

import base64
import json
import sys

import maa_guest
import strict

with open(sys.argv[1], "rb") as f:
    info = strict.json_text(strict.b64url(strict.json_text(f.read())["AttestationInfo"], "AttestationInfo"))
key, _ = maa_guest.public(strict.b64std(info["TpmInfo"]["EncKeyPub"], "EncKeyPub"), "EncKeyPub")
sealed = json.loads(strict.b64url(maa_guest.seal(sys.argv[2], key), "sealed"))
for change in sys.argv[3:]:
    name, _, value = change.partition("=")
    *where, name = name.split(".")
    o = sealed
    for w in where:
        o = o[w]
    if value == "flip":			# one bit of the bytes that it is the base64 of
        raw = bytearray(base64.b64decode(o[name]))
        raw[len(raw) // 2] ^= 4
        o[name] = base64.b64encode(raw).decode()
    elif value:
        o[name] = json.loads(value)
    else:
        del o[name]
print(json.dumps({"token": strict.to_b64url(json.dumps(sealed).encode())}))
