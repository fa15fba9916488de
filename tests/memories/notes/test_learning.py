from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput
from addenda.intervals import wilson
from addenda.memories.notes.cases import Observation, holds, implies
from addenda.memories.notes.confidence import Evidence
from addenda.memories.notes.deltas import deltas_between
from addenda.memories.notes.drift import learned_since_change
from addenda.memories.notes.induction import InducedRule, InductionSettings, induce
from addenda.memories.notes.language import Condition, conclusion, when
from addenda.memories.notes.lists import decided, surprises
from addenda.memories.notes.literals import literals_of, shortest_between
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.memories.notes.revision import RevisionSettings, revise
from tests.memories.notes.tables import CASES, agreement, applied, due, rule, watched

HIDDEN = [
    rule("brosk is dar and quel is lom", "zim"),
    rule("trune is dar", "fep"),
    rule("vasp is lom", "hul"),
    rule("", "gor"),
]
OTHER = [
    rule("brosk is dar and quel is lom", "zim"),
    rule("trune is dar", "gor"),
    rule("vasp is lom", "fep"),
    rule("", "hul"),
]
BATCH = 10


def notes_of(rules: list[tuple[tuple[Condition, ...], str]]) -> list[HeldNote]:
    return [HeldNote(f"{n:016x}", conclusion(a), when(c), 1_000 * n) for n, (c, a) in enumerate(rules, 1)]


def learned(observations: list[Observation]) -> list[tuple[tuple[Condition, ...], str]]:
    return [(found.conditions, found.answer) for found in induce(observations).rules]


def test_the_hidden_list_is_found_without_a_label() -> None:
    observations = watched(HIDDEN, 150, random.Random(1))
    found = learned(observations)
    assert all(due(found, case) == due(HIDDEN, case) for case in CASES)


def test_what_speaks_for_a_rule_is_named() -> None:
    observations = watched(HIDDEN, 150, random.Random(2), noise=0.05)
    found = induce(observations)
    for one in found.rules:
        assert one.supporting
        assert all(observations[place].says(one.answer) is True for place in one.supporting)
        assert all(observations[place].says(one.answer) is False for place in one.contradicting)
    reached = decided([(one.conditions, one.answer) for one in found.rules], observations)
    for one, places in zip(found.rules, reached, strict=True):
        assert set(one.supporting) | set(one.contradicting) <= set(places)


def test_labels_teach_faster_and_learning_without_them_does_not_look_at_them() -> None:
    rng = random.Random(3)
    labelled = [
        Observation(attributes=case.attributes, answer="zim", label=due(HIDDEN, case), feedback="label")
        for case in rng.choices(CASES, k=60)
    ]
    found = learned(labelled)
    assert sum(due(found, case) == due(HIDDEN, case) for case in CASES) >= 60
    silent = [one.model_copy(update={"label": None, "feedback": "none"}) for one in labelled]
    with pytest.raises(InvalidInput, match="none of 60 observations has both attributes and feedback"):
        induce(silent)


def test_a_label_says_more_than_whether_an_answer_was_right() -> None:
    labels = ["zim"] * 22 + ["fep", "hul", "gor"] * 6
    labelled = [Observation(attributes={"brosk": "dar"}, answer="zim", label=one, feedback="label") for one in labels]
    assert learned(labelled) == [rule("", "zim")]
    judged = [Observation(attributes={"brosk": "dar"}, answer="zim", right=one == "zim") for one in labels]  # type: ignore[call-arg]
    assert learned(judged) == []


def test_learning_repeats_itself() -> None:
    observations = watched(HIDDEN, 120, random.Random(4), noise=0.1)
    assert induce(observations) == induce(observations)


def test_a_good_list_to_start_from_comes_back_as_it_is() -> None:
    observations = watched(HIDDEN, 150, random.Random(5))
    found = induce(observations, HIDDEN)
    assert [one.start for one in found.rules] == [0, 1, 2, 3]
    assert [(one.conditions, one.answer) for one in found.rules] == HIDDEN


def test_numbers_become_thresholds_that_people_read() -> None:
    rng = random.Random(6)
    observations = [
        Observation(attributes={"age": str(age)}, answer=said, right=(said == ("a" if age >= 5 else "b")))  # type: ignore[call-arg]
        for age in rng.choices(range(12), k=80)
        for said in rng.choices("ab", k=1)
    ]
    found = learned(observations)
    assert all(due(found, one) == ("a" if int(one.attributes["age"]) >= 5 else "b") for one in observations)
    assert {c.test for conditions, _ in found for c in conditions} <= {"is at least", "is below"}
    assert {c.value for conditions, _ in found for c in conditions} == {"5"}


@given(st.decimals(-1000, 1000, places=3), st.decimals(-1000, 1000, places=3))
def test_a_threshold_parts_its_neighbours(one: Decimal, other: Decimal) -> None:
    if one == other:
        return
    below, here = sorted((one, other))
    cut = shortest_between(below, here)
    assert below < cut <= here
    assert len(cut.as_tuple().digits) <= len(here.as_tuple().digits)


def test_conditions_tell_cases_apart() -> None:
    cases = [{"a": "x", "n": str(n), "same": "1"} for n in range(9)] + [{"a": "y"}]
    found = literals_of(cases)
    assert {one.condition.attribute for one in found} == {"a", "n", "same"}
    assert all(0 < one.covers < 2 ** len(cases) - 1 for one in found)
    assert {one.condition.test for one in found if one.condition.attribute == "n"} == {"is at least", "is below"}


def test_so_many_attributes_that_not_all_conjunctions_can_be_tried() -> None:
    rng = random.Random(7)
    names = [f"n{k}" for k in range(40)]
    observations: list[Observation] = []
    for _ in range(120):
        attributes = {name: str(rng.randrange(100)) for name in names}
        right = "a" if int(attributes["n7"]) >= 50 and int(attributes["n9"]) < 50 else "b"
        observations.append(Observation(attributes=attributes, answer=rng.choice("ab"), label=right, feedback="label"))
    found = learned(observations)
    assert sum(due(found, one) == one.label for one in observations) >= 110


# -- deltas ------------------------------------------------------------------------------------------------------------


def induced(words: str, answer: str, start: int | None = None) -> InducedRule:
    conditions, _ = rule(words, answer)
    return InducedRule(conditions, answer, start, supporting=(0, 2), contradicting=(1,))


def kinds(notes: list[HeldNote], new: list[InducedRule]) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.kind, tuple(int(i, 16) for i in one.replaces)) for one in deltas_between(notes, new)]


def test_each_kind_of_delta_is_told() -> None:
    notes = notes_of(
        [rule("a is 1 and b is 1", "x"), rule("a is 1 and b is 2", "x"), rule("c is 1", "y"), rule("", "z")]
    )
    stay = [induced("a is 1 and b is 1", "x", 0), induced("a is 1 and b is 2", "x", 1), induced("c is 1", "y", 2)]
    last = induced("", "z", 3)
    assert kinds(notes, [*stay, last]) == []
    assert kinds(notes, [*stay, induced("d is 1", "z"), last]) == [("add", ())]
    assert kinds(notes, [*stay[:2], induced("c is 1 and d is 1", "y"), last]) == [("narrow", (3,))]
    assert kinds(notes, [*stay[1:], induced("b is 1", "x"), last]) == [("generalise", (1,))]
    assert kinds(notes, [induced("a is 1", "x"), stay[2], last]) == [("merge", (1, 2))]
    assert kinds(notes, [*stay[:2], induced("C is 1", "x"), last]) == [("contradict", (3,))]
    assert kinds(notes, [*stay[:2], last]) == [("retire", (3,))]
    assert kinds(notes, [stay[1], stay[0], stay[2], last]) == [("move", (1,))]


def test_a_delta_brings_its_evidence_in_words() -> None:
    (delta,) = deltas_between([], [induced("a is 1", "x y")])
    assert delta.note is not None
    assert (delta.note.applies_when, delta.note.rule) == ("a is 1", "the answer is x y")
    assert (delta.supporting, delta.contradicting) == ((0, 2), (1,))


def test_a_threshold_that_moves_narrows_or_generalises() -> None:
    notes = notes_of([rule("age is at least 5", "x"), rule("", "y")])
    last = induced("", "y", 1)
    assert kinds(notes, [induced("age is at least 7", "x"), last]) == [("narrow", (1,))]
    assert kinds(notes, [induced("age is at least 3", "x"), last]) == [("generalise", (1,))]
    assert kinds(notes, [induced("age is below 3", "x"), last]) == [("add", ()), ("retire", (1,))]


CONDITIONS = st.builds(
    Condition,
    st.sampled_from(["a", "A"]),
    st.sampled_from(["is", "is not", "is at least", "is below"]),
    st.sampled_from(["3", "5", "5.0", "x", "X"]),
)


@given(CONDITIONS, CONDITIONS, st.sampled_from(["3", "4", "5", "5.0", "6", "x", "y"]))
def test_what_a_condition_implies_holds_wherever_it_does(one: Condition, other: Condition, value: str) -> None:
    if implies(one, other) and holds(one, {"a": value}):
        assert holds(other, {"a": value})


@given(st.data())
def test_after_the_deltas_the_notebook_decides_as_the_list(data: st.DataObject) -> None:
    pool = [("a is 1", "x"), ("b is 1", "y"), ("a is 1 and b is 1", "z"), ("c is 1", "x"), ("", "y"), ("b is 2", "x")]
    before = data.draw(st.lists(st.sampled_from(pool), unique=True))
    steps = data.draw(st.lists(st.sampled_from([1, 2, 1_000]), min_size=len(before), max_size=len(before)))
    places = [sum(steps[: n + 1]) for n in range(len(steps))]
    notes = [HeldNote(f"{n:016x}", conclusion(answer), words, places[n]) for n, (words, answer) in enumerate(before)]
    after = data.draw(st.lists(st.sampled_from(pool), unique=True))
    new = [induced(w, a, before.index((w, a)) if (w, a) in before else None) for w, a in after]
    result = Notebook(applied(notes, deltas_between(notes, new), 1))
    assert [(note.applies_when, note.answer) for note in result.notes] == after


# -- revision and drift ------------------------------------------------------------------------------------------------


def test_the_notebook_learns_batch_by_batch_and_then_rests() -> None:
    rng, notes, observations, asked = random.Random(8), list[HeldNote](), list[Observation](), list[int]()
    for generation in range(16):
        notebook = Notebook(notes)
        observations += watched(HIDDEN, BATCH, rng, lambda case, n=notebook: decided_by(n, case))
        revision = revise(notes, observations)
        notes = applied(notes, revision.deltas, generation)
        asked.append(len(revision.deltas))
    assert agreement(Notebook(notes), HIDDEN) == 1.0
    assert asked[-3:] == [0, 0, 0]
    assert revision.since == 0


def decided_by(notebook: Notebook, case: object) -> str | None:
    note = notebook.decide(case)  # type: ignore[arg-type]
    return None if note is None else note.answer


def test_a_change_of_the_rules_is_noticed_and_followed() -> None:
    rng = random.Random(9)
    notes = notes_of(HIDDEN)
    observations = watched(HIDDEN, 120, rng, lambda case: due(HIDDEN, case))
    since = 0
    for generation in range(10):
        notebook = Notebook(notes)
        observations += watched(OTHER, BATCH, rng, lambda case, n=notebook: decided_by(n, case))
        revision = revise(notes, observations, since=since)
        since = revision.since
        notes = applied(notes, revision.deltas, generation)
    assert since == 120
    assert agreement(Notebook(notes), OTHER) >= 0.9


def test_one_contradicting_batch_does_not_remove_what_many_support() -> None:
    rng = random.Random(10)
    notes = notes_of(HIDDEN)
    good = watched(HIDDEN, 120, rng, lambda case: due(HIDDEN, case))
    bad = watched(OTHER, BATCH, rng, lambda case: due(HIDDEN, case))
    gone = [i for delta in revise(notes, [*good, *bad]).deltas if delta.kind != "add" for i in delta.replaces]
    assert gone == []


def test_what_too_few_batches_ask_for_is_held_back() -> None:
    rng = random.Random(11)
    notes = notes_of([rule("", "zim")])
    observations = watched([rule("", "zim"), rule("", "gor")], 80, rng)
    observations += watched([rule("", "gor"), rule("", "zim")], 20, rng)
    eager = revise(notes, observations, RevisionSettings(momentum=1))
    assert [delta.kind for delta in eager.deltas] == ["contradict"]
    patient = revise(notes, observations, RevisionSettings(momentum=3))
    assert [delta.kind for delta in patient.held_back] == ["contradict"]
    assert not patient.deltas
    assert patient.since == 0
    observations += watched([rule("", "gor"), rule("", "zim")], 20, rng)
    assert [delta.kind for delta in revise(notes, observations).deltas] == ["contradict"]


def test_notes_that_nothing_is_known_about_are_left_alone() -> None:
    notes = [
        *notes_of([rule("brosk is never", "zim")]),
        HeldNote("f" * 16, "Be polite", "the customer is angry", 0),
    ]
    observations = watched(HIDDEN, 100, random.Random(12))
    revision = revise(notes, observations)
    assert revision.deltas
    assert not any(delta.replaces for delta in revision.deltas)


def test_noise_alone_is_no_change_of_the_rules() -> None:
    observations = watched(HIDDEN, 200, random.Random(13), lambda case: due(HIDDEN, case), noise=0.15)
    at, _ = learned_since_change(HIDDEN, observations, batch=BATCH, margin=6.0, induction=InductionSettings())
    assert at == 0


def test_observations_without_attributes_are_no_time_before_a_change() -> None:
    spoken = [Observation(text=f"Hello number {n}", answer="gor", right=True) for n in range(20)]  # type: ignore[call-arg]
    observations = [*spoken, *watched(HIDDEN, 60, random.Random(15), lambda _case: "zim")]
    revision = revise(notes_of([rule("", "gor")]), observations)
    assert revision.since == 0
    assert revision.deltas


def test_surprises_are_what_a_list_does_not_let_expect() -> None:
    observations = watched(HIDDEN, 50, random.Random(14))
    assert not any(surprises(HIDDEN, observations))
    assert any(surprises(OTHER, observations))
    assert surprises([rule("brosk is never", "zim")], observations) == []


# -- evidence ----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_interval_holds_the_share(supporting: int, contradicting: int) -> None:
    evidence = Evidence(supporting, contradicting)
    low, high = evidence.interval
    assert 0 <= low <= evidence.share <= high <= 1


def test_the_interval_is_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.4901, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == 1.0
    assert str(Evidence(8, 2)) == "8 of 10 observations, 0.49 to 0.94"
    assert str(Evidence(0, 0)) == "no observations"
