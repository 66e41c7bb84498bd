#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""t_servers.py [EVERY [SERVICE]...]: the servers judged without the tool. A request of each
kind is accepted; with one bit changed in every EVERY-th byte (default 61; 1: in
each) it is refused; so are requests spelled otherwise than the service's format
says, in the service's own error shape. A line a test: ok or not ok."""

import copy
import json
import sys
import tempfile

import build
import flip
import mint
import serve
import simtee
import strict
import trust
import vtpm
import wrong

failed = []


def result(good, name, why=""):
    if not good:
        print(f"# {why}")
        failed.append(name)
    print(f"{'ok' if good else 'not ok'} {name}", flush=True)


def main():
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 61
    wanted = sys.argv[2:] or list(build.SERVICES)
    with tempfile.TemporaryDirectory() as tmp:
        roots, pck = tmp + "/roots", mint.Pck()
        simtee.samples(bytes(64), roots)
        with open(tmp + "/log-root.der", "wb") as f:
            f.write(pck.root())
        vm = vtpm.Paravisor()
        with open(tmp + "/vtpm-root.der", "wb") as f:
            f.write(vm.root())
        options = serve.parser().parse_args(["--roots", roots])
        services = serve.services(trust.Trust([roots, tmp + "/log-root.der", tmp + "/vtpm-root.der"]), options)
        by_name = {s.name: s for s in services}
        builder = build.Builder(services, roots, pck, vm)
        total = 0
        for service, name, rq in builder.kinds(wanted):
            s = by_name[service]
            state = copy.deepcopy(s.state)
            answer = s.handle(rq)
            result(s.accepted(answer), f"{service} takes {name}", answer.body[:300])
            tried, survived = flip.sweep(s, state, rq, every, total)
            total += tried
            result(tried > 100 / every and not survived,
                   f"{service} refuses {name} with a bit changed, {tried} places", survived[:3])
        for service, name, rq, why in wrong.requests(builder, wanted):
            s = by_name[service]
            state = copy.deepcopy(s.state)
            answer = s.handle(rq)
            s.state = state
            result(not s.accepted(answer) and wrong.shape(service, answer) and
                   why in strict_text(service, answer), f"{service} refuses {name}",
                   f"{answer.status} {answer.body[:300]}, wanted {why!r}")
    return 1 if failed else 0


def strict_text(service, answer):
    """What the answer tells people."""
    if service == "veraison" and answer.status == 200:
        token = json.loads(answer.body)["result"].split(".")[1]
        return strict.b64url(token, "result").decode()
    return answer.body.decode()


if __name__ == "__main__":
    sys.exit(main())
