#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""unseal.py TOKEN-FILE KEY.pem: the token of AzureGuest opened by the ephemeral key,
as a client with a TPM does it."""

import base64
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import strict

with open(sys.argv[1], encoding="ascii") as f:
    o = strict.json_text(strict.b64url(f.read().strip(), "token"))
with open(sys.argv[2], "rb") as f:
    key = serialization.load_pem_private_key(f.read(), None)
std = base64.b64decode
inner = key.decrypt(std(o["EncryptedInnerKey"]), padding.PKCS1v15())
print(AESGCM(inner).decrypt(std(o["EncryptionParams"]["Iv"]), std(o["Jwt"]) + std(o["AuthenticationData"]),
                            b"Transport Key").decode())
