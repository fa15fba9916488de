"""Tokens that are good for less than their person: some roles, a while, an agent; and that none grows into more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from addenda.database import open_database
from addenda.errors import AddendaError, InvalidInput, PermissionDenied
from addenda.ledger import (
    Actor,
    Approved,
    Person,
    PersonAdded,
    PolicyChanged,
    Proposed,
    Rejected,
    Role,
    RolesChanged,
    SettingChangeConfirmed,
    SettingChangeProposed,
    TokenIssued,
    TokenRevoked,
    authenticate,
    fold,
    identity_hash,
    require,
    seal,
    token_hash,
)
from addenda.ledger.chain import body_text
from addenda.ledger.people import authenticate_identity, renew
from addenda.ledger.policy import ROLES
from addenda.ledger.sealing import Draft
from tests.ledger.desk import ANN, ED, EVA, MIA, ONE_REVIEWER, START, TOKENS, Desk, addendum

FRESH = "addenda_fresh"
HASH = token_hash(FRESH)


def presenting(desk: Desk, token: str) -> Person:
    return authenticate(desk.ledger.state(), token, desk.clock())


def issued(desk: Desk, name: str, by: Actor | None = None, **fields: object) -> Person:
    """Somebody who presents a token that was just issued to them."""
    body = TokenIssued.model_validate({"name": name, "token_hash": HASH, **fields})
    desk.append(by or Actor(kind="person", name=name), body)
    return presenting(desk, FRESH)


def test_a_narrow_token_brings_its_roles_and_no_others(desk: Desk) -> None:
    eva = issued(desk, "eva", roles=("editor",), label="laptop")
    assert (eva.name, eva.roles, eva.actor) == ("eva", ("editor",), EVA)
    (own, narrow) = desk.ledger.state().people["eva"].tokens
    assert (narrow.label, narrow.issued_at, narrow.is_narrow, own.is_narrow) == ("laptop", START, True, False)
    assert HASH.removeprefix("sha256:").startswith(narrow.id)
    assert HASH not in repr(narrow)
    ids = desk.propose(by=ED)
    with pytest.raises(PermissionDenied, match=f"'eva' \\(editor by the token {narrow.id}\\)"):
        desk.approve(ids, by=eva.actor)
    with pytest.raises(PermissionDenied):
        require(desk.ledger.state(), eva, "approved")
    desk.propose(by=eva.actor)
    desk.approve(ids, by=presenting(desk, TOKENS["eva"]).actor)


def test_roles_that_are_taken_away_are_gone_from_tokens_too(desk: Desk) -> None:
    eva = issued(desk, "eva", roles=("editor",))
    with desk.ledger.writing() as session:
        waiting = session.change_setting(MIA, RolesChanged(name="eva", roles=("viewer",)))
        assert isinstance(waiting.body, SettingChangeProposed)
        session.append(ANN, [SettingChangeConfirmed(change_id=waiting.body.change_id)])
    assert presenting(desk, FRESH).roles == ()
    with pytest.raises(PermissionDenied, match="no role"):
        desk.propose(by=eva.actor)


def test_a_token_expires_and_a_clock_set_back_does_not_revive_it(desk: Desk) -> None:
    until = START + timedelta(days=90)
    eva = issued(desk, "eva", expires_at=until)
    desk.clock.now = until - timedelta(microseconds=1)
    assert presenting(desk, FRESH).roles == ("editor", "approver")
    desk.clock.now = until
    for again in (lambda: presenting(desk, FRESH), lambda: renew(desk.ledger.state(), eva, desk.clock())):
        with pytest.raises(PermissionDenied, match="has expired"):
            again()
    desk.propose(by=ED)
    desk.clock.now = START
    with pytest.raises(PermissionDenied, match="has expired"):
        presenting(desk, FRESH)


def test_whoever_presented_a_token_can_do_nothing_once_it_is_revoked(desk: Desk) -> None:
    eva = issued(desk, "eva")
    desk.propose(by=eva.actor)
    desk.append(EVA, TokenRevoked(name="eva", token_hash=HASH))
    for again in (
        lambda: presenting(desk, FRESH),
        lambda: renew(desk.ledger.state(), eva, desk.clock()),
        lambda: require(desk.ledger.state(), eva, "proposed"),
        lambda: desk.propose(by=eva.actor),
    ):
        with pytest.raises(PermissionDenied, match="revoked"):
            again()


def test_nobody_acts_as_another_with_their_own_token(desk: Desk) -> None:
    issued(desk, "ed")
    with pytest.raises(PermissionDenied):
        desk.append(Actor(kind="person", name="mia", token=HASH), PolicyChanged(policy=ONE_REVIEWER))


WIDER: dict[str, dict[str, object]] = {
    "all roles": {"expires_at": START + timedelta(days=1)},
    "another role": {"roles": ("viewer", "admin"), "expires_at": START + timedelta(days=1)},
    "for ever": {"roles": ("viewer",)},
    "longer": {"roles": ("viewer",), "expires_at": START + timedelta(days=3)},
}


@pytest.mark.parametrize("wider", WIDER.values(), ids=WIDER)
@pytest.mark.parametrize("waits", [False, True])
def test_a_narrow_token_issues_nothing_wider(desk: Desk, wider: dict[str, object], waits: bool) -> None:
    with desk.ledger.writing() as session:
        change = session.change_setting(MIA, RolesChanged(name="mia", roles=("viewer", "editor", "admin")))
        assert not isinstance(change.body, SettingChangeProposed)
    mia = issued(desk, "mia", roles=("viewer",), expires_at=START + timedelta(days=2))
    body = TokenIssued.model_validate({"name": "mia", "token_hash": token_hash("addenda_wider"), **wider})
    with pytest.raises(PermissionDenied, match="narrower than the one to be issued"):
        desk.append(mia.actor, SettingChangeProposed(change_id="x", change=body) if waits else body)
    alike = TokenIssued(name="mia", token_hash=token_hash("addenda_alike"), roles=("viewer",), expires_at=START)
    desk.append(mia.actor, alike)


def test_a_narrow_admin_is_an_admin_and_nothing_wider_for_themselves(desk: Desk) -> None:
    mia = issued(desk, "mia", roles=("admin",))
    with pytest.raises(PermissionDenied, match="narrower"):
        desk.append(mia.actor, TokenIssued(name="mia", token_hash=token_hash("addenda_wider")))
    desk.append(mia.actor, TokenIssued(name="ed", token_hash=token_hash("addenda_of_ed")))


def test_a_token_for_reading_changes_nothing(desk: Desk) -> None:
    with desk.ledger.writing() as session:
        session.change_setting(MIA, RolesChanged(name="ed", roles=("viewer", "editor")))
        waiting = session.change_setting(MIA, PersonAdded(name="new", roles=("approver",))).body
        assert isinstance(waiting, SettingChangeProposed)
    (own,) = desk.propose(by=ED)
    ed = issued(desk, "ed", roles=("viewer",))
    for body in (
        Rejected(ids=(own,)),
        TokenRevoked(name="ed", token_hash=token_hash(TOKENS["ed"])),
        SettingChangeConfirmed(change_id=waiting.change_id),
        Approved(ids=(own,), rule="one"),
    ):
        with pytest.raises(PermissionDenied):
            desk.append(ed.actor, body)
    with pytest.raises(PermissionDenied):
        desk.propose(by=ed.actor)
    desk.append(ed.actor, TokenRevoked(name="ed", token_hash=HASH))


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("ed", {"roles": ("editor", "approver")}),
        ("ed", {"roles": ()}),
        ("ann", {"agent": "desk bot"}),
        ("eva", {"agent": "desk bot", "roles": ("approver",)}),
    ],
)
def test_a_token_has_roles_that_its_person_has(desk: Desk, name: str, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        issued(desk, name, **fields)


def test_a_narrow_token_of_somebody_who_decides_needs_nobody_else(desk: Desk) -> None:
    with desk.ledger.writing() as session:
        wide = session.change_setting(MIA, TokenIssued(name="eva", token_hash=HASH))
        narrow = session.change_setting(
            MIA, TokenIssued(name="eva", token_hash=token_hash("addenda_n"), roles=("editor",))
        )
    assert isinstance(wide.body, SettingChangeProposed)
    assert not isinstance(narrow.body, SettingChangeProposed)


# -- agents ------------------------------------------------------------------------------------------------------------


def test_an_agent_only_proposes_and_its_person_does_not_approve_that(desk: Desk) -> None:
    bot = issued(desk, "eva", agent="desk bot")
    assert (bot.name, bot.agent, bot.roles) == ("eva", "desk bot", ("editor",))
    assert str(bot.actor) == "model:desk bot (agent of eva)"
    first, second = desk.propose(addendum(author="ed"), by=bot.actor) + desk.propose(addendum(author="ed"), by=ED)
    (event,) = desk.ledger.history(first)
    assert isinstance(event.body, Proposed)
    assert event.body.on_behalf_of == "eva"
    assert str(event.actor) == "model:desk bot (agent of eva)"
    for body in (
        Approved(ids=(second,), rule="one"),
        Rejected(ids=(first,)),
        TokenIssued(name="eva", token_hash=token_hash("addenda_more"), agent="desk bot", roles=("editor",)),
        TokenRevoked(name="eva", token_hash=HASH),
        SettingChangeProposed(change_id="x", change=PolicyChanged(policy=ONE_REVIEWER)),
    ):
        with pytest.raises(PermissionDenied, match="a model can only propose"):
            desk.append(bot.actor, body)
    for kind in ("approved", "memory_configured", "gate_judged", "review_needed"):
        with pytest.raises(PermissionDenied, match="a model can only propose"):
            require(desk.ledger.state(), bot, kind)
    require(desk.ledger.state(), bot, "proposed")
    with pytest.raises(PermissionDenied, match="somebody else must approve"):
        desk.approve([first], by=EVA)
    derived = desk.propose(addendum(author="ed", evidence=(first,)), by=ED)
    with pytest.raises(PermissionDenied, match="somebody else must"):
        desk.approve(derived, by=EVA)
    desk.approve([first, *derived], by=ANN)
    desk.append(EVA, Rejected(ids=(first,)))
    assert desk.ledger.verify().ok


def test_the_person_of_an_agent_stays_its_person_when_its_token_is_gone(desk: Desk) -> None:
    bot = issued(desk, "eva", agent="desk bot")
    ids = desk.propose(addendum(author="desk bot"), by=bot.actor)
    desk.append(EVA, TokenRevoked(name="eva", token_hash=HASH))
    with pytest.raises(PermissionDenied, match="somebody else must approve"):
        desk.approve(ids, by=EVA)
    with pytest.raises(PermissionDenied, match="revoked"):
        desk.propose(by=bot.actor)


@pytest.mark.parametrize("actor", [ED, Actor(kind="model", name="extractor")])
def test_nobody_proposes_in_the_name_of_somebody_else(desk: Desk, actor: Actor) -> None:
    proposal, content = seal(Draft(addendum()))
    with desk.ledger.writing() as session, pytest.raises(PermissionDenied, match="on behalf of"):
        session.append(actor, [Proposed(proposals=(proposal,), on_behalf_of="ann")], "", [content])


# -- accounts at an OpenID provider ------------------------------------------------------------------------------------

ISSUER = "https://login.example.org"
IDENTITY = identity_hash(ISSUER, "sub-7")


def test_an_account_that_was_linked_acts_as_the_person_and_is_no_token(desk: Desk) -> None:
    desk.append(MIA, TokenIssued(name="ed", token_hash=IDENTITY, issuer=ISSUER, label="account sub-7"))
    now = desk.clock()
    ed = authenticate_identity(desk.ledger.state(), ISSUER, "sub-7", now)
    assert (ed.name, ed.roles) == ("ed", ("editor",))
    assert renew(desk.ledger.state(), ed, now) == ed
    desk.propose(by=ed.actor)
    for presented in ('["addenda identity 1", "https://login.example.org", "sub-7"]', "sub-7", IDENTITY):
        with pytest.raises(PermissionDenied, match="unknown or was revoked"):
            authenticate(desk.ledger.state(), presented, now)
    for issuer, subject in ((ISSUER, "sub-8"), ("https://evil.example.org", "sub-7"), ("", "sub-7")):
        with pytest.raises(PermissionDenied):
            authenticate_identity(desk.ledger.state(), issuer, subject, now)
    desk.append(ED, TokenRevoked(name="ed", token_hash=IDENTITY))
    with pytest.raises(PermissionDenied, match="or no longer"):
        renew(desk.ledger.state(), ed, now)


def test_only_admins_link_accounts(desk: Desk) -> None:
    body = TokenIssued(name="ed", token_hash=IDENTITY, issuer=ISSUER)
    with pytest.raises(PermissionDenied, match="admin"):
        desk.append(ED, body)
    with desk.ledger.writing() as session:
        waits = session.change_setting(MIA, body.model_copy(update={"name": "ann"}))
    assert isinstance(waits.body, SettingChangeProposed)


# -- what was stored before --------------------------------------------------------------------------------------------


def test_a_token_as_it_was_always_issued_is_spelled_as_it_was() -> None:
    body = TokenIssued(name="mia", token_hash=HASH)
    assert body_text(body) == f'{{"kind":"token_issued","name":"mia","token_hash":"{HASH}"}}'


def test_what_an_actor_presented_is_in_no_event(desk: Desk) -> None:
    eva = issued(desk, "eva", roles=("editor",))
    desk.propose(by=eva.actor)
    event = desk.ledger.events()[-1]
    assert event.actor.token is None
    assert HASH not in event.model_dump_json()
    assert desk.ledger.state().records[event.body.proposals[0].id].proposer.token is None  # type: ignore[union-attr]


# -- no sequence of operations -----------------------------------------------------------------------------------------

NAMES = ("mia", "ed", "eva", "ann")
ALL: frozenset[Role] = frozenset(ROLES)
SCOPES = st.none() | st.sets(st.sampled_from(ROLES), min_size=1).map(lambda roles: tuple(sorted(roles)))
WHICH = st.just(0) | st.integers(0, 12)


class Tokens(RuleBasedStateMachine):
    """Tokens are issued and revoked, roles change, time goes on, whoever does it and whatever they presented."""

    @initialize()
    def begin(self) -> None:
        self.folder = TemporaryDirectory()
        self.database = open_database(Path(self.folder.name) / "ledger.db", create=True)
        self.desk = Desk(self.database)
        self.known: dict[str, tuple[str, frozenset[Role], datetime]] = {}
        """Whose a token is, the most that may ever come with it, and until when."""
        for name in NAMES:
            self.known[TOKENS[name]] = (name, ALL, datetime.max.replace(tzinfo=UTC))
        self.gone: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.folder.cleanup()

    def presenting(self, token: str) -> Person | None:
        try:
            return authenticate(self.desk.ledger.state(), token, self.desk.clock())
        except PermissionDenied:
            return None

    def somebody(self, which: int) -> tuple[str, Person]:
        """One of those who can act now, the ones with the latest tokens first."""
        there = [(token, person) for token in reversed(self.known) if (person := self.presenting(token)) is not None]
        return there[which % len(there)]

    def try_to(self, actor: Actor, body: TokenIssued | TokenRevoked | RolesChanged) -> bool:
        """Whether it is in force; what waits for a second person is confirmed by whoever can."""
        try:
            with self.desk.ledger.writing() as session:
                event = session.change_setting(actor, body)
                if isinstance(event.body, SettingChangeProposed):
                    confirmed = SettingChangeConfirmed(change_id=event.body.change_id)
                    session.append(EVA if actor != EVA else MIA, [confirmed])
        except AddendaError:
            return False
        return True

    @rule(
        which=WHICH,
        name=st.none() | st.sampled_from(NAMES),
        roles=SCOPES,
        days=st.none() | st.integers(1, 6),
        agent=st.sampled_from(("", "", "bot")),
    )
    def issue(self, which: int, name: str | None, roles: tuple[Role, ...] | None, days: int | None, agent: str) -> None:
        presented, person = self.somebody(which)
        secret, owner = f"addenda_{len(self.known)}", name or person.name
        until = None if days is None else self.desk.clock() + timedelta(days=days)
        body = TokenIssued(name=owner, token_hash=token_hash(secret), roles=roles, expires_at=until, agent=agent)
        if not self.try_to(person.actor, body):
            return
        assert not person.agent
        asked = frozenset(ALL if roles is None else roles) - (
            frozenset(("approver", "admin")) if agent else frozenset()
        )
        ends = until or datetime.max.replace(tzinfo=UTC)
        if owner == person.name:
            # By one's own hand, nobody gets beyond what they had in it.
            assert asked <= self.known[presented][1]
            assert ends <= self.known[presented][2]
        self.known[secret] = (owner, asked, ends)

    @rule(which=WHICH, other=WHICH)
    def revoke(self, which: int, other: int) -> None:
        _, person = self.somebody(which)
        revoked = list(self.known)[-1 - other % len(self.known)]
        if revoked == TOKENS["mia"]:
            return
        if self.try_to(person.actor, TokenRevoked(name=self.known[revoked][0], token_hash=token_hash(revoked))):
            assert not person.agent
            self.gone.add(revoked)

    @rule(which=WHICH, name=st.sampled_from(NAMES[1:]), roles=SCOPES)
    def change_roles(self, which: int, name: str, roles: tuple[Role, ...] | None) -> None:
        _, person = self.somebody(which)
        if self.try_to(person.actor, RolesChanged(name=name, roles=roles or ())):
            assert "admin" in person.roles

    @rule(days=st.integers(1, 2))
    def wait(self, days: int) -> None:
        self.desk.clock.forward(days)

    @invariant()
    def nobody_has_more_than_comes_with_the_token(self) -> None:
        if not hasattr(self, "desk"):
            return
        state = self.desk.ledger.state()
        for secret, (name, most, until) in self.known.items():
            person = self.presenting(secret)
            if person is None:
                assert secret in self.gone or until <= self.desk.clock()
                continue
            assert secret not in self.gone
            assert self.desk.clock() < until
            assert person.name == name
            assert set(person.roles) == set(state.people[name].roles) & most

    @invariant()
    def replay_equals_the_live_state(self) -> None:
        if hasattr(self, "desk"):
            assert fold(self.desk.ledger.events()).people == self.desk.ledger.state().people


TestTokens = Tokens.TestCase
TestTokens.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
