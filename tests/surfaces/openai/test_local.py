"""In front of the bundled model: one question, one answer, with its trace."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from addenda.errors import UnknownId
from addenda.surfaces.hosting import Place
from tests.knowledge_base.office import Office, found, loud, noise
from tests.surfaces.openai.serving import Served, served, tokens_of, until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("local")
    found(directory, "bundled", "triples")
    office = Office.open(directory)
    with office.kb:
        office.live(noise("43 dB"))
    with served({"support": Place(directory / "kb")}, tokens_of(directory)) as server:
        yield server
    shutil.rmtree(directory)


def asked(text: str = "") -> list[Any]:
    return [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": text or loud()}]},
    ]


def test_an_answer_with_its_trace(server: Served) -> None:
    raw = server.client().chat.completions.with_raw_response.create(
        model="bundled", messages=asked(), temperature=0.7, max_tokens=100, seed=1
    )
    said = raw.parse()
    answer = server.hosting.get().kb.conversing.kept(raw.headers["X-Addenda-Trace"])
    assert said.id == f"chatcmpl-{answer.trace.id}"
    assert (said.choices[0].message.content, said.choices[0].finish_reason) == ("43 dB", "stop")
    assert said.usage is not None
    assert (
        0
        < said.usage.completion_tokens
        < said.usage.prompt_tokens
        == said.usage.total_tokens - said.usage.completion_tokens
    )
    assert (answer.text, answer.in_conversation, len(answer.trace.matches)) == ("43 dB", False, 1)
    assert int(raw.headers["X-Addenda-Ledger-Position"]) == answer.trace.ledger_position > 0
    assert server.hosting.get().kb.explain(answer.trace.id).ablations[0].changed


def test_a_stream(server: Served) -> None:
    with server.client().chat.completions.with_streaming_response.create(
        model="bundled", messages=asked(), stream=True, stream_options={"include_usage": True}
    ) as raw:
        chunks = list(raw.parse())
        answer = server.hosting.get().kb.conversing.kept(raw.headers["X-Addenda-Trace"])
    assert {one.id for one in chunks} == {f"chatcmpl-{answer.trace.id}"}
    *spoken, last = chunks
    assert "".join(one.choices[0].delta.content or "" for one in spoken) == "43 dB" == answer.text
    assert (spoken[-1].choices[0].finish_reason, last.choices) == ("stop", [])
    assert last.usage is not None
    assert last.usage.total_tokens > 0


def test_memories_can_be_left_out(server: Served) -> None:
    without = server.client(**{"X-Addenda-Memories": "none"})
    said = without.chat.completions.create(model="bundled", messages=asked())
    assert said.choices[0].message.content != "43 dB"


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 2},
        {"stop": ["\n"]},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]},
        {"response_format": {"type": "json_object"}},
        {"logprobs": True},
        {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]},
        {"messages": [{"role": "system", "content": "x"}]},
        {"messages": [{"role": "user", "content": " "}]},
    ],
)
def test_what_it_cannot_do_is_refused_by_name(server: Served, fields: dict[str, Any]) -> None:
    for stream in (False, True):
        body = {"model": "bundled", "messages": asked(), "stream": stream, **fields}
        reply = server.post(body)
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, next(iter(fields)))


def test_errors_of_the_core_come_in_openais_shape(server: Served) -> None:
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError, match="4001 characters"):
            server.client().chat.completions.create(model="bundled", messages=asked("x" * 4001), stream=stream)
    with pytest.raises(openai.NotFoundError, match="no embeddings"):
        server.client().embeddings.create(model="bundled", input="x")
    assert server.client().models.retrieve("bundled").id == "bundled"


def test_a_client_that_hangs_up_leaves_a_whole_trace(server: Served) -> None:
    kb = server.hosting.get().kb

    async def hang_up() -> str:
        async with server.async_client() as client:
            stream = await client.chat.completions.create(model="bundled", messages=asked(), stream=True)
            async for one in stream:
                await stream.close()
                return one.id.removeprefix("chatcmpl-")
        raise AssertionError

    answer_id = asyncio.run(hang_up())

    def is_kept() -> bool:
        try:
            return kb.conversing.kept(answer_id).text == "43 dB"
        except UnknownId:
            return False

    until(is_kept)


def test_several_at_a_time(server: Served) -> None:
    async def ask() -> list[str | None]:
        async with server.async_client() as client:
            said = await asyncio.gather(
                *(client.chat.completions.create(model="bundled", messages=asked()) for _ in range(6))
            )
        return [one.choices[0].message.content for one in said]

    assert asyncio.run(ask()) == ["43 dB"] * 6


def test_the_model_is_listed(server: Served) -> None:
    (model,) = server.client().models.list().data
    assert (model.id, model.owned_by) == ("bundled", "addenda")
    assert model.created > 1_700_000_000
