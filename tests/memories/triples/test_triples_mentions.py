"""What is known about the things that a text names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from addenda.memories.base import Deliver, MentionReader, Origin, Task, Window
from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.config import ALIAS_RELATION
from addenda.types import Fact

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAST = datetime(2020, 1, 1, tzinfo=UTC)

Stored = tuple[str, str, str] | tuple[str, str, str, Window]


def memory(*stored: Stored) -> TriplesMemory:
    made = TriplesMemory.private(clock=lambda: NOW)
    changes = []
    for number, (subject, relation, value, *window) in enumerate(stored):
        task = Task(
            f"{number:016x}", ("q",), value,
            fact=Fact(subject=subject, relation=relation, object=value), origin=Origin("a.csv", "ann", "normal"),
        )  # fmt: skip
        artefact = made.prepare([task])[task.addendum_id]
        changes.append(Deliver(task.addendum_id, artefact, number, *window))
    made.apply(changes, 1)
    return made


def about(made: TriplesMemory, text: str, audience: str = "everyone") -> list[str]:
    reader = made.contribute(at=None, audience=audience)
    assert isinstance(reader, MentionReader)
    return [hit.name for hit in reader.about(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("How loud is NORDA 12?", ["41 dB", "31 EUR"]),
        ("What is the price of the norda  12, please?", ["31 EUR", "41 dB"]),
        ("How loud is Norda?", ["the brand"]),
        ("How loud is Norda 120?", ["the brand"]),
        ("Norda 12 or Norda?", ["the brand", "31 EUR", "41 dB"]),
        ("What has 41 dB?", []),
        ("", []),
        ("?!", []),
    ],
)
def test_subjects_are_found_by_their_names_and_the_longest_counts(text: str, names: list[str]) -> None:
    made = memory(
        ("Norda 12", "noise level", "41 dB"), ("Norda 12", "price", "31 EUR"), ("Norda", "company kind", "the brand")
    )
    found = about(made, text)
    assert sorted(found) == sorted(names)
    assert found[:1] == names[:1] or "loud" in text


@pytest.mark.parametrize("text", ["東京タワーの高さは？", "도쿄타워의 높이는?", "도쿄타워는 얼마나 높아?"])
def test_names_without_spaces_and_with_particles(text: str) -> None:
    made = memory(("東京タワー", "高さ", "333 m"), ("도쿄타워", "높이", "333 m"))
    assert about(made, text) == ["333 m"]


def test_what_may_not_be_seen_is_not_found_and_hides_nothing() -> None:
    made = memory(
        ("Norda 12", "price", "old", Window(end=PAST)),
        ("Norda 12 Pro", "price", "secret", Window(audience=("staff",))),
        ("Norda 12", "price", "new", Window(start=PAST)),
    )
    assert about(made, "What does the Norda 12 Pro cost?") == ["new"]
    assert about(made, "What does the Norda 12 Pro cost?", "staff") == ["secret"]
    assert [hit.name for hit in made.contribute(at=datetime(2019, 1, 1, tzinfo=UTC)).about("Norda 12")] == ["old"]
    left_out = made.contribute(at=None, without=frozenset({f"{2:016x}"}))
    assert left_out.about("Norda 12") == ()


def test_other_names_lead_to_the_same() -> None:
    made = memory(("Norda 12", "price", "31 EUR"), ("Norda 12", ALIAS_RELATION, "Little Red"))
    assert "31 EUR" in about(made, "What does Little Red cost?")


def test_no_more_than_the_limit_and_the_fitting_first() -> None:
    made = memory(*[("Velmor", f"kind {n}", str(n)) for n in range(50)])
    found = about(made, "What is kind 7 of Velmor?")
    assert (len(found), found[0]) == (30, "7")


def test_a_staged_view_decides_over_what_is_below() -> None:
    made = memory(("Norda 12", "price", "31 EUR"))
    task = Task(
        f"{0:016x}", ("q",), "29 EUR",
        fact=Fact(subject="Norda 12", relation="price", object="29 EUR"), origin=Origin("a.csv", "ann", "normal"),
    )  # fmt: skip
    view = made.staged([Deliver(task.addendum_id, made.prepare([task])[task.addendum_id], 5)])
    reader = view.contribute(at=None)
    assert isinstance(reader, MentionReader)
    assert [hit.name for hit in reader.about("Norda 12")] == ["29 EUR"]
    assert about(made, "Norda 12") == ["31 EUR"]
