"""Part *squad* of the reflections benchmark: questions of people, answered from weights that saw reflections only.

The passages are Wikipedia's and the questions are those of SQuAD; the reflections are question-answer pairs that a
language model of seven billion parameters wrote from the passages without having seen those questions (published with
SEAL, arXiv 2506.10943). ``FOLDER`` holds ``passages.jsonl`` and ``reflections.jsonl.gz``. The memory model is trained
on the pairs of the first passages and asked people's questions: as it is, and guarded, where what no reflection says is
withheld. Right is an answer that has the expected words in it, case and punctuation aside; beside it stands the F1 of
the words. Controls: the pairs that it was taught, asked word for word; and the bundled model before it was taught.

The bundled model is a thousand times smaller than the models of the published numbers and knows no English but that of
its own world, so this says what it can do with such texts, not what the method can.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import cast

from addenda.errors import InvalidInput
from addenda.memories.reflections.questions import is_refusal
from addenda.memories.reflections.reflection import Reflection, SourceSpan
from addenda.models.base import LanguageModel
from addenda.models.local import LocalModel
from benchmarks.reflections_measuring import Guarded, Setup, said_by, share, trained
from benchmarks.results import Part

PASSAGES = 20
GENERATOR = "seal-iter2"
TAUGHT = 150
"""Taught pairs that are asked again, word for word."""
CHANGED: Mapping[str, object] = {"epochs": 10.0, "pack": 512, "refusals": 0.1}
"""Longer rows, because answers are sentences; more epochs, because the words are new to the model."""
_TOKENS = 96
_ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True, slots=True)
class _Asked:
    kind: str
    question: str
    answer: str


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """Right answers to people's questions and to the taught ones, for the first seed.

    Raises InvalidInput when no folder was given.
    """
    if setup.squad is None:
        raise InvalidInput("the part squad needs its passages and reflections; name their folder with --squad FOLDER")
    count = max(2, PASSAGES * setup.products // Setup().products)
    reflections, people = _read(setup.squad, count)
    taught = Random(seeds[0]).sample(reflections, min(TAUGHT, len(reflections)))
    asked = [*people, *(_Asked("taught", one.question, one.answer) for one in taught)]
    with trained(setup, reflections, {**CHANGED, "seed": seeds[0]}) as memory:
        models: dict[str, LanguageModel] = {
            "memory": memory.model.model,
            "guarded": Guarded(memory.model, reflections),
            "base": LocalModel.load(threads=1, device="cpu"),
        }
        items = [item for name, model in models.items() for item in _items(name, model, asked)]
    metrics: dict[str, float] = {"passages": count, "reflections": len(reflections), "train_seconds": memory.seconds}
    for name in models:
        for kind in ("people", "taught"):
            metrics[f"{name}_{kind}_right"] = share(items, model=name, kind=kind)
            metrics[f"{name}_{kind}_f1"] = _mean(items, "f1", name, kind)
        metrics[f"{name}_people_refused"] = share(items, "refused", model=name, kind="people")
    rounded = {name: round(value, 4) for name, value in metrics.items()}
    return Part(seeds=seeds[:1], metrics=rounded, details={"changed": dict(CHANGED), "threads": 1}, items=items)


def _read(folder: Path, count: int) -> tuple[list[Reflection], list[_Asked]]:
    """The reflections of the first passages, and what people asked about them."""
    passages = [json.loads(line) for line in (folder / "passages.jsonl").read_text(encoding="utf-8").splitlines()]
    lengths = {cast("str", one["id"]): len(one["context"]) for one in passages[:count]}
    people = [_Asked("people", one["question"], one["answer"]) for two in passages[:count] for one in two["questions"]]
    with gzip.open(folder / "reflections.jsonl.gz", "rt", encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    reflections = [
        Reflection(
            question=pair["question"],
            answer=pair["answer"],
            stage="imported",
            sources=(SourceSpan(document=pair["passage_id"], end=lengths[pair["passage_id"]]),),
            generator=pair["generator"],
        )
        for pair in pairs
        if pair["passage_id"] in lengths and pair["generator"] == GENERATOR
    ]
    return reflections, people


def _items(name: str, model: LanguageModel, asked: Sequence[_Asked]) -> list[dict[str, object]]:
    """What a model said to each question, and how near it is."""
    said = said_by(model, [one.question for one in asked], tokens=_TOKENS)
    return [
        {
            "model": name,
            "kind": one.kind,
            "question": one.question,
            "expected": one.answer,
            "said": heard.text,
            "right": f" {' '.join(_words(one.answer))} " in f" {' '.join(_words(heard.text))} ",
            "f1": round(_f1(_words(one.answer), _words(heard.text)), 4),
            "refused": is_refusal(heard.text),
        }
        for one, heard in zip(asked, said, strict=True)
    ]


def _words(text: str) -> list[str]:
    """The words of a text, as SQuAD compares them: without case, punctuation and articles."""
    return [word for word in re.findall(r"\w+", text.lower()) if word not in _ARTICLES]


def _f1(expected: Sequence[str], said: Sequence[str]) -> float:
    common = (Counter(expected) & Counter(said)).total()
    return 2 * common / (len(expected) + len(said)) if common else 0.0


def _mean(items: Sequence[Mapping[str, object]], key: str, model: str, kind: str) -> float:
    found = [cast("float", item[key]) for item in items if (item["model"], item["kind"]) == (model, kind)]
    return sum(found) / len(found) if found else 0.0
