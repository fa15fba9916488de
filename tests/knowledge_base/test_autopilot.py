"""Notes that go on without a person, in a knowledge base: what they mean is looked at before they do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from addenda.knowledge_base.observing import Batch
from addenda.ledger import Actor, Autopilot, Policy, Rule
from addenda.memories.notes.cases import Observation
from addenda.types import Addendum, Note
from tests.knowledge_base.office import Office, found

LEARNER = Actor(kind="model", name="learner")
POLICY = Policy(
    rules=(
        Rule(
            name="learned",
            approval="one reviewer",
            kinds=("note",),
            tags=("learned",),
            autopilot=Autopilot(bound=0.5, window=20, audit=0.000001, unaudited=50),
        ),
        Rule(name="rest", approval="one reviewer"),
    )
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("piloting")
    found(directory, "bundled", "triples")
    return directory


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Iterator[Office]:
    """The rule for learned notes has an autopilot, which four accepted notes switch on."""
    opened = Office.copied(template, tmp_path / "office")
    waits = opened.kb.governance.set_policy(POLICY, by=opened.ana).waiting
    assert waits is not None
    opened.kb.governance.confirm(waits, by=opened.ben)
    for number in range(4):
        assert opened.kb.changes.approve([learned(opened, f"brosk is {number}", "gor", place=5)], by=opened.ben)
    yield opened
    assert opened.is_sound()
    opened.kb.close()


def learned(office: Office, applies_when: str, answer: str, *, place: int = 1, replaces: tuple[str, ...] = ()) -> str:
    note = Note(rule=f"the answer is {answer}", applies_when=applies_when, place=place)
    addendum = Addendum(content=note, source="observations", author="learner", tags=("learned",))
    (made,) = office.kb.changes.propose([addendum], by=LEARNER, replaces={addendum.id: replaces})
    return made.addendum.id


def test_what_does_no_harm_goes_by_itself_and_is_live_when_activated(office: Office) -> None:
    made = learned(office, "brosk is dar", "zim")
    assert office.status(made) == "approved"
    assert office.activate([made]).active == (made,)
    assert office.kb.ask("brosk is dar?").text == "zim"


@pytest.mark.parametrize(
    ("applies_when", "answer", "place", "goes"),
    [
        ("brosk is dar and quel is lom", "fep", 1, False),
        ("quel is lom", "fep", 1, False),
        ("brosk is dar and quel is lom", "zim", 1, True),
        ("brosk is dar and quel is lom", "fep", 9, True),
        ("brosk is kes and quel is lom", "fep", 1, True),
        ("brosk is not dar", "fep", 1, False),
    ],
)
def test_what_would_overrule_a_person_waits(
    office: Office, applies_when: str, answer: str, place: int, goes: bool
) -> None:
    office.live(Note(rule="the answer is zim", applies_when="brosk is dar", place=3))
    office.live(Note(rule="the answer is gor", place=8))
    made = learned(office, applies_when, answer, place=place)
    assert office.status(made) == ("approved" if goes else "proposed")


def test_what_a_person_approved_counts_before_it_is_live(office: Office) -> None:
    office.approved(Note(rule="the answer is zim", applies_when="brosk is dar", place=3))
    assert office.status(learned(office, "brosk is dar and quel is lom", "fep")) == "proposed"


def test_free_text_waits(office: Office) -> None:
    addendum = Addendum(content=Note(rule="Be kind."), source="observations", author="learner", tags=("learned",))
    (made,) = office.kb.changes.propose([addendum], by=LEARNER)
    assert office.status(made.addendum.id) == "proposed"


@pytest.mark.parametrize("how", ["rolled back", "replaced"])
def test_what_is_under_way_goes_back_to_review_when_its_source_is_dropped_back(office: Office, how: str) -> None:
    live, under_way = learned(office, "brosk is dar", "zim"), learned(office, "brosk is lom", "fep")
    office.activate([live])
    if how == "rolled back":
        office.kb.changes.rollback([live], by=office.ben, reason="wrong")
    else:
        right = Addendum(content=Note(rule="the answer is fep", applies_when="brosk is dar"), source="s", author="Ana")
        office.kb.changes.propose([right], by=office.ana, replaces={right.id: (live,)})
        office.kb.changes.approve([right.id], by=office.ben)
        assert office.activate([right.id]).active == (right.id,)
    assert office.status(under_way) == "needs_review"
    assert "not accepted meanwhile" in office.kb.state.record(under_way).last_reason
    assert office.status(learned(office, "brosk is kes", "zim")) == "proposed"


def test_observations_of_a_newcomer_go_by_nobody_elses_trust(office: Office) -> None:
    seen = [Observation(attributes={"brosk": "dar"}, answer="zim", feedback="outcome", right=True)]
    (batch,) = office.kb.observing.record([Batch(seen, "log.jsonl")], by=office.ana)
    note = Note(rule="the answer is zim", applies_when="brosk is dar")
    addendum = Addendum(
        content=note, source="s", author="learner", tags=("learned",), evidence=(batch.addendum.id,), trust="low"
    )
    (made,) = office.kb.changes.propose([addendum], by=LEARNER)
    assert office.status(made.addendum.id) == "proposed"
