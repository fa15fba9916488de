"""Trains a skill of the bundled model: writing triples from documents, or reading them while answering.

Run it with `python -m recipes.triples_adapters.train write|read --out DIRECTORY`. Started again with the same
arguments it goes on where it was. The adapter comes to lie in `DIRECTORY/adapter`; the scores of its card are put in by
`score_write` and `score_read`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from random import Random

import torch
from peft import PeftModel, set_peft_model_state_dict
from safetensors.torch import load_file

from addenda.errors import InvalidInput
from addenda.memories.triples.examples import ReadExample, WriteExample
from addenda.memories.triples.lessons import LessonMaker
from addenda.models.adapters import AdapterCard, read_card, save_adapter
from addenda.models.answer_loss import computes_bf16
from addenda.models.local import LocalModel
from addenda.models.lora import LoraSettings, add_lora
from addenda.models.training import Example, FinetuneProgress, FinetuneSettings, finetune
from recipes.triples_adapters.documents import DocumentTeacher, examples
from recipes.triples_adapters.questions import QuestionTeacher

WINDOW = 512
"""Tokens that the bundled model can attend to."""
PROMPT = 256
"""Tokens of a prompt for writing: what `LocalWriter` leaves beside the longest call."""


@dataclass(frozen=True)
class Skill:
    """How a skill is trained when nothing else is asked for."""

    seed: int
    steps: int
    rank: int
    rate: float
    examples: Callable[[int], Iterator[WriteExample | ReadExample]]
    """An endless stream that belongs to a seed."""


def write_examples(seed: int) -> Iterator[WriteExample]:
    """Sentences of generated documents."""
    teacher, random = DocumentTeacher.make(seed), Random(seed)
    number = 0
    while True:
        number += 1
        yield from examples(teacher.document(random), f"document {number}")


def read_examples(seed: int) -> Iterator[ReadExample]:
    """Questions under names that never come again."""
    teacher, random = QuestionTeacher.make(seed), Random(seed)
    while True:
        yield teacher.draw(random)


SKILLS: Mapping[str, Skill] = {
    "write": Skill(seed=23, steps=2400, rank=16, rate=2e-3, examples=write_examples),
    "read": Skill(seed=11, steps=1500, rank=8, rate=2e-3, examples=read_examples),
}
"""What can be trained."""


def lessons(maker: LessonMaker, stream: Iterator[WriteExample | ReadExample], count: int) -> list[Example]:
    """The first `count` lessons of a stream; examples that do not fit the window are passed over."""

    def fitting() -> Iterator[Example]:
        for example in stream:
            try:
                yield maker.lesson(example)
            except InvalidInput:
                continue

    return list(islice(fitting(), count))


def train(
    name: str,
    out: Path,
    *,
    steps: int,
    rank: int,
    rate: float,
    batch_size: int,
    seed: int,
    start: Path | None = None,
    compiled: bool = False,
) -> Path:
    """Train a skill; returns the directory of the adapter, whose card has no scores yet.

    With `start` it goes on from the weights of an earlier adapter of the same rank, instead of from nothing. `compiled`
    takes two minutes and a C++ compiler at the start, and saves a third of the time of every step.
    """
    skill, model = SKILLS[name], LocalModel.load()
    maker = LessonMaker(model.tokenizer, limit=WINDOW, longest_prompt=PROMPT, spaced=True)
    settings = FinetuneSettings(
        steps=steps, batch_size=batch_size, micro_batch=8, learning_rate=rate, decay=0.6, checkpoint_every=100
    )
    made = lessons(maker, skill.examples(seed), steps * batch_size)
    card = AdapterCard(
        skill=name,
        model_fingerprint=model.fingerprint,
        tokenizer_fingerprint=model.tokenizer_fingerprint,
        settings={
            "spaced": True,
            "steps": steps,
            "batch_size": batch_size,
            "rank": rank,
            "rate": rate,
            "seed": seed,
            **({} if start is None else {f"before_{name}": value for name, value in read_card(start).settings.items()}),
        },
    )
    adapted = add_lora(model.network, LoraSettings(rank=rank, alpha=2 * rank))
    if start is not None:
        set_peft_model_state_dict(adapted, load_file(start / "adapter_model.safetensors"))
    freeze_as_computed(adapted)
    if compiled:
        adapted.get_base_model().get_decoder().compile(dynamic=True)

    def report(now: FinetuneProgress) -> None:
        if now.step % 50 == 0:
            print(json.dumps({"step": now.step, "loss": round(now.loss, 4), "s": round(now.seconds)}), flush=True)

    finetune(adapted, made, settings, directory=out / "checkpoint", progress=report)
    save_adapter(adapted, card, out / "adapter")
    return out / "adapter"


def freeze_as_computed(adapted: PeftModel) -> None:
    """Keep frozen weights in the precision that is computed in, as their file has them, and not turn them at each step.

    A processor without instructions for bfloat16 computes in float32, and with weights in bfloat16 many times as long.
    """
    for weight in adapted.parameters() if computes_bf16(torch.device("cpu")) else ():
        if not weight.requires_grad:
            weight.data = weight.data.to(torch.bfloat16)


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("skill", choices=sorted(SKILLS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--rank", type=int)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--compiled", action="store_true", help="compile the model first: worth it from 500 steps on")
    parser.add_argument("--start", type=Path, help="an adapter of the same rank to go on from")
    given = parser.parse_args()
    usual = SKILLS[given.skill]
    directory = train(
        given.skill,
        given.out,
        steps=given.steps or usual.steps,
        rank=given.rank or usual.rank,
        rate=given.rate or usual.rate,
        batch_size=given.batch_size,
        seed=given.seed or usual.seed,
        start=given.start,
        compiled=given.compiled,
    )
    print(directory)


if __name__ == "__main__":
    main()
