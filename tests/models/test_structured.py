"""Answers in a given form, from the remote model with a server that says well-formed and ill-formed things."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from addenda.errors import InvalidInput, ModelUnavailable
from addenda.models.chat import AssistantMessage, SystemMessage, UserMessage
from addenda.models.remote import RemoteModel
from addenda.models.structured import complete_json
from addenda.types import Frozen
from tests.chat_server import ChatServer, Turn, problem


class Item(Frozen):
    """One fact."""

    subject: str = Field(min_length=1, description="who or what it is about")
    value: float
    since: date | None = None


class Found(Frozen):
    items: tuple[Item, ...] = Field(max_length=9)


ASKED = [SystemMessage(text="You read."), UserMessage(text="What is in it?")]
GOOD = '{"items":[{"subject":"Alpha","value":3,"since":"2026-01-31"}]}'
READ = Found(items=(Item(subject="Alpha", value=3.0, since=date(2026, 1, 31)),))


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture
def model(server: ChatServer) -> Iterator[RemoteModel]:
    server.requests.clear()
    with RemoteModel(server.url, "m", retries=0) as made:
        yield made


def test_the_answer_is_an_instance_of_the_schema(model: RemoteModel, server: ChatServer) -> None:
    server.script = [Turn(GOOD)]
    assert complete_json(model, ASKED, Found, max_new_tokens=77) == READ
    body = server.requests[0].body
    assert body["max_tokens"] == 77
    system, user = body["messages"]
    assert system == {"role": "system", "content": "You read."}
    assert user["content"].startswith("What is in it?\n\nAnswer with one JSON object")
    assert "who or what it is about" in user["content"]
    form = body["response_format"]["json_schema"]["schema"]
    assert form["additionalProperties"] is False
    assert form["required"] == ["items"]


@pytest.mark.parametrize(
    ("messages", "roles"),
    [
        ([], ["user"]),
        ([SystemMessage(text="Read.")], ["system", "user"]),
        ([UserMessage(text="?"), AssistantMessage(text="!")], ["user", "assistant", "user"]),
    ],
)
def test_the_form_is_always_said_last_and_by_the_user(
    model: RemoteModel,
    server: ChatServer,
    messages: list[SystemMessage | UserMessage | AssistantMessage],
    roles: list[str],
) -> None:
    server.script = [Turn(GOOD)]
    assert complete_json(model, messages, Found) == READ
    sent = server.requests[0].body["messages"]
    assert [message["role"] for message in sent] == roles
    assert "JSON schema" in sent[-1]["content"]


@pytest.mark.parametrize("fenced", [f"```json\n{GOOD}\n```", f"\n```\n{GOOD}\n```\n", f"  {GOOD}\n"])
def test_a_fence_around_the_answer_is_forgiven(model: RemoteModel, server: ChatServer, fenced: str) -> None:
    server.script = [Turn(fenced)]
    assert complete_json(model, ASKED, Found) == READ


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("", "Invalid JSON"),
        ("Here it is: " + GOOD, "Invalid JSON"),
        (GOOD[:20], "Invalid JSON"),
        (f"```json\n{GOOD}\n```\nDone.", "Invalid JSON"),
        ("[]", "the whole: "),
        ('{"items":[{"subject":"","value":1}]}', "items.0.subject: String should have at least 1 character"),
        ('{"items":[{"subject":"a","value":"1"}]}', "items.0.value: Input should be a valid number"),
        ('{"items":[{"subject":"a"}]}', "items.0.value: Field required"),
        ('{"items":[],"more":1}', "more: Extra inputs are not permitted"),
        ("[" * 50_000, "Invalid JSON"),
    ],
)
def test_what_does_not_fit_is_told_to_the_model_and_asked_for_again(
    model: RemoteModel, server: ChatServer, wrong: str, told: str
) -> None:
    server.script = [Turn(wrong), Turn(GOOD)]
    assert complete_json(model, ASKED, Found) == READ
    *_, answer, objection = server.requests[1].body["messages"]
    assert answer["role"] == "assistant"
    assert answer["content"] == (wrong or "(nothing)")
    assert objection["role"] == "user"
    assert told in objection["content"]
    assert len(objection["content"]) < 1000


def test_after_the_last_attempt_the_error_names_what_came_back(model: RemoteModel, server: ChatServer) -> None:
    server.script = [Turn("no"), Turn("never"), Turn("nothing of the kind " * 100), Turn(GOOD)]
    with pytest.raises(InvalidInput, match=r"'Found' in 3 attempts: .*Invalid JSON.*'nothing of the kind") as caught:
        complete_json(model, ASKED, Found)
    assert model.name in str(caught.value)
    assert len(str(caught.value)) < 1500
    assert len(server.requests) == 3
    with pytest.raises(InvalidInput, match="1 attempts"):
        server.script = [Turn("no")]
        complete_json(model, ASKED, Found, attempts=1)
    with pytest.raises(InvalidInput, match="at least 1"):
        complete_json(model, ASKED, Found, attempts=0)


def test_an_answer_that_was_cut_off_is_called_so(model: RemoteModel, server: ChatServer) -> None:
    server.script = [Turn(GOOD[:30], finish="length")]
    with pytest.raises(InvalidInput, match=r"cut off before its end.*9 tokens"):
        complete_json(model, ASKED, Found, attempts=1, max_new_tokens=9)


def test_a_server_without_structured_output_serves_too(model: RemoteModel, server: ChatServer) -> None:
    server.script = [problem(400, "what is json_schema?"), problem(400, "what is json_object?"), Turn("?"), Turn(GOOD)]
    assert complete_json(model, ASKED, Found) == READ
    kinds = [request.body["response_format"]["type"] for request in server.requests]
    assert kinds == ["json_schema", "json_object", "text", "text"]


def test_a_server_that_fails_is_no_malformed_answer(model: RemoteModel, server: ChatServer) -> None:
    server.script = [problem(500, "on fire")]
    with pytest.raises(ModelUnavailable, match="on fire"):
        complete_json(model, ASKED, Found)
    assert len(server.requests) == 1


@given(items=st.lists(st.builds(Item, subject=st.text(min_size=1, max_size=9), value=st.floats(-1e9, 1e9)), max_size=4))
@settings(max_examples=30)
def test_what_fits_comes_back_as_it_was(server: ChatServer, items: list[Item]) -> None:
    found = Found(items=tuple(items))
    server.script = [Turn(found.model_dump_json())]
    with RemoteModel(server.url, "m", retries=0) as model:
        assert complete_json(model, ASKED, Found, attempts=1) == found


@given(said=st.text(max_size=40) | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps))
@settings(max_examples=30)
def test_whatever_else_is_said_is_invalid_input(server: ChatServer, said: str) -> None:
    server.script = [Turn(said)]
    with RemoteModel(server.url, "m", retries=0) as model, pytest.raises(InvalidInput, match="gave nothing that fits"):
        complete_json(model, ASKED, Found, attempts=1)
