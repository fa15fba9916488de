"""Errors in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}`` with the status that says the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import Response

from addenda.errors import (
    AddendaError,
    CannotLookBack,
    Conflict,
    InvalidInput,
    ModelBusy,
    ModelUnavailable,
    PermissionDenied,
    StorageUnavailable,
)

_TYPES: Mapping[int, str] = MappingProxyType(
    {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
)
_STATUSES: Mapping[type[AddendaError], int] = MappingProxyType(
    {
        InvalidInput: 400,
        CannotLookBack: 400,
        PermissionDenied: 403,
        Conflict: 409,
        ModelBusy: 503,
        ModelUnavailable: 503,
        StorageUnavailable: 503,
    }
)
RETRY_AFTER = "1"
"""Seconds after which something that is busy is worth asking again."""


class Problem(Exception):
    """A request that gets an error instead of an answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Take the status, what is wrong and what to do, the field or header at fault, and headers for the reply."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = dict(headers)

    @property
    def body(self) -> bytes:
        """The error as JSON."""
        kind = _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return json.dumps({"error": error}).encode()

    @property
    def event(self) -> bytes:
        """The error as the last event of a stream that it ends."""
        # The first line ends a line that may have been cut.
        return b"\n\ndata: " + self.body + b"\n\n"

    def response(self) -> Response:
        """The error as a reply."""
        return Response(self.body, self.status, self.headers, "application/json")


class UpstreamProblem(Problem):
    """An error that comes from the model's server, its body as that server sent it where that has the right shape."""

    def __init__(self, status: int, message: str, *, code: str | None = None, raw: bytes | None = None) -> None:
        """Take the status, the message, and the body, if it can be passed on."""
        super().__init__(status, message, code=code)
        self._raw = raw

    @property
    def body(self) -> bytes:
        """The error as JSON."""
        return super().body if self._raw is None else self._raw


def of_error(error: AddendaError) -> Problem:
    """The problem that an error of ours is."""
    status = next((code for kind, code in _STATUSES.items() if isinstance(error, kind)), 500)
    return Problem(status, str(error), headers={"Retry-After": RETRY_AFTER} if status == 503 else {})
