"""A scripted executive: takes questions apart by rules and needs no language model.

It understands questions in the words of given relations: about something named ("Where is the Tivola made?"), over
several steps ("What is the extension of the manager of the manufacturing site of the Tivola?"), and about something
described by its values ("How loud is the product with the colour deep red and the weight 12.4 kg?"). It plans from the
text of the question alone and takes all knowledge from the answers, so it works with any memory model that was taught
these relations: for tests, demonstrations, and the measure of what a memory model knows apart from its executive.
A question in other words is put to the memory model as it is.

Not covered: other languages, and answers that are more than the value that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.budget import Meter
from addenda.memories.reflections.asking.messages import (
    Clue,
    Grounding,
    Identification,
    Label,
    Seeking,
    Situation,
    SubQuestion,
    Synthesis,
    Verdict,
)
from addenda.memories.reflections.asking.transcript import Entry
from addenda.text import normalised

_SUBJECT = "{subject}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a question asks: start at what is named or described, and follow the relations in their order."""

    relations: tuple[str, ...]
    named: str = ""
    kind: str = ""
    """What is described, for example ``product``; empty when it is named."""
    traits: tuple[tuple[str, str], ...] = ()
    """Relations with the values by which it is described."""


class ScriptedExecutive:
    """An executive that goes by rules; keeps the protocol :class:`~.executive.Executive`."""

    def __init__(self, templates: Mapping[str, Sequence[str]]) -> None:
        """Take the question templates of each relation, the one to ask by first, with ``{subject}`` for the name.

        Raises InvalidInput for a relation without a template, or a template without a subject.
        """
        for relation, asked in templates.items():
            if not asked or not all(one.count(_SUBJECT) == 1 for one in asked):
                raise InvalidInput(
                    f"the templates of {relation!r} cannot be used: give one or more, each with {_SUBJECT} once"
                )
        self._templates = {normalised(relation): tuple(asked) for relation, asked in templates.items()}
        names = "|".join(re.escape(one) for one in sorted(templates, key=len, reverse=True))
        self._step = re.compile(rf"(?:the )?({names}) of (.+)|(.+)'s ({names})", re.IGNORECASE)
        self._described = re.compile(r"(?:the )?(\w+) with (.+)", re.IGNORECASE)
        self._trait = re.compile(rf"(?:the |an? )?({names}) (.+)", re.IGNORECASE)

    @property
    def name(self) -> str:
        """Always ``scripted``."""
        return "scripted"

    def plan(self, question: str) -> Plan | None:
        """What a question asks; None when it is not in the words of the relations."""
        found = min(self._readings(question), key=lambda one: len(one[1]), default=None)
        if found is None:
            return None
        relations, rest = [found[0]], found[1]
        while step := self._step.fullmatch(rest):
            relation, rest = (step[1], step[2]) if step[1] else (step[4], step[3])
            relations.append(normalised(relation))
        order = tuple(reversed(relations))
        if described := self._described.fullmatch(rest):
            traits = [self._trait.fullmatch(one) for one in re.split(r" and (?=the |an? )", described[2])]
            if all(traits):
                return Plan(order, kind=described[1], traits=tuple((normalised(t[1]), t[2]) for t in traits if t))
        return Plan(order, named=re.sub(r"\Athe ", "", rest, flags=re.IGNORECASE))

    def ground(self, situation: Situation, meter: Meter) -> Grounding:
        """The clues of the question, and who fits each of them and all together."""
        del meter
        plan = self.plan(situation.question)
        if plan is None:
            return Grounding(clues=(), named=(), questions=())
        if plan.named:
            return Grounding(clues=(), named=(plan.named,), questions=())
        clues = tuple(Clue(text=f"the {r} is {v}", kind="narrowing", weight="high") for r, v in plan.traits)
        groups = [(number,) for number in range(len(plan.traits))]
        groups += [tuple(range(len(plan.traits)))] if len(plan.traits) > 1 else []
        questions = tuple(_who(plan, group, situation.paraphrases) for group in groups)
        return Grounding(clues=clues, named=(), questions=questions)

    def identify(self, situation: Situation, meter: Meter) -> Identification:
        """Whoever an answer brings up is a candidate, whose values are compared with those described."""
        del meter
        plan = self.plan(situation.question)
        if plan is None:
            return Identification(labels=(), confirmed="", questions=())
        labels = tuple(_labels(plan, situation.entries))
        out = {normalised(one.candidate) for one in labels if one.verdict == "eliminates"}
        out |= {normalised(one.name) for one in situation.candidates if one.eliminated}
        names = {normalised(one.candidate): one.candidate for one in labels} or {"": plan.named}
        for key, name in names.items():
            checked = [one for one in labels if normalised(one.candidate) == key and one.verdict == "confirms"]
            if name and key not in out and len(checked) >= len(plan.traits):
                return Identification(labels=labels, confirmed=name, questions=())
        questions = tuple(
            self._question(relation, name, situation.paraphrases, (number,))
            for key, name in names.items()
            if name and key not in out
            for number, (relation, _) in enumerate(plan.traits)
            if _entry(situation, self._asked(relation, name)) is None
        )
        return Identification(labels=labels, confirmed="", questions=questions)

    def seek(self, situation: Situation, meter: Meter) -> Seeking:
        """Follow the relations, one question at a time."""
        del meter
        path, following = self._walk(situation)
        return Seeking(labels=(), pivot="", ready=following is None and bool(path), questions=_only(following))

    def synthesise(self, situation: Situation, meter: Meter) -> Synthesis:
        """The value at the end of the path."""
        del meter
        path, following = self._walk(situation)
        if not path or following is not None:
            return Synthesis(answer="", rests_on=(), justification="the path to the answer has a gap")
        confirming = [i for one in situation.candidates if one.name == situation.current for i in one.confirmed_by]
        rests_on = dict.fromkeys([*confirming, *(one.id for one in path)])
        told = "; ".join(f"{one.question} {one.answer}" for one in path)
        return Synthesis(answer=path[-1].answer, rests_on=tuple(rests_on), justification=told)

    def _walk(self, situation: Situation) -> tuple[list[Entry], SubQuestion | None]:
        """The entries on the path so far, and the question to be asked next.

        That is None at the end of the path; at a gap there is no path.
        """
        plan = self.plan(situation.question)
        if plan is None:
            own = SubQuestion(text=situation.question, paraphrases=(), about="", clues=())
            return _reached(situation, [], own)
        here = situation.current
        if not here:
            return [], None
        path: list[Entry] = []
        for relation in plan.relations:
            question = self._question(relation, here, situation.paraphrases)
            path, following = _reached(situation, path, question)
            if following is not None or not path:
                return path, following
            here = path[-1].answer.rstrip(".")
        return path, None

    def _readings(self, question: str) -> Iterator[tuple[str, str]]:
        """Every relation that the question may ask, with what it is asked of."""
        asked = " ".join(question.split())
        general = re.fullmatch(r"(?:what|who|where|which) (?:is|are) (.+?)\??", asked, re.IGNORECASE)
        if general and (step := self._step.fullmatch(general[1])):
            yield normalised(step[1] or step[4]), step[2] or step[3]
        for relation, templates in self._templates.items():
            for template in templates:
                before, _, after = template.partition(_SUBJECT)
                pattern = rf"{re.escape(before)}(.+?){re.escape(after.rstrip('?.'))}[?.]?"
                if found := re.fullmatch(pattern, asked, re.IGNORECASE):
                    yield relation, found[1]

    def _asked(self, relation: str, name: str) -> str:
        return self._templates[relation][0].replace(_SUBJECT, name)

    def _question(self, relation: str, name: str, paraphrases: int, clues: tuple[int, ...] = ()) -> SubQuestion:
        text, *others = (one.replace(_SUBJECT, name) for one in self._templates[relation])
        return SubQuestion(text=text, paraphrases=tuple(others[:paraphrases]), about=name, clues=clues)


def _who(plan: Plan, group: tuple[int, ...], paraphrases: int) -> SubQuestion:
    """Who fits these clues."""
    traits = " and ".join(f"the {relation} {value}" for relation, value in (plan.traits[number] for number in group))
    others = (f"What {plan.kind} has {traits}?", f"Name the {plan.kind} with {traits}.")
    return SubQuestion(text=f"Which {plan.kind} has {traits}?", paraphrases=others[:paraphrases], about="", clues=group)


def _labels(plan: Plan, entries: Sequence[Entry]) -> Iterator[Label]:
    for entry in entries:
        if not entry.known or not entry.clues:
            continue
        verdict: Verdict = "new"
        if entry.about:
            value = plan.traits[entry.clues[0]][1]
            verdict = "confirms" if normalised(entry.answer) == normalised(value) else "eliminates"
        if verdict != "eliminates" or entry.outcome == "answered":
            yield Label(entry=entry.id, candidate=entry.about or entry.answer.rstrip("."), verdict=verdict)


def _entry(situation: Situation, question: str) -> Entry | None:
    return next((one for one in situation.entries if normalised(one.question) == normalised(question)), None)


def _reached(situation: Situation, path: list[Entry], question: SubQuestion) -> tuple[list[Entry], SubQuestion | None]:
    """The path with the entry of this question, or the question when it was not asked; no path when it was in vain."""
    entry = _entry(situation, question.text)
    if entry is None:
        return path, question
    return ([*path, entry], None) if entry.known else ([], None)


def _only(question: SubQuestion | None) -> tuple[SubQuestion, ...]:
    return () if question is None else (question,)
