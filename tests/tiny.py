"""A tiny random Llama with a byte-level tokenizer and a chat template, saved as a model directory: all real files."""

from __future__ import annotations

from pathlib import Path

import torch

from addenda.memories.edits import EditsConfig
from tests.contracts.edits_under_contract import make_model

SETTINGS = EditsConfig(k=64, tau=0.85, rate=1.0, stop_loss=0.2, steps=120)
"""Settings of an edits memory with which a random model learns an answer and keeps similar questions apart."""

END, ENDING = 1, 3.0
"""The end token, and how far its logit is raised, so that a random model ends by itself, mostly, after a few bytes."""


def save_tiny(directory: Path, *, chat: bool = True, seed: int = 0) -> Path:
    """Save the model and the settings of its edits memory; returns the directory. Another seed is another model."""
    made = make_model()
    network = made.network
    with torch.no_grad():
        torch.manual_seed(seed)
        states = network.model(input_ids=torch.randint(4, 260, (64, 40))).last_hidden_state
        mean = states[:, 5:].flatten(0, 1).mean(0)
        network.lm_head.weight[END] += ENDING * mean / mean.norm()
        network.lm_head.weight[2] += seed
    network.save_pretrained(directory)
    if not chat:
        made.tokenizer.chat_template = None
    made.tokenizer.save_pretrained(directory)
    (directory / "edits.json").write_text(SETTINGS.model_dump_json())
    return directory
