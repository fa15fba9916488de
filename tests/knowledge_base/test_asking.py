"""Asking and explaining: moments, audiences, traces, and what is kept of an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from addenda.errors import CannotLookBack, InvalidInput, UnknownId
from addenda.ledger import utc_now
from addenda.types import Edit
from tests.knowledge_base.office import Office, loud, noise, price

FAR = datetime(2090, 1, 1, tzinfo=UTC)
COST = "What does Orbin Kettle cost?"


def test_the_trace_keeps_matched_injected_and_cited_apart(office: Office) -> None:
    one, other = office.live(noise("41 dB"), price("31 EUR"))
    answer = office.kb.ask(loud())
    first, second = answer.trace.matches
    assert (first.addendum_id, first.injected, first.cited, first.changed_answer) == (one, True, True, None)
    assert (second.addendum_id, second.injected, second.cited) == (other, False, False)
    assert first.score >= first.threshold
    assert second.score < second.threshold
    assert (answer.text, answer.finished, answer.trace.memories) == ("41 dB", True, ("edits",))
    assert answer.trace.ledger_position == office.kb.state.position
    assert answer.trace.model.startswith(str(office.kb.state.created and office.kb.state.created.model))


def test_an_unrelated_question_gets_the_model_alone(office: Office) -> None:
    floor = office.say("Who leads Nord?")
    office.live(noise("41 dB"))
    answer = office.kb.ask("Who leads Nord?")
    assert answer.text == floor
    assert not any(match.injected for match in answer.trace.matches)


def test_the_past_is_refused_by_name(office: Office) -> None:
    office.live(noise("41 dB"))
    with pytest.raises(CannotLookBack, match="edits memory"):
        office.kb.ask(loud(), as_of=utc_now() - timedelta(days=1))


def test_the_past_can_be_asked_without_that_memory(office: Office) -> None:
    floor = office.say(loud())
    office.live(noise("41 dB"))
    answer = office.kb.ask(loud(), as_of=utc_now() - timedelta(days=1), memories=())
    assert (answer.text, answer.trace.memories) == (floor, ())


def test_only_its_audience_is_answered_from_it(office: Office) -> None:
    floor = office.say(loud())
    office.live(noise("41 dB"), audience=("staff",))
    assert office.say(loud(), audience="staff") == "41 dB"
    assert office.say(loud(), audience="customers") == floor
    assert office.say(loud()) == floor
    assert office.is_sound()


def test_what_starts_later_is_not_said_now(office: Office) -> None:
    old = office.live(noise("41 dB"))
    new = office.live(noise("38 dB"), valid_from=FAR)
    assert [office.status(i) for i in (*old, *new)] == ["active", "active"]
    assert office.say(loud()) == "41 dB"
    assert office.say(loud(), as_of=FAR - timedelta(seconds=1)) == "41 dB"
    assert office.say(loud(), as_of=FAR) == "38 dB"
    assert office.is_sound()
    office.kb.changes.rollback(new, by=office.ben)
    assert office.say(loud(), as_of=FAR) == "41 dB"


def test_explaining_asks_again_without_it(office: Office) -> None:
    floor = office.say(loud())
    ids = office.live(noise("41 dB"), price())
    answer = office.kb.ask(loud())
    explained = office.kb.explain(answer.trace.id[:6])
    (ablation,) = explained.ablations
    assert (ablation.addendum_id, ablation.text, ablation.changed) == (ids[0], floor, True)
    assert explained.without_memories == floor
    assert [match.changed_answer for match in explained.answer.trace.matches] == [True, None]
    assert explained.answer.text == "41 dB"
    assert office.say(loud()) == "41 dB"


def test_what_changed_nothing_is_said_to_have_changed_nothing(office: Office) -> None:
    """Without the edit, the fact behind it gives the same answer."""
    office.live(price("31 EUR"))
    edit = office.live(Edit(prompt=COST, target="31 EUR"))
    answer = office.kb.ask(COST)
    explained = office.kb.explain()
    assert [(a.addendum_id, a.changed) for a in explained.ablations] == [(edit[0], False)]
    assert explained.answer.trace.matches[0].changed_answer is False
    assert explained.without_memories != answer.text == "31 EUR"


def test_the_latest_answer_is_explained_by_default(office: Office) -> None:
    with pytest.raises(UnknownId, match="no answer"):
        office.kb.explain()
    office.live(noise("41 dB"))
    office.kb.ask(COST)
    office.kb.ask(loud())
    assert office.kb.explain().answer.question == loud()
    with office.again().kb as other:
        assert other.explain().answer.text == "41 dB"


def test_answers_are_found_by_a_unique_prefix(office: Office) -> None:
    kept = [office.kb.ask(loud()).trace.id for _ in range(2)]
    assert office.kb.explain(kept[0]).answer.trace.id == kept[0]
    for bad in ("", "zzzz", "%"):
        with pytest.raises(UnknownId):
            office.kb.explain(bad)


def test_many_questions_get_the_answers_of_one_by_one(office: Office) -> None:
    office.live(noise("41 dB"), price("31 EUR"))
    questions = [loud(), COST, "Who leads Nord?", loud("Umbra")]
    told: list[tuple[int, int]] = []
    answers = office.kb.ask_many(questions, progress=lambda done, total: told.append((done, total)))
    assert [a.text for a in answers] == [office.say(q) for q in questions]
    assert told == [(4, 4)]
    assert [a.text for a in office.kb.ask_many(questions, memories=())][:2] != ["41 dB", "31 EUR"]


@pytest.mark.parametrize("bad", ["", "  \n", "x" * 4001])
def test_bad_questions_are_refused(office: Office, bad: str) -> None:
    with pytest.raises(InvalidInput):
        office.kb.ask(bad)


def test_an_unknown_memory_is_refused(office: Office) -> None:
    with pytest.raises(InvalidInput, match="notes"):
        office.kb.ask(loud(), memories=("notes",))
