"""Who may ask, what of, and what is refused before anything is asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from addenda.knowledge_base import KnowledgeBase
from addenda.surfaces.hosting import Place
from tests.chat_server import Turn
from tests.surfaces.openai.conftest import Desk
from tests.surfaces.openai.serving import served

CHAT: dict[str, Any] = {"model": "model-7", "messages": [{"role": "user", "content": "How loud is Velmor Tasky?"}]}


def refused(desk: Desk, status: int, body: object = CHAT, *, who: str = "Ana", **headers: str) -> dict[str, Any]:
    """The error that a request gets; nothing of it may have reached the model's server."""
    reply = desk.server.post(body, who=who, **headers)
    assert (reply.status_code, desk.upstream.requests) == (status, []), reply.text
    error: dict[str, Any] = reply.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    return error


def test_without_a_good_token_nothing_is_said(desk: Desk) -> None:
    for who in ("sk-upstream-4711", "addenda_x"):
        error = refused(desk, 401, who=who)
        assert (error["type"], error["code"]) == ("authentication_error", "invalid_api_key")
    for header in ("Basic QW5hOg==", "Bearer", ""):
        refused(desk, 401, Authorization=header)
    for path in ("chat/completions", "embeddings"):
        assert desk.server.post(CHAT, path=path, who="x").status_code == 401
    with pytest.raises(openai.AuthenticationError):
        desk.server.client("addenda_x").models.list()


def test_a_revoked_token_is_good_for_nothing_at_once(desk: Desk) -> None:
    hosted = desk.server.hosting.get()
    with hosted.working() as kb:
        ana = kb.authenticate(desk.server.tokens["Ana"])
        token = str(kb.governance.add_person("Rex", ["viewer"], by=ana).token)
        desk.upstream.script.append(Turn("ok"))
        assert desk.server.post(CHAT, who=token).status_code == 200
        desk.upstream.requests.clear()
        kb.governance.revoke_tokens("Rex", by=ana)
    refused(desk, 401, who=token)


def test_every_role_may_ask_and_only_some_for_a_group(desk: Desk) -> None:
    for who, status in (("Vic", 403), ("Ben", 200), ("Ana", 200)):
        desk.upstream.script[:] = [Turn("ok"), Turn("ok")]
        assert desk.server.post(CHAT, who=who).status_code == 200
        reply = desk.server.post(CHAT, who=who, **{"X-Addenda-Audience": "staff"})
        assert reply.status_code == status
        if status == 403:
            assert reply.json()["error"]["param"] == "X-Addenda-Audience"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Addenda-Memories", "edit"),
        ("X-Addenda-Memories", "none,triples"),
        ("X-Addenda-Memories", ""),
        ("X-Addenda-Memories", "edits"),
        ("X-Addenda-As-Of", "yesterday"),
        ("X-Addenda-As-Of", "2026-01-01T00:00:00"),
        ("X-Addenda-Audience", "a" * 201),
        ("X-Addenda-Memory", "none"),
    ],
)
def test_a_header_that_cannot_be_kept_to_is_refused(desk: Desk, name: str, value: str) -> None:
    assert refused(desk, 400, **{name: value})["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"[]", 400, None),
        (b'{"model": NaN}', 400, None),
        (b"[" * 100_000, 400, None),
        (b'\xff\xfe"', 400, None),
        ({**CHAT, "model": None}, 400, "model"),
        ({**CHAT, "model": "gpt-4o"}, 404, "model"),
        ({**CHAT, "messages": []}, 400, "messages"),
        ({**CHAT, "messages": ["hello"]}, 400, "messages"),
        ({**CHAT, "stream": "yes"}, 400, "stream"),
        ({**CHAT, "user": "x" * 200_000}, 413, None),
    ],
)
def test_a_body_that_nobody_could_answer_is_refused(desk: Desk, body: object, status: int, param: str | None) -> None:
    assert refused(desk, status, body)["param"] == param


def test_a_body_of_unknown_length_is_bounded(desk: Desk) -> None:
    def pieces() -> Iterator[bytes]:
        yield json.dumps(CHAT).encode()
        for _ in range(30):
            yield b" " * 10_000

    headers = {"Authorization": f"Bearer {desk.server.tokens['Ana']}"}
    reply = httpx2.post(f"{desk.server.url}/v1/chat/completions", content=pieces(), headers=headers)
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "too_large")


def test_odd_messages_go_on_to_whoever_understands_them(desk: Desk) -> None:
    """Content that is no text, no user at all: not ours to judge."""
    for messages in (
        [{"role": "user", "content": None}],
        [{"role": "developer", "content": "x"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}],
        [{"role": 5, "content": "\ud800"}],
        [{"role": "user", "content": "x" * 9000}],
    ):
        desk.upstream.script.append(Turn("ok"))
        assert desk.server.post({**CHAT, "messages": messages}).status_code == 200
        assert desk.upstream.requests[-1].body["messages"] == messages


def test_the_knowledge_base_is_named_or_the_first_that_knows_the_token(desk: Desk, tmp_path: Path) -> None:
    tokens: dict[str, str] = {}
    for name in ("a", "b"):
        made = KnowledgeBase.create(tmp_path / name, admin="Ana", model=f"{desk.upstream.url}#model-{name}")
        tokens[name] = made.token
        made.knowledge_base.close()
    with served({name: Place(tmp_path / name) for name in "ab"}, tokens) as server:
        for name in "ab":
            (model,) = server.client(name).models.list().data
            assert (model.id, server.client(name).models.retrieve(model.id).id) == (f"model-{name}", f"model-{name}")
        with pytest.raises(openai.NotFoundError):
            server.client("a").models.retrieve("model-b")
        for wanted in ("b", "c"):
            with pytest.raises(openai.AuthenticationError, match="not good for the knowledge base"):
                server.client("a", **{"X-Addenda-Knowledge-Base": wanted}).models.list()
