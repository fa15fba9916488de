"""A remote model that reads before it answers, for tests of knowledge bases that carry facts in the triples memory.

It asks the tool that it is offered for the relation a question is about, and says the names that come back.
Without a tool, or when nothing comes back, it says that it does not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.chat_server import Answer, ChatServer, Request, Turn

IGNORANT = "I do not know."

Questions = Mapping[str, str]
"""A relation by the pattern of a question about it, with a group for the subject."""


def reading_server(questions: Questions) -> ChatServer:
    """The server; use it as a context manager."""

    def answering(request: Request) -> Answer:
        messages: list[dict[str, Any]] = request.body["messages"]
        if messages[-1]["role"] == "tool":
            names = [name for m in messages if m["role"] == "tool" for name in _names(m["content"])]
            return Turn(", ".join(names) if names else IGNORANT)
        found = _read(str(messages[-1]["content"]), questions) if request.body.get("tools") else None
        return Turn(IGNORANT) if found is None else Turn(calls=[("read_memory", json.dumps({"queries": [found]}))])

    return ChatServer(answering=answering)


def _read(question: str, questions: Questions) -> dict[str, str] | None:
    for pattern, relation in questions.items():
        if match := re.fullmatch(pattern, question):
            return {"subject": match[1], "relation": relation}
    return None


def _names(content: str) -> list[str]:
    found: dict[str, Any] = json.loads(content) if content.startswith("{") else {}
    return [name for result in found.get("results", []) for name in result.get("names", [])]
