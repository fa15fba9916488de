"""People, policy and relations through the knowledge base: what waits, what is refused, what takes effect."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from addenda.errors import Conflict, InvalidInput, PermissionDenied, UnknownId
from addenda.knowledge_base import Policy, RelationSpec, read_import
from addenda.ledger import Rule
from addenda.types import Addendum
from tests.knowledge_base.office import Office, noise, price


def test_a_laxer_policy_waits_for_a_second_person(office: Office) -> None:
    laxer = Policy(rules=(Rule(name="anything goes", approval="automatic"),))
    outcome = office.kb.governance.set_policy(laxer, by=office.ana)
    assert outcome.waiting is not None
    assert office.kb.state.policy != laxer
    with pytest.raises(PermissionDenied):
        office.kb.governance.confirm(outcome.waiting, by=office.ana)
    office.kb.governance.confirm(outcome.waiting[:4], by=office.ben)
    assert office.kb.state.policy == laxer


def test_a_stricter_policy_takes_effect_at_once(office: Office) -> None:
    strict = Policy(rules=(Rule(name="all", approval="nobody"),))
    assert office.kb.governance.set_policy(strict, by=office.ana).waiting is None
    assert office.kb.state.policy == strict


def test_somebody_who_is_there_already_is_refused_at_once_and_never_waits(office: Office) -> None:
    head = office.kb.ledger.head()
    with pytest.raises(Conflict, match="already"):
        office.kb.governance.add_person("Ben", ["admin"], by=office.ana)
    assert office.kb.ledger.head() == head
    assert not office.kb.state.pending


def test_a_dropped_change_never_takes_effect(office: Office) -> None:
    outcome = office.kb.governance.set_thresholds({"says_it": 0.0}, by=office.ana)
    assert outcome.waiting is not None
    office.kb.governance.drop(outcome.waiting, by=office.cho, reason="no")
    assert office.kb.state.thresholds["says_it"] == 1.0
    with pytest.raises(UnknownId, match="waiting: none"):
        office.kb.governance.confirm(outcome.waiting, by=office.ben)


def test_revoked_tokens_no_longer_open_anything(office: Office) -> None:
    issued = office.kb.governance.issue_token("Ana", by=office.ana)
    assert issued.token is not None
    assert office.kb.authenticate(issued.token).name == "Ana"
    assert office.kb.governance.revoke_tokens("Ana", by=office.ana) == 2
    with pytest.raises(PermissionDenied):
        office.kb.authenticate(issued.token)


def test_rows_of_a_many_valued_relation_do_not_contradict_each_other(office: Office, tmp_path: Path) -> None:
    office.kb.governance.declare_relation(
        RelationSpec(
            name="sold in", cardinality="many", templates=("Where is {subject} sold?",), gate_templates=("{subject}?",)
        ),
        by=office.ana,
    )
    path = tmp_path / "list.csv"
    path.write_text("Product,Attribute,Value\nOrbin,sold in,Oslo\nOrbin,sold in,Rome\nOrbin,price,31 EUR\n", "utf-8")
    found = read_import(path, office.kb.state, author="Ana")
    assert [row.value for row in found.rows] == ["Oslo", "Rome", "31 EUR"]
    assert not found.problems


def test_a_row_that_does_not_fit_its_relation_is_refused_alone_by_its_cell(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Product,Attribute,Value\nOrbin,noise level,loud\nOrbin,price,31 EUR\n", "utf-8")
    found = read_import(path, office.kb.state, author="Ana")
    assert [row.value for row in found.rows] == ["31 EUR"]
    assert [problem.address for problem in found.refused] == ["C2"]
    assert "quantity" in str(found.refused[0])


def test_a_token_is_issued_narrow_and_revoked_by_its_id(office: Office) -> None:
    governance, ana = office.kb.governance, office.ana
    until = office.kb.ledger.now() + timedelta(days=90)
    issued = governance.issue_token("Ana", by=ana, label=" nightly import ", roles=["editor"], expires_at=until)
    narrow = office.kb.authenticate(str(issued.token))
    assert (narrow.roles, office.kb.renew(narrow)) == (("editor",), narrow)
    assert narrow.token is not None
    assert (narrow.token.label, narrow.token.expires_at) == ("nightly import", until)
    with pytest.raises(PermissionDenied, match=r"editor by the token"):
        governance.set_policy(Policy(), by=narrow)
    with pytest.raises(PermissionDenied, match="narrower"):
        governance.issue_token("Ana", by=narrow)
    with pytest.raises(PermissionDenied):
        governance.revoke_tokens("Ana", by=narrow)
    with pytest.raises(UnknownId, match="names no single token") as unknown:
        governance.revoke_token("Ana", "f" * 13, by=ana)
    with pytest.raises(UnknownId, match="no single token"):
        governance.revoke_token("Ben", narrow.token.id, by=ana)
    assert narrow.token.id not in str(unknown.value)
    assert governance.revoke_token("Ana", narrow.token.id[:6], by=narrow) == narrow.token
    for again in (lambda: office.kb.authenticate(str(issued.token)), lambda: office.kb.renew(narrow)):
        with pytest.raises(PermissionDenied, match="revoked"):
            again()
    assert office.kb.renew(ana) == ana


@pytest.mark.parametrize(
    "fields",
    [
        {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"label": "x" * 101},
        {"label": "hidden \u200b"},
        {"agent": "a/b"},
        {"roles": ["approver"]},
    ],
)
def test_a_token_that_cannot_be_is_refused_and_nothing_is_appended(office: Office, fields: dict[str, Any]) -> None:
    head = office.kb.ledger.head()
    with pytest.raises(InvalidInput):
        office.kb.governance.issue_token("Ana", by=office.ana, **fields)
    assert office.kb.ledger.head() == head


def test_an_agent_proposes_and_does_nothing_else_wherever_it_comes_in(office: Office, tmp_path: Path) -> None:
    kb = office.kb
    bot = kb.authenticate(str(kb.governance.issue_token("Ana", by=office.ana, agent="desk bot").token))
    told = Addendum(content=noise(), source="chat", author=bot.name)
    (proposed,) = kb.changes.propose([told], by=bot)
    assert str(kb.state.record(told.id).proposer) == "model:desk bot (agent of Ana)"
    (waiting,) = office.propose(price())
    kb.changes.approve([waiting], by=office.ben)
    head = kb.ledger.head()
    ids = [proposed.addendum.id]
    refused: list[Callable[[], object]] = [
        lambda: kb.changes.approve(ids, by=bot),
        lambda: kb.changes.reject(ids, by=bot, reason="no"),
        lambda: kb.changes.erase(ids, by=bot, reason="no"),
        lambda: kb.changes.disable([waiting], by=bot),
        lambda: kb.changes.rollback([waiting], by=bot),
        lambda: kb.changes.expire([waiting], by=bot),
        lambda: kb.activation.test([waiting], by=bot),
        lambda: kb.activation.activate([waiting], by=bot),
        lambda: kb.remembering.train(by=bot),
        lambda: kb.governance.set_policy(Policy(), by=bot),
        lambda: kb.governance.add_person("Eve", ["viewer"], by=bot),
        lambda: kb.governance.issue_token("Ana", by=bot, agent="desk bot", roles=["editor"]),
        lambda: kb.governance.revoke_tokens("Ana", by=bot),
        lambda: kb.governance.set_thresholds({"says_it": 1.0}, by=bot),
    ]
    for act in refused:
        with pytest.raises(PermissionDenied, match="a model can only propose"):
            act()
    assert kb.ledger.head() == head
    kb.changes.approve(ids, by=office.ben)
    assert office.is_sound()
