from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.memories.notes.cases import Case
from addenda.memories.notes.notebook import HeldNote, Notebook


def note(number: int, rule: str, applies_when: str = "", place: int = 0) -> HeldNote:
    return HeldNote(f"{number:016x}", rule, applies_when, place)


def words(text: str) -> int:
    return len(text.split())


def shown(notebook: Notebook, case: Case, budget: int = 1_000, most: int = 12) -> list[str]:
    return [chosen.note.rule for chosen in notebook.choose(case, budget=budget, tokens=words, most=most)]


OLD = note(1, "the answer is replace", "fault is no heat and age is at least 5", 10)
YOUNG = note(2, "the answer is repair", "fault is no heat", 20)
OTHERWISE = note(3, "the answer is ask", "", 99)
POLITE = note(4, "Offer a call back", "the customer sounds angry about a late technician", 5)


def test_the_first_note_that_applies_decides() -> None:
    notebook = Notebook([OTHERWISE, YOUNG, OLD, POLITE])
    assert notebook.decide(Case(attributes={"fault": "No heat", "age": "7"})) == OLD
    assert notebook.decide(Case(attributes={"fault": "no heat", "age": "2"})) == YOUNG
    assert notebook.decide(Case(attributes={"fault": "noise"})) == OTHERWISE
    assert Notebook([OLD, POLITE]).decide(Case(attributes={"fault": "noise"})) is None


def test_the_note_that_decides_is_shown_whatever_else_applies() -> None:
    rules = [note(number, f"Mind rule {number}", "", 1) for number in range(10, 40)]
    assert shown(Notebook([*rules, OTHERWISE]), Case(text="x"), most=1) == [OTHERWISE.rule]


def test_places_decide_first() -> None:
    first = note(9, "the answer is a", "", 1)
    assert Notebook([note(1, "the answer is b", "", 2), first]).decide(Case(text="x")) == first


def test_in_one_place_the_later_note_is_tried_first() -> None:
    earlier, later = (HeldNote(f"{n:016x}", f"the answer is {n}", "", 7, sequence=n) for n in (1, 2))
    assert Notebook([earlier, later]).decide(Case(text="x")) == later


def test_a_model_is_shown_what_applies_and_what_is_near_in_the_notebooks_order() -> None:
    notebook = Notebook([OTHERWISE, YOUNG, OLD, POLITE])
    angry = Case(attributes={"fault": "no heat", "age": "7"}, text="An angry customer waits for the technician")
    assert shown(notebook, angry) == [POLITE.rule, OLD.rule, YOUNG.rule, OTHERWISE.rule]
    assert shown(notebook, Case(attributes={"fault": "noise"})) == [OTHERWISE.rule]
    # Of a case without attributes a model reads the conditions itself.
    assert OLD.rule in shown(notebook, Case(text="no heat, what now?"))


def test_a_line_names_the_note() -> None:
    (line,) = [chosen.line for chosen in Notebook([OLD]).choose(Case(text="heat"), budget=99, tokens=words)]
    assert line == "[00000000] when fault is no heat and age is at least 5: the answer is replace"
    alike = Notebook([OLD, YOUNG])
    assert {alike.label(OLD.addendum_id), alike.label(YOUNG.addendum_id)} == {OLD.addendum_id, YOUNG.addendum_id}


@given(st.integers(0, 60), st.integers(1, 5))
def test_the_budget_and_the_most_are_kept(budget: int, most: int) -> None:
    notebook = Notebook([OTHERWISE, YOUNG, OLD, POLITE])
    chosen = notebook.choose(
        Case(attributes={"fault": "no heat", "age": "7"}, text="angry"), budget=budget, tokens=words, most=most
    )
    assert sum(words(one.line) for one in chosen) <= budget
    assert len(chosen) <= most
    assert [one.note.order for one in chosen] == sorted(one.note.order for one in chosen)


CONDITIONS = st.lists(
    st.builds(
        lambda name, test, value: f"{name} {test} {value}",
        st.sampled_from("abc"),
        st.sampled_from(["is", "is not", "is at least", "is below"]),
        st.sampled_from("012"),
    ),
    max_size=3,
).map(" and ".join)


@given(
    st.lists(st.tuples(CONDITIONS, st.integers(0, 3)), max_size=12),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("0123"), min_size=1),
)
def test_looking_up_finds_what_trying_all_finds(made: list[tuple[str, int]], attributes: dict[str, str]) -> None:
    notes = [note(n, f"the answer is {n}", when, place) for n, (when, place) in enumerate(made)]
    case = Case(attributes=attributes)
    applying = sorted((one for one in notes if one.applies(case)), key=lambda one: one.order)
    assert Notebook(notes).applying(case) == applying
    assert Notebook(notes).decide(case) == (applying[0] if applying else None)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_nearest_of_many_is_found(language: str) -> None:
    rng = random.Random(5)
    syllables = "ナブコサリトミ修理給水" if language == "ja" else "nabkosarit"
    made = ["".join(rng.choices(syllables, k=6)) for _ in range(400)]
    notes = [note(n, f"Say {word}", f"somebody asks about {word}") for n, word in enumerate(made)]
    notebook = Notebook(notes)
    for n in (3, 77, 399):
        chosen = notebook.choose(Case(text=f"What about {made[n]}, please?"), budget=1_000, tokens=words, most=3)
        assert notes[n] in [one.note for one in chosen]
        assert max(chosen, key=lambda one: one.score).note == notes[n]
        assert all(0 <= one.score <= 1 for one in chosen)


def test_an_empty_notebook_says_nothing() -> None:
    assert Notebook([]).decide(Case(text="x")) is None
    assert Notebook([]).choose(Case(text="x"), budget=100, tokens=words) == []
