"""Questions that a corpus does not answer, made from those that it does, so that a memory model learns to refuse.

Idea: a question about one name becomes a question about another. Either the name is made up in the style of the names
there are, in part or as a whole; or it is a name of the corpus that nothing of the kind is said about. What is said
about whom is judged from the reflections alone, and on the side of caution: questions are of one kind when they give
the same answer for the same name, and a name is asked a question only if none of that kind is answered for it and no
reflection that mentions it uses half of the question's own words.

Does not know: the model, and whether a name that was made up exists in the world; a memory model is to know its corpus.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from addenda.memories.reflections.questions import REFUSAL
from addenda.memories.reflections.reflection import Reflection
from addenda.text import normalised, search_terms

GENERATOR = "refusals.2"
"""The name that these reflections carry as their generator's."""
_CAPITALISED = re.compile(r"(?<!\w)[A-Z][\w'’-]*(?: [A-Z0-9][\w'’-]*)*")
_POSSESSIVE = re.compile(r"['’]s?$")
_SENTENCE_END = re.compile(r"(?:^|[.!?:\"“] ?)$")
_PLACE = "\N{OBJECT REPLACEMENT CHARACTER}"
_COMMON = 0.2
_ATTEMPTS = 50
_TRIED = 5


@dataclass(frozen=True, slots=True)
class _Form:
    """A question with a place for the name, and one of the reflections that it was found in."""

    text: str
    origin: Reflection


class Refusals:
    """Makes questions without an answer from reflections."""

    def __init__(
        self, reflections: Sequence[Reflection], *, names: Sequence[str] = (), made_up: float = 0.5, seed: int = 0
    ) -> None:
        """Study the reflections.

        Args:
            reflections: Of the corpus, all of them: what is not among them counts as not stated.
            names: Of the corpus's entities, as far as they are known; those of surfaced reflections are, and of
                others the words written with capitals.
            made_up: The share of questions that ask about made-up names; the others ask about names of the corpus, as
                long as there is what nothing is said about.
            seed: Decides what is drawn.
        """
        self._answered = [one for one in reflections if one.stage != "unanswerable"]
        self._asked = {normalised(one.question) for one in reflections}
        self._random = Random(f"{seed}-refusals")
        self._made_up = made_up
        self._names = _Names(self._answered, names)
        self._forms: list[_Form] = []
        self._kind_of: dict[str, int] = {}
        self._stated: dict[str, set[int]] = defaultdict(set)
        self._without: dict[int, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {}
        self._answers: dict[int, set[str]] = defaultdict(set)
        self._answers_about: dict[str, set[str]] = defaultdict(set)
        self._study()

    def draw(self, count: int) -> tuple[Reflection, ...]:
        """Up to ``count`` further questions, each another, with the refusal as answer; fewer if no more are found."""
        drawn: list[Reflection] = []
        failed = 0
        while self._forms and len(drawn) < count and failed < _ATTEMPTS:
            known = self._random.random() >= self._made_up
            form, question = (self._about_known() if known else None) or self._about_made_up()
            key = normalised(question)
            if key in self._asked:
                failed += 1
                continue
            self._asked.add(key)
            failed = 0
            drawn.append(
                Reflection(
                    question=question,
                    answer=REFUSAL,
                    stage="unanswerable",
                    sources=form.origin.sources,
                    generator=GENERATOR,
                    parents=(form.origin.id,),
                )
            )
        return tuple(drawn)

    def _about_made_up(self) -> tuple[_Form, str]:
        form = self._random.choice(self._forms)
        return form, form.text.replace(_PLACE, self._names.made_up(self._random))

    def _about_known(self) -> tuple[_Form, str] | None:
        """A further question about a name of the corpus that nothing answers; None where none is found."""
        for _ in range(_ATTEMPTS):
            form = self._random.choice(self._forms)
            if (name := self._unasked(form)) is not None:
                question = form.text.replace(_PLACE, name)
                if normalised(question) not in self._asked:
                    return form, question
        return None

    def _study(self) -> None:
        kinds = _Kinds()
        seen: dict[tuple[str, str], str] = {}
        about: list[tuple[str, str, str]] = []
        for one in self._answered:
            found = self._names.in_text(one.question)
            if len(set(found)) != 1:
                continue
            text = one.question.replace(found[0], _PLACE)
            self._forms.append(_Form(text, one))
            about.append((found[0], text, normalised(one.answer)))
            kinds.join(text, seen.setdefault((found[0], normalised(one.answer)), text))
        self._kind_of = kinds.numbers()
        for name, text, answer in about:
            self._stated[name].add(self._kind_of[text])
            self._answers[self._kind_of[text]].add(answer)
            self._answers_about[name].add(answer)

    def _unasked(self, form: _Form) -> str | None:
        """A name of the corpus that this question was not answered for, nor one like it; None when none is found."""
        own = self._own_words(form.text)
        if not own:
            return None
        tempting, alike, others = self._lacking(self._kind_of[form.text])
        # What is hardest to know is seldom met by chance: that nothing is said of one thing among its like, and of one
        # that an answer of this kind is known of from another question.
        groups = [some for some in (tempting, alike, others) if some]
        names = self._random.choice(groups) if groups else ()
        for name in self._random.sample(names, min(len(names), _TRIED)):
            if 2 * len(own & self._said.get(name, set[str]())) < len(own):
                return name
        return None

    def _lacking(self, kind: int) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
        """The names that nothing of a kind is said about.

        Those of which another question has an answer of this kind, those of which the usual other things are said,
        and all.
        """
        if kind not in self._without:
            having = [kinds for kinds in self._stated.values() if kind in kinds]
            counted = Counter(other for kinds in having for other in kinds - {kind})
            usual = {other for other, count in counted.items() if 2 * count >= len(having)}
            lacking = [name for name in sorted(self._stated) if kind not in self._stated[name]]
            alike = [name for name in lacking if usual and 2 * len(usual & self._stated[name]) >= len(usual)]
            answers = self._answers[kind]
            tempting = [name for name in lacking if answers & self._answers_about[name]]
            self._without[kind] = tempting, alike, lacking
        return self._without[kind]

    @cached_property
    def _said(self) -> Mapping[str, set[str]]:
        """Of each name, all words of the reflections that mention it.

        But for those made of others, which say nothing of a name that those do not.
        """
        said: dict[str, set[str]] = defaultdict(set)
        known = {one.id for one in self._answered}
        for one in self._answered:
            if one.parents and known.issuperset(one.parents):
                continue
            words = {*search_terms(one.question), *search_terms(one.answer)}
            for name in {one.entity, *self._names.in_text(one.question), *self._names.in_text(one.answer)} - {""}:
                said[name] |= words
        return said

    @cached_property
    def _frequent(self) -> frozenset[str]:
        texts = {form.text for form in self._forms}
        counted = Counter(term for text in texts for term in set(search_terms(text)))
        return frozenset(term for term, count in counted.items() if count > max(1.0, _COMMON * len(texts)))

    def _own_words(self, text: str) -> frozenset[str]:
        return frozenset(search_terms(text.replace(_PLACE, " "))) - self._frequent


class _Kinds:
    """Questions that belong together."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def join(self, one: str, other: str) -> None:
        self._parents[self._root(one)] = self._root(other)

    def numbers(self) -> dict[str, int]:
        roots = {root: number for number, root in enumerate(sorted({self._root(text) for text in self._parents}))}
        return {text: roots[self._root(text)] for text in self._parents}

    def _root(self, text: str) -> str:
        while (parent := self._parents.setdefault(text, text)) != text:
            self._parents[text] = self._parents[parent]
            text = parent
        return text


class _Names:
    """The names of a corpus, where they stand, and others in their style."""

    def __init__(self, reflections: Sequence[Reflection], given: Sequence[str]) -> None:
        texts = [text for one in reflections for text in (one.question, one.answer)]
        self._words = {term for text in texts for term in search_terms(text)}
        small = {word for text in texts for word in text.split() if word.islower()}
        names = {*given, *(one.entity for one in reflections)} - {""}
        for text in texts:
            names.update(name for name in _capitalised(text) if name.lower() not in small and len(name) > 1)
        self._all = sorted(names)
        self._known = frozenset(names)
        self._lengths = sorted({len(name) for name in names}, reverse=True)
        self._followers = self._chain()

    def in_text(self, text: str) -> list[str]:
        """The names in a text, the longest at each place, from left to right."""
        found: list[str] = []
        place = 0
        while place < len(text):
            name = self._at(text, place)
            if name:
                found.append(name)
            place += len(name) or 1
        return found

    def made_up(self, random: Random) -> str:
        """A name that the corpus does not have: new, with one word of a name kept, of words of two, or misspelt."""
        for _ in range(_ATTEMPTS):
            name = random.choice(self._all)
            parts = name.split(" ")
            # Those that come near to a name are told from it last, so they are drawn most.
            near = (self._misspelt, self._mixed) if len(parts) > 1 else (self._misspelt,)
            far = (self._new, self._partly_new) if len(parts) > 1 else (self._new,)
            made = random.choice((*near, *near, *far))(parts, random)
            if made not in self._known and normalised(made) not in self._words:
                return made
        return self._new(random.choice(self._all).split(" "), random)

    def _new(self, parts: Sequence[str], random: Random) -> str:
        return " ".join(self._word(word, random) for word in parts)

    def _partly_new(self, parts: Sequence[str], random: Random) -> str:
        kept = random.randrange(len(parts))
        return " ".join(word if index == kept else self._word(word, random) for index, word in enumerate(parts))

    def _mixed(self, parts: Sequence[str], random: Random) -> str:
        """One word is that of another name in the same place."""
        index = random.randrange(len(parts))
        words = [*parts]
        words[index] = random.choice(self._in_place[len(parts), index])
        return " ".join(words)

    def _misspelt(self, parts: Sequence[str], random: Random) -> str:
        """One letter or digit is another one that names have."""
        name = " ".join(parts)
        places = [place for place, character in enumerate(name) if character.isalnum()]
        if not places:
            return name
        place = random.choice(places)
        return name[:place] + random.choice(self._like(name[place])) + name[place + 1 :]

    @cached_property
    def _in_place(self) -> Mapping[tuple[int, int], list[str]]:
        """The words that names of so many words have in a place."""
        found: dict[tuple[int, int], list[str]] = defaultdict(list)
        for name in self._all:
            parts = name.split(" ")
            for index, word in enumerate(parts):
                found[len(parts), index].append(word)
        return found

    def _like(self, character: str) -> list[str]:
        """What stands in names and is of this character's sort."""
        sort = unicodedata.category(character)
        return sorted({other for name in self._all for other in name if unicodedata.category(other) == sort})

    def _at(self, text: str, place: int) -> str:
        if place and _joined(text[place - 1], text[place]):
            return ""
        for length in self._lengths:
            end = place + length
            if text[place:end] in self._known and not (end < len(text) and _joined(text[end - 1], text[end])):
                return text[place:end]
        return ""

    def _word(self, like: str, random: Random) -> str:
        """A word of this one's shape that the corpus does not have."""
        made = like
        for attempt in range(_ATTEMPTS):
            made = self._code(like, random) if _is_code(like) else self._spoken(len(like) + attempt // 10, random)
            if normalised(made) not in self._words:
                return made
        return made + self._spoken(3, random).lower()

    def _code(self, like: str, random: Random) -> str:
        return "".join(
            random.choice("0123456789")
            if character.isdigit()
            else random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ")
            if character.isascii() and character.isupper()
            else character
            for character in like
        )

    def _spoken(self, length: int, random: Random) -> str:
        """Letters that follow one another as they do in the names there are."""
        made = "  "
        while len(made) < length + 3:
            following = self._followers.get(made[-2:]) or self._followers["  "]
            letter = random.choice(following)
            if letter == " ":
                if len(made) - 2 >= max(2, length - 2):
                    break
                letter = random.choice(self._letters)
            made += letter
        word = made[2:]
        return word[:1].upper() + word[1:].lower()

    @cached_property
    def _letters(self) -> list[str]:
        return [letter for letters in self._followers.values() for letter in letters if letter != " "]

    def _chain(self) -> dict[str, list[str]]:
        followers: dict[str, list[str]] = defaultdict(list)
        words = [word for name in self._all for word in name.split() if not _is_code(word)] or ["Anselm", "Teravo"]
        for word in words:
            spelt = f"  {word.lower()} "
            for place in range(len(spelt) - 2):
                followers[spelt[place : place + 2]].append(spelt[place + 2])
        return followers


def _capitalised(text: str) -> Iterator[str]:
    """Runs of words with capitals; the first word of a sentence has one for another reason and is left out."""
    for found in _CAPITALISED.finditer(text):
        run = found[0]
        if _SENTENCE_END.search(text[: found.start()]) and found.span() != (0, len(text.rstrip("."))):
            run = run.partition(" ")[2]
        elif found.start() == 0 and " " not in run:
            continue
        if run := _POSSESSIVE.sub("", run):
            yield run


def _joined(one: str, other: str) -> bool:
    """Whether two neighbouring characters belong to one word of a spaced script."""
    return one.isascii() and other.isascii() and one.isalnum() and other.isalnum()


def _is_code(word: str) -> bool:
    return any(character.isdigit() for character in word) or (word.isupper() and len(word) > 1)
