"""A local model as executive: its adapter for ``decompose`` says in one line what to ask next.

It needs no network and no large model: the bundled model has the adapter. The model takes the question apart, and says
which answer is the last one; names are copied from the question or from answers, questions are worded by code
(:mod:`~.asked_relations`), and the answer is that of an entry, word by word. The adapter has learned to decompose, with
names made up anew for every example, and knows no facts.

By code, and not by the model: the entity that is meant is the one that the question names; a question that was refused
is put once more in other words; an answer rests on the entries that lead to it.

Not covered: entities that a question describes and does not name, and answers that are compared or counted. Such
questions are put to the memory model as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.asked_relations import AskedRelations, language_of
from addenda.memories.reflections.asking.budget import Meter
from addenda.memories.reflections.asking.copied_tokens import LineTokens
from addenda.memories.reflections.asking.inquiry import named_in
from addenda.memories.reflections.asking.lines import (
    SHOWN_ANSWER,
    AskItself,
    Finish,
    Line,
    Step,
    Turn,
    dialogue,
    read_line,
)
from addenda.memories.reflections.asking.messages import (
    WORDS_LIMIT,
    Grounding,
    Identification,
    Seeking,
    Situation,
    SubQuestion,
    Synthesis,
)
from addenda.memories.reflections.asking.transcript import Entry
from addenda.memories.reflections.questions import memory_prompt
from addenda.models.base import rough_tokens
from addenda.models.bundled import adapter_directory, build_world
from addenda.text import normalised

if TYPE_CHECKING:
    from addenda.models.adapters import Adapter
    from addenda.models.local import LocalModel

SKILL = "decompose"
"""The skill of taking a question apart, by which the adapter is found."""
LINE_TOKENS = 48
"""Length limit of a line."""
_REMEMBERED = 256
_LONGEST = 4 * WORDS_LIMIT
"""Characters of an answer or a justification."""


class LocalExecutive:
    """A local model with the skill of taking questions apart; keeps the protocol :class:`~.executive.Executive`.

    While it says a line the adapter is on, so threads may share it where nothing else uses the model.
    """

    def __init__(self, model: LocalModel, adapter: Adapter, templates: Mapping[str, Sequence[str]]) -> None:
        """Take a model with its adapter; see :meth:`load`."""
        self._model = model
        self._adapter = adapter
        self._relations = AskedRelations(templates)
        window = cast("int | None", getattr(model.network.config, "max_position_embeddings", None))
        self._room = (window or 2**31) - LINE_TOKENS
        # A stage begins with the situation in which the one before ended, and generation is the dear part.
        self._said = lru_cache(_REMEMBERED)(self._generated)

    @classmethod
    def load(
        cls,
        model: LocalModel,
        *,
        directory: Path | None = None,
        templates: Mapping[str, Sequence[str]] | None = None,
    ) -> LocalExecutive:
        """An executive of this model.

        Args:
            model: The model.
            directory: Where its adapter lies; that of the bundled model unless told otherwise.
            templates: How known relations are asked, in any language, with ``{subject}`` for the name; those of the
                bundled world unless told otherwise. Other relations are asked in plain words.

        Raises what :func:`addenda.models.adapters.load_adapter` raises, and InvalidInput for templates that cannot be
        used.
        """
        from addenda.models.adapters import load_adapter

        adapter = load_adapter(model, directory or adapter_directory(SKILL), SKILL)
        return cls(model, adapter, world_templates() if templates is None else templates)

    @property
    def name(self) -> str:
        """The model's name with the skill, for example ``bundled decompose``."""
        return f"{self._model.name} {SKILL}"

    def ground(self, situation: Situation, meter: Meter) -> Grounding:
        """The name at which the question begins to be answered."""
        line = self._line(situation, meter)
        named = (line.name,) if isinstance(line, Step) and named_in(line.name, situation.question) else ()
        return Grounding(clues=(), named=named, questions=())

    def identify(self, situation: Situation, meter: Meter) -> Identification:
        """Whom the question names is meant; nothing is asked."""
        del meter
        confirmed = next((one.name for one in situation.candidates if one.sure), "")
        return Identification(labels=(), confirmed=confirmed, questions=())

    def seek(self, situation: Situation, meter: Meter) -> Seeking:
        """The next step; or what was refused, once more in other words."""
        last = situation.entries[-1] if situation.entries else None
        if last is not None and (again := self._again(last, situation)) is not None:
            return _asking(again)
        line = self._line(situation, meter)
        if isinstance(line, Step):
            return _asking(self._question(line, situation))
        if isinstance(line, AskItself):
            return _asking(_itself(situation))
        return Seeking(labels=(), pivot="", ready=isinstance(line, Finish), questions=())

    def synthesise(self, situation: Situation, meter: Meter) -> Synthesis:
        """The answer of the last entry, with those that led to it."""
        line = self._line(situation, meter)
        if not isinstance(line, Finish):
            return Synthesis(answer="", rests_on=(), justification="the answers do not lead to what was asked")
        path = _path(line.entry, situation.entries)
        told = "; ".join(f"{one.question} {one.answer}" for one in path)
        return Synthesis(
            answer=line.entry.answer[:_LONGEST], rests_on=tuple(one.id for one in path), justification=told[:_LONGEST]
        )

    # -- questions -----------------------------------------------------------------------------------------------------

    def _question(self, step: Step, situation: Situation) -> SubQuestion:
        text, *others = self._relations.wordings(step.relations[-1], step.name, language_of(situation.question))
        return SubQuestion(text=text, paraphrases=tuple(others[: situation.paraphrases]), about=step.name, clues=())

    def _again(self, entry: Entry, situation: Situation) -> SubQuestion | None:
        """A question that was refused, with wordings that were never put; None where there are none."""
        relation = self._relation_of(entry)
        if entry.outcome != "refused" or entry.question in situation.dead_ends or not relation:
            return None
        put = {normalised(one.text) for one in entry.wordings}
        language = language_of(situation.question)
        new = [one for one in self._relations.wordings(relation, entry.about, language) if normalised(one) not in put]
        if not new:
            return None
        paraphrases = tuple(new[: situation.paraphrases + 1])
        return SubQuestion(text=entry.question, paraphrases=paraphrases, about=entry.about, clues=())

    def _relation_of(self, entry: Entry) -> str:
        return self._relations.relation(entry.question, entry.about)

    # -- lines ---------------------------------------------------------------------------------------------------------

    def _line(self, situation: Situation, meter: Meter) -> Line:
        """The model's line. Raises InvalidInput where the question is too long, or the line of no use."""
        entries = situation.entries
        plan = self._first_line(situation.question, meter) if entries else ""
        question, *steps = dialogue(situation, [self._relation_of(one) for one in entries], plan)
        # Of what is too long the oldest answer and the step behind it give way; the plan stays.
        while self._size(prompt := self._prompt([question, *steps])) > self._room and len(steps) > 2:
            entries, steps = entries[1:], [steps[0], *steps[3:]]
        answers = tuple((one.id, memory_prompt(one.answer)[:SHOWN_ANSWER]) for one in entries if one.known)
        return read_line(self._say(prompt, question.text, answers, meter), situation)

    def _first_line(self, question: str, meter: Meter) -> str:
        shown = memory_prompt(question)
        return self._say(self._prompt([Turn("user", shown)]), shown, (), meter)

    def _say(self, prompt: str, question: str, answers: tuple[tuple[str, str], ...], meter: Meter) -> str:
        if (size := self._size(prompt)) > self._room:
            raise InvalidInput(
                f"the question has {size:,} tokens and {self._model.name!r} can take {self._room:,}; ask a shorter "
                "question, or take an executive with a larger window"
            )
        meter.executive_begins(rough_tokens(prompt))
        said = ""
        try:
            said = self._said(prompt, question, answers)
        finally:
            meter.executive_said(said)
        return said

    def _prompt(self, turns: Sequence[Turn]) -> str:
        clean = self._model.without_control_tokens
        messages = [{"role": one.role, "content": clean(one.text)} for one in turns]
        tokenizer = self._model.tokenizer
        return cast("str", tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))

    def _size(self, prompt: str) -> int:
        return len(self._model.tokenizer.encode(prompt, add_special_tokens=False))

    def _generated(self, prompt: str, question: str, answers: tuple[tuple[str, str], ...]) -> str:
        tokens = LineTokens(
            self._model.tokenizer,
            question=question,
            answers=dict(answers),
            relations=self._relations.names,
            ends=sorted(self._model.end_ids),
        )
        with self._adapter.active():
            return self._model.complete([prompt], max_new_tokens=LINE_TOKENS, allowed=tokens.after)[0].text


def world_templates() -> dict[str, tuple[str, ...]]:
    """The wordings in which the bundled world's relations are asked; none of those that are held out."""
    return {name: relation.trained for name, relation in build_world().relations.items()}


def _itself(situation: Situation) -> SubQuestion:
    """The user's question. Raises InvalidInput when it is too long to be put."""
    if len(situation.question) > WORDS_LIMIT:
        raise InvalidInput(
            f"the question has {len(situation.question)} characters and could not be taken apart; as it is, at most "
            f"{WORDS_LIMIT} can be put to the memory model: ask more briefly"
        )
    about = situation.current if named_in(situation.current, situation.question) else ""
    return SubQuestion(text=situation.question, paraphrases=(), about=about, clues=())


def _asking(question: SubQuestion) -> Seeking:
    return Seeking(labels=(), pivot="", ready=False, questions=(question,))


def _path(last: Entry, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that lead to one, in order: each answers with the name that the next one asks about."""
    path = [last]
    for one in reversed(entries[: entries.index(last)]):
        about = path[0].about
        if one.known and about and any(named_in(about, vote.answer) for vote in one.votes):
            path.insert(0, one)
    return path
