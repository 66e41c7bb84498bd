# SPDX-License-Identifier: GPL-2.0-only
"""Evidence as Confidential Containers' attestation service takes it, one function
a TEE: snp, tdx, az-snp-vtpm, az-tdx-vtpm."""

import hashlib
import tomllib

import ccel
import hcl
import snp
import strict
import tdx
import trust
from strict import Bad

TCB = ("fmc", "bootloader", "tee", "snp", "microcode")
REPORT = {"family_id": (0x10, 16), "image_id": (0x20, 16), "report_data": (0x50, 64),
          "measurement": (0x90, 48), "host_data": (0xc0, 32), "id_key_digest": (0xe0, 48),
          "author_key_digest": (0x110, 48), "report_id": (0x140, 32),
          "report_id_ma": (0x160, 32), "chip_id": (0x1a0, 64)}
NUMBERS = {"version": (0, 32), "guest_svn": (4, 32), "policy": (8, 64), "vmpl": (0x30, 32),
           "sig_algo": (0x34, 32), "plat_info": (0x40, 64), "key_info": (0x48, 32)}
TCBS = {"current_tcb": 0x38, "reported_tcb": 0x180, "committed_tcb": 0x1e0, "launch_tcb": 0x1f0}
VERSIONS = {"current": 0x1e8, "committed": 0x1ec}
CPUID = {"cpuid_fam_id": 0x188, "cpuid_mod_id": 0x189, "cpuid_step": 0x18a}
LATER = {"launch_mit_vector": 0x1f8, "current_mit_vector": 0x200}
INIT_PCR = 8


def _tcb(o, where, turin):
    strict.fields(o, where, TCB[1:], TCB[:1])
    v = [strict.integer(o[k], f"{where}.{k}", 8) for k in TCB[1:]]
    fmc = o.get("fmc")
    if (fmc is not None) != turin:
        raise Bad(f"{where}.fmc: {fmc}: Turin has one, others have none")
    if turin:
        return bytes([strict.integer(fmc, where, 8), *v[:3], 0, 0, 0, v[3]])
    return bytes([v[0], v[1], 0, 0, 0, 0, v[2], v[3]])


def report_of(o, where="attestation_report"):
    """The 1184 bytes that the struct of crate `sev` stands for."""
    need = [*NUMBERS, *REPORT, *TCBS, *VERSIONS, "signature"]
    strict.fields(o, where, need, [*CPUID, *LATER])
    raw = bytearray(snp.LEN)
    for k, (off, bits) in NUMBERS.items():
        n = strict.integer(o[k], f"{where}.{k}", bits)
        raw[off:off + bits // 8] = n.to_bytes(bits // 8, "little")
    for k, (off, size) in REPORT.items():
        raw[off:off + size] = strict.int_array(o[k], f"{where}.{k}", size)
    for names, size, least in ((CPUID, 1, 3), (LATER, 8, 5)):
        for k, off in names.items():
            if (o.get(k) is not None) != (o["version"] >= least):
                raise Bad(f"{where}.{k}: {o.get(k)} in a report of version {o['version']}")
            if o.get(k) is not None:
                n = strict.integer(o[k], f"{where}.{k}", 8 * size)
                raw[off:off + size] = n.to_bytes(size, "little")
    for k, off in TCBS.items():
        raw[off:off + 8] = _tcb(o[k], f"{where}.{k}", raw[0x188] == 0x1a)
    for k, off in VERSIONS.items():
        strict.fields(o[k], f"{where}.{k}", ("major", "minor", "build"))
        raw[off:off + 3] = bytes(strict.integer(o[k][x], k, 8) for x in ("build", "minor", "major"))
    sig = strict.fields(o["signature"], f"{where}.signature", ("r", "s"))
    for k, off in (("r", 0x2a0), ("s", 0x2e8)):
        raw[off:off + 72] = strict.int_array(sig[k], f"signature.{k}", 72)
    return bytes(raw)


def _cert_chain(chain, store, raw):
    """Leaf, ASK, ARK: those that are given, the others from the service's own."""
    if chain is None:
        return store.kds(raw)
    found = {}
    for i, c in enumerate(strict.array(chain, "cert_chain", 1, 4)):
        strict.fields(c, f"cert_chain[{i}]", ("cert_type", "data"))
        kind = c["cert_type"]
        if kind not in ("ARK", "ASK", "VCEK", "VLEK") or kind in found:
            raise Bad(f"cert_chain[{i}].cert_type: {kind!r}")
        body = strict.int_array(c["data"], f"cert_chain[{i}].data")
        ders = trust.pem_certs(body, "cert_chain") if body.startswith(b"-----") else [body]
        if len(ders) != 1:
            raise Bad(f"cert_chain[{i}]: {len(ders)} certificates")
        found[kind] = ders[0]
    leaf = found.get("VCEK") or found.get("VLEK")
    if not leaf or {"VCEK", "VLEK"} <= set(found):
        raise Bad("cert_chain: must include one VCEK or VLEK")
    if trust.cn(trust.load(leaf, "cert_chain")) != ("SEV-VCEK" if "VCEK" in found else "SEV-VLEK"):
        raise Bad("cert_chain: cert_type names another certificate")
    own = store.complete(leaf)
    for kind, der in (("ASK", own[1]), ("ARK", own[2])):
        if found.get(kind, der) != der:
            raise Bad(f"cert_chain: an {kind} that is not AMD's")
    return own


def snp_evidence(o, want, init, store):
    strict.fields(o, "evidence", ("attestation_report",), ("cert_chain",))
    raw = report_of(o["attestation_report"])
    if not 3 <= raw[0] <= 5:
        raise Bad("Attestation Report version is too old. Please update your firmware.")
    r = snp.genuine(raw, _cert_chain(o.get("cert_chain"), store, raw), store, "attestation_report")
    if r.vmpl:
        raise Bad("VMPL Check Failed")
    if want is not None and r.report_data != want.ljust(64, b"\0"):
        raise Bad("REPORT_DATA is different from that in SNP evidence")
    if init is not None and r.host_data != init[:32].ljust(32, b"\0"):
        raise Bad("HOST_DATA is different from that of the init data")
    return snp.claims(r)


def tdx_evidence(o, want, init, store):
    strict.fields(o, "evidence", ("quote",), ("cc_eventlog",))
    b = tdx.genuine(strict.b64std(o["quote"], "quote"), store)
    if want is not None and b.report_data != want.ljust(64, b"\0"):
        raise Bad("REPORT_DATA is different from that in TDX Quote")
    if init is not None and b.mrconfigid != init[:48].ljust(48, b"\0"):
        raise Bad("MRCONFIGID is different from that of the init data")
    out = tdx.claims(b)
    if o.get("cc_eventlog") is not None:
        log = strict.b64std(o["cc_eventlog"], "cc_eventlog")
        ccel.check(log, b.rtmr, "cc_eventlog")
        out["events"] = len(ccel.events(log))
    return out


def _tpm(o, want, init, ints=False):
    """Key check comes with the HCL report; (quote, signature, PCRs)."""
    strict.fields(o, "tpm_quote", ("signature", "message", "pcrs"))
    read = strict.int_array if ints else strict.hex_lower
    pcrs = [read(x, "pcrs", 32) for x in strict.array(o["pcrs"], "pcrs", 24, 24)]
    quote = hcl.Quote(read(o["message"], "message"), "tpm_quote")
    if want is None or quote.extra != want:
        raise Bad("TPM quote nonce doesn't match expected report_data")
    if init is not None and pcrs[INIT_PCR] != hashlib.sha256(bytes(32) + init[:32]).digest():
        raise Bad("PCR 8 is different from that of the init data")
    return quote, read(o["signature"], "signature"), dict(enumerate(pcrs))


def _hcl(raw, want, kind, version):
    h = hcl.Hcl(raw)
    if h.type != kind:
        raise Bad("hcl_report: of another TEE")
    if version not in (0, 1, 2):
        raise Bad(f"unsupported version {version}")
    if version == 2 and h.user_data()[:len(want)] != want:
        raise Bad("User-data in HCL variable data doesn't match report_data")
    return h


def az_snp_evidence(o, want, init, store):
    """Version 2 and 1; version 0, which has no member that says so, too."""
    if isinstance(o, dict) and "version" not in o:
        strict.fields(o, "evidence", ("quote", "report", "vcek"))
        version, quote, raw = 0, o["quote"], strict.int_array(o["report"], "report")
        ders = trust.pem_certs(strict.text(o["vcek"], "vcek").encode(), "vcek")
        if len(ders) != 1:
            raise Bad("vcek: not one certificate")
        vcek = ders[0]
    else:
        strict.fields(o, "evidence", ("version", "tpm_quote", "hcl_report", "vcek"))
        version, quote = strict.integer(o["version"], "version", 32), o["tpm_quote"]
        raw = strict.b64url_padded(o["hcl_report"], "hcl_report")
        vcek = strict.b64url_padded(o["vcek"], "vcek")
        if version == 0:
            raise Bad("version 0 has another form")
    quote, sig, pcrs = _tpm(quote, want, init, version == 0)
    h = _hcl(raw, want, hcl.SNP, version)
    quote.check(h.ak(), sig, pcrs)
    r = snp.genuine(h.report, store.complete(vcek), store, "hcl_report")
    if r.report_data != h.bound:
        raise Bad("HCL variable data digest doesn't match SNP report data")
    if r.vmpl:
        raise Bad("VMPL Check Failed")
    return snp.claims(r)


def az_tdx_evidence(o, want, init, store):
    ints = isinstance(o, dict) and "version" not in o
    names = ("tpm_quote", "hcl_report", "td_quote")
    strict.fields(o, "evidence", names if ints else ("version", *names))
    version = 0 if ints else strict.integer(o["version"], "version", 32)
    if version == 0 and not ints:
        raise Bad("version 0 has another form")
    read = strict.int_array if ints else strict.b64url_padded
    quote, sig, pcrs = _tpm(o["tpm_quote"], want, init, ints)
    h = _hcl(read(o["hcl_report"], "hcl_report"), want, hcl.TDX, version)
    quote.check(h.ak(), sig, pcrs)
    b = tdx.genuine(read(o["td_quote"], "td_quote"), store, "td_quote")
    if b.report_data != h.bound:
        raise Bad("TDX Quote report_data doesn't match HCL variable data digest")
    if not tdx.TdReport(h.report, "hcl_report").same_td(b):
        raise Bad("hcl_report: its TDREPORT is not of the TD that was quoted")
    return tdx.claims(b)


TEES = {"snp": snp_evidence, "tdx": tdx_evidence, "az-snp-vtpm": az_snp_evidence,
        "az-tdx-vtpm": az_tdx_evidence}


def evidence(tee, o, want, init, store):
    """Claims, or Bad. @want: report data as hashed, unpadded, or None."""
    return TEES[tee](o, want, init, store)


def init_digest(body):
    """Digest of an init data TOML by the algorithm it names."""
    try:
        o = tomllib.loads(body)
    except tomllib.TOMLDecodeError as e:
        raise Bad(f"init data: not TOML: {e}") from None
    strict.fields(o, "init data", ("version", "algorithm", "data"))
    if o["algorithm"] not in ("sha256", "sha384", "sha512"):
        raise Bad(f"init data: algorithm {o['algorithm']!r}")
    return hashlib.new(o["algorithm"], body.encode()).digest()

