"""``If-Match`` and ``ETag``: nobody decides about something that has changed since they looked at it.

The tag of an addendum is the ledger position of the last event about it; that of a setting is the position of the
ledger's head. A decision over a record needs one (428 without); where one does not fit any more, nothing happens (412).
It is checked under the write lock, so that nothing can come between.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, TypeAlias

from fastapi import Header, Response

from addenda.errors import Moved
from addenda.knowledge_base import State
from addenda.knowledge_base.seeing import Seen, version
from addenda.surfaces.http.problems import RequestProblem

_TAG = re.compile(r'"([0-9]{1,18})"')

IfMatch: TypeAlias = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='The `ETag` that was seen, for example `"17"`: a position of the ledger.',
        examples=['"17"'],
    ),
]
"""The header, for a route."""


def tag(response: Response, position: int) -> None:
    """Tell the caller the version of what is answered."""
    response.headers["ETag"] = f'"{position}"'


def position_in(header: str | None) -> int | None:
    """The position that the header names; None without one. Raises RequestProblem for what is no tag of ours."""
    if header is None:
        return None
    found = _TAG.fullmatch(header.strip())
    if found is None:
        detail = f'If-Match is {header!r}; give the ETag of what you saw, a position in quotes such as "17"'
        raise RequestProblem(HTTPStatus.PRECONDITION_FAILED, "moved", detail)
    return int(found[1])


def seen_one(addendum_id: str, header: str | None) -> Seen:
    """What the caller saw of one addendum. Raises RequestProblem (428) when they do not say."""
    return {addendum_id: _required(header)}


def seen_many(state: State, ids: list[str], header: str | None) -> Seen:
    """What the caller saw of several: the ledger up to a position. Raises RequestProblem (428), Moved."""
    position = _required(header)
    found = {addendum_id: version(state.record(addendum_id)) for addendum_id in ids}
    for addendum_id, last in found.items():
        if last > position:
            raise Moved(
                f"{addendum_id!r} has changed: you saw the ledger at position {position}, and the last event about it "
                f"is at {last}; look at it again"
            )
    return found


def _required(header: str | None) -> int:
    position = position_in(header)
    if position is None:
        detail = (
            "this decides about something that others may change; say what you saw, with the header If-Match and the "
            "ETag of the addendum (or, for several, of their list)"
        )
        raise RequestProblem(HTTPStatus.PRECONDITION_REQUIRED, "precondition-required", detail)
    return position
