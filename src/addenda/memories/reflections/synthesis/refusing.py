"""Questions that the corpus does not answer, which a memory model is to be taught to refuse.

Each is a question that was asked about something, asked about something else: half of them about a name that nobody
has, half about another entity of the corpus (a near miss) of which this is not known. Where code finds no answer among
the facts, the generator is shown all that is known of the entity and asked, too, and what it takes for known is not
taken.

Source: defect 6 of "MeMo" (arXiv 2605.15156), which trains no refusals. What is not known here is whether a question
has an answer in the documents that no fact was made from: the corpus does not state it as far as it was read.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from addenda.memories.reflections.names import key, names_in, says, words_in
from addenda.memories.reflections.questions import REFUSAL
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.synthesis.checks import names_of
from addenda.memories.reflections.synthesis.gathering import Unusable
from addenda.memories.reflections.synthesis.requests import Known, KnownRequest
from addenda.memories.reflections.synthesis.running import Run, pair_of, spans, told
from addenda.models.bundled.names import any_word
from addenda.text import normalised

_SHOWN = 60
"""Facts about an entity that a generator is shown at most; of one with more, nothing is taken to be unknown."""
_FURTHER = 20
"""Facts that only mention it, at most."""
_TRIED = 50
"""Other entities that are tried for one question."""


@dataclass(frozen=True, slots=True)
class _Asked:
    question: str
    parents: tuple[Reflection, ...]
    facts: tuple[Reflection, ...]
    """Those that come nearest to an answer."""
    entity: str


def unanswerable(run: Run, facts: Sequence[Reflection]) -> list[Reflection]:
    """Questions without an answer, as many as the settings say where there are enough names."""
    direct = [one for one in facts if one.stage == "direct"]
    wanted = round(len(direct) * run.settings.unanswerable_share)
    entities = _Entities(facts)
    made: list[_Asked] = []
    for number, donor in enumerate(sorted(direct, key=_shuffled)):
        if len(made) == wanted:
            break
        one = entities.unknown(donor) if number % 2 else entities.near_miss(donor)
        if one is not None:
            made.append(one)
    requests = [KnownRequest(question=one.question, pairs=tuple(map(pair_of, one.facts))) for one in made]
    answers = run.ask("unanswerable", "checking refusals", run.generator.known, requests, Known)
    kept: list[Reflection] = []
    for one, answer in zip(made, answers, strict=True):
        if isinstance(answer, Unusable):
            run.unusable("unanswerable", answer, spans(one.parents))
        elif answer.known:
            run.reject("unanswerable", "known", "the generator finds an answer", one.question, spans(one.parents))
        else:
            reflection = Reflection(
                question=one.question,
                answer=REFUSAL,
                stage="unanswerable",
                sources=spans(one.parents),
                generator=run.generator.name,
                parents=tuple(parent.id for parent in one.parents),
                entity=one.entity,
            )
            if run.is_new(reflection):
                kept.append(reflection)
    return run.take(kept)


class _Entities:
    """What is known of each name."""

    def __init__(self, facts: Sequence[Reflection]) -> None:
        self._facts: defaultdict[str, list[Reflection]] = defaultdict(list)
        self._asked: defaultdict[str, set[str]] = defaultdict(set)
        """For each name the questions that were asked about it, with a gap in its place."""
        self._spelled: dict[str, str] = {}
        self._words: set[str] = set()
        for one in facts:
            for name in names_of(one):
                self._spelled.setdefault(key(name), name)
                self._words.update(key(name).split())
                self._facts[key(name)].append(one)
            for name in names_in(one.question):
                self._asked[key(name)].add(_gap(one.question, name))
        self._having: defaultdict[str, list[str]] = defaultdict(list)
        for name, gaps in self._asked.items():
            for gap in sorted(gaps):
                self._having[gap].append(name)

    def unknown(self, donor: Reflection) -> _Asked | None:
        """The question about a name that nobody has."""
        name = _subject(donor)
        if name is None:
            return None
        random = Random(_said(donor))
        while True:
            invented = " ".join(any_word(random) for _ in name.split()[:3])
            if not self._words & set(key(invented).split()):
                return _Asked(donor.question.replace(name, invented), (donor,), (donor,), invented)

    def near_miss(self, donor: Reflection) -> _Asked | None:
        """The question about another entity of the same kind, of which no fact answers it."""
        name = _subject(donor)
        if name is None:
            return None
        gap = _gap(donor.question, name)
        wanted = words_in(gap)
        for other in self._of_a_kind(key(name), gap, _said(donor)):
            about = self._facts[other]
            own = [one for one in about if says(one.question, other)]
            if len(own) > _SHOWN or gap in self._asked[other] or any(_answers(one, other, wanted) for one in about):
                continue
            further = [one for one in about if one not in own]
            further.sort(key=lambda one: -len(words_in(told([one])) & wanted))
            shown = (*own, *further[:_FURTHER])
            question = donor.question.replace(name, self._spelled[other])
            return _Asked(question, (donor, shown[0]), shown, self._spelled[other])
        return None

    def _of_a_kind(self, name: str, gap: str, seed: str) -> Iterator[str]:
        """Names of which other things were asked that were asked of this one too; then any that are asked about."""
        kindred = {other for shared in self._asked[name] - {gap} for other in self._having[shared]} - {name}
        rest = self._asked.keys() - kindred - {name}
        for group in (kindred, rest):
            yield from sorted(group, key=lambda other: _digest(f"{seed} {other}"))[:_TRIED]


def _subject(donor: Reflection) -> str | None:
    """The one name that a question is about; None when it has none or several, or the name stands in the answer."""
    names = names_in(donor.question)
    if len(names) != 1 or names[0] not in donor.question or says(donor.answer, names[0]):
        return None
    return names[0]


def _answers(one: Reflection, name: str, wanted: frozenset[str]) -> bool:
    """Whether a fact about this name has all the words that are asked for."""
    return wanted <= words_in(told([one])) | words_in(name)


def _gap(question: str, name: str) -> str:
    return normalised(question.replace(name, "…"))


def _shuffled(one: Reflection) -> str:
    return _digest(_said(one))


def _said(one: Reflection) -> str:
    """What draws go by: not the id, in which those of documents are that differ in every knowledge base."""
    return f"{one.stage}\n{one.question}\n{one.answer}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
