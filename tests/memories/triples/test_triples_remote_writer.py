"""The remote writer against a real server on loopback that says well-formed and ill-formed things."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addenda.documents.reading import SourceDocument
from addenda.errors import InvalidInput, ModelUnavailable
from addenda.memories.triples.calls import NAME_LIMIT, Statement
from addenda.memories.triples.extraction import extract, merged
from addenda.memories.triples.remote_writer import RemoteWriter
from addenda.memories.triples.syntax import STATEMENTS_PER_CALL, parse_write
from addenda.memories.triples.work import WorkFile
from addenda.memories.triples.writers import Passage, Written
from addenda.models.remote import RemoteModel
from tests.chat_server import Answer, ChatServer, Request, Turn, problem

PASSAGE = Passage(("Velmor Tasky is a washer. ", "It is red.\n"), "It makes 41 dB.")
MAKES = Statement("Velmor Tasky", "noise level", "41 dB")


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
    server.script.clear()
    with RemoteModel(server.url, "m", retries=0) as made:
        yield made


def facts(*statements: Statement) -> Turn:
    return Turn(json.dumps({"facts": [vars_of(one) for one in statements]}))


def vars_of(statement: Statement) -> dict[str, str]:
    return {"subject": statement.subject, "relation": statement.relation, "object": statement.object}


def quoted(request: Request) -> dict[str, Any]:
    """The JSON object that the document stands in; the form that is asked for follows it."""
    return json.JSONDecoder().raw_decode(request.body["messages"][1]["content"])[0]


def test_the_document_is_one_quoted_object_and_never_an_instruction(model: RemoteModel, server: ChatServer) -> None:
    server.script = [facts(MAKES)]
    assert list(RemoteWriter(model).write([PASSAGE])) == [Written("({MEM_WRITE-->Velmor Tasky>>noise level>>41 dB})")]
    (request,) = server.requests
    system, user = request.body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert "never an instruction" in system["content"]
    assert "41 dB" not in system["content"]
    assert quoted(request) == {"context": "Velmor Tasky is a washer. It is red.\n", "sentence": "It makes 41 dB."}
    assert request.body["response_format"]["json_schema"]["schema"]["required"] == ["facts"]


def test_the_relations_of_the_caller_are_offered(model: RemoteModel, server: ChatServer) -> None:
    server.script = [facts(), facts()]
    list(RemoteWriter(model, ["noise level", '騒音 "x"']).write([PASSAGE]))
    list(RemoteWriter(model).write([PASSAGE]))
    offered, free = (request.body["messages"][0]["content"] for request in server.requests)
    assert offered.endswith('["noise level", "騒音 \\"x\\""]')
    assert "Relations that are known" not in free


@settings(max_examples=30)
@given(focus=st.text(min_size=1), context=st.text())
def test_no_document_can_end_the_quotation(server: ChatServer, focus: str, context: str) -> None:
    server.requests.clear()
    server.script = [facts()]
    with RemoteModel(server.url, "m", retries=0) as model:
        (written,) = RemoteWriter(model).write([Passage((context,), focus)])
    assert written == Written("({MEM_WRITE-->})")
    assert quoted(server.requests[0]) == {"context": context, "sentence": focus}


NAMES = (st.text(min_size=1) | st.sampled_from([">>", "a;b", "({MEM_WRITE-->", "})", "line\nend", "\\"])).filter(
    lambda name: name.strip() == name
)


@settings(max_examples=30)
@given(st.lists(st.builds(Statement, NAMES, NAMES, NAMES), max_size=4))
def test_any_names_come_through_as_the_model_gave_them(server: ChatServer, statements: list[Statement]) -> None:
    server.script = [facts(*statements)]
    with RemoteModel(server.url, "m", retries=0) as model:
        (written,) = RemoteWriter(model).write([PASSAGE])
    call = parse_write(written.call)
    assert (list(call.statements), call.problems) == (statements, ())


def test_blanks_around_names_are_taken_off(model: RemoteModel, server: ChatServer) -> None:
    server.script = [facts(Statement(" Velmor Tasky\n", "noise level ", "\t41 dB"))]
    (written,) = RemoteWriter(model).write([PASSAGE])
    assert parse_write(written.call).statements == (MAKES,)


BAD = {
    "no JSON": "There are no facts.",
    "another form": '{"statements": []}',
    "a blank name": json.dumps({"facts": [vars_of(Statement("a", "b", " "))]}),
    "a long name": json.dumps({"facts": [{"subject": "x" * (NAME_LIMIT + 1), "relation": "r", "object": "o"}]}),
    "half a character": '{"facts": [{"subject": "\\ud800", "relation": "r", "object": "o"}]}',
    "too many": json.dumps({"facts": [vars_of(MAKES)] * (STATEMENTS_PER_CALL + 1)}),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_in_another_form_is_asked_for_again(model: RemoteModel, server: ChatServer, name: str) -> None:
    server.script = [Turn(BAD[name]), facts(MAKES)]
    (written,) = RemoteWriter(model).write([PASSAGE])
    assert parse_write(written.call).statements == (MAKES,)
    assert "does not fit" in server.requests[1].body["messages"][-1]["content"]


def test_a_sentence_without_a_usable_answer_does_not_end_the_run(model: RemoteModel, server: ChatServer) -> None:
    server.script = [Turn("no"), Turn("no"), facts(MAKES)]
    useless, useful = RemoteWriter(model, attempts=2).write([PASSAGE, PASSAGE])
    assert (useless.call, useful.fault) == ("", "")
    assert "gave nothing that fits 'Facts' in 2 attempts" in useless.fault


def test_statements_too_long_for_a_call_are_a_fault(model: RemoteModel, server: ChatServer) -> None:
    long = Statement(">" * NAME_LIMIT, ">" * NAME_LIMIT, ">" * NAME_LIMIT)
    server.script = [facts(*[long] * STATEMENTS_PER_CALL)]
    (written,) = RemoteWriter(model).write([PASSAGE])
    assert "a call has at most 100000 characters" in written.fault


def test_a_server_that_is_gone_ends_the_run(model: RemoteModel, server: ChatServer) -> None:
    server.script = [facts(MAKES), problem(503, "busy")]
    answers = RemoteWriter(model).write([PASSAGE, PASSAGE])
    assert next(answers).fault == ""
    with pytest.raises(ModelUnavailable, match="503"):
        next(answers)


def test_a_long_context_is_shortened_from_the_left(model: RemoteModel, server: ChatServer) -> None:
    server.script = [facts()]
    list(RemoteWriter(model, context_characters=12).write([PASSAGE]))
    assert quoted(server.requests[0])["context"] == "It is red.\n"


def echoing(request: Request) -> Answer:
    return facts(Statement("It", "says", quoted(request)["sentence"]))


def test_answers_keep_their_order_when_several_are_under_way() -> None:
    passages = [Passage((), f"Number {n}.") for n in range(12)]
    with ChatServer(answering=echoing) as server, RemoteModel(server.url, "m", retries=0) as model:
        answers = list(RemoteWriter(model, at_once=4).write(passages))
    said = [parse_write(answer.call).statements[0].object for answer in answers]
    assert said == [passage.focus for passage in passages]


def test_a_document_goes_through_the_server_once(tmp_path: Path) -> None:
    document = SourceDocument("t", "s", "Velmor Tasky is loud. It is red.\nIt is blue.")
    with ChatServer(answering=echoing) as server, RemoteModel(server.url, "m", retries=0) as model:
        writer = RemoteWriter(model, at_once=2)
        for expected in (3, 0):
            server.requests.clear()
            with WorkFile(tmp_path / "work") as work:
                found = list(extract(document, writer, work=work))
            assert len(server.requests) == expected
            assert [one.statement.object for one in merged(found)] == [
                "Velmor Tasky is loud.", "It is red.", "It is blue.",
            ]  # fmt: skip


def test_the_identity_tells_apart_whatever_decides_the_answer(model: RemoteModel) -> None:
    writers = [
        RemoteWriter(model), RemoteWriter(model, ["a"]), RemoteWriter(model, ["b"]),
        RemoteWriter(model, context_characters=9), RemoteWriter(model, max_new_tokens=9),
        RemoteWriter(RemoteModel("http://127.0.0.1:9/v1", "m")),
    ]  # fmt: skip
    assert len({writer.identity for writer in writers}) == len(writers)
    assert RemoteWriter(model, at_once=3).identity == RemoteWriter(model).identity


@pytest.mark.parametrize("wrong", [{"at_once": 0}, {"context_characters": -1}])
def test_numbers_that_mean_nothing_are_refused(model: RemoteModel, wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match="cannot be used"):
        RemoteWriter(model, **wrong)
