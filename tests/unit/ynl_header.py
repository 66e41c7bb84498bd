#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares the YNL spec with the header: names, numbers, types, nothing missing.

ynl_header.py SPEC HEADER prints a line for each comparison, as unit.h has it.
"""
import re
import sys

ENUMS = {  # name in the spec: prefix in the header
    "event-type": "EV", "provider-id": "PROVIDER", "tee": "TEE", "status": "ST",
    "reason": "REASON", "field": "FIELD", "cause": "CAUSE",
}
FLAGS = {"request-flags": "F", "info-flags": "INFO_F", "caps": "CAP"}
SETS = {"event": "EVENT_A", "info": "INFO_A", "provider": "PROVIDER_A"}
failed = 0


def load(path):
    """The subset of YAML that the spec is written in, as nested dicts and lists."""
    lines = []
    for raw in open(path, encoding="ascii"):
        text = raw.rstrip()
        if not text or text.lstrip().startswith("#") or text == "---":
            continue
        lines.append((len(text) - len(text.lstrip()), text.strip()))
    anchors = {}
    at = 0

    def scalar(text):
        if text.startswith("*"):
            return anchors[text[1:]]
        if text.startswith("["):
            return [t.strip() for t in text[1:-1].split(",")]
        return int(text) if text.isdigit() else text

    def member(into, text, indent):
        nonlocal at
        key, _, value = text.partition(":")
        value = value.strip()
        at += 1
        if value == ">":
            while at < len(lines) and lines[at][0] > indent:
                at += 1
        elif value and not value.startswith("&"):
            into[key] = scalar(value)
        else:
            into[key] = block(indent + 1)
            if value:
                anchors[value[1:]] = into[key]

    def block(least):
        nonlocal at
        if at == len(lines) or lines[at][0] < least:
            return None
        indent = lines[at][0]
        out = [] if lines[at][1].startswith("-") else {}
        while at < len(lines) and lines[at][0] == indent:
            text = lines[at][1]
            if isinstance(out, dict):
                member(out, text, indent)
            elif text == "-":
                at += 1
                out.append(block(indent + 1))
            else:
                at += 1
                out.append(scalar(text[1:].strip()))
        return out

    return block(0)


def check(what, spec, header):
    """One comparison of two dicts or lists."""
    global failed
    if spec == header and spec:
        print(f"ok the spec and the header have the same {what}")
        return
    failed = 1
    print(f"# spec   {spec}\n# header {header}")
    print(f"not ok the spec and the header have the same {what}")


def yaml_name(text):
    return text.lower().replace("_", "-")


def enum_of(header, prefix):
    """{name: number} of the enumerators with the prefix, of one enum."""
    out = {}
    for body in re.findall(r"^enum \w+ \{(.*?)^\};", header, re.M | re.S):
        found = re.findall(rf"^\tCVM_EVIDENCE_{prefix}_(\w+)\s*= (\d+),", body, re.M)
        # PROVIDER_ is the prefix of PROVIDER_A_ too
        if found and len(found) == body.count("="):
            if prefix == "PROVIDER" and all(n.startswith("A_") for n, _ in found):
                continue
            out.update({yaml_name(n): int(v) for n, v in found})
    return out


def flags_of(header, prefix):
    return {yaml_name(n): int(b) for n, b in
            re.findall(rf"^#define CVM_EVIDENCE_{prefix}_(\w+)\s+\(1U << (\d+)\)", header, re.M)}


def type_of(header, prefix, name):
    """The spec's type of an attribute, by the first words of its description."""
    said = re.search(rf"@CVM_EVIDENCE_{prefix}_{name}: ([^@]*)", header)
    words = re.sub(r"[\s*]+", " ", said.group(1)) if said else ""
    for start, kind in (("uint", "uint"), ("u32", "u32"), ("text", "string"), ("flag", "flag"),
                        ("nest", "nest"), ("bytes", "binary"), ("32 bytes", "binary")):
        if words.startswith(start):
            return kind
    return type_of(header, prefix, "OLD") if words.startswith("and now") else f"? {words}"


def attributes(attribute_set):
    out, number = {}, 0
    for a in attribute_set["attributes"]:
        number = a.get("value", number + 1)
        out[a["name"]] = (number, a["type"])
    return out


def main():
    spec = load(sys.argv[1])
    with open(sys.argv[2], encoding="ascii") as f:
        header = f.read()
    definitions = {d["name"]: d for d in spec["definitions"]}
    check("definitions", sorted(definitions), sorted([*ENUMS, *FLAGS]))
    for name, prefix in ENUMS.items():
        check(f"enum {name}", {e["name"]: e["value"] for e in definitions.get(name, {"entries": []})["entries"]},
              enum_of(header, prefix))
    for name, prefix in FLAGS.items():
        check(f"flags {name}", {n: i for i, n in enumerate(definitions.get(name, {"entries": []})["entries"])},
              flags_of(header, prefix))
    sets = {s["name"]: s for s in spec["attribute-sets"]}
    check("attribute sets", sorted(sets), sorted(SETS))
    for name, prefix in SETS.items():
        check(f"attributes of {name}", attributes(sets[name]),
              {n: (v, type_of(header, prefix, n.upper().replace("-", "_")))
               for n, v in enum_of(header, prefix).items()})
        for a in sets[name]["attributes"]:
            if "enum" in a and a["enum"] not in definitions:
                check(f"enum of {a['name']}", a["enum"], None)
            if ("enum-as-flags" in a) != (a.get("enum") in FLAGS):
                check(f"flags of {a['name']}", a, None)
    ops = spec["operations"]["list"]
    commands = enum_of(header, "CMD")
    del commands["unspec"]
    check("commands", {o["name"]: o["value"] for o in ops}, commands)
    check("commands with CAP_NET_ADMIN", [o["name"] for o in ops if "admin-perm" in o.get("flags", [])],
          ["get-info", "get-log"])
    ops = {o["name"]: o for o in ops}
    check("answer to get-info", ops["get-info"]["do"]["reply"]["attributes"],
          list(attributes(sets["info"])))
    check("answer to get-log", ops["get-log"]["dump"]["reply"]["attributes"],
          list(attributes(sets["event"])))
    check("event", ops["event"]["event"]["attributes"], list(attributes(sets["event"])))
    group = re.search(r'^#define CVM_EVIDENCE_GENL_GROUP\s+"(\w+)"', header, re.M).group(1)
    family = re.search(r'^#define CVM_EVIDENCE_GENL_NAME\s+"(\w+)"', header, re.M).group(1)
    check("names of family and group", [spec["name"], spec["mcast-groups"]["list"][0]["name"]],
          [family, group])
    return failed


if __name__ == "__main__":
    sys.exit(main())
