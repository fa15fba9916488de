"""Scores the bundled model's skill of reading: facts that only the memory holds, asked in wordings it was not taught.

Run it with `python -m recipes.triples_adapters.score_read ADAPTER_DIRECTORY [--save]`. The names are drawn anew, from a
seed that training never used. Every answer is free greedy generation and counts only if it equals what is expected:

- ``trained``, ``held_out``, ``blind``: one fact each, in wordings of that group; those of the last two are in no
  training sample of the model or the adapter;
- ``several``, ``together``, ``reverse``, ``marked``, ``broad``: several values of one attribute, several attributes in
  one question, from the value to the subjects, names that hold marks of calls, more answers than are given; asked in
  trained wordings, lists compared without their order;
- ``unknown``: facts about nobody, and facts of the model's own world, none of them in the memory.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random

from addenda.memories.base import Deliver, Origin, Task
from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.decoding import ReadAnswer, ReadingModel
from addenda.memories.triples.examples import ReadExample
from addenda.models.adapters import load_adapter
from addenda.models.base import batches
from addenda.models.bundled.wordings_blind import BLIND
from addenda.models.local import LocalModel
from addenda.types import Fact, new_id
from recipes.triples_adapters.cards import put_scores
from recipes.triples_adapters.names import marked
from recipes.triples_adapters.near_questions import DEVELOPMENT_QUESTIONS
from recipes.triples_adapters.questions import QuestionTeacher

SEED = 40_917
"""Of the facts that scores are reported on."""
DEVELOPMENT_SEED = 40_001
_BROAD = 35


@dataclass(frozen=True)
class Asked:
    """A question, what the memory must hold for it, and what is to be answered."""

    group: str
    question: str
    expected: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class ReadScore:
    """A question with what was answered."""

    asked: Asked
    said: ReadAnswer

    @property
    def right(self) -> bool:
        """Whether the answer is the expected one; the order of a list does not count."""
        return sorted(self.said.text.split(", ")) == sorted(self.asked.expected.split(", "))


def attributes(seed: int, count: int, groups: Mapping[str, Mapping[str, Sequence[str]]] | None = None) -> list[Asked]:
    """`count` fresh facts about attributes, each asked in a wording of every group.

    Args:
        seed: Decides names, values and wordings.
        count: How many facts.
        groups: For each group the wordings of every attribute; without them those of the world and the blind ones.
    """
    teacher, random = QuestionTeacher.make(seed), Random(seed)
    world = teacher.reading.world.relations
    chosen = groups or {
        "trained": {name: relation.trained for name, relation in world.items()},
        "held_out": {name: relation.held_out for name, relation in world.items()},
        "blind": BLIND,
    }
    asked: list[Asked] = []
    known: set[tuple[str, str]] = set()
    common = [name for name in (BLIND if groups is None else world) if all(name in one for one in chosen.values())]
    while len(known) < count:
        relation = random.choice(common)
        subject = teacher.subject(random)
        if (subject, relation) in known:
            continue
        known.add((subject, relation))
        fact = Fact(subject=subject, relation=relation, object=teacher.reading.fresh_value(random, relation))
        asked += [
            Asked(group, random.choice(wordings[relation]).format(subject=subject, s=subject), fact.object, (fact,))
            for group, wordings in chosen.items()
        ]
    return asked


def abilities(seed: int, count: int) -> list[Asked]:
    """`count` questions for each of the other groups but ``unknown``."""
    teacher, random = QuestionTeacher.make(seed), Random(seed)
    makers = {"several": teacher.several, "together": teacher.together, "reverse": teacher.reverse}
    asked = [_as_asked(group, make(random)) for group, make in makers.items() for _ in range(count)]
    for _ in range(count):
        relation = random.choice(tuple(teacher.reading.world.relations.values()))
        subject = marked(random, teacher.subject(random), 0.5)
        fact = Fact(subject=subject, relation=relation.name, object=marked(random, teacher.subject(random), 0.5))
        question = random.choice(relation.trained).format(subject=subject)
        asked.append(Asked("marked", question, fact.object, (fact,)))
    for _ in range(count):
        made = teacher.broad(random)
        names = tuple(teacher.subject(random) for _ in range(_BROAD))
        found = _as_asked("broad", made.model_copy(update={"names": tuple(dict.fromkeys(names))}))
        asked.append(replace(found, expected=made.continuation))
    return asked


def unknown(seed: int, count: int) -> list[Asked]:
    """`count` questions for what the memory does not hold."""
    teacher, random = QuestionTeacher.make(seed), Random(seed)
    made = islice(iter(lambda: teacher.nothing(random), None), count)
    return [_as_asked("unknown", one) for one in made]


def held(asked: Iterable[Asked]) -> TriplesMemory:
    """A memory of its own with all facts that these questions need."""
    memory = TriplesMemory.private()
    facts = dict.fromkeys(fact for one in asked for fact in one.facts)
    tasks = [
        Task(new_id(), ("-",), fact.object, fact=fact, origin=Origin("score", "score", "normal")) for fact in facts
    ]
    artefacts = memory.prepare(tasks)
    memory.apply([Deliver(task.addendum_id, artefacts[task.addendum_id], n) for n, task in enumerate(tasks)], 1)
    return memory


def score(model: ReadingModel, memory: TriplesMemory, asked: Sequence[Asked]) -> list[ReadScore]:
    """Ask these questions; the answers come in their order."""
    reader = memory.contribute(at=None)
    said: dict[int, ReadAnswer] = {}
    for chosen in batches([one.question for one in asked], 64):
        made = model.answer([asked[n].question for n in chosen], [reader] * len(chosen))
        said |= dict(zip(chosen, made, strict=True))
    return [ReadScore(one, said[n]) for n, one in enumerate(asked)]


def totals(scores: Iterable[ReadScore]) -> dict[str, float]:
    """For each group the share that is right."""
    groups: dict[str, list[bool]] = {}
    for one in scores:
        groups.setdefault(one.asked.group, []).append(one.right)
    return {group: round(sum(right) / len(right), 4) for group, right in groups.items()}


def _as_asked(group: str, example: ReadExample) -> Asked:
    return Asked(group, example.prompt, example.continuation, tuple(_facts(example)))


def _facts(example: ReadExample) -> Iterator[Fact]:
    """What the memory must hold for the queries of an example to bring its names."""
    for number, query in enumerate(example.queries):
        for name in example.names if len(example.queries) == 1 else example.names[number : number + 1]:
            yield Fact(subject=query.subject or name, relation=query.relation, object=query.object or name)


def _report(model: LocalModel, reading: ReadingModel, count: int, show: int) -> dict[str, float]:
    asked, more = attributes(SEED, count), abilities(SEED, max(count // 5, 1))
    scores = score(reading, held(asked), asked)
    found = {f"memory_{group}": share for group, share in totals(scores).items()}
    found |= {f"memory_{group}": share for group, share in totals(score(reading, held(more), more)).items()}
    empty = score(reading, TriplesMemory.private(), asked)
    found |= {f"empty_memory_{group}": share for group, share in totals(empty).items()}
    found |= totals(score(reading, held(asked), unknown(SEED, max(count // 5, 1))))
    bare = [completion.text for completion in model.answer([one.question for one in asked[:256]])]
    right = [text == one.expected for text, one in zip(bare, asked, strict=False)]
    _show(scores, show)
    return {**found, "model_alone": round(sum(right) / len(right), 4)}


def _development(reading: ReadingModel, count: int, show: int) -> dict[str, float]:
    seed = DEVELOPMENT_SEED
    asked, more = attributes(seed, count, {"development": DEVELOPMENT_QUESTIONS}), abilities(seed, max(count // 5, 1))
    scores = score(reading, held(asked), asked) + score(reading, held(more), more)
    scores += score(reading, TriplesMemory.private(), unknown(seed, max(count // 5, 1)))
    _show(scores, show)
    return totals(scores)


def _show(scores: Sequence[ReadScore], count: int) -> None:
    for one in [one for one in scores if not one.right][:count]:
        print(one.asked.group, "|", one.asked.question, "|", one.asked.expected, "|", one.said.text)
        print("  ", [(read.raw, read.outcome, read.names[:3]) for read in one.said.reads])


def main() -> None:
    """Read the arguments, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--development", action="store_true", help="score the questions that choices are made with")
    parser.add_argument("--show", type=int, default=0, help="how many wrong answers to print")
    parser.add_argument("--save", action="store_true", help="put the scores into the adapter's card")
    given = parser.parse_args()
    model = LocalModel.load()
    reading = ReadingModel(model, load_adapter(model, given.adapter, "read"))
    if given.development:
        print(json.dumps(_development(reading, given.count, given.show), indent=1))
        return
    scores = _report(model, reading, given.count, given.show)
    print(json.dumps(scores, indent=1))
    if given.save:
        put_scores(given.adapter, scores)


if __name__ == "__main__":
    main()
