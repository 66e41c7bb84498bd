#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A TPM on a socket, between a client and swtpm.

tpmproxy.py SOCKET            stdin and stdout are the client: tpm2-tools' TCTI "cmd"
tpmproxy.py SOCKET AT PLAN    listens at AT; one line of PLAN for each command that
                              it is for, in order, "CODE ACTION" (the command's code
                              in hex, or any):
    pass        nothing
    rc=HEX      an error of that number, without swtpm's knowledge
    cut=N       N bytes of the answer, then the end
    total=N     an answer that says to be of N bytes
    byte=N,HEX  another byte at N of the answer
    extend=N    PCR N is extended before
    ak=HANDLE   that key in the place of every 0x81000003"""

import os
import socket
import struct
import sys

AK = struct.pack(">I", 0x81000003)


def read(recv, n):
    data = b""
    while len(data) < n:
        more = recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def message(recv):
    head = read(recv, 10)
    return head + read(recv, struct.unpack_from(">I", head, 2)[0] - 10)


def ask(path, command):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(command)
        return message(s.recv)


def extend(path, n):
    body = struct.pack(">III", n, 9, 0x40000009) + bytes(5) + struct.pack(">IH", 1, 0xb) + os.urandom(32)
    answer = ask(path, struct.pack(">HII", 0x8002, 10 + len(body), 0x182) + body)
    assert answer[6:10] == bytes(4), answer


def planned(plan, code):
    """The action for this command, taken off the plan."""
    with open(plan, encoding="ascii") as f:
        lines = f.read().splitlines()
    if not lines or lines[0].split()[0] not in ("any", f"{code:x}"):
        return "pass"
    with open(plan, "w", encoding="ascii") as f:
        f.writelines(line + "\n" for line in lines[1:])
    return lines[0].split()[1]


def answer(path, plan, command):
    action, _, value = planned(plan, struct.unpack_from(">I", command, 6)[0]).partition("=")
    if action == "rc":
        return struct.pack(">HII", 0x8001, 10, int(value, 16))
    if action == "extend":
        extend(path, int(value))
    if action == "ak":
        command = command.replace(AK, struct.pack(">I", int(value, 16)))
    out = bytearray(ask(path, command))
    if action == "cut":
        del out[int(value):]
    if action == "total":
        struct.pack_into(">I", out, 2, int(value))
    if action == "byte":
        at, _, byte = value.partition(",")
        out[int(at):int(at) + 1] = bytes.fromhex(byte)
    return bytes(out)


def serve(path, at, plan):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(at)
    listener.listen(4)
    while True:
        client, _ = listener.accept()
        with client:
            try:
                while True:
                    command = message(client.recv)
                    out = answer(path, plan, command)
                    client.sendall(out)
                    if len(out) < 10 or len(out) != struct.unpack_from(">I", out, 2)[0]:
                        break
            except (EOFError, BrokenPipeError, ConnectionResetError):
                pass


def pipe(path):
    try:
        while True:
            sys.stdout.buffer.write(ask(path, message(sys.stdin.buffer.read)))
            sys.stdout.buffer.flush()
    except EOFError:
        pass


if len(sys.argv) > 2:
    serve(*sys.argv[1:])
else:
    pipe(sys.argv[1])
