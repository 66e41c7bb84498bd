# SPDX-License-Identifier: GPL-2.0-only
"""What all services share: routes, errors in the service's own shape, faults on
demand, HTTP."""

import copy
import http.server
import json
import re
import socket
import ssl
import threading
import time
import urllib.parse

import flip
from strict import Bad

BODY_MAX = 4 << 20


class Refused(Exception):
    """The service says no: HTTP status, its word for the reason, text for people."""

    def __init__(self, status, kind, detail, headers=None):
        super().__init__(detail)
        self.status, self.kind, self.detail, self.headers = status, kind, detail, headers or {}


class Request:
    def __init__(self, method, target, headers, body):
        url = urllib.parse.urlsplit(target)
        self.target = target
        self.method, self.path, self.headers, self.body = method, url.path, headers, body
        try:
            self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True,
                                                     strict_parsing=bool(url.query)))
        except ValueError:
            self.query = {"": url.query}

    def header(self, name):
        return self.headers.get(name.lower(), "")

    def replace(self, **what):
        """The same request, but for this."""
        now = {"method": self.method, "target": self.target, "headers": self.headers,
               "body": self.body, **what}
        return Request(now["method"], now["target"], now["headers"], now["body"])

    def spelled(self):
        """Where else a service reads: [(what, text)]."""
        heads = ("content-type", "cookie", "x-api-key", "authorization")
        return [("target", self.target)] + [(h, self.headers[h]) for h in heads if h in self.headers]

    def with_text(self, what, text):
        if what == "target":
            return self.replace(target=text)
        return self.replace(headers={**self.headers, what: text})

    def want_type(self, *types):
        if self.header("content-type") not in types:
            raise Refused(415, "unsupported", f"Content-Type {self.header('content-type')!r} is not taken")

    def want_accept(self, kind):
        got = [x.split(";")[0].strip() for x in self.header("accept").split(",")]
        if kind not in got and "*/*" not in got:
            raise Refused(406, "unacceptable", f"the answer is {kind}, which Accept does not name")


class Response:
    def __init__(self, status, body=b"", kind="application/json", headers=None):
        if isinstance(body, (dict, list)):
            body = json.dumps(body, separators=(",", ":")).encode()
        self.status, self.body, self.kind = status, body, kind
        self.headers = headers or {}


class Service:
    """One service: @routes is [(method, pattern, name of the handler)]. What must
    outlive a request is in @state, so that a test can put it back."""

    name = ""
    routes = ()
    evidence = ""		# pattern of the paths that take evidence

    def __init__(self, trust, options):
        self.trust, self.options, self.state = trust, options, {}

    def error(self, status, kind, detail):
        raise NotImplementedError

    def bad(self, detail):
        """How the service answers what its parser or verifier refuses."""
        return Refused(400, "bad", detail)

    def judges(self, rq):
        """Whether this request carries evidence."""
        return bool(self.evidence) and bool(re.fullmatch(self.evidence, rq.path))

    def route(self, rq):
        """(handler, groups) for what this service serves, or None."""
        other = False
        for method, pattern, name in self.routes:
            m = re.fullmatch(pattern, rq.path)
            if m and method == rq.method:
                return getattr(self, name), m.groups()
            other = other or bool(m)
        return (self._no_method, ()) if other else None

    def _no_method(self, rq):
        raise Refused(405, "method", f"{rq.method} is not for {rq.path}")

    def handle(self, rq):
        """The answer; a request it does not serve gives None."""
        found = self.route(rq)
        if not found:
            return None
        try:
            return found[0](rq, *found[1])
        except Bad as e:
            r = self.bad(str(e))
        except Refused as e:
            r = e
        answer = self.error(r.status, r.kind, r.detail)
        answer.headers.update(r.headers)
        return answer

    def accepted(self, answer):
        return answer.status < 300


class Faults:
    """What goes wrong next: {"path": regex, "times": n, "status":, "headers":,
    "body":, "delay": seconds, "close": bytes sent before the connection ends,
    "hang": seconds before the connection ends without an answer or a line in the log}."""

    def __init__(self):
        self.lock, self.list = threading.Lock(), []

    def add(self, fault):
        with self.lock:
            self.list.append(dict(fault))

    def clear(self):
        with self.lock:
            self.list.clear()

    def take(self, rq):
        with self.lock:
            for f in self.list:
                if re.search(f.get("path", ""), rq.path) and f.get("times", 1) > 0:
                    f["times"] = f.get("times", 1) - 1
                    return f
        return None


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, services, port=0, tls=None, log=None, save=None, flip=0):
        self.services, self.faults, self.flip = services, Faults(), flip
        self.log, self.save, self.lock = log, save, threading.Lock()
        super().__init__(("127.0.0.1", port), Handler)
        self.tls = None
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*tls)
        self.count, self.flipping = 0, threading.Lock()

    def handle_error(self, request, client_address):
        pass			# a client that went away, or did not like our certificate

    def note(self, rq, answer, extra):
        """One line a request; a secret's presence, never the secret."""
        with self.lock:
            self.count += 1
            line = {"n": self.count, "time": round(time.monotonic(), 3), "method": rq.method,
                    "path": rq.path, "query": rq.query, "status": answer.status,
                    "length": len(rq.body), "type": rq.header("content-type"),
                    "headers": sorted(rq.headers), **extra}
            if self.log:
                print(json.dumps(line), file=self.log, flush=True)
            if self.save:
                with open(f"{self.save}/{self.count:03}", "wb") as f:
                    f.write(rq.body)

    def answer(self, rq):
        fault = self.faults.take(rq)
        if fault:
            time.sleep(fault.get("delay", fault.get("hang", 0)))
            if "hang" in fault:
                return None
            if "status" in fault or "close" in fault:
                a = Response(fault.get("status", 200), fault.get("body", "").encode(),
                             fault.get("type", "application/json"), fault.get("headers", {}))
                a.close = fault.get("close")
                return a
        for s in self.services:
            before = copy.deepcopy(s.state) if self.flip and rq.body else None
            a = s.handle(rq)
            if a:
                if before is not None and s.accepted(a) and s.judges(rq):
                    with self.flipping:
                        a.flips = flip.sweep(s, before, rq, self.flip, self.count)
                return a
        return Response(404, b"404 page not found\n", "text/plain")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def setup(self):
        if self.server.tls:		# here, so that a slow handshake delays no other
            self.request.settimeout(10)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        try:
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass

    def log_message(self, *args):
        pass

    def _body(self):
        if self.headers.get("transfer-encoding"):
            return None
        try:
            n = int(self.headers.get("content-length", "0"))
        except ValueError:
            return None
        return self.rfile.read(n) if 0 <= n <= BODY_MAX else None

    def _serve(self):
        body = self._body()
        if body is None:
            self.close_connection = True
            self.send_error(413)
            return
        headers = {k.lower(): v for k, v in self.headers.items()}
        rq = Request(self.command, self.path, headers, body)
        if rq.path == "/-/fault":	# the test's own door
            self.server.faults.clear() if not body else self.server.faults.add(json.loads(body))
            self._send(Response(204))
            return
        a = self.server.answer(rq)
        if a is None:
            self.close_connection = True
            return
        extra = {}
        if hasattr(a, "flips"):
            extra = {"flips": a.flips[0], "survived": a.flips[1][:5]}
        self.server.note(rq, a, extra)
        self._send(a)

    do_GET = do_POST = do_DELETE = do_PUT = _serve

    def _send(self, a):
        self.send_response(a.status)
        for k, v in a.headers.items():
            self.send_header(k, v)
        if a.body or a.status != 204:
            self.send_header("Content-Type", a.kind)
            self.send_header("Content-Length", str(len(a.body)))
        cut = getattr(a, "close", None)
        if cut is not None:
            self.close_connection = True
            self.end_headers()
            self.wfile.write(a.body[:cut])
            return
        self.end_headers()
        self.wfile.write(a.body)
