#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Stands in for what completes evidence, one answer after the other:

standin.py unix:PATH|vsock:PORT|http READY LOG ANSWER...

unix, vsock: Intel's quoting service. ANSWER: FILE (its quote), id:FILE (after an
id), error:N, short:FILE (cut off), lie:FILE (sizes that contradict each other),
big (a length of 1 GiB), hang, type:FILE (an answer to another question).
http: Azure's instance metadata. ANSWER: FILE (a JSON answer), STATUS.
READY gets the port, or the address; LOG a line for each request."""

import http.server
import socket
import struct
import sys
import time
import urllib.parse


def read(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def question(sock):
    """The TDREPORT in a GET_QUOTE request, checked as the real service does."""
    size, = struct.unpack(">I", read(sock, 4))
    body = read(sock, size)
    major, _minor, kind, total, error, report, ids = struct.unpack_from("<HHIIIII", body)
    assert (major, kind, total, error) == (1, 0, size, 0), body[:24]
    assert report == 1024 and ids == 0 and size == 24 + report, (report, ids, size)
    return body[24:]


def answer(sock, kind):
    what, _, path = kind.rpartition(":")
    if what == "error":
        m = struct.pack("<HHIIIII", 1, 0, 1, 24, int(path, 0), 0, 0)
    elif kind == "hang":
        time.sleep(5)
        return
    elif kind == "big":
        sock.sendall(struct.pack(">I", 1 << 30))
        return
    else:
        with open(path, "rb") as f:
            quote = f.read()
        ident = bytes(16) if what == "id" else b""
        size = 24 + len(ident) + len(quote)
        m = struct.pack("<HHIIIII", 1, 1, 3 if what == "type" else 1, size, 0, len(ident),
                        len(quote) + (what == "lie")) + ident + quote
    sock.sendall(struct.pack(">I", len(m)) + (m[:-7] if what == "short" else m))


def qgs(listener, log, answers):
    listener.listen(1)
    for a in answers:
        sock, _ = listener.accept()
        with sock:
            report = question(sock)
            print(report[128:192].hex(), file=log, flush=True)
            answer(sock, a)


def imds(log, answers, ready):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do(self):
            size = int(self.headers.get("Content-Length", 0))
            print(self.command, self.path, self.headers.get("Metadata"),
                  self.rfile.read(size).decode(), file=log, flush=True)
            a = answers.pop(0)
            after, chain = None, ""
            if a.isdigit():
                status, body = int(a), b""
            elif a[:3].isdigit() and a[3:4] == ":":
                status, body, after = int(a[:3]), b"", a[4:]
            else:
                a, _, chain = a.partition("@")
                with open(a, "rb") as f:
                    status, body = 200, f.read()
            self.send_response(status)
            # as Intel's services send the chain of a signer: PEM, URL-encoded
            if chain:
                with open(chain, encoding="ascii") as f:
                    self.send_header("TCB-Info-Issuer-Chain", urllib.parse.quote(f.read()))
            self.send_header("Content-Length", str(len(body)))
            if after:
                self.send_header("Retry-After", after)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do

        def log_message(self, *args):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    with open(ready, "w", encoding="ascii") as f:
        print(server.server_port, file=f)
    while answers:
        server.handle_request()


def main():
    kind, ready, log, *answers = sys.argv[1:]
    with open(log, "a", encoding="ascii") as out:
        if kind == "http":
            imds(out, answers, ready)
            return
        if kind.startswith("unix:"):
            s = socket.socket(socket.AF_UNIX)
            s.bind(kind[5:])
        else:
            s = socket.socket(socket.AF_VSOCK)
            s.bind((socket.VMADDR_CID_ANY, int(kind[6:])))
            # whether this kernel has a way to itself is known only by trying
            s.listen(1)
            probe = socket.socket(socket.AF_VSOCK)
            probe.settimeout(2)
            probe.connect((1, int(kind[6:])))
            s.accept()[0].close()
            probe.close()
        with open(ready, "w", encoding="ascii") as f:
            print(kind, file=f)
        qgs(s, out, answers)


main()
