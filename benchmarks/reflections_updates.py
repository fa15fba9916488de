"""Part *updates* of the reflections benchmark: what a memory model knows after new documents came, the old and the new.

A memory model is trained on one corpus; then the documents of another come, as many again, and every strategy of
`addenda.memories.reflections.updating` makes a model of both. Each is asked about both corpora in wordings that no
reflection has, and from values to names; what is kept is its share of right answers over that of joint training, and
what it costs is the tokens it was trained on (and its processor seconds, on a machine that did other things too) over
those of joint training. Questions from values that fit something in both corpora are left out. All are asked guarded,
as a knowledge base asks its memory model: an answer that no reflection says is withheld.

Controls: the model before the update, and going on with the new alone (`sequential`). Merging is measured by every
method; the model that is merged in is the one that routing asks, so it is trained once and its cost counts for each.
Behind the guard every answer counts, however unsure, also of the models that routing asks.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import cast

from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.updating.merging import merge, restore, weights_of
from addenda.memories.reflections.updating.routing import ROUTES, RoutedModel, read_routes
from addenda.memories.reflections.updating.settings import MergeSettings, update_settings
from addenda.memories.reflections.updating.updating import update_memory_model
from addenda.models.base import LanguageModel
from addenda.models.files import BUNDLED
from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import (
    Question,
    QuestionSets,
    build_corpus,
    question_sets,
    reflections_of,
    unambiguous,
)
from benchmarks.reflections_measuring import (
    Guarded,
    Setup,
    Spent,
    items_of,
    made_with,
    middle,
    once,
    said_by,
    share,
    trained,
)
from benchmarks.results import Part

LATER = 100
"""Added to the seed of the corpus there is for that of the new documents."""
PRODUCTS = 20
"""Of each corpus at most; about 80 pages, 200 facts and 1,700 reflections."""
SETS = ("one_hop", "one_hop_blind", "reversed", "unknown_names", "unstated")
BEFORE = "before the update"
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


def updated(strategy: str, pair: Pair, current: Path, directory: Path, training: Mapping[str, object]) -> Updated:
    """The model of a strategy, in a folder of its own."""
    settings, folder = update_settings(BUNDLED, {"strategy": strategy}, training), directory / strategy
    spent = Spent(folder)
    report = update_memory_model(current, pair.old, pair.new, settings, folder, spent, threads=1, device="cpu")
    return Updated(heard(folder), report.tokens, spent.seconds)


def heard(folder: Path) -> LanguageModel:
    """The memory model of a folder, or all to which it routes, every answer of which counts."""
    if not (folder / ROUTES).is_file():
        return LocalModel.load(str(folder), threads=1, device="cpu")
    routes = read_routes(folder)
    models = [LocalModel.load(str(folder / route.folder), threads=1, device="cpu") for route in routes.routes]
    return RoutedModel(routes, models, name=str(folder))


def merged(settings: MergeSettings, current: Path, directory: Path, apart: Mapping[str, float]) -> Updated:
    """The current model merged with the one that routing asks, and what that one cost, too."""
    before = time.process_time()
    base, old, new = (
        LocalModel.load(name, threads=1, device="cpu") for name in (BUNDLED, str(current), str(directory / "routing"))
    )
    tensors = [weights_of(one.network) for one in (base, old, new)]
    restore(new.network, merge(base=tensors[0], old=tensors[1], new=tensors[2], settings=settings))
    return Updated(new, int(apart["tokens"]), apart["seconds"] + time.process_time() - before)


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
        found, said, counted = _measured(seed, setup)
        sizes += counted
        items += said
        for name, row in found.items():
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


def _measured(seed: int, setup: Setup) -> tuple[dict[str, dict[str, float]], list[dict[str, object]], list[int]]:
    """The numbers of every strategy, what the models of one seed said, and how many reflections the corpora have."""
    pair = pair_of(seed, setup)
    rows: dict[str, dict[str, float]] = {}
    items: list[dict[str, object]] = []
    with trained(setup, pair.old) as current, tempfile.TemporaryDirectory() as passing:
        folder = (setup.work or Path(passing)) / f"updates-{seed}-{made_with()}"
        folder.mkdir(parents=True, exist_ok=True)
        of: dict[str, Callable[[], Updated]] = {BEFORE: partial(Updated, current.model, 0, 0.0)}
        of |= {one: partial(updated, one, pair, current.folder, folder, setup.training) for one in STRATEGIES}
        of |= {
            name: lambda settings=settings: merged(settings, current.folder, folder, rows["routing"])
            for name, settings in MERGES.items()
        }
        for name, model in of.items():
            known = pair.old if name == BEFORE else (*pair.old, *pair.new)
            found = once(setup, f"updates-{seed}-{name}", partial(_asked, model, known, pair))
            rows[name] = cast("dict[str, float]", found["row"])
            own = cast("list[dict[str, object]]", found["items"])
            items += [{"seed": seed, "strategy": name, **item} for item in own]
            print(f"updates seed={seed} {name}: {rows[name]}", flush=True)
    return rows, items, [len(pair.old), len(pair.new)]


def _asked(model: Callable[[], Updated], known: Sequence[Reflection], pair: Pair) -> dict[str, object]:
    """The numbers of a strategy, and what its model said."""
    of = model()
    items = asked_about_both(Guarded(of.model, known), pair)
    return {"row": {**knowledge(items), "tokens": float(of.tokens), "seconds": of.seconds}, "items": items}


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
