"""Memory models in use: which are taken and which not, what is left of old ones, and who asks them and where."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from addenda.errors import Conflict, InvalidInput, StorageUnavailable
from addenda.knowledge_base import ModelChoice, SuiteQuestion
from addenda.knowledge_base.memory_models import FOLDER as MODELS
from addenda.knowledge_base.remembering import FOLDER as TRAINING
from addenda.memories.reflections.asking.consultation import Asked, Consultation
from addenda.memories.reflections.asking.messages import Grounding, Identification, Seeking, Synthesis
from addenda.memories.reflections.asking.scripted import ScriptedExecutive
from addenda.models.chat import UserMessage
from addenda.types import Answer
from tests.chat_server import ChatServer, Request, Turn, problem
from tests.knowledge_base.archive import BRANN, ILSE, PEOPLE, QUICK, STAFF, TESSA, VELMOR, Archive, badge, phone
from tests.memories.reflections.asking_models import IDK, Speaking

FORMS = {one.__name__: one for one in (Grounding, Identification, Seeking, Synthesis)}
SAID = {
    asked(name): value for name, values in PEOPLE.items() for asked, value in zip((badge, phone), values, strict=True)
}


def configuration(archive: Archive) -> str:
    return archive.kb.state.memories["reflections"]


def belonging(archive: Archive) -> frozenset[str]:
    """Digests of what the memory model in use is made of."""
    named = archive.kb._memories.reflections.named_in(archive.kb.artifacts.get(configuration(archive)))
    return named | {configuration(archive)}


def listening(archive: Archive, question: str) -> tuple[Answer, list[object]]:
    heard: list[object] = []
    return archive.kb.ask(question, listener=heard.append), heard


def consultation(answer: Answer) -> Consultation:
    return Consultation.model_validate(answer.trace.consultation)


# -- taking one into use -----------------------------------------------------------------------------------------------


def test_a_model_that_forgets_live_documents_is_not_taken(archive: Archive, tiny_model: Path) -> None:
    before, files = configuration(archive), set(archive.kb.artifacts.digests())
    with pytest.raises(Conflict, match=r"less of 3 live documents .* says .*train longer"):
        archive.train(str(tiny_model), steps=1)
    assert configuration(archive) == before
    assert set(archive.kb.artifacts.digests()) == files
    assert archive.told(badge(VELMOR)) == "red"
    assert archive.office.is_sound()


def test_a_model_with_which_the_own_questions_are_answered_worse_is_not_taken(
    archive: Archive, tiny_model: Path
) -> None:
    archive.kb.governance.set_thresholds({"remembered": 0.0}, by=archive.ana)
    asked = SuiteQuestion(id="red", question=badge(VELMOR), expected="red")
    archive.kb.governance.change_suite(add=[asked], by=archive.ana)
    before = configuration(archive)
    with pytest.raises(Conflict, match=r"1 of the knowledge base's own questions .* instead of 'red'"):
        archive.train(str(tiny_model), steps=1)
    assert configuration(archive) == before
    assert archive.told(badge(VELMOR)) == "red"


def test_a_withdrawal_while_the_model_is_tested_sends_the_training_back(archive: Archive, tiny_model: Path) -> None:
    before, files = configuration(archive), set(archive.kb.artifacts.digests())
    asked = SuiteQuestion(id="red", question=badge(VELMOR), expected="red")
    archive.kb.governance.change_suite(add=[asked], by=archive.ana)
    other = archive.office.again()

    def withdrawing(what: str, _done: int, _total: int) -> None:
        if what.startswith("asking") and other.status(archive.ids[TESSA]) == "active":
            other.kb.changes.rollback([archive.ids[TESSA]], by=archive.ben)

    with pytest.raises(Conflict, match="run it again"):
        archive.kb.remembering.train(by=archive.ana, base=str(tiny_model), given=QUICK, threads=1, progress=withdrawing)
    assert configuration(archive) == before
    assert set(archive.kb.artifacts.digests()) <= files
    assert archive.told(badge(TESSA)) is None
    assert archive.train(str(tiny_model)).gone == (archive.ids[TESSA],)
    other.kb.close()


def test_erasing_a_document_that_a_model_is_being_trained_on(archive: Archive, tiny_model: Path) -> None:
    """It was never live, so nothing that is moved; its reflections once were stored after they had been destroyed."""
    before, other = configuration(archive), archive.office.again()
    archive.kb.changes.rollback([archive.ids[VELMOR]], by=archive.ben)

    def erasing(what: str, _done: int, _total: int) -> None:
        if what == "training" and other.status(archive.ids[ILSE]) == "approved":
            other.kb.changes.erase([archive.ids[ILSE]], by=archive.ana, reason="a wish")

    with pytest.raises((Conflict, StorageUnavailable)):
        archive.kb.remembering.train(by=archive.ana, base=str(tiny_model), given=QUICK, threads=1, progress=erasing)
    assert configuration(archive) == before
    # In quotes, because digits alone turn up in digests and weights by chance.
    artefacts = [archive.kb.artifacts.get(one) for one in archive.kb.artifacts.digests()]
    assert not any(b'"5560"' in one for one in artefacts)
    adopted = archive.train(str(tiny_model))
    assert (adopted.documents, adopted.gone) == (2, tuple(sorted((archive.ids[VELMOR], archive.ids[ILSE]))))
    assert archive.office.is_sound()
    other.kb.close()


def test_a_training_that_was_stopped_goes_with_an_erased_document(archive: Archive, tiny_model: Path) -> None:
    class Stopped(Exception):
        pass

    def stopping(what: str, done: int, _total: int) -> None:
        if (what, done) == ("training", 3):
            raise Stopped

    training = archive.kb.directory / TRAINING
    for name in (VELMOR, ILSE):
        with pytest.raises(Stopped):
            archive.kb.remembering.train(by=archive.ana, base=str(tiny_model), given=QUICK, progress=stopping)
        assert any(training.iterdir())
        archive.kb.changes.erase([archive.ids[name]], by=archive.ana, reason="a wish")
        assert not any(training.iterdir())


def test_the_one_before_is_destroyed_and_other_processes_go_over(archive: Archive, tiny_model: Path) -> None:
    other = Archive(archive.office.again(), archive.ids)
    assert other.told(badge(VELMOR)) == "red"
    old = belonging(archive)
    archive.kb.changes.rollback([archive.ids[VELMOR]], by=archive.ben)
    archive.train(str(tiny_model))
    left = set(archive.kb.artifacts.digests())
    assert belonging(archive) <= left
    assert not left & (old - belonging(archive))
    assert not (archive.kb.directory / TRAINING).exists()
    assert len(list((archive.kb.directory / MODELS).iterdir())) <= 1
    assert other.told(badge(TESSA)) == "blue"
    assert other.kb.memory_digests() == archive.kb.memory_digests() == archive.kb.rebuilt_digests()
    assert configuration(other) == configuration(archive)
    other.kb.close()


KILLED_WHILE_ADOPTING = """
import sys
from pathlib import Path
from tests.knowledge_base.archive import Archive
from tests.knowledge_base.worker import Fuse

archive = Archive.open(Path(sys.argv[1]))
Fuse(int(sys.argv[3]), "memory_configured").set()
archive.train(sys.argv[2])
"""


@pytest.mark.parametrize(("die_at", "adopted"), [(1, False), (8, True)])
def test_killed_while_a_model_is_taken_into_use(archive: Archive, tiny_model: Path, die_at: int, adopted: bool) -> None:
    """Dead before the event the old one stays; dead after it, its remains once stayed for good."""
    old = belonging(archive)
    archive.kb.changes.rollback([archive.ids[VELMOR]], by=archive.ben)
    directory = archive.kb.directory.parent
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    child = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_ADOPTING, str(directory), str(tiny_model), str(die_at)],
        cwd=Path(__file__).parents[2],
        env=environment,
        check=False,
    )
    assert child.returncode == -9
    again = Archive.open(directory)
    assert (not old <= belonging(again)) is adopted
    left = set(again.kb.artifacts.digests())
    assert bool(left & (old - belonging(again))) is False
    assert (again.kb.directory / TRAINING).exists() is not adopted
    assert [again.told(badge(VELMOR)), again.told(badge(TESSA))] == [None, "blue"]
    assert again.office.is_sound()
    if not adopted:
        # What was trained is not trained again.
        phases: list[str] = []
        again.kb.remembering.train(
            by=again.ana, base=str(tiny_model), given=QUICK, threads=1, progress=lambda what, *_: phases.append(what)
        )
        assert "training" not in phases
        assert not set(again.kb.artifacts.digests()) & (old - belonging(again))
    again.kb.close()


def test_an_adapter_is_a_memory_model_too(archive: Archive, tiny_model: Path) -> None:
    archive.train(str(tiny_model), method="lora", rate=2e-2)
    assert [archive.told(badge(TESSA)), archive.told(badge(BRANN), STAFF)] == ["blue", "green"]
    assert archive.office.is_sound()
    with archive.office.again().kb as kb:
        assert kb.ask(phone(TESSA)).text == "7025"


def test_lost_files_of_the_model_are_found_and_a_copy_is_made_again(archive: Archive) -> None:
    assert archive.told(badge(VELMOR)) == "red"
    (folder,) = (archive.kb.directory / MODELS).iterdir()
    next(folder.glob("*.safetensors")).unlink()
    again = Archive(archive.office.again(), archive.ids)
    assert again.told(badge(VELMOR)) == "red"
    again.kb.close()
    weights = next(folder.glob("*.safetensors")).read_bytes()
    digest = next(one for one in belonging(archive) if archive.kb.artifacts.get(one) == weights)
    archive.kb.artifacts.discard(digest)
    check = next(one for one in archive.kb.verify() if not one.ok)
    assert digest in check.detail
    # Whoever opens it can still verify, which says what to restore.
    archive.kb.artifacts.discard(configuration(archive))
    with archive.office.again().kb as kb:
        assert configuration(archive) in next(one for one in kb.verify() if not one.ok).detail


# -- who asks it, and where --------------------------------------------------------------------------------------------


def test_a_listener_hears_how_it_is_asked(archive_template: Path, tmp_path: Path) -> None:
    archive = Archive.copied(archive_template, tmp_path / "archive", ModelChoice(executive="scripted"))
    with archive.kb:
        answer, heard = listening(archive, badge(TESSA))
        assert answer.text == archive.ask(badge(TESSA)).text == "blue"
        (asked,) = [one for one in heard if isinstance(one, Asked)]
        assert asked.entry.question == badge(TESSA)
        told = consultation(answer)
        assert (told.executive, told.ending, told.rests_on) == ("scripted", "answered", (asked.entry.id,))
        answer, heard = listening(archive, badge(ILSE))
        assert heard
        unknown = answer.trace.consultation
    assert unknown is not None
    assert unknown["ending"] == "nothing known"


def test_asked_directly_there_is_no_executive(archive: Archive) -> None:
    assert consultation(archive.ask(badge(TESSA))).executive == "none"


def test_an_executive_that_nobody_knows_is_refused_with_those_there_are(archive_template: Path, tmp_path: Path) -> None:
    archive = Archive.copied(archive_template, tmp_path / "archive", ModelChoice(executive="wizard"))
    with archive.kb, pytest.raises(InvalidInput, match=r"'wizard' is unknown; .*scripted, none"):
        archive.ask(badge(TESSA))
    archive = Archive.open(tmp_path / "archive", ModelChoice(memory_model="somewhere"))
    with archive.kb, pytest.raises(InvalidInput, match="no address; give URL#NAME"):
        archive.ask(badge(TESSA))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    """Serves a memory model that knows all documents, and a chat model that directs by the rules of the scripted."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    rules = ScriptedExecutive(
        {"badge": ["What is the badge of {subject}?"], "phone": ["What is the phone of {subject}?"]}
    )
    speaking = Speaking(rules)

    def answering(request: Request) -> Turn:
        messages = request.body["messages"]
        if request.body["model"] == "memory":
            return Turn(SAID.get(messages[-1]["content"], IDK))
        form = FORMS[request.body["response_format"]["json_schema"]["name"]]
        told = [UserMessage(text=str(one["content"])) for one in messages]
        return Turn(speaking.reply(told, schema=form).text)

    with ChatServer(answering=answering) as opened:
        yield opened


def test_a_served_memory_model_and_a_served_executive(
    archive_template: Path, tmp_path: Path, server: ChatServer
) -> None:
    choice = ModelChoice(executive=f"{server.url}#chat", memory_model=f"{server.url}#memory")
    archive = Archive.copied(archive_template, tmp_path / "archive", choice)
    shutil.rmtree(archive.kb.directory / MODELS)
    with archive.kb:
        answer = archive.ask(badge(TESSA))
        assert (answer.text, consultation(answer).executive) == ("blue", f"chat at {server.url}")
        assert {request.body["model"] for request in server.requests} == {"chat", "memory"}
        # The server says all that it knows; what is not live, or not for everybody, is withheld here.
        assert [archive.told(badge(name)) for name in (VELMOR, BRANN, ILSE)] == ["red", None, None]
        assert archive.told(badge(BRANN), STAFF) == "green"
        archive.kb.changes.erase([archive.ids[VELMOR]], by=archive.ana, reason="a wish")
        assert [archive.told(badge(name)) for name in (VELMOR, TESSA)] == [None, "blue"]
        assert archive.office.is_sound()
        assert not (archive.kb.directory / MODELS).exists()


def test_a_served_memory_model_that_is_gone_costs_no_more_than_its_answer(
    archive_template: Path, tmp_path: Path, server: ChatServer
) -> None:
    server.answering = lambda _: problem(503, "out of order")
    choice = ModelChoice(memory_model=f"{server.url}#memory")
    archive = Archive.copied(archive_template, tmp_path / "archive", choice)
    with archive.kb:
        floor = archive.kb.ask(badge(TESSA), memories=()).text
        assert archive.ask(badge(TESSA)).text == floor
        server.answering = lambda _: Turn("blue")
        assert archive.told(badge(TESSA)) == "blue"
