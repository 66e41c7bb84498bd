#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Looks for every name of the interface in the text of the manual pages.

manual.py names PAGE4 PAGE7 HEADER KMOD SPEC
    cvm-evidence(4) and cvm_evidence(7); the header, the module's sources, the YNL spec
manual.py examples PAGE.scd DIR [PAGE.scd DIR]
    writes the literal blocks as DIR/N.c and DIR/N.sh

PAGE is the page as a reader sees it, in lines that are not wrapped. A name has to stand
in the section of its kind, with its number, offset or type: "NAME (2", at the beginning
of a line if what follows explains it. Prints a line for each kind, as unit.h has it. It
takes each of the names out of the page once, to see that it would be missed, and adds
one thing of each kind to the sources, to see that they are read.
"""
import contextlib
import io
import pathlib
import re
import sys
import tempfile

import ynl_header

failed = 0
thorough = True


def ok(good, name, why=""):
    global failed
    if not good:
        failed = 1
        print(f"# {why}")
    print(f"{'ok' if good else 'not ok'} {name}")


def section(page, title):
    """The lines below a heading (column 1), or below a subheading (column 4)."""
    out, inside = [], False
    for line in page.splitlines():
        indent = len(line) - len(line.lstrip())
        if line.strip() == title and indent in (0, 3):
            inside, level = True, indent
        elif inside and line.strip() and indent <= level:
            break
        elif inside:
            out.append(line)
    return "\n".join(out)


def pattern(entry):
    """NAME (VALUE: what an entry looks like; a list of values has any form of a number."""
    name, value, at_start = entry
    begin = r"^ +" if at_start else r"(?<![\w-])"
    if value is None:
        return rf"{begin}{re.escape(name)}(?![\w-])"
    if isinstance(value, int):
        forms = {str(value), f"{value:#x}", f"{value:#X}".replace("X", "x", 1)}
        value = "(?:" + "|".join(sorted(forms)) + r")(?!\w)"
    else:
        value = re.escape(value) + r"(?!\d)"
    return rf"{begin}{re.escape(name)} \({value}"


def missing(page, entries):
    return [e for title, e in entries
            if not re.search(pattern(e), section(page, title) if title else page, re.M)]


def check(page, what, entries, least):
    """All entries, [(section or None, (name, value, at_start))], are in the page."""
    gone = missing(page, entries)
    ok(len(entries) >= least and not gone, f"the page has all {len(entries)} {what}",
       f"at least {least} wanted; missing: {gone}")
    if gone or not thorough:
        return
    # without one of them: nothing else of the page stands for it
    unnoticed = []
    for entry in entries:
        title, e = entry
        part = section(page, title) if title else page
        without = page.replace(part, re.sub(pattern(e), " (taken out", part, flags=re.M), 1)
        if missing(without, [entry]) != [e]:
            unnoticed.append(e)
    ok(not unnoticed, f"and each of the {what} would be missed", unnoticed)


def number(text):
    text = re.sub(r"SZ_(\d+)([KM])", lambda m: str(int(m[1]) << {"K": 10, "M": 20}[m[2]]), text)
    shift = re.fullmatch(r"\(1U << (\d+)\)", text)
    if shift:
        return 1 << int(shift[1])
    product = re.fullmatch(r"\((\d+) \* (\d+) \* (\d+)\)", text)
    if product:
        return int(product[1]) * int(product[2]) * int(product[3])
    call = re.fullmatch(r"_IO\(CVM_EVIDENCE_IOC_MAGIC, (\w+)\)", text)
    return int((call[1] if call else text).rstrip("U"), 0)


def constants(header):
    """{name: number or text} of the device's part of the header."""
    out = {}
    for name, text in re.findall(r"^#define (CVM_EVIDENCE_\w+)\s+(\S[^\n]*?)\s*(?:/\*|$)",
                                 header, re.M):
        out[name] = text if text.startswith('"') else number(text)
    out.update({n: int(v) for n, v in re.findall(r"^\t(CVM_EVIDENCE_\w+)\s*= (\d+),", header, re.M)})
    return out


def members(header):
    """[(struct, member, offset, type)]: members by the struct, offsets by its comment."""
    types = {"__u16": "u16", "__u32": "u32", "__aligned_u64": "u64"}
    sizes = constants(header)
    out = []
    for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", header, re.M | re.S):
        for kind, member, size in re.findall(r"^\t(\w+) (\w+)(?:\[(\w+)\])?;", body, re.M):
            comment = header[header.index(f" * struct {name} "):]
            offset = re.search(rf"@{member}: offset (\d+):", comment)
            kind = f"{sizes.get(size, size)} bytes" if size else types.get(kind, "?")
            out.append((name, member, offset[1] if offset else "?", kind))
    return out


def parameters(text):
    """{name: "DEFAULT; MIN to MAX)"} of the module's parameters."""
    defines = dict(re.findall(r"^#define (CVME_\w+)\s+(\S.*)", text, re.M))
    out = {}
    for name in re.findall(r"^module_param\w*\((\w+),", text, re.M):
        bounds = re.search(rf'struct bounded {name} = \{{\s*"{name}", &(\w+), (\w+), (\w+)\s*\}}', text)
        value = bounds and re.search(rf"^unsigned int {bounds[1]} = (\w+);", text, re.M)
        if value:
            low, high = (number(defines.get(b, b)) for b in bounds.group(2, 3))
            out[name] = f"{number(value[1])}; {low} to {high})"
        else:
            out[name] = "? its default and range are not in one place"
    return out


def device(page, header, kmod):
    # the events are the other page's
    header = header[:header.index("\n * EVENTS\n")]
    found = constants(header)
    paths = {n: v.strip('"') for n, v in found.items() if n.endswith("_DEVICE")}
    numbers = [(None, (n, v, True)) for n, v in found.items() if n not in paths]
    kinds = (("ioctls", r"_IO\w+_MAGIC|_GET_\w+|_REQUEST", 4), ("reasons", r"_REASON_\w+", 15),
             ("statuses", r"_ST_\w+", 7), ("items", r"_ITEM_(?!F_|HEADER)\w+", 24),
             ("flags", r"_(?:F|\w+_F|CAP|LEASE)_\w+", 29))
    rest = dict(e[1][:2] for e in numbers)
    for what, names, least in kinds:
        some = [e for e in numbers if re.fullmatch(f"CVM_EVIDENCE(?:{names})", e[1][0])]
        check(page, what, some, least)
        for e in some:
            rest.pop(e[1][0], None)
    check(page, "other constants", [(None, (n, v, True)) for n, v in rest.items()], 25)
    check(page, "nodes", [("FILES", (v, n, True)) for n, v in paths.items()], 2)
    check(page, "members of structs",
          [(f"struct {s}", (m, f"offset {o}, {t}", True)) for s, m, o, t in members(header)], 84)
    errors = re.findall(r"^ \*   (E[A-Z0-9]+) ", header, re.M)
    check(page, "errors", [("ERRORS", (e, None, True)) for e in errors], 20)
    stale = set(re.findall(r"^ +(CVM_EVIDENCE_\w+) \(", page, re.M)) - set(found)
    ok(not stale, "and no constant that the header does not have", stale)

    check(page, "module parameters",
          [("MODULE PARAMETERS", (n, v, True)) for n, v in parameters(kmod).items()], 4)
    entries = re.findall(r'debugfs_create_(?!dir)\w+\("(\w+)"', kmod)
    entries += re.findall(r"^TRACE_EVENT\((\w+),", kmod, re.M)
    check(page, "debugfs files and tracepoints",
          [("FILES", (n, None, False)) for n in entries], 9)


def netlink(page, text):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write(text)
        f.flush()
        spec = ynl_header.load(f.name)
    check(page, "names of the family", [("NETLINK INTERFACE", (spec["name"], None, False))], 1)
    ops = spec["operations"]
    check(page, "commands", [("COMMANDS", (o["name"], o["value"], True)) for o in ops["list"]], 3)
    check(page, "multicast groups",
          [("MULTICAST GROUPS", (g["name"], None, True)) for g in spec["mcast-groups"]["list"]], 1)
    titles = {"event": "Attributes of an event", "info": "Attributes of the answer to get-info",
              "provider": "Attributes of a provider"}
    prefixes = [("COMMANDS", ops["name-prefix"])]
    known = set()
    for s in spec["attribute-sets"]:
        title = titles.get(s["name"], s["name"])
        found = ynl_header.attributes(s)
        known.update((n, str(v)) for n, (v, _) in found.items())
        check(page, f"attributes of {s['name']}",
              [(title, (n, f"{v}, {kind})", True)) for n, (v, kind) in found.items()], 14)
        prefixes.append((title, s["name-prefix"]))
    for d in spec["definitions"]:
        title = "EVENTS" if d["name"] == "event-type" else d["name"]
        if d["type"] == "flags":
            entries = [(n, f"bit {i})", False) for i, n in enumerate(d["entries"])]
        else:
            entries = [(e["name"], e["value"], title == "EVENTS") for e in d["entries"]]
        known.update((e[0], str(e[1])) for e in entries)
        check(page, f"values of {d['name']}", [(title, e) for e in entries], 2)
    prefixes = [(t, (p.replace("-", "_").upper(), None, False)) for t, p in prefixes]
    gone = [e for e in prefixes if e[1][0] not in section(page, e[0])]
    ok(not gone, "the page has the prefixes of the names in C", gone)
    stale = set(re.findall(r"^ +([a-z][a-z0-9-]*) \((\d+)[,)]", page, re.M)) - known - {
        (o["name"], str(o["value"])) for o in ops["list"]}
    ok(not {s for s in stale if not s[0] in ("read", "write", "poll")},
       "and no name that the specification does not have", stale)

    # what the kernel's own tool is given
    words = re.findall(r"cli\.py .*", page)
    asked = {k: set(re.findall(rf"--{k} ([\w-]+)", " ".join(words)))
             for k in ("do", "dump", "subscribe")}
    has = {k: {o["name"] for o in ops["list"] if k in o} for k in ("do", "dump")}
    has["subscribe"] = {g["name"] for g in spec["mcast-groups"]["list"]}
    ok(asked == has, "the YNL examples have every command and the group", f"{asked} {has}")


MORE = (  # what the page does not have, the source of it, and what makes it of that
    ("an ioctl", "header", r"^(#define CVM_EVIDENCE_GET_)LEASE(.*)0x92\)", r"\g<0>\n\1TIME\g<2>0x93)"),
    ("another number of an ioctl", "header", r"0x92\)", "0x93)"),
    ("a flag", "header", r"^#define CVM_EVIDENCE_F_TDREPORT.*",
     r"\g<0>\n#define CVM_EVIDENCE_F_SOON\t(1U << 9)"),
    ("an item", "header", r"^(\tCVM_EVIDENCE_ITEM_)ABSENT.*", r"\g<0>\n\1MORE = 25,"),
    ("a reason", "header", r"^(\tCVM_EVIDENCE_REASON_)NONE.*", r"\g<0>\n\1MOON = 15,"),
    ("a member", "header", r"^\t__u32 max_blob;", "\\g<0>\n\t__u32 max_time;"),
    ("another offset", "header", "@max_blob: offset 44", "@max_blob: offset 4"),
    ("another type of a member", "header", r"^\t__u32 max_blob;", "\t__aligned_u64 max_blob;"),
    ("an error", "header", r"^ \*   EFBIG .*", r"\g<0>\n *   EROFS       no"),
    ("a parameter", "kmod", r"^module_param_cb\(queue_max.*",
     r"\g<0>\nmodule_param(burst, uint, 0644);"),
    ("another default", "kmod", r"^(unsigned int cvme_queue_max = )1024", r"\g<1>102"),
    ("another range", "kmod", "cvme_queue_max, 1, 65536", "cvme_queue_max, 1, 32768"),
    ("a tracepoint", "kmod", r"^TRACE_EVENT\(cvm_evidence_started,",
     r"\g<0>\nTRACE_EVENT(cvm_evidence_stopped,"),
    ("a command", "spec", "^      name: get-log", "      name: get-all"),
    ("an event", "spec", "^        name: throttled$", "        name: delayed"),
    ("an attribute", "spec", "^        name: fw-status$", "        name: fw-state"),
    ("another type of an attribute", "spec", r"(name: exe-major\n        type: )u32", r"\1uint"),
    ("a value", "spec", "^      - fresh$", "      - newest"),
    ("a group", "spec", r"(^mcast-groups:[^$]*name: )events", r"\1news"),
)


def names(page4, page7, header, kmod, spec):
    global failed, thorough
    page4, page7 = (pathlib.Path(p).read_text(encoding="utf-8") for p in (page4, page7))
    files = sorted(pathlib.Path(kmod).glob("*.[ch]"))
    sources = {"header": pathlib.Path(header).read_text(encoding="ascii"),
               "kmod": "\n".join(p.read_text(encoding="ascii") for p in files),
               "spec": pathlib.Path(spec).read_text(encoding="ascii")}
    device(page4, sources["header"], sources["kmod"])
    netlink(page7, sources["spec"])

    so_far, thorough = failed, False
    for what, source, old, new in MORE:
        changed, said = dict(sources), io.StringIO()
        changed[source], times = re.subn(old, new, sources[source], count=1, flags=re.M)
        failed = 0
        with contextlib.redirect_stdout(said):
            if source == "spec":
                netlink(page7, changed["spec"])
            else:
                device(page4, changed["header"], changed["kmod"])
        noticed, failed = failed and times == 1, so_far
        ok(noticed, f"{what} that the page does not have is noticed", f"{times} places changed")
        so_far = failed


def examples(*words):
    for source, where in zip(words[::2], words[1::2]):
        text = pathlib.Path(source).read_text(encoding="utf-8")
        for i, block in enumerate(re.findall(r"^```\n(.*?)^```$", text, re.M | re.S), 1):
            kind = "c" if block.startswith("#include") else "sh"
            # scdoc takes a backslash for the next character's
            block = re.sub(r"\\(.)", r"\1", block)
            pathlib.Path(where, f"{i:02}.{kind}").write_text(block, encoding="utf-8")


if __name__ == "__main__":
    {"names": names, "examples": examples}[sys.argv[1]](*sys.argv[2:])
    sys.exit(failed)
