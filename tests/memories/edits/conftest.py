"""Fixtures shared by the tests of the edits memory."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from typing import TYPE_CHECKING

from tiny_models import tiny_model, tiny_tokenizer

from addenda.memories.edits import EditRequest, EditsConfig, ResidualMemory, SolvedEdit

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

REQUESTS = [
    EditRequest(("The price of it is", "What does it cost?"), "31 euros"),
    EditRequest(("The height of it is", "How tall is it?"), "2 m"),
    EditRequest(("The roof of it is", "Which colour has the roof?"), "red"),
]


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return tiny_tokenizer()


@pytest.fixture(scope="session")
def network() -> PreTrainedModel:
    return tiny_model("llama")


@pytest.fixture(scope="session")
def settings() -> EditsConfig:
    return EditsConfig(k=24, tau=0.8, rate=0.5, steps=80, stop_loss=0.01, optimised_wordings=2)


@pytest.fixture(scope="session")
def solved(network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig) -> list[SolvedEdit]:
    """The three requests, solved in isolated mode."""
    return ResidualMemory.create(network, tokenizer, settings).solve(REQUESTS)


@pytest.fixture
def memory(
    network: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, settings: EditsConfig, solved: list[SolvedEdit]
) -> ResidualMemory:
    """A memory that holds the three requests as a, b, c."""
    made = ResidualMemory.create(network, tokenizer, settings)
    made.add_all(zip("abc", solved, strict=True))
    return made
