"""A probe: can the bundled model be taught to read facts out of sentences under names it never saw?

Purpose: proof that the base is ready for the adapters that write triples. A throw-away low-rank adapter is trained for
a few minutes to write each fact of a text in the syntax of explicit memory calls (Modarressi et al. 2024, "MemLLM");
then exact copying is scored on sentences with names drawn afresh, and the adapter is thrown away.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from random import Random

from addenda.models.bundled import build_world
from addenda.models.local import LocalModel
from addenda.models.lora import LoraSettings, add_lora
from addenda.models.training import Example, FinetuneProgress, FinetuneSettings, finetune, text_example
from recipes.bundled_model.context_tasks import ReadingTeacher, Statement
from recipes.bundled_model.corpus import Corpus

TRAIN_SEED, TEST_SEED = 1, 2


def call_for(facts: list[Statement]) -> str:
    """The memory call that stores the facts; nothing between the marks when there are none."""
    triples = "; ".join(f"{fact.subject}>>{fact.relation}>>{fact.object}" for fact in facts)
    return f"({{MEM_WRITE-->{triples}}})"


def draw(reading: ReadingTeacher, random: Random) -> tuple[str, list[Statement]]:
    """A prompt with a marked sentence or two, and the facts that are to be written."""
    before = [one.sentence for one in reading.situation(random)[:1]] if random.random() < 0.3 else []
    facts = reading.situation(random)[: random.choice((1, 1, 2))]
    focus = " ".join(fact.sentence for fact in facts)
    return f"<|bos|>{' '.join(before)}({{USER_ST}}){focus}({{USER_END}})", facts


def examples(model: LocalModel, reading: ReadingTeacher, count: int) -> list[Example]:
    """Training examples; their names never come again."""
    random = Random(TRAIN_SEED)
    drawn = (draw(reading, random) for _ in range(count))
    return [text_example(model.tokenizer, prompt, call_for(facts)) for prompt, facts in drawn]


def score(model: LocalModel, reading: ReadingTeacher, count: int) -> dict[str, float]:
    """Exact copying on fresh sentences: whole calls, and subjects, relations and objects of single triples."""
    random = Random(TEST_SEED)
    drawn = [draw(reading, random) for _ in range(count)]
    hits = {"call": 0, "subject": 0, "relation": 0, "object": 0, "name_and_value": 0}
    triples = 0
    for start in range(0, count, 50):
        part = drawn[start : start + 50]
        for said, (_, facts) in zip(
            model.complete([prompt for prompt, _ in part], max_new_tokens=120), part, strict=True
        ):
            got = [piece.strip() for piece in said.text.removeprefix("({MEM_WRITE-->").removesuffix("})").split(";")]
            fields = [[field.strip() for field in piece.split(">>")] for piece in got]
            wanted = [[fact.subject, fact.relation, fact.object] for fact in facts]
            hits["call"] += fields == wanted
            triples += len(wanted)
            for right, written in zip(wanted, fields, strict=False):
                whole = [*written, "", "", ""][:3]
                same = [one == other for one, other in zip(right, whole, strict=True)]
                hits["subject"] += same[0]
                hits["relation"] += same[1]
                hits["object"] += same[2]
                hits["name_and_value"] += same[0] and same[2]
    return {name: round(hit / (count if name == "call" else triples), 4) for name, hit in hits.items()}


def main() -> None:
    """Train the probe, score it, print and optionally write the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--count", type=int, default=400, help="sentences to score")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    model = LocalModel.load(str(given.directory.resolve()))
    reading = Corpus.of(build_world(), 0).reading
    settings = FinetuneSettings(steps=given.steps, batch_size=16, learning_rate=2e-3)
    adapted = add_lora(model.network, LoraSettings(rank=given.rank, alpha=2 * given.rank))
    started = time.monotonic()

    def report(now: FinetuneProgress) -> None:
        if now.step % 50 == 0:
            print(f"step {now.step}/{now.steps} loss {now.loss:.4f} {now.seconds:.0f} s", flush=True)

    finetune(adapted, examples(model, reading, given.steps * 16), settings, progress=report)
    seconds = round(time.monotonic() - started)
    scores = {"steps": given.steps, "seconds": seconds, **score(model, reading, given.count)}
    print(json.dumps(scores, indent=1))
    if given.out:
        given.out.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
