"""The endpoints, to be mounted in the application that serves: ``/v1/chat/completions``, ``/v1/models``,
``/v1/embeddings``.

They are not in the description of our own interface, because they are OpenAI's.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter
from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response

from addenda.errors import AddendaError
from addenda.knowledge_base import Augmentation
from addenda.surfaces.hosting import Hosting
from addenda.surfaces.openai import passing, speaking
from addenda.surfaces.openai.admission import LEDGER_POSITION, TRACE, Admitted, admitted
from addenda.surfaces.openai.bodies import Chat, Json, parsed, read_body
from addenda.surfaces.openai.hearing import ClientLeft
from addenda.surfaces.openai.problems import Problem, of_error
from addenda.surfaces.openai.relaying import PATH, InTurn, Relay, Toolless
from addenda.surfaces.openai.upstream import UpstreamClient

MOST_BODY_BYTES = 20 * 1024 * 1024
"""In a request; pictures are part of it."""

EMBEDDINGS = "/embeddings"

_Endpoint = Callable[[Request], Awaitable[Response]]
_CLIENT_LEFT = 499


def router(hosting: Hosting, *, most_body_bytes: int = MOST_BODY_BYTES) -> APIRouter:
    """The endpoints in front of these knowledge bases.

    Args:
        hosting: The knowledge bases that are open; they stay the caller's to close.
        most_body_bytes: What a request may have at most.
    """
    endpoints = _Endpoints(hosting, most_body_bytes)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncGenerator[None]:
        yield
        await endpoints.client.close()

    made = APIRouter(lifespan=lifespan)
    for path, endpoint, method in (
        ("/v1/chat/completions", endpoints.chat, "POST"),
        ("/v1/embeddings", endpoints.embeddings, "POST"),
        ("/v1/models", endpoints.models, "GET"),
        ("/v1/models/{model:path}", endpoints.model, "GET"),
    ):
        made.add_route(path, _answering(endpoint), methods=[method], include_in_schema=False)
    return made


class _Endpoints:
    """What answers, with the connections that all requests share."""

    def __init__(self, hosting: Hosting, most_body_bytes: int) -> None:
        self.client = UpstreamClient()
        self._hosting = hosting
        self._most = most_body_bytes
        self._toolless = Toolless()
        self._limiters = {name: anyio.CapacityLimiter(1) for name in hosting.names}

    async def chat(self, request: Request) -> Response:
        """``POST /v1/chat/completions``."""
        asked = await self._admitted(request)
        chat = Chat.of(await read_body(request, self._most))
        served = asked.hosted.kb.conversing.model
        if chat.model != served:
            raise _no_model(chat.model, served)
        limiter = self._limiters[asked.hosted.name]
        if asked.to is None:
            speaking.check(chat)
            return await (speaking.spoken_stream if chat.stream else speaking.spoken)(chat, asked, limiter)
        given = None if asked.memories == () else await run_sync(_given, asked, chat.question, limiter=limiter)
        if given is None:
            send = passing.passed_stream if chat.stream else passing.passed
            return await send(request, self.client, asked.to, PATH, chat.raw, {LEDGER_POSITION: str(asked.position)})
        augmentation, headers = given
        relay = Relay(self.client, asked.to, chat, augmentation, InTurn(asked.hosted, limiter), self._toolless)
        return await (relay.stream if chat.stream else relay.reply)(request, headers)

    async def embeddings(self, request: Request) -> Response:
        """``POST /v1/embeddings``, passed on as it is."""
        asked = await self._admitted(request)
        raw = await read_body(request, self._most)
        parsed(raw)
        if asked.to is None:
            raise Problem(
                404,
                f"the model {asked.hosted.kb.conversing.model!r} runs in this server and gives no embeddings; ask a "
                "server of embeddings, or a knowledge base whose model is behind an address",
                code="model_not_found",
            )
        return await passing.passed(request, self.client, asked.to, EMBEDDINGS, raw, {}, field="data")

    async def models(self, request: Request) -> Response:
        """``GET /v1/models``: the one model that the knowledge base was made with."""
        listed: list[JsonValue] = [_model(await self._admitted(request))]
        return _json({"object": "list", "data": listed})

    async def model(self, request: Request) -> Response:
        """``GET /v1/models/NAME``."""
        asked = await self._admitted(request)
        wanted, served = str(request.path_params["model"]), asked.hosted.kb.conversing.model
        if wanted != served:
            raise _no_model(wanted, served)
        return _json(_model(asked))

    async def _admitted(self, request: Request) -> Admitted:
        return await run_sync(admitted, self._hosting, request.headers)


def _given(asked: Admitted, question: str) -> tuple[Augmentation, dict[str, str]] | None:
    """What the memories give, and the headers that say so; belongs into a thread."""
    with asked.hosted.answering() as kb:
        found = kb.conversing.augmentation(
            question, as_of=asked.as_of, audience=asked.audience, memories=asked.memories
        )
        return None if found is None else (found, {TRACE: found.id, LEDGER_POSITION: str(found.position)})


def _model(asked: Admitted) -> Json:
    created = asked.hosted.kb.ledger.events(until=1)[0].at
    served = asked.hosted.kb.conversing.model
    return {"id": served, "object": "model", "created": int(created.timestamp()), "owned_by": "addenda"}


def _no_model(wanted: str, served: str) -> Problem:
    return Problem(
        404,
        f"there is no model {wanted[:200]!r} here; this knowledge base answers with {served!r}",
        param="model",
        code="model_not_found",
    )


def _json(body: Json) -> Response:
    return Response(json.dumps(body).encode(), media_type="application/json")


def _answering(endpoint: _Endpoint) -> _Endpoint:
    """The endpoint, with its errors in OpenAI's shape."""

    @wraps(endpoint)
    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Problem as problem:
            return problem.response()
        except AddendaError as error:
            return of_error(error).response()
        except ClientLeft:
            return Response(status_code=_CLIENT_LEFT)

    return answered
