#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tpm_part.py NONCE-HEX AK.pem: the member tpmAttestation of Google's request, as a
client that has the machine's TPM makes it; PCRs of SHA-256, a quote by the AK."""

import json
import sys

import vtpm
from strict import to_b64std

vm = vtpm.Paravisor(sys.argv[2])
message, sig = vm.quote(bytes.fromhex(sys.argv[1]))
print(json.dumps({"quotes": [{
    "hashAlgo": 11, "pcrValues": {str(i): to_b64std(p) for i, p in enumerate(vm.pcrs)},
    "rawQuote": to_b64std(message), "rawSignature": to_b64std(b"\0\x14\0\x0b\x01\0" + sig)}],
    "akCert": to_b64std(vm.certificate())}))
