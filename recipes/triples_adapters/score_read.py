"""Scores the bundled model's skill of reading: facts that only the memory holds, asked in wordings it was not taught.

Run it with `python -m recipes.triples_adapters.score_read ADAPTER_DIRECTORY`. The names are drawn anew, from a seed
that training never used; `held_out` and `blind` wordings are in no training sample of the model or the adapter. Every
answer is free greedy generation and counts only if it equals the value.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from addenda.memories.base import Deliver, Origin, Task
from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.decoding import ReadAnswer, ReadingModel
from addenda.models.adapters import load_adapter
from addenda.models.base import batches
from addenda.models.bundled.wordings_blind import BLIND
from addenda.models.local import LocalModel
from addenda.types import Fact, new_id
from recipes.triples_adapters.questions import QuestionTeacher

SEED = 40_917


@dataclass(frozen=True)
class Asked:
    """A fact of the memory and a question for it."""

    fact: Fact
    group: str
    question: str


def draw(count: int) -> list[Asked]:
    """`count` fresh facts about attributes of products, each asked in a wording of every group."""
    teacher, random = QuestionTeacher.make(SEED), Random(SEED)
    asked: list[Asked] = []
    known: set[tuple[str, str]] = set()
    while len(known) < count:
        relation = teacher.reading.world.relations[random.choice(tuple(BLIND))]
        subject = teacher.subject(random)
        if (subject, relation.name) in known:
            continue
        known.add((subject, relation.name))
        fact = Fact(subject=subject, relation=relation.name, object=teacher.reading.fresh_value(random, relation.name))
        groups = {"trained": relation.trained, "held_out": relation.held_out, "blind": BLIND[relation.name]}
        asked += [Asked(fact, name, random.choice(words).format(subject=subject)) for name, words in groups.items()]
    return asked


def held(facts: Sequence[Fact]) -> TriplesMemory:
    """A memory of its own with these facts."""
    memory = TriplesMemory.private()
    tasks = [
        Task(new_id(), ("-",), fact.object, fact=fact, origin=Origin("score", "score", "normal"))
        for fact in dict.fromkeys(facts)
    ]
    artefacts = memory.prepare(tasks)
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], n) for n, task in enumerate(tasks)], 1)
    return memory


def answers(model: ReadingModel, memory: TriplesMemory, questions: Sequence[str]) -> list[ReadAnswer]:
    """The answers in the order of the questions."""
    reader = memory.contribute(at=None)
    said: dict[int, ReadAnswer] = {}
    for chosen in batches(questions, 64):
        made = model.answer([questions[n] for n in chosen], [reader] * len(chosen))
        said |= dict(zip(chosen, made, strict=True))
    return [said[n] for n in range(len(questions))]


def main() -> None:
    """Read the arguments, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--show", type=int, default=0, help="how many wrong answers to print")
    given = parser.parse_args()
    model = LocalModel.load()
    reading = ReadingModel(model, load_adapter(model, given.adapter, "read"))
    asked = draw(given.count)
    memory = held([one.fact for one in asked])
    questions = [one.question for one in asked]
    scores: dict[str, float] = {}
    for name, held_facts in (("memory", memory), ("empty_memory", TriplesMemory.private())):
        said = answers(reading, held_facts, questions)
        for group in ("trained", "held_out", "blind"):
            right = [got.text == one.fact.object for one, got in zip(asked, said, strict=True) if one.group == group]
            scores[f"{name}_{group}"] = round(sum(right) / len(right), 4)
        wrong = [(one, got) for one, got in zip(asked, said, strict=True) if got.text != one.fact.object]
        for one, got in wrong[: given.show if name == "memory" else 0]:
            print(one.question, "|", one.fact, "|", got.text, "|", [(read.raw, read.names) for read in got.reads])
    bare = [completion.text for completion in model.answer(questions[:256])]
    scores["model_alone"] = round(sum(t == one.fact.object for t, one in zip(bare, asked, strict=False)) / len(bare), 4)
    print(json.dumps(scores, indent=1))


if __name__ == "__main__":
    main()
