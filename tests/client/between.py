"""What lies between a client and a real server and fails on purpose: loses answers, is busy, speaks of the future."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

HOP = {"transfer-encoding", "content-length", "connection", "date", "server", "content-encoding"}


@dataclass
class Between:
    """Passes requests on. What it is told to do with the next ones is taken from the front of ``faults``."""

    address: str
    faults: list[str] = field(default_factory=list)
    """``lose``: carry it out, lose the answer; ``refuse``: close without asking; ``busy``; ``cut`` a stream short."""
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and key of what came."""
    streams: bool = True
    """False: a stream is answered with a page instead."""
    alter: Callable[[Any], Any] = lambda body: body


@contextmanager
def between(upstream: str) -> Generator[Between]:
    """Something between, on a port of its own."""
    made = Between("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def handle_any(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            made.seen.append((self.command, self.path, self.headers.get("Idempotency-Key", "")))
            fault = made.faults.pop(0) if made.faults else ""
            self.close_connection = True
            if fault == "refuse":
                return
            if fault == "busy":
                problem = b'{"type": "urn:addenda:problem:model-busy", "detail": "later"}'
                self.answer(503, {"content-type": "application/problem+json", "retry-after": "0"}, problem)
                return
            if not made.streams and self.path.endswith("/events"):
                self.answer(200, {"content-type": "text/html"}, b"<p>no streams</p>")
                return
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}
            }
            with httpx2.Client(trust_env=False, timeout=60) as asking:
                found = asking.request(self.command, upstream + self.path, content=data, headers=headers)
            if fault == "lose":
                return
            body = found.content
            if fault == "cut":
                body = body.partition(b"\n\n")[0] + b"\n\n"
            elif found.headers.get("content-type", "").startswith("application/json"):
                body = json.dumps(made.alter(found.json())).encode()
            self.answer(found.status_code, dict(found.headers), body)

        def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = handle_any  # noqa: N815 (what the library calls)

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    made.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
