"""A server of OpenAI's chat completions that says what it was told to say, for tests of the remote model.

It is a real HTTP server on loopback, in a thread. What it says is either a :class:`Turn`, which it renders as JSON or
as a stream, whichever was asked for, or a :class:`Raw` answer, which goes out byte by byte as it is, however wrong.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True)
class Turn:
    """A turn of the model, well formed."""

    text: str = ""
    calls: Sequence[tuple[str, str]] = ()
    """Tool calls as (name, arguments)."""
    finish: str = ""
    """The finish reason; empty for the one that fits."""
    piece: int = 3
    """How many characters a streamed piece has."""

    @property
    def reason(self) -> str:
        return self.finish or ("tool_calls" if self.calls else "stop")

    def message(self) -> dict[str, Any]:
        """As it stands in a reply that is not streamed."""
        calls = [
            {"id": f"id-{i}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for i, (name, arguments) in enumerate(self.calls)
        ]
        return {"role": "assistant", "content": self.text or None} | ({"tool_calls": calls} if calls else {})

    def deltas(self) -> Iterator[dict[str, Any]]:
        """As it is streamed: id and name in the first piece of a call only."""
        yield {"role": "assistant", "content": ""}
        for start in range(0, len(self.text), self.piece):
            yield {"content": self.text[start : start + self.piece]}
        for i, (name, arguments) in enumerate(self.calls):
            first = {"index": i, "id": f"id-{i}", "type": "function", "function": {"name": name, "arguments": ""}}
            yield {"tool_calls": [first]}
            for start in range(0, len(arguments), self.piece):
                more = {"index": i, "function": {"arguments": arguments[start : start + self.piece]}}
                yield {"tool_calls": [more]}


@dataclass(frozen=True)
class Raw:
    """An answer as bytes."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    missing: int = 0
    """How many bytes more are announced than are sent before the connection closes."""
    wait: threading.Event | None = None
    """Nothing is sent before this happens."""
    closes: threading.Event | None = None
    """The connection does not close before this happens."""


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


Answer = Turn | Raw


def problem(status: int, message: str, **headers: str) -> Raw:
    """An error in OpenAI's form, to be retried at once where it is retried."""
    body = json.dumps({"error": {"message": message, "type": "some_type", "param": None, "code": None}}).encode()
    return Raw(body, status, {"Content-Type": "application/json", "Retry-After-Ms": "1"} | headers)


def events(*chunks: object, done: bool = True, missing: int = 0) -> Raw:
    """A stream of these chunks; a text is sent as it is, anything else as JSON."""
    lines = [f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n" for chunk in chunks]
    if done:
        lines.append("data: [DONE]\n\n")
    return Raw("".join(lines).encode("utf-8", "surrogatepass"), 200, {"Content-Type": "text/event-stream"}, missing)


def chunk(delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
    """One chunk of a stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}


class ChatServer:
    """The server. ``script`` is what it says, in order; ``answering`` decides when the script is used up."""

    def __init__(self, *script: Answer, answering: Callable[[Request], Answer] | None = None) -> None:
        self.script = list(script)
        self.answering = answering or (lambda _: problem(500, "the script is used up"))
        self.requests: list[Request] = []
        self.hung_up = threading.Event()
        """Set when a client closed its connection before everything was sent."""
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        """The address of the interface."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _next(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            if self.script:
                return self.script.pop(0)
        return self.answering(request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = server._next(Request(self.path, dict(self.headers.items()), sent))
                try:
                    if isinstance(answer, Raw):
                        self._send(answer)
                    else:
                        self._send(_streamed(answer) if sent.get("stream") else _whole(answer))
                except (BrokenPipeError, ConnectionResetError):
                    server.hung_up.set()
                    self.close_connection = True

            def _send(self, answer: Raw) -> None:
                if answer.wait is not None:
                    answer.wait.wait(30)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body) + answer.missing))
                self.end_headers()
                # In pieces, so that a client that reads too little or hangs up is noticed.
                for start in range(0, len(answer.body), 4096):
                    self.wfile.write(answer.body[start : start + 4096])
                    self.wfile.flush()
                if answer.closes is not None:
                    answer.closes.wait(30)
                if answer.missing:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing is logged."""

        return Handler


def _whole(turn: Turn) -> Raw:
    choice = {"index": 0, "message": turn.message(), "finish_reason": turn.reason}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    body = {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
    return Raw(json.dumps(body).encode())


def _streamed(turn: Turn) -> Raw:
    pieces = [chunk(delta) for delta in turn.deltas()]
    usage = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [], "usage": {}}
    return events(*pieces, chunk({}, turn.reason), usage)
