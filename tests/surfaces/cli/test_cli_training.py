"""``addenda train``: from end to end, after a kill, and every refusal with its fix."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from addenda.memories.triples.decoding import ReadingModel
from addenda.memories.triples.local_writer import LocalWriter
from addenda.memories.triples.training_folder import CHECKPOINT
from addenda.models.adapters import load_adapter
from addenda.models.local import LocalModel
from addenda.models.training_folder import STATE
from tests.docred_files import invented_record, write_documents, write_relations
from tests.surfaces.cli.desk import Outcome, environment, in_process
from tests.surfaces.cli.test_cli_processes import on_a_terminal

QUICK = ("--steps", "2", "--batch", "4", "--scored", "2", "--rate", "1e-2", "--spaced")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    write_relations(tmp_path / "relations.json")
    return write_documents(tmp_path / "documents.jsonl", 4)


def call(skill: str, documents: Path, out: str, *more: str) -> list[str]:
    """The words of a quick training."""
    folder = documents.parent
    named = ["--relations", str(folder / "relations.json"), "--out", str(folder / out)]
    return ["train", skill, str(documents), *named, *QUICK, *more]


def train(skill: str, documents: Path, out: str, *more: str) -> Outcome:
    return in_process(*call(skill, documents, out, *more))


def test_the_bundled_model_learns_to_write(documents: Path) -> None:
    found = train("write", documents, "out", "--json").json
    assert (found["skill"], found["steps"], found["documents"], found["validation_documents"]) == ("write", 2, 3, 1)
    assert (found["examples"], found["validation_examples"], found["left_out"], found["refused"]) == (9, 3, 0, [])
    assert found["after"]["loss"] < found["before"]["loss"]
    assert found["after"]["scores"]["sentences"] == 2
    assert (found["settings"]["batch"], found["settings"]["rank"], found["model"]) == (4, 16, "bundled")
    model = LocalModel.load()
    LocalWriter(model, load_adapter(model, Path(found["directory"]), "write"))
    again = train("write", documents, "out")
    assert again.code == 0
    use = f"ADDENDA_WRITE_ADAPTER={found['directory']}"
    for part in ("3 documents, 9 examples an epoch, 2 steps", "1 documents, held out by seed 0", "f1", "MiB", use):
        assert part in again.out
    assert f"{found['after']['loss']:.4f}" in again.out


def test_the_bundled_model_learns_to_read(documents: Path) -> None:
    other = write_documents(documents.parent / "other.jsonl", 2, first=4)
    found = train("read", documents, "out", "--validation", str(other), "--limit", "3", "--copies", "1", "--json").json
    assert (found["skill"], found["documents"], found["validation_documents"]) == ("read", 3, 2)
    assert (found["examples"], found["validation_examples"]) == (27, 6)
    assert found["after"]["loss"] < found["before"]["loss"]
    assert (found["after"]["scores"]["points"], found["after"]["scores"]["ceiling"]) == (2, 1.0)
    model = LocalModel.load()
    ReadingModel(model, load_adapter(model, Path(found["directory"]), "read"))


def test_a_terminal_shows_a_bar(documents: Path, tiny_model: Path) -> None:
    code, shown = on_a_terminal(call("write", documents, "out", "--model", str(tiny_model)), "")
    assert code == 0, shown
    assert "training" in shown
    assert "2/2" in shown


def test_killed_and_started_again_it_ends_with_the_same_adapter(documents: Path, tiny_model: Path) -> None:
    more = ("--model", str(tiny_model), "--steps", "25", "--checkpoint-every", "1", "--json")
    one_thread = {"ADDENDA_THREADS": "1"}
    expected = in_process(*call("write", documents, "straight", *more), env=one_thread).json
    killed = documents.parent / "killed"
    process = subprocess.Popen(
        [sys.executable, "-m", "addenda.surfaces.cli", *call("write", documents, "killed", *more)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=environment(**one_thread),
    )  # fmt: skip
    while process.poll() is None and not (killed / CHECKPOINT).exists():
        threading.Event().wait(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert json.loads((killed / STATE).read_text())["report"] is None
    assert (killed / CHECKPOINT).is_file()
    resumed = in_process(*call("write", documents, "killed", *more), env=one_thread).json
    same = [name for name in expected if name != "directory"]
    assert {name: resumed[name] for name in same} == {name: expected[name] for name in same}
    weights = "adapter_model.safetensors"
    assert (killed / weights).read_bytes() == (documents.parent / "straight" / weights).read_bytes()
    assert not (killed / CHECKPOINT).exists()


def test_other_options_in_the_same_folder_are_named(documents: Path, tiny_model: Path) -> None:
    model = ("--model", str(tiny_model))
    assert train("write", documents, "out", *model).code == 0
    done = train("write", documents, "out", *model, "--rank", "4", "--json")
    assert done.code == 2
    assert "rank was 16 and is 4. Start it as before to go on, or name another folder" in done.error["message"]


def broken(record: dict[str, object]) -> str:
    """A document whose first mention is not where it says."""
    return json.dumps({**record, "vertexSet": [[{"name": "x", "type": "PER", "sent_id": 9, "pos": [0, 1]}]]})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("not json at all", "holds no document that can be used: document 1 of 'given.json' was left out: the line is"),
        ("[{", "is no complete JSON array"),
        ("[]", "holds no document that can be used: it is empty. Give documents in DocRED's format"),
        ('[{"text": "A letter."}]', "title: field required"),
        (broken(invented_record(0)), r"vertexSet[0][0].sent_id is 9; the 3 sentences are counted from 0"),
        (json.dumps([invented_record(0)]), "1 documents cannot be split"),
    ],
)
def test_files_that_cannot_be_trained_with_are_refused_with_the_fix(
    documents: Path, content: str, message: str
) -> None:
    given = documents.parent / "given.json"
    given.write_text(content, encoding="utf-8")
    done = train("write", given, "out", "--json")
    assert (done.code, message in done.error["message"]) == (2, True), done
    assert not (documents.parent / "out").exists()


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (("--rate", "0"), 2, "rate is 0.0, which is not allowed"),
        (("--targets", "wq, wk"), 1, "has no layers ['wk', 'wq']; name the layers to train beside (--targets)"),
        (("--model", "no/such"), 1, "no model 'no/such'"),
        (("--cutoff", "16"), 2, "there is no example to train with"),
        (("--limit", "1"), 2, "1 documents cannot be split"),
        (("--validation-share", "2"), 2, "validation_share is 2.0"),
    ],
)
def test_options_that_cannot_be_used_are_refused_with_the_fix(
    documents: Path, more: tuple[str, ...], code: int, message: str
) -> None:
    done = train("write", documents, "out", "--json", *more)
    assert done.code == code
    assert message in done.error["message"]


def test_the_other_refusals(documents: Path) -> None:
    folder = documents.parent
    assert "No such command 'sing'" in train("sing", documents, "out", "--json").error["message"]
    same = train("write", documents, "out", "--validation", str(documents), "--json").error["message"]
    assert "4 documents are both trained and validated with" in same
    assert "holds other files" in train("write", documents, ".", "--json").error["message"]
    assert "check that it is a folder" in train("write", documents, "relations.json", "--json").error["message"]
    missing = train("write", folder / "none.json", "out", "--json").error
    assert (missing["type"], "cannot be read" in missing["message"]) == ("UnreadableFile", True)


def test_without_the_extra_it_is_said_what_to_install(documents: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from addenda.surfaces.cli.app import run; sys.exit(run(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, *call("write", documents, "out", "--json")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, timeout=120)
    assert done.returncode == 1
    error = json.loads(done.stderr)["error"]
    assert (error["type"], "pip install 'addenda[local]'" in error["message"]) == ("MissingDependency", True)


def test_documents_that_are_left_out_are_said(documents: Path, tiny_model: Path) -> None:
    documents.write_text(documents.read_text() + broken(invented_record(7)) + "\n", encoding="utf-8")
    done = train("write", documents, "out", "--model", str(tiny_model))
    assert done.code == 0
    assert "warning: 1 documents were left out: document 5 of 'documents.jsonl'" in done.err
