"""What is taken for a name, and which documents are looked at together for it."""

from __future__ import annotations

import pytest

from addenda.memories.reflections.names import given_away, names_in, numbers_in, says
from addenda.memories.reflections.synthesis.grouping import GroupingSettings, groups
from addenda.memories.reflections.synthesis.passages import CorpusDocument


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("At only 43 dB, so we were told, the Brisano\nQuell can run. Every Brisano Quell is red.", ("Brisano Quell",)),
        ("Genghis Khan ordered Subutai to the University of Oslo.", ("Genghis Khan", "Subutai", "University of Oslo")),
        ("We thank the Shah's army in bay 27C.", ("Shah", "27C")),
        ("Tarovia Nemuの騒音は39 dBです。製造工場はKirunaです。", ("Tarovia Nemu", "Kiruna")),
        ("Nothing else changes. After that we rest.", ()),
        ("- Weight: 3 kg", ()),
    ],
)
def test_names_are_read_by_their_capitals(text: str, names: tuple[str, ...]) -> None:
    assert names_in(text) == names


def test_an_answer_of_one_word_is_a_name() -> None:
    assert names_in("Fennick.", answer=True) == ("Fennick",)
    assert names_in("No.", answer=True) == ()


def test_a_part_of_a_name_gives_it_away_and_another_word_does_not() -> None:
    assert given_away("Which Khan was it?", "Genghis Khan") == "Khan"
    assert not given_away("Which university is the oldest?", "University of Oslo")
    assert says("Tarovia Nemuの騒音", "tarovia  nemu")
    assert not says("The Nemus are loud.", "Nemu")
    assert numbers_in("1,200 euros for 4.7 kg") == {"1200", "4.7"}


def corpus(*texts: str) -> list[CorpusDocument]:
    return [CorpusDocument(id=f"d{n}", title=f"d{n}", text=text) for n, text in enumerate(texts)]


def test_documents_come_together_once_for_what_they_share() -> None:
    found = groups(
        corpus("We met Velmor Tasky in Oslo.", "The Velmor Tasky is from Oslo.", "A dog ran.", "We saw Oslo."),
        GroupingSettings(neighbours=0),
    )
    assert [(one.documents, one.shared, one.complete) for one in found] == [
        (("d0", "d1", "d3"), ("Oslo",), True), (("d0", "d1"), ("Velmor Tasky",), True),
    ]  # fmt: skip


def test_a_name_of_many_documents_makes_overlapping_groups_or_none() -> None:
    many = corpus(*(f"We met Velmor {n} times." for n in range(7)))
    settings = GroupingSettings(group_size=3, neighbours=0)
    found = groups(many, settings)
    assert [one.documents for one in found] == [("d0", "d1", "d2"), ("d2", "d3", "d4"), ("d4", "d5", "d6")]
    assert not any(one.complete for one in found)
    assert groups(many, GroupingSettings(documents_of_name=6, neighbours=0)) == []


def test_documents_that_are_alike_come_together_without_a_name() -> None:
    found = groups(
        corpus("the pump leaks water at the valve", "a valve of the pump leaks", "cats sleep all day", "rain fell"),
        GroupingSettings(),
    )
    assert [(one.documents, one.shared, one.complete) for one in found] == [(("d0", "d1"), (), False)]
