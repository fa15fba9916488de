"""Scores the bundled model's skill of taking questions apart: final answers through the whole protocol.

Run it with `python -m recipes.executive_adapter.score ADAPTER_DIRECTORY [--save]`. The memory model is a table that
answers the world's trained wordings about made-up things, so what is wrong is the executive's. Every name on the way
has a value for every relation, so a wrong step gets a wrong answer and no refusal. Names come from a seed that training
never used (those of ``bundled`` it has, with untrue answers), and an answer counts only if it is equal letter by
letter. Groups, for one, two and three steps:

- ``trained``, ``held_out``: relations that follow one another as in the world, asked in words of training, or in words
  of which none is in a training question (phrases of `phrases.py`, the world's held-out and blind wordings);
- ``strange``: held-out words, and any relations in any order, some of them nouns that were never trained;
- ``cjk``: Japanese and Korean, in words of training;
- ``described_1``, ``described_anew_1``: from one or two values to the name of what has them, which the memory model
  answers if it is asked just that; in words of training, or held-out words;
- ``refusing``, ``erring``: ``trained`` with a memory model that refuses one wording in ten, or gets it wrong;
- ``unknown``: ``trained`` about names that the memory model was never told of; right is to say so;
- ``bundled``: held-out words about the bundled world, and the bundled model itself, without an adapter, as the memory
  model, which knows the world and makes mistakes of its own. Two and three steps only.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Literal

from addenda.memories.reflections.asking.asked_relations import AskedRelations
from addenda.memories.reflections.asking.consultation import Consultation
from addenda.memories.reflections.asking.executive import Executive
from addenda.memories.reflections.asking.local_executive import LocalExecutive, world_templates
from addenda.memories.reflections.asking.protocol import Consulting
from addenda.memories.reflections.questions import REFUSAL
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion, LanguageModel
from addenda.models.local import LocalModel
from addenda.models.scripted import ScriptedModel
from recipes.executive_adapter.questions import Asked, QuestionTeacher, held_out, trained
from recipes.triples_adapters.cards import put_scores

SEED = 90_307
"""Of the questions that scores are reported on."""
DEVELOPMENT_SEED = 90_001
ERRORS = 0.1
"""The share of wordings that a memory model with errors gets wrong."""
_LANGUAGES = ("en", "ja", "ko")

Fault = Literal["none", "refuses", "errs", "empty", "real"]
"""What is wrong with the table; ``real`` asks the bundled model in its place."""


@dataclass(frozen=True)
class Group:
    """Questions of one kind."""

    name: str
    asked: tuple[Asked, ...]
    fault: Fault = "none"


@dataclass(frozen=True)
class Scored:
    """A question with what came of it."""

    asked: Asked
    expected: str
    said: Consultation

    @property
    def right(self) -> bool:
        """Whether the answer is what is expected."""
        return self.said.answer == self.expected


class FaultyTable(ScriptedModel):
    """A table of answers that refuses or errs now and then, drawn for each wording by itself."""

    def __init__(self, answers: Mapping[str, str], fault: Fault, seed: int) -> None:
        """Take the table and what is wrong with it."""
        super().__init__({} if fault == "empty" else answers)
        self._fault = fault
        self._wrong = sorted(set(answers.values()))
        self._seed = seed

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        """The table's answers, some of them spoiled."""
        said = super().answer(questions, max_new_tokens=max_new_tokens)
        return [self._spoiled(one, completion) for one, completion in zip(questions, said, strict=True)]

    def _spoiled(self, question: str, completion: Completion) -> Completion:
        random = Random(f"{self._seed} {question}")
        if self._fault in ("none", "empty") or random.random() >= ERRORS:
            return completion
        return Completion(REFUSAL if self._fault == "refuses" else random.choice(self._wrong), finished=True)


def table(asked: Asked, teacher: QuestionTeacher, random: Random) -> dict[str, str]:
    """Answers to every wording about every name on the way; the relations off the way have values of their own."""
    if not asked.relations:
        return {asked.question: asked.answers[0]}
    known = AskedRelations(world_templates())
    found: dict[str, str] = {}
    names = (asked.name, *asked.answers[:-1])
    every = dict.fromkeys((*known.names, *asked.relations))
    for place, name in enumerate(names):
        for relation in every:
            value = asked.answers[place] if relation == asked.relations[place] else teacher.value(random, relation)
            for language in _LANGUAGES:
                for wording in known.wordings(relation, name, language):
                    found.setdefault(wording, value)
    return found


def groups(seed: int, count: int) -> list[Group]:
    """The groups, each with `count` questions."""
    known = QuestionTeacher.make(seed, replace(trained(), known=0.0), careless=False)
    fresh = QuestionTeacher.make(seed, held_out(), careless=False)

    def drawn(teacher: QuestionTeacher, hops: int, *, worldly: float, opened: float = 0.3) -> tuple[Asked, ...]:
        random = Random(f"{seed} {hops} {worldly}")
        ways = [teacher.way(random, hops, worldly=worldly, opened=opened) for _ in range(count)]
        return tuple(teacher.asked(random, hops, way=way) for way in ways)

    def other(hops: int) -> tuple[Asked, ...]:
        random = Random(f"{seed} {hops} cjk")
        return tuple(known.asked(random, hops, language=("ja", "ko")[n % 2]) for n in range(count))

    found: list[Group] = []
    for hops in (1, 2, 3):
        usual = drawn(known, hops, worldly=1.0)
        found += [
            Group(f"trained_{hops}", usual),
            Group(f"held_out_{hops}", drawn(fresh, hops, worldly=1.0)),
            Group(f"strange_{hops}", drawn(fresh, hops, worldly=0.0)),
            Group(f"cjk_{hops}", other(hops)),
            Group(f"refusing_{hops}", usual, "refuses"),
            Group(f"erring_{hops}", usual, "errs"),
            Group(f"unknown_{hops}", usual[: max(count // 4, 1)], "empty"),
        ]
    random = Random(f"{seed} described")
    found.append(Group("described_1", tuple(known.described(random) for _ in range(count))))
    found.append(Group("described_anew_1", tuple(fresh.described(random) for _ in range(count))))
    found += [Group(f"bundled_{hops}", _of_the_world(fresh, seed, hops, count), "real") for hops in (2, 3)]
    return found


def _of_the_world(teacher: QuestionTeacher, seed: int, hops: int, count: int) -> tuple[Asked, ...]:
    """Questions about the bundled world's own facts."""
    random, world = Random(f"{seed} {hops} bundled"), teacher.reading.world
    facts = {(one.subject, one.relation): one.object for one in world.facts}
    found: list[Asked] = []
    while len(found) < count:
        way = teacher.way(random, hops, worldly=1.0)
        names = [random.choice([name for name, relation in facts if relation == way[0]])]
        for relation in way:
            names.append(facts[names[-1], relation])
        found.append(teacher.worded(random, names[0], way, names[1:]))
    return tuple(found)


def score(executive: Executive, group: Group, seed: int, bundled: LanguageModel) -> Iterator[Scored]:
    """What came of each question of a group."""
    teacher, random = QuestionTeacher.make(seed), Random(seed)
    for number, one in enumerate(group.asked):
        told = {} if group.fault == "real" else table(one, teacher, random)
        memory = bundled if group.fault == "real" else FaultyTable(told, group.fault, seed + number)
        expected = REFUSAL if group.fault == "empty" else one.answers[-1]
        yield Scored(one, expected, Consulting(executive, memory).ask(one.question))


def main() -> None:
    """Read the arguments, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--count", type=int, default=200, help="how many questions in a group")
    parser.add_argument("--groups", nargs="+", help="only these groups")
    parser.add_argument("--development", action="store_true", help="score the questions that choices are made with")
    parser.add_argument("--show", type=int, default=0, help="how many wrong answers of a group to print")
    parser.add_argument("--save", action="store_true", help="put the scores into the adapter's card")
    given = parser.parse_args()
    seed = DEVELOPMENT_SEED if given.development else SEED
    model = LocalModel.load()
    executive = LocalExecutive.load(model, directory=given.adapter)
    measured: dict[str, float] = {}
    for group in groups(seed, given.count):
        if given.groups and group.name not in given.groups:
            continue
        scores = list(score(executive, group, seed, model))
        measured[group.name] = round(sum(one.right for one in scores) / len(scores), 4)
        print(group.name, measured[group.name], flush=True)
        for one in [one for one in scores if not one.right][: given.show]:
            print("  ", one.asked.question, one.asked.relations, "|", one.said.answer, one.said.ending)
            print(
                "      ",
                [(entry.question, entry.answer) for entry in one.said.entries],
                [w.why for w in one.said.wasted],
            )
    print(json.dumps(measured, indent=1))
    if given.save and not given.development and not given.groups:
        put_scores(given.adapter, measured)


if __name__ == "__main__":
    main()
