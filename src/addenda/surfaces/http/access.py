"""Who calls, and which knowledge base they call about.

A caller is known by a bearer token. A token that is good for no knowledge base of this server is answered with 401; a
knowledge base that the token is not good for is answered as if it were not there, 404, so that nobody learns which
there are. Somebody without any role is refused, 403. What a role may do is decided by the knowledge base.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeAlias, cast

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from addenda.errors import PermissionDenied, UnknownId
from addenda.knowledge_base import Person, State, check_decides
from addenda.surfaces.hosting import Hosted, Hosting
from addenda.surfaces.http.problems import RequestProblem

BEARER = HTTPBearer(
    auto_error=False, scheme_name="token", description="A person's token, as `addenda person token` makes it."
)
"""How a token is sent: ``Authorization: Bearer addenda_...``."""

KbName: TypeAlias = Annotated[
    str, Path(description="Name of the knowledge base, as `addenda serve` was given it.", max_length=64)
]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls about a knowledge base that is theirs."""

    hosted: Hosted
    person: Person

    @property
    def state(self) -> State:
        """What holds in the knowledge base now."""
        return self.hosted.kb.state


def hosting_of(request: Request) -> Hosting:
    """The knowledge bases of the server."""
    return cast("Hosting", request.app.state.hosting)


def find_caller(hosting: Hosting, name: str | None, token: str) -> Caller:
    """Who has this token, and the knowledge base of this name (the first without one).

    Raises RequestProblem (401) for a token that is good for nothing here, UnknownId for a knowledge base that is not
    there or not the token's, PermissionDenied for somebody without a role.
    """
    holders = callers(hosting, token)
    wanted = hosting.names[0] if name is None else name
    caller = next((one for one in holders if one.hosted.name == wanted), None)
    if caller is None:
        raise UnknownId(f"there is no knowledge base {wanted!r} here, or it is not yours; check its name")
    if not caller.person.roles:
        raise PermissionDenied(f"{caller.person.name!r} has no role in this knowledge base; an admin can give one")
    return caller


def callers(hosting: Hosting, token: str) -> list[Caller]:
    """Who has this token, in each knowledge base that knows it. Raises RequestProblem (401) when none does."""
    holders = [found for found in (_holder(hosting.get(one), token) for one in hosting.names) if found is not None]
    if not holders:
        raise unauthorised("this token is unknown here, has expired or was revoked; ask an admin for a new one")
    return holders


def unauthorised(detail: str) -> RequestProblem:
    """What is answered to somebody who did not say who they are."""
    return RequestProblem(
        HTTPStatus.UNAUTHORIZED, "unauthorized", detail, {"WWW-Authenticate": 'Bearer realm="addenda"'}
    )


def known_caller(
    request: Request, kb: KbName, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> Caller:
    """The caller of a request about one knowledge base; the request's log line names them."""
    caller = find_caller(hosting_of(request), kb, token_of(credentials))
    request.state.kb, request.state.person = caller.hosted.name, caller.person.name
    request.state.position = caller.state.position
    return caller


def token_of(credentials: HTTPAuthorizationCredentials | None) -> str:
    """The token that was sent. Raises RequestProblem (401) without one."""
    if credentials is None:
        raise unauthorised("no token was sent; send the header `Authorization: Bearer TOKEN`")
    return credentials.credentials


CallerDep: TypeAlias = Annotated[Caller, Depends(known_caller)]
"""The caller, for a route."""


def refuse_agents(caller: CallerDep) -> None:
    """Refuse an agent, whatever it asks about: for routes that decide."""
    check_decides(caller.person)


def _holder(hosted: Hosted, token: str) -> Caller | None:
    try:
        return Caller(hosted, hosted.kb.authenticate(token))
    except PermissionDenied:
        return None
