"""Answers of a local model: the last message of the user is its question, and nothing else of the conversation is seen.

A small local model answers questions, it holds no conversation. Fields that would make a difference which it cannot
make are refused by name; others (sampling, penalties, limits: it answers greedily and in few tokens) do no harm.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

import anyio
from anyio.to_thread import run_sync
from pydantic import JsonValue
from starlette.responses import Response

from addenda.errors import AddendaError
from addenda.knowledge_base import KnowledgeBase, Spoken
from addenda.surfaces.openai.admission import LEDGER_POSITION, TRACE, Admitted
from addenda.surfaces.openai.bodies import Chat, Json
from addenda.surfaces.openai.hearing import EventStream
from addenda.surfaces.openai.passing import DONE
from addenda.surfaces.openai.problems import Problem, of_error

_HONOURED: Mapping[str, tuple[JsonValue, ...]] = MappingProxyType(
    {
        "n": (None, 1),
        "stop": (None, "", []),
        "tools": (None, []),
        "functions": (None, []),
        "tool_choice": (None, "none", "auto"),
        "response_format": (None, {"type": "text"}),
        "logprobs": (None, False),
        "top_logprobs": (None, 0),
        "logit_bias": (None, {}),
        "modalities": (None, ["text"]),
        "audio": (None,),
    }
)
"""Fields that change what an answer is, with the values that a local model can honour."""

_Told: TypeAlias = str | Spoken | AddendaError | None


def check(chat: Chat) -> None:
    """Raise Problem for what a local model cannot do."""
    for name, values in _HONOURED.items():
        if chat.body.get(name) not in values:
            raise Problem(
                400,
                f"{name} cannot be honoured by a local model, which answers one question with one text; leave it out, "
                "or ask a knowledge base whose model is behind an address",
                param=name,
                code="unsupported_parameter",
            )
    if chat.asked is None or chat.asked != len(chat.messages) - 1 or not chat.question.strip():
        raise Problem(
            400,
            "the last message must be a question by the user, as text; a local model sees only that one",
            param="messages",
        )


async def spoken(chat: Chat, asked: Admitted, limiter: anyio.CapacityLimiter) -> Response:
    """The answer as a whole. Raises Problem, and what answering raises."""

    def answer() -> tuple[Spoken, str, Json]:
        with asked.hosted.answering() as kb:
            found = _begun(kb, chat, asked)
            text = "".join(found.pieces())
            return found, text, _usage(kb, chat.question, text)

    found, text, usage = await run_sync(answer, limiter=limiter)
    choice: Json = {
        "index": 0,
        "message": {"role": "assistant", "content": text, "refusal": None},
        "logprobs": None,
        "finish_reason": _reason(found),
    }
    body: Json = {**_head(chat, found, "chat.completion"), "choices": [choice], "usage": usage}
    return Response(json.dumps(body).encode(), media_type="application/json", headers=_headers(found))


async def spoken_stream(chat: Chat, asked: Admitted, limiter: anyio.CapacityLimiter) -> Response:
    """The answer as a stream. Raises Problem, and what answering raises before it begins."""
    speaking = _Speaking(asyncio.get_running_loop(), asyncio.Queue[_Told]())
    work = asyncio.create_task(run_sync(partial(speaking.run, chat, asked), limiter=limiter))
    first = await speaking.told.get()
    if not isinstance(first, Spoken):
        await work
        raise first if isinstance(first, AddendaError) else Problem(500, "the model said nothing; look at the log")
    return EventStream(_events(chat, first, speaking, work), _headers(first))


@dataclass(slots=True)
class _Speaking:
    """An answer that is made in a thread and heard in the event loop."""

    loop: asyncio.AbstractEventLoop
    told: asyncio.Queue[_Told]
    usage: Json = field(default_factory=dict[str, JsonValue])

    def run(self, chat: Chat, asked: Admitted) -> None:
        """Make it, to its end even when nobody listens any more: it is short, and then its trace is whole."""
        try:
            with asked.hosted.answering() as kb:
                found = _begun(kb, chat, asked)
                self._tell(found)
                text = ""
                for piece in found.pieces():
                    text += piece
                    self._tell(piece)
                self.usage = _usage(kb, chat.question, text)
        except AddendaError as error:
            self._tell(error)
        finally:
            self._tell(None)

    def _tell(self, what: _Told) -> None:
        self.loop.call_soon_threadsafe(self.told.put_nowait, what)


async def _events(
    chat: Chat, found: Spoken, speaking: _Speaking, work: asyncio.Task[None]
) -> AsyncGenerator[bytes, None]:
    head = _head(chat, found, "chat.completion.chunk")
    try:
        yield _chunk(head, {"role": "assistant", "content": "", "refusal": None})
        while (told := await speaking.told.get()) is not None:
            if isinstance(told, AddendaError):
                yield of_error(told).event
                return
            if isinstance(told, str) and told:
                yield _chunk(head, {"content": told})
        if found.answer is None:
            yield Problem(500, "the answer broke off; look at the log").event
            return
        yield _chunk(head, {}, _reason(found))
        if chat.wants_usage:
            yield b"data: " + json.dumps({**head, "choices": [], "usage": speaking.usage}).encode() + b"\n\n"
        yield DONE
    finally:
        with anyio.CancelScope(shield=True):
            await work


def _begun(kb: KnowledgeBase, chat: Chat, asked: Admitted) -> Spoken:
    return kb.conversing.ask(chat.question, as_of=asked.as_of, audience=asked.audience, memories=asked.memories)


def _usage(kb: KnowledgeBase, question: str, text: str) -> Json:
    """How many tokens there were; without those of a chat template."""
    prompt, completion = kb.conversing.tokens(question), kb.conversing.tokens(text)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _reason(found: Spoken) -> str:
    return "stop" if found.answer is None or found.answer.finished else "length"


def _head(chat: Chat, found: Spoken, kind: str) -> Json:
    return {"id": f"chatcmpl-{found.id}", "object": kind, "created": int(time.time()), "model": chat.model}


def _headers(found: Spoken) -> dict[str, str]:
    return {TRACE: found.id, LEDGER_POSITION: str(found.position)}


def _chunk(head: Json, delta: Json, reason: str | None = None) -> bytes:
    choice: Json = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"
