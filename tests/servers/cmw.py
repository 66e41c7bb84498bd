# SPDX-License-Identifier: GPL-2.0-only
"""A strict reader of RFC 9999 conceptual message wrappers: records, tags and
collections, JSON and CBOR; and of the evidence in them."""

import snp
import strict
import tdx
import veraison
from strict import Bad

REPORT = "application/vnd.amd.sev-snp.attestation-report"
TABLE = "application/vnd.amd.ghcb.guid-table"
TABLE_CF, REPORT_CF = 10573, 10572
MEDIA = r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+(; ?[a-z0-9_-]+=(\"[^\"\\]*\"|[A-Za-z0-9!#$&^_.+-]+))*"
EVIDENCE, ENDORSEMENTS = 4, 2


def _tag_of(cf):
    return 1668546817 + cf // 255 * 256 + cf % 255


class Record:
    def __init__(self, kind, value, ind):
        self.kind, self.value, self.ind = kind, value, ind


def _ind(o, where):
    if len(o) < 3:
        return None
    ind = strict.integer(o[2], where + ": ind", 32)
    if not 0 < ind < 32:
        raise Bad(f"{where}: ind {ind}")
    return ind


def _json_item(o, where):
    if isinstance(o, list):
        strict.array(o, where, 2, 3)
        return Record(strict.text(o[0], where, MEDIA), strict.b64url(o[1], where), _ind(o, where))
    return _collection(o, where, _json_item, str)


def _cbor_item(o, where):
    if isinstance(o, strict.Tag):
        cf = (o.number - 1668546817) // 256 * 255 + (o.number - 1668546817) % 256
        if o.number < 1668546817 or _tag_of(cf) != o.number or not isinstance(o.value, bytes):
            raise Bad(f"{where}: tag {o.number}")
        return Record(cf, o.value, None)
    if isinstance(o, list):
        strict.array(o, where, 2, 3)
        kind = o[0] if isinstance(o[0], str) else strict.integer(o[0], where, 16)
        if isinstance(kind, str):
            strict.text(kind, where, MEDIA)
        if not isinstance(o[1], bytes):
            raise Bad(f"{where}: the value is not a byte string")
        return Record(kind, o[1], _ind(o, where))
    return _collection(o, where, _cbor_item, (str, int))


def _collection(o, where, item, keys):
    if not isinstance(o, dict):
        raise Bad(f"{where}: neither record nor collection")
    out = {}
    for k, v in o.items():
        if k == "__cmwc_t":
            strict.text(v, where, r"([a-zA-Z][a-zA-Z0-9+.-]*:[!-~]+)|([0-2](\.(0|[1-9][0-9]*))+)")
        elif not isinstance(k, keys) or (isinstance(k, str) and (not k or k.startswith("__"))):
            raise Bad(f"{where}: key {k!r}")
        else:
            out[k] = item(v, f"{where}[{k!r}]")
    if not out:
        raise Bad(f"{where}: an empty collection")
    return out


def read(raw):
    """A Record or {name: Record or dict}; the first byte says what it is."""
    if not raw:
        raise Bad("CMW: nothing")
    if raw[0] in (0x5b, 0x7b):
        return _json_item(strict.json_text(raw.rstrip(b"\n") if raw.endswith(b"\n") else raw, "CMW"), "CMW")
    if raw[0] in (0x82, 0x83, 0xda) or 0xa0 <= raw[0] <= 0xbb:
        return _cbor_item(strict.cbor(raw, "CMW"), "CMW")
    raise Bad(f"CMW: does not begin with what a CMW begins with: {raw[0]:02x}")


def _flat(cmw):
    if isinstance(cmw, Record):
        return [cmw]
    return [r for v in cmw.values() for r in _flat(v)]


def same_records(a, b):
    """The two differ in labels of collections alone."""
    return [vars(r) for r in _flat(read(a))] == [vars(r) for r in _flat(read(b))]


def _tsm(o, want, store):
    """A tsm-report of either TEE."""
    if o["provider"] in veraison.SNP_PROVIDER:
        r = snp.genuine(o["outblob"], snp.table_chain(o["auxblob"]) if o.get("auxblob")
                        else store.kds(o["outblob"]), store, "outblob")
        data, claims = r.report_data, snp.claims(r)
    elif o["provider"] in ("tdx_guest", "tdx_guest\n"):
        b = tdx.genuine(o["outblob"], store, "outblob")
        data, claims = b.report_data, tdx.claims(b)
    else:
        raise Bad(f"tsm-report: provider {o['provider']!r}")
    if "manifestblob" in o or "service_provider" in o:
        raise Bad("tsm-report: evidence of an SVSM service")
    if want is not None and data != want:
        raise Bad("tsm-report: not bound to what was asked")
    return claims


def check(raw, want, store):
    """Claims of the evidence of a CMW; every record of it must be understood."""
    records = _flat(read(raw))
    kinds = {REPORT_CF: REPORT, TABLE_CF: TABLE}
    by_kind = {}
    for r in records:
        kind = kinds.get(r.kind, r.kind)
        if kind in by_kind:
            raise Bad(f"CMW: two records of {kind}")
        by_kind[kind] = r
        if r.ind is not None and r.ind != (ENDORSEMENTS if kind == TABLE else EVIDENCE):
            raise Bad(f"CMW: {kind} with ind {r.ind}")
    unknown = set(by_kind) - {REPORT, TABLE, veraison.TSM_JSON, veraison.TSM_CBOR}
    if unknown:
        raise Bad(f"CMW: nobody knows {unknown}")
    if veraison.TSM_JSON in by_kind and len(by_kind) == 1:
        return _tsm(veraison.tsm_json(by_kind[veraison.TSM_JSON].value), want, store)
    if veraison.TSM_CBOR in by_kind and len(by_kind) == 1:
        return _tsm(veraison.tsm_cbor(by_kind[veraison.TSM_CBOR].value), want, store)
    if REPORT not in by_kind:
        raise Bad("CMW: no evidence")
    o = {"provider": "sev_guest", "outblob": by_kind[REPORT].value}
    if TABLE in by_kind:
        o["auxblob"] = by_kind[TABLE].value
    return _tsm(o, want, store)
