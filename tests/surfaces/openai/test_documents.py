"""Conversations with a model behind an address, where documents in a memory model have the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr

from addenda.knowledge_base import ModelChoice
from addenda.surfaces.hosting import Place
from addenda.types import Answer
from tests.chat_server import ChatServer, Turn
from tests.knowledge_base.archive import BRANN, STAFF, VELMOR, badge, learned
from tests.knowledge_base.office import Office, found
from tests.surfaces.openai.serving import Served, served, tokens_of
from tests.tiny import save_tiny

MODEL = "model-7"


@dataclass
class Shelf:
    """A server with documents, and the model's server behind it."""

    server: Served
    upstream: ChatServer
    ids: dict[str, str]

    def ask(self, question: str, *, stream: bool = False, **headers: str) -> tuple[str, dict[str, Any], Answer]:
        """What the client is told, what the model's server was sent, and the kept answer."""
        messages: list[Any] = [{"role": "user", "content": question}]
        raw = self.server.client(**headers).chat.completions.with_raw_response
        if stream:
            reply = raw.create(model=MODEL, messages=messages, stream=True)
            text = "".join(one.choices[0].delta.content or "" for one in reply.parse() if one.choices)
        else:
            whole = raw.create(model=MODEL, messages=messages)
            reply, text = whole, str(whole.parse().choices[0].message.content)
        kept = self.server.hosting.get().kb.conversing.kept(reply.headers["X-Addenda-Trace"])
        return text, self.upstream.requests[-1].body, kept


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    directory, base = tmp_path_factory.mktemp("shelf"), save_tiny(tmp_path_factory.mktemp("model"))
    with pytest.MonkeyPatch.context() as patch, ChatServer(answering=lambda _: Turn("The badge is red.")) as upstream:
        patch.setenv("NO_PROXY", "127.0.0.1")
        found(directory, f"{upstream.url}#{MODEL}", "triples")
        office = Office.open(directory)
        with office.kb:
            ids = learned(office, directory, str(base))
        choice = ModelChoice(api_key=SecretStr("sk-4711"), executive="none")
        with served({"people": Place(directory / "kb", choice=choice)}, tokens_of(directory)) as server:
            yield Shelf(server, upstream, ids)


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_memory_model_answers_stands_before_the_question(shelf: Shelf, stream: bool) -> None:
    text, sent, answer = shelf.ask(badge(VELMOR), stream=stream)
    assert text == answer.text == "The badge is red."
    content = str(sent["messages"][-1]["content"])
    assert content.endswith(badge(VELMOR))
    block = json.loads(content.partition(f"<memory {answer.trace.id}>\n")[2].partition("\n</memory")[0])
    assert "red" in json.dumps(block["documents"])
    assert answer.trace.consultation is not None
    assert [(one.addendum_id, one.memory) for one in answer.trace.matches] == [(shelf.ids[VELMOR], "reflections")]


def test_documents_for_staff_are_for_staff(shelf: Shelf) -> None:
    _, sent, answer = shelf.ask(badge(BRANN))
    assert "green" not in json.dumps(sent)
    assert not answer.trace.matches
    _, sent, answer = shelf.ask(badge(BRANN), **{"X-Addenda-Audience": STAFF})
    assert "green" in json.dumps(sent)
    assert [one.addendum_id for one in answer.trace.matches] == [shelf.ids[BRANN]]


def test_without_the_memory_of_reflections_it_is_not_asked(shelf: Shelf) -> None:
    _, sent, answer = shelf.ask(badge(VELMOR), **{"X-Addenda-Memories": "triples"})
    assert "red" not in json.dumps(sent["messages"])
    assert answer.trace.consultation is None
