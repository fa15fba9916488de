"""Trains the bundled model's skill of taking questions apart.

Run it with `python -m recipes.executive_adapter.train --out DIRECTORY`. Started again with the same arguments it goes
on where it was. The adapter comes to lie in `DIRECTORY/adapter`; the scores of its card are put in by `score`.

It begins with the weights of the adapter for reading, which already takes a name and a relation from a question, in
a line of another form; they are widened to the rank asked for without changing what they compute.
"""

from __future__ import annotations

import argparse
import json
from itertools import islice
from pathlib import Path

import torch
from peft import get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import load_file

from addenda.memories.reflections.asking.local_executive import SKILL
from addenda.models.adapters import AdapterCard, read_card, save_adapter
from addenda.models.bundled import adapter_directory
from addenda.models.local import LocalModel
from addenda.models.lora import LoraSettings, add_lora
from addenda.models.training import FinetuneProgress, FinetuneSettings, finetune
from recipes.executive_adapter.lessons import lessons
from recipes.triples_adapters.train import freeze_as_computed

LIMIT = 256
"""Tokens of a dialogue."""
SEED = 31


def widened(few: dict[str, torch.Tensor], many: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A low-rank adapter at a larger rank that computes the same, where both have the same alpha for each rank.

    The further rows of A stay as they were begun with, and the further columns of B nothing.
    """
    found: dict[str, torch.Tensor] = {}
    for name, value in many.items():
        new, old = value.clone(), few[name].to(value.dtype)
        new[tuple(slice(0, size) for size in old.shape)] = old
        if "lora_B" in name:
            new[:, old.shape[1] :] = 0
        found[name] = new
    return found


def train(
    out: Path, *, steps: int, batch_size: int, rank: int, rate: float, seed: int, start: Path, compiled: bool = False
) -> Path:
    """Train the skill from the weights of an adapter in `start`; returns the directory of the adapter."""
    model = LocalModel.load()
    settings = FinetuneSettings(
        steps=steps, batch_size=batch_size, pack=256, learning_rate=rate, decay=0.6, checkpoint_every=100
    )
    made = list(islice(lessons(model.tokenizer, seed, LIMIT), steps * batch_size))
    card = AdapterCard(
        skill=SKILL,
        model_fingerprint=model.fingerprint,
        tokenizer_fingerprint=model.tokenizer_fingerprint,
        settings={
            "steps": steps,
            "batch_size": batch_size,
            "rank": rank,
            "rate": rate,
            "seed": seed,
            **{f"before_{name}": value for name, value in read_card(start).settings.items()},
        },
    )
    adapted = add_lora(model.network, LoraSettings(rank=rank, alpha=2 * rank))
    begun = widened(load_file(start / "adapter_model.safetensors"), get_peft_model_state_dict(adapted))
    set_peft_model_state_dict(adapted, begun)
    freeze_as_computed(adapted)
    if compiled:
        adapted.get_base_model().get_decoder().compile(dynamic=True)

    def report(now: FinetuneProgress) -> None:
        if now.step % 25 == 0:
            print(json.dumps({"step": now.step, "loss": round(now.loss, 4), "s": round(now.seconds)}), flush=True)

    finetune(adapted, made, settings, directory=out / "checkpoint", progress=report)
    save_adapter(adapted, card, out / "adapter")
    return out / "adapter"


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2500)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--start", type=Path, default=adapter_directory("read"), help="an adapter to begin with")
    parser.add_argument("--compiled", action="store_true", help="compile the model first: worth it from 500 steps on")
    given = parser.parse_args()
    print(
        train(
            given.out,
            steps=given.steps,
            batch_size=given.batch_size,
            rank=given.rank,
            rate=given.rate,
            seed=given.seed,
            start=given.start,
            compiled=given.compiled,
        )
    )


if __name__ == "__main__":
    main()
