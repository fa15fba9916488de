"""Finding a model, and what identifies it, without loading it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from addenda.errors import ModelUnavailable
from addenda.models.files import find_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Files of the right names; nothing here reads what is in them."""
    directory = tmp_path / "model"
    directory.mkdir()
    for name in (
        "config.json",
        "model-1.safetensors",
        "model-2.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ):
        (directory / name).write_text(f"this is {name}")
    return directory


def test_a_directory_is_found_by_its_path(model: Path) -> None:
    found = find_model(str(model))
    assert (found.name, found.directory) == (str(model), model)
    assert found.fingerprint.startswith("sha256:")
    assert len({found.fingerprint, found.tokenizer_fingerprint}) == 2


def test_a_copy_is_the_same_model(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / "copy")
    (tmp_path / "copy" / "README.md").write_text("about it")
    (tmp_path / "copy" / "edits.json").write_text("{}")
    one, other = find_model(str(model)), find_model(str(tmp_path / "copy"))
    assert (one.fingerprint, one.tokenizer_fingerprint) == (other.fingerprint, other.tokenizer_fingerprint)


@pytest.mark.parametrize(
    ("name", "weights_differ", "tokens_differ"),
    [
        ("config.json", True, False),
        ("model-2.safetensors", True, False),
        ("tokenizer.json", False, True),
        ("tokenizer_config.json", False, True),
    ],
)
def test_one_byte_makes_another_model(model: Path, name: str, weights_differ: bool, tokens_differ: bool) -> None:
    before = find_model(str(model))
    data = (model / name).read_bytes()
    (model / name).write_bytes(data[:-1] + b"?")
    after = find_model(str(model))
    assert (after.fingerprint != before.fingerprint) is weights_differ
    assert (after.tokenizer_fingerprint != before.tokenizer_fingerprint) is tokens_differ


def test_bytes_do_not_move_between_files_unnoticed(model: Path) -> None:
    before = find_model(str(model)).fingerprint
    one, other = (model / f"model-{n}.safetensors" for n in (1, 2))
    one.write_bytes(one.read_bytes() + other.read_bytes()[:4])
    other.write_bytes(other.read_bytes()[4:])
    assert find_model(str(model)).fingerprint != before


@pytest.mark.parametrize(
    ("gone", "said"), [("config.json", "config.json"), ("*.safetensors", "no weights"), ("tokenizer*", "no tokenizer")]
)
def test_an_incomplete_directory_is_refused_by_what_is_missing(model: Path, gone: str, said: str) -> None:
    for path in model.glob(gone):
        path.unlink()
    with pytest.raises(ModelUnavailable, match=said):
        find_model(str(model))


def test_weights_that_can_run_code_do_not_count(model: Path) -> None:
    for path in model.glob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    with pytest.raises(ModelUnavailable, match="can run code"):
        find_model(str(model))


def test_a_file_is_no_model(model: Path) -> None:
    with pytest.raises(ModelUnavailable, match="is a file"):
        find_model(str(model / "config.json"))


@pytest.mark.parametrize("name", ["nobody/nothing", "nothing", "not a name!", "", "../../etc/nothing", "a/b/c"])
def test_an_unknown_name_says_what_to_do(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelUnavailable, match=r"model directory|hf download|config\.json"):
        find_model(name)


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that looks like one on a hub opens no connection."""
    opened: list[object] = []

    def refuse(self: socket.socket, address: object) -> None:
        opened.append(address)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(ModelUnavailable):
        find_model("nobody/nothing")
    assert opened == []


def test_finding_imports_no_torch(model: Path) -> None:
    program = (
        "import sys; from addenda.models.files import find_model; find_model(sys.argv[1]); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", program, str(model)], check=False).returncode == 0


def test_files_that_cannot_be_read_are_a_model_that_is_not_there(model: Path) -> None:
    (model / "tokenizer.json").unlink()
    (model / "tokenizer.json").mkdir()
    with pytest.raises(ModelUnavailable, match="cannot be read"):
        find_model(str(model))
