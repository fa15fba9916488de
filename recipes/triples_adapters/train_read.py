"""Trains the bundled model's skill of reading triples, and scores it.

Run it with `python -m recipes.triples_adapters.train_read --out DIRECTORY`. Started again it goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random

from addenda.memories.triples.syntax import read_call, results, too_broad
from addenda.models.adapters import AdapterCard, save_adapter
from addenda.models.local import LocalModel
from addenda.models.training import Example, FinetuneProgress, FinetuneSettings, LoraSettings, add_lora, finetune
from recipes.triples_adapters.questions import Lesson, QuestionTeacher

TRAIN_SEED = 11


def example(model: LocalModel, lesson: Lesson) -> Example:
    """The tokens of a lesson, segment by segment as they come at decoding; what the memory brings is not learned."""

    def tokens(text: str) -> list[int]:
        return model.tokenizer.encode(text, add_special_tokens=False)

    parts = [(tokens(model.render(lesson.question)), False)]
    if lesson.queries:
        brought = results(lesson.names, spaced=True) if lesson.broad is None else too_broad(lesson.broad)
        parts += [(tokens(read_call(lesson.queries, spaced=True)), True), (tokens(brought), False)]
    end = model.tokenizer.eos_token_id
    assert isinstance(end, int)
    parts.append(([*tokens(lesson.answer), end], True))
    return Example(
        tuple(token for part, _ in parts for token in part), tuple(learn for part, learn in parts for _ in part)
    )


def main() -> None:
    """Read the arguments and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    given = parser.parse_args()
    model = LocalModel.load()
    teacher, random = QuestionTeacher.make(TRAIN_SEED), Random(TRAIN_SEED)
    settings = FinetuneSettings(steps=given.steps, batch_size=16, learning_rate=given.rate)
    lessons = [teacher.draw(random) for _ in range(given.steps * settings.batch_size)]
    card = AdapterCard(
        skill="read",
        model_fingerprint=model.fingerprint,
        tokenizer_fingerprint=model.tokenizer_fingerprint,
        settings={"spaced": True, "steps": given.steps, "rank": given.rank, "rate": given.rate, "seed": TRAIN_SEED},
    )
    examples = [example(model, lesson) for lesson in lessons]
    adapted = add_lora(model.network, LoraSettings(rank=given.rank, alpha=2 * given.rank))

    def report(now: FinetuneProgress) -> None:
        if now.step % 50 == 0:
            print(json.dumps({"step": now.step, "loss": round(now.loss, 4), "s": round(now.seconds)}), flush=True)

    finetune(adapted, examples, settings, directory=given.out / "checkpoint", progress=report)
    save_adapter(adapted, card, given.out / "adapter")


if __name__ == "__main__":
    main()
