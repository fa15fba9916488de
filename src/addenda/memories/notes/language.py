r"""The language of notes: when a note applies and what it concludes, in words that people write too.

::

    fault is "no heat" and age is at least 5        when it applies; nothing: always
    the answer is replace                           what it concludes

There is one form, and it is the words: a machine reads them as conditions where they are of this form, and a note
that is not is for whoever reads words. Reading never fails; it answers None. A name or value that would be read
otherwise stands between quotation marks, with a backslash before a quotation mark or backslash in it.

Not known here: cases, counts, and what a note is good for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

Test: TypeAlias = Literal["is", "is not", "is at least", "is below"]
"""What a condition says about the value of an attribute. The last two compare the numbers that values begin with."""

AND = " and "
CONCLUDES = "the answer is "

_TESTS: tuple[Test, ...] = tuple(sorted(get_args(Test), key=len, reverse=True))
_QUOTED = r'"(?:[^"\\]|\\["\\])*"'
_TEST = "|".join(re.escape(test) for test in _TESTS)
_CONDITION = re.compile(
    rf'(?P<name>{_QUOTED}|[^"\s](?:[^"]*?[^"\s])??) (?P<test>{_TEST}) '
    rf'(?P<value>{_QUOTED}|[^"\s](?:[^"]*?[^"\s])??)(?={AND}|\Z)'
)
_CONCLUSION = re.compile(rf'{CONCLUDES}(?P<value>{_QUOTED}|[^"\s](?:[^"]*[^"\s.])?)\.?')
_ESCAPED = re.compile(r'\\(["\\])')
_SPECIAL = re.compile(r'["\\]')
_UNPLAIN = re.compile(r'["\\]|[^\S ]')
_KEYWORDS = frozenset(("is", "and"))
_BEGINNINGS = frozenset(("not", "at", "below"))
"""Words that would be taken for the end of a test."""


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """What an attribute of a case must be."""

    attribute: str
    test: Test
    value: str

    def __str__(self) -> str:
        """In words."""
        return f"{_name(self.attribute)} {self.test} {_value(self.value)}"


def when(conditions: Iterable[Condition]) -> str:
    """Conditions that must all hold, in words; empty for none. ``read_when`` gives them back."""
    return AND.join(map(str, conditions))


def read_when(words: str) -> tuple[Condition, ...] | None:
    """The conditions of a text, none of them for an empty one; None when the text is not of this form."""
    text = words.strip()
    found: list[Condition] = []
    place = 0
    while place < len(text):
        condition = _CONDITION.match(text, place)
        if condition is None:
            return None
        found.append(Condition(_plain(condition["name"]), cast("Test", condition["test"]), _plain(condition["value"])))
        place = condition.end()
        if place < len(text):
            place += len(AND)
            if place >= len(text):
                return None
    return tuple(found)


def conclusion(answer: str) -> str:
    """What a note concludes, in words; ``read_conclusion`` gives the answer back."""
    as_it_is = f"{CONCLUDES}{answer}"
    return as_it_is if read_conclusion(as_it_is) == answer else f"{CONCLUDES}{_quoted(answer)}"


def read_conclusion(words: str) -> str | None:
    """The answer that a rule concludes; None when the text is not of this form."""
    found = _CONCLUSION.fullmatch(words.strip())
    return None if found is None else _plain(found["value"])


def _name(name: str) -> str:
    return name if _is_plain(name) else _quoted(name)


def _value(value: str) -> str:
    return value if _is_plain(value) and value.split()[0] not in _BEGINNINGS else _quoted(value)


def _is_plain(text: str) -> bool:
    """Whether a text cannot be read in another way between other words."""
    words = text.split(" ")
    return "" not in words and _KEYWORDS.isdisjoint(words) and not _UNPLAIN.search(text)


def _quoted(text: str) -> str:
    escaped = _SPECIAL.sub(lambda found: "\\" + found[0], text)
    return f'"{escaped}"'


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text[1:-1]) if text.startswith('"') else text
