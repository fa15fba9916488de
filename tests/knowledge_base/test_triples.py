"""Facts that a model reads, from the proposal to the answer: what the knowledge base adds to the memory of triples."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from addenda.errors import InvalidInput, ModelMismatch
from addenda.knowledge_base import KnowledgeBase, ModelChoice
from addenda.knowledge_base.testing import ASKED_IN_FULL, ASKED_SAMPLE
from addenda.ledger import ANY_RELATION, Created, RelationDeclared
from addenda.models.bundled import UNKNOWN_ANSWER
from addenda.types import Fact
from tests.chat_server import ChatServer
from tests.knowledge_base.office import COLOUR, NOISE, Office, found, loud, noise, price
from tests.reading_server import IGNORANT

COLOURS = "Which colours has Orbin gloss?"
LAST_YEAR = datetime.now(UTC) - timedelta(days=365)


@pytest.fixture
def office(read_office: Office) -> Iterator[Office]:
    """Whatever a test did, everything must be sound at its end."""
    yield read_office
    assert read_office.is_sound()


@pytest.fixture(scope="module")
def bundled_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bundled")
    found(directory, "bundled", "triples")
    return directory


@pytest.fixture
def bundled(bundled_template: Path, tmp_path: Path) -> Iterator[Office]:
    opened = Office.copied(bundled_template, tmp_path / "office")
    yield opened
    opened.kb.close()


def alias(name: str, other: str) -> Fact:
    return Fact(subject=name, relation="also called", object=other)


def colour(value: str) -> Fact:
    return Fact(subject="Orbin gloss", relation="colour", object=value)


def test_the_bundled_model_reads_what_was_activated(bundled: Office) -> None:
    before = bundled.say(loud())
    (old,) = bundled.live(noise("41 dB"), valid_from=LAST_YEAR)
    answer = bundled.kb.ask(loud())
    (match,) = answer.trace.matches
    assert (before, answer.text) == (UNKNOWN_ANSWER, "41 dB")
    assert (match.addendum_id, match.memory, match.injected, match.cited) == (old, "triples", True, True)
    (new,) = bundled.live(noise("44 dB"))
    assert bundled.say(loud()) == "44 dB"
    assert bundled.say(loud(), as_of=datetime.now(UTC) - timedelta(days=1)) == "41 dB"
    explained = bundled.kb.explain()
    assert (explained.ablations[0].addendum_id, explained.ablations[0].changed) == (old, True)
    assert explained.without_memories == UNKNOWN_ANSWER
    assert bundled.status(new) == "active"
    assert bundled.is_sound()


def test_edits_and_triples_in_one_batch(bundled: Office) -> None:
    bundled.kb.governance.declare_relation(NOISE.model_copy(update={"memories": ("edits",)}), by=bundled.ana)
    ids = bundled.approved(noise("41 dB", "Mirala Sonde"), price("31 EUR", "Mirala Sonde"))
    assert bundled.activate(ids).active == tuple(ids)
    assert [tuple(bundled.kb.state.record(i).deliveries) for i in ids] == [("edits",), ("triples",)]
    answers = bundled.kb.ask_many([loud("Mirala Sonde"), "What does Mirala Sonde cost?"])
    assert [a.text for a in answers] == ["41 dB", "31 EUR"]
    assert [m.memory for a in answers for m in a.trace.matches if m.injected] == ["edits", "triples"]
    assert set(bundled.kb.memory_digests()) == {"edits", "triples"}
    assert bundled.is_sound()


def test_a_fact_that_both_memories_carry_is_live_when_both_have_it(bundled: Office) -> None:
    bundled.kb.governance.declare_relation(NOISE.model_copy(update={"memories": ("edits", "triples")}), by=bundled.ana)
    (held,) = bundled.live(noise("41 dB"))
    assert set(bundled.kb.state.record(held).deliveries) == {"edits", "triples"}
    for memory in ("edits", "triples"):
        assert bundled.kb.ask(loud(), memories=[memory]).text == "41 dB"
    bundled.kb.changes.rollback([held], by=bundled.ben)
    assert bundled.say(loud()) == UNKNOWN_ANSWER
    receipts = bundled.kb.changes.erase([held], by=bundled.ana, reason="asked")
    assert {receipt.memory for receipt in receipts} == {"edits", "triples"}


def test_what_replaces_an_edit_as_a_triple_takes_the_edit_out(bundled: Office) -> None:
    bundled.kb.governance.declare_relation(NOISE.model_copy(update={"memories": ("edits",)}), by=bundled.ana)
    (old,) = bundled.live(noise("41 dB"))
    bundled.kb.governance.declare_relation(NOISE.model_copy(update={"memories": ("triples",)}), by=bundled.ana)
    bundled.live(noise("44 dB"))
    assert (bundled.status(old), bundled.say(loud())) == ("superseded", "44 dB")
    assert bundled.kb.ask(loud(), memories=["edits"]).text == UNKNOWN_ANSWER


def test_many_values_add_and_one_value_replaces(office: Office) -> None:
    red, blue = office.live(colour("red"), colour("blue"))
    answer = office.kb.ask(COLOURS)
    assert {match.addendum_id for match in answer.trace.matches} == {red, blue}
    office.live(noise("41 dB"))
    office.live(noise("38 dB"))
    assert len(office.kb.ask(loud()).trace.matches) == 1


def test_a_relation_that_takes_one_value_from_now_on_keeps_its_values_until_one_is_replaced(office: Office) -> None:
    red, blue = office.live(colour("red"), colour("blue"))
    office.kb.governance.declare_relation(
        COLOUR.model_copy(update={"memories": ("triples",), "cardinality": "one"}), by=office.ana
    )
    assert [office.status(i) for i in (red, blue)] == ["active", "active"]
    (green,) = office.live(colour("green"))
    assert [office.status(i) for i in (red, blue, green)] == ["superseded", "superseded", "active"]
    assert office.say(COLOURS) == "green"
    office.kb.changes.rollback([green], by=office.ben)
    assert [office.status(i) for i in (red, blue)] == ["active", "active"]


def test_the_past_is_answered_from_what_held_then(office: Office) -> None:
    office.live(noise("41 dB"), valid_from=LAST_YEAR)
    office.live(noise("38 dB"))
    assert office.say(loud()) == "38 dB"
    assert office.say(loud(), as_of=datetime.now(UTC) - timedelta(days=1)) == "41 dB"
    assert office.say(loud(), as_of=LAST_YEAR - timedelta(days=1)) == IGNORANT


def test_another_audience_reads_nothing(office: Office) -> None:
    office.live(noise("41 dB"), audience=("sales",))
    assert (office.say(loud()), office.say(loud(), audience="sales")) == (IGNORANT, "41 dB")


def test_two_values_under_two_names_of_one_thing_fail_the_gate(office: Office) -> None:
    office.live(alias("Velmor Tasky", "Tasky 2"))
    office.live(noise("38 dB", "Tasky 2"))
    ids = office.approved(noise("41 dB"))
    assert office.activate(ids).gate_failed == tuple(ids)
    reason = office.kb.why_failed(ids[0])
    assert "'41 dB', '38 dB'" in reason or "'38 dB', '41 dB'" in reason
    assert office.say(loud()) == "38 dB"


def test_of_a_large_batch_a_sample_is_asked_about(office: Office, reader: ChatServer) -> None:
    reader.requests.clear()
    subjects = [f"Orbin {number}" for number in range(ASKED_IN_FULL + 1)]
    ids = office.approved(*(noise(f"{n} dB", subject) for n, subject in enumerate(subjects)))
    done = office.activate(ids)
    assert done.active == tuple(ids)
    assert done.report is not None
    assert len(done.report.results) == ASKED_SAMPLE
    assert set(done.report.passed) == set(ids)
    # Each in the wording it was made with and in another one, with a call and an answer each.
    assert len(reader.requests) == ASKED_SAMPLE * 2 * 2
    assert office.say(loud(subjects[-1])) == f"{ASKED_IN_FULL} dB"


def test_of_a_large_batch_all_are_read_when_one_that_was_drawn_is_wrong(office: Office) -> None:
    names = [f"Orbin {number}" for number in range(ASKED_IN_FULL + 1)]
    office.live(*(alias(name, f"{name} new") for name in names[1:]))
    office.live(*(noise("30 dB", f"{name} new") for name in names[1:]))
    ids = office.approved(*(noise("41 dB", name) for name in names))
    done = office.activate(ids)
    assert (done.active, done.gate_failed) == ((ids[0],), tuple(ids[1:]))


def test_a_model_that_cannot_read_is_named_before_anything_is_tested(template: Path, tmp_path: Path) -> None:
    office = Office.copied(template, tmp_path / "office")
    office.kb.governance.declare_relation(NOISE.model_copy(update={"memories": ("triples",)}), by=office.ana)
    ids = office.approved(noise())
    with pytest.raises(InvalidInput, match="addenda train read"):
        office.activate(ids)
    assert office.status(ids[0]) == "approved"
    office.kb.close()


def test_a_remote_model_cannot_be_edited(office: Office) -> None:
    office.kb.governance.declare_relation(NOISE.model_copy(update={"memories": ("edits",)}), by=office.ana)
    with pytest.raises(InvalidInput, match="behind an address"):
        office.activate(office.approved(noise()))


def test_another_remote_model_is_refused(office: Office, reader: ChatServer) -> None:
    choice = ModelChoice(f"{reader.url}#another")
    with KnowledgeBase.open(office.kb.directory, choice=choice) as kb, pytest.raises(ModelMismatch):
        kb.ask(loud())


@pytest.mark.parametrize("blank", [" ", "\u3000", "\t"])
def test_blank_names_are_refused_when_proposed(office: Office, blank: str) -> None:
    with pytest.raises(InvalidInput):
        office.propose(Fact(subject=blank, relation="noise level", object="41 dB"))
    with pytest.raises(InvalidInput):
        office.propose(Fact(subject="Orbin", relation="anything", object=blank))
    assert not office.kb.state.records


def test_names_that_no_question_can_hold_are_refused_when_proposed(office: Office) -> None:
    long = "Velmor " * 14_000
    for fact in (noise("41 dB", long), Fact(subject="Orbin", relation=long, object="1"), noise(f"41 dB {long}")):
        with pytest.raises(InvalidInput, match="characters"):
            office.propose(fact)
    assert not office.kb.state.records


def test_undeclared_relations_go_where_the_founder_said(tmp_path: Path, reader: ChatServer) -> None:
    with KnowledgeBase.create(tmp_path / "kb", admin="Ana", model=f"{reader.url}#reader").knowledge_base as kb:
        assert kb.state.registry.get("hobby").memories == ("triples",)
        assert ANY_RELATION not in kb.state.registry.names()
    with KnowledgeBase.create(tmp_path / "other", admin="Ana", model="bundled").knowledge_base as kb:
        assert kb.state.registry.get("hobby").memories == ("edits",)
        assert not any(
            isinstance(e.body, RelationDeclared) and e.body.spec.name == ANY_RELATION for e in kb.ledger.events()
        )
    with pytest.raises(InvalidInput, match="notes"):
        KnowledgeBase.create(tmp_path / "third", admin="Ana", memories=["notes"])
    assert not (tmp_path / "third").exists()


def test_the_declaration_for_all_others_gives_its_words_to_them(office: Office) -> None:
    spec = office.kb.state.registry.get("hobby").model_copy(
        update={"name": ANY_RELATION, "cardinality": "many", "templates": ("Which * has {subject}?",)}
    )
    waiting = office.kb.governance.declare_relation(spec, by=office.ana).waiting
    office.kb.governance.confirm(str(waiting), by=office.ben)
    found = office.kb.state.registry.get("hobby")
    assert (found.name, found.declared, found.cardinality) == ("hobby", False, "many")
    assert found.questions("Ana") == ("Which hobby has Ana?",)


def test_an_altered_row_is_found(office: Office) -> None:
    office.live(noise("41 dB"))
    database = office.kb.directory / "ledger.sqlite3"
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE triples SET source = 'elsewhere'"))
    assert office.kb.memory_digests() != office.kb.rebuilt_digests()
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE triples SET source = 'update.xlsx!Changes!B7'"))
    engine.dispose()


def test_erased_content_is_in_no_file(office: Office) -> None:
    ids = office.live(Fact(subject="Zwurbelfink", relation="noise level", object="41 dB"), noise())
    assert office.say(loud("Zwurbelfink")) == "41 dB"
    database = office.kb.directory / "ledger.sqlite3"
    assert b"Zwurbelfink" in b"".join(path.read_bytes() for path in database.parent.glob("ledger.sqlite3*"))
    office.kb.changes.erase(ids[:1], by=office.ana, reason="asked by the person")
    raw = b"".join(path.read_bytes() for path in office.kb.directory.rglob("*") if path.is_file())
    for form in ("Zwurbelfink", "zwurbelfink", "Zwurbel", "wurbelf"):
        assert form.encode() not in raw


KILLED_BEFORE_THE_ROWS = """
import os, signal, sys
from pathlib import Path
from addenda.memories.triples import TriplesMemory
from tests.knowledge_base.office import Office
office = Office.open(Path(sys.argv[1]))
TriplesMemory.apply = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
office.activate([sys.argv[2]])
"""


def test_killed_between_the_ledger_and_the_rows(office: Office) -> None:
    office.live(noise("38 dB", "Orbin"))
    ids = office.approved(noise("41 dB"))
    done = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_THE_ROWS, str(office.kb.directory.parent), ids[0]],
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert office.status(ids[0]) == "active"
    assert office.say(loud()) == "41 dB"


def test_a_ledger_without_the_memory_names_its_model_as_before(office: Office) -> None:
    created = office.kb.ledger.events()[0].body
    assert isinstance(created, Created)
    assert created.model.endswith("#reader")
    assert created.tokenizer_fingerprint == ""
