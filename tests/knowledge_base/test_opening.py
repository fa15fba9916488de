"""Creating, opening, verifying: what is refused, what is found altered, and what is finished at the next start."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from addenda.database import open_database
from addenda.errors import InvalidInput, LedgerBroken, ModelMismatch, ModelUnavailable, UnknownId, UnreadableFile
from addenda.knowledge_base import DATABASE_FILE, KnowledgeBase, ModelChoice
from addenda.knowledge_base.checks import run_checks
from addenda.ledger import Activating, Ledger
from tests.knowledge_base.office import Office, loud, noise, price
from tests.tiny import save_tiny


def announce(office: Office, ids: Sequence[str]) -> None:
    """What is in the ledger when a process dies between announcing a delivery and recording it."""
    with office.kb.ledger.writing() as session:
        session.append(office.ben.actor, [Activating(ids=tuple(ids), memories=("edits",))], "activation")


def artefact(office: Office, addendum_id: str) -> Path:
    digest = office.kb.state.record(addendum_id).deliveries["edits"]
    return office.kb.directory / "artifacts" / digest[:2] / digest


def test_a_new_one_has_an_admin_and_no_approver(tiny_model: Path, tmp_path: Path) -> None:
    founded = KnowledgeBase.create(tmp_path / "deep" / "kb", admin="Ana", model=str(tiny_model))
    with founded.knowledge_base as kb:
        ana = kb.authenticate(founded.token)
        assert (ana.name, ana.roles) == ("Ana", ("admin", "editor"))
        assert founded.token not in (tmp_path / "deep" / "kb" / DATABASE_FILE).read_bytes().decode("latin-1")
        assert kb.memory_digests() == {}
        assert kb.rebuilt_digests() == {}
        assert kb.ask("Who leads Nord?").trace.memories == ()
        assert all(check.ok for check in kb.verify())
    with KnowledgeBase.open(tmp_path / "deep" / "kb") as again:
        assert again.authenticate(founded.token).name == "Ana"


def test_it_is_made_in_an_empty_place_only(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    for taken in ("full", "file"):
        with pytest.raises(InvalidInput, match="not empty"):
            KnowledgeBase.create(tmp_path / taken, admin="Ana", model=str(tiny_model))
    KnowledgeBase.create(tmp_path / "empty", admin="Ana", model=str(tiny_model)).knowledge_base.close()
    with pytest.raises(InvalidInput, match="not empty"):
        KnowledgeBase.create(tmp_path / "empty", admin="Ana", model=str(tiny_model))


@pytest.mark.parametrize("name", ["", "nobody", "a\u200bb", "x" * 65])
def test_a_bad_name_leaves_nothing_behind(tiny_model: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        KnowledgeBase.create(tmp_path / "kb", admin=name, model=str(tiny_model))
    assert not (tmp_path / "kb").exists()


def test_a_missing_model_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        KnowledgeBase.create(tmp_path / "kb", admin="Ana", model=str(tmp_path))
    assert not (tmp_path / "kb").exists()


def test_opening_what_is_none(tmp_path: Path) -> None:
    with pytest.raises(UnknownId, match="init"):
        KnowledgeBase.open(tmp_path)
    (tmp_path / DATABASE_FILE).write_bytes(b"PK\x03\x04 this is a workbook, say")
    with pytest.raises(UnreadableFile):
        KnowledgeBase.open(tmp_path)
    assert not (tmp_path / "artifacts").exists()


@pytest.mark.parametrize("differs", ["weights", "tokenizer"])
def test_another_model_is_refused_with_what_differs(office: Office, tmp_path: Path, differs: str) -> None:
    office.live(noise("41 dB"))
    other = save_tiny(tmp_path / "other", seed=1) if differs == "weights" else save_tiny(tmp_path / "other", chat=False)
    if differs == "tokenizer":
        (other / "tokenizer_config.json").write_text((other / "tokenizer_config.json").read_text() + "\n")
    with KnowledgeBase.open(office.kb.directory, choice=ModelChoice(str(other))) as kb:
        with pytest.raises(ModelMismatch, match=f"other {differs}"):
            kb.ask(loud())
        assert all(check.ok for check in kb.verify())


def test_the_same_model_elsewhere_is_the_same(office: Office, tmp_path: Path, tiny_model: Path) -> None:
    office.live(noise("41 dB"))
    shutil.copytree(tiny_model, tmp_path / "moved")
    with KnowledgeBase.open(office.kb.directory, choice=ModelChoice(str(tmp_path / "moved"))) as kb:
        assert kb.ask(loud()).text == "41 dB"


@pytest.mark.parametrize("gone", ["*.safetensors", "tokenizer*", "config.json"])
def test_a_model_directory_that_lost_a_file(tmp_path: Path, tiny_model: Path, gone: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    founded = KnowledgeBase.create(tmp_path / "kb", admin="Ana", model=str(model))
    for path in model.glob(gone):
        path.unlink()
    with founded.knowledge_base as kb, pytest.raises(ModelUnavailable):
        kb.ask(loud())


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"else")])
def test_an_artefact_lost_or_altered_is_found(office: Office, spoil: Callable[[Path], object]) -> None:
    one, other = office.live(noise("41 dB"), price("31 EUR"))
    spoil(artefact(office, one))
    checks = {check.name: check for check in office.kb.verify()}
    assert checks["ledger"].ok
    assert not checks["artefacts"].ok
    with office.again().kb as kb:
        with pytest.raises(LedgerBroken, match="artefact"):
            kb.ask(loud())
        # What is broken can still be taken out, and then everything else works again.
        kb.changes.rollback([one], by=office.ben)
        assert kb.ask("What does Orbin Kettle cost?").text == "31 EUR"
    assert office.status(other) == "active"


def test_a_lost_basis_is_found_by_verifying(office: Office) -> None:
    """The edits memory's configuration names another artefact, without which nothing it holds can be read."""
    office.live(noise("41 dB"))
    for digest in office.kb.artifacts.digests():
        assert all(check.ok for check in office.kb.verify())
        path = office.kb.directory / "artifacts" / digest[:2] / digest
        data = path.read_bytes()
        path.unlink()
        is_report = data.startswith(b'{"report"')
        assert all(check.ok for check in office.kb.verify()) is is_report
        path.write_bytes(data)


def test_an_altered_ledger_is_found(office: Office) -> None:
    office.live(noise("41 dB"))
    head = office.kb.state.head
    assert all(check.ok for check in office.kb.verify(head))
    office.kb.close()
    path = office.kb.directory / DATABASE_FILE
    data = path.read_bytes()
    assert data.count(b"update.xlsx!Changes!B7") == 1
    path.write_bytes(data.replace(b"update.xlsx!Changes!B7", b"update.xlsx!Changes!B8"))
    with pytest.raises(LedgerBroken, match=r"event 12: .* altered"):
        office.again()
    database = open_database(path)
    (check,) = run_checks(Ledger(database), office.kb.artifacts, office.kb._memories, head)
    assert (check.name, check.ok) == ("ledger", False)
    assert "broken at position 12" in check.detail
    database.close()


def test_an_interrupted_activation_is_finished_when_opened(office: Office) -> None:
    floor = office.say(loud())
    ids = office.approved(noise("41 dB"))
    office.kb.activation.test(ids, by=office.ben)
    announce(office, ids)
    assert office.status(ids[0]) == "activating"
    assert office.say(loud()) == floor
    with office.again().kb as kb:
        assert kb.ask(loud()).text == "41 dB"
        assert kb.state.record(ids[0]).stage == "active"
    assert office.is_sound()


def test_an_interrupted_activation_that_cannot_be_finished_is_undone(office: Office) -> None:
    kept = office.live(price("31 EUR"))
    floor = office.say(loud())
    known = set(office.kb.artifacts.digests())
    ids = office.approved(noise("41 dB"))
    office.kb.activation.test(ids, by=office.ben)
    announce(office, ids)
    for digest in set(office.kb.artifacts.digests()) - known:
        office.kb.artifacts.discard(digest)
    with office.again().kb as kb:
        assert kb.state.record(ids[0]).stage == "tested"
        assert kb.ask(loud()).text == floor
    assert office.is_sound()
    assert office.activate(ids).active == tuple(ids)
    assert office.status(kept[0]) == "active"


def test_two_that_finish_the_same_activation(office: Office) -> None:
    ids = office.approved(noise("41 dB"))
    office.kb.activation.test(ids, by=office.ben)
    announce(office, ids)
    with office.again().kb as one:
        assert one.activation.recover() == ()
        assert office.kb.activation.recover() == ()
    assert [event.body.kind for event in office.kb.history(ids[0])].count("delivered") == 1


def test_a_replay_gives_the_live_state(office: Office) -> None:
    office.live(noise("41 dB"))
    new = office.live(noise("38 dB"))
    office.kb.changes.rollback(new, by=office.ben)
    assert office.kb.ledger.state_at(office.kb.state.position) == office.kb.state
