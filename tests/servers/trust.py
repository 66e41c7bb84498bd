# SPDX-License-Identifier: GPL-2.0-only
"""Certificates: strict PEM, AMD's and Intel's chains up to roots that are given."""

import base64
import datetime
import functools
import os
import re
import warnings

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

import snp
from strict import Bad


def _pem(nl):
    """A certificate with this end of line and no other."""
    return re.compile(b"-----BEGIN CERTIFICATE-----NL((?:[A-Za-z0-9+/]{64}NL)*[A-Za-z0-9+/]{0,63}={0,2}NL)"
                      b"-----END CERTIFICATE-----(?:NL|\\Z)".replace(b"NL", nl))


PEM = {b"\n": _pem(b"\n"), b"\r\n": _pem(b"\r\n")}
RSA_SHA256_OID = "1.2.840.113549.1.1.11"
PSS_OID, ECDSA_SHA256_OID = "1.2.840.113549.1.1.10", "1.2.840.10045.4.3.2"


def pem_certs(raw, where):
    """DER of a text that is PEM certificates and nothing else."""
    out, at = [], 0
    pem = PEM[b"\r\n" if b"\r\n" in raw else b"\n"]
    while at < len(raw):
        m = pem.match(raw, at)
        if not m:
            raise Bad(f"{where}: not a chain of PEM certificates (at byte {at})")
        body = m.group(1).replace(b"\r", b"").replace(b"\n", b"")
        try:
            der = base64.b64decode(body, validate=True)
        except ValueError:
            raise Bad(f"{where}: base64 in PEM is damaged") from None
        if base64.b64encode(der) != body:
            raise Bad(f"{where}: bits after the end of PEM")
        out.append(der)
        at = m.end()
    return out


def tlv(der, at=0):
    """(tag, start of value, end) of a DER item."""
    if at + 2 > len(der):
        raise Bad("DER cut off")
    n, start = der[at + 1], at + 2
    if n & 0x80:
        size = n & 0x7f
        n, start = int.from_bytes(der[start:start + size], "big"), start + size
    if start + n > len(der):
        raise Bad("DER cut off")
    return der[at], start, start + n


def _algorithms(der):
    """The certificate's two AlgorithmIdentifiers: signed and unsigned."""
    _, at, _ = tlv(der)
    _, inner, tbs_end = tlv(der, at)
    if der[inner] == 0xa0:
        inner = tlv(der, inner)[2]
    inner = tlv(der, inner)[2]			# the serial number
    return der[inner:tlv(der, inner)[2]], der[tbs_end:tlv(der, tbs_end)[2]]


@functools.lru_cache(maxsize=256)
def _loaded(der):
    """The same few certificates are in most of what is sent; no failure is kept."""
    try:
        warnings.simplefilter("ignore")		# of names that damage made odd
        cert = x509.load_der_x509_certificate(der)
        cert.subject, cert.issuer, cert.extensions, cert.public_key()
        signed, stated = _algorithms(der)
    except Exception as e:	# the library has a dozen for what damaged DER can do
        raise Bad(f"not a certificate: {e}") from None
    if signed != stated or tlv(der)[2] != len(der) or not der.endswith(b"\0" + cert.signature):
        raise Bad("a certificate that contradicts itself")
    return cert


def load(der, where):
    try:
        return _loaded(bytes(der))
    except Bad as e:
        raise Bad(f"{where}: {e}") from None


def cn(cert):
    names = cert.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return names[0].value if len(names) == 1 else ""


def der_of(cert):
    return cert.public_bytes(serialization.Encoding.DER)


def _issued(cert, issuer, where):
    oid = cert.signature_algorithm_oid.dotted_string
    key = issuer.public_key()
    if cert.issuer != issuer.subject:
        raise Bad(f"{where}: issued by another than the next in the chain")
    try:
        if oid == PSS_OID and isinstance(key, rsa.RSAPublicKey):
            key.verify(cert.signature, cert.tbs_certificate_bytes,
                       padding.PSS(padding.MGF1(hashes.SHA384()), 48), hashes.SHA384())
        elif oid == RSA_SHA256_OID and isinstance(key, rsa.RSAPublicKey):
            key.verify(cert.signature, cert.tbs_certificate_bytes, padding.PKCS1v15(),
                       hashes.SHA256())
        elif oid == ECDSA_SHA256_OID and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(cert.signature, cert.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
        else:
            raise Bad(f"{where}: signed by an algorithm that has no place here")
    except InvalidSignature:
        raise Bad(f"{where}: the signature of the certificate is wrong") from None


def _is_ca(cert):
    try:
        return cert.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


class Trust:
    """Roots out of a directory (or several), by what their names say they are."""

    def __init__(self, paths, at=None):
        self.amd, self.intel, self.known, self.others = {}, {}, {}, {}
        self.vtpm, self.above = {}, {}
        self.at = at		# certificates are judged at this time; "any": never expired
        for path in paths:
            names = [os.path.join(path, n) for n in sorted(os.listdir(path))] \
                if os.path.isdir(path) else [path]
            for name in names:
                self.add(name)
        if not self.amd and not self.intel:
            raise SystemExit(f"no root certificate in {' '.join(paths)}")

    def add(self, name):
        if not name.endswith((".pem", ".der")) or ".pub." in name:
            return
        with open(name, "rb") as f:
            raw = f.read()
        for der in pem_certs(raw, name) if raw.startswith(b"-----") else [raw]:
            cert = load(der, name)
            if cert.subject != cert.issuer:
                self.others[der] = cert
            elif cn(cert).startswith("ARK-"):
                self.amd[der] = cert
            elif cn(cert) == "Intel SGX Root CA":
                self.intel[der] = cert
            elif "vTPM" in cn(cert):
                self.vtpm[der] = cert

    def _time(self, cert, where):
        if self.at == "any":
            return
        at = self.at or datetime.datetime.utcnow()
        if not cert.not_valid_before <= at <= cert.not_valid_after:
            raise Bad(f"{where}: the certificate has expired or is not valid yet")

    def chain(self, ders, roots, where):
        """Leaf first, root last; the root is one of @roots. The leaf."""
        key = tuple(ders)
        if key in self.known:
            return self.known[key]
        certs = [load(d, where) for d in ders]
        if not certs or ders[-1] not in roots:
            raise Bad(f"{where}: the chain does not end in a root that is trusted")
        for i, cert in enumerate(certs):
            self._time(cert, where)
            _issued(cert, certs[min(i + 1, len(certs) - 1)], where)
            if (i > 0) != _is_ca(cert):
                raise Bad(f"{where}: a certificate in the chain that is not what its place needs")
        self.known[key] = certs[0]
        return certs[0]

    def complete(self, leaf):
        """The leaf of a chip, with AMD's own certificates above it."""
        issuer = load(leaf, "certificate").issuer
        if issuer not in self.above:
            self.above[issuer] = [[ask, self.ark_of(cert)] for ask, cert in self.others.items()
                                  if cert.subject == issuer and self.ark_of(cert)]
        for above in self.above[issuer]:
            return [leaf, *above]
        raise Bad("a certificate that none of AMD's issued")

    def ark_of(self, ask):
        for der, cert in self.amd.items():
            if cert.subject == ask.issuer:
                return der
        return None

    def kds(self, report):
        """What AMD's key distribution service would give for this report."""
        for leaf, cert in self.others.items():
            if cn(cert) == "SEV-VCEK":
                chain = self.complete(leaf)
                try:
                    snp.genuine(report, chain, self)
                    return chain
                except Bad:
                    pass
        raise Bad("Failed to fetch VCEK: no certificate of this chip and this TCB")
