"""Part *updates* of the reflections benchmark: what a memory model knows after new documents came, the old and the new.

A memory model is trained on one corpus; then the documents of another come, as many again, and every strategy of
`addenda.memories.reflections.updating` makes a model of both. Each is asked about both corpora in wordings that no
reflection has, and from values to names; what is kept is its share of right answers over that of joint training, and
what it costs is the tokens it was trained on (and its processor seconds, on a machine that did other things too) over
those of joint training. Questions from values that fit something in both corpora are left out. All are asked guarded,
as a knowledge base asks its memory model: an answer that no reflection says is withheld.

Controls: the model before the update, and going on with the new alone (`sequential`). Merging is measured by every
method; the model that is merged in is the one that routing asks, so it is trained once and its cost counts for each.
Behind the guard every answer counts, however unsure; only of the models that routing asks those of which they are not
sure do not, because then the next is asked.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import cast

from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.updating.merging import merge, restore, weights_of
from addenda.memories.reflections.updating.routing import load_memory_model
from addenda.memories.reflections.updating.settings import MergeSettings, update_settings
from addenda.memories.reflections.updating.updating import update_memory_model
from addenda.models.base import LanguageModel
from addenda.models.files import BUNDLED
from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import (
    Corpus,
    Question,
    QuestionSets,
    build_corpus,
    question_sets,
    reflections_of,
)
from benchmarks.reflections_measuring import Guarded, Setup, items_of, middle, once, said_by, share, trained
from benchmarks.results import Part

LATER = 100
"""Added to the seed of the corpus there is for that of the new documents."""
PRODUCTS = 20
"""Of each corpus at most; about 80 pages, 200 facts and 1,700 reflections."""
SETS = ("one_hop", "one_hop_blind", "reversed", "unknown_names", "unstated")
STRATEGIES = ("joint", "sequential", "replay", "average_then_steps", "routing")
MERGES: Mapping[str, MergeSettings] = MappingProxyType(
    {
        "merge, linear": MergeSettings(method="linear"),
        "merge, sum": MergeSettings(method="linear", scale=2.0),
        "merge, SLERP": MergeSettings(method="slerp"),
        "merge, TIES": MergeSettings(method="ties", density=0.3),
        "merge, DARE linear": MergeSettings(method="dare_linear", density=0.5),
        "merge, DARE TIES": MergeSettings(method="dare_ties", density=0.5),
    }
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two corpora in sequence: their reflections and the questions about each."""

    old: tuple[Reflection, ...]
    new: tuple[Reflection, ...]
    asked: Mapping[str, QuestionSets]
    """Under ``old`` and ``new``."""


@dataclass(frozen=True, slots=True)
class Updated:
    """A model of both corpora, the tokens it was trained on, and the processor seconds of all that."""

    model: LanguageModel
    tokens: int
    seconds: float


def pair_of(seed: int, setup: Setup) -> Pair:
    """The corpus of a seed, and the one that comes later."""
    products = min(setup.products, PRODUCTS)
    first, second = build_corpus(seed, products), build_corpus(seed + LATER, products)
    asked = {
        when: unambiguous(question_sets(own, most=setup.questions), own, other)
        for when, own, other in (("old", first, second), ("new", second, first))
    }
    return Pair(reflections_of(first), reflections_of(second), asked)


def unambiguous(sets: QuestionSets, own: Corpus, other: Corpus) -> QuestionSets:
    """Without the reversed questions that fit something in the other corpus."""
    traits = [{(fact.relation, fact.object) for fact in other.world.facts_of(name)} for name in other.subjects]

    def fits(question: Question) -> bool:
        kinds = question.kind.split("/")
        clues = {
            (fact.relation, fact.object) for fact in own.world.facts_of(question.subject) if fact.relation in kinds
        }
        return any(clues <= others for others in traits)

    return replace(sets, reversed=tuple(one for one in sets.reversed if not fits(one)))


def updates(
    pair: Pair, current: Path, directory: Path, training: Mapping[str, object]
) -> Iterator[tuple[str, Updated]]:
    """The model of every strategy, by its name."""
    apart: Updated | None = None
    for strategy in STRATEGIES:
        settings = update_settings(BUNDLED, {"strategy": strategy}, training)
        before = time.process_time()
        report = update_memory_model(
            current, pair.old, pair.new, settings, directory / strategy, threads=1, device="cpu"
        )
        seconds = time.process_time() - before
        model = load_memory_model(directory / strategy, threads=1, device="cpu")
        apart = Updated(model, report.tokens, seconds)
        yield strategy, apart
    assert apart is not None
    base, old, new = (
        LocalModel.load(name, threads=1, device="cpu") for name in (BUNDLED, str(current), str(directory / "routing"))
    )
    tensors = [weights_of(one.network) for one in (base, old)]
    learned = {name: value.clone() for name, value in weights_of(new.network).items()}
    for name, how in MERGES.items():
        before = time.process_time()
        restore(new.network, merge(base=tensors[0], old=tensors[1], new=learned, settings=how))
        yield name, Updated(new, apart.tokens, apart.seconds + time.process_time() - before)


def asked_about_both(model: LanguageModel, pair: Pair) -> list[dict[str, object]]:
    """What a model says to the questions about the old and the new."""
    found: list[dict[str, object]] = []
    for when, sets in pair.asked.items():
        for name in SETS:
            asked: tuple[Question, ...] = getattr(sets, name)
            said = said_by(model, [one.text for one in asked])
            found += [{"when": when, **item} for item in items_of(name, asked, [one.text for one in said])]
    return found


def knowledge(items: Sequence[Mapping[str, object]]) -> dict[str, float]:
    """Shares of right answers by corpus and set, and of refused answerable questions."""
    whens = ("old", "new")
    found = {f"{when}_{name}": share(items, when=when, set=name) for when in whens for name in SETS}
    return found | {f"{when}_wrongly_refused": share(items, "refused", when=when, set="one_hop") for when in whens}


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """What every strategy keeps, learns and costs, and the metrics of the default one."""
    rows: dict[str, list[dict[str, float]]] = {}
    items: list[dict[str, object]] = []
    sizes: list[int] = []
    for seed in seeds:
        found = once(setup, f"updates-{seed}", partial(_measured, seed, setup))
        sizes += cast("list[int]", found["sizes"])
        items += cast("list[dict[str, object]]", found["items"])
        for name, row in cast("dict[str, dict[str, float]]", found["rows"]).items():
            rows.setdefault(name, []).append(row)
    table = {
        name: middle([_relative(row, rows["joint"][n]) for n, row in enumerate(own)]) for name, own in rows.items()
    }
    default = update_settings(BUNDLED).strategy
    metrics: dict[str, object] = {
        "default": default,
        **{key: table[default][key] for key in ("update_old_kept", "update_new_kept", "update_cost", "update_seconds")},
        "strategies": table,
    }
    details = {
        "settings": update_settings(BUNDLED).model_dump(),
        "products": min(setup.products, PRODUCTS),
        "reflections": statistics.median(sizes),
        "model": "bundled, all weights",
        "threads": 1,
    }
    return Part(seeds=list(seeds), metrics=metrics, details=details, items=items)


def _measured(seed: int, setup: Setup) -> dict[str, object]:
    """The numbers of every strategy, what the models of one seed said, and how many reflections the corpora have."""
    pair = pair_of(seed, setup)
    rows: dict[str, dict[str, float]] = {}
    items: list[dict[str, object]] = []
    with trained(setup, pair.old) as current, tempfile.TemporaryDirectory() as directory:
        before = ("before the update", Updated(current.model, 0, 0.0))
        for name, updated in chain([before], updates(pair, current.folder, Path(directory), setup.training)):
            known = pair.old if updated is before[1] else (*pair.old, *pair.new)
            own = asked_about_both(Guarded(updated.model, known), pair)
            rows[name] = {**knowledge(own), "tokens": float(updated.tokens), "seconds": updated.seconds}
            items += [{"seed": seed, "strategy": name, **item} for item in own]
            print(f"updates seed={seed} {name}: {rows[name]}", flush=True)
    return {"rows": rows, "items": items, "sizes": [len(pair.old), len(pair.new)]}


def _relative(row: Mapping[str, float], joint: Mapping[str, float]) -> dict[str, float]:
    """A row with what is kept and what it costs, relative to joint training."""

    def over(key: str) -> float:
        return row[key] / joint[key] if joint[key] else 0.0

    return {
        "update_old_kept": over("old_one_hop"),
        "update_new_kept": over("new_one_hop"),
        "update_old_reversed_kept": over("old_reversed"),
        "update_new_reversed_kept": over("new_reversed"),
        "update_cost": over("tokens"),
        "update_seconds": over("seconds"),
        **row,
    }
