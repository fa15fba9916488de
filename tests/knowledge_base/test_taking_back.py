"""Disable, enable, roll back, expire, erase: what is said then, and that the memory is byte-equal to a rebuild."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from addenda.errors import Conflict, InvalidInput, PermissionDenied, UnknownId
from addenda.knowledge_base import Receipt
from addenda.ledger import utc_now
from addenda.types import Fact
from tests.knowledge_base.office import Office, loud, noise, price

COST = "What does Orbin Kettle cost?"
FAR = datetime(2090, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["office", "read_office"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    """With facts as edits, and with facts that are read. Whatever a test did, everything must be sound at its end."""
    opened: Office = request.getfixturevalue(request.param)
    yield opened
    assert opened.is_sound()


def test_disabled_is_not_said_until_enabled(office: Office) -> None:
    floor = office.say(loud())
    one, other = office.live(noise("41 dB"), price("31 EUR"))
    full = office.kb.memory_digests()
    office.kb.changes.disable([one], by=office.ben, reason="a complaint")
    assert (office.status(one), office.say(loud()), office.say(COST)) == ("disabled", floor, "31 EUR")
    assert office.is_sound()
    assert office.kb.memory_digests() != full
    office.kb.changes.enable([one], by=office.cho)
    assert (office.status(one), office.say(loud())) == ("active", "41 dB")
    assert office.kb.memory_digests() == full
    assert office.status(other) == "active"


def test_rolled_back_is_gone_for_good(office: Office) -> None:
    floor = office.say(loud())
    kept = office.live(price("31 EUR"))
    before = office.kb.memory_digests()
    ids = office.live(noise("41 dB"))
    office.kb.changes.rollback(ids, by=office.ben, reason="wrong")
    assert (office.status(ids[0]), office.say(loud()), office.say(COST)) == ("retired", floor, "31 EUR")
    assert office.kb.memory_digests() == before
    for again in (office.kb.changes.enable, office.kb.changes.rollback, office.kb.changes.disable):
        with pytest.raises(Conflict, match="retired"):
            again(ids, by=office.ben)
    with pytest.raises(Conflict):
        office.activate(ids)
    assert office.status(kept[0]) == "active"


def test_rolling_back_a_replacement_brings_the_earlier_answer_back(office: Office) -> None:
    old = office.live(noise("41 dB"))
    before = office.kb.memory_digests()
    new = office.live(noise("38 dB"))
    assert office.say(loud()) == "38 dB"
    office.kb.changes.rollback(new, by=office.ben)
    assert (office.status(old[0]), office.say(loud())) == ("active", "41 dB")
    assert office.kb.memory_digests() == before


def test_the_middle_of_three_is_taken_out(office: Office) -> None:
    ids = [office.live(noise(value))[0] for value in ("41 dB", "38 dB", "35 dB")]
    office.kb.changes.rollback([ids[1]], by=office.ben)
    assert [office.status(i) for i in ids] == ["superseded", "retired", "active"]
    assert office.say(loud()) == "35 dB"
    office.kb.changes.rollback([ids[2]], by=office.ben)
    assert (office.status(ids[0]), office.say(loud())) == ("active", "41 dB")


def test_a_disabled_replacement_lifts_its_closing_too(office: Office) -> None:
    old = office.live(noise("41 dB"))
    new = office.live(noise("38 dB"))
    office.kb.changes.disable(new, by=office.ben)
    assert office.say(loud()) == "41 dB"
    office.kb.changes.enable(new, by=office.ben)
    assert (office.status(old[0]), office.say(loud())) == ("superseded", "38 dB")


def test_what_took_the_place_of_a_disabled_one_keeps_it(office: Office) -> None:
    """One relation takes one value: enabling must not put a second one beside it."""
    old = office.live(noise("41 dB"))
    office.kb.changes.disable(old, by=office.ben)
    new = office.live(noise("38 dB"))
    with pytest.raises(Conflict, match=new[0]):
        office.kb.changes.enable(old, by=office.ben)
    assert (office.status(old[0]), office.say(loud())) == ("disabled", "38 dB")
    office.kb.changes.rollback(new, by=office.ben)
    office.kb.changes.enable(old, by=office.ben)
    assert office.say(loud()) == "41 dB"


def test_disabling_a_rival_for_a_while_does_not_let_a_second_one_in(office: Office) -> None:
    old = office.live(noise("41 dB"))
    office.kb.changes.disable(old, by=office.ben)
    new = office.live(noise("38 dB"))
    office.kb.changes.disable(new, by=office.ben)
    office.kb.changes.enable(new, by=office.ben)
    with pytest.raises(Conflict, match=new[0]):
        office.kb.changes.enable(old, by=office.ben)


def test_what_was_superseded_and_disabled_can_be_enabled_and_stays_superseded(office: Office) -> None:
    old = office.live(noise("41 dB"))
    office.live(noise("38 dB"))
    office.kb.changes.disable(old, by=office.ben)
    office.kb.changes.enable(old, by=office.ben)
    assert (office.status(old[0]), office.say(loud())) == ("superseded", "38 dB")


def test_nothing_comes_back_beside_a_later_value(office: Office) -> None:
    """The second value held back the first and expired; taking it back must not lift that while the third holds."""
    first = office.live(noise("41 dB"))
    second = office.live(noise("38 dB"))
    office.kb.changes.expire(second, by=office.ben)
    third = office.live(noise("35 dB"))
    office.kb.changes.rollback(second, by=office.ben)
    assert [office.status(i) for i in (*first, *second, *third)] == ["superseded", "retired", "active"]
    assert office.say(loud()) == "35 dB"
    office.kb.changes.rollback(third, by=office.ben)
    assert office.say(loud()) == "41 dB"


def test_expired_is_not_said_any_more(office: Office) -> None:
    floor = office.say(loud())
    ids = office.live(noise("41 dB"))
    office.kb.changes.expire(ids, by=office.ben)
    assert (office.status(ids[0]), office.say(loud())) == ("expired", floor)


def test_expiring_later_ends_it_later(office: Office) -> None:
    floor = office.say(loud())
    ids = office.live(noise("41 dB"))
    office.kb.changes.expire(ids, by=office.ben, until=FAR)
    assert (office.status(ids[0]), office.say(loud())) == ("active", "41 dB")
    assert office.say(loud(), as_of=FAR - timedelta(seconds=1)) == "41 dB"
    assert office.say(loud(), as_of=FAR) == floor


def test_what_ends_while_nothing_happens_ends_all_the_same(office: Office) -> None:
    """No event marks the end; the clock alone does."""
    floor = office.say(loud())
    end = utc_now() + timedelta(seconds=0.5)
    ids = office.live(noise("41 dB"), valid_until=end)
    position = office.kb.state.position
    while utc_now() < end:
        time.sleep(0.05)
    assert (office.status(ids[0]), office.say(loud())) == ("expired", floor)
    assert office.kb.state.position == position


def test_erased_is_gone_from_answers_contents_and_disk(office: Office) -> None:
    floor = office.say(loud())
    ids = office.live(noise("41 dB"))
    ((memory, digest),) = office.kb.state.record(ids[0]).deliveries.items()
    assert (digest in office.kb.artifacts) == (memory == "edits")
    assert office.kb.changes.erase(ids, by=office.ana, reason="asked by the maker") == (Receipt(memory, (digest,)),)
    assert (office.status(ids[0]), office.say(loud())) == ("erased", floor)
    assert digest not in office.kb.artifacts
    with pytest.raises(UnknownId, match="erased"):
        office.kb.addendum(ids[0])
    last = office.kb.history(ids[0])[-1]
    assert (last.actor.name, last.reason) == ("Ana", "asked by the maker")
    with pytest.raises(Conflict, match="erased"):
        office.kb.changes.enable(ids, by=office.ben)


def test_erasing_what_was_only_tested_destroys_what_was_tested(office: Office) -> None:
    ids = office.approved(noise("41 dB"))
    before = set(office.kb.artifacts.digests())
    office.kb.activation.test(ids, by=office.ben)
    report = str(office.kb.state.record(ids[0]).verdict.report)
    made = set(office.kb.artifacts.digests()) - before - {report}
    receipts = office.kb.changes.erase(ids, by=office.ana, reason="asked")
    assert {digest for receipt in receipts for digest in receipt.digests} == made
    assert made.isdisjoint(office.kb.artifacts.digests())


def test_erasing_leaves_what_another_one_shares(office: Office) -> None:
    first = office.live(noise("41 dB"))
    office.kb.changes.rollback(first, by=office.ben)
    second = office.live(noise("41 dB"))
    ((memory, digest),) = office.kb.state.record(second[0]).deliveries.items()
    assert office.kb.state.record(first[0]).deliveries == {memory: digest}
    gone = (Receipt(memory, (digest,)),)
    # A file is shared; rows are not.
    assert office.kb.changes.erase(first, by=office.ana, reason="asked") == (() if memory == "edits" else gone)
    assert office.say(loud()) == "41 dB"
    assert office.kb.changes.erase(second, by=office.ana, reason="asked") == gone


def test_an_interrupted_erasure_is_finished_when_opened(office: Office) -> None:
    ids = office.live(noise("41 dB"))
    ((memory, digest),) = office.kb.state.record(ids[0]).deliveries.items()
    if memory != "edits":
        pytest.skip("it keeps no files")
    data = office.kb.artifacts.get(digest)
    office.kb.changes.erase(ids, by=office.ana, reason="asked")
    office.kb.artifacts.put(data)  # as if the process had died between the event and the deletion
    with office.again().kb:
        assert digest not in office.kb.artifacts


def test_erasing_needs_an_admin_and_a_reason(office: Office) -> None:
    ids = office.live(noise("41 dB"))
    with pytest.raises(InvalidInput, match="reason"):
        office.kb.changes.erase(ids, by=office.ana, reason=" ")
    with pytest.raises(PermissionDenied, match="admin"):
        office.kb.changes.erase(ids, by=office.ben, reason="asked")
    assert office.say(loud()) == "41 dB"


def test_an_editor_takes_nothing_back(office: Office) -> None:
    ids = office.live(noise("41 dB"))
    waiting = office.kb.governance.change_roles("Cho", ["editor"], by=office.ana).waiting
    office.kb.governance.confirm(str(waiting), by=office.ben)
    for take in (office.kb.changes.disable, office.kb.changes.rollback, office.kb.changes.expire):
        with pytest.raises(PermissionDenied, match="Cho"):
            take(ids, by=office.cho)
    assert office.say(loud()) == "41 dB"


def test_all_are_taken_back_or_none(office: Office) -> None:
    ids = office.live(noise("41 dB"))
    waiting = office.propose(price())
    with pytest.raises(Conflict):
        office.kb.changes.rollback([*ids, *waiting], by=office.ben)
    with pytest.raises(UnknownId):
        office.kb.changes.disable([*ids, "0" * 16], by=office.ben)
    assert office.say(loud()) == "41 dB"


def test_the_memory_does_not_remember_how_it_came_there(office: Office) -> None:
    """After any detour the bytes are those of a knowledge base that never took it."""
    kept = office.live(noise("41 dB"))
    straight = office.kb.memory_digests()
    detour = office.live(price("31 EUR"))
    office.kb.changes.disable(kept, by=office.ben)
    office.kb.changes.rollback(detour, by=office.ben)
    again = office.live(price("29 EUR"))
    office.kb.changes.enable(kept, by=office.ben)
    office.kb.changes.erase(again, by=office.ana, reason="asked")
    assert office.kb.memory_digests() == straight


def test_erasing_reaches_reports_and_kept_answers(office: Office) -> None:
    ids = office.live(noise("41 dB"))
    assert office.say(loud()) == "41 dB"
    report = office.kb.state.record(ids[0]).verdict.report
    assert report is not None
    assert report in office.kb.artifacts
    office.kb.changes.erase(ids, by=office.ana, reason="asked by the maker")
    assert report not in office.kb.artifacts
    with pytest.raises(UnknownId, match="no answer"):
        office.kb.explain()
    assert office.is_sound()


def test_the_chain_never_quotes_content(office: Office) -> None:
    """What stands in an event can never be erased, so a verdict there says counts and no words."""
    if "triples" in office.kb.state.memories:
        office.live(Fact(subject="Velmor Tasky", relation="also called", object="Tasky 2"), noise("38 dB", "Tasky 2"))
    office.kb.governance.set_thresholds({"wordings": 1.0}, by=office.ana)
    ids = office.approved(noise("41 dB"))
    assert office.activate(ids).gate_failed == tuple(ids)
    events = "".join(event.model_dump_json() for event in office.kb.ledger.events())
    assert office.kb.state.record(ids[0]).verdict.reason
    assert "41 dB" not in events
    assert "Velmor" not in events
