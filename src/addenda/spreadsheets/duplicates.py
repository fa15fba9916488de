"""Rows of one list that speak about the same thing.

Two rows with different values for one subject and relation cannot both be right, and nothing in the file says which
is, so neither is taken and both are named. A row that repeats another is dropped and flagged. Rows whose validity
windows or audiences do not meet do not contradict each other: a price list may name this month's and next month's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from addenda.spreadsheets.rows import Problem, Row, Severity
from addenda.text import normalised
from addenda.types import EVERYONE, Fact

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


_MOST_COMPARED = 200
"""Rows about one thing up to which every pair is compared."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a row says about its subject, as far as it can contradict another."""

    value: str
    start: datetime | None
    end: datetime | None
    audience: frozenset[str]


@dataclass(frozen=True, slots=True)
class Settled:
    """The rows that remain, and what is to be said about the others."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]


def settle(rows: Sequence[Row], many_valued: frozenset[str] = frozenset()) -> Settled:
    """Drop repetitions and refuse contradictions.

    Args:
        rows: Good rows in the order of the file.
        many_valued: Names of relations that may have several values at once, whose rows never contradict each other.
    """
    several = frozenset(normalised(name) for name in many_valued)
    groups: dict[tuple[str, str, str], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(_key(row), []).append(index)
    dropped: set[int] = set()
    problems: list[Problem] = []
    for key, indices in groups.items():
        if len(indices) > 1:
            dropped |= _settle_group(rows, indices, problems, contradict=key[2] not in several)
    return Settled(tuple(row for index, row in enumerate(rows) if index not in dropped), tuple(problems))


def _key(row: Row) -> tuple[str, str, str]:
    """What a row speaks about; notes and documents only ever repeat each other, so their value belongs to it."""
    kind = row.content.kind
    value = "" if kind in {"fact", "edit"} else normalised(row.value)
    relation = normalised(row.relation) if isinstance(row.content, Fact) else value
    return (kind, normalised(row.subject), relation)


def _settle_group(rows: Sequence[Row], indices: list[int], problems: list[Problem], *, contradict: bool) -> set[int]:
    """The rows of one group that are not taken; says why for each."""
    kept: dict[_Claim, int] = {}
    dropped: set[int] = set()
    for index in indices:
        first = kept.setdefault(_claim(rows[index]), index)
        if first != index:
            dropped.add(index)
            what = f"this row repeats the one at {rows[first].address} and was dropped"
            problems.append(_problem("flagged", rows[index], what, "delete one of the two"))
    if not contradict:
        return dropped
    claims = list(kept)
    for claim, index in kept.items():
        # Comparing all pairs of a very large group would take too long; such a group is refused as a whole.
        others = claims if len(claims) > _MOST_COMPARED else [other for other in claims if _meet(claim, other)]
        against = [rows[kept[other]] for other in others[: _MOST_COMPARED + 1] if other != claim]
        if against:
            dropped.add(index)
            problems.append(_contradiction(rows[index], against))
    return dropped


def _contradiction(row: Row, others: Sequence[Row]) -> Problem:
    shown = " and ".join(f"{other.address} says {other.value!r}" for other in others[:3])
    more = f" (and {len(others) - 3} more)" if len(others) > 3 else ""
    about = f"{row.relation!r} of {row.subject!r}" if row.relation else repr(row.subject)
    what = f"{row.value!r} here, while {shown}{more} for the same {about}; neither was taken"
    return _problem("refused", row, what, "decide which one is right and delete the other")


def _problem(severity: Severity, row: Row, what: str, fix: str) -> Problem:
    place = ((row.sheet, row.number),)
    return Problem(severity, row.address, what, fix, place)


def _claim(row: Row) -> _Claim:
    return _Claim(normalised(row.value), row.valid_from, row.valid_until, frozenset(row.audience))


def _meet(claim: _Claim, other: _Claim) -> bool:
    """Whether two claims with different values could both be asked for at one moment by one person."""
    if claim.value == other.value:
        return False
    everyone = EVERYONE in claim.audience or EVERYONE in other.audience
    first = (claim.start or _BEGINNING) < (other.end or _END)
    second = (other.start or _BEGINNING) < (claim.end or _END)
    return (everyone or bool(claim.audience & other.audience)) and first and second
