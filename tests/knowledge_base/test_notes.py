"""Notes from the observation to the answer: what the knowledge base adds to the memory of notes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from addenda.errors import InvalidInput, PermissionDenied
from addenda.knowledge_base.learning import LEARNER, UNCOUNTED, ChatInducerSettings, Lesson, RevisionSettings
from addenda.knowledge_base.observing import Batch
from addenda.ledger import Actor
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.chat_inducer import ChatInducer
from addenda.types import Note
from benchmarks.notes_minds import ORDER, Flaw, Mind
from tests.knowledge_base.office import Office, found
from tests.memories.notes.tables import CASES, due, rule, watched

HIDDEN = [rule("brosk is dar and quel is lom", "zim"), rule("trune is dar", "fep"), rule("", "gor")]
OTHER = [rule("brosk is dar and quel is lom", "fep"), rule("trune is dar", "zim"), rule("", "gor")]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("noting")
    found(directory, "bundled", "triples")
    return directory


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Iterator[Office]:
    """Whatever a test did, everything must be sound at its end."""
    opened = Office.copied(template, tmp_path / "office")
    yield opened
    assert opened.is_sound()
    opened.kb.close()


def observe(office: Office, observations: list[Observation]) -> str:
    (made,) = office.kb.observing.record([Batch(observations, "log.jsonl")], by=office.ana)
    return made.addendum.id


def learn(office: Office) -> list[str]:
    """Ana lets it learn; Ben approves and activates all."""
    ids = proposed(office.kb.learning.run(by=office.ana))
    if ids:
        assert office.kb.changes.approve(ids, by=office.ben).approved == tuple(ids)
        assert office.activate(ids).active == tuple(ids)
    return ids


def proposed(lesson: Lesson) -> list[str]:
    return [one.addendum.id for one in lesson.learned if one.is_new]


def asked(office: Office, words: str) -> tuple[str, list[str]]:
    answer = office.kb.ask(words)
    return answer.text, [match.addendum_id for match in answer.trace.matches if match.injected]


def agreement(office: Office, rules: list[tuple[tuple[object, ...], str]]) -> float:
    questions = [" and ".join(f"{name} is {value}" for name, value in case.attributes.items()) for case in CASES]
    answers = office.kb.ask_many(questions)
    return sum(a.text == due(rules, c) for a, c in zip(answers, CASES, strict=True)) / len(CASES)  # type: ignore[arg-type]


def test_from_what_turned_out_right_to_the_answer(office: Office) -> None:
    batch = observe(office, watched(HIDDEN, 120, random.Random(1)))
    ids = learn(office)
    assert agreement(office, HIDDEN) == 1.0
    said, by = asked(office, "brosk is dar and quel is lom?")
    assert said == "zim"
    note = office.kb.addendum(by[0]).content
    assert isinstance(note, Note)
    assert (note.applies_when, note.rule) == ("brosk is dar and quel is lom", "the answer is zim")
    assert note.supported_by
    assert all(ref.startswith(f"{batch}/") for ref in note.supported_by)
    addendum = office.kb.addendum(by[0])
    assert (addendum.author, addendum.evidence, addendum.trust) == (LEARNER, (batch,), "low")
    explained = office.kb.explain()
    assert explained.ablations[0].changed
    assert set(by) <= set(ids)


def test_what_is_learned_waits_for_somebody_else(office: Office) -> None:
    observe(office, watched(HIDDEN, 120, random.Random(2)))
    before = asked(office, "trune is dar?")
    ids = proposed(office.kb.learning.run(by=office.ana))
    assert {office.status(i) for i in ids} == {"proposed"}
    assert asked(office, "trune is dar?") == before
    with pytest.raises(PermissionDenied):
        office.kb.changes.approve(ids, by=office.ana)
    again = office.kb.learning.run(by=office.ana)
    assert proposed(again) == []
    assert [one.duplicate_of for one in again.learned] == ids


def test_what_was_rejected_is_not_asked_for_again_until_much_more_was_observed(office: Office) -> None:
    observe(office, watched(HIDDEN, 60, random.Random(2)))
    ids = proposed(office.kb.learning.run(by=office.ana))
    office.kb.changes.reject(ids, by=office.ben, reason="not so fast")
    again = office.kb.learning.run(by=office.ana)
    assert proposed(again) == []
    assert [one.rejected_as for one in again.learned] == ids
    observe(office, watched(HIDDEN, 120, random.Random(3)))
    assert len(proposed(office.kb.learning.run(by=office.ana))) >= 2


def test_a_dry_run_proposes_nothing(office: Office) -> None:
    observe(office, watched(HIDDEN, 120, random.Random(3)))
    position = office.kb.state.position
    lesson = office.kb.learning.run(by=office.ana, dry_run=True)
    assert len(proposed(lesson)) == 3
    assert (lesson.observations, lesson.notes) == (120, 0)
    assert office.kb.state.position == position


def test_the_notebook_follows_when_the_rules_change(office: Office) -> None:
    rng = random.Random(4)
    observe(office, watched(HIDDEN, 120, rng))
    learn(office)
    for _ in range(6):
        observe(office, watched(OTHER, 20, rng))
        learn(office)
    assert agreement(office, OTHER) == 1.0
    assert learn(office) == [], "it has settled, and old observations do not bring old rules back"


def test_what_was_observed_under_other_rules_does_not_count_against_a_note(office: Office) -> None:
    rng = random.Random(4)
    observe(office, watched(HIDDEN, 120, rng))
    learn(office)
    for _ in range(6):
        observe(office, watched(OTHER, 20, rng))
        learn(office)
    listed = office.kb.notebook.listed()
    assert all(one.evidence.contradicting == 0 < one.evidence.supporting for one in listed), listed


def test_what_replaces_can_be_taken_back(office: Office) -> None:
    rng = random.Random(5)
    observe(office, watched(HIDDEN, 120, rng))
    first = learn(office)
    for _ in range(4):
        observe(office, watched(OTHER, 20, rng))
        learn(office)
    later = [r.id for r in office.kb.state.held("notes") if r.id not in first]
    office.kb.changes.rollback(later, by=office.ben)
    assert agreement(office, HIDDEN) == 1.0


def test_a_note_that_a_person_wrote_decides_where_it_stands_first(office: Office) -> None:
    observe(office, watched(HIDDEN, 120, random.Random(6)))
    learn(office)
    (mine,) = office.live(Note(rule="the answer is ask Ana", applies_when="trune is dar and quel is dar"))
    assert asked(office, "trune is dar and quel is dar?") == ("ask Ana", [mine])
    office.kb.changes.disable([mine], by=office.ben)
    assert asked(office, "trune is dar and quel is dar?")[0] == "fep"


def test_a_note_that_never_gets_its_turn_is_left_behind(office: Office) -> None:
    office.live(Note(rule="the answer is zim", applies_when="trune is dar"))
    ids = office.approved(Note(rule="the answer is fep", applies_when="trune is dar and quel is dar", place=5))
    done = office.activate(ids)
    assert done.gate_failed == tuple(ids)
    assert "it says 'zim', not 'fep'" in office.kb.why_failed(ids[0])


def test_a_learned_note_that_observations_speak_against_is_left_behind(office: Office) -> None:
    observe(office, watched(HIDDEN, 120, random.Random(7)))
    learn(office)
    wrong = Note(rule="the answer is gor", applies_when="brosk is dar and quel is lom", place=1)
    ids = office.approved(wrong, tags=("learned",))
    assert office.activate(ids).gate_failed == tuple(ids)
    assert "would be answered worse" in office.kb.why_failed(ids[0])
    record = office.kb.state.record(ids[0])
    assert record.verdict is not None
    assert record.verdict.reason == "with it observations would be answered worse"


def test_a_note_in_free_text_is_live_and_leaves_answers_alone(office: Office) -> None:
    office.live(Note(rule="Offer a call back", applies_when="the customer is angry"))
    assert asked(office, "The customer is angry!")[1] == []


def test_a_batch_that_is_taken_back_is_not_learned_from(office: Office) -> None:
    batch = observe(office, watched(HIDDEN, 60, random.Random(8)))
    office.kb.changes.reject([batch], by=office.ben, reason="made up")
    with pytest.raises(InvalidInput, match="none of 0 observations"):
        office.kb.learning.run(by=office.ana)


def test_erasing_a_batch_destroys_it(office: Office) -> None:
    batch = observe(office, watched(HIDDEN, 60, random.Random(9)))
    office.kb.changes.erase([batch], by=office.ana, reason="asked by a customer")
    assert office.kb.observing.all() == []


@pytest.mark.parametrize("count", [0, 10_001])
def test_a_batch_of_another_size_is_refused(office: Office, count: int) -> None:
    one = Observation(text="x", answer="y", right=True)  # type: ignore[call-arg]
    with pytest.raises(InvalidInput, match="a batch has from 1 to 10,000 observations"):
        office.kb.observing.record([Batch([one], "a"), Batch([one] * count, "b")], by=office.ana)
    assert office.kb.observing.all() == []


def test_the_same_batch_is_taken_once(office: Office) -> None:
    log, other = (watched(HIDDEN, 20, random.Random(seed)) for seed in (1, 2))
    batch = observe(office, log)
    first, second, third = office.kb.observing.record(
        [Batch(log, "log.jsonl"), Batch(other, "log.jsonl"), Batch(log, "copy.jsonl")], by=office.ana
    )
    assert (first.duplicate_of, second.duplicate_of, third.duplicate_of) == (batch, None, None)
    assert len(office.kb.observing.all()) == 60


def test_the_learner_is_a_model_and_can_only_propose(office: Office) -> None:
    observe(office, watched(HIDDEN, 120, random.Random(10)))
    ids = proposed(office.kb.learning.run(by=office.ana))
    actors = {event.actor for i in ids for event in office.kb.history(i)}
    assert actors == {Actor(kind="model", name=LEARNER)}


def mind(flaw: Flaw = "none") -> ChatInducer:
    return ChatInducer(Mind(flaw), ChatInducerSettings(revision=RevisionSettings(batch=40), accumulate=1))


def test_what_a_language_model_learns_is_proposed_in_its_name(office: Office) -> None:
    batch = observe(office, watched(HIDDEN, 120, random.Random(11)))
    lesson = office.kb.learning.run(by=office.ana, inducer=mind())
    ids = proposed(lesson)
    assert (lesson.by, lesson.unlearned) == ("scripted (none)", ())
    actors = {event.actor for i in ids for event in office.kb.history(i)}
    assert actors == {Actor(kind="model", name="scripted (none)")}
    addendum = office.kb.addendum(ids[0])
    assert (addendum.author, addendum.evidence, addendum.trust) == ("scripted (none)", (batch,), "low")
    assert addendum.tags == ("learned", "add", f"since:{batch}/1")
    assert isinstance(addendum.content, Note)
    assert all(ref.startswith(f"{batch}/") for ref in addendum.content.supported_by)
    again = office.kb.learning.run(by=office.ana, inducer=mind())
    assert {one.duplicate_of for one in again.learned} == set(ids)
    office.kb.changes.approve(ids, by=office.ben)
    assert office.activate(ids).active == tuple(ids)
    assert agreement(office, HIDDEN) >= 0.9


@pytest.mark.parametrize("flaw", ["starts anew", "silent", "malformed", "invents ids"])
def test_a_model_that_forgets_or_says_nothing_usable_takes_no_note_away(office: Office, flaw: Flaw) -> None:
    observe(office, watched(HIDDEN, 120, random.Random(12)))
    ids = learn(office)
    lesson = office.kb.learning.run(by=office.ana, inducer=mind(flaw))
    assert proposed(lesson) == []
    assert bool(lesson.unlearned) == (flaw == "malformed")
    assert bool(lesson.rejected) == (flaw in ("starts anew", "invents ids"))
    assert {office.status(i) for i in ids} == {"active"}


def test_an_order_among_the_notes_waits_for_a_person_as_a_note_that_nobody_counted(office: Office) -> None:
    batch = observe(office, watched(HIDDEN, 40, random.Random(13)))
    lesson = office.kb.learning.run(by=office.ana, inducer=mind("obeys"))
    (remark,) = [one for one in lesson.learned if one.delta.drafted_from]
    assert isinstance(remark.addendum.content, Note)
    assert (remark.addendum.content.rule, remark.addendum.content.supported_by) == (ORDER, ())
    assert UNCOUNTED in remark.addendum.tags
    assert (remark.addendum.evidence, office.status(remark.addendum.id)) == ((batch,), "proposed")
