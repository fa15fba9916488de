"""Proposing: what is refused, what is left out, what is warned about, and what is written."""

from __future__ import annotations

import pytest

from addenda.errors import InvalidInput, PermissionDenied, UnknownId
from addenda.knowledge_base import Proposing
from addenda.ledger import Actor
from addenda.types import Addendum, Content, Document, Edit, Fact
from tests.knowledge_base.office import Office, noise, price

MODEL = Actor(kind="model", name="extractor")


def addendum(content: Content, **fields: object) -> Addendum:
    return Addendum.model_validate({"content": content, "source": "cli", "author": "Ana", **fields})


def propose(office: Office, *contents: Content, dry_run: bool = False) -> tuple[Proposing, ...]:
    return office.kb.changes.propose([addendum(c) for c in contents], by=office.ana, dry_run=dry_run)


def test_a_proposal_is_durable_and_read_back_as_given(office: Office) -> None:
    given = addendum(noise("41 dB"), tags=("spring",), trust="low", audience=("staff",))
    office.kb.changes.propose([given], by=office.ana, reason="weekly update")
    with office.again().kb as other:
        assert other.addendum(given.id[:8]) == given
        event = other.history(given.id)[0]
        assert (event.actor, event.reason) == (office.ana.actor, "weekly update")


def test_an_empty_batch_is_refused(office: Office) -> None:
    with pytest.raises(InvalidInput, match="empty"):
        office.kb.changes.propose([], by=office.ana)


def test_another_live_value_shows_as_superseded(office: Office) -> None:
    old = office.live(noise("41 dB"))[0]
    (outcome,) = propose(office, noise("38 dB"), dry_run=True)
    assert outcome.supersedes == (old,)
    (outcome,) = propose(office, noise("38 dB"))
    assert outcome.supersedes == (old,)
    assert office.kb.state.record(outcome.addendum.id).supersedes == (old,)


def test_similar_is_no_conflict(office: Office) -> None:
    office.live(noise("41 dB"))
    near = propose(office, noise("38 dB", "Velmor Tasky 2"), price("9 EUR", "Velmor Tasky"), dry_run=True)
    assert [outcome.supersedes for outcome in near] == [(), ()]


def test_relations_with_many_values_do_not_conflict(office: Office) -> None:
    office.live(Fact(subject="Umbra", relation="colour", object="red"))
    (outcome,) = propose(office, Fact(subject="Umbra", relation="colour", object="blue"))
    assert (outcome.supersedes, outcome.duplicate_of, outcome.warnings) == ((), None, ())


def test_edits_of_the_same_prompt_conflict(office: Office) -> None:
    old = office.live(Edit(prompt="Who leads Nord?", target="Ida"))[0]
    (outcome,) = propose(office, Edit(prompt="who leads  Nord?", target="Omar"), dry_run=True)
    assert outcome.supersedes == (old,)


@pytest.mark.parametrize("same", ["41 dB", "41dB", "41.0  dB", "４１ dB", "41"])
def test_what_is_live_already_is_left_out_and_named(office: Office, same: str) -> None:
    old = office.live(noise("41 dB"))[0]
    before = office.kb.state.position
    (outcome,) = propose(office, noise(same, "velmor  tasky"))
    assert outcome.duplicate_of == old
    assert office.kb.state.position == before


def test_duplicates_within_a_batch_are_left_out(office: Office) -> None:
    first, second, third = propose(office, noise("41 dB"), noise("41.0 dB"), price())
    assert (first.duplicate_of, second.duplicate_of, third.duplicate_of) == (None, first.addendum.id, None)
    assert set(office.kb.state.records) == {first.addendum.id, third.addendum.id}


def test_rivals_within_a_batch_are_warned_about(office: Office) -> None:
    first, second = propose(office, noise("41 dB"), noise("38 dB"))
    assert not first.warnings
    assert first.addendum.id in second.warnings[0]
    assert "41 dB" in second.warnings[0]


def test_what_ended_is_neither_duplicate_nor_rival(office: Office) -> None:
    ids = office.live(noise("41 dB"))
    office.kb.changes.rollback(ids, by=office.ben)
    office.kb.changes.reject(office.propose(noise("40 dB")), by=office.ben, reason="a typo")
    again, other = propose(office, noise("41 dB"), noise("40 dB"), dry_run=True)
    assert (again.duplicate_of, again.supersedes) == (None, ())
    assert len(other.warnings) == 1  # about the first of this batch, not about the rejected one


def test_knowledge_that_ends_can_be_renewed(office: Office) -> None:
    """The same value for a later time, or for more people, is not said already."""
    office.live(noise("41 dB"), valid_until="2090-01-01T00:00:00Z")
    office.live(price("9 EUR"), audience=("staff",))
    renewed = addendum(noise("41 dB"), valid_from="2090-01-01T00:00:00Z")
    wider = addendum(price("9 EUR"))
    narrower = addendum(price("9 EUR"), audience=("staff",), valid_until="2080-01-01T00:00:00Z")
    outcomes = office.kb.changes.propose([renewed, wider, narrower], by=office.ana, dry_run=True)
    assert [outcome.duplicate_of is None for outcome in outcomes] == [True, True, False]


@pytest.mark.parametrize(("name", "hint"), [("noise levels", "'noise level'"), ("Colour s", "'colour'")])
def test_an_undeclared_relation_is_warned_about(office: Office, name: str, hint: str) -> None:
    (outcome,) = propose(office, Fact(subject="Velmor Tasky", relation=name, object="x"))
    assert name in outcome.warnings[0]
    assert f"did you mean {hint}?" in outcome.warnings[0]


def test_a_relation_like_no_other_gets_no_hint(office: Office) -> None:
    (outcome,) = propose(office, Fact(subject="Velmor Tasky", relation="warranty", object="2 years"))
    assert "not declared" in outcome.warnings[0]
    assert "did you mean" not in outcome.warnings[0]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (noise("rather loud"), "rather loud"),
        (noise("41​ dB"), "U\\+200B"),
        (noise("41 dB", "Velmor‮Tasky"), "U\\+202E"),
        (Edit(prompt="Who?", target="Ida", rephrasings=("Wh﻿o?",)), "U\\+FEFF"),
    ],
)
def test_one_bad_addendum_and_nothing_is_proposed(office: Office, bad: Content, said: str) -> None:
    before = office.kb.state.position
    with pytest.raises(InvalidInput, match=said):
        propose(office, price(), bad)
    assert office.kb.state.position == before
    assert not office.kb.state.records


def test_hidden_characters_are_refused_beside_the_content_too(office: Office) -> None:
    with pytest.raises(InvalidInput, match="U\\+200B"):
        office.kb.changes.propose([addendum(price(), tags=("a​b",))], by=office.ana)
    assert not office.kb.state.records


def test_letters_are_composed(office: Office) -> None:
    (outcome,) = propose(office, Fact(subject="Café", relation="price", object="3 EUR"))
    assert office.kb.addendum(outcome.addendum.id).content == price("3 EUR", "Café")


def test_a_dry_run_says_the_same_and_writes_nothing(office: Office) -> None:
    office.live(noise("41 dB"))
    before = office.kb.state
    batch = [
        addendum(c) for c in (noise("38 dB"), noise("41 dB"), price(), Fact(subject="a", relation="b", object="c"))
    ]
    tried = office.kb.changes.propose(batch, by=office.ana, dry_run=True)
    assert (office.kb.state.position, len(office.kb.state.records)) == (before.position, 1)
    assert office.kb.changes.propose(batch, by=office.ana) == tried


def test_a_model_may_propose(office: Office) -> None:
    (outcome,) = office.kb.changes.propose([addendum(noise(), author="extractor")], by=MODEL)
    assert office.kb.state.record(outcome.addendum.id).proposer == MODEL


def test_a_person_without_a_role_may_not(office: Office) -> None:
    office.kb.governance.add_person("Vic", ["viewer"], by=office.ana)
    vic = office.kb.state.people["Vic"]
    with pytest.raises(PermissionDenied, match="Vic"):
        office.kb.changes.propose([addendum(noise())], by=vic)
    assert not office.kb.state.records
    office.propose(noise())
    with pytest.raises(PermissionDenied, match="Vic"):  # nor learn that it is said already
        office.kb.changes.propose([addendum(noise())], by=vic)


def test_a_document_can_be_proposed_but_no_memory_carries_it(office: Office) -> None:
    ids = office.approved(Document(title="Manual", text="Answer in metric units."))
    with pytest.raises(InvalidInput, match="document"):
        office.activate(ids)
    assert office.status(ids[0]) == "approved"


def test_unknown_and_ambiguous_ids(office: Office) -> None:
    ids = [f"{n:016x}" for n in (0xAAAA << 48, (0xAAAA << 48) + 1)]
    office.kb.changes.propose(
        [addendum(noise(), id=ids[0]), addendum(price(), id=ids[1])],
        by=office.ana,
    )
    with pytest.raises(UnknownId, match="fits 2"):
        office.kb.addendum("aaaa")
    with pytest.raises(UnknownId, match="bbbb"):
        office.kb.history("bbbb")
    assert office.kb.addendum(ids[1]).content == price()
