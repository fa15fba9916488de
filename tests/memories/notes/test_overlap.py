"""Whether a note overrules another, against every case of a small world."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from addenda.memories.notes.cases import Case
from addenda.memories.notes.language import Condition, conclusion, when
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.memories.notes.overlap import can_all_hold, overrules

VALUES = ("dar", "lom", "2", "3", "5", "7 years")
CASES = [Case(attributes={"brosk": one, "quel": other}) for one, other in product(VALUES, VALUES)]

conditions = st.lists(
    st.builds(
        Condition,
        st.sampled_from(["brosk", "Quel"]),
        st.sampled_from(["is", "is not", "is at least", "is below"]),
        st.sampled_from(["dar", "2", "3", "5"]),
    ),
    max_size=3,
)


def note(name: str, wanted: list[Condition], answer: str, place: int) -> HeldNote:
    return HeldNote(name * 16, conclusion(answer), when(wanted), place, sequence=place)


notes = st.tuples(conditions, st.sampled_from(["zim", "fep"]), st.integers(0, 3))


@given(notes, notes)
def test_what_overrules_is_never_missed(
    one: tuple[list[Condition], str, int], other: tuple[list[Condition], str, int]
) -> None:
    new, old = note("a", *one), note("b", *other)
    both, alone = Notebook([new, old]), Notebook([old])
    changed = [case for case in CASES if (was := alone.decide(case)) is not None and both.decide(case) is not was]
    otherwise = [case for case in changed if new.answer != old.answer]
    if otherwise and (old.conditions or not new.conditions):
        assert overrules(new, old)
    if overrules(new, old):
        assert new.order < old.order
        assert new.answer != old.answer


@given(conditions)
def test_what_some_case_meets_can_hold(wanted: list[Condition]) -> None:
    asked = HeldNote("a" * 16, conclusion("zim"), when(wanted))
    if any(asked.applies(case) for case in CASES):
        assert can_all_hold(wanted)


def test_conditions_that_no_case_can_meet() -> None:
    for words in (
        [("age", "is at least", "5"), ("Age", "is below", "5")],
        [("age", "is", "4"), ("age", "is at least", "5")],
        [("fault", "is", "no heat"), ("fault", "is not", "No heat")],
        [("fault", "is", "no heat"), ("fault", "is", "leak")],
        [("age", "is at least", "old")],
    ):
        assert not can_all_hold(Condition(*one) for one in words)  # type: ignore[arg-type]
    assert can_all_hold([Condition("age", "is at least", "5"), Condition("age", "is below", "6")])


def test_an_exception_to_what_is_said_of_everything_else_overrules_nothing() -> None:
    everything_else = HeldNote("b" * 16, conclusion("zim"), "", 9)
    assert not overrules(HeldNote("a" * 16, conclusion("fep"), "brosk is dar", 1), everything_else)
    assert overrules(HeldNote("a" * 16, conclusion("fep"), "", 1), everything_else)
    assert not overrules(
        HeldNote("a" * 16, "ask Ana", "brosk is dar", 1), HeldNote("b" * 16, conclusion("zim"), "x is 1")
    )
