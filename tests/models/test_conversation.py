"""Conversations with tools, held by the remote model with a server that calls what it was told to call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, JsonValue

from addenda.errors import InvalidInput, StorageUnavailable
from addenda.models.chat import (
    AssistantMessage,
    Message,
    SystemMessage,
    TextDelta,
    Tool,
    ToolMessage,
    Transcript,
    UserMessage,
)
from addenda.models.conversation import converse, converse_streaming
from addenda.models.remote import RemoteModel
from addenda.types import Frozen
from tests.chat_server import ChatServer, Turn, problem

ASKED = [SystemMessage(text="Use the tools."), UserMessage(text="Weather in Bern?")]


class Place(Frozen):
    city: str = Field(min_length=1)
    days: int = 1


class Nothing(Frozen):
    pass


WEATHER = Tool("get_weather", "The weather of a city.", Place)
CLOCK = Tool("get_time", "The time.", Nothing)


class Ran:
    """Runs the tools, and keeps what was run."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, BaseModel]] = []

    def __call__(self, name: str, arguments: BaseModel) -> str:
        self.calls.append((name, arguments))
        if isinstance(arguments, Place) and arguments.city == "Atlantis":
            raise InvalidInput("there is no such city; ask for one on land")
        if isinstance(arguments, Place) and arguments.city == "Full":
            raise StorageUnavailable("the disk is full")
        return f"result {len(self.calls)}"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        yield running


@pytest.fixture(scope="module")
def model(server: ChatServer) -> Iterator[RemoteModel]:
    with RemoteModel(server.url, "m", retries=0) as made:
        yield made


def weather(city: JsonValue, **more: JsonValue) -> tuple[str, str]:
    """A call of the tool."""
    return "get_weather", json.dumps({"city": city, **more})


def held(
    model: RemoteModel, server: ChatServer, *script: Turn, messages: Sequence[Message] = ASKED, max_rounds: int = 8
) -> tuple[Transcript, Ran]:
    """The conversation and what it ran; held streamed and not, which must not differ."""
    server.requests.clear()
    ran, ran_too = Ran(), Ran()
    server.script = list(script)
    whole = converse(model, messages, [WEATHER, CLOCK], ran, max_rounds=max_rounds)
    server.script = list(script)
    *events, last = list(converse_streaming(model, messages, [WEATHER, CLOCK], ran_too, max_rounds=max_rounds))
    assert last == whole
    assert ran.calls == ran_too.calls
    said = tuple(event for event in events if isinstance(event, AssistantMessage | ToolMessage))
    assert tuple(messages) + said == whole.messages
    spoken = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert spoken == "".join(event.text for event in said if isinstance(event, AssistantMessage))
    return whole, ran


def test_what_the_model_calls_is_run_and_given_back(model: RemoteModel, server: ChatServer) -> None:
    transcript, ran = held(model, server, Turn("Let me see. ", [weather("Bern", days=2)]), Turn("Rain."))
    assert ran.calls == [("get_weather", Place(city="Bern", days=2))]
    assert (transcript.text, transcript.answered) == ("Rain.", True)
    assert [(m.call.name, m.text, m.status) for m in transcript.results] == [("get_weather", "result 1", "executed")]
    assert [message.role for message in transcript.messages] == ["system", "user", "assistant", "tool", "assistant"]
    sent = server.requests[1].body
    assert [message["role"] for message in sent["messages"]] == ["system", "user", "assistant", "tool"]
    assert sent["messages"][3] == {"role": "tool", "tool_call_id": "id-0", "content": "result 1"}
    assert sent["tool_choice"] == "auto"
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["get_weather", "get_time"]


def test_a_transcript_can_be_kept_and_read_again(model: RemoteModel, server: ChatServer) -> None:
    transcript, _ = held(model, server, Turn("", [weather("Bern"), ("no_tool", "{")]), Turn("Rain."))
    assert Transcript.model_validate_json(transcript.model_dump_json()) == transcript


def test_several_calls_in_one_turn_are_run_in_their_order(model: RemoteModel, server: ChatServer) -> None:
    calls = [weather("Bern"), ("get_time", ""), weather("Thun")]
    transcript, ran = held(model, server, Turn("", calls), Turn("Rain."))
    assert [name for name, _ in ran.calls] == ["get_weather", "get_time", "get_weather"]
    assert [message.call.id for message in transcript.results] == ["id-0", "id-1", "id-2"]
    assert [message["role"] for message in server.requests[1].body["messages"][2:]] == ["assistant"] + ["tool"] * 3


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (("get_wether", "{}"), "there is no tool 'get_wether'; the tools are: get_weather, get_time"),
        (("", "{}"), "there is no tool ''"),
        (("x" * 100_000, "{}"), "(100000 characters)"),
        (("get_weather", "{"), "Invalid JSON"),
        (("get_weather", "Bern"), "Invalid JSON"),
        (("get_weather", "[" * 3000), "Invalid JSON"),
        (("get_weather", "[]"), "the whole: "),
        (("get_weather", ""), "city: Field required"),
        (weather(""), "city: String should have at least 1 character"),
        (weather(7), "city: Input should be a valid string"),
        (weather("Bern", days="2"), "days: Input should be a valid integer"),
        (weather("Bern", wind=True), "wind: Extra inputs are not permitted"),
        (("get_weather", json.dumps({str(number): 1 for number in range(99)})), "(and 95 more)"),
        (weather("Atlantis"), "there is no such city; ask for one on land"),
    ],
)
def test_a_call_that_cannot_be_run_is_told_to_the_model(
    model: RemoteModel, server: ChatServer, call: tuple[str, str], reason: str
) -> None:
    transcript, ran = held(model, server, Turn("", [call]), Turn("", [weather("Bern")]), Turn("Rain."))
    refused, executed = transcript.results
    assert refused.status == "refused"
    assert refused.text.startswith("error: ")
    assert reason in refused.text
    assert len(refused.text) < 1000
    assert refused.call.arguments == call[1]
    assert executed.status == "executed"
    assert ran.calls[-1] == ("get_weather", Place(city="Bern"))
    assert transcript.text == "Rain."


def test_a_call_that_was_made_before_gets_the_earlier_result(model: RemoteModel, server: ChatServer) -> None:
    """However it is written: spaces, the order of the arguments and defaults make no other call of it."""
    again = [
        Turn("", [weather("Bern"), ("get_weather", ' {"days" : 1, "city":"Bern"}')]),
        Turn("", [weather("Bern")]),
        Turn("", [weather("Thun"), weather("Bern", days=2)]),
    ]
    transcript, ran = held(model, server, *again, Turn("Rain."))
    statuses = [message.status for message in transcript.results]
    assert statuses == ["executed", "repeated", "repeated", "executed", "executed"]
    assert [message.text for message in transcript.results[:3]] == ["result 1"] * 3
    assert len(ran.calls) == 3


def test_a_refused_call_is_not_tried_again_and_stays_refused(model: RemoteModel, server: ChatServer) -> None:
    transcript, ran = held(model, server, Turn("", [weather("Atlantis")]), Turn("", [weather("Atlantis")]), Turn("?"))
    assert [message.status for message in transcript.results] == ["refused", "refused"]
    assert len(ran.calls) == 1


def test_nothing_is_remembered_from_one_conversation_to_the_next(model: RemoteModel, server: ChatServer) -> None:
    server.script = [Turn("", [("get_time", "{}")]), Turn("Noon.")] * 2
    ran = Ran()
    for _ in range(2):
        assert converse(model, ASKED, [CLOCK], ran).results[0].status == "executed"
    assert len(ran.calls) == 2


@pytest.mark.parametrize("max_rounds", [0, 1, 3])
def test_a_model_that_only_calls_is_asked_to_answer_and_then_left(
    model: RemoteModel, server: ChatServer, max_rounds: int
) -> None:
    calling = [Turn("", [weather(f"town {number}")]) for number in range(9)]
    transcript, ran = held(model, server, *calling, max_rounds=max_rounds)
    assert len(ran.calls) == max_rounds
    assert not transcript.answered
    assert not transcript.finished
    choices = [request.body["tool_choice"] for request in server.requests[: max_rounds + 1]]
    assert choices == ["auto"] * max_rounds + ["none"]
    assert len(server.requests) == 2 * (max_rounds + 1)
    last = transcript.results[-1]
    assert (last.status, last.text) == ("refused", "error: no more calls are possible; answer now")


def test_a_model_that_answers_when_it_may_no_longer_call_has_answered(model: RemoteModel, server: ChatServer) -> None:
    transcript, _ = held(model, server, Turn("", [weather("Bern")]), Turn("Rain, I think."), max_rounds=1)
    assert (transcript.answered, transcript.finished, transcript.text) == (True, True, "Rain, I think.")


def test_an_answer_that_was_cut_is_not_finished(model: RemoteModel, server: ChatServer) -> None:
    transcript, _ = held(model, server, Turn("Rain, I", finish="length"))
    assert (transcript.answered, transcript.finished, transcript.text) == (True, False, "Rain, I")


def test_a_tool_that_fails_by_itself_ends_the_conversation(model: RemoteModel, server: ChatServer) -> None:
    server.script = [Turn("", [weather("Full")])]
    with pytest.raises(StorageUnavailable):
        converse(model, ASKED, [WEATHER], Ran())


def test_an_error_of_the_server_in_a_later_round_is_raised(model: RemoteModel, server: ChatServer) -> None:
    server.script = [Turn("", [weather("Bern")]), problem(400, "too long by now")]
    with pytest.raises(InvalidInput, match="too long by now"):
        converse(model, ASKED, [WEATHER], Ran())


def test_events_come_while_the_conversation_is_held(model: RemoteModel, server: ChatServer) -> None:
    server.script = [Turn("", [weather("Bern")]), Turn("Rain.")]
    ran = Ran()
    events = converse_streaming(model, ASKED, [WEATHER], ran)
    first = next(events)
    assert isinstance(first, AssistantMessage)
    assert ran.calls == []
    second = next(events)
    assert isinstance(second, ToolMessage)
    assert len(ran.calls) == 1
    events.close()
    assert len(server.script) == 1, "the second turn was asked for although nobody waited for it"


def test_impossible_settings_are_refused_before_anything_is_asked(model: RemoteModel, server: ChatServer) -> None:
    server.requests.clear()
    for hold in (converse, converse_streaming):
        with pytest.raises(InvalidInput, match="same name"):
            hold(model, ASKED, [WEATHER, Tool("get_weather", "Another.", Nothing)], Ran())
        with pytest.raises(InvalidInput, match="rounds"):
            hold(model, ASKED, [], Ran(), max_rounds=-1)
    assert server.requests == []


@pytest.mark.parametrize("name", ["", "a b", "a.b", "x" * 65, "größe", "a\n"])
def test_a_name_that_some_servers_refuse_cannot_name_a_tool(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a tool"):
        Tool(name, "Some tool.", Nothing)


@given(
    calls=st.lists(
        st.tuples(
            st.sampled_from(["get_weather", "get_time"]) | st.text(max_size=20),
            st.text(max_size=40)
            | st.dictionaries(
                st.sampled_from(["city", "days", "x"]), st.none() | st.text(max_size=5) | st.integers() | st.floats()
            ).map(json.dumps),
        ),
        max_size=4,
    )
)
@settings(max_examples=60)
def test_nothing_that_a_model_calls_raises(
    model: RemoteModel, server: ChatServer, calls: list[tuple[str, str]]
) -> None:
    """Each call gets one result, and only what fits the schema is run, once."""
    server.script = [Turn("", calls), Turn("Done.")]
    ran = Ran()
    transcript = converse(model, ASKED, [WEATHER, CLOCK], ran)
    assert [(message.call.name, message.call.arguments) for message in transcript.results] == calls
    executed = [message for message in transcript.results if message.status == "executed"]
    assert len(executed) == len(ran.calls) == len(set(ran.calls))
    assert all(isinstance(arguments, Place | Nothing) for _, arguments in ran.calls)
    assert transcript.answered
