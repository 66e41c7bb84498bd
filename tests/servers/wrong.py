# SPDX-License-Identifier: GPL-2.0-only
"""Requests that a careless client sends: what each service refuses, and how it
says so. Each is a request that was right, with one thing spelled otherwise."""

import base64
import json

import strict
from frame import Request


def edit(rq, change, **headers):
    """The request with its JSON changed by @change(object)."""
    o = json.loads(rq.body)
    change(o)
    rq = rq.replace(body=json.dumps(o, separators=(",", ":")).encode())
    return rq.replace(headers={**rq.headers, **headers})


def put(*path, value):
    """A change: the member at @path gets @value, or value(old)."""
    def change(o):
        for k in path[:-1]:
            o = o[k]
        o[path[-1]] = value(o[path[-1]]) if callable(value) else value
    return change


def drop(*path):
    def change(o):
        for k in path[:-1]:
            o = o[k]
        del o[path[-1]]
    return change


def std(v):
    """base64url to the standard alphabet, padded."""
    raw = base64.urlsafe_b64decode(v + "=" * (-len(v) % 4))
    return base64.b64encode(raw).decode()


def std_text(v):
    """The same of JSON, which may end in blanks: the two differ in the padding alone."""
    raw = base64.urlsafe_b64decode(v + "=" * (-len(v) % 4))
    return base64.b64encode(raw + b" " * (len(raw) % 3 == 0)).decode()


def url(v):
    return v.replace("+", "-").replace("/", "_")


def bare(v):
    return v.rstrip("=")


def shape(service, a):
    """The answer is the error that this service gives."""
    if service == "coco-as":
        return a.status in (415, 500) and (a.status == 415 or b"internal error" in a.body)
    o = json.loads(a.body)
    if service == "maa":
        return a.status in (400, 405, 406, 415) and set(o["error"]) == {"code", "message"}
    if service == "kbs":
        return a.status in (401, 404, 415) and set(o) == {"type", "detail"} and \
            o["type"].startswith("https://github.com/confidential-containers/kbs/errors/")
    if service == "ita":
        return a.status in (400, 401, 415) and set(o) == {"error"}
    if service == "gcp":
        return a.status in (400, 401, 404) and o["error"]["code"] == a.status
    return a.status == 200 or (a.kind == "application/problem+json" and o["status"] == a.status)


def unsorted(o):
    """What a client hashes that does not know JCS: members as they come."""
    return json.dumps(o, separators=(",", ":")).encode()


def spaced(o):
    return json.dumps(o, sort_keys=True).encode()


def requests(b, services):
    """(service, what is wrong, Request, part of the reason)"""
    parts = {"maa": _maa, "kbs": _kbs, "coco-as": _coco_as, "ita": _ita, "veraison": _veraison,
             "gcp": _gcp}
    for service in services:
        yield from parts[service](b)


def _maa(b):
    snp, tdx, _, guest = (rq for _, rq in b.maa())
    yield "maa", "another member", edit(snp, put("runtimedata", value={})), "unknown field"
    yield "maa", "draft policy beside a quote", edit(tdx, put("draftPolicyForAttestation", value="x")), "unknown"
    yield "maa", "standard base64", edit(tdx, put("quote", value=lambda v: std(v))), "alphabet"
    yield "maa", "an unknown data type", edit(snp, put("runtimeData", "dataType", value="json")), "dataType"
    yield "maa", "text that is said to be JSON", edit(
        snp, put("runtimeData", "data", value=strict.to_b64url(b"no json"))), "not JSON"
    yield "maa", "other runtime data", edit(
        snp, put("runtimeData", "data", value=strict.to_b64url(b'{"nonce":"42","keys":[]}'))), "SHA-256"
    yield "maa", "init data of another VM", edit(
        snp, put("initTimeData", value={"data": "eA", "dataType": "Binary"})), "launched"
    yield "maa", "an unknown version", snp.replace(target="/attest/SevSnpVm?api-version=2020-10-01"), "query"
    yield "maa", "a quote as SevSnpVm", snp.replace(body=tdx.body), "report"
    yield "maa", "AzureGuest with text for numbers", _info(guest, put("OSVersionMajor", value="12")), "OSVersionMajor"
    yield "maa", "AzureGuest of 24 PCRs", _info(guest, put("TpmInfo", "PcrSet", value=list(range(24)))), "PcrSet"
    yield "maa", "AzureGuest with a TPMT_SIGNATURE", _info(guest, put("TpmInfo", "PcrSignature", value=lambda v: \
        base64.b64encode(b"\0\x14\0\x0b\x01\0" + base64.b64decode(v)).decode())), "not signed"
    yield "maa", "AzureGuest in standard base64", edit(guest, put("AttestationInfo", value=std_text)), "AttestationInfo"
    yield "maa", "AzureGuest without its log", _info(guest, put("TcgLogs", value="")), "TcgLogs"
    yield "maa", "a body that is not JSON", snp.replace(body=b"{" + snp.body), "not JSON"
    yield "maa", "another content type", snp.with_text("content-type", "text/json"), "Content-Type"


def _info(rq, change):
    """AzureGuest with its inner JSON changed."""
    info = json.loads(base64.urlsafe_b64decode(json.loads(rq.body)["AttestationInfo"] + "=="))
    change(info)
    return edit(rq, put("AttestationInfo", value=strict.to_b64url(
        json.dumps(info, separators=(",", ":")).encode())))


def _kbs(b):
    for name, hashed in (("unsorted", unsorted), ("with spaces", spaced)):
        for tee, rq in b.kbs(hashed):
            yield "kbs", f"{tee} evidence over JSON {name}", rq, \
                "nonce doesn't match" if tee.startswith("az") else "REPORT_DATA"
    snp, tdx, azsnp, aztdx = (rq for _, rq in b.kbs())
    ev = ("tee-evidence", "primary_evidence")
    yield "kbs", "version 0.1.1", edit(_auth(), put("version", value="0.1.1")), "Version Mismatch"
    yield "kbs", "a TEE by its old name", edit(_auth(), put("tee", value="azsnpvtpm")), "unknown variant"
    yield "kbs", "no session", snp.replace(headers={"content-type": "application/json"}), "cookie"
    yield "kbs", "another's nonce", edit(snp, put("runtime-data", "nonce", value=b.kbs_session("snp")[0])), "nonce"
    yield "kbs", "a report as base64", edit(
        snp, put(*ev, "attestation_report", value="AAAA")), "not an object"
    yield "kbs", "measurement as text", edit(
        snp, put(*ev, "attestation_report", "measurement", value="00" * 48)), "not an array"
    yield "kbs", "no microcode version of Turin's FMC", edit(
        snp, put(*ev, "attestation_report", "reported_tcb", "fmc", value=None)), "fmc"
    yield "kbs", "no additional_evidence", edit(snp, drop("tee-evidence", "additional_evidence")), "missing field"
    yield "kbs", "a quote in base64url", edit(tdx, put(*ev, "quote", value=url)), "alphabet"
    yield "kbs", "another key", edit(snp, put("runtime-data", "tee-pubkey", "alg", value="RSA-OAEP-256")), "tee-pubkey"
    for name, rq in (("az-snp-vtpm", azsnp), ("az-tdx-vtpm", aztdx)):
        yield "kbs", f"{name}: HCL report without padding", edit(rq, put(*ev, "hcl_report", value=bare)), "padding"
        yield "kbs", f"{name}: quote in upper-case hex", edit(
            rq, put(*ev, "tpm_quote", "message", value=str.upper)), "lower-case"
        yield "kbs", f"{name}: 23 PCRs", edit(rq, drop(*ev, "tpm_quote", "pcrs", 23)), "elements"
        yield "kbs", f"{name}: version as text", edit(rq, put(*ev, "version", value="2")), "integer"
    yield "kbs", "init data that are not TOML", edit(
        snp, put("init-data", value={"format": "json", "body": "{}"})), "initdata format"


def _auth():
    return Request("POST", "/kbs/v0/auth", {"content-type": "application/json"}, json.dumps(
        {"version": "0.4.0", "tee": "snp", "extra-params": ""}).encode())


def _coco_as(b):
    rq = dict(b.coco_as())["tdx structured"]
    one = ("verification_requests", 0)
    yield "coco-as", "no policy_ids", edit(rq, drop("policy_ids")), "missing field"
    yield "coco-as", "evidence in standard base64", edit(rq, put(*one, "evidence", value=std_text)), "padding"
    yield "coco-as", "an unknown hash", edit(rq, put(*one, "runtime_data_hash_algorithm", value="md5")), "hash_algorithm"
    yield "coco-as", "another hash", edit(rq, put(*one, "runtime_data_hash_algorithm", value="sha512")), "REPORT_DATA"
    yield "coco-as", "raw data that are hashed", edit(
        rq, put(*one, "runtime_data", value={"raw": strict.to_b64url(b'{"a":"test"}')})), "REPORT_DATA"
    yield "coco-as", "two kinds of runtime data", edit(
        rq, put(*one, "runtime_data", "raw", value="")), "one kind"


def _ita(b):
    kinds = dict(b.ita())
    flat, nested, azure = kinds["v1 tdx"], kinds["v2 tdx"], kinds["v1 azure tdx"]
    yield "ita", "a flat body at v2", flat.replace(target="/appraisal/v2/attest"), "unknown field"
    yield "ita", "a nested body at v1", nested.replace(target="/appraisal/v1/attest"), "missing field"
    yield "ita", "user_data of bare TDX", edit(flat, put("user_data", value="eA==")), "unknown field"
    yield "ita", "unpadded base64", edit(flat, put("runtime_data", value=bare)), "padding"
    yield "ita", "base64url", edit(flat, put("quote", value=url)), "alphabet"
    yield "ita", "another's nonce", edit(
        flat, put("verifier_nonce", "val", value=strict.to_b64std(b"x"))), "signature"
    yield "ita", "a nonce left out", edit(flat, drop("verifier_nonce")), "SHA-512"
    yield "ita", "a policy that is not there", edit(flat, put("policy_ids", value=["x"])), "policy"
    yield "ita", "a policy as text", edit(flat, put("policy_ids", value="x")), "array"
    yield "ita", "an unknown algorithm", edit(flat, put("token_signing_alg", value="ES256")), "RS256"
    yield "ita", "claims written anew", edit(azure, put("runtime_data", value=lambda v: base64.b64encode(
        json.dumps(json.loads(base64.b64decode(v))).encode()).decode())), "hash"
    yield "ita", "user data that are not bound", edit(azure, put("user_data", value="eA==")), "SHA-512"


def _veraison(b):
    kinds = dict(b.veraison())
    rq, cbor = kinds["tsm-report+json"], kinds["tsm-report+cbor"]
    yield "veraison", "padded base64", edit(rq, put("auxblob", value=lambda v: v + "=" * (-len(v) % 4 or 4))), "padding"
    yield "veraison", "no certificates", edit(rq, drop("auxblob")), "auxblob"
    yield "veraison", "evidence of TDX", edit(rq, put("provider", value="tdx_guest")), "provider"
    yield "veraison", "the old media type", rq.with_text(
        "content-type", "application/vnd.veraison.configfs-tsm+json"), "no active plugin"
    yield "veraison", "JSON said to be CBOR", rq.with_text("content-type", cbor.headers["content-type"]), "CBOR"
    yield "veraison", "another session", rq.replace(target=rq.target[:-1] + ("0" if rq.target[-1] != "0" else "1")), "session"
    yield "veraison", "a short nonce", Request("POST", "/challenge-response/v1/newSession?nonceSize=4",
                                               {"accept": rq.headers["accept"]}, b""), "8..64"
    yield "veraison", "an answer nobody accepts", rq.with_text("accept", "application/json"), "Accept"


def _gcp(b):
    snp, tdx = (rq for _, rq in b.gcp())
    yield "gcp", "no TPM part", edit(snp, drop("tpmAttestation")), "missing field"
    yield "gcp", "both TEEs", edit(snp, put("tdCcel", value={})), "one of"
    yield "gcp", "a short token nonce", edit(snp, put("tokenOptions", "nonce", value=["short"])), "10 to 74"
    yield "gcp", "base64url", edit(snp, put("sevSnpAttestation", "report", value=url)), "alphabet"
    yield "gcp", "a log with its tail", edit(tdx, put("tdCcel", "ccelData", value=lambda v: base64.b64encode(
        base64.b64decode(v) + b"\xff").decode())), "tail"
    yield "gcp", "a log of another boot", edit(tdx, put("tdCcel", "ccelData", value=lambda v: base64.b64encode(
        base64.b64decode(v)[:200]).decode())), "ccelData"
    yield "gcp", "another's challenge", snp.replace(target=tdx.target), "challenge"
