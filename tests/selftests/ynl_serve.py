# SPDX-License-Identifier: GPL-2.0-only
"""ynl_serve.py CLI OUT: runs the kernel's cli.py (tools/net/ynl) as often as it is
asked. An emulated Python takes seconds to start and to read the spec: ynl.sh starts
one for all that it asks.

On stdin come the arguments, one a line, and an empty line. What cli.py says goes to
OUT.out and OUT.err, and then its exit status to stdout."""

import contextlib
import os
import runpy
import sys
import traceback

import yaml

cli, out = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.realpath(cli)))

import lib  # noqa: E402  of cli.py

safe_load, specs = yaml.safe_load, {}


def load_once(stream):
    text = stream.read()
    if text not in specs:
        specs[text] = safe_load(text)
    return specs[text]


decode = lib.YnlFamily._decode


def decode_names(self, attrs, space, *more):
    """Older ones, that of Linux 6.12 too, give names to enums of all types but uint."""
    msg = decode(self, attrs, space, *more)
    for name, value in msg.items():
        attr = self.attr_sets[space].attrs.get(name)
        if attr and "enum" in attr and isinstance(value, int):
            msg[name] = self._decode_enum(value, attr)
    return msg


def run(args):
    sys.argv = [cli, *args]
    try:
        runpy.run_path(cli, run_name="__main__")
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else int(bool(e.code))
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def main():
    yaml.safe_load = load_once
    lib.YnlFamily._decode = decode_names
    args = []
    for line in sys.stdin:
        if line != "\n":
            args.append(line.rstrip("\n"))
            continue
        with open(out + ".out", "w") as o, open(out + ".err", "w") as e, \
                contextlib.redirect_stdout(o), contextlib.redirect_stderr(e):
            status = run(args)
        print(status, flush=True)
        args = []


main()
