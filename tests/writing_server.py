"""A remote model that writes down facts, for tests of extraction: it knows which facts each sentence states."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tests.chat_server import ChatServer, Request, Turn

Facts = Mapping[str, Sequence[tuple[str, str, str]]]
"""Subject, relation and object of what each sentence states; a sentence that is not named states nothing."""


def writing_server(facts: Facts) -> ChatServer:
    """The server; use it as a context manager."""
    return ChatServer(answering=lambda request: told(facts.get(sentence(request), ())))


def sentence(request: Request) -> str:
    """The sentence that a request is about; what follows it in the conversation are further attempts."""
    content: str = request.body["messages"][1]["content"]
    found: dict[str, Any] = json.JSONDecoder().raw_decode(content)[0]
    return found["sentence"]


def told(facts: Sequence[tuple[str, str, str]]) -> Turn:
    """These facts in the form that is asked for."""
    keys = ("subject", "relation", "object")
    return Turn(json.dumps({"facts": [dict(zip(keys, fact, strict=True)) for fact in facts]}))
