"""Corpora for the reflections benchmark: catalogues of made-up products that no model knows, and questions about them.

A corpus is a part of a world that `build_world` makes of a seed other than that of the bundled model: some products and
the parts, people and sites they lead to, a page for each. Names and facts are new, relations and the kind of their
wordings are those that the bundled model learned. Each product's page is silent about one relation that the other pages
tell, so that it can be asked for what is not stated. Policies are left out: the bundled model knows others by the same
names.

But for those over two hops, questions are in wordings that no reflection is made in: the world's ``held_out`` ones, and
apart from them the blind ones, by which no setting may be chosen.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from addenda.memories.reflections.questions import REFUSAL
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.synthesis.passages import CorpusDocument
from addenda.memories.reflections.synthesis.settings import SynthesisSettings
from addenda.memories.reflections.synthesis.stages import synthesise
from addenda.memories.reflections.synthesis.world_generator import PHRASINGS, WorldGenerator
from addenda.models.bundled.names import any_word
from addenda.models.bundled.pages import pages
from addenda.models.bundled.wordings_blind import BLIND
from addenda.models.bundled.world import World, WorldFact, build_world

BUNDLED_SEED = 7
"""The world that the bundled model knows; never a corpus."""
OTHER_WORLD = 500
"""Added to a corpus's seed for the seed of the world whose names are unknown to it."""
REVERSED = (
    "{clues}: what is the {kind} called that goes with it?",
    "I only remember {clues}. Tell me the {kind}.",
    "To which {kind} does this belong: {clues}?",
    "The {kind} I look for has {clues}. What is it called?",
)
"""Wordings of questions from values to what has them; no generator uses them."""
_LEADS = ("spare part", "manufacturing site", "responsible engineer", "manager")
"""Relations whose value is a subject itself."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what is to be answered: a value, a name, or that it is not known."""

    text: str
    answer: str
    kind: str
    """What it is about: a relation, relations joined by "/", or why there is no answer."""
    subject: str
    """The name in the question; for a reversed one, that in the answer."""
    documents: tuple[str, ...] = ()
    """Ids of the documents that the answer follows from; empty where there is none."""

    @property
    def refused(self) -> bool:
        """Whether it is to be answered that it is not known."""
        return self.answer == REFUSAL


@dataclass(frozen=True, slots=True)
class QuestionSets:
    """The questions of a corpus."""

    one_hop: tuple[Question, ...]
    """In English held-out wordings."""
    one_hop_other_languages: tuple[Question, ...]
    """In Japanese and Korean held-out wordings; the documents and reflections are English."""
    one_hop_blind: tuple[Question, ...]
    """In English blind wordings; products only."""
    reversed: tuple[Question, ...]
    two_hop: tuple[Question, ...]
    """As "What is the A of the B of X?", which reflections across documents ask in the same words."""
    two_hop_reworded: tuple[Question, ...]
    """The same in words that no reflection has."""
    three_hop: tuple[Question, ...]
    """As "What is the extension of the manager of the manufacturing site of X?", which no reflection asks."""
    unknown_names: tuple[Question, ...]
    """Names of another world, of every kind."""
    near_misses: tuple[Question, ...]
    """Names that differ from one of the corpus by a letter, by a word, or join words of two."""
    unstated: tuple[Question, ...]
    """What a product's page is silent about, though other pages tell it; and what things of this kind never have."""
    bundled_world: tuple[Question, ...]
    """About the world that the bundled model knows, and the corpus does not."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A part of a world as documents."""

    seed: int
    world: World
    """With the facts of the corpus only."""
    documents: tuple[CorpusDocument, ...]
    omitted: tuple[WorldFact, ...]
    """What is true of the world, but stands on no page."""

    def document_of(self, subject: str) -> str:
        """The id of a subject's page."""
        return document_id(self.seed, subject)

    @property
    def subjects(self) -> tuple[str, ...]:
        """All names that have a page, in order."""
        return tuple(dict.fromkeys(fact.subject for fact in self.world.facts))


def document_id(seed: int, subject: str) -> str:
    """The id of a page: the same for the same subject of a world in every corpus."""
    return f"{seed}-{subject.lower().replace(' ', '-')}"


def build_corpus(seed: int, products: int = 100, *, first: int = 0) -> Corpus:
    """The corpus of ``products`` products of a world, from number ``first`` of its 300 on, and of what they lead to.

    Raises ValueError for the bundled world, and for more products than a world has.
    """
    if seed == BUNDLED_SEED or first + products > len((world := build_world(seed)).products):
        raise ValueError(f"no corpus of seed {seed} has products {first} to {first + products - 1}")
    chosen = world.products[first : first + products]
    told = {fact.relation for fact in world.facts_of(chosen[0])}
    silent = {name: Random(f"{seed} {name}").choice(sorted(told)) for name in chosen}
    omitted = tuple(fact for fact in world.facts if silent.get(fact.subject) == fact.relation)
    reached, found = set(chosen), set[WorldFact]()
    for fact in world.facts:
        # The catalogue has products first, then parts and people, then sites, whose managers are people.
        if fact.subject in reached and fact not in omitted:
            found.add(fact)
            reached |= {fact.object} if fact.relation in _LEADS else set()
    found |= {fact for fact in world.facts if fact.subject in reached and fact not in omitted}
    part = replace(world, facts=tuple(fact for fact in world.facts if fact in found), products=chosen)
    told_pages = pages(part)
    documents = tuple(
        CorpusDocument(id=document_id(seed, name), title=name, text=text) for name, text in told_pages.items()
    )
    return Corpus(seed=seed, world=part, documents=documents, omitted=omitted)


def reflections_of(
    corpus: Corpus, *, settings: SynthesisSettings | None = None, phrasings: int = PHRASINGS
) -> tuple[Reflection, ...]:
    """The reflections of a corpus by the generator that needs no model; some seconds for 100 products.

    Settings that are not given are those of a knowledge base.
    """
    generator = WorldGenerator(corpus.world, phrasings=phrasings)
    chosen = generator.fitting(SynthesisSettings()) if settings is None else settings
    with tempfile.TemporaryDirectory() as directory:
        return synthesise(corpus.documents, generator, Path(directory), settings=chosen).reflections


def question_sets(corpus: Corpus, *, most: int = 300, seed: int = 0) -> QuestionSets:
    """The questions of a corpus, ``most`` of a set at most, drawn by ``seed``."""
    random = Random(f"{corpus.seed}-{seed}-questions")

    def some(questions: Iterator[Question]) -> tuple[Question, ...]:
        found = list({one.text: one for one in questions}.values())
        return tuple(random.sample(found, min(most, len(found))))

    facts = corpus.world.facts
    other = build_world(corpus.seed + OTHER_WORLD)
    two_hop = some(_hops(corpus, 2))
    return QuestionSets(
        one_hop=some(_asked(corpus, facts, random, _english(corpus.world))),
        one_hop_other_languages=some(_asked(corpus, facts, random, _others(corpus.world))),
        one_hop_blind=some(_asked(corpus, facts, random, _blind())),
        reversed=some(_reversed(corpus, random)),
        two_hop=two_hop,
        two_hop_reworded=tuple(replace(one, text=_reworded(one.text)) for one in two_hop),
        three_hop=some(_hops(corpus, 3)),
        unknown_names=some(_foreign(corpus, other, random, "unknown name")),
        near_misses=some(_near_misses(corpus, random)),
        unstated=some(_unstated(corpus, random)),
        bundled_world=some(_foreign(corpus, build_world(BUNDLED_SEED), random, "bundled world")),
    )


def unambiguous(sets: QuestionSets, own: Corpus, other: Corpus) -> QuestionSets:
    """Without the reversed questions that fit something in the other corpus."""
    traits = [{(fact.relation, fact.object) for fact in other.world.facts_of(name)} for name in other.subjects]

    def fits(question: Question) -> bool:
        kinds = question.kind.split("/")
        clues = {
            (fact.relation, fact.object) for fact in own.world.facts_of(question.subject) if fact.relation in kinds
        }
        return any(clues <= others for others in traits)

    return replace(sets, reversed=tuple(one for one in sets.reversed if not fits(one)))


def _english(world: World) -> Mapping[str, Sequence[str]]:
    return {name: [one for one in relation.held_out if one.isascii()] for name, relation in world.relations.items()}


def _others(world: World) -> Mapping[str, Sequence[str]]:
    return {name: [one for one in relation.held_out if not one.isascii()] for name, relation in world.relations.items()}


def _blind() -> Mapping[str, Sequence[str]]:
    return {name: [one for one in wordings if one.isascii()] for name, wordings in BLIND.items()}


def _asked(
    corpus: Corpus, facts: Sequence[WorldFact], random: Random, wordings: Mapping[str, Sequence[str]]
) -> Iterator[Question]:
    for fact in facts:
        if wordings.get(fact.relation):
            text = random.choice(wordings[fact.relation]).format(subject=fact.subject)
            yield Question(text, fact.object, fact.relation, fact.subject, (corpus.document_of(fact.subject),))


def _reversed(corpus: Corpus, random: Random) -> Iterator[Question]:
    """By one value where that has one subject, and by two."""
    having: dict[tuple[tuple[str, str], ...], list[str]] = {}
    own = {name: [f for f in corpus.world.facts_of(name) if f.relation not in _LEADS[:3]] for name in corpus.subjects}
    for name, facts in own.items():
        clues = [(fact.relation, fact.object) for fact in facts]
        for traits in [(one,) for one in clues] + [(a, b) for a in clues for b in clues if a < b]:
            having.setdefault(traits, []).append(name)
    for name, facts in own.items():
        clues = [(fact.relation, fact.object) for fact in facts]
        single = [(one,) for one in clues if len(having[(one,)]) == 1]
        pairs = [(a, b) for a in clues for b in clues if a < b and len(having[(a, b)]) == 1]
        kind = corpus.world.relations[facts[0].relation].subject_kind if facts else ""
        for traits in (*random.sample(single, min(1, len(single))), *random.sample(pairs, min(1, len(pairs)))):
            told = " and ".join(f"the {relation} {value}" for relation, value in traits)
            text = random.choice(REVERSED).format(clues=told, kind=kind)
            text = text[:1].upper() + text[1:]
            kinds = "/".join(relation for relation, _ in traits)
            yield Question(text, name, kinds, name, (corpus.document_of(name),))


def _hops(corpus: Corpus, hops: int) -> Iterator[Question]:
    """Every way of ``hops`` relations from one subject to another and on to a value."""
    ways = [(fact, (fact,)) for fact in corpus.world.facts]
    for _ in range(hops - 1):
        ways = [(first, (*way, fact)) for first, way in ways for fact in corpus.world.facts_of(way[-1].object)]
    for first, way in ways:
        path = " of the ".join(fact.relation for fact in reversed(way))
        kinds = "/".join(fact.relation for fact in way)
        needed = tuple(corpus.document_of(fact.subject) for fact in way)
        yield Question(f"What is the {path} of {first.subject}?", way[-1].object, kinds, first.subject, needed)


def _reworded(question: str) -> str:
    return f"I need {question.removeprefix('What is ').removesuffix('?')}. Can you give it to me?"


def _foreign(corpus: Corpus, other: World, random: Random, why: str) -> Iterator[Question]:
    names, wordings = set(corpus.subjects), _english(other)
    for fact in other.facts:
        kind = other.relations[fact.relation].subject_kind
        if kind != "policy" and fact.subject not in names:
            text = random.choice(wordings[fact.relation]).format(subject=fact.subject)
            yield Question(text, REFUSAL, why, fact.subject)


def _near_misses(corpus: Corpus, random: Random) -> Iterator[Question]:
    names, wordings = set(corpus.subjects), _english(corpus.world)
    products = corpus.world.products
    for fact in corpus.world.facts:
        words = fact.subject.split(" ")
        made = {"one letter": _misspelt(fact.subject, random)}
        if len(words) == 2:
            partner = random.choice(products).split(" ")
            made["one new word"] = (
                f"{words[0]} {any_word(random)}" if random.random() < 0.5 else f"{any_word(random)} {words[1]}"
            )
            made["words of two names"] = f"{partner[0]} {words[1]}"
        why = random.choice(sorted(made))
        if made[why] not in names:
            text = random.choice(wordings[fact.relation]).format(subject=made[why])
            yield Question(text, REFUSAL, why, made[why])


def _misspelt(name: str, random: Random) -> str:
    """The name with another letter in one place, a vowel for a vowel."""
    place = random.choice([number for number, letter in enumerate(name) if letter.islower()])
    letters = "aeiou" if name[place] in "aeiou" else "bdfgklmnprstvz"
    return name[:place] + random.choice([one for one in letters if one != name[place]]) + name[place + 1 :]


def _unstated(corpus: Corpus, random: Random) -> Iterator[Question]:
    wordings = _english(corpus.world)
    kinds = {fact.subject: corpus.world.relations[fact.relation].subject_kind for fact in corpus.world.facts}
    for fact in corpus.omitted:
        text = random.choice(wordings[fact.relation]).format(subject=fact.subject)
        yield Question(text, REFUSAL, "silent page", fact.subject)
    for name, kind in kinds.items():
        others = [one for one in corpus.world.relations.values() if one.subject_kind not in (kind, "policy")]
        relation = random.choice(others)
        text = random.choice(wordings[relation.name]).format(subject=name)
        yield Question(text, REFUSAL, "never has", name)
