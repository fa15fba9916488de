from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from addenda.errors import InvalidInput, ModelMismatch, UnreadableFile
from addenda.models.adapters import AdapterCard, load_adapter, read_card, save_adapter
from addenda.models.bundled import adapter_directory
from addenda.models.local import LocalModel
from addenda.models.lora import LoraSettings, add_lora
from tests.tiny import save_tiny


@pytest.fixture
def tiny(tmp_path: Path) -> LocalModel:
    return LocalModel.load(str(save_tiny(tmp_path / "tiny")))


def card(model: LocalModel, skill: str = "read") -> AdapterCard:
    return AdapterCard(
        skill=skill, model_fingerprint=model.fingerprint, tokenizer_fingerprint=model.tokenizer_fingerprint
    )


@pytest.fixture
def trained(tiny: LocalModel, tmp_path: Path) -> Path:
    """A random adapter of the tiny model, saved; made on a copy, so that ``tiny`` has none."""
    copy = LocalModel.load(tiny.name)
    adapted = add_lora(copy.network, LoraSettings(rank=2))
    with torch.no_grad():
        for name, value in adapted.named_parameters():
            if "lora_B" in name:
                value.normal_(std=0.5)
    save_adapter(adapted, card(copy), tmp_path / "adapter")
    return tmp_path / "adapter"


def logits(model: LocalModel) -> torch.Tensor:
    with torch.inference_mode():
        return model.network(torch.tensor([[5, 6, 7, 8]])).logits


def test_it_acts_inside_the_block_and_nowhere_else(tiny: LocalModel, trained: Path) -> None:
    before = logits(tiny)
    adapter = load_adapter(tiny, trained, "read")
    assert torch.equal(logits(tiny), before)
    with adapter.active():
        assert not torch.allclose(logits(tiny), before)
    assert torch.equal(logits(tiny), before)


def test_it_is_off_again_after_an_error(tiny: LocalModel, trained: Path) -> None:
    before = logits(tiny)
    adapter = load_adapter(tiny, trained, "read")
    with pytest.raises(RuntimeError, match="boom"), adapter.active():
        raise RuntimeError("boom")
    assert torch.equal(logits(tiny), before)


def test_loading_again_changes_nothing(tiny: LocalModel, trained: Path) -> None:
    first = load_adapter(tiny, trained, "read")
    again = load_adapter(tiny, trained, "read")
    assert first.digest == again.digest
    with first.active():
        inside = logits(tiny)
    with again.active():
        assert torch.equal(logits(tiny), inside)


def test_the_files_name_no_place_on_this_machine(trained: Path, tmp_path: Path) -> None:
    files = sorted(path.name for path in trained.iterdir())
    assert files == ["adapter_config.json", "adapter_model.safetensors", "addenda.json"]
    for name in ("adapter_config.json", "addenda.json"):
        assert str(tmp_path) not in (trained / name).read_text()


def test_the_output_layer_of_the_model_is_not_copied_into_the_files(tiny: LocalModel, tmp_path: Path) -> None:
    adapted = add_lora(tiny.network, LoraSettings(rank=2, targets=("q_proj", "lm_head")))
    save_adapter(adapted, card(tiny), tmp_path / "adapter")
    with safe_open(tmp_path / "adapter" / "adapter_model.safetensors", "pt") as stored:
        names = list(stored.keys())
    assert any("lm_head" in name for name in names)
    assert all("lora_" in name for name in names)


def test_another_model_or_skill_is_refused(tiny: LocalModel, trained: Path, tmp_path: Path) -> None:
    other = LocalModel.load(str(save_tiny(tmp_path / "other", seed=1)))
    with pytest.raises(ModelMismatch, match="other weights"):
        load_adapter(other, trained, "read")
    with pytest.raises(InvalidInput, match="is for 'read', not 'write'"):
        load_adapter(tiny, trained, "write")


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors", "addenda.json"])
def test_missing_and_damaged_files_are_named(tiny: LocalModel, trained: Path, tmp_path: Path, name: str) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(trained, damaged)
    (damaged / name).write_bytes(b"{ no")
    with pytest.raises(UnreadableFile, match="train"):
        load_adapter(tiny, damaged, "read")
    (damaged / name).unlink()
    with pytest.raises(UnreadableFile, match="train"):
        load_adapter(tiny, damaged, "read")


def test_the_shipped_adapter_belongs_to_the_shipped_weights() -> None:
    directory = adapter_directory("read")
    model = LocalModel.load()
    assert load_adapter(model, directory, "read").card == read_card(directory)
    assert read_card(directory).scores["memory_held_out"] >= 0.95
    assert json.loads((directory / "adapter_config.json").read_text())["base_model_name_or_path"] is None
    assert (directory / "adapter_model.safetensors").stat().st_size < 3_000_000
