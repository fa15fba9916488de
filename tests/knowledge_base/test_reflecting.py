"""Documents behind the ledger: reflections of them, a memory model that knows them, and answers that stop at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from addenda.errors import Conflict, InvalidInput, PermissionDenied, UnreadableFile
from addenda.knowledge_base.reflecting import CORPUS, FOLDER, IMPORTED
from addenda.memories.reflections.synthesis.stages import ANSWERS
from addenda.types import Document
from tests.knowledge_base.archive import (
    BRANN,
    ILSE,
    PEOPLE,
    STAFF,
    TESSA,
    VELMOR,
    Archive,
    badge,
    page,
    pairs,
    phone,
)
from tests.knowledge_base.office import Office


def everything_under(directory: Path) -> bytes:
    """All bytes of all files but the databases, whose free pages may hold what is gone."""
    return b"\n".join(path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file())


def test_what_is_live_is_told_and_traced(archive: Archive) -> None:
    answer = archive.ask(badge(VELMOR))
    assert answer.text == "red"
    (match,) = [one for one in answer.trace.matches if one.injected]
    assert (match.addendum_id, match.memory) == (archive.ids[VELMOR], "reflections")
    assert answer.trace.consultation is not None
    (entry,) = answer.trace.consultation["entries"]  # type: ignore[misc]
    assert entry["question"] == badge(VELMOR)  # type: ignore[index, call-overload]
    assert [archive.told(phone(name)) for name in (VELMOR, TESSA)] == ["4411", "7025"]
    assert archive.office.is_sound()


def test_explaining_asks_without_each_document(archive: Archive) -> None:
    archive.ask(phone(TESSA))
    explained = archive.kb.explain()
    (ablation,) = explained.ablations
    assert (ablation.addendum_id, ablation.changed) == (archive.ids[TESSA], True)
    assert ablation.text == explained.without_memories != "7025"


def test_a_document_that_is_not_live_is_not_told_before_it_is(archive: Archive) -> None:
    assert archive.told(badge(ILSE)) is None
    ilse = archive.ids[ILSE]
    assert archive.office.activate([ilse]).active == (ilse,)
    assert archive.told(badge(ILSE)) == "black"
    assert archive.office.is_sound()


def test_only_its_audience_is_told(archive: Archive) -> None:
    assert archive.told(badge(BRANN)) is None
    assert archive.told(badge(BRANN), "customers") is None
    assert archive.told(badge(BRANN), STAFF) == "green"
    assert archive.told(badge(VELMOR), STAFF) == "red"


WITHDRAWALS: dict[str, Callable[[Archive, str], object]] = {
    "disabled": lambda a, i: a.kb.changes.disable([i], by=a.ben),
    "retired": lambda a, i: a.kb.changes.rollback([i], by=a.ben),
    "expired": lambda a, i: a.kb.changes.expire([i], by=a.ben),
    "erased": lambda a, i: a.kb.changes.erase([i], by=a.ana, reason="a wish"),
}


@pytest.mark.parametrize("how", WITHDRAWALS)
def test_what_is_withdrawn_stops_at_once_and_training_again_forgets_it(
    archive: Archive, tiny_model: Path, how: str
) -> None:
    other = archive.office.again()
    gone = archive.ids[VELMOR]
    WITHDRAWALS[how](archive, gone)
    assert archive.office.status(gone) == how
    for kb in (archive.kb, other.kb):
        said = kb.ask_many([badge(VELMOR), phone(VELMOR), badge(TESSA), phone(TESSA)])
        assert [one.text for one in said[2:]] == ["blue", "7025"]
        for one in said[:2]:
            assert one.trace.consultation is not None
            assert one.trace.consultation["ending"] == "nothing known"
            assert not any(match.injected for match in one.trace.matches)
    assert archive.told(badge(BRANN), STAFF) == "green"
    assert archive.office.is_sound()
    if how == "disabled":
        archive.kb.changes.enable([gone], by=archive.ben)
        assert archive.told(badge(VELMOR)) == "red"
        return
    adopted = archive.train(str(tiny_model))
    assert (adopted.gone, adopted.documents) == ((gone,), 3)
    assert archive.told(badge(VELMOR)) is None
    assert [archive.told(badge(TESSA)), archive.told(badge(BRANN), STAFF)] == ["blue", "green"]
    model = archive.kb._memories.reflections.configured().memory_model
    assert gone not in model.documents
    assert model.model.answer([badge(VELMOR)])[0].text != "red"
    assert other.kb.ask(badge(TESSA)).text == "blue"
    assert archive.office.is_sound()
    other.kb.close()


def test_erasing_leaves_nothing_that_the_document_says(archive: Archive) -> None:
    folder = archive.kb.directory / FOLDER
    (folder / ANSWERS).write_text("what the generator said of 4411\n")
    archive.ask(phone(VELMOR))
    archive.ask(phone(TESSA))
    kept = archive.kb.answers.latest()
    assert b'"4411"' in everything_under(archive.kb.directory / "artifacts")
    (receipt,) = archive.kb.changes.erase([archive.ids[VELMOR]], by=archive.ana, reason="a wish")
    assert receipt.memory == "reflections"
    for part in ("artifacts", FOLDER):
        left = everything_under(archive.kb.directory / part)
        assert b'"4411"' not in left
        assert b'"7025"' in left
    assert archive.ids[VELMOR] not in (folder / CORPUS).read_text()
    assert archive.kb.answers.latest() == kept
    assert archive.kb._memories.reflections.configured().memory_model.erased == {archive.ids[VELMOR]}
    assert archive.office.is_sound()


def test_an_erasure_that_was_interrupted_is_finished_by_whoever_opens(archive: Archive) -> None:
    """Reflections that were rewritten already once kept the generator's answers from ever being destroyed."""
    folder = archive.kb.directory / FOLDER
    before = {name: (folder / name).read_bytes() for name in (CORPUS, IMPORTED)}
    archive.kb.changes.erase([archive.ids[VELMOR]], by=archive.ana, reason="a wish")
    # As a process leaves it that dies just before the corpus is written.
    (folder / CORPUS).write_bytes(before[CORPUS])
    (folder / ANSWERS).write_text("what the generator said of 4411\n")
    archive.office.again().kb.close()
    assert not (folder / ANSWERS).exists()
    assert archive.ids[VELMOR] not in (folder / CORPUS).read_text()
    (folder / CORPUS).write_bytes(before[CORPUS])
    (folder / IMPORTED).write_bytes(before[IMPORTED])
    archive.office.again().kb.close()
    assert b'"4411"' not in (folder / IMPORTED).read_bytes()


def test_a_document_is_erased_before_there_is_any_reflection_of_it(archive: Archive) -> None:
    folder = archive.kb.directory / FOLDER
    new = page("Kova Rendt", ("white", "8086"))
    made = archive.reflect(page("Piet Salvor", ("gold", "6502")), new, pairs=pairs(archive.kb.directory / "p", PEOPLE))
    (folder / ANSWERS).write_text("what the generator said of 8086 until it was stopped\n")
    archive.kb.changes.erase([made.documents[1].addendum_id], by=archive.ana, reason="a wish")
    assert not (folder / ANSWERS).exists()


def test_a_damaged_work_file_is_named_and_keeps_nobody_from_reading(archive: Archive) -> None:
    archive.kb.changes.erase([archive.ids[VELMOR]], by=archive.ana, reason="a wish")
    (archive.kb.directory / FOLDER / CORPUS).write_text("{\n")
    with archive.office.again().kb as kb:
        assert kb.ask(badge(TESSA)).text == "blue"
    with pytest.raises(UnreadableFile, match=rf"{CORPUS}.* is damaged; remove it"):
        archive.kb.reflecting.run([page(TESSA)], by=archive.ana)


def test_a_document_that_the_model_does_not_know_fails_the_gate_with_what_to_do(
    archive: Archive, tiny_model: Path, tmp_path: Path
) -> None:
    values = ("white", "8086")
    made = archive.reflect(page("Kova Rendt", values), pairs=pairs(tmp_path / "pairs.jsonl", {"Kova Rendt": values}))
    (given,) = made.documents
    assert (made.corpus, given.reused, given.replaces) == (5, False, None)
    with pytest.raises(Conflict):
        archive.office.activate([given.addendum_id])
    archive.kb.changes.approve([given.addendum_id], by=archive.ben)
    assert archive.office.activate([given.addendum_id]).gate_failed == (given.addendum_id,)
    assert "train" in archive.kb.why_failed(given.addendum_id)
    assert archive.told(badge("Kova Rendt")) is None
    adopted = archive.train(str(tiny_model))
    assert (adopted.new, adopted.gone, adopted.documents) == ((given.addendum_id,), (), 5)
    assert archive.told(badge("Kova Rendt")) is None
    assert archive.office.activate([given.addendum_id]).active == (given.addendum_id,)
    assert archive.told(badge("Kova Rendt")) == "white"
    assert archive.office.is_sound()


@pytest.mark.parametrize("method", ["full", "lora"])
def test_documents_that_were_only_added_are_learned_from_the_weights_there_are(
    archive: Archive, tiny_model: Path, tmp_path: Path, method: str
) -> None:
    how = {"method": method}
    lower = archive.kb.governance.set_thresholds({"remembered": 0.0}, by=archive.ana).waiting
    assert lower is not None
    archive.kb.governance.confirm(lower, by=archive.ben)
    values = ("white", "8086")
    made = archive.reflect(page("Kova Rendt", values), pairs=pairs(tmp_path / "pairs.jsonl", {"Kova Rendt": values}))
    archive.kb.changes.approve([made.documents[0].addendum_id], by=archive.ben)
    with pytest.raises(InvalidInput, match="routing asks several"):
        archive.train(str(tiny_model), "routing")
    if method == "lora":
        with pytest.raises(InvalidInput, match="would be 'lora', so it cannot be updated by replay"):
            archive.train(str(tiny_model), "replay", **how)
        assert archive.train(str(tiny_model), **how, steps=2).new
        values = ("black", "8087")
        made = archive.reflect(page("Kova Lund", values), pairs=pairs(tmp_path / "more.jsonl", {"Kova Lund": values}))
        archive.kb.changes.approve([made.documents[0].addendum_id], by=archive.ben)
    before = archive.kb.remembering.learned()
    adopted = archive.train(str(tiny_model), None, **how)
    assert (adopted.strategy, adopted.new, adopted.gone) == ("replay", (made.documents[0].addendum_id,), ())
    assert archive.kb.remembering.learned() == before | set(adopted.new)
    archive.kb.changes.rollback([archive.ids[TESSA]], by=archive.ben)
    with pytest.raises(InvalidInput, match="to know no longer, so it cannot be updated by replay"):
        archive.train(str(tiny_model), "replay", **how)
    assert archive.train(str(tiny_model), None, **how).strategy == "joint"
    assert archive.ids[TESSA] not in archive.kb.remembering.learned()
    assert archive.office.is_sound()


def test_training_is_for_admins_and_needs_approved_documents(office: Office, tiny_model: Path, tmp_path: Path) -> None:
    archive = Archive(office, {})
    with pytest.raises(InvalidInput, match="addenda reflect"):
        archive.train(str(tiny_model))
    (given,) = archive.reflect(page(VELMOR), pairs=pairs(tmp_path / "pairs.jsonl", {VELMOR: PEOPLE[VELMOR]})).documents
    with pytest.raises(InvalidInput, match=rf"1 documents wait .*{given.addendum_id}"):
        archive.train(str(tiny_model))
    office.kb.changes.approve([given.addendum_id], by=office.ben)
    with pytest.raises(PermissionDenied):
        office.kb.remembering.train(by=office.ben, base=str(tiny_model))
    with pytest.raises(InvalidInput, match="train memory-model"):
        office.activate([given.addendum_id])
    assert "reflections" not in office.kb.state.memories


def test_a_new_version_takes_the_place_of_the_old_one(archive: Archive, tiny_model: Path, tmp_path: Path) -> None:
    old = archive.ids[VELMOR]
    for number, colour in enumerate(("white", "purple")):
        values = (colour, "4411")
        made = archive.reflect(page(VELMOR, values), pairs=pairs(tmp_path / f"{number}.jsonl", {VELMOR: values}))
        (given,) = made.documents
        assert (given.reused, given.replaces) == (False, old)
        archive.kb.changes.approve([given.addendum_id], by=archive.ben)
        adopted = archive.train(str(tiny_model))
        assert (adopted.new, adopted.gone) == ((given.addendum_id,), (old,))
        assert archive.told(badge(VELMOR)) is None
        done = archive.office.activate([given.addendum_id])
        assert (done.active, done.superseded) == ((given.addendum_id,), (old,))
        assert archive.told(badge(VELMOR)) == colour
        old = given.addendum_id
    assert archive.office.is_sound()


def test_documents_of_extract_and_those_that_were_taken_back(archive: Archive, tmp_path: Path) -> None:
    known = page("Piet Salvor", ("gold", "6502"))
    content = Document(title=known.title, text=known.text)
    (extracted,) = archive.office.propose(content)
    every = pairs(tmp_path / "pairs.jsonl", {known.title: ("gold", "6502"), VELMOR: PEOPLE[VELMOR]})
    first = archive.reflect(known, pairs=every)
    assert [(one.addendum_id, one.reused) for one in first.documents] == [(extracted, True)]
    assert first.corpus == 5
    assert archive.reflect(known, page(TESSA), pairs=every).documents[1].addendum_id == archive.ids[TESSA]
    assert archive.reflect(pairs=every).corpus == 5
    # Taken back for good, it is another document when somebody brings it again.
    archive.kb.changes.rollback([archive.ids[VELMOR]], by=archive.ben)
    (again,) = archive.reflect(page(VELMOR), pairs=every).documents
    assert (again.reused, again.replaces) == (False, None)
    assert archive.office.status(again.addendum_id) == "proposed"
    taught = {document for one in archive.kb.reflecting.reflections() for document in one.documents}
    assert taught == {archive.ids[name] for name in (TESSA, BRANN, ILSE)}
    assert archive.kb.reflecting.waiting() == (extracted, again.addendum_id)
    archive.kb.changes.approve([again.addendum_id], by=archive.ben)
    # The model has it by heart from the document that was taken back, and that is not this one.
    assert archive.office.activate([again.addendum_id]).gate_failed == (again.addendum_id,)
    assert archive.told(badge(VELMOR)) is None


def test_ready_made_reflections_of_unknown_documents_are_refused_by_name(archive: Archive, tmp_path: Path) -> None:
    given = pairs(tmp_path / "pairs.jsonl", {TESSA: ("pink", "7025"), "Nobody": ("grey", "1")})
    made = archive.reflect(pairs=given)
    assert len(made.refused) == 2
    assert "line 3: there is no document 'Nobody'" in made.refused[0]
    assert made.imported == 9  # eight before, and one that says something else
    with pytest.raises(UnreadableFile, match="no usable pair"):
        archive.reflect(pairs=pairs(tmp_path / "none.jsonl", {"Nobody": ("grey", "1")}))


def test_a_model_that_cannot_make_reflections_is_refused_with_one_that_can(archive: Archive) -> None:
    with pytest.raises(InvalidInput, match=r"cannot make reflections: .*--generator"):
        archive.kb.reflecting.run([], by=archive.ana)
