"""The remote model against a real server on loopback, through the real SDK."""

from __future__ import annotations

import json
import logging
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, SecretStr

from addenda.errors import AddendaError, InvalidInput, ModelUnavailable
from addenda.models.base import Completion
from addenda.models.chat import (
    AssistantMessage,
    SystemMessage,
    TextDelta,
    Tool,
    ToolCall,
    ToolMessage,
    UserMessage,
)
from addenda.models.remote import RemoteModel
from addenda.types import Frozen
from tests.chat_server import ChatServer, Raw, Request, Turn, chunk, events, problem

KEY = "sk-0123456789abcdef"
HELLO = [UserMessage(text="Hello?")]


class Place(Frozen):
    city: str = Field(description="its name")


WEATHER = Tool("get_weather", "The weather of a city.", Place)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[ChatServer]:
    """One server for all examples of a property."""
    with ChatServer() as running:
        yield running


@pytest.fixture(scope="module")
def shared_model(shared: ChatServer) -> Iterator[RemoteModel]:
    with model_of(shared) as model:
        yield model


def model_of(server: ChatServer, **options: object) -> RemoteModel:
    return RemoteModel(server.url, "some/model", **({"retries": 0} | options))


def asked(server: ChatServer, **options: object) -> AssistantMessage:
    with model_of(server, **options) as model:
        return model.reply(HELLO)


def streamed(server: ChatServer, **options: object) -> tuple[str, AssistantMessage]:
    """The pieces of text put together, and the whole turn."""
    with model_of(server, **options) as model:
        return heard(model)


def heard(model: RemoteModel) -> tuple[str, AssistantMessage]:
    """The same from a model that is there already."""
    *pieces, whole = list(model.stream(HELLO))
    assert isinstance(whole, AssistantMessage)
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta)), whole


def failure(server: ChatServer, **options: object) -> str:
    """What the error says when the server answers with what its script holds; the same streamed and not."""
    script = list(server.script)
    with pytest.raises(ModelUnavailable) as whole:
        asked(server, **options)
    server.script = script
    with pytest.raises(ModelUnavailable):
        streamed(server, **options)
    return str(whole.value)


# --- answering -------------------------------------------------------------------------------------------------------


def test_each_question_is_asked_alone_and_answered_in_order(server: ChatServer) -> None:
    server.answering = lambda request: Turn(request.body["messages"][0]["content"].upper() + "\n")
    questions = [f"question {number}" for number in range(20)]
    with model_of(server, batch_size=4) as model:
        assert model.answer(questions, max_new_tokens=7) == [Completion(q.upper(), finished=True) for q in questions]
        assert model.answer([]) == []
    body = server.requests[0].body
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("some/model", 0, 7)
    assert [len(request.body["messages"]) for request in server.requests] == [1] * 20
    assert server.requests[0].path == "/v1/chat/completions"


def test_as_many_questions_as_the_batch_size_are_under_way_and_no_more(server: ChatServer) -> None:
    barrier, lock, under_way, most = threading.Barrier(3), threading.Lock(), [0], [0]

    def answer(request: Request) -> Turn:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        barrier.wait(30)
        with lock:
            under_way[0] -= 1
        return Turn("yes")

    server.answering = answer
    with model_of(server, batch_size=3) as model:
        assert model.batch_size == 3
        assert len(model.answer(["?"] * 9)) == 9
    assert most == [3]


def test_an_answer_that_was_cut_is_not_finished(server: ChatServer) -> None:
    server.script = [Turn("It is", finish="length"), Turn("…", finish="content_filter")]
    with model_of(server) as model:
        assert model.answer(["Where?"]) == [Completion("It is", finished=False)]
        assert model.answer(["Where?"]) == [Completion("…", finished=False)]


def test_a_refusal_is_an_answer(server: ChatServer) -> None:
    message = {"role": "assistant", "content": None, "refusal": "I will not."}
    server.script = [Raw(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]}).encode())]
    assert asked(server) == AssistantMessage(text="I will not.")


def test_one_question_without_an_answer_fails_the_batch(server: ChatServer) -> None:
    server.answering = lambda request: (
        problem(400, "too long") if request.body["messages"][0]["content"] == "3" else Turn("yes")
    )
    with model_of(server, batch_size=1) as model, pytest.raises(InvalidInput, match="too long"):
        model.answer(list("0123456789"))
    assert len(server.requests) < 10


def test_text_that_cannot_be_sent_is_refused(server: ChatServer) -> None:
    with model_of(server) as model, pytest.raises(InvalidInput, match="no valid Unicode"):
        model.answer(["caf\udce9"])
    assert server.requests == []


def test_what_other_servers_call_their_settings_can_be_said(server: ChatServer) -> None:
    server.script = [Turn("yes")]
    assert asked(server, temperature=None, limit_parameter="max_completion_tokens").text == "yes"
    body = server.requests[0].body
    assert "temperature" not in body
    assert "max_tokens" not in body
    assert body["max_completion_tokens"] > 0


# --- conversations ---------------------------------------------------------------------------------------------------


def test_a_conversation_is_sent_as_the_interface_wants_it(server: ChatServer) -> None:
    server.script = [Turn("Rain.")]
    call = ToolCall(id="id-7", name="get_weather", arguments='{"city":"Bern"}')
    said = [
        SystemMessage(text="Be brief."),
        UserMessage(text="Weather?"),
        AssistantMessage(calls=(call,)),
        ToolMessage(call=call, text="rain", status="executed"),
    ]
    with model_of(server) as model:
        assert model.reply(said, tools=[WEATHER], may_call=False) == AssistantMessage(text="Rain.")
    body = server.requests[0].body
    function = {"name": "get_weather", "arguments": '{"city":"Bern"}'}
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "id-7", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "id-7", "content": "rain"},
    ]
    assert body["tool_choice"] == "none"
    offered = body["tools"][0]["function"]
    assert (offered["name"], offered["description"]) == ("get_weather", "The weather of a city.")
    assert offered["parameters"]["properties"]["city"]["description"] == "its name"
    assert offered["parameters"]["additionalProperties"] is False


def test_a_bare_conversation_names_no_tools(server: ChatServer) -> None:
    server.script = [Turn("yes")]
    asked(server)
    assert not {"tools", "tool_choice", "response_format", "stream"} & set(server.requests[0].body)


TURNS = st.builds(
    Turn,
    text=st.text(max_size=30),
    calls=st.lists(st.tuples(st.text(min_size=1, max_size=9), st.text(max_size=30)), max_size=3),
    finish=st.sampled_from(["", "length"]),
    piece=st.integers(1, 9),
)


@given(turn=TURNS)
@settings(max_examples=60)
def test_a_stream_gives_the_same_turn_as_a_reply(shared: ChatServer, shared_model: RemoteModel, turn: Turn) -> None:
    """However the text and the arguments of several calls are cut into pieces."""
    shared.script = [turn, turn]
    whole = shared_model.reply(HELLO)
    assert whole.text == turn.text
    assert [(call.name, call.arguments) for call in whole.calls] == list(turn.calls)
    assert whole.finished == (turn.finish != "length")
    assert heard(shared_model) == (turn.text, whole)


def test_calls_whose_pieces_are_interleaved_are_kept_apart(server: ChatServer) -> None:
    def piece(index: int, arguments: str, name: str | None = None) -> dict[str, Any]:
        head = {"id": f"id of {name}"} if name else {}
        return chunk({"tool_calls": [{"index": index, "function": {"name": name, "arguments": arguments}} | head]})

    server.script = [
        events(
            piece(1, "", "second"),
            piece(0, '{"a"', "first"),
            piece(1, '{"b"'),
            piece(0, ":1}"),
            piece(1, ":2}"),
            chunk({}, "tool_calls"),
        )
    ]
    calls = streamed(server)[1].calls
    assert {(call.id, call.name, call.arguments) for call in calls} == {
        ("id of first", "first", '{"a":1}'),
        ("id of second", "second", '{"b":2}'),
    }


def test_widespread_liberties_with_calls_are_understood(server: ChatServer) -> None:
    """No id, no position, arguments as an object, the same position for two calls, the name in each piece."""
    whole = {"name": "f", "arguments": {"a": "ä"}}
    reply = {"message": {"content": None, "tool_calls": [{"function": whole}, {"function": whole}]}}
    named = {"name": "f", "arguments": "{"}
    server.script = [
        Raw(json.dumps({"choices": [reply | {"finish_reason": "tool_calls"}]}).encode()),
        events(
            chunk({"tool_calls": [{"function": whole}]}), chunk({"tool_calls": [{"function": whole}]}, "tool_calls")
        ),
        events(
            chunk({"tool_calls": [{"index": 0, "id": "a", "function": named}]}),
            chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "}"}}]}),
            chunk({"tool_calls": [{"index": 0, "id": "b", "function": named}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}, "tool_calls"),
        ),
    ]
    first = asked(server).calls
    assert [(call.name, json.loads(call.arguments)) for call in first] == [("f", {"a": "ä"})] * 2
    assert len({call.id for call in first}) == 2
    assert streamed(server)[1].calls == first
    assert streamed(server)[1].calls == (
        ToolCall(id="a", name="f", arguments="{}"),
        ToolCall(id="b", name="f", arguments="{}"),
    )


def test_text_arrives_while_the_server_is_still_speaking(server: ChatServer) -> None:
    """And a client that has enough hangs up, so that the server can stop."""
    server.script = [events(*[chunk({"content": "word " * 1000})] * 5000)]
    with model_of(server) as model:
        pieces = model.stream(HELLO)
        assert next(pieces) == TextDelta(text="word " * 1000)
        pieces.close()
        assert server.hung_up.wait(30)


# --- structured answers ----------------------------------------------------------------------------------------------


def takes_only(*kinds: str) -> Callable[[Request], Turn | Raw]:
    """A server that knows some response formats and refuses the others."""

    def answer(request: Request) -> Turn | Raw:
        kind = request.body["response_format"]["type"]
        return Turn('{"city":"Bern"}') if kind in kinds else problem(400, f"no {kind} here")

    return answer


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (["json_schema", "json_object", "text"], ["json_schema"] * 2),
        (["json_object", "text"], ["json_schema", "json_object", "json_object"]),
        (["text"], ["json_schema", "json_object", "text", "text"]),
    ],
)
def test_the_most_binding_format_that_a_server_takes_is_found_and_remembered(
    server: ChatServer, known: list[str], expected: list[str]
) -> None:
    server.answering = takes_only(*known)
    with model_of(server) as model:
        for _ in range(2):
            assert model.reply(HELLO, schema=Place).text == '{"city":"Bern"}'
    assert [request.body["response_format"]["type"] for request in server.requests] == expected
    form = server.requests[0].body["response_format"]["json_schema"]
    assert (form["name"], form["strict"], form["schema"]["required"]) == ("Place", True, ["city"])


def test_a_server_that_refuses_every_format_is_not_asked_forever(server: ChatServer) -> None:
    server.answering = takes_only()
    with model_of(server) as model, pytest.raises(InvalidInput, match="no text here"):
        model.reply(HELLO, schema=Place)
    assert len(server.requests) == 3


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_named(server: ChatServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with RemoteModel(f"http://127.0.0.1:{port}/v1", "m", retries=0) as model:
        with pytest.raises(ModelUnavailable, match=rf"'m at http://127.0.0.1:{port}/v1' cannot be reached.*refused"):
            model.answer(["?"])
        with pytest.raises(ModelUnavailable, match="cannot be reached"):
            list(model.stream(HELLO))


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "does not accept a request without a key"),
        (403, "does not accept a request without a key"),
        (404, "Check the model's name"),
        (429, "Ask less at a time"),
        (500, "Look at the server"),
        (503, "Look at the server"),
        (408, "Look at the server"),
    ],
)
def test_a_refusal_says_what_the_server_said_and_what_to_do(server: ChatServer, status: int, advice: str) -> None:
    server.script = [problem(status, "my reasons")]
    said = failure(server)
    assert f"status {status}" in said
    assert "my reasons" in said
    assert advice in said


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_the_server_cannot_take_is_invalid_input(server: ChatServer, status: int) -> None:
    server.script = [problem(status, "maximum context length is 9 tokens")] * 2
    with pytest.raises(InvalidInput, match=f"status {status}: 'maximum context length is 9 tokens'"):
        asked(server)
    with pytest.raises(InvalidInput, match="maximum context length"):
        streamed(server)


@pytest.mark.parametrize(
    "body", [b'{"detail":"out of order"}', b"<html>out of order</html>", b'{"error":"out of order"}', b'"out of order"']
)
def test_reasons_in_another_form_are_told_too(server: ChatServer, body: bytes) -> None:
    server.script = [Raw(body, 502)]
    assert "out of order" in failure(server)


def test_passing_failures_are_tried_again_a_bounded_number_of_times(server: ChatServer) -> None:
    server.script = [problem(429, "slow down"), problem(503, "busy"), Turn("yes")]
    assert asked(server, retries=2).text == "yes"
    server.script = [problem(503, "busy")] * 9
    with pytest.raises(ModelUnavailable, match=r"busy.*up to 3 attempts"):
        asked(server, retries=2)
    assert len(server.script) == 6


def test_a_server_that_says_nothing_is_given_up(server: ChatServer) -> None:
    released = threading.Event()
    server.answering = lambda _: Raw(wait=released)
    try:
        assert "no sign of life for 0.2 s" in failure(server, timeout=0.2)
    finally:
        released.set()


NO_COMPLETIONS = [
    b"",
    b"<html>Welcome to the proxy</html>",
    b"null",
    b"[]",
    b"{}",
    b'{"choices":[]}',
    b'{"choices":[{"message":null}]}',
    b'{"choices":[{"message":{"content":["a"]},"finish_reason":"stop"}]}',
    b'{"choices":[{"message":{"content":"\\ud800"},"finish_reason":"stop"}]}',
    b'{"choices":[{"message":{"content":"a',
    b"\xff\xfe",
    b"[" * 100_000,
]


@pytest.mark.parametrize("kind", ["application/json", "text/html"])
@pytest.mark.parametrize("body", NO_COMPLETIONS, ids=lambda body: repr(body[:60]))
def test_a_body_that_holds_no_turn_is_no_empty_answer(server: ChatServer, body: bytes, kind: str) -> None:
    server.script = [Raw(body, headers={"Content-Type": kind})]
    assert "mostly ends in /v1" in failure(server)


@given(body=st.binary(max_size=60) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
@settings(max_examples=60)
def test_no_body_gets_anything_but_our_errors(shared: ChatServer, shared_model: RemoteModel, body: bytes | str) -> None:
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    shared.script = [Raw(raw), Raw(b"data: " + raw + b"\n\n", headers={"Content-Type": "text/event-stream"})]
    with pytest.raises(ModelUnavailable):
        shared_model.reply(HELLO)
    with pytest.raises(ModelUnavailable):
        heard(shared_model)


BEGUN, ENDED = chunk({"content": "It is"}), chunk({}, "stop")


@pytest.mark.parametrize(
    "broken",
    [
        events(BEGUN, done=False),
        events(BEGUN, done=True),
        events(BEGUN, done=False, missing=99),
        events(BEGUN, ENDED, done=False, missing=99),
        events(BEGUN, '{"choices":', ENDED),
        events(BEGUN, [1], ENDED),
        events(BEGUN, {"choices": 1}, ENDED),
        events(BEGUN, chunk({"content": 7}), ENDED),
        events(BEGUN, "[" * 100_000, ENDED),
        events(BEGUN, '{"choices":[{"delta":{"content":"\\ud800"}}]}', ENDED),
        events(BEGUN, {"error": {"message": "out of memory", "code": 500}}, ENDED),
        Raw(b"data: \xff\n\n", headers={"Content-Type": "text/event-stream"}),
    ],
)
def test_a_stream_that_is_broken_anywhere_is_never_a_whole_answer(server: ChatServer, broken: Raw) -> None:
    server.script = [broken]
    with pytest.raises(ModelUnavailable) as caught:
        streamed(server)
    if b"out of memory" in broken.body:
        assert "out of memory" in str(caught.value)


def test_a_body_that_breaks_off_is_an_error(server: ChatServer) -> None:
    server.script = [Raw(b'{"choices"', missing=99), Raw(b'{"error"', status=500, missing=99)]
    with pytest.raises(ModelUnavailable):
        asked(server)
    with pytest.raises(ModelUnavailable):
        streamed(server)


# --- the key ---------------------------------------------------------------------------------------------------------


def test_the_key_is_sent_as_a_bearer_token(server: ChatServer) -> None:
    server.script = [Turn("yes")] * 2
    asked(server, api_key=SecretStr(KEY))
    streamed(server, api_key=SecretStr(KEY))
    assert [request.headers["authorization"] for request in server.requests] == [f"Bearer {KEY}"] * 2


@pytest.mark.parametrize("key", [None, SecretStr(KEY)])
def test_no_key_or_account_is_picked_up_from_the_environment(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch, key: SecretStr | None
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "ambient")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer ambient")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    server.script = [Turn("yes")] * 2
    asked(server, api_key=key)
    streamed(server, api_key=key)
    for request in server.requests:
        assert "ambient" not in str(request.headers)
        assert request.headers.get("authorization") == (f"Bearer {KEY}" if key else None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_and_not_followed(server: ChatServer, status: int) -> None:
    """Neither the key nor the question may reach a host that the server points to."""
    with ChatServer(answering=lambda _: Turn("caught")) as elsewhere:
        target = f"{elsewhere.url}/chat/completions"
        server.script = [Raw(b"", status, {"Location": target})]
        said = failure(server, api_key=SecretStr(KEY))
        assert target in said
        assert "not followed" in said
        assert elsewhere.requests == []


def test_a_redirect_that_repeats_the_key_is_told_without_it(server: ChatServer) -> None:
    server.script = [Raw(b"", 307, {"Location": f"http://127.0.0.1/?key={KEY}"})]
    said = failure(server, api_key=SecretStr(KEY))
    assert "/?key=[key]" in said
    assert KEY not in said


def test_the_key_is_in_no_message_repr_or_log(server: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a server says, even when it repeats the key, alone or where a long text is cut."""
    caplog.set_level(logging.DEBUG)
    long = json.dumps({"error": {"message": "." * 290 + KEY}}).encode()
    wrong = [
        problem(401, f"Incorrect API key provided: {KEY}"),
        problem(400, f"Bearer {KEY}"),
        problem(500, KEY),
        Raw(f"<p>{KEY}</p>".encode(), 403),
        Raw(long, 404),
        Raw(json.dumps({"choices": [{"message": {KEY: 1, "content": 1}}]}).encode()),
        events({"error": {"message": KEY}}),
    ]
    for answer in wrong:
        for ask in (asked, streamed):
            server.script = [answer]
            with pytest.raises(AddendaError) as caught:
                ask(server, api_key=SecretStr(KEY))
            shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
            assert KEY[:10] not in shown
    with model_of(server, api_key=SecretStr(KEY)) as model:
        assert KEY not in f"{model!r} {model} {model.name} {model.fingerprint} {vars(model)}"
    assert KEY not in caplog.text
    assert "HTTP Request" in caplog.text, "the log was not listened to"


@pytest.mark.parametrize("key", ["", "two words", "line\n", "schlüssel", "\x00"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(InvalidInput, match="the API key") as caught:
        RemoteModel("http://127.0.0.1/v1", "m", SecretStr(key))
    assert not key or key not in str(caught.value)


# --- making one ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/v1",
        "file:///etc/passwd",
        "host/v1",
        "host:8000",
        "",
        "http://",
        "http:///v1",
        "http://host:99999/v1",
        "http://[::1",
        "http://ho st/v1",
        "http://host/v1\n",
        "http://host\\@other/v1",
        "http://host/v1?key=1",
        "http://host/v1#part",
        "http://a..b/v1",
        f"http://{'a' * 64}/v1",
        "http://\u2028/v1",
    ],
)
def test_an_address_that_is_not_http_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        RemoteModel(url, "m")


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    for url in ("https://me:secret@host/v1", "ftp://me:secret@host"):
        with pytest.raises(InvalidInput, match="give the key as the API key") as caught:
            RemoteModel(url, "m")
        assert "secret" not in str(caught.value)


@given(url=st.text(max_size=20).map(lambda rest: f"http://{rest}") | st.text(max_size=20))
def test_an_address_is_used_or_refused(url: str) -> None:
    try:
        RemoteModel(url, "m").close()
    except InvalidInput:
        return
    assert url.casefold().startswith(("http://", "https://"))


@pytest.mark.parametrize(
    "options",
    [{"batch_size": 0}, {"timeout": 0}, {"timeout": -1.0}, {"timeout": float("nan")}, {"retries": -1}],
)
def test_impossible_numbers_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="cannot be used"):
        RemoteModel("http://127.0.0.1/v1", "m", **options)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\udce9"])
def test_a_model_needs_a_name(name: str) -> None:
    with pytest.raises(InvalidInput, match="no name of a model"):
        RemoteModel("http://127.0.0.1/v1", name)


def test_the_fingerprint_is_that_of_the_address_and_the_name() -> None:
    def fingerprint(url: str, model: str, **options: object) -> str:
        with RemoteModel(url, model, **options) as made:
            return made.fingerprint

    one = fingerprint("http://Host:1/v1/", "m", api_key=SecretStr(KEY), batch_size=3)
    assert one == fingerprint("http://host:1/v1", "m")
    assert one.startswith("sha256:")
    others = [
        ("http://host:2/v1", "m"),
        ("https://host:1/v1", "m"),
        ("http://host:1/v2", "m"),
        ("http://host:1/v1", "n"),
    ]
    assert len({one, *(fingerprint(url, model) for url, model in others)}) == 5


def test_its_name_says_what_is_asked_and_where() -> None:
    with RemoteModel("http://127.0.0.1:1/v1/", "m") as model:
        assert model.name == "m at http://127.0.0.1:1/v1"
