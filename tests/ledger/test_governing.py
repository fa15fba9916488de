"""People, tokens, policy, and the changes that need a second person."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.database import Database
from addenda.errors import Conflict, InvalidInput, PermissionDenied, UnknownId
from addenda.ledger import (
    Actor,
    Ledger,
    MemoryConfigured,
    PersonAdded,
    Policy,
    PolicyChanged,
    RelationDeclared,
    RelationSpec,
    RolesChanged,
    Rule,
    Setting,
    SettingChangeConfirmed,
    SettingChangeDropped,
    SettingChangeProposed,
    SuiteChanged,
    SuiteQuestion,
    ThresholdsChanged,
    TokenIssued,
    TokenRevoked,
    authenticate,
    is_weaker,
    least_trust,
    new_token,
    person_name,
    require,
    token_hash,
)
from addenda.ledger.policy import APPROVAL_ORDER, Subject
from addenda.types import TRUST_ORDER
from tests.ledger.desk import ABE, ANN, DIGEST, ED, MIA, ONE_REVIEWER, SYSTEM, TOKENS, VIC, Desk, created

HASH = token_hash("addenda_new")
CLOSED = Policy()
STRICT = Policy(rules=(Rule(name="one", approval="two reviewers"),))
LAX = Policy(rules=(Rule(name="one", approval="automatic"),))
SPEC = RelationSpec(
    name="noise level", templates=("How loud is {subject}?",), gate_templates=("Loudness of {subject}?",)
)


def change(desk: Desk, body: Setting, by: Actor = MIA) -> str | None:
    """Make a change; the id under which it waits, or None when it took effect."""
    with desk.ledger.writing() as session:
        event = session.change_setting(by, body, "because")
    return event.body.change_id if isinstance(event.body, SettingChangeProposed) else None


# -- people ------------------------------------------------------------------------------------------------------------


def test_a_token_names_its_person(desk: Desk) -> None:
    state = desk.ledger.state()
    for name, token in TOKENS.items():
        person = authenticate(state, f" {token}\n", desk.clock())
        assert person.name == name
        assert person.actor == Actor(kind="person", name=name)


@pytest.mark.parametrize("token", ["", "addenda_", "addenda_token_of_zed", "mia", "\ud800", token_hash(TOKENS["mia"])])
def test_other_tokens_are_refused_without_being_repeated(desk: Desk, token: str) -> None:
    with pytest.raises(PermissionDenied) as caught:
        authenticate(desk.ledger.state(), token, desk.clock())
    assert not token.strip() or token not in str(caught.value)


def test_tokens_are_issued_and_revoked(desk: Desk) -> None:
    token = new_token()
    assert change(desk, TokenIssued(name="ed", token_hash=token_hash(token)), ED) is None
    assert authenticate(desk.ledger.state(), token, desk.clock()).name == "ed"
    assert authenticate(desk.ledger.state(), TOKENS["ed"], desk.clock()).name == "ed"
    desk.append(ED, TokenRevoked(name="ed", token_hash=token_hash(TOKENS["ed"])))
    with pytest.raises(PermissionDenied):
        authenticate(desk.ledger.state(), TOKENS["ed"], desk.clock())
    with pytest.raises(Conflict, match="no such token"):
        desk.append(ED, TokenRevoked(name="ed", token_hash=token_hash(TOKENS["ed"])))
    with pytest.raises(Conflict, match="in use already"):
        change(desk, TokenIssued(name="vic", token_hash=token_hash(token)))


def test_nobody_touches_another_persons_tokens_but_admins(desk: Desk) -> None:
    for body in (
        TokenIssued(name="vic", token_hash=HASH),
        TokenRevoked(name="vic", token_hash=token_hash(TOKENS["vic"])),
    ):
        with pytest.raises(PermissionDenied):
            desk.append(ED, body)
    desk.append(MIA, TokenRevoked(name="ann", token_hash=token_hash(TOKENS["ann"])))


def test_tokens_are_long_random_and_marked() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("addenda_") and len(token) == 8 + 43 for token in tokens)


@pytest.mark.parametrize("name", ["mia", "María José", "山田", "j.doe@example.org", "O'Neil", "김", "x2"])
def test_names_of_people(name: str) -> None:
    assert person_name(f" {name} ") == name


@pytest.mark.parametrize(
    "name", ["", " ", "-x", "a:b", "a/b", "System", "ＭＯＤＥＬ", "x" * 65, "mi\u200ba", "a\nb", "<b>", "_x"]
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(InvalidInput):
        person_name(name)


def test_names_that_look_alike_are_the_same_person(desk: Desk) -> None:
    with pytest.raises(Conflict, match="already"):
        change(desk, PersonAdded(name="ＥＤ", roles=("viewer",)))


def test_people_who_are_not_there_are_named(desk: Desk) -> None:
    with pytest.raises(UnknownId, match="'zed'; known are abe, ann"):
        change(desk, RolesChanged(name="zed", roles=("viewer",)))


def test_only_admins_change_settings(desk: Desk) -> None:
    for actor in (ED, ANN, VIC):
        with pytest.raises(PermissionDenied):
            change(desk, RelationDeclared(spec=SPEC), actor)


def test_roles_are_checked_before_long_work(desk: Desk) -> None:
    state = desk.ledger.state()
    require(state, state.people["ann"], "approved")
    with pytest.raises(PermissionDenied, match=r"'ed' \(editor\) may not do this \(approved\); .* approver"):
        require(state, state.people["ed"], "approved")
    change(desk, RolesChanged(name="ed", roles=()))
    with pytest.raises(PermissionDenied, match="no role"):
        require(desk.ledger.state(), state.people["ed"], "proposed")


def test_the_software_configures_a_memory_once(desk: Desk) -> None:
    configured = MemoryConfigured(memory="edits", configuration=DIGEST)
    desk.append(SYSTEM, configured)
    with pytest.raises(PermissionDenied, match="for a person"):
        desk.append(SYSTEM, configured)
    desk.append(MIA, configured)


def test_somebody_without_roles_can_do_nothing(desk: Desk) -> None:
    assert change(desk, RolesChanged(name="ed", roles=())) is None
    with pytest.raises(PermissionDenied, match="no role"):
        desk.propose()
    with pytest.raises(PermissionDenied):
        change(desk, TokenIssued(name="ed", token_hash=HASH), ED)


def test_a_ledger_begins_once_and_with_its_creation(database: Database) -> None:
    ledger = Ledger(database)
    with pytest.raises(Conflict, match="must be 'created'"), ledger.writing() as session:
        session.change_setting(MIA, RelationDeclared(spec=SPEC))
    ledger.begin(created())
    with pytest.raises(Conflict, match="exists already"):
        ledger.begin(created())


# -- a second person ---------------------------------------------------------------------------------------------------

SETTINGS: dict[str, tuple[Setting, bool]] = {
    "a new viewer": (PersonAdded(name="new", roles=("viewer",)), False),
    "a new editor": (PersonAdded(name="new", roles=("editor",)), False),
    "a new approver": (PersonAdded(name="new", roles=("editor", "approver")), True),
    "a new admin": (PersonAdded(name="new", roles=("admin",)), True),
    "an editor becomes approver": (RolesChanged(name="ed", roles=("editor", "approver")), True),
    "an editor becomes viewer": (RolesChanged(name="ed", roles=("viewer",)), False),
    "an approver is put out": (RolesChanged(name="ann", roles=()), True),
    "oneself becomes approver": (RolesChanged(name="mia", roles=("admin", "approver")), True),
    "oneself steps down": (RolesChanged(name="mia", roles=("viewer",)), False),
    "a token for an approver": (TokenIssued(name="ann", token_hash=HASH), True),
    "a token for an editor": (TokenIssued(name="ed", token_hash=HASH), False),
    "a token for oneself": (TokenIssued(name="mia", token_hash=HASH), False),
    "a stricter policy": (PolicyChanged(policy=STRICT), False),
    "a laxer policy": (PolicyChanged(policy=LAX), True),
    "no policy": (PolicyChanged(policy=CLOSED), False),
    "a new relation": (RelationDeclared(spec=SPEC.model_copy(update={"name": "new"})), False),
    "another unit": (RelationDeclared(spec=SPEC.model_copy(update={"unit": "dB"})), False),
    "many values": (RelationDeclared(spec=SPEC.model_copy(update={"cardinality": "many"})), True),
    "other gate questions": (RelationDeclared(spec=SPEC.model_copy(update={"gate_templates": ("x {subject}",)})), True),
    "a new question": (SuiteChanged(added=(SuiteQuestion(id="q2", question="?"),)), False),
    "a question less": (SuiteChanged(removed=("q1",)), True),
    "another answer": (SuiteChanged(added=(SuiteQuestion(id="q1", question="?", expected="43 dB"),)), True),
    "the same question": (SuiteChanged(added=(SuiteQuestion(id="q1", question="?", expected="41 dB"),)), False),
    "a higher threshold": (ThresholdsChanged(thresholds={"edit": 0.99}), False),
    "a lower threshold": (ThresholdsChanged(thresholds={"edit": 0.97}), True),
    "a new threshold": (ThresholdsChanged(thresholds={"locality": 0.1}), False),
    "a memory": (MemoryConfigured(memory="edits", configuration=DIGEST), False),
}


@pytest.fixture
def governed(desk: Desk) -> Desk:
    change(desk, RelationDeclared(spec=SPEC))
    change(desk, SuiteChanged(added=(SuiteQuestion(id="q1", question="?", expected="41 dB"),)))
    change(desk, ThresholdsChanged(thresholds={"edit": 0.98}))
    return desk


@pytest.mark.parametrize(
    "body",
    [
        PersonAdded(name="<b>", roles=("viewer",)),
        PersonAdded(name=" new ", roles=("viewer",)),
        PersonAdded(name="<b>", roles=("admin",)),
        SuiteChanged(added=(SuiteQuestion(id="q", question="pay \u202e100?"),)),
        SuiteChanged(added=(SuiteQuestion(id="q", question="a\x00b"),)),
        SuiteChanged(added=(SuiteQuestion(id="q", question="a\bb"),)),
        PolicyChanged(policy=Policy(rules=(Rule(name="a\u200bb", approval="nobody"),))),
        SuiteChanged(added=(SuiteQuestion(id="q", question="e\u0301"),)),
    ],
)
def test_settings_hold_no_hidden_text(governed: Desk, body: Setting) -> None:
    head = governed.ledger.head()
    with pytest.raises(InvalidInput):
        change(governed, body)
    assert governed.ledger.head() == head


def test_a_backslash_is_no_control_character(governed: Desk) -> None:
    question = SuiteQuestion(id="q", question="is C:\\u00bb or \\b\nright?", expected="می\u200cخواهم")
    change(governed, SuiteChanged(added=(question,)))
    assert governed.ledger.state().suite["q"] == question


@pytest.mark.parametrize("name", SETTINGS)
def test_what_weakens_the_rules_waits_for_a_second_person(governed: Desk, name: str) -> None:
    body, weakens = SETTINGS[name]
    before = governed.ledger.state()
    waiting = change(governed, body)
    assert (waiting is not None) == weakens
    if waiting is None:
        return
    state = governed.ledger.state()
    assert (state.policy, state.people, state.suite) == (before.policy, before.people, before.suite)
    assert (state.relations, state.thresholds) == (before.relations, before.thresholds)
    with pytest.raises(PermissionDenied, match="must confirm"):
        governed.append(MIA, body)
    with pytest.raises(PermissionDenied, match="somebody else must confirm"):
        governed.append(MIA, SettingChangeConfirmed(change_id=waiting))
    with pytest.raises(PermissionDenied, match="role"):
        governed.append(ED, SettingChangeConfirmed(change_id=waiting))
    governed.append(ABE, SettingChangeConfirmed(change_id=waiting))
    state = governed.ledger.state()
    assert state.pending == {}
    after = (state.policy, state.people, state.suite, state.relations, state.thresholds)
    assert after != (before.policy, before.people, before.suite, before.relations, before.thresholds)
    assert governed.ledger.verify().ok


def test_a_waiting_change_can_be_dropped(governed: Desk) -> None:
    waiting = change(governed, PolicyChanged(policy=LAX))
    assert waiting is not None
    governed.append(ANN, SettingChangeDropped(change_id=waiting), reason="too lax")
    assert governed.ledger.state().policy == ONE_REVIEWER
    with pytest.raises(UnknownId, match="waiting"):
        governed.append(ANN, SettingChangeConfirmed(change_id=waiting))


def test_the_first_admin_sets_up_alone(database: Database) -> None:
    ledger = Ledger(database)
    ledger.begin(created())
    with ledger.writing() as session:
        for body in (
            PolicyChanged(policy=ONE_REVIEWER),
            PolicyChanged(policy=LAX),
            PersonAdded(name="ed", roles=("editor",)),
            RolesChanged(name="mia", roles=("admin", "approver")),
            PersonAdded(name="ann", roles=("approver",)),
        ):
            assert session.change_setting(MIA, body).body == body
        last = session.change_setting(MIA, PersonAdded(name="abe", roles=("approver",)))
    assert isinstance(last.body, SettingChangeProposed)


# -- policy ------------------------------------------------------------------------------------------------------------

RULES = st.builds(
    Rule,
    name=st.sampled_from(["a", "b"]),
    approval=st.sampled_from(APPROVAL_ORDER),
    tags=st.sampled_from([(), ("t",), ("u",), ("t", "u")]),
    relations=st.sampled_from([(), ("price",)]),
    source_prefix=st.sampled_from(["", "feed:", "feed:erp"]),
    kinds=st.sampled_from([(), ("fact",), ("note", "fact")]),
    trust_at_least=st.sampled_from(TRUST_ORDER),
    trust_at_most=st.sampled_from(TRUST_ORDER),
)
POLICIES = st.builds(Policy, rules=st.lists(RULES, max_size=4).map(tuple))
SUBJECTS = [
    Subject(kind, source, trust, tags, relation)
    for kind, source, trust, tags, relation in itertools.product(
        ("fact", "note", "edit"),
        ("x", "feed:x", "feed:erp"),
        TRUST_ORDER,
        ((), ("t",), ("u",), ("t", "u")),
        ("price", None),
    )
]


def lets_more_through(old: Policy, new: Policy) -> bool:
    order = APPROVAL_ORDER.index
    return any(order(new.decide(s).approval) < order(old.decide(s).approval) for s in SUBJECTS)


@given(POLICIES, POLICIES)
def test_a_policy_that_lets_more_through_is_always_called_weaker(old: Policy, new: Policy) -> None:
    if not is_weaker(old, new):
        assert not lets_more_through(old, new)


@given(POLICIES, st.data())
def test_tightening_is_not_called_weaker(policy: Policy, data: st.DataObject) -> None:
    rules = list(policy.rules)
    match data.draw(st.sampled_from(["same", "stricter", "forbid", "drop the end"])):
        case "stricter" if rules:
            place = data.draw(st.integers(0, len(rules) - 1))
            stricter = APPROVAL_ORDER[APPROVAL_ORDER.index(rules[place].approval) :]
            rules[place] = rules[place].model_copy(
                update={"approval": data.draw(st.sampled_from(stricter)), "name": "z"}
            )
        case "forbid":
            forbidding = data.draw(RULES).model_copy(update={"approval": "nobody"})
            rules.insert(data.draw(st.integers(0, len(rules))), forbidding)
        case "drop the end":
            rules = rules[: data.draw(st.integers(0, len(rules)))]
        case _:
            pass
    assert not is_weaker(policy, Policy(rules=tuple(rules)))


def test_forbidding_first_what_a_later_rule_allows_is_not_called_weaker() -> None:
    one, other = Rule(name="one", approval="automatic", tags=("t",)), Rule(name="other", approval="automatic")
    forbidding = one.model_copy(update={"name": "none of these", "approval": "nobody"})
    early = Rule(name="early", approval="automatic", source_prefix="feed:")
    before = Policy(rules=(early, one, other))
    assert not is_weaker(before, Policy(rules=(forbidding, early, one, other)))
    assert is_weaker(Policy(rules=(forbidding, early, one, other)), before)


def test_trust_is_the_minimum() -> None:
    assert least_trust(["high", "low", "normal"]) == "low"
    assert least_trust([]) == "high"
