# SPDX-License-Identifier: GPL-2.0-only
# Event logs for event_data.sh, written as TCG's specification has them: the rule of
# each type is written down here once more, from edk2's Tcg2Dxe, GRUB and CoCo's agent.
#
#	event_data.py made DIR		one log for each event of the table below
#	event_data.py changed LOG DIR	of each type in LOG, the log with a byte of the data changed
#
# Prints a line for each: file, "measured", "partly", "free" or "differs", what it is.
import hashlib
import struct
import sys

SPEC = b"Spec ID Event03\0" + struct.pack("<IBBBBIHH", 0, 0, 2, 0, 2, 1, 0xc, 48) + b"\0"
HEAD = struct.pack("<II20xI", 1, 3, len(SPEC)) + SPEC
GUID = bytes.fromhex("61dfe48bca93d211aa0d00e098032b8c")
GRUB = (b"grub_cmd: ", b"kernel_cmdline: ", b"module_cmdline: ")
# types of which the data determine the digest
RULED = (0x4, 0x5, 0x8, 0x80000001, 0x80000002, 0x80000006, 0x80000007, 0x8000000c, 0x800000e0)


def variable(name, value):
    return GUID + struct.pack("<QQ", len(name), len(value)) + name.encode("utf-16le") + value


def event(kind, data, measured):
    d = hashlib.sha384(measured).digest()
    return struct.pack("<IIIH", 1, kind, 1, 0xc) + d + struct.pack("<I", len(data)) + data


def made():
    boot = variable("Boot0000", b"\1\0\0\0value")
    secure = variable("SecureBoot", b"\1")
    cert = variable("db", b"a certificate")
    tag = struct.pack("<II", 0x4141454c, 5) + b"a b c"
    stub = struct.pack("<II", 0x8f3b22ed, 26) + b"LOADED_IMAGE::LoadOptions\0"
    action = b"Calling EFI Application from Boot Option"
    # type, data, what is hashed, whether that is right; None: the type has no rule;
    # "partly": what stands beside it in the data is not hashed
    return [
        ("separator", 4, b"\0\0\0\0", b"\0\0\0\0", True),
        ("separator of ones", 4, b"\xff" * 4, b"\xff" * 4, True),
        ("separator of an error", 4, b"what went wrong", b"\1\0\0\0", None),
        ("separator of an error that the data deny", 4, b"\0\0\0\0", b"\1\0\0\0", False),
        ("separator of an error, itself", 4, b"\1\0\0\0", b"\1\0\0\0", True),
        ("separator of something else", 4, b"\0\0\0\0", b"\2\0\0\0", False),
        ("action", 0x80000007, action, action, True),
        ("another action", 0x80000007, action, b"Exit Boot Services Invocation", False),
        ("action of before UEFI", 5, action, action, True),
        ("driver configuration", 0x80000001, secure, secure, True),
        ("driver configuration, its value alone", 0x80000001, secure, b"\1", False),
        ("boot variable, its value", 0x80000002, boot, b"\1\0\0\0value", "partly"),
        ("boot variable, whole", 0x80000002, boot, boot, False),
        ("boot variable, another value", 0x80000002, boot, b"\1\0\0\0valuf", False),
        ("boot variable with data behind it", 0x80000002, boot + b"x", b"\1\0\0\0value", False),
        ("boot variable cut short", 0x80000002, boot[:20], b"\1\0\0\0value", False),
        ("boot variable with a name of 2^63", 0x80000002, GUID + struct.pack("<QQ", 1 << 63, 0), b"", False),
        ("second kind of boot variable, whole", 0x8000000c, boot, boot, True),
        ("authority", 0x800000e0, cert, cert, True),
        ("second kind of boot variable, its value", 0x8000000c, boot, b"\1\0\0\0value", False),
        ("authority, its value alone", 0x800000e0, cert, b"a certificate", False),
        ("authority with another last byte", 0x800000e0, cert[:-1] + b"E", cert, False),
        ("authority with a byte behind it", 0x800000e0, cert + b"!", cert, False),
        ("authority without its last byte", 0x800000e0, cert[:-1], cert, False),
        ("partition table", 0x80000006, b"EFI PART..", b"EFI PART..", True),
        ("another partition table", 0x80000006, b"EFI PART..", b"EFI PART.", False),
        ("firmware version", 8, b"1\0.\0", b"1\0.\0", True),
        ("another firmware version", 8, b"1\0.\0", b"2\0.\0", False),
        ("command of GRUB", 0xd, b"grub_cmd: linux /vmlinuz\0", b"linux /vmlinuz", "partly"),
        ("command of GRUB with its zero", 0xd, b"grub_cmd: linux /vmlinuz\0", b"linux /vmlinuz\0", False),
        ("command line", 0xd, b"kernel_cmdline: /vmlinuz quiet\0", b"/vmlinuz quiet", "partly"),
        ("another command line", 0xd, b"kernel_cmdline: /vmlinuz quiet\0", b"/vmlinuz init=/bin/sh", False),
        ("command line of a module", 0xd, b"module_cmdline: /initrd\0", b"/initrd", "partly"),
        ("event of CoCo's agent", 6, tag, tag, True),
        ("another event of CoCo's agent", 6, tag, tag[8:], False),
        ("file of GRUB", 0xd, b"(hd0)/boot/grub.cfg\0", b"its bytes", None),
        ("MokList of shim", 0xd, b"MokList\0", b"its bytes", None),
        ("load options of the EFI stub", 6, stub, "quiet\0".encode("utf-16le"), None),
        ("application", 0x80000003, b"a path", b"its image", None),
        ("ACPI table", 0xa, b"ACPI DATA", b"the table", None),
    ]


def events(log):
    """Offset, register, type, SHA-384 and place of the data of each event"""
    lengths = {4: 20, 0xb: 32, 0xc: 48, 0xd: 64}
    at = 32 + struct.unpack_from("<I", log, 28)[0]
    while at < len(log) and log[at:at + 8] != b"\xff" * 8 and any(log[at:at + 12]):
        reg, kind, count = struct.unpack_from("<III", log, at)
        at, digest = at + 12, None
        for _ in range(count):
            alg = struct.unpack_from("<H", log, at)[0]
            if alg == 0xc:
                digest = log[at + 2:at + 50]
            at += 2 + lengths[alg]
        size = struct.unpack_from("<I", log, at)[0]
        at += 4 + size
        if kind != 3 and 1 <= reg <= 4 and digest:
            yield kind, at - size, size


def put(path, data, word, what):
    with open(path, "wb") as f:
        f.write(data)
    print(path, word, what, sep="\t")


if sys.argv[1] == "made":
    for n, (what, kind, data, measured, right) in enumerate(made()):
        word = right or "differs" if right is not None else "free"
        word = "measured" if word is True else word
        put("%s/%d" % (sys.argv[2], n), HEAD + event(kind, data, measured), word, what)
else:
    with open(sys.argv[2], "rb") as f:
        real = f.read()
    seen = set()
    for kind, at, size in events(real):
        data = real[at:at + size]
        # of a boot variable the value is last; of GRUB's commands the byte before the zero
        if kind == 0xd and data.startswith(GRUB):
            seen_as, change = data[:8], at + size - 2
        elif kind == 6 and data.startswith(b"LEAA"):
            seen_as, change = "AAEL", at + size - 1
        elif kind in RULED:
            seen_as, change = kind, at + size - 1
        else:
            continue
        if size and seen_as not in seen:
            seen.add(seen_as)
            bad = bytearray(real)
            bad[change] ^= 1
            put("%s/changed-%d" % (sys.argv[3], len(seen)), bad, "differs", "type 0x%x" % kind)
