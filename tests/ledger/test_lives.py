"""The life of an addendum through the ledger: every stage, what is refused, and what is live when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from addenda.database import Database
from addenda.errors import Conflict, InvalidInput, PermissionDenied, UnknownId
from addenda.ledger import (
    Activating,
    ActivationUndone,
    Approved,
    Delivered,
    Disabled,
    Draft,
    Enabled,
    Erased,
    GateJudged,
    GateVerdict,
    Policy,
    Proposed,
    Rejected,
    Retired,
    ReviewNeeded,
    Rule,
    WindowClosed,
    content_key,
    fold,
    seal,
)
from tests.ledger.desk import ABE, ANN, DIGEST, ED, EVA, MIA, MODEL, START, SYSTEM, VIC, Desk, addendum, fact

DAY = timedelta(days=1)


def test_from_proposal_to_answer(desk: Desk) -> None:
    (one,) = desk.propose(addendum(fact(1), tags=("price",)))
    assert desk.record(one).status(START) == "proposed"
    desk.approve([one])
    assert desk.record(one).status(START) == "approved"
    desk.judge([one])
    assert desk.record(one).status(START) == "tested"
    assert desk.live_ids() == []
    desk.activate([one])
    record = desk.record(one)
    assert record.status(START) == "active"
    assert desk.live_ids() == [one]
    assert [approval.by for approval in record.approvals] == [ANN]
    assert record.deliveries == {"edits": DIGEST}
    assert record.tags == ("price",)
    assert [event.body.kind for event in desk.ledger.history(one)] == [
        "proposed",
        "approved",
        "gate_judged",
        "activating",
        "delivered",
    ]


def test_the_content_is_what_was_proposed(desk: Desk) -> None:
    given = addendum(fact(1, "41 dB"), valid_from=START, valid_until=START + DAY, audience=("dealers",), tags=("a",))
    (one,) = desk.propose(given)
    assert desk.ledger.addendum(one) == given
    assert desk.ledger.addenda() == {one: given}


def test_delivery_is_complete_when_all_memories_have_it(desk: Desk) -> None:
    (one,) = desk.propose()
    desk.approve([one])
    desk.judge([one])
    desk.append(ANN, Activating(ids=(one,), memories=("edits", "triples")))
    desk.append(ANN, Delivered(memory="edits", artefacts={one: DIGEST}))
    assert desk.record(one).status(START) == "activating"
    assert [record.id for record in desk.ledger.state().unfinished()] == [one]
    assert desk.record(one).expected == ("triples",)
    assert desk.live_ids() == []
    with pytest.raises(Conflict, match="expects no delivery"):
        desk.append(ANN, Delivered(memory="edits", artefacts={one: DIGEST}))
    desk.append(ANN, Delivered(memory="triples", artefacts={one: DIGEST}))
    assert desk.live_ids() == [one]
    state = desk.ledger.state()
    assert [r.id for r in state.live(START, memory="triples")] == [one]
    assert state.live(START, memory="notes") == ()


def test_an_unfinished_activation_is_undone_and_tried_again(desk: Desk) -> None:
    (one,) = desk.propose()
    desk.approve([one])
    desk.judge([one])
    desk.append(ANN, Activating(ids=(one,), memories=("edits",)))
    desk.append(SYSTEM, ActivationUndone(ids=(one,)), reason="the process was killed")
    record = desk.record(one)
    assert (record.status(START), record.sequence, record.memories) == ("tested", None, ())
    desk.activate([one])
    assert desk.live_ids() == [one]


def test_the_order_of_delivery_is_kept(desk: Desk) -> None:
    ids = desk.propose(*(addendum(fact(n)) for n in range(3)))
    desk.approve(ids)
    desk.judge(ids)
    desk.activate([ids[2], ids[0], ids[1]])
    assert desk.live_ids() == [ids[2], ids[0], ids[1]]
    desk.append(ANN, Disabled(ids=(ids[2],)))
    desk.append(ANN, Enabled(ids=(ids[2],)))
    assert desk.live_ids() == [ids[2], ids[0], ids[1]]


def test_replacements_come_in_the_same_order_live_and_replayed(desk: Desk) -> None:
    """A delivery is read back in the order of ids, whatever the order in which it was announced."""
    (old,) = desk.live()
    new = desk.propose(addendum(id="b" * 16), addendum(id="a" * 16), supersedes=[old])
    desk.approve(new)
    desk.judge(new)
    desk.activate(new)
    live = desk.ledger.state()
    assert set(live.record(old).superseded_by) == set(new)
    assert fold(desk.ledger.events()) == live


def test_an_addendum_named_twice_in_one_event_is_refused(desk: Desk) -> None:
    """Addenda that stand together are moved together, but each only once."""
    one, two = desk.propose(addendum(fact(1)), addendum(fact(2)))
    before = desk.ledger.state()
    with pytest.raises(Conflict, match="cannot approve"):
        desk.approve([one, two, one])
    with pytest.raises(Conflict, match="cannot reject"):
        desk.append(ANN, Rejected(ids=(one, two, two)))
    assert desk.ledger.state() == before


def test_addenda_that_came_apart_move_on_together(desk: Desk) -> None:
    one, two, three = ids = desk.propose(*(addendum(fact(n)) for n in range(3)))
    desk.approve(ids)
    desk.judge([two])
    with pytest.raises(Conflict, match=f"cannot activate {three!r}"):
        desk.append(ANN, Activating(ids=(two, three, one), memories=("edits",)))
    desk.judge([three, one, two])
    desk.activate([two, one, three])
    records = [desk.record(i) for i in ids]
    assert [record.stage for record in records] == ["active"] * 3
    assert [record.sequence for record in records] == [2, 1, 3]
    assert len(desk.record(two).history) == len(desk.record(one).history) + 1
    assert desk.record(one).history == desk.record(three).history


def test_a_failed_test_stays_behind_with_its_reason_and_can_be_repeated(desk: Desk) -> None:
    good, bad = desk.propose(addendum(fact(1)), addendum(fact(2)))
    desk.approve([good, bad])
    verdicts = (
        GateVerdict(id=good, passed=True, scores={"edit": 1 / 3}),
        GateVerdict(id=bad, passed=False, reason="says '40 dB'", scores={"edit": 0}),
    )
    desk.append(SYSTEM, GateJudged(verdicts=verdicts, report=DIGEST, staged_at=3))
    assert desk.record(good).status(START) == "tested"
    record = desk.record(bad)
    assert record.status(START) == "gate_failed"
    assert record.last_reason == "says '40 dB'"
    assert record.verdict is not None
    assert (record.verdict.passed, record.verdict.report, record.verdict.staged_at) == (False, DIGEST, 3)
    kept = desk.record(good).verdict
    assert kept is not None
    assert kept.scores == {"edit": 0.333333}
    with pytest.raises(Conflict, match="gate_failed; from there it is possible to"):
        desk.append(ANN, Activating(ids=(bad,), memories=("edits",)))
    desk.judge([bad])
    desk.activate([bad])
    assert desk.live_ids() == [bad]


def test_illegal_steps_name_the_status_and_what_is_possible(desk: Desk) -> None:
    (one,) = desk.propose()
    with pytest.raises(Conflict, match=rf"cannot activate '{one}': it is proposed; .* approve, erase, reject"):
        desk.append(ANN, Activating(ids=(one,), memories=("edits",)))
    desk.append(ANN, Rejected(ids=(one,)), reason="wrong product")
    with pytest.raises(Conflict, match="it is rejected"):
        desk.approve([one])
    assert desk.record(one).last_reason == "wrong product"


def test_a_batch_with_one_illegal_step_changes_nothing(desk: Desk) -> None:
    good, rejected = desk.propose(addendum(fact(1)), addendum(fact(2)))
    desk.append(ANN, Rejected(ids=(rejected,)))
    head = desk.ledger.head()
    with pytest.raises(Conflict):
        desk.approve([good, rejected])
    assert desk.ledger.head() == head
    assert desk.record(good).status(START) == "proposed"


def test_a_session_goes_on_after_a_refusal(desk: Desk) -> None:
    good, rejected = desk.propose(addendum(fact(1)), addendum(fact(2)))
    with desk.ledger.writing() as session:
        session.append(ANN, [Rejected(ids=(rejected,))])
        with pytest.raises(Conflict):
            session.approve(ANN, [good, rejected])
        session.approve(ANN, [good])
    assert desk.record(good).status(START) == "approved"
    assert desk.ledger.verify().ok


# -- who may -----------------------------------------------------------------------------------------------------------


def test_nobody_approves_their_own(desk: Desk) -> None:
    (one,) = desk.propose(addendum(author="eva"), by=EVA)
    with pytest.raises(PermissionDenied, match="somebody else must approve"):
        desk.approve([one], EVA)
    (two,) = desk.propose(addendum(author="eva"), by=ED)
    with pytest.raises(PermissionDenied, match="somebody else must approve"):
        desk.approve([two], EVA)
    (three,) = desk.propose(addendum(author="ed"), by=EVA)
    with pytest.raises(PermissionDenied, match="somebody else must approve"):
        desk.approve([three], EVA)
    desk.approve([one, two, three], ANN)


def test_nobody_approves_what_was_taken_from_their_own(desk: Desk) -> None:
    """Handing in a document and letting a model take the facts from it is proposing them."""
    (document,) = desk.propose(addendum(), by=EVA)
    (taken,) = desk.propose(addendum(fact(2), evidence=(document,)), by=MODEL)
    with pytest.raises(PermissionDenied, match=f"proposed {document!r}, from which {taken!r} was taken"):
        desk.approve([taken], EVA)
    assert desk.record(taken).status(START) == "proposed"
    desk.approve([taken], ANN)


def test_a_model_only_proposes(desk: Desk) -> None:
    (one,) = desk.propose(addendum(author="extractor"), by=MODEL)
    (two,) = desk.propose(addendum(fact(2)))
    for body in (
        Approved(ids=(two,), rule="one"),
        Rejected(ids=(one,)),
        Erased(ids=(one,)),
        Activating(ids=(one,), memories=("edits",)),
        GateJudged(verdicts=(GateVerdict(id=one, passed=True),)),
    ):
        with pytest.raises(PermissionDenied, match="a model can only propose"):
            desk.append(MODEL, body)


def test_roles_are_enforced(desk: Desk) -> None:
    with pytest.raises(PermissionDenied, match="it takes the role"):
        desk.propose(by=VIC)
    (one,) = desk.propose()
    with pytest.raises(PermissionDenied, match="'ed' \\(editor\\) may not do this \\(approved\\)"):
        desk.approve([one], ED)
    with pytest.raises(PermissionDenied, match="may not do this"):
        desk.approve([one], MIA)
    with pytest.raises(PermissionDenied, match="no person 'zed'"):
        desk.propose(by=type(ED)(kind="person", name="zed"))
    with pytest.raises(PermissionDenied, match="present a person's token"):
        desk.append(SYSTEM, Rejected(ids=(one,)))
    with pytest.raises(PermissionDenied, match="asks for a person"):
        desk.append(SYSTEM, Approved(ids=(one,), rule="one"))


def test_whoever_proposed_may_withdraw_the_proposal(desk: Desk) -> None:
    (one,) = desk.propose()
    desk.append(ED, Rejected(ids=(one,)), reason="my mistake")
    assert desk.record(one).status(START) == "rejected"


def test_nothing_configured_means_nobody(database: Database) -> None:
    desk = Desk(database, Policy())
    (one,) = desk.propose()
    with pytest.raises(PermissionDenied, match=r"nobody may approve .* no rule of the policy fits"):
        desk.approve([one])


def test_rules_are_tried_in_order(database: Database) -> None:
    rules = (
        Rule(name="poison", approval="nobody", tags=("secret",)),
        Rule(name="prices", approval="two reviewers", relations=("price",)),
        Rule(name="feed", approval="automatic", source_prefix="feed:", trust_at_least="high"),
        Rule(name="rest", approval="one reviewer"),
    )
    desk = Desk(database, Policy(rules=rules))
    price = {"subject": "V", "relation": " PRICE ", "object": "9"}
    (secret,) = desk.propose(addendum(tags=("secret", "x")))
    (priced,) = desk.propose(addendum(type(fact())(**price)))
    (fed,) = desk.propose(addendum(source="feed:erp", trust="high"))
    (doubted,) = desk.propose(addendum(source="feed:erp", trust="normal"))
    with pytest.raises(PermissionDenied, match="'poison' forbids"):
        desk.approve([secret])
    assert desk.record(fed).status(START) == "approved"
    assert desk.record(fed).approvals[0].by == SYSTEM
    assert desk.record(fed).approvals[0].rule == "feed"
    desk.approve([doubted])
    assert desk.record(doubted).status(START) == "approved"
    desk.approve([priced], ANN)
    assert desk.record(priced).status(START) == "proposed"
    with pytest.raises(Conflict, match="another reviewer"):
        desk.approve([priced], ANN)
    desk.approve([priced], ABE)
    assert desk.record(priced).status(START) == "approved"
    assert [approval.by for approval in desk.record(priced).approvals] == [ANN, ABE]


def test_an_approval_cannot_name_another_rule_than_the_one_that_decides(database: Database) -> None:
    desk = Desk(database, Policy(rules=(Rule(name="two", approval="two reviewers"),)))
    (one,) = desk.propose()
    for lie in (Approved(ids=(one,), rule="two", required=1), Approved(ids=(one,), rule="none", required=2)):
        with pytest.raises(Conflict, match="policy in force"):
            desk.append(ANN, lie)


def test_what_is_derived_is_trusted_no_more_than_its_sources(desk: Desk) -> None:
    (low,) = desk.propose(addendum(trust="low"))
    with pytest.raises(InvalidInput, match="evidence is only 'low'"):
        desk.propose(addendum(evidence=(low,), trust="normal"))
    (derived,) = desk.propose(addendum(evidence=(low,), trust="untrusted"))
    (further,) = desk.propose(addendum(evidence=(derived,), trust="untrusted"))
    assert [record.id for record in desk.ledger.state().derived_from(low)] == [derived, further]


# -- when --------------------------------------------------------------------------------------------------------------


def test_the_window_is_half_open(desk: Desk) -> None:
    (one,) = desk.live(addendum(valid_from=START - DAY, valid_until=START + DAY))
    live = [desk.live_ids(START + n * DAY) == [one] for n in (-2, -1, 0, 1, 2)]
    assert live == [False, True, True, False, False]
    record = desk.record(one)
    assert [record.status(START + n * DAY) for n in (0, 1)] == ["active", "expired"]


def test_without_a_start_it_holds_from_its_activation(desk: Desk) -> None:
    (one,) = desk.propose()
    desk.approve([one])
    desk.judge([one])
    active = desk.clock.forward()
    desk.activate([one])
    assert desk.live_ids(active - timedelta(microseconds=1)) == []
    assert desk.live_ids(active) == [one]


def test_audiences_are_kept_apart(desk: Desk) -> None:
    (one,) = desk.live(addendum(audience=("dealers", "staff")))
    assert desk.live_ids(audience="dealers") == [one]
    assert desk.live_ids(audience="everyone") == []
    assert desk.live_ids(audience="guests") == []


def test_a_closed_window_stays_answerable_for_its_time(desk: Desk) -> None:
    (one,) = desk.live()
    end = desk.clock.forward()
    desk.append(ANN, WindowClosed(ids=(one,), until=end))
    assert desk.record(one).status(end) == "expired"
    assert desk.live_ids(START) == [one]
    assert desk.live_ids(end) == []
    desk.append(ANN, WindowClosed(ids=(one,), until=end + DAY))
    assert desk.live_ids(end) == []


@pytest.mark.parametrize("body", [Disabled, Retired, Erased])
def test_withdrawing_works_for_the_past_too(desk: Desk, body: type[Disabled | Retired | Erased]) -> None:
    (one,) = desk.live()
    now = desk.clock.forward()
    desk.append(MIA, body(ids=(one,)))
    assert desk.live_ids(START) == []
    assert desk.live_ids(now) == []


def test_superseding_and_what_comes_back(desk: Desk) -> None:
    (old,) = desk.live(addendum(fact(1, "41 dB")))
    moment = desk.clock.forward()
    (new,) = desk.live(addendum(fact(1, "43 dB")), supersedes=[old])
    assert desk.live_ids(START) == [old]
    assert desk.live_ids(moment) == [new]
    assert desk.record(old).status(moment) == "superseded"
    assert desk.record(old).superseded_by == (new,)
    desk.append(ANN, Disabled(ids=(new,)))
    assert desk.live_ids(moment) == [old]
    desk.append(ANN, Enabled(ids=(new,)))
    assert desk.live_ids(moment) == [new]
    desk.append(ANN, Retired(ids=(new,)), reason="wrong")
    assert desk.live_ids(moment) == [old]
    assert desk.record(old).status(moment) == "active"


def test_a_replacement_from_a_later_day_leaves_the_old_one_until_then(desk: Desk) -> None:
    (old,) = desk.live()
    (new,) = desk.live(addendum(valid_from=START + 5 * DAY), supersedes=[old])
    assert desk.live_ids(START + 4 * DAY) == [old]
    assert desk.live_ids(START + 5 * DAY) == [new]


def test_a_replacement_that_expires_brings_nothing_back(desk: Desk) -> None:
    (old,) = desk.live()
    desk.live(addendum(valid_until=START + DAY), supersedes=[old])
    assert desk.live_ids(START + 2 * DAY) == []
    assert desk.record(old).status(START + 2 * DAY) == "superseded"


@pytest.mark.parametrize("body", [Disabled, Retired, Erased])
def test_taking_out_the_middle_of_three_does_not_bring_back_the_first(
    desk: Desk, body: type[Disabled | Retired | Erased]
) -> None:
    (first,) = desk.live()
    second_from = desk.clock.forward()
    (second,) = desk.live(supersedes=[first])
    third_from = desk.clock.forward()
    (third,) = desk.live(supersedes=[second])
    desk.append(MIA, body(ids=(second,)))
    assert desk.live_ids(third_from) == [third]
    assert desk.live_ids(second_from) == [first]  # the second never counted; the third replaces from its day on
    if body is Erased:
        return
    desk.append(ANN, Retired(ids=(third,)))
    assert desk.live_ids(third_from) == [first]


def test_enabling_what_was_replaced_meanwhile_is_refused(desk: Desk) -> None:
    (old,) = desk.live()
    (new,) = desk.live(supersedes=[old])
    desk.append(ANN, Disabled(ids=(new,)))
    (other,) = desk.live(supersedes=[old])
    with pytest.raises(Conflict, match=f"replaced meanwhile by {other}"):
        desk.append(ANN, Enabled(ids=(new,)))
    desk.append(ANN, Disabled(ids=(other,)))
    desk.append(ANN, Enabled(ids=(new,)))
    assert desk.live_ids() == [new]


def test_activation_decides_what_is_replaced(desk: Desk) -> None:
    (old,) = desk.live()
    (new,) = desk.propose()
    desk.approve([new])
    desk.judge([new])
    desk.append(ANN, Activating(ids=(new,), memories=("edits",), supersedes={new: (old,)}))
    desk.append(ANN, Delivered(memory="edits", artefacts={new: DIGEST}))
    assert desk.live_ids() == [new]
    assert desk.record(new).supersedes == (old,)


# -- when the ground moves ---------------------------------------------------------------------------------------------


def test_what_was_based_on_something_that_moved_is_not_approved_blindly(desk: Desk) -> None:
    (old,) = desk.live()
    seen = desk.ledger.state().position
    (mine,) = desk.propose(addendum(fact(1, "43 dB")), supersedes=[old], based_on=seen)
    desk.live(addendum(fact(1, "44 dB")), supersedes=[old])
    assert desk.ledger.state().moved(desk.record(mine)) == (old,)
    with pytest.raises(Conflict, match="changed since it was proposed"):
        desk.approve([mine])
    desk.append(ANN, ReviewNeeded(ids=(mine,)), reason="moved")
    assert desk.record(mine).status(START) == "needs_review"
    desk.approve([mine])  # the reviewer has seen it as it is now
    desk.judge([mine])
    desk.activate([mine])
    assert mine in desk.live_ids()


def test_review_needed_drops_approvals_and_verdict(desk: Desk) -> None:
    (one,) = desk.propose()
    desk.approve([one])
    desk.judge([one])
    desk.append(SYSTEM, ReviewNeeded(ids=(one,)))
    record = desk.record(one)
    assert (record.status(START), record.approvals, record.verdict) == ("needs_review", (), None)
    desk.approve([one], ANN)
    assert desk.record(one).status(START) == "approved"


def test_activation_is_refused_when_the_ground_moved_after_the_test(desk: Desk) -> None:
    (old,) = desk.live()
    (mine,) = desk.propose(supersedes=[old], based_on=desk.ledger.state().position)
    desk.approve([mine])
    desk.judge([mine])
    desk.append(ANN, Disabled(ids=(old,)))
    with pytest.raises(Conflict, match="send it back to review"):
        desk.activate([mine])


# -- erasure and ids ---------------------------------------------------------------------------------------------------


def test_erasure_destroys_the_content_and_keeps_who_and_when(desk: Desk) -> None:
    (one,) = desk.live(addendum(fact(7, "secret value")))
    (kept,) = desk.live(addendum(fact(8)))
    desk.append(MIA, Erased(ids=(one,)), reason="asked to")
    with pytest.raises(UnknownId, match="erased"):
        desk.ledger.addendum(one)
    assert set(desk.ledger.addenda([one, kept])) == {kept}
    assert desk.record(one).proposer == ED
    assert desk.record(one).status(START) == "erased"
    assert desk.ledger.verify().ok
    with pytest.raises(Conflict, match="nothing more can happen"):
        desk.append(MIA, Erased(ids=(one,)))


def test_ids_are_found_by_unique_prefix(desk: Desk) -> None:
    ids = ["aa" + f"{n:014x}" for n in range(7)] + ["bb" + "0" * 14]
    desk.propose(*(addendum(id=i) for i in ids))
    assert desk.ledger.resolve("BB") == ids[-1]
    assert desk.ledger.resolve(ids[3]) == ids[3]
    with pytest.raises(UnknownId, match="no addendum's id starts with 'cc'"):
        desk.ledger.resolve("cc")
    with pytest.raises(UnknownId, match=r"fits 7 addenda: .* and 2 more") as caught:
        desk.ledger.resolve("aa")
    assert [i in str(caught.value) for i in ids[:6]] == [True] * 5 + [False]
    with pytest.raises(UnknownId):
        desk.ledger.resolve("")


def test_unknown_ids_are_named(desk: Desk) -> None:
    for call in (desk.ledger.addendum, desk.ledger.history, lambda i: desk.approve([i]), lambda i: desk.judge([i])):
        with pytest.raises(UnknownId, match="'ffffffffffffffff'"):
            call("f" * 16)


def test_the_same_id_is_not_proposed_twice(desk: Desk) -> None:
    one = addendum()
    desk.propose(one)
    with pytest.raises(Conflict, match="already"):
        desk.propose(one)
    with pytest.raises((Conflict, InvalidInput)):
        desk.propose(addendum(id="a" * 16), addendum(id="a" * 16))


def test_what_facts_are_about_is_found_whatever_the_spelling(desk: Desk) -> None:
    one, two = desk.propose(
        addendum(fact(1)), addendum(type(fact())(subject="ＶＥＬＭＯＲ  1", relation="Noise level.", object="x"))
    )
    about = content_key(fact(1))
    assert about is not None
    assert desk.ledger.about([about, "unknown"]) == {about: (one, two)}
    with desk.ledger.writing() as session:
        assert session.about([about]) == {about: (one, two)}


def test_hidden_characters_and_backward_windows_do_not_come_in(desk: Desk) -> None:
    head = desk.ledger.head()
    with pytest.raises(InvalidInput, match=r"object .* U\+200B"):
        desk.propose(addendum(fact(1, "41\u200b dB")))
    with pytest.raises(InvalidInput, match="before it starts"):
        desk.propose(addendum(valid_from=START, valid_until=START))
    with pytest.raises(InvalidInput, match="reason"), desk.ledger.writing() as session:
        session.append(ED, [], "because\u202e")
    assert desk.ledger.head() == head


def test_text_is_stored_composed(desk: Desk) -> None:
    (one,) = desk.propose(addendum(fact(1, "Cafe\u0301")))
    assert desk.ledger.addendum(one).content == fact(1, "Café")
    assert desk.ledger.verify().ok


def test_content_that_does_not_fit_its_proposal_is_refused(desk: Desk) -> None:
    proposal, _ = seal(Draft(addendum(fact(1))))
    _, other = seal(Draft(addendum(fact(2))))
    for contents in ([], [other]):
        with pytest.raises(InvalidInput, match="commit"), desk.ledger.writing() as session:
            session.append(ED, [Proposed(proposals=(proposal,))], "", contents)
