"""A grammar of tellings: how documents state facts, in many thousand ways for every attribute.

Idea: a small model that saw a few dozen sentences has learned those sentences. Nouns, verbs and clauses of an attribute
(`tell_words`, `recipes.bundled_model.ways`) are put into general frames here, with talk around them (`filler`), so that
hardly two samples are told alike and what remains in common is the meaning: who or what is spoken of, which attribute,
which value. Written without looking at `unseen.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from addenda.memories.triples.syntax import Statement
from addenda.models.bundled.names import any_word
from recipes.bundled_model import grammar
from recipes.bundled_model.samples import PHRASE_WORDS
from recipes.bundled_model.ways import WAYS
from recipes.triples_adapters import filler, telling_cjk, telling_frames
from recipes.triples_adapters.names import Kind
from recipes.triples_adapters.tell_words import TellWords
from recipes.triples_adapters.tell_words_company import KEYWORDS, TELL_WORDS
from recipes.triples_adapters.telling_ways_company import WAYS_OF
from recipes.triples_adapters.tellings import STRAY, TELLINGS

Language = Literal["en", "ja", "ko"]

_MEASURED = frozenset(("noise level", "weight", "price"))
"""Attributes whose units nothing else has."""
_IT: dict[Kind, tuple[tuple[str, str], ...]] = {
    "product": (
        ("it", "it"), ("it", "it"), ("it", "it"), ("this model", "this model"), ("the machine", "the machine"),
        ("the device", "the device"), ("the product", "it"), ("this one", "this one"),
        ("the appliance", "the appliance"),
    ),
    "part": (("it", "it"), ("it", "it"), ("this part", "this part"), ("the part", "the part"), ("the component", "it")),
    "person": (
        ("he", "him"), ("she", "her"), ("they", "them"), ("my colleague", "my colleague"), ("the engineer", "him"),
    ),
    "site": (("it", "it"), ("the site", "the site"), ("the plant", "the plant"), ("this factory", "this factory")),
    "policy": (("it", "it"), ("this policy", "this policy"), ("the rule", "the rule"), ("this rule", "it")),
    "any": (("it", "it"),),
}  # fmt: skip
_UNITS = frozenset(("noise level", "weight", "warranty", "price", "colour", "stock bay", "extension", "period"))
"""Attributes whose values say what they are."""
_IRREGULAR = {"have": "has", "be": "is", "go": "goes", "do": "does"}
_TALK: Mapping[str, Callable[[Random], str]] = {
    "{p}": filler.phrase,
    "{h}": filler.happening,
    "{w}": filler.group,
    "{d}": filler.did,
    "{a}": filler.adverb,
    "{i}": filler.count,
    "{m}": filler.month,
}
"""What is put in the places for talk."""
_PLACEHOLDER = re.compile(r"\{[a-z]+\d*\}")


@dataclass(frozen=True)
class Told:
    """A sentence, or what stands for one, and what it states."""

    text: str
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True)
class Fact:
    """What is to be told: the attribute `relation`, of the kind of subjects that have it."""

    kind: Kind
    subject: str
    relation: str
    value: str

    @property
    def statement(self) -> Statement:
        """As it is to be written."""
        return Statement(self.subject, self.relation, self.value)

    @property
    def words(self) -> TellWords | None:
        """The words of the attribute; None for one that is named by its noun only."""
        return TELL_WORDS.get(self.relation)


def third(base: str) -> str:
    """The third person of what is given in the infinitive."""
    verb, _, rest = base.partition(" ")
    if verb in _IRREGULAR:
        return f"{_IRREGULAR[verb]} {rest}"
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies {rest}"
    return f"{verb}{'es' if re.search(r'(s|x|ch|sh)$', verb) else 's'} {rest}"


def full(random: Random, fact: Fact, language: Language) -> Told:
    """A sentence that names its subject."""
    if language != "en":
        return Told(
            telling_cjk.full(random, fact.relation, fact.words, fact.subject, fact.value, language), (fact.statement,)
        )
    shape = random.random()
    if fact.words is not None and shape < 0.02:
        return Told(_ended(random, _scattered(random, fact)), (fact.statement,))
    if fact.words is not None and shape < 0.3:
        template = random.choice(WAYS_OF["en"][fact.relation])
        return Told(_dressed(random, template.rstrip("."), fact, leading=0.05, trailing=0.05), (fact.statement,))
    if fact.words is not None and shape < 0.45:
        template = random.choice([one for one in TELLINGS[fact.relation].full if one.isascii()])
        return Told(_dressed(random, template.rstrip("."), fact), (fact.statement,))
    return Told(_dressed(random, _clause(random, fact), fact), (fact.statement,))


def short(random: Random, fact: Fact, language: Language) -> Told:
    """A sentence that goes on about the subject of the sentence before."""
    if language != "en":
        return Told(telling_cjk.short(random, fact.relation, fact.words, fact.value, language), (fact.statement,))
    words = fact.words
    if words is not None and random.random() < 0.12:
        template = random.choice([one for one in TELLINGS[fact.relation].short if one.isascii()]).rstrip(".")
    elif words is None or random.random() < 0.45:
        template = random.choice(telling_frames.SHORT_NOUN_FRAMES).replace("{n}", _noun(random, fact))
    else:
        subject, other = random.choice(_IT[fact.kind])
        clause = _verbal(random, words) if random.random() < 0.5 else random.choice(words.clauses)
        template = subject + clause[3:] if clause.startswith("{s}") else clause.replace("{s}", other)
    return Told(_dressed(random, template, fact, leading=0.1, trailing=0.1), (fact.statement,))


def several(random: Random, facts: Sequence[Fact]) -> Told:
    """English: two or three facts about one subject in one sentence."""
    first, *rest = facts
    shape = random.random()
    if shape < 0.35 or any(fact.words is None for fact in facts):
        items = [_filled(f"{_noun(random, fact)}{random.choice((' ', ': ', ' = '))}{{o}}", fact) for fact in facts]
        head = random.choice(
            ("{s}: ", "{s} - ", "{s}, ", "{s} | ", "{s} (", "- {s}: ", "The data of {s}: ", "For {s} we have: ")
        )
        joint = random.choice((", ", ", ", "; ", " | ", " / "))
        text = _filled(head, first) + joint.join(items) + (")" if head.endswith("(") else "")
        return Told(text + random.choice((".", "")), tuple(fact.statement for fact in facts))
    opening = _clause(random, first) if shape < 0.75 else "{s} " + _verb(random, first.words)
    pieces = [_filled(opening, first, random)]
    for fact in rest:
        tail = random.random()
        if tail < 0.35:
            more = random.choice(
                (" and its {n} is {o}", ", its {n} is {o}", " with a {n} of {o}", "; {n}: {o}", ", and the {n} is {o}")
            )
            pieces.append(_filled(more.replace("{n}", _noun(random, fact)), fact))
        elif shape >= 0.75:
            pieces.append(
                random.choice((" and ", ", ", " but ", ", and also "))
                + _filled(_verb(random, fact.words), fact, random)
            )
        else:
            told = _pronoun_clause(random, fact)
            pieces.append(
                random.choice((" and ", ", and ", "; ", ", while ", " - ", ", but ")) + _filled(told, fact, random)
            )
    return Told(_ended(random, _capital("".join(pieces), opening)), tuple(fact.statement for fact in facts))


def beside(random: Random, facts: Sequence[Fact]) -> Told:
    """English: facts about several subjects in one sentence; with one attribute often in one breath."""
    statements = tuple(fact.statement for fact in facts)
    same = len({fact.relation for fact in facts}) == 1
    words = facts[0].words
    if same and words is not None and random.random() < 0.5:
        base = random.choice(words.verbs)
        verb = base.split("{o}")[0]
        first = _filled("{s} " + third(base), facts[0])
        gap = random.choice((": ", ": ", " - ", " = ", " with "))
        others = [f"{fact.subject}{gap}{fact.value}" for fact in facts[1:]]
        joint = random.choice((", ", " and ", "; ", ", while ", ", but "))
        if len({fact.value for fact in facts}) == 1:
            both = " and ".join(fact.subject for fact in facts)
            verb = re.sub("^be ", "are ", verb)
            return Told(f"{random.choice(('Both ', ''))}{both} {verb}{facts[0].value}.", statements)
        return Told(joint.join((first, *others)) + ".", statements)
    if same and random.random() < 0.5:
        noun = _noun(random, facts[0])
        gap = random.choice((": ", ": ", " - ", " = "))
        items = [f"{fact.subject}{gap}{fact.value}" for fact in facts]
        return Told(_capital(f"{noun}{random.choice((': ', ' of ', ' - '))}{', '.join(items)}", noun), statements)
    joint = random.choice((", and ", "; ", ", while ", ", but ", " and ", ", whereas "))
    clauses = [_clause(random, fact) for fact in facts]
    text = joint.join(_filled(clause, fact, random) for clause, fact in zip(clauses, facts, strict=True))
    return Told(_ended(random, _capital(text, clauses[0])), statements)


def nothing(random: Random, fact: Fact, other: str, language: Language) -> Told:
    """A sentence about a subject, or about nobody, that states none of its attributes."""
    if language != "en":
        return Told(telling_cjk.nothing(random, fact.relation, fact.subject, other, language))
    if random.random() < 0.12 and fact.words is not None:
        return Told(grammar.wording(random, fact.relation, english=True).replace("{subject}", fact.subject))
    if random.random() < 0.1:
        return Told(random.choice([one for one in STRAY if one.isascii()]).format(s=fact.subject))
    if random.random() < 0.4 and fact.words is not None:
        template = random.choice(telling_frames.UNDECIDED).replace("{n}", _noun(random, fact))
        verb = random.choice(fact.words.verbs)
        template = template.replace("{b}", verb).replace("{v}", third(verb))
        if template.startswith(("is ", "does ", "can ", "what ")):
            return Told(_capital(_filled(template, fact), template) + "?")
        return Told(_dressed(random, template, fact, trailing=0.1))
    template = random.choice(telling_frames.ASIDES).replace("{x}", other).replace("{x2}", any_word(random))
    return Told(_dressed(random, template, fact, leading=0.2, trailing=0.2))


def _noun(random: Random, fact: Fact) -> str:
    ways = WAYS.get(fact.relation)
    if ways is None or random.random() < 0.3:
        return fact.relation
    return random.choice(ways.nouns)


def _verb(random: Random, words: TellWords | None) -> str:
    assert words is not None
    return third(random.choice(words.verbs))


def _verbal(random: Random, words: TellWords) -> str:
    base = random.choice(words.verbs)
    return random.choice(telling_frames.VERB_FRAMES).replace("{v}", third(base)).replace("{b}", base)


def _clause(random: Random, fact: Fact) -> str:
    """A clause with `{s}` and `{o}`, and perhaps places for talk."""
    words = fact.words
    shape = random.random()
    if words is None or shape < 0.26:
        return random.choice(telling_frames.NOUN_FRAMES).replace("{n}", _noun(random, fact))
    if shape < 0.37:
        return _heading(random, fact)
    if shape < 0.53:
        return _verbal(random, words)
    if shape < 0.68:
        return _woven(random, fact, words)
    return random.choice(telling_frames.CLAUSE_FRAMES).replace("{c}", random.choice(words.clauses))


def _heading(random: Random, fact: Fact) -> str:
    """The attribute, subject and value beside one another, among words of a heading."""
    frames = telling_frames.HEADING_FRAMES
    if fact.relation in _MEASURED and random.random() < 0.3:
        frames = telling_frames.UNIT_HEADING_FRAMES
    template = random.choice(frames).replace("{n}", _noun(random, fact))
    while "{z}" in template:
        template = template.replace("{z}", filler.word(random), 1)
    return template


def _woven(random: Random, fact: Fact, words: TellWords) -> str:
    """The fact in a part of a sentence that tells something else besides."""
    doing = [clause[4:] for clause in words.clauses if clause.startswith("{o} ") and not clause.startswith("{o} is ")]
    if doing and fact.relation in ("responsible engineer", "manager") and random.random() < 0.5:
        return random.choice(telling_frames.WHO_FRAMES).replace("{r}", random.choice(doing))
    return random.choice(telling_frames.WOVEN_FRAMES).replace("{v}", third(random.choice(words.verbs)))


def _pronoun_clause(random: Random, fact: Fact) -> str:
    assert fact.words is not None
    subject, other = random.choice(_IT[fact.kind])
    if random.random() < 0.5:
        return f"{subject} {_verb(random, fact.words)}"
    clause = random.choice(fact.words.clauses)
    return subject + clause[3:] if clause.startswith("{s}") else clause.replace("{s}", other)


def _dressed(random: Random, template: str, fact: Fact, *, leading: float = 0.1, trailing: float = 0.1) -> str:
    """The template as a sentence, now and then with talk before and behind it, or strange words in it."""
    if random.random() < 0.01:
        template = _disturbed(random, template)
    plain = template
    listed = re.search(r"[|=;\[]|->|:( \{o\})?$|^[-*#]", template) is not None
    if random.random() < leading and not listed:
        template = f"{filler.opener(random)} {template}"
    text = _capital(_filled(template, fact, random), template)
    if not listed and random.random() < trailing:
        text += filler.ending(random)
    return text if (listed and random.random() < 0.7) or plain.endswith((":", ",")) else _ended(random, text)


def _scattered(random: Random, fact: Fact) -> str:
    """Name, value and mostly a word of the attribute among words that mean nothing, in any order.

    What a sentence in strange words states has to be told from these few; a value with a unit says it alone.
    """
    assert fact.words is not None
    places = ["{s}", "{o}"]
    random.shuffle(places)
    told_by_value = fact.relation in _UNITS
    if not told_by_value or random.random() < 0.6:
        places.insert(
            random.randrange(3), random.choice((*WAYS[fact.relation].nouns, *KEYWORDS.get(fact.relation, ())))
        )
    pieces = [filler.scrap(random)]
    for place in places:
        pieces += [place, filler.scrap(random)]
    template = re.sub(r" (?=[,.:;?!])", "", " ".join(piece for piece in pieces if piece))
    return _capital(_filled(template, fact, random), template)


def _disturbed(random: Random, template: str) -> str:
    """The template with one or two strange words in it."""
    words = template.split(" ")
    for _ in range(random.choice((1, 1, 2))):
        strange = random.choice((random.choice(PHRASE_WORDS), any_word(random).lower(), filler.phrase(random)))
        # Beside a value of several small words nobody could tell where it begins and ends.
        free = [n for n in range(len(words) + 1) if not any("{o}" in word for word in words[max(n - 1, 0) : n + 1])]
        if free:
            words.insert(random.choice(free), strange)
    return " ".join(words)


def _filled(template: str, fact: Fact, random: Random | None = None) -> str:
    """The template with names and, where it asks for it, talk. Names come last, so that nothing is put into them."""
    if random is not None:
        template = _named(random, template, fact.words)
        for place, make in _TALK.items():
            while place in template:
                template = template.replace(place, make(random), 1)
    return _PLACEHOLDER.sub(lambda found: {"{s}": fact.subject, "{o}": fact.value}.get(found[0], found[0]), template)


def _named(random: Random, template: str, words: TellWords | None) -> str:
    """The template with other ways to name the subject and to give the value."""
    if words is None:
        if random.random() < 0.15:
            template = re.sub(r"(?<!the )\{s\}(?!')", "the {s}", template, count=1)
        return template
    if random.random() < 0.2 and not re.search(r"\b(the|part|our|in) \{s\}|\{s\}'|[|=\[]", template):
        template = template.replace("{s}", random.choice(words.names), 1)
    if random.random() < 0.12 and not re.search(
        r"\b(the|part|a|an|its|our|engineer|spare|number) \{o\}|[|=\[:(]", template
    ):
        template = template.replace("{o}", random.choice(words.values), 1)
    if random.random() < 0.03:
        quotes = random.choice(('"{s}"', "“{s}”", "'{s}'", "*{s}*"))
        template = template.replace("{s}", quotes, 1) if "{s}'" not in template else template
    return template


def _capital(text: str, template: str) -> str:
    """The text with a capital at its beginning, unless a name stands there."""
    return text if template.startswith("{") else text[:1].upper() + text[1:]


def _ended(random: Random, text: str) -> str:
    return text + random.choice((".", ".", ".", ".", ".", "!", "")) if text[-1:] not in ".!?" else text
