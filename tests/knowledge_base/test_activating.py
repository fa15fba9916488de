"""Testing and activating: only what was approved and tested, on the ground that holds now, goes live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from addenda.artifacts import ArtifactStore
from addenda.errors import Conflict, InvalidInput, PermissionDenied
from addenda.gate import Report
from addenda.knowledge_base import KnowledgeBase
from addenda.ledger import RelationSpec, SuiteQuestion
from addenda.types import Edit, Fact
from tests.knowledge_base.office import COLOUR, NOISE, Office, loud, noise, price


def artefact_path(office: Office, digest: str) -> Path:
    return office.kb.directory / "artifacts" / digest[:2] / digest


def test_only_what_is_approved_is_tested_or_activated(office: Office) -> None:
    ids = office.propose(noise())
    for step in (office.kb.activation.test, office.kb.activation.activate):
        with pytest.raises(Conflict, match="proposed"):
            step(ids, by=office.ben)
    with pytest.raises(InvalidInput, match="no addenda"):
        office.kb.activation.activate([], by=office.ben)
    assert office.status(ids[0]) == "proposed"


def test_activating_makes_it_said(office: Office) -> None:
    floor = office.say(loud())
    ids = office.approved(noise("41 dB"))
    done = office.activate(ids)
    assert (done.active, done.superseded, done.gate_failed, done.needs_review) == (tuple(ids), (), (), ())
    assert office.say(loud()) == "41 dB" != floor
    assert office.is_sound()
    with pytest.raises(Conflict, match="active"):
        office.activate(ids)


def test_an_editor_may_test_and_not_activate(office: Office) -> None:
    ids = office.approved(noise())
    assert office.kb.activation.test(ids, by=office.ana).passed == tuple(ids)
    waiting = office.kb.governance.change_roles("Cho", ["editor"], by=office.ana).waiting
    office.kb.governance.confirm(str(waiting), by=office.ben)
    with pytest.raises(PermissionDenied, match="Cho"):
        office.kb.activation.activate(ids, by=office.cho)
    assert office.status(ids[0]) == "tested"


def test_a_test_changes_no_answer(office: Office) -> None:
    office.live(price())
    before = (office.kb.memory_digests(), office.say(loud()))
    office.kb.activation.test(office.approved(noise()), by=office.ben)
    assert (office.kb.memory_digests(), office.say(loud())) == before


def test_a_fresh_test_is_not_repeated(office: Office) -> None:
    ids = office.approved(noise(), price())
    office.kb.activation.test(ids, by=office.ana)
    done = office.activate(ids)
    assert done.report is None
    assert done.active == tuple(ids)


def unrelated_change(office: Office) -> None:
    office.live(noise("55 dB", "Umbra"))


def question_added(office: Office) -> None:
    question = SuiteQuestion(id="loud", question=loud(), expected="12 dB")
    office.kb.governance.change_suite(add=[question], by=office.ana)


def threshold_raised(office: Office) -> None:
    office.kb.governance.set_thresholds({"wordings": 1.0}, by=office.ana)


def relation_reworded(office: Office) -> None:
    spec = NOISE.model_copy(update={"templates": ("Which noise does {subject} make?",)})
    office.kb.governance.declare_relation(spec, by=office.ana)


@pytest.mark.parametrize(
    ("change", "passes"),
    [(unrelated_change, True), (question_added, False), (threshold_raised, False), (relation_reworded, True)],
)
def test_a_stale_test_is_repeated(office: Office, change: Callable[[Office], None], passes: bool) -> None:
    ids = office.approved(noise())
    office.kb.activation.test(ids, by=office.ben)
    change(office)
    done = office.activate(ids)
    assert done.report is not None
    assert (done.active == tuple(ids)) is passes
    assert (done.gate_failed == tuple(ids)) is not passes


def test_tests_made_apart_do_not_go_live_together(office: Office) -> None:
    """Each alone was harmless; nobody has tried the two at once."""
    first, second = office.approved(noise()), office.approved(price())
    for ids in (first, second):
        office.kb.activation.test(ids, by=office.ben)
    done = office.activate([*first, *second])
    assert done.report is not None
    assert done.active == (*first, *second)


def test_each_change_delivers_what_its_own_test_tried(office: Office) -> None:
    """One change is tested in two runs; the other change's verdict still names the first."""
    twice, once = office.approved(noise(), price())
    office.kb.activation.test([twice, once], by=office.ben)
    relation_reworded(office)
    office.kb.activation.test([twice], by=office.ben)
    office.activate([twice])
    office.activate([once])
    assert office.say("Which noise does Velmor Tasky make?") == "41 dB"
    assert office.is_sound()


def test_what_fails_stays_behind_and_the_others_go_on(office: Office) -> None:
    """The second of two values for the same thing is what the staged model says, so the first one fails."""
    bad, good, other = office.approved(noise("41 dB"), noise("38 dB"), price())
    done = office.activate([bad, good, other])
    assert (done.active, done.gate_failed) == ((good, other), (bad,))
    assert office.say(loud()) == "38 dB"
    record = office.kb.state.record(bad)
    assert (record.stage, record.verdict and record.verdict.passed) == ("gate_failed", False)
    assert "'38 dB', not '41 dB'" in office.kb.why_failed(bad)
    assert record.last_reason.startswith("the wording it was made with does not get the new answer")
    assert office.kb.why_failed(good) == ""
    office.kb.changes.erase([bad], by=office.ana, reason="asked by the maker")
    assert "dB" not in office.kb.why_failed(bad)
    assert office.is_sound()


def test_what_failed_can_be_tested_again(office: Office) -> None:
    office.kb.governance.change_suite(add=[SuiteQuestion(id="loud", question=loud(), expected="1 dB")], by=office.ana)
    ids = office.approved(noise("41 dB"))
    assert office.activate(ids).gate_failed == tuple(ids)
    question = SuiteQuestion(id="loud", question=loud(), expected="41 dB")
    waiting = office.kb.governance.change_suite(add=[question], by=office.ana).waiting
    office.kb.governance.confirm(str(waiting), by=office.cho)
    assert office.activate(ids).active == tuple(ids)


def test_two_values_tested_apart_do_not_both_go_live(office: Office) -> None:
    first, second = office.approved(noise("41 dB"), noise("38 dB"))
    office.kb.governance.set_thresholds({"says_it": 0.0}, by=office.ana)
    waiting = next(iter(office.kb.state.pending))
    office.kb.governance.confirm(waiting, by=office.ben)
    done = office.activate([first, second])
    assert (done.active, done.needs_review) == ((first,), (second,))
    office.kb.changes.approve([second], by=office.cho)
    assert office.activate([second]).superseded == (first,)
    assert office.say(loud()) == "38 dB"


def test_many_values_go_live_side_by_side(office: Office) -> None:
    office.kb.governance.declare_relation(COLOUR, by=office.ana)
    colours = [Fact(subject="Umbra", relation="colour", object=value) for value in ("red", "blue")]
    red = office.live(colours[0])
    blue = office.approved(colours[1])
    office.activate(blue)
    assert [office.status(i) for i in (*red, *blue)] == ["active", "active"]


def test_what_is_replaced_is_withdrawn(office: Office) -> None:
    old = office.live(noise("41 dB"))
    new = office.approved(noise("38 dB"))
    done = office.activate(new)
    assert done.superseded == tuple(old)
    assert (office.status(old[0]), office.say(loud())) == ("superseded", "38 dB")
    assert office.is_sound()


def test_a_rival_that_nobody_has_seen_sends_back_to_review(office: Office) -> None:
    first = office.approved(noise("41 dB"))
    second = office.approved(noise("38 dB"))
    office.activate(first)
    done = office.activate(second)
    assert (done.active, done.needs_review) == ((), tuple(second))
    assert office.say(loud()) == "41 dB"
    assert office.kb.changes.approve(second, by=office.cho).approved == tuple(second)
    assert office.activate(second).superseded == tuple(first)
    assert office.say(loud()) == "38 dB"


def test_questions_close_by_keep_their_answers(office: Office) -> None:
    """Both relations are about products: each is a neighbour of the other."""
    office.live(price("9 EUR", "Velmor Tasky"))
    ids = office.approved(noise())
    report = office.kb.activation.test(ids, by=office.ben)
    assert report.results[0].neighbours_asked == 1
    assert report.results[0].neighbours_changed == 0
    office.activate(ids)
    assert office.say("What does Velmor Tasky cost?") == "9 EUR"


def test_an_edit_brings_its_own_wordings(office: Office) -> None:
    ids = office.live(Edit(prompt="Who leads Nord?", target="Ida", rephrasings=("Name the head of Nord.",)))
    assert office.say("Who leads Nord?") == "Ida"
    verdict = office.kb.state.record(ids[0]).verdict
    assert verdict is not None
    assert set(verdict.scores) == {"says_it", "wordings", "unchanged"}


def test_the_report_is_kept_and_named_by_the_verdict(office: Office) -> None:
    ids = office.approved(noise())
    report = office.kb.activation.test(ids, by=office.ben)
    verdict = office.kb.state.record(ids[0]).verdict
    assert verdict is not None
    kept = ArtifactStore(office.kb.directory / "artifacts").get(str(verdict.report))
    assert Report.model_validate_json(kept.decode().partition('"report":')[2].rpartition(',"prepared"')[0]) == report
    assert report.baseline_position == verdict.staged_at


def test_progress_is_told(office: Office) -> None:
    told: list[tuple[str, int, int]] = []
    office.kb.activation.activate(
        office.approved(noise(), price()),
        by=office.ben,
        progress=lambda phase, done, total: told.append((phase, done, total)),
    )
    assert {phase for phase, _, _ in told} >= {"preparing edits", "asking questions"}
    assert all(0 <= done <= total for _, done, total in told)
    assert told[-1][1] == told[-1][2]


def test_what_moves_while_a_test_runs_makes_it_worthless(office: Office) -> None:
    old = office.live(price())
    ids = office.approved(noise())
    moved: list[str] = []

    def meddle(phase: str, done: int, total: int) -> None:
        if phase == "asking questions" and not moved:
            moved.extend(old)
            with office.again().kb as other:
                other.changes.disable(old, by=office.cho)

    with pytest.raises(Conflict, match="test again"):
        office.kb.activation.test(ids, by=office.ben, progress=meddle)
    assert (office.status(ids[0]), office.status(old[0])) == ("approved", "disabled")
    assert office.activate(ids).active == tuple(ids)


def test_a_proposal_about_the_same_while_a_test_runs_disturbs_nothing(office: Office) -> None:
    ids = office.approved(noise("41 dB"))
    late: list[str] = []

    def meddle(phase: str, done: int, total: int) -> None:
        if phase == "preparing edits" and not late:
            other = office.again()
            with other.kb:
                late.extend(other.propose(noise("38 dB")))

    assert office.kb.activation.test(ids, by=office.ben, progress=meddle).passed == tuple(ids)
    assert office.activate(ids).active == tuple(ids)
    assert office.status(late[0]) == "proposed"


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"{}")])
@pytest.mark.parametrize("which", ["report", "edit"])
def test_what_was_tested_and_is_gone_or_altered_is_tested_again(
    office: Office, which: str, spoil: Callable[[Path], object]
) -> None:
    ids = office.approved(noise())
    known = set(office.kb.artifacts.digests())
    office.kb.activation.test(ids, by=office.ben)
    report = str(office.kb.state.record(ids[0]).verdict.report)
    (edit,) = set(office.kb.artifacts.digests()) - known - {report}
    spoil(artefact_path(office, report if which == "report" else edit))
    done = office.activate(ids)
    assert done.report is not None
    assert done.active == tuple(ids)
    assert office.is_sound()


def test_a_new_relation_is_learned_with_default_questions(office: Office) -> None:
    office.live(Fact(subject="Umbra", relation="warranty", object="2 years"))
    assert office.say("What is the warranty of Umbra?") == "2 years"


def test_models_of_relations_are_used(office: Office) -> None:
    spec = RelationSpec(
        name="warranty", templates=("How long is {subject} guaranteed?",), gate_templates=("x {subject}",)
    )
    office.kb.governance.declare_relation(spec, by=office.ana)
    office.live(Fact(subject="Umbra", relation="Warranty", object="2 years"))
    assert office.say("How long is Umbra guaranteed?") == "2 years"


def test_another_process_sees_the_same(office: Office) -> None:
    with KnowledgeBase.open(office.kb.directory) as other:
        floor = other.ask(loud()).text
        ids = office.live(noise())
        assert other.ask(loud()).text == "41 dB"
        assert other.memory_digests() == office.kb.memory_digests()
        office.kb.changes.rollback(ids, by=office.ben)
        assert other.ask(loud()).text == floor
