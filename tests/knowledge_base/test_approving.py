"""Approving and rejecting: who may, how many, and what happens when the ground has moved."""

from __future__ import annotations

import pytest

from addenda.errors import Conflict, InvalidInput, PermissionDenied, UnknownId
from addenda.knowledge_base import Deciding, KnowledgeBase
from addenda.ledger import Actor, Policy
from addenda.types import Addendum
from tests.knowledge_base.office import Office, noise, price


def test_one_reviewer_approves(office: Office) -> None:
    ids = office.propose(noise(), price())
    assert office.kb.changes.approve(ids, by=office.ben) == Deciding(tuple(ids), (), ())
    assert [office.status(i) for i in ids] == ["approved", "approved"]


def test_nobody_approves_their_own(office: Office) -> None:
    change = office.kb.governance.change_roles("Ana", ["admin", "editor", "approver"], by=office.ana)
    office.kb.governance.confirm(str(change.waiting), by=office.ben)
    ids = office.propose(noise())
    with pytest.raises(PermissionDenied, match="somebody else"):
        office.kb.changes.approve(ids, by=office.ana)
    assert office.status(ids[0]) == "proposed"


def test_nobody_approves_what_they_are_the_author_of(office: Office) -> None:
    """Handing it in through somebody else does not help."""
    ids = office.propose(noise(), author="Ben")
    with pytest.raises(PermissionDenied, match="Ben"):
        office.kb.changes.approve(ids, by=office.ben)
    assert office.kb.changes.approve(ids, by=office.cho).approved == tuple(ids)


def test_an_editor_does_not_approve(office: Office) -> None:
    addendum = Addendum(content=noise(), source="cli", author="Ben")
    office.kb.changes.propose([addendum], by=office.ben)
    with pytest.raises(PermissionDenied, match="approver"):
        office.kb.changes.approve([addendum.id], by=office.ana)


def test_two_reviewers_are_two_different_people(office: Office) -> None:
    ids = office.propose(noise(), tags=("delicate",))
    assert office.kb.changes.approve(ids, by=office.ben) == Deciding((), tuple(ids), ())
    with pytest.raises(Conflict, match="another reviewer"):
        office.kb.changes.approve(ids, by=office.ben)
    with pytest.raises(Conflict, match="test"):
        office.kb.activation.test(ids, by=office.ben)
    assert office.kb.changes.approve(ids, by=office.cho) == Deciding(tuple(ids), (), ())


def test_nothing_configured_means_nobody(office: Office) -> None:
    office.kb.governance.set_policy(Policy(), by=office.ana)
    ids = office.propose(noise())
    with pytest.raises(PermissionDenied, match="nobody may approve"):
        office.kb.changes.approve(ids, by=office.ben)


def test_all_are_decided_or_none(office: Office) -> None:
    good = office.propose(noise())
    own = office.propose(price(), author="Ben")
    with pytest.raises(PermissionDenied):
        office.kb.changes.approve([*good, *own], by=office.ben)
    with pytest.raises(UnknownId):
        office.kb.changes.approve([*good, "0" * 16], by=office.ben)
    assert office.status(good[0]) == "proposed"


def test_moved_ground_sends_back_to_review(office: Office) -> None:
    old = office.live(noise("41 dB"))
    new = office.propose(noise("38 dB"))
    other = office.propose(price())
    office.kb.changes.disable(old, by=office.cho)
    assert office.kb.changes.approve([*new, *other], by=office.ben) == Deciding(tuple(other), (), tuple(new))
    assert office.status(new[0]) == "needs_review"
    assert office.kb.changes.approve(new, by=office.ben).approved == tuple(new)


def test_a_rejection_needs_a_reason(office: Office) -> None:
    ids = office.propose(noise())
    with pytest.raises(InvalidInput, match="reason"):
        office.kb.changes.reject(ids, by=office.ben, reason="  ")
    office.kb.changes.reject(ids, by=office.ben, reason="not from the maker")
    assert office.status(ids[0]) == "rejected"
    assert office.kb.history(ids[0])[-1].reason == "not from the maker"
    with pytest.raises(Conflict, match="rejected"):
        office.kb.changes.approve(ids, by=office.cho)


def test_proposers_may_withdraw_their_own(office: Office) -> None:
    ids = office.propose(noise())
    office.kb.changes.reject(ids, by=office.ana, reason="a typo")
    assert office.status(ids[0]) == "rejected"


def test_a_revoked_token_opens_nothing(office: Office) -> None:
    outcome = office.kb.governance.issue_token("Ben", by=office.ben)
    assert office.kb.authenticate(str(outcome.token)).name == "Ben"
    assert office.kb.governance.revoke_tokens("Ben", by=office.ben) == 2
    with pytest.raises(PermissionDenied, match="revoked"):
        office.kb.authenticate(str(outcome.token))


@pytest.mark.parametrize("kind", ["model", "system"])
def test_only_people_decide(office: Office, kind: str) -> None:
    """There is no way to pass anything but a person; whoever reaches for the ledger is refused there."""
    ids = office.propose(noise())
    actor = Actor.model_validate({"kind": kind, "name": "extractor"})
    with pytest.raises(PermissionDenied), office.kb.ledger.writing() as session:
        session.approve(actor, ids)
    assert office.status(ids[0]) == "proposed"


def test_what_was_decided_is_there_after_opening_again(office: Office) -> None:
    ids = office.approved(noise())
    with KnowledgeBase.open(office.kb.directory) as other:
        assert other.state == office.kb.state
        assert other.state.record(ids[0]).approvals[0].by.name == "Ben"
