"""People, policy and relations through the knowledge base: what waits, what is refused, what takes effect."""

from __future__ import annotations

from pathlib import Path

import pytest

from addenda.errors import Conflict, PermissionDenied, UnknownId
from addenda.knowledge_base import Policy, RelationSpec, read_import
from addenda.ledger import Rule
from tests.knowledge_base.office import Office


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
