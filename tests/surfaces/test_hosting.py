"""Knowledge bases that one server has open: by name, apart from each other, answering while others work."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from addenda.errors import AddendaError, InvalidInput, ModelUnavailable, PermissionDenied, UnknownId
from addenda.knowledge_base import KnowledgeBase
from addenda.surfaces.hosting import Hosting, Place
from addenda.types import Addendum, Fact
from tests.tiny import save_tiny


def founded(directory: Path, admin: str) -> str:
    made = KnowledgeBase.create(directory, admin=admin)
    made.knowledge_base.close()
    return made.token


def test_each_is_found_by_its_name_and_knows_its_own_people_only(tmp_path: Path) -> None:
    ours, theirs = founded(tmp_path / "a", "Ana"), founded(tmp_path / "b", "Ben")
    with Hosting({"a": Place(tmp_path / "a"), "b": Place(tmp_path / "b")}) as hosting:
        assert hosting.names == ("a", "b")
        assert hosting.get() is hosting.get("a")
        assert hosting.get("a").kb.authenticate(ours).name == "Ana"
        assert hosting.get("b").kb.authenticate(theirs).name == "Ben"
        with pytest.raises(PermissionDenied):
            hosting.get("b").kb.authenticate(ours)
        with pytest.raises(UnknownId):
            hosting.get("c")


def test_what_the_working_one_changes_the_answering_one_knows(tmp_path: Path) -> None:
    token = founded(tmp_path / "a", "Ana")
    with Hosting({"a": Place(tmp_path / "a")}) as hosting:
        hosted = hosting.get()
        with hosted.working() as kb:
            told = Addendum(
                content=Fact(subject="Kestrel 5", relation="price", object="99 euros"), source="sheet", author="Ana"
            )
            kb.changes.propose([told], by=kb.authenticate(token))
        assert hosted.kb.state.record(told.id).stage == "proposed"


def test_an_answer_does_not_wait_for_work(tmp_path: Path) -> None:
    founded(tmp_path / "a", "Ana")
    with Hosting({"a": Place(tmp_path / "a")}) as hosting:
        hosted = hosting.get()
        done = threading.Event()

        def ask() -> None:
            with hosted.answering():
                done.set()

        with hosted.working():
            asking = threading.Thread(target=ask)
            asking.start()
            asking.join(timeout=30)
            assert done.is_set()


def test_what_was_warmed_up_waits_for_no_model_at_the_first_question(tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model")
    for name in ("a", "b"):
        KnowledgeBase.create(tmp_path / name, admin="Ana", model=str(model)).knowledge_base.close()
    with Hosting({name: Place(tmp_path / name) for name in ("a", "b")}) as hosting:
        hosting.get("a").warm_up()
        shutil.rmtree(model)
        hosting.get("b").warm_up()
        with hosting.get("a").answering() as kb:
            assert kb.ask("What is it?").trace.model
        with hosting.get("b").answering() as kb, pytest.raises(ModelUnavailable):
            kb.ask("What is it?")


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "-a", "a" * 65])
def test_a_name_that_cannot_stand_in_an_address_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="lower-case"):
        Hosting({name: Place(tmp_path)})


def test_one_that_cannot_be_opened_leaves_none_open(tmp_path: Path) -> None:
    founded(tmp_path / "a", "Ana")
    with pytest.raises(AddendaError, match="no knowledge base"):
        Hosting({"a": Place(tmp_path / "a"), "b": Place(tmp_path / "b")})
    with pytest.raises(InvalidInput, match="at least one"):
        Hosting({})
