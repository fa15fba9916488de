"""The verifier against forgeries: it is worth what it catches."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from addenda.errors import InvalidInput, LedgerBroken
from addenda.ledger import (
    SYSTEM,
    Actor,
    Approved,
    Disabled,
    Erased,
    Event,
    GateJudged,
    GateVerdict,
    Head,
    Ledger,
    Rejected,
    TokenIssued,
    verify,
)
from addenda.ledger.chain import GENESIS, body_text, canonical_json, commitment_of, hash_of, link, moment_text
from addenda.ledger.events import AnyBody
from tests.ledger.desk import ANN, MIA, START, Desk, addendum, created, fact

SALT = "0" * 32


def chain(length: int = 6) -> list[Event]:
    events: list[Event] = []
    actor = Actor(kind="person", name="mia")
    for n in range(length):
        body = created() if n == 0 else TokenIssued(name="mia", token_hash=f"sha256:{n:064x}")
        previous = Head(events[-1].position, events[-1].hash) if events else None
        events.append(link(previous, START + timedelta(hours=n), actor, f"reason {n}", body))
    return events


def relinked(events: Sequence[Event]) -> list[Event]:
    """The same events with positions, links and hashes made right again, as somebody who owns the files can."""
    fresh: list[Event] = []
    for event in events:
        previous = Head(fresh[-1].position, fresh[-1].hash) if fresh else None
        fresh.append(link(previous, event.at, event.actor, event.reason, event.body))
    return fresh


def test_an_honest_chain_verifies() -> None:
    events = chain()
    found = verify(events)
    assert found.ok
    assert (found.position, found.first_broken, found.why) == (6, None, "")
    assert found.head == Head(6, events[-1].hash)
    for event in events:
        assert verify(events, Head(event.position, event.hash)).ok
    assert verify([]).ok
    assert verify([]).head is None


def altered(event: Event, **fields: object) -> Event:
    return event.model_copy(update=fields)


def rehashed(event: Event, **fields: object) -> Event:
    changed = altered(event, **fields)
    return altered(changed, hash=hash_of(changed))


FORGERIES: dict[str, tuple[Callable[[list[Event]], list[Event]], int]] = {
    "altered body": (lambda c: [*c[:3], altered(c[3], body=TokenIssued(name="eve", token_hash=GENESIS)), *c[4:]], 4),
    "altered actor": (lambda c: [*c[:3], altered(c[3], actor=Actor(kind="person", name="eve")), *c[4:]], 4),
    "altered kind of actor": (lambda c: [*c[:3], altered(c[3], actor=Actor(kind="model", name="mia")), *c[4:]], 4),
    "altered reason": (lambda c: [*c[:3], altered(c[3], reason=""), *c[4:]], 4),
    "altered time": (lambda c: [*c[:3], altered(c[3], at=c[3].at + timedelta(microseconds=1)), *c[4:]], 4),
    "altered and rehashed": (lambda c: [*c[:3], rehashed(c[3], reason="x"), *c[4:]], 5),
    "altered last": (lambda c: [*c[:5], altered(c[5], reason="x")], 6),
    "removed first": (lambda c: c[1:], 1),
    "removed middle": (lambda c: [*c[:2], *c[3:]], 3),
    "removed and renumbered": (lambda c: [*c[:2], *(rehashed(e, position=e.position - 1) for e in c[3:])], 3),
    "swapped": (lambda c: [*c[:2], c[3], c[2], *c[4:]], 3),
    "swapped positions too": (
        lambda c: [*c[:2], rehashed(c[3], position=3), rehashed(c[2], position=4), *c[4:]],
        3,
    ),
    "repeated": (lambda c: [*c[:3], c[2], *c[3:]], 4),
    "inserted": (
        lambda c: [*c[:3], link(Head(3, c[2].hash), c[2].at, SYSTEM, "", Rejected(ids=("a" * 16,))), *c[3:]],
        5,
    ),
    "another genesis": (lambda c: [rehashed(c[0], previous_hash=c[5].hash), *c[1:]], 1),
    "empty hash": (lambda c: [*c[:2], altered(c[2], hash=""), *c[3:]], 3),
    "hash in capitals": (lambda c: [*c[:2], altered(c[2], hash=c[2].hash.upper()), *c[3:]], 3),
    "dated back": (lambda c: relinked([*c[:3], altered(c[3], at=START), *c[4:]]), 4),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_found_where_they_are(name: str) -> None:
    forge, position = FORGERIES[name]
    found = verify(forge(chain()))
    assert not found.ok
    assert found.first_broken == position
    assert found.position == position - 1
    assert found.why


def test_a_rewritten_or_shortened_chain_is_found_only_against_an_exported_head() -> None:
    honest = chain()
    head = Head(6, honest[-1].hash)
    rewritten = relinked([honest[0], altered(honest[1], reason="never happened"), *honest[2:]])
    cut = honest[:4]
    regrown = [
        *cut,
        *relinked(honest)[4:5],
        link(Head(5, honest[4].hash), honest[5].at, SYSTEM, "else", honest[5].body),
    ]
    for forged in (rewritten, cut, regrown):
        assert verify(forged).ok
        found = verify(forged, head)
        assert not found.ok
        assert "rewritten" in found.why or "cut off" in found.why
    assert verify(cut, Head(4, honest[3].hash)).ok
    assert not verify([], head).ok


@given(st.lists(st.sampled_from(range(6)), min_size=1, max_size=8))
def test_no_other_selection_or_order_of_the_events_verifies(order: list[int]) -> None:
    events = chain()
    picked = [events[n] for n in order]
    assert verify(picked).ok == (picked == events[: len(picked)])


@given(st.integers(0, 5), st.sampled_from(["reason", "actor", "hash", "previous_hash", "position"]), st.data())
def test_no_altered_field_verifies(place: int, field: str, data: st.DataObject) -> None:
    events = chain()
    values: dict[str, st.SearchStrategy[object]] = {
        "reason": st.text(alphabet=st.characters()),
        "actor": st.builds(Actor, kind=st.sampled_from(["person", "model", "system"]), name=st.text(min_size=1)),
        "hash": st.integers(0, 2**256 - 1).map(lambda n: f"sha256:{n:064x}"),
        "previous_hash": st.integers(0, 2**256 - 1).map(lambda n: f"sha256:{n:064x}"),
        "position": st.integers(-3, 10),
    }
    value = data.draw(values[field])
    same = getattr(events[place], field) == value
    events[place] = altered(events[place], **{field: value})
    assert verify(events).ok == same


def test_field_boundaries_are_unambiguous() -> None:
    one = link(None, START, Actor(kind="person", name="ab"), "c", created())
    other = link(None, START, Actor(kind="person", name="a"), "bc", created())
    assert one.hash != other.hash


def test_the_hash_is_what_the_documentation_says() -> None:
    event = chain(2)[1]
    fields = [
        "addenda event 1", 2, "2026-03-01T13:00:00.000000Z", "person", "mia", "reason 1",
        '{"kind":"token_issued","name":"mia","token_hash":"sha256:' + f"{1:064x}" + '"}', event.previous_hash,
    ]  # fmt: skip
    text = canonical_json(fields)
    assert event.hash == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    content = canonical_json(["addenda content 1", SALT, "{}"])
    assert commitment_of(SALT, "{}") == "sha256:" + hashlib.sha256(content.encode()).hexdigest()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='aé\u0301\u4e00\U0001f600"\\\n'),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abé"), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES, JSON_VALUES)
def test_canonical_json_tells_values_apart(one: object, other: object) -> None:
    try:
        texts = canonical_json(one), canonical_json(other)
    except InvalidInput:
        return
    assert (texts[0] == texts[1]) == (_typed(one) == _typed(other))


def _typed(value: object) -> object:
    """Python holds True and 1 equal; JSON does not."""
    match value:
        case dict():
            return {key: _typed(item) for key, item in value.items()}
        case list():
            return [_typed(item) for item in value]
        case _:
            return type(value).__name__, value


@pytest.mark.parametrize("value", [1.5, {"a": [0.0]}, float("nan"), "\ud800", "e\u0301", b"x", {"a": object()}])
def test_what_has_no_one_spelling_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput):
        canonical_json(value)


def test_bodies_leave_out_defaults_and_keep_their_kind_inside_too() -> None:
    verdict = GateJudged(verdicts=(GateVerdict(id="a" * 16, passed=True, scores={"edit": 0.98, "b": -0.0}),))
    assert body_text(verdict) == (
        '{"kind":"gate_judged","verdicts":[{"id":"aaaaaaaaaaaaaaaa","passed":true,'
        '"scores":{"b":"0.000000","edit":"0.980000"}}]}'
    )
    adapter: TypeAdapter[object] = TypeAdapter(AnyBody)
    assert adapter.validate_json(body_text(verdict)) == verdict


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_read_back(moment: datetime) -> None:
    assert datetime.fromisoformat(moment_text(moment)) == moment


def test_heads_are_exported_and_read_back() -> None:
    head = Head(12, "sha256:" + "a" * 64)
    assert Head.parse(f"  {head.export()}\n") == head
    for text in ("", "addenda-head 0 sha256:" + "a" * 64, "addenda-head 1 sha256:aa", head.export() + " x", "\u0661"):
        with pytest.raises(InvalidInput, match="no exported head"):
            Head.parse(text)


# -- what is stored ----------------------------------------------------------------------------------------------------


def sql(desk: Desk, statement: str, **values: object) -> None:
    with desk.database.write() as connection:
        assert connection.execute(sa.text(statement), values).rowcount > 0


@pytest.fixture
def stored(desk: Desk) -> Desk:
    (one, two) = desk.live(addendum(fact(1)), addendum(fact(2)))
    desk.append(MIA, Erased(ids=(two,)))
    desk.append(ANN, Disabled(ids=(one,)))
    return desk


def proposed_at(desk: Desk) -> int:
    return next(event.position for event in desk.ledger.events() if event.body.kind == "proposed")


def test_an_honest_ledger_verifies(stored: Desk) -> None:
    found = stored.ledger.verify()
    assert found.ok
    assert found.head == stored.ledger.head()
    assert stored.ledger.verify(found.head).ok


STORED_FORGERIES = {
    "body": "UPDATE events SET body = replace(body, 'eva', 'eve') WHERE position = 4",
    "spelling of the body": "UPDATE events SET body = replace(body, ':', ': ') WHERE position = 4",
    "actor": "UPDATE events SET actor = 'eve' WHERE position = 4",
    "reason": "UPDATE events SET reason = 'x' WHERE position = 4",
    "time": "UPDATE events SET at = '2026-03-01T12:00:00.000001Z' WHERE position = 4",
    "kind": "UPDATE events SET kind = 'erased' WHERE position = 4",
    "no JSON": "UPDATE events SET body = 'x' WHERE position = 4",
    "deleted": "DELETE FROM events WHERE position = 4",
}


@pytest.mark.parametrize("name", STORED_FORGERIES)
def test_altered_rows_are_found(stored: Desk, name: str) -> None:
    head = stored.ledger.head()
    sql(stored, STORED_FORGERIES[name])
    found = stored.ledger.verify(head)
    assert not found.ok
    assert found.first_broken == 4
    if name != "kind":
        with pytest.raises(LedgerBroken):
            Ledger(stored.database).state()


def test_a_row_rewritten_with_its_hash_in_another_spelling_is_found(stored: Desk) -> None:
    from addenda.ledger.chain import event_hash

    with stored.database.write() as connection:
        row = connection.execute(sa.text("SELECT * FROM events ORDER BY position DESC LIMIT 1")).one()
        body = row.body.replace(":", ": ")
        forged = event_hash(
            position=row.position, at=row.at, actor_kind=row.actor_kind, actor_name=row.actor, reason=row.reason,
            body=body, previous_hash=row.previous_hash,
        )  # fmt: skip
        update = sa.text("UPDATE events SET body = :body, hash = :hash WHERE position = :position")
        connection.execute(update, {"body": body, "hash": forged, "position": row.position})
    found = stored.ledger.verify()
    assert (found.first_broken, found.why) == (row.position, "its hash does not fit its fields: it was altered")


def test_altered_content_does_not_fit_its_commitment(stored: Desk) -> None:
    sql(stored, "UPDATE contents SET content = replace(content, '41 dB', '14 dB')")
    found = stored.ledger.verify()
    assert (found.first_broken, found.ok) == (proposed_at(stored), False)
    assert "commits to" in found.why


def test_altered_salt_does_not_fit_its_commitment(stored: Desk) -> None:
    sql(stored, "UPDATE contents SET salt = :salt", salt=SALT)
    assert "commits to" in stored.ledger.verify().why


def test_missing_content_is_found(stored: Desk) -> None:
    sql(stored, "DELETE FROM contents")
    assert "is missing" in stored.ledger.verify().why


def test_content_that_came_back_after_its_erasure_is_found(stored: Desk) -> None:
    erased = next(event.body.ids[0] for event in stored.ledger.events() if isinstance(event.body, Erased))
    sql(stored, "INSERT INTO contents VALUES (:id, :salt, '{}', NULL)", id=erased, salt=SALT)
    assert "although it was erased" in stored.ledger.verify().why


def test_content_that_nobody_proposed_is_found(stored: Desk) -> None:
    sql(stored, "INSERT INTO contents VALUES (:id, :salt, '{}', NULL)", id="a" * 16, salt=SALT)
    assert not stored.ledger.verify().ok


def test_an_event_that_was_not_possible_is_found_although_the_chain_holds(stored: Desk) -> None:
    head = stored.ledger.head()
    assert head is not None
    waiting = stored.propose()
    head = stored.ledger.head()
    forged = link(head, START, stored.record(waiting[0]).proposer, "", Approved(ids=tuple(waiting), rule="one"))
    with stored.database.write() as connection:
        from addenda.ledger.rows import insert_events

        insert_events(connection, [forged])
    found = stored.ledger.verify()
    assert found.first_broken == forged.position
    assert "somebody else must approve" in found.why
    with pytest.raises(LedgerBroken, match="was not possible"):
        Ledger(stored.database).state()


def test_a_ledger_cut_off_while_in_use_is_noticed(stored: Desk) -> None:
    head = stored.ledger.head()
    assert head is not None
    sql(stored, "DELETE FROM events WHERE position = :position", position=head.position)
    with pytest.raises(LedgerBroken, match="no longer has the event"):
        stored.ledger.state()
    assert stored.ledger.verify().ok
    found = stored.ledger.verify(head)
    assert (found.first_broken, found.ok) == (head.position, False)
    assert "cut off" in found.why
