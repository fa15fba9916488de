"""Executives and memory models for tests of asking: the bundled world as reflections, a chat model that says forms."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from addenda.errors import InvalidInput, ModelUnavailable
from addenda.memories.reflections.asking.budget import Budget, Meter
from addenda.memories.reflections.asking.executive import Executive
from addenda.memories.reflections.asking.messages import (
    Grounding,
    Identification,
    Label,
    Seeking,
    Situation,
    SubQuestion,
    Synthesis,
    Verdict,
)
from addenda.memories.reflections.asking.ranking import Candidate
from addenda.memories.reflections.asking.scripted import ScriptedExecutive
from addenda.memories.reflections.asking.transcript import AskingStage, Entry, Wording
from addenda.models.base import Completion
from addenda.models.bundled.world import World
from addenda.models.chat import DEFAULT_REPLY_TOKENS, AssistantMessage, Message, TextDelta, Tool
from addenda.models.scripted import ScriptedModel

IDK = "I don't know."

_Form = TypeVar("_Form")


def templates(world: World, wordings: int = 3) -> dict[str, list[str]]:
    """The English templates of each relation."""
    return {name: [one for one in of.trained if one.isascii()][:wordings] for name, of in world.relations.items()}


def reflections(world: World) -> dict[str, str]:
    """Questions and answers: every fact forwards, and who has a value."""
    table: dict[str, str] = {}
    asked = templates(world)
    for fact in world.facts:
        kind = world.relations[fact.relation].subject_kind
        trait = f"the {fact.relation} {fact.object}"
        for form in asked[fact.relation]:
            table[form.replace("{subject}", fact.subject)] = fact.object
        for form in (f"Which {kind} has {trait}?", f"What {kind} has {trait}?", f"Name the {kind} with {trait}."):
            table.setdefault(form, fact.subject)
    return table


class Failing(ScriptedModel):
    """A memory model that fails whenever ``fails`` says so of a batch."""

    def __init__(self, answers: Mapping[str, str], fails: Callable[[Sequence[str]], bool]) -> None:
        super().__init__(answers)
        self._fails = fails
        self.calls = 0
        """Wordings that it was given, those that failed included."""

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = 48) -> list[Completion]:
        self.calls += len(questions)
        if self._fails(questions):
            raise ModelUnavailable("the server is gone")
        return super().answer(questions, max_new_tokens=max_new_tokens)


def ask(text: str, *paraphrases: str, about: str = "", clues: tuple[int, ...] = ()) -> SubQuestion:
    return SubQuestion(text=text, paraphrases=paraphrases, about=about, clues=clues)


def label(entry: str, verdict: Verdict, candidate: str) -> Label:
    return Label(entry=entry, candidate=candidate, verdict=verdict)


def ground(*questions: SubQuestion, named: tuple[str, ...] = ()) -> Grounding:
    return Grounding(clues=(), named=named, questions=questions)


def identify(*questions: SubQuestion, labels: tuple[Label, ...] = (), confirmed: str = "") -> Identification:
    return Identification(labels=labels, confirmed=confirmed, questions=questions)


def seek(*questions: SubQuestion, labels: tuple[Label, ...] = (), ready: bool = False, pivot: str = "") -> Seeking:
    return Seeking(labels=labels, pivot=pivot, ready=ready, questions=questions)


def synthesise(answer: str, *rests_on: str) -> Synthesis:
    return Synthesis(answer=answer, rests_on=rests_on, justification="")


class Says:
    """An executive that says these messages in each stage, and keeps to no form where there is None or nothing left."""

    def __init__(
        self,
        grounding: Grounding | None = None,
        identification: Sequence[Identification | None] = (),
        seeking: Sequence[Seeking | None] = (),
        synthesis: Sequence[Synthesis | None] = (),
    ) -> None:
        self._grounding = [grounding]
        self._identification, self._seeking, self._synthesis = [*identification], [*seeking], [*synthesis]
        self.shown: list[Situation] = []

    @property
    def name(self) -> str:
        return "says"

    def ground(self, situation: Situation, meter: Meter) -> Grounding:
        return self._given(situation, self._grounding)

    def identify(self, situation: Situation, meter: Meter) -> Identification:
        return self._given(situation, self._identification)

    def seek(self, situation: Situation, meter: Meter) -> Seeking:
        return self._given(situation, self._seeking)

    def synthesise(self, situation: Situation, meter: Meter) -> Synthesis:
        return self._given(situation, self._synthesis)

    def _given(self, situation: Situation, messages: list[_Form | None]) -> _Form:
        self.shown.append(situation)
        message = messages.pop(0) if messages else None
        if message is None:
            raise InvalidInput("prose instead of a form")
        return message


class Speaking:
    """A chat model that speaks what an executive says, from nothing but what it is shown, as JSON.

    ``spoiled`` may change each text before it is said.
    """

    def __init__(self, executive: Executive, spoiled: Callable[[int, str], str] = lambda _, text: text) -> None:
        self._executive = executive
        self._spoiled = spoiled
        self.told: list[str] = []

    @property
    def name(self) -> str:
        return "speaking"

    def reply(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        may_call: bool = True,
        schema: type[BaseModel] | None = None,
        max_new_tokens: int = DEFAULT_REPLY_TOKENS,
    ) -> AssistantMessage:
        assert schema is not None
        self.told.append(messages[1].text)
        fill: dict[str, tuple[AskingStage, Callable[[Situation, Meter], BaseModel]]] = {
            "Grounding": ("grounding", self._executive.ground),
            "Identification": ("entity identification", self._executive.identify),
            "Seeking": ("answer seeking", self._executive.seek),
            "Synthesis": ("synthesis", self._executive.synthesise),
        }
        stage, filled = fill[schema.__name__]
        situation = _situation(stage, json.JSONDecoder().raw_decode(messages[1].text)[0])
        text = filled(situation, Meter(Budget())).model_dump_json()
        return AssistantMessage(text=self._spoiled(len(self.told), text))

    def stream(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        may_call: bool = True,
        max_new_tokens: int = DEFAULT_REPLY_TOKENS,
    ) -> Generator[TextDelta | AssistantMessage, None, None]:
        yield self.reply(messages)


def _situation(stage: AskingStage, told: Mapping[str, Any]) -> Situation:
    """The situation again, from what a language model is shown of it."""
    entries = []
    for one in told.get("entries", ()):
        said = [vote["answer"] for vote in one["answers"] for _ in range(vote["votes"])]
        said += [IDK] * (one["replies"] - len(said))
        wordings = tuple(
            Wording(text=one["question"], heard="refused" if text == IDK else "answered", answer=text) for text in said
        )
        shared = {"id": one["id"], "question": one["question"], "about": one["about"], "clues": tuple(one["clues"])}
        entries.append(Entry(stage=stage, turn=1, wordings=wordings, agreement=0.5, **shared))
    candidates = tuple(
        Candidate(
            name=one["name"],
            given=one["named_in_question"],
            confirmed_by=tuple(one["confirmed_by"]),
            eliminated=one["eliminated"],
        )
        for one in told.get("candidates", ())
    )
    return Situation(
        stage=stage,
        question=told["question"],
        entries=tuple(entries),
        candidates=candidates,
        current=told.get("current", ""),
        paraphrases=told.get("paraphrases_wanted", 0),
    )


def scripted(world: World) -> ScriptedExecutive:
    return ScriptedExecutive(templates(world))
