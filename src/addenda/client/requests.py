"""How requests are made: reading, changing with a key of its own, decisions about what was seen, lists page by page."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import quote

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from addenda.client.replies import Told
from addenda.client.steps import Params, Request, Steps, ask_for

Answer = TypeVar("Answer", bound=Told)
Item = TypeVar("Item")

Pages: TypeAlias = Callable[[str | None], Steps[tuple[tuple[Item, ...], str | None]]]
"""Reads a page of a list (the first with None): what is on it, and the next one's cursor."""


Titled: TypeAlias = tuple[str, str] | tuple[str, str, str]
"""A title and its text, and perhaps where it comes from."""


class Listing(Generic[Item]):
    """A list that is read page by page while somebody goes through it."""

    def __init__(self, page: Pages[Item]) -> None:
        """Take what reads a page."""
        self.page = page


def get(kind: type[Answer], path: str, params: Params | None = None) -> Steps[Answer]:
    """Read something; sent again when no answer came."""
    return ask_for(kind, Request("GET", path, params or {}, repeatable=True))


def compute(kind: type[Answer], path: str, body: Mapping[str, JsonValue], *, patient: bool = False) -> Steps[Answer]:
    """Have something worked out that changes nothing that matters; sent again when no answer came."""
    return ask_for(kind, Request("POST", path, body=dict(body), repeatable=True, patient=patient))


def create(
    kind: type[Answer], path: str, body: Mapping[str, JsonValue], key: str | None = None, *, seen: int | None = None
) -> Steps[Answer]:
    """Make something, at most once: with a key, made here unless the caller has one, it can be sent again."""
    headers = {**key_header(key), **seen_header(seen)}
    return ask_for(kind, Request("POST", path, body=dict(body), headers=headers, repeatable=True))


def change(
    kind: type[Answer],
    method: str,
    path: str,
    body: Mapping[str, JsonValue],
    *,
    seen: int | None = None,
) -> Steps[Answer]:
    """Change something; never sent again once it may have been received."""
    return ask_for(kind, Request(method, path, body=dict(body), headers=seen_header(seen)))


def key_header(key: str | None) -> dict[str, str]:
    """The key of a request, a new one when the caller has none."""
    return {"Idempotency-Key": key or secrets.token_hex(16)}


def seen_header(position: int | None) -> dict[str, str]:
    """What the caller saw; nothing when that is None."""
    return {} if position is None else {"If-Match": f'"{position}"'}


def part(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")


def given(**values: object) -> dict[str, JsonValue]:
    """The arguments that are not None, as JSON."""
    return {name: to_jsonable_python(value) for name, value in values.items() if value is not None}


def texts(documents: Sequence[Titled]) -> list[dict[str, JsonValue]]:
    """Documents as JSON."""
    return [dict(zip(("title", "text", "source"), one, strict=False)) for one in documents]
