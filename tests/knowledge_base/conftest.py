"""One tiny model and one founded knowledge base for all these tests; each test works on a copy."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat_server import ChatServer
from tests.knowledge_base.archive import Archive, build
from tests.knowledge_base.crew import Crew, crew_process
from tests.knowledge_base.office import QUESTIONS, Office, found
from tests.reading_server import reading_server
from tests.tiny import save_tiny


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def template(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("template")
    found(directory, str(tiny_model))
    return directory


@pytest.fixture(scope="session")
def reader() -> Iterator[ChatServer]:
    """A remote model that reads before it answers."""
    with pytest.MonkeyPatch.context() as patch, reading_server(QUESTIONS) as server:
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield server


@pytest.fixture(scope="session")
def read_template(reader: ChatServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("read-template")
    found(directory, f"{reader.url}#reader", "triples")
    return directory


@pytest.fixture
def read_office(read_template: Path, tmp_path: Path) -> Iterator[Office]:
    """A knowledge base whose facts are triples that a remote model reads."""
    opened = Office.copied(read_template, tmp_path / "office")
    yield opened
    opened.kb.close()


@pytest.fixture
def office(template: Path, tmp_path: Path) -> Iterator[Office]:
    opened = Office.copied(template, tmp_path / "office")
    yield opened
    opened.kb.close()


@pytest.fixture(scope="session")
def workers() -> Iterator[subprocess.Popen[str]]:
    with crew_process() as process:
        yield process


@pytest.fixture(scope="module")
def crew(workers: subprocess.Popen[str], template: Path, tmp_path_factory: pytest.TempPathFactory) -> Crew:
    """Workers on a knowledge base that one module's tests share, so that each finds what the one before left."""
    directory = tmp_path_factory.mktemp("crew")
    shutil.copytree(template, directory / "office")
    (directory / "journals").mkdir()
    return Crew(workers, directory / "office", directory / "journals")


@pytest.fixture(scope="session")
def archive_template(template: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge base with a memory model, which is trained once."""
    directory = tmp_path_factory.mktemp("archives") / "template"
    build(template, directory, str(tiny_model))
    return directory


@pytest.fixture
def archive(archive_template: Path, tmp_path: Path) -> Iterator[Archive]:
    opened = Archive.copied(archive_template, tmp_path / "archive")
    yield opened
    opened.kb.close()
