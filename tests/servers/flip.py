# SPDX-License-Identifier: GPL-2.0-only
"""Changes one bit of a request that was accepted, at many places, and sees that
the service refuses each of them."""

import pickle

import ccel
import maa_guest
import strict
from strict import Bad

# What the services do not check against anything signed, so that a changed bit in
# it may pass, each for the reason beside it:
#  maa nonce            echoed into the token, "NOT bound to hardware"
#  maa draftPolicy      the client's own policy, not evidence
#  maa OS..., ClientPayload (AzureGuest)   what the client says of itself
#  gcp tokenOptions     what the token is to say, not evidence
#  gcp attester         a name for statistics
MEMBERS = {"maa": ("nonce", "draftPolicyForAttestation"), "gcp": ("tokenOptions", "attester")}
# The MAC of a TDREPORT can be checked on its own machine alone; the version in the
# HCL report's header is 1 or 2, nobody signs it, and the layout is the same.
TDREPORT_MAC = (32 + 224, 32 + 256)


def _without_mac(o):
    if isinstance(o, dict) and "hcl_report" in o:
        raw = bytearray(strict.b64url_padded(o["hcl_report"], "hcl_report"))
        if raw[4] in (1, 2):
            raw[4] = 1
        if "td_quote" in o:
            raw[TDREPORT_MAC[0]:TDREPORT_MAC[1]] = bytes(32)
        o = dict(o, hcl_report=raw.hex())
    return o


def _without_log(o, member):
    """An event log by what its replay sees: the type of an event is not measured,
    nor are data that the digest is not of; they are for the reader."""
    if isinstance(o, dict) and o.get(member) is not None:
        o = dict(o)
        o[member] = [(i, d.hex()) for i, _, d, _ in ccel.events(strict.b64std(o[member], member))]
    return o


def _guest(o):
    """AzureGuest without what the client says, its log as the replay sees it, the AK
    as the key that it is: nothing signed speaks of the attributes beside it."""
    info = strict.json_text(strict.b64url(o["AttestationInfo"], "AttestationInfo"))
    info = {k: v for k, v in info.items() if k not in maa_guest.SAID}
    log = strict.b64std(info["TcgLogs"], "TcgLogs")
    info["TcgLogs"] = [(i, d.hex()) for i, k, d, _ in ccel.events(log, "", ccel.SHA256)
                       if k != ccel.NO_ACTION and i < 8] if log else []	# what is quoted
    key, _ = maa_guest.public(strict.b64std(info["TpmInfo"]["AikPub"], "AikPub"), "AikPub")
    info["TpmInfo"] = dict(info["TpmInfo"], AikPub=key.public_numbers().n)
    return info


def essence(service, body):
    """What of the body is covered; two bodies of one essence are one request."""
    try:
        o = strict.json_text(body)
    except Bad:
        return body
    if not isinstance(o, dict):
        return o
    o = {k: v for k, v in o.items() if k not in MEMBERS.get(service, ())}
    try:
        if service == "kbs":
            t = dict(o["tee-evidence"])
            t["primary_evidence"] = _without_log(_without_mac(t["primary_evidence"]), "cc_eventlog")
            o["tee-evidence"] = t
        elif service == "maa" and "AttestationInfo" in o:
            o = _guest(o)
        elif service == "coco-as":
            for r in o["verification_requests"]:
                e = strict.json_text(strict.b64url(r["evidence"], "evidence"))
                r["evidence"] = _without_log(_without_mac(e), "cc_eventlog")
        elif service == "ita":
            o = {k: _without_log(v, "event_log") for k, v in _without_log(o, "event_log").items()}
        elif service == "gcp":
            o["tdCcel"] = _without_log(o.get("tdCcel"), "ccelData")
    except (Bad, KeyError, IndexError, TypeError):
        return o
    return o


def _send(service, state, rq):
    service.state = pickle.loads(state)
    answer = service.handle(rq)
    return answer is not None and service.accepted(answer)


def sweep(service, state, rq, every=1, start=0):
    """(tried, [what survived]) for one bit of every @every-th byte of the body, and
    of each byte of path, query and the headers that mean something."""
    kept, tried, survived = service.state, 0, []
    state = pickle.dumps(state)		# several times as quick to copy as an object is
    want = essence(service.name, rq.body)
    try:
        for at in range(start % every, len(rq.body), every):
            bit = (at * 2654435761 >> 7) & 7		# another one at each place
            body = bytearray(rq.body)
            body[at] ^= 1 << bit
            tried += 1
            if _send(service, state, rq.replace(body=bytes(body))) and \
                    essence(service.name, bytes(body)) != want:
                survived.append(f"body byte {at} bit {bit}: {bytes(rq.body[max(0, at - 20):at + 20])!r}")
        for what, text in rq.spelled():
            for at in range(0, len(text), 1 if every == 1 else 7):
                c = chr(ord(text[at]) ^ 1 << (at % 7))
                changed = text[:at] + c + text[at + 1:]
                tried += 1
                if c.isprintable() and _send(service, state, rq.with_text(what, changed)):
                    survived.append(f"{what} byte {at}: {changed!r}")
    finally:
        service.state = kept
    return tried, survived

