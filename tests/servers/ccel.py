# SPDX-License-Identifier: GPL-2.0-only
"""The confidential computing event log (CCEL): read, and replayed to RTMRs."""

import hashlib
import struct

from strict import Bad

NO_ACTION = 3
SHA256, SHA384 = 0xb, 0xc
# Types whose digest is that of the event's own data.
HASHED = {4: "EV_SEPARATOR", 5: "EV_ACTION", 0x80000001: "EV_EFI_VARIABLE_DRIVER_CONFIG",
          0x80000006: "EV_EFI_GPT_EVENT", 0x80000007: "EV_EFI_ACTION",
          0x800000e0: "EV_EFI_VARIABLE_AUTHORITY"}


def events(raw, where="event log", bank=SHA384):
    """[(register index, type, digest of that bank, data)], the log's head left out."""
    if raw[-8:] == b"\xff" * 8:			# an end flag, which some clients add
        raw = raw[:-8]
    out = []
    try:
        index, kind = struct.unpack_from("<II", raw)
        (n,) = struct.unpack_from("<I", raw, 28)
        if kind != NO_ACTION or raw[32:47] != b"Spec ID Event03" or any(raw[8:28]):
            raise Bad(f"{where}: does not begin as a TCG log does")
        algs = dict(_algorithms(raw, where))
        at = 32 + n
        while at < len(raw):
            index, kind, count = struct.unpack_from("<III", raw, at)
            at += 12
            digest = None
            for _ in range(min(count, 8)):
                (alg,) = struct.unpack_from("<H", raw, at)
                if alg not in algs:
                    raise Bad(f"{where}: a digest of an algorithm the head does not name")
                if alg == bank:
                    digest = raw[at + 2:at + 2 + algs[alg]]
                at += 2 + algs[alg]
            (n,) = struct.unpack_from("<I", raw, at)
            data = raw[at + 4:at + 4 + n]
            at += 4 + n
            if at > len(raw) or count > 8 or digest is None:
                raise Bad(f"{where}: cut off, or an event without its digest")
            out.append((index, kind, digest, data))
    except struct.error:
        raise Bad(f"{where}: cut off") from None
    return out


def _algorithms(raw, where):
    (count,) = struct.unpack_from("<I", raw, 56)
    if not 1 <= count <= 8:
        raise Bad(f"{where}: {count} algorithms")
    return [struct.unpack_from("<HH", raw, 60 + 4 * i) for i in range(count)]


def pcrs(raw, where="TcgLogs"):
    """{index: value} of the SHA-256 bank that a firmware's log leads to."""
    out = {i: bytes(32) for i in range(24)}
    for index, kind, digest, data in events(raw, where, SHA256) if raw else ():
        if kind == NO_ACTION:
            continue
        if index not in out or (kind in HASHED and hashlib.sha256(data).digest() != digest):
            raise Bad(f"{where}: an event whose data are not those that were measured")
        out[index] = hashlib.sha256(out[index] + digest).digest()
    return out


def replay(raw, where="event log"):
    """The RTMRs the log leads to; events that contradict themselves are refused."""
    rtmr = [bytes(48) for _ in range(4)]
    for index, kind, digest, data in events(raw, where):
        if kind == NO_ACTION:
            continue
        if not 1 <= index <= 4:
            raise Bad(f"{where}: register {index}")
        if kind in HASHED and hashlib.sha384(data).digest() != digest:
            raise Bad(f"{where}: an event whose data are not those that were measured")
        rtmr[index - 1] = hashlib.sha384(rtmr[index - 1] + digest).digest()
    return rtmr


def check(raw, rtmrs, where="event log"):
    """The log explains these RTMRs; RTMR 3 may be extended beyond it."""
    got = replay(raw, where)
    for i in range(3):
        if got[i] != rtmrs[i]:
            raise Bad(f"{where}: does not lead to RTMR {i}")
    if any(got[3]) and got[3] != rtmrs[3]:
        raise Bad(f"{where}: does not lead to RTMR 3")


def table(raw, where="CCEL table"):
    """The ACPI table that says where the log is; TDX."""
    if len(raw) != 56 or raw[:4] != b"CCEL" or struct.unpack_from("<I", raw, 4)[0] != 56:
        raise Bad(f"{where}: not an ACPI CCEL table")
    if sum(raw) & 0xff:
        raise Bad(f"{where}: its checksum is wrong")
    if raw[36] != 2:
        raise Bad(f"{where}: not of a TDX guest")
