"""A generator for documents of the bundled world that needs no model, no network and no time.

It reads facts (:mod:`~.world_reading`) and writes pairs in the world's own questions, the
ones that the bundled model was trained with and never those that are held out. From pairs it reads the facts back, so
it keeps nothing between requests. What it makes is plain: values as answers; merged facts of one subject; descriptions
by properties; chains over a shared name; enumerations. It is honest about what it is: a document in other words gets no
reflections from it, which the counts show; a language model (:mod:`~.chat_generator`) is
needed there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

from addenda.errors import InvalidInput
from addenda.memories.reflections.names import key
from addenda.memories.reflections.synthesis.requests import (
    CheckRequest,
    ConsolidateRequest,
    Crossed,
    CrossedPairs,
    CrossRequest,
    FactsRequest,
    Known,
    KnownRequest,
    MadePair,
    MadePairs,
    Merged,
    MergedPairs,
    RewriteRequest,
    Rewritten,
    Surfaced,
    SurfacedPairs,
    SurfaceRequest,
    Verdicts,
)
from addenda.memories.reflections.synthesis.settings import SynthesisSettings
from addenda.memories.reflections.synthesis.world_reading import Stated, StatementReader, WorldGrammar, language_of
from addenda.models.bundled import World, build_world

PHRASINGS = 6
"""Questions for a fact; with three, a memory model refused nearly half of what was asked in other words."""
_DESCRIPTIONS = (
    "Which {kind} has {clues}?",
    "What {kind} has {clues}?",
    "Name the {kind} with {clues}.",
    "I am looking for a {kind} with {clues}. Which one is it?",
    "There is {clues}. Which {kind} is meant?",
)
_DESCRIBED = 5
"""Descriptions that a fact stands in at least. What one fact tells of is found by nothing else, and memory models
that had learned such facts in one description gave only half to three quarters of the names back in other words."""
_MOST = 200
"""Pairs in one reply."""


_FACTS_OF_A_PAGE = 10
"""A page of the world tells fewer."""


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A fact with the number of the first pair that tells it."""

    number: int
    fact: Stated
    document: int = 0


class WorldGenerator:
    """Makes reflections of the bundled world; keeps the protocol ``Generator``."""

    def __init__(
        self, world: World | None = None, reader: StatementReader | None = None, *, phrasings: int = PHRASINGS
    ) -> None:
        """Take the world, the default one where none is given.

        Args:
            world: Whose questions are used.
            reader: Who takes facts from documents; the world's grammar where none is given.
            phrasings: How many questions there are for each fact. Raises InvalidInput for less than 1.
        """
        if phrasings < 1:
            raise InvalidInput(f"{phrasings!r} questions for a fact are not possible; ask for at least 1")
        self._grammar = WorldGrammar(build_world() if world is None else world)
        self._reader = self._grammar if reader is None else reader
        self._phrasings = phrasings

    def fitting(self, settings: SynthesisSettings) -> SynthesisSettings:
        """These settings with room for the facts of a page in all of their wordings where facts are shown together.

        And for what few facts tell of, which is described by the same facts in several wordings.
        """
        room = min(_MOST, _FACTS_OF_A_PAGE * self._phrasings)
        return settings.model_copy(
            update={
                "pairs_at_once": max(settings.pairs_at_once, room),
                "crossed_pairs": max(settings.crossed_pairs, room),
                "surfaced_wordings": max(settings.surfaced_wordings, len(_DESCRIPTIONS)),
            }
        )

    @property
    def name(self) -> str:
        """Always the same."""
        return "bundled world 3"

    @property
    def identity(self) -> str:
        """The version, who reads, and how many questions are made."""
        return f"{self.name}, {self._reader.identity}, {self._phrasings} phrasings"

    @property
    def at_once(self) -> int:
        """One after the other."""
        return 1

    def facts(self, request: FactsRequest) -> MadePairs:
        """See ``Generator.facts``."""
        stated = self._reader.read(request.text)
        made = self._direct(stated, request.text) if request.kind == "direct" else _indirect(stated)
        return MadePairs(pairs=tuple(made)[:_MOST])

    def consolidate(self, request: ConsolidateRequest) -> MergedPairs:
        """See ``Generator.consolidate``."""
        facts = self._read_back([(pair.question, pair.answer, 0) for pair in request.pairs])
        return MergedPairs(pairs=tuple(one for own in _by_subject(facts) for one in _merged(own))[:_MOST])

    def check(self, request: CheckRequest) -> Verdicts:
        """See ``Generator.check``: its own pairs always name what they are about."""
        del request
        return Verdicts(faulty=())

    def rewrite(self, request: RewriteRequest) -> Rewritten:
        """See ``Generator.rewrite``. Raises InvalidInput: it does not know other words for what it is shown."""
        raise InvalidInput(f"{self.name!r} cannot rewrite {request.pair.question!r}; use a language model for that")

    def surface(self, request: SurfaceRequest) -> SurfacedPairs:
        """See ``Generator.surface``."""
        facts = self._read_back([(pair.question, pair.answer, 0) for pair in request.pairs])
        made = (
            Surfaced(
                entity=own[0].fact.subject,
                question=self._description(some, wording=wording),
                answer=f"{own[0].fact.subject}.",
                facts_used=tuple(one.number for one in some),
            )
            for own in _by_subject(facts)
            for some, wordings in _selections(own)
            for wording in range(wordings)
        )
        return SurfacedPairs(pairs=tuple(made)[:_MOST])

    def cross(self, request: CrossRequest) -> CrossedPairs:
        """See ``Generator.cross``."""
        facts = self._read_back([(pair.question, pair.answer, pair.document) for pair in request.pairs])
        made = [*self._chains(facts), *(self._parallels(facts) if request.complete else ())]
        return CrossedPairs(pairs=tuple(made)[:_MOST])

    def known(self, request: KnownRequest) -> Known:
        """See ``Generator.known``."""
        facts = self._read_back([(pair.question, pair.answer, 0) for pair in request.pairs])
        asked = self._read_back([(request.question, "", 0)])
        told = {(key(one.fact.subject), one.fact.relation) for one in facts}
        return Known(known=any((key(one.fact.subject), one.fact.relation) in told for one in asked))

    def _direct(self, stated: Sequence[Stated], text: str) -> Iterator[MadePair]:
        for one in stated:
            quote = text[one.start : one.end]
            first, *others = self._grammar.questions(one, language_of(quote))
            more = Random(f"{one.subject} {one.relation}").sample(others, min(self._phrasings - 1, len(others)))
            for question in (first, *more):
                yield MadePair(question=question, answer=one.value, quote=quote)

    def _read_back(self, pairs: Sequence[tuple[str, str, int]]) -> list[_Numbered]:
        """The facts of pairs, each once for a document, under the number of the first pair that tells it."""
        found: dict[tuple[str, str, str, int], _Numbered] = {}
        for number, (question, answer, document) in enumerate(pairs, start=1):
            fact = self._grammar.asked(question, answer)
            if fact is not None:
                told = (key(fact.subject), fact.relation, key(answer), document)
                found.setdefault(told, _Numbered(number, fact, document))
        return list(found.values())

    def _description(self, facts: Sequence[_Numbered], *more: str, wording: int = 0) -> str:
        """Who has these values, in one of several wordings: each is seldom asked, so that none is learned by itself."""
        clues = _listed([*(f"the {one.fact.relation} {one.fact.value}" for one in facts), *more])
        wordings = Random(f"{facts[0].fact.subject} {clues}").sample(_DESCRIPTIONS, len(_DESCRIPTIONS))
        return wordings[wording].format(kind=self._kind(facts[0].fact.relation), clues=clues)

    def _kind(self, relation: str) -> str:
        known = self._grammar.relations.get(relation)
        return known.subject_kind if known else "thing"

    def _chains(self, facts: Sequence[_Numbered]) -> Iterator[Crossed]:
        """What leads from one document to another, asked from its beginning and from its end."""
        for first, second in _links(facts):
            if first.document == second.document:
                continue
            used = (first.number, second.number)
            yield Crossed(
                kind="chain", entity="", question=_chain_question(first.fact, second.fact),
                answer=f"{second.fact.value}.", facts_used=used,
            )  # fmt: skip
            own = [one for one in facts if one.fact.subject == first.fact.subject and one.number != first.number]
            end = f"a {first.fact.relation} with the {second.fact.relation} {second.fact.value}"
            for some in (own[:1], own[:2]) if len(own) > 1 else (own,):
                if some:
                    yield Crossed(
                        kind="converging", entity=first.fact.subject, question=self._description(some, end),
                        answer=f"{first.fact.subject}.", facts_used=(*used, *(one.number for one in some)),
                    )  # fmt: skip

    def _parallels(self, facts: Sequence[_Numbered]) -> Iterator[Crossed]:
        """Subjects of several documents that have the same value of a relation."""
        having: dict[tuple[str, str], list[_Numbered]] = {}
        for one in facts:
            having.setdefault((one.fact.relation, one.fact.value), []).append(one)
        for (relation, value), same in having.items():
            subjects = list(dict.fromkeys(one.fact.subject for one in same))
            if len(subjects) > 1 and len({one.document for one in same}) > 1:
                yield Crossed(
                    kind="parallel", entity="", question=f"Which {self._kind(relation)}s have the {relation} {value}?",
                    answer=f"{_listed(subjects)}.", facts_used=tuple(one.number for one in same),
                )  # fmt: skip


def _indirect(stated: Sequence[Stated]) -> Iterator[MadePair]:
    """What follows from two statements of a passage: chains, and which of two is more."""
    facts = [_Numbered(number, one) for number, one in enumerate(stated)]
    for first, second in _links(facts):
        yield MadePair(question=_chain_question(first.fact, second.fact), answer=second.fact.value, quote="")
    for one, other in combinations(stated, 2):
        amounts = _amount(one.value), _amount(other.value)
        if one.relation != other.relation or one.subject == other.subject or None in amounts:
            continue
        if amounts[0] != amounts[1]:
            higher = one if (amounts[0] or 0.0) > (amounts[1] or 0.0) else other
            question = f"Which has the higher {one.relation}, {one.subject} or {other.subject}?"
            yield MadePair(question=question, answer=f"{higher.subject}.", quote="")


def _merged(own: Sequence[_Numbered]) -> Iterator[Merged]:
    """The facts of one subject two at a time, and all of them."""
    pairs = [own[start : start + 2] for start in range(0, len(own) - 1, 2)]
    for some in (*pairs, own) if len(own) > 2 else pairs:
        asked = _listed([f"the {one.fact.relation}" for one in some])
        told = _listed([f"the {one.fact.relation} is {one.fact.value}" for one in some])
        yield Merged(
            question=f"What are {asked} of {some[0].fact.subject}?",
            answer=f"Of {some[0].fact.subject}, {told}.",
            combined_from=tuple(one.number for one in some),
        )


def _selections(own: Sequence[_Numbered]) -> Iterator[tuple[tuple[_Numbered, ...], int]]:
    """Facts that describe a subject, and in how many wordings: each alone, with two others, and in a group of three.

    A fact that is in fewer than five descriptions so is told alone in further wordings.
    """
    count = len(own)
    pairs = {tuple(sorted((place, (place + step) % count))) for place in range(count) for step in (1, 3)}
    several = [(own[one], own[other]) for one, other in sorted(pairs) if one != other]
    several += [tuple(own[start : start + 3]) for start in range(0, count - 2, 3)]
    for one in own:
        yield (one,), max(1, _DESCRIBED - sum(one in some for some in several))
    yield from ((some, 1) for some in several)


def _by_subject(facts: Sequence[_Numbered]) -> list[list[_Numbered]]:
    """The facts of each subject, each relation once."""
    found: dict[str, dict[str, _Numbered]] = {}
    for one in facts:
        found.setdefault(key(one.fact.subject), {}).setdefault(one.fact.relation, one)
    return [list(own.values()) for own in found.values()]


def _links(facts: Sequence[_Numbered]) -> Iterator[tuple[_Numbered, _Numbered]]:
    """Facts whose value is what another one is about."""
    about: dict[str, list[_Numbered]] = {}
    for one in facts:
        about.setdefault(key(one.fact.subject), []).append(one)
    for one in facts:
        for other in about.get(key(one.fact.value), ()):
            yield one, other


def _chain_question(first: Stated, second: Stated) -> str:
    return f"What is the {second.relation} of the {first.relation} of {first.subject}?"


def _amount(value: str) -> float | None:
    """The number at the beginning of a value that has a unit."""
    number, _, unit = value.partition(" ")
    try:
        return float(number) if unit else None
    except ValueError:
        return None


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
