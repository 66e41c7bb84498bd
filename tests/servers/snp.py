# SPDX-License-Identifier: GPL-2.0-only
"""SEV-SNP attestation reports and the host's certificate table, as a verifier."""

import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography import x509

import trust
from strict import Bad

LEN, SIGNED = 1184, 0x2a0
AMD = "1.3.6.1.4.1.3704.1."
ARK = bytes.fromhex("c0b406a4a80349529743" "3fb6014cd0ae")
ASK = bytes.fromhex("4ab7b379bbac4fe4a02f" "05aef327c782")
VCEK = bytes.fromhex("63da758de6644564adc5" "f4b93be8accd")
VLEK = bytes.fromhex("a8074bc2a25a483eaae6" "39c045a0b8a1")


class Report:
    def __init__(self, raw, where="report"):
        if len(raw) != LEN:
            raise Bad(f"{where}: {len(raw)} bytes, not {LEN}")
        self.raw, self.where = raw, where
        u32 = lambda off: struct.unpack_from("<I", raw, off)[0]
        self.version, self.svn, self.vmpl, self.sig_algo = u32(0), u32(4), u32(0x30), u32(0x34)
        self.policy = struct.unpack_from("<Q", raw, 8)[0]
        self.key_info = u32(0x48)
        self.report_data, self.measurement = raw[0x50:0x90], raw[0x90:0xc0]
        self.host_data, self.reported_tcb = raw[0xc0:0xe0], raw[0x180:0x188]
        self.cpuid, self.chip_id = raw[0x188:0x18b], raw[0x1a0:0x1e0]
        self.family_id = raw[0x10:0x20]

    @property
    def debug(self):
        return bool(self.policy >> 19 & 1)

    @property
    def by_vlek(self):
        return self.key_info >> 2 & 7 == 1


def _ext(cert, sub):
    try:
        oid = x509.ObjectIdentifier(AMD + sub)
        return cert.extensions.get_extension_for_oid(oid).value.value
    except x509.ExtensionNotFound:
        return None


def number(cert, sub):
    raw = _ext(cert, sub)
    if raw is None or len(raw) < 3 or raw[0] != 2 or raw[1] != len(raw) - 2:
        raise Bad(f"the certificate has no number {AMD}{sub}")
    return int.from_bytes(raw[2:], "big")


def product_of(cert):
    return bytes(_ext(cert, "2") or b"")[2:].decode("ascii", "replace").split("-")[0]


def hwid_of(cert):
    """Raw, or in an OCTET STRING: both are about."""
    hwid = _ext(cert, "4") or b""
    return hwid[2:] if hwid[:1] == b"\x04" and len(hwid) in (10, 66) else hwid


def tcb_of(cert):
    n = lambda sub: number(cert, "3." + sub)
    if product_of(cert) == "Turin":
        return bytes([n("9"), n("1"), n("2"), n("3"), 0, 0, 0, n("8")])
    return bytes([n("1"), n("2"), 0, 0, 0, 0, n("3"), n("8")])


def _cpu_product(cpuid):
    """The product that family and model name; None for reports before version 3."""
    fam, model = cpuid[0], cpuid[1]
    if fam == 0x19:
        return "Milan" if model < 0x10 else "Genoa" if model < 0x20 or 0xa0 <= model < 0xb0 else "?"
    return "Turin" if fam == 0x1a and model < 0x12 else "?"


def _check_leaf(r, leaf):
    """The certificate is of this chip, this TCB and this product."""
    name = trust.cn(leaf)
    if name != ("SEV-VLEK" if r.by_vlek else "SEV-VCEK"):
        raise Bad(f"{r.where}: KEY_INFO names another key than {name}")
    product = product_of(leaf)
    if r.version >= 3 and _cpu_product(r.cpuid) != product:
        raise Bad(f"{r.where}: CPUID is not that of {product}")
    if tcb_of(leaf) != r.reported_tcb:
        raise Bad(f"{r.where}: REPORTED_TCB is not that of the certificate")
    if not r.by_vlek:
        hwid = hwid_of(leaf)
        if not hwid or hwid != r.chip_id[:len(hwid)] or any(r.chip_id[len(hwid):]):
            raise Bad(f"{r.where}: CHIP_ID is not that of the certificate")
    elif not _ext(leaf, "5"):
        raise Bad(f"{r.where}: a VLEK without CSP_ID")


def genuine(raw, ders, store, where="report"):
    """A report that this chain (leaf, ASK or ASVK, ARK) vouches for."""
    r = Report(raw, where)
    if not 2 <= r.version <= 5 or r.sig_algo != 1:
        raise Bad(f"{where}: version {r.version}, algorithm {r.sig_algo}")
    if r.key_info & 2 or r.key_info >> 2 & 7 not in (0, 1):
        raise Bad(f"{where}: not signed by a chip's or a provider's key")
    if len(ders) != 3:
        raise Bad(f"{where}: a chain of {len(ders)} certificates, not 3")
    leaf = store.chain(ders, store.amd, where)
    sig = raw[SIGNED:]
    if any(sig[48:72]) or any(sig[120:]):
        raise Bad(f"{where}: bytes that must be zero are not")
    half = [int.from_bytes(sig[at:at + 48], "little") for at in (0, 72)]
    try:
        leaf.public_key().verify(encode_dss_signature(*half), raw[:SIGNED],
                                 ec.ECDSA(hashes.SHA384()))
    except InvalidSignature:
        raise Bad(f"{where}: the signature is wrong") from None
    _check_leaf(r, leaf)
    if r.debug:
        raise Bad(f"{where}: the policy allows debugging")
    return r


def table(raw, where="auxblob"):
    """[(GUID in RFC 4122 order, body)] of a certificate table, every byte of it."""
    entries, at = [], 0
    while True:
        if at + 24 > len(raw):
            raise Bad(f"{where}: a table without its end")
        guid, off, size = raw[at:at + 16], *struct.unpack_from("<II", raw, at + 16)
        at += 24
        if not any(guid):
            if off or size:
                raise Bad(f"{where}: the last entry is not zero")
            break
        entries.append((guid, off, size))
    out = []
    for guid, off, size in entries:
        if off != at or off + size > len(raw):
            raise Bad(f"{where}: bodies that overlap, leave a gap or lie outside")
        out.append((guid, raw[off:off + size]))
        at = off + size
    if at != len(raw):
        raise Bad(f"{where}: bytes behind the last certificate")
    return out


def table_chain(raw, where="auxblob", pem_only=False):
    """Leaf, ASK, ARK of a table."""
    found = {}
    for guid, body in table(raw, where):
        if guid not in (ARK, ASK, VCEK, VLEK):
            mixed = guid[3::-1] + guid[5:3:-1] + guid[7:5:-1] + guid[8:]
            if pem_only or mixed not in (ARK, ASK, VCEK, VLEK):
                raise Bad(f"{where}: GUID {guid.hex()} is not known")
            guid = mixed
        kind = "leaf" if guid in (VCEK, VLEK) else guid
        if kind in found:
            raise Bad(f"{where}: GUID {guid.hex()} twice")
        if body.startswith(b"-----"):
            ders = trust.pem_certs(body, where)
        elif pem_only:
            raise Bad(f"{where}: a certificate that is not PEM")
        else:
            ders = [body]
        if len(ders) != 1:
            raise Bad(f"{where}: {len(ders)} certificates in one entry")
        found[kind] = ders[0]
        want = {VCEK: "SEV-VCEK", VLEK: "SEV-VLEK"}.get(guid)
        if want and trust.cn(trust.load(ders[0], where)) != want:
            raise Bad(f"{where}: GUID {guid.hex()} with another certificate")
    for kind, name in ((ARK, "ARK"), (ASK, "ASK"), ("leaf", "VCEK or VLEK")):
        if kind not in found:
            raise Bad(f"{where}: no {name}")
    return [found["leaf"], found[ASK], found[ARK]]


def claims(r):
    return {
        "version": r.version, "vmpl": r.vmpl, "guest_svn": r.svn, "policy": r.policy,
        "measurement": r.measurement.hex(), "report_data": r.report_data.hex(),
        "host_data": r.host_data.hex(), "reported_tcb": r.reported_tcb.hex(),
        "chip_id": r.chip_id.hex(),
        "simulated": r.family_id.rstrip(b"\0") == b"SIMULATED TEE",
    }
