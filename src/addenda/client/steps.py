"""Requests as data: what is sent, when it is sent again, and what an error is.

A verb is a generator of steps. It yields what is to be done on the wire (:class:`Send`, :class:`Follow`,
:class:`NextLine`, :class:`Pause`) and is given what came of it, so that one description serves a client that blocks and
one that awaits. At most one stream is open at a time; another step closes it. A connection that broke is thrown into
the verb as :class:`Lost`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar, cast

from pydantic import JsonValue, ValidationError

from addenda import errors
from addenda.client.replies import Told

ATTEMPTS = 4
"""How often a request is sent at most."""

FIRST_PAUSE = 0.25
"""Seconds before the second attempt; they double, with up to as much again by chance."""

LONGEST_PAUSE = 60.0
"""Seconds that a server may ask to be left alone before it is told to the caller instead."""

_TYPE = "urn:addenda:problem:"
_REPEATABLE_PROBLEMS = frozenset({"model-busy", ""})

Params: TypeAlias = Mapping[str, str | Sequence[str]]
Answer = TypeVar("Answer", bound=Told)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that goes with a request."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """One request about the knowledge base."""

    method: str
    path: str
    """Below the knowledge base's own path."""
    params: Params = field(default_factory=dict[str, str | Sequence[str]])
    body: JsonValue = None
    upload: Upload | None = None
    form: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    repeatable: bool = False
    """Whether it may be sent again when it may have been carried out."""
    patient: bool = False
    """Whether a model is asked for it, which takes its time."""
    read_timeout: float | None = None
    """Seconds without a word after which the connection counts as lost; the client's own when None."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes


class Lost(Exception):
    """No answer came."""

    def __init__(self, what: str, *, sent: bool, late: bool = False) -> None:
        """Take what happened, whether the request may have been received, and whether it was a time-out."""
        super().__init__(what)
        self.sent = sent
        self.late = late


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; answered with the reply."""

    request: Request


@dataclass(frozen=True, slots=True)
class Follow:
    """Open a stream; answered with a reply whose body is empty, or with the problem."""

    request: Request


@dataclass(frozen=True, slots=True)
class NextLine:
    """Read the next line of the open stream; answered with None at its end."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


Step: TypeAlias = Send | Follow | NextLine | Pause
Came: TypeAlias = Reply | str | None
"""What came of a step."""

Result = TypeVar("Result")
Steps: TypeAlias = Generator[Step, Came, Result]
"""What is to be done, one step after another, and what it comes to."""


def exchange(request: Request) -> Steps[Reply]:
    """Send a request until it is answered, or it is not safe or not worth it to send it again.

    Raises the error of :mod:`addenda.errors` that the server names, or ServerUnavailable.
    """
    unsure = False
    for attempt in range(ATTEMPTS):
        last = attempt == ATTEMPTS - 1
        try:
            reply = cast("Reply", (yield Send(request)))
        except Lost as lost:
            again = not lost.sent or (request.repeatable and not (lost.late and request.patient))
            unsure = unsure or lost.sent
            if last or not again:
                raise unavailable(lost, unsure=unsure and not request.repeatable) from None
            seconds = _pause(attempt)
        else:
            if reply.status < 300:
                return reply
            wanted = _wait(request, reply, attempt, unsure=unsure)
            if last or wanted is None:
                raise error_of(reply)
            seconds = wanted
        yield Pause(seconds)
    raise AssertionError("the last attempt returns or raises")


def ask_for(kind: type[Answer], request: Request) -> Steps[Answer]:
    """Send a request and read its answer. Raises as :func:`exchange`."""
    return read(kind, (yield from exchange(request)))


def read(kind: type[Answer], reply: Reply) -> Answer:
    """What a reply says. Raises ServerUnavailable for one that no server of Addenda gives."""
    return read_json(kind, reply.body)


def read_json(kind: type[Answer], data: bytes | str) -> Answer:
    """What a JSON text says. Raises ServerUnavailable for one that no server of Addenda gives."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the whole"
        raise errors.ServerUnavailable(
            f"what answers there is no server of Addenda that this client understands ({kind.__name__}, {where}: "
            f"{fault['msg']}); check the address, and the versions of both"
        ) from None


def pause_before(attempt: int) -> Pause:
    """The wait before another attempt."""
    return Pause(_pause(attempt))


def unavailable(lost: Lost, *, unsure: bool) -> errors.ServerUnavailable:
    """What is told of a connection that broke."""
    advice = (
        "it is not known whether it was carried out: look before you ask for it again"
        if unsure
        else "check the address, and that the server runs"
    )
    return errors.ServerUnavailable(f"{lost}; {advice}")


def error_of(reply: Reply) -> errors.AddendaError:
    """The error that a reply tells of, with the server's own words and, as a note, the request's id."""
    found = _problem(reply)
    kind, detail = kind_in(str(found.get("type", ""))), str(found.get("detail", ""))
    error = error_named(kind, reply.status)(detail or f"the server answered with status {reply.status}")
    if request_id := found.get("request_id"):
        error.add_note(f"the server's log has this request as {request_id}")
    return error


def error_named(kind: str, status: int = 500) -> type[errors.AddendaError]:
    """The class of a problem's kind; one that is not known here goes by its status."""
    name = "".join(part.capitalize() for part in kind.split("-"))
    found: object = getattr(errors, name, None)
    if isinstance(found, type) and issubclass(found, errors.AddendaError) and found is not errors.AddendaError:
        return found
    return _BY_STATUS.get(status, errors.InvalidInput if 400 <= status < 500 else errors.ServerUnavailable)


def kind_in(type_uri: str) -> str:
    """The last part of a problem's type; empty for what is no problem of Addenda."""
    return type_uri.removeprefix(_TYPE) if type_uri.startswith(_TYPE) else ""


_BY_STATUS: Mapping[int, type[errors.AddendaError]] = {
    401: errors.PermissionDenied,
    403: errors.PermissionDenied,
    404: errors.UnknownId,
    409: errors.Conflict,
    412: errors.Moved,
    428: errors.Moved,
    429: errors.ServerUnavailable,
}


def _problem(reply: Reply) -> Mapping[str, JsonValue]:
    try:
        found: object = json.loads(reply.body)
    except ValueError:
        return {}
    return cast("dict[str, JsonValue]", found) if isinstance(found, dict) else {}


def _wait(request: Request, reply: Reply, attempt: int, *, unsure: bool) -> float | None:
    """Seconds after which it is worth sending a refused request again; None when it is not."""
    asked = reply.headers.get("retry-after", "")
    seconds = float(asked) if asked.isdecimal() else _pause(attempt)
    if seconds > LONGEST_PAUSE:
        return None
    if reply.status == 429:
        return seconds
    kind = kind_in(str(_problem(reply).get("type", "")))
    if request.repeatable and reply.status in (502, 503, 504) and kind in _REPEATABLE_PROBLEMS:
        return seconds
    # The first attempt may be under way still; then the server says so, and later gives what came of it.
    return seconds if request.repeatable and unsure and reply.status == 409 and kind == "conflict" else None


def _pause(attempt: int) -> float:
    return FIRST_PAUSE * 2**attempt * (1 + random.random())
