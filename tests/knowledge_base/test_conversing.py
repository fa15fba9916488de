"""Answers of conversations: kept together, never with what was erased meanwhile, and one state for whoever asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from addenda.errors import InvalidInput, PermissionDenied, UnknownId
from addenda.knowledge_base import check_audience
from addenda.types import Answer, Match, Trace
from tests.knowledge_base.office import Office, loud, noise


def answer_about(addendum_id: str, text: str = "41 dB") -> Answer:
    now = datetime.now(UTC)
    match = Match(addendum_id=addendum_id, memory="triples", score=1.0, threshold=0.0, injected=True)
    trace = Trace(asked_at=now, as_of=now, model="m", ledger_position=1, memories=("triples",), matches=(match,))
    return Answer(question=loud(), text=text, trace=trace)


def test_many_threads_keep_answers_and_each_is_there(read_office: Office) -> None:
    answers = [answer_about("0" * 16, str(number)) for number in range(60)]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(read_office.kb.conversing.keep, answers))
    assert [read_office.kb.conversing.kept(one.trace.id) for one in answers] == answers


def test_one_that_cannot_be_kept_leaves_the_others_their_turn(read_office: Office) -> None:
    kept = answer_about("0" * 16)
    read_office.kb.conversing.keep(kept)
    with pytest.raises(IntegrityError):
        read_office.kb.conversing.keep(kept)
    read_office.kb.conversing.keep(answer_about("0" * 16))


def test_what_was_erased_while_an_answer_was_made_is_not_kept(read_office: Office) -> None:
    (live,) = read_office.live(noise())
    found = read_office.kb.conversing.augmentation(loud())
    assert found is not None
    read_office.kb.erase([live], by=read_office.ana, reason="asked")
    answer = found.answer("41 dB")
    assert [match.addendum_id for match in answer.trace.matches] == [live]
    read_office.kb.conversing.keep(answer)
    with pytest.raises(UnknownId):
        read_office.kb.conversing.kept(answer.trace.id)


def test_a_question_that_is_listened_to_is_answered_as_any_other(read_office: Office) -> None:
    (live,) = read_office.live(noise())
    spoken = read_office.kb.conversing.ask(loud())
    text = "".join(spoken.pieces())
    kept = read_office.kb.conversing.kept(spoken.id)
    assert (text, kept, kept.trace.ledger_position) == ("41 dB", spoken.answer, spoken.position)
    assert [match.addendum_id for match in kept.trace.matches] == [live]
    with pytest.raises(InvalidInput, match="unknown memories"):
        read_office.kb.conversing.ask(loud(), memories=["edits"])


def test_a_pinned_state_is_that_of_its_thread_and_knows_its_own_changes(read_office: Office) -> None:
    ledger = read_office.kb.ledger
    with ThreadPoolExecutor(1) as other, ledger.pinned() as before:
        other.submit(read_office.propose, noise("40 dB")).result()
        assert ledger.state() is before
        assert other.submit(lambda: ledger.state().position).result() > before.position
        read_office.propose(noise("39 dB"))
        assert ledger.state().position == before.position + 2
    assert ledger.state().position == before.position + 2


def test_only_who_sees_all_may_answer_for_a_group(read_office: Office) -> None:
    kb = read_office.kb
    token = kb.governance.add_person("Vic", ["viewer"], by=read_office.ana).token
    viewer = kb.authenticate(str(token))
    check_audience(viewer, "everyone")
    check_audience(read_office.ben, "staff")
    with pytest.raises(PermissionDenied, match="may not read for 'staff'"):
        check_audience(viewer, "staff")
