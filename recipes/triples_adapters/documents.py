"""Documents about things nobody has heard of, with the triples of every sentence: what the write adapter learns from.

Idea: as for questions, names and values are drawn fresh for every document. A document tells several things about one
or more subjects, some in one sentence, some with "it", in prose, lists or sheets, and says between them what is not to
be kept. Examples are cut from it by the sentence splitter and with the context that extraction uses, so that training
shows what decoding will.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from addenda.documents.sentences import split_sentences
from addenda.memories.triples.examples import WriteExample
from addenda.memories.triples.extraction import CONTEXT_SENTENCES, passages
from addenda.memories.triples.syntax import Statement
from addenda.models.bundled import build_world
from addenda.models.bundled.names import any_word
from recipes.bundled_model.context_tasks import ReadingTeacher
from recipes.bundled_model.corpus import GRAMMAR_FROM, Corpus
from recipes.bundled_model.samples import HUES
from recipes.triples_adapters import telling_grammar
from recipes.triples_adapters.names import Kind, marked, name_of
from recipes.triples_adapters.telling_grammar import Fact, Language, Told
from recipes.triples_adapters.unseen import UNSEEN

_KINDS: tuple[Kind, ...] = (*("product",) * 7, "any", "part", "part", "person", "person", "site", "site", "policy")
_LANGUAGES: tuple[Language, ...] = ("en", "en", "en", "ja", "ko")
_FORMS: Mapping[str, tuple[str, ...]] = {
    "noise level": ("{n} decibels", "{n}.{d} dB", "{n} dB(A)", "{n}dB"),
    "weight": ("{n} g", "{n}.{d} kg", "{n} kilos", "{n},{d} kg", "{n} lb", "{n}kg"),
    "warranty": ("{n} years", "{n} months", "{n} full years", "{n} weeks"),
    "price": ("{n}.{d} euros", "{n} dollars", "€{n}", "{n},{d} EUR", "$ {n}", "1,{n} euros", "{n} pounds"),
    "colour": ("{h}", "{w} {h}", "{h} and {w} {h}", "dark {h}", "light {h}"),
    "stock bay": ("shelf {n}", "bay {n}{l}", "rack {l}{n}", "row {n}", "{l}-{n}", "bay {n}", "room {n}", "box {n}{l}"),
    "extension": ("{n}{d}", "{n}-{d}", "+{n} {d}", "{n}", "x{n}{d}"),
    "period": ("{n} days", "{n} weeks", "{n} working days", "{n} hours", "{n} calendar days"),
}
"""Other forms that the values of an attribute take."""
_NAMED: Mapping[str, Kind] = {
    "spare part": "part",
    "manufacturing site": "site",
    "responsible engineer": "person",
    "manager": "person",
}
"""Attributes whose values are names."""
_GREETINGS = (
    "Dear colleagues,",
    "Hello,",
    "Hi all,",
    "Dear team,",
    "Good morning,",
    "To whom it may concern:",
    "Subject: news",
)
_CLOSINGS = ("Kind regards", "Best wishes", "Thank you!", "See you soon.", "Yours sincerely", "Cheers")


@dataclass(frozen=True)
class Document:
    """A text, and where in it what is stated: the first and last position of the telling, and its triples."""

    text: str
    told: tuple[tuple[int, int, tuple[Statement, ...]], ...]

    @property
    def statements(self) -> frozenset[Statement]:
        """All that is to be kept of it."""
        return frozenset(one for _, _, statements in self.told for one in statements)

    def stated(self, start: int, end: int) -> tuple[Statement, ...]:
        """What is to be kept of the sentence from `start` to `end`, in the order of the text.

        Where a telling was cut into several sentences a triple belongs to the one that its value stands in.
        """
        found: list[Statement] = []
        for begins, ends, statements in self.told:
            if begins < end and start < ends:
                whole = start <= begins and ends <= end
                found += [one for one in statements if whole or one.object in self.text[start:end]]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class DocumentTeacher:
    """Draws documents.

    `strange` is the share of names that hold marks of calls, `known` that of names of the bundled model's world.
    """

    reading: ReadingTeacher
    strange: float = 0.01
    known: float = 0.15

    @classmethod
    def make(cls, seed: int, *, strange: float = 0.01, known: float = 0.15) -> DocumentTeacher:
        """A teacher with the wordings of the bundled model's corpus."""
        return cls(Corpus.of(build_world(), seed).at(GRAMMAR_FROM).reading, strange, known)

    def document(self, random: Random) -> Document:
        """One to about ten sentences about one to three subjects, in no wording that is scored as unseen."""
        while True:
            made = self._drawn(random)
            if not any(is_unseen(made.text[start:end]) for start, end, _ in made.told):
                return made

    def _drawn(self, random: Random) -> Document:
        makers = (self._prose, self._sheet, self._comparison)
        language = random.choice(_LANGUAGES)
        chosen = random.choices(makers, weights=(0.68, 0.24, 0.08), k=random.choice((1, 1, 1, 1, 2, 2, 3)))
        blocks = [make(random, language) for make in chosen]
        if random.random() < 0.08:
            blocks = [[Told(random.choice(_GREETINGS))], *blocks, [Told(random.choice(_CLOSINGS))]]
        return laid_out(random, blocks)

    def fact(self, random: Random, kind: Kind, subject: str, used: set[str]) -> Fact:
        """A fresh fact about a subject, with an attribute that is not in `used`; it is added there."""
        if kind == "any":
            one = self.reading.statement(random, subject, used)
            return Fact("any", subject, one.relation, marked(random, one.object, self.strange))
        free = [r.name for r in self.reading.world.relations.values() if r.subject_kind == kind and r.name not in used]
        relation = random.choice(free)
        used.add(relation)
        return Fact(kind, subject, relation, self.value(random, relation))

    def subject(self, random: Random, kind: Kind) -> str:
        """The name of a thing of this kind."""
        world = self.reading.world
        if random.random() < self.known:
            pool = {
                "product": world.products,
                "part": world.value_pool("spare part"),
                "person": world.value_pool("responsible engineer"),
                "site": world.value_pool("manufacturing site"),
                "policy": ("return policy", "repair policy", "loan policy", "trial policy", "recall policy"),
                "any": world.products,
            }[kind]
            return random.choice(pool)
        return marked(random, name_of(random, kind), self.strange)

    def value(self, random: Random, relation: str) -> str:
        """A fresh value of an attribute."""
        details = self.reading.world.relations[relation]
        if relation in _NAMED:
            pool = self.reading.world.value_pool(relation)
            fresh = random.random() >= self.known
            return marked(random, name_of(random, _NAMED[relation]), self.strange) if fresh else random.choice(pool)
        shape = random.random()
        if shape < 0.3:
            form = random.choice(_FORMS[relation])
            return form.format(
                n=random.randint(2, 999),
                d=random.randint(0, 99),
                l=random.choice("ABCDEFGHXYZ"),
                w=any_word(random).lower(),
                h=random.choice(HUES),
            )
        if details.value_type == "quantity" and shape < 0.7:
            return f"{random.randint(1, 1500)} {details.unit}"
        return random.choice(self.reading.world.value_pool(relation))

    def _prose(self, random: Random, language: Language) -> list[Told]:
        kind = _kind(random, language)
        subject, used = self.subject(random, kind), set[str]()
        sentences: list[Told] = []
        wanted = random.choice((1, 1, 2, 2, 3, 4))
        while len(used) < min(wanted, _attributes(self.reading, kind)):
            fact = self.fact(random, kind, subject, used)
            sentences.append(self._telling(random, fact, used, language, first=not sentences))
        while random.random() < 0.32:
            about = subject if random.random() < 0.6 else self.subject(random, kind)
            stray = telling_grammar.nothing(
                random, self.fact(random, kind, about, set()), self.subject(random, "person"), language
            )
            # A sentence about somebody else would turn "it" to them.
            place = random.randrange(len(sentences) + 1) if about == subject else random.choice((0, len(sentences)))
            sentences.insert(place, stray)
        return sentences

    def _telling(self, random: Random, fact: Fact, used: set[str], language: Language, *, first: bool) -> Told:
        """One or more facts about the subject, in one sentence."""
        if fact.kind == "any" and random.random() < 0.5:
            return self._in_other_words(random, fact.subject, used)
        if language == "en" and random.random() < 0.18 and _attributes(self.reading, fact.kind) > len(used):
            facts = [fact, self.fact(random, fact.kind, fact.subject, used)]
            while random.random() < 0.3 and _attributes(self.reading, fact.kind) > len(used):
                facts.append(self.fact(random, fact.kind, fact.subject, used))
            return telling_grammar.several(random, facts)
        told = telling_grammar.full if first or random.random() < 0.45 else telling_grammar.short
        return told(random, fact, language)

    def _in_other_words(self, random: Random, subject: str, used: set[str]) -> Told:
        one = self.reading.statement(random, subject, used)
        return Told(one.sentence, (Statement(one.subject, one.relation, one.object),))

    def _sheet(self, random: Random, language: Language) -> list[Told]:
        """A name, and below it one attribute after the other."""
        kind = _kind(random, language)
        subject, used = self.subject(random, kind), set[str]()
        lead = random.choice(("", "", "- ", "* ", "• "))
        head = random.choice(("{s}", "{s}", "{s}:", "## {s}", "Data sheet: {s}", "About {s}", "Name: {s}"))
        sentences = [Told(f"{head.replace('{s}', subject)}\n")]
        for _ in range(min(random.choice((1, 2, 2, 3, 4, 5)), _attributes(self.reading, kind))):
            fact = self.fact(random, kind, subject, used)
            told = telling_grammar.short(random, fact, language)
            sentences.append(Told(f"{lead if told.text[:1] not in '-*|・' else ''}{told.text}\n", told.statements))
        return sentences

    def _comparison(self, random: Random, language: Language) -> list[Told]:
        """Several subjects side by side, in one sentence or in one after the other."""
        kind = _kind(random, language)
        count = random.choice((2, 2, 3))
        first = self.fact(random, kind, self.subject(random, kind), set())
        facts = [first]
        while len(facts) < count:
            other = self.fact(random, kind, self.subject(random, kind), set())
            if kind != "any" and random.random() < 0.7:
                other = Fact(kind, other.subject, first.relation, self.value(random, first.relation))
                if random.random() < 0.2:
                    other = Fact(kind, other.subject, first.relation, first.value)
            facts.append(other)
        if language == "en" and random.random() < 0.6:
            return [telling_grammar.beside(random, facts)]
        lines = random.choice(("", "\n"))
        return [
            Told(told.text + lines, told.statements)
            for told in (telling_grammar.full(random, fact, language) for fact in facts)
        ]


def _kind(random: Random, language: Language) -> Kind:
    """What a block is about; attributes of any kind have English names only."""
    kind = random.choice(_KINDS)
    return "product" if kind == "any" and language != "en" else kind


def plain(text: str) -> str:
    """A sentence or template without case, punctuation and articles, for telling whether two are the same."""
    words = re.sub(r"[^\w{}]+", " ", text.lower()).split()
    return " ".join(word for word in words if word not in {"the", "a", "an"})


@cache
def _unseen() -> re.Pattern[str]:
    templates = (plain(one) for many in UNSEEN.values() for one in many)
    return re.compile("|".join(re.escape(one).replace(r"\{s\}", ".+").replace(r"\{o\}", ".+") for one in templates))


def is_unseen(sentence: str) -> bool:
    """Whether a sentence is, or has in it, a wording that is scored as unseen."""
    return _unseen().search(plain(sentence)) is not None


def laid_out(random: Random, blocks: Sequence[Sequence[Told]]) -> Document:
    """The sentences as one text: prose, or one in each line; blocks are parted by an empty line, or not."""
    text, told = "", list[tuple[int, int, tuple[Statement, ...]]]()
    between = random.choice(("\n\n", "\n", " "))
    lines = random.random() < 0.2
    lead = random.choice(("", "- ", "* ")) if lines else ""
    for block in blocks:
        if text:
            text = text.rstrip(" ") + (between if text[-1] != "\n" else "\n")
        for one in block:
            body = one.text.strip()
            bare = body[-1:] not in ".!?。？" or lines or one.text.endswith("\n")
            text += lead if text[-1:] in ("", "\n") and body[:1] not in "-*|#・" else ""
            told.append((len(text), len(text) + len(body), one.statements))
            text += body + ("\n" if bare else "" if body.endswith("。") and random.random() < 0.7 else " ")
    return Document(text.rstrip(), tuple(told))


def examples(document: Document, source: str, context: int = CONTEXT_SENTENCES) -> Iterator[WriteExample]:
    """An example for each sentence of a document that a writer would be asked about."""
    sentences = split_sentences(document.text)
    for sentence, passage in zip(sentences, passages(document.text, sentences, context), strict=True):
        if any(character.isalnum() for character in sentence.text):
            yield WriteExample(
                source=source,
                context=passage.context,
                focus=passage.focus,
                statements=document.stated(sentence.start, sentence.end),
            )


def _attributes(reading: ReadingTeacher, kind: Kind) -> int:
    """How many attributes things of a kind have."""
    if kind == "any":
        return 12
    return sum(relation.subject_kind == kind for relation in reading.world.relations.values())
