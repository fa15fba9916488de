"""What is told of every request: a line in the log, numbers for Prometheus, an id and headers for the caller.

A log line is one JSON object: method, route, status, milliseconds, the request's id, and where they are known the
knowledge base, the person and the position of its ledger. It never has a path's values, a query, a body or a header, so
that no token, question or content can be in it; of an error that nobody raised on purpose it has the class and the
places in the code, and not the message.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
import traceback
from collections.abc import MutableMapping
from http import HTTPStatus
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from addenda.surfaces.http.problems import response

REQUEST_ID = "X-Request-Id"
"""Header with the id of a request, in and out."""

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""Headers of every response that does not set them itself."""

FAULT = "this is a fault in the server, not in your request; its log says more under the request's id"
"""What is said of an error that nobody raised on purpose."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class RequestNumbers:
    """How many requests there were, and how long they took."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the numbers."""
        self.count = Counter(
            "addenda_http_requests_total", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "addenda_http_request_duration_seconds",
            "Time from the request to the end of its response, streams included.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=registry,
        )


def json_logger(stream: TextIO, level: str) -> FilteringBoundLogger:
    """A logger that writes one JSON object for each line."""
    number = logging.getLevelNamesMapping()[level.upper()]
    return structlog.wrap_logger(
        structlog.PrintLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_messages,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )


class Observer:
    """ASGI middleware, the outermost: id, headers, log, numbers, and the answer when the software itself fails."""

    def __init__(self, app: ASGIApp, log: FilteringBoundLogger, numbers: RequestNumbers) -> None:
        """Take what comes after it, where it logs and where it counts."""
        self._app = app
        self._log = log
        self._numbers = numbers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"] = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        status = 0
        begun = time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, state["request_id"])
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer, and the log its place
            self._log.error("fault", request_id=state["request_id"], exc_info=error)
            if not status:
                fault = response(Request(scope), HTTPStatus.INTERNAL_SERVER_ERROR, "fault", FAULT)
                await fault(scope, receive, noting)
        finally:
            self._tell(scope, status, time.perf_counter() - begun)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = route_of(scope)
        self._numbers.count.labels(method, route, str(status)).inc()
        self._numbers.seconds.labels(method, route).observe(seconds)
        state: MutableMapping[str, Any] = scope["state"]
        known = {name: state[name] for name in ("request_id", "kb", "person", "position", "job") if name in state}
        milliseconds = round(seconds * 1000, 1)
        self._log.info("request", method=method, route=route, status=status, milliseconds=milliseconds, **known)


def route_of(scope: Scope) -> str:
    """The template of the route that took a request, so that neither log nor numbers hold what callers write."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "unknown"


def _add_headers(message: Message, request_id: str) -> None:
    headers = MutableHeaders(scope=message)
    headers[REQUEST_ID] = request_id
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)


def _without_messages(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put the class and the places of an error in place of what it says, which can quote anything."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)
        event["error"] = type(error).__name__
        event["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    return event
