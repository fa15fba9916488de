"""What agents propose in a person's name: withdrawals of every kind, under the rules for what is withdrawn."""

from __future__ import annotations

import pytest

from addenda.errors import Conflict, InvalidInput, PermissionDenied
from addenda.ledger import Policy, Rule
from addenda.types import Addendum, Content, Document, Edit, Note
from tests.knowledge_base.archive import TESSA, Archive, badge
from tests.knowledge_base.office import Office, loud, noise

STRICT_ABOUT_FACTS = Policy(
    rules=(
        Rule(name="facts", approval="two reviewers", kinds=("fact", "edit")),
        Rule(name="rest", approval="one reviewer"),
    )
)


def withdrawal(office: Office, addendum_id: str) -> str:
    position = office.kb.state.position
    made = office.kb.agents.withdraw(addendum_id, based_on=position, on_behalf_of=office.ana, source="a test")
    assert made.supersedes == (addendum_id,)
    return made.addendum.id


def test_a_fact_and_an_answer_in_the_weights_are_withdrawn_and_come_back(office: Office) -> None:
    asked = Edit(prompt="Who runs the mill?", target="Mira")
    fact, edit = office.live(noise(), asked)
    without = {question: office.kb.ask(question, memories=[]).text for question in (loud(), asked.prompt)}
    gone = [withdrawal(office, fact), withdrawal(office, edit)]
    assert (office.say(loud()), office.say(asked.prompt)) == ("41 dB", "Mira")
    office.kb.changes.approve(gone, by=office.ben)
    office.activate(gone)
    assert {question: office.say(question) for question in without} == without
    assert (office.status(fact), office.status(edit)) == ("superseded", "superseded")
    assert office.is_sound()
    office.kb.changes.rollback(gone, by=office.ben)
    assert (office.say(loud()), office.say(asked.prompt)) == ("41 dB", "Mira")
    assert office.is_sound()


def test_a_document_is_withdrawn(archive: Archive) -> None:
    office = archive.office
    assert office.say(badge(TESSA)) == "blue"
    made = withdrawal(office, archive.ids[TESSA])
    office.kb.changes.approve([made], by=office.ben)
    office.activate([made])
    assert office.status(archive.ids[TESSA]) == "superseded"
    assert office.say(badge(TESSA)) != "blue"


def test_a_withdrawal_is_approved_by_the_rules_for_what_it_withdraws(office: Office) -> None:
    (fact,) = office.live(noise())
    (note,) = office.live(Note(rule="answer 4", applies_when="n = 2"))
    changed = office.kb.governance.set_policy(STRICT_ABOUT_FACTS, by=office.ana)
    office.kb.governance.confirm(str(changed.waiting), by=office.ben)
    of_fact, of_note = withdrawal(office, fact), withdrawal(office, note)
    assert office.kb.changes.approve([of_fact, of_note], by=office.ben).approved == (of_note,)
    assert office.kb.changes.approve([of_fact], by=office.cho).approved == (of_fact,)


def test_what_is_withdrawn_is_erased_with_its_words(office: Office) -> None:
    (fact,) = office.live(noise("41 dB", "Umbelwit Lathe"))
    made = withdrawal(office, fact)
    office.kb.erase([fact], by=office.ana, reason="a person asked for it")
    assert "Umbelwit" not in office.kb.addendum(made).model_dump_json()
    assert office.kb.searching.search("Umbelwit", statuses=("erased", "proposed", "active")).hits == ()


def test_nothing_is_withdrawn_that_does_not_hold_or_that_moved(office: Office) -> None:
    (waiting,) = office.propose(noise())
    with pytest.raises(Conflict, match="only what holds"):
        withdrawal(office, waiting)
    (fact,) = office.live(noise("39 dB", "Orbin Kettle"))
    with pytest.raises(Conflict, match="read it again"):
        office.kb.agents.withdraw(fact, based_on=1, on_behalf_of=office.ana, source="a test")
    made = withdrawal(office, fact)
    office.kb.changes.disable([fact], by=office.ben)
    office.kb.changes.enable([fact], by=office.ben)
    assert office.kb.changes.approve([made], by=office.ben).needs_review == (made,)


def test_only_a_withdrawal_reaches_across_kinds(office: Office) -> None:
    (fact,) = office.live(noise())
    for content in (Note(rule="quiet"), Document(title="t", text="x"), noise("40 dB")):
        with pytest.raises(Conflict, match=r"withdraw it instead|takes one value"):
            named_by(office, content, fact)


def test_a_blank_value_and_a_person_who_may_not_propose_are_refused(office: Office) -> None:
    (fact,) = office.live(noise())
    position = office.kb.state.position
    with pytest.raises(InvalidInput, match="blank"):
        office.kb.agents.update(fact, " ", based_on=position, on_behalf_of=office.ana, source="a test")
    office.kb.governance.add_person("Vic", ["viewer"], by=office.ana)
    with pytest.raises(PermissionDenied, match="takes the role"):
        office.kb.agents.propose(noise("1 dB"), on_behalf_of=office.kb.state.people["Vic"], source="a test")


def named_by(office: Office, content: Content, old: str) -> None:
    made = Addendum.model_validate({"content": content, "source": "sheet", "author": "Ana"})
    office.kb.changes.propose([made], by=office.ana, replaces={made.id: (old,)})
