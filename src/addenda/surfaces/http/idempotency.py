"""``Idempotency-Key``: a request whose answer was lost can be sent again, and nothing happens twice.

The same key with the same request gets the same response, for a day; with another request it is refused (422). A
request that was refused is not kept: it can be corrected and sent again. A token in a response is shown once and never
kept, so a response that is given again has none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Annotated, TypeAlias

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from addenda.errors import AddendaError, Conflict
from addenda.knowledge_base.replies import Reply, Standing, ids_for
from addenda.surfaces.http.access import Caller

REPEATED = "Idempotency-Replayed"
"""Header of a response that was given before."""

_JSON = "application/json"

KeyHeader: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A name that you choose for this request; sent again with it, it is not carried out again.",
    ),
]


class Key:
    """The key of a request, or none."""

    def __init__(self, request: Request, value: str | None) -> None:
        """Take the request and its key."""
        self._request = request
        self._value = value

    def once(
        self,
        caller: Caller,
        body: BaseModel,
        carry_out: Callable[[], BaseModel],
        status: int = 201,
        location: str | None = None,
    ) -> Response:
        """Carry a request out, unless it was; what came of it as a response.

        Args:
            caller: Who asks.
            body: What is asked.
            carry_out: Does it.
            status: Of the response.
            location: Path of what was made, with ``{id}`` in it.

        Raises Conflict when it may have been carried out before a restart, which nobody knows.
        """

        def at_most_once(standing: Standing, _digest: str) -> BaseModel:
            if standing == "unknown":
                raise Conflict(
                    f"the server stopped while it worked on the request with the key {self._value!r}; look whether it "
                    "was done, and send it with a new key if not"
                )
            return carry_out()

        made = self._answered(caller, body, at_most_once, status)
        if location is not None:
            made.headers["Location"] = location.format(id=json.loads(bytes(made.body))["id"])
        return made

    def proposed(
        self,
        caller: Caller,
        body: BaseModel,
        count: int,
        carry_out: Callable[[list[str] | None], BaseModel],
        found: Callable[[list[str]], BaseModel],
    ) -> Response:
        """Carry a proposal out under ids that follow from the key; ``found`` tells of an earlier try under them."""

        def by_ids(standing: Standing, digest: str) -> BaseModel:
            ids = None if self._value is None else ids_for(caller.person.name, self._value, digest, count)
            if standing == "unknown" and ids and any(i in caller.state.records for i in ids):
                return found(ids)
            return carry_out(ids)

        return self._answered(caller, body, by_ids, 201)

    def _answered(
        self, caller: Caller, body: BaseModel, carry_out: Callable[[Standing, str], BaseModel], status: int
    ) -> Response:
        said = f"{self._request.method} {self._request.url.path}\n{body.model_dump_json()}"
        digest = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
        if self._value is None:
            return Response(carry_out("new", digest).model_dump_json(), status, media_type=_JSON)
        replies, owner = caller.hosted.kb.replies, caller.person.name
        standing = replies.begin(owner, self._value, digest)
        if isinstance(standing, Reply):
            return Response(standing.body, standing.status, {REPEATED: "true"}, _JSON)
        try:
            made = carry_out(standing, digest)
        except AddendaError:
            if standing == "new":
                replies.drop(owner, self._value)
            raise
        kept = made.model_copy(update={"token": None}) if "token" in type(made).model_fields else made
        replies.end(owner, self._value, Reply(status, kept.model_dump_json()))
        return Response(made.model_dump_json(), status, media_type=_JSON)


def key_of(request: Request, value: KeyHeader = None) -> Key:
    """The key of a request."""
    return Key(request, value)


KeyDep: TypeAlias = Annotated[Key, Depends(key_of)]
"""The key of a request, for a route."""
