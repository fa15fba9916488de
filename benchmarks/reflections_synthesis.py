"""Part *synthesis* of the reflections benchmark: what each stage of the synthesis brings, at equal tokens.

The reflections of a stage are left out, and others, drawn at random, are taught again in their place until there are
as many tokens of questions and answers as before; made refusals are as many as for the whole set. Asked guarded, as a
knowledge base asks, by what was taught. Left out of what is taught only: the other stages are made from direct facts
all the same. Not among the stages here: indirect facts (pages about one thing each have none), and verified ones (the
generator without a model always names what it asks about).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from addenda.memories.reflections.reflection import Reflection, Stage
from addenda.memories.reflections.training.lessons import memory_example
from addenda.memories.reflections.training.settings import memory_model_settings
from addenda.models.files import BUNDLED
from addenda.models.local import LocalModel
from benchmarks.reflections_corpora import build_corpus, question_sets, reflections_of
from benchmarks.reflections_measuring import Guarded, Setup, asked_guarded, knowledge, middle, trained
from benchmarks.results import Part

STAGES: tuple[Stage, ...] = ("direct", "consolidated", "surfaced", "cross-document", "unanswerable")
SEEDS_USED = 1
"""A training for each stage and seed: the first seeds only."""


def measure(seeds: Sequence[int], setup: Setup) -> Part:
    """The metrics of a memory model that was taught everything, and of one without each stage."""
    items: list[dict[str, object]] = []
    rows: dict[str, list[dict[str, float]]] = {}
    base = LocalModel.load(threads=1, device="cpu")
    for seed in seeds[:SEEDS_USED]:
        corpus = build_corpus(seed, setup.products)
        whole, sets = reflections_of(corpus), question_sets(corpus, most=setup.questions)
        for without in ("", *STAGES):
            name = f"without_{without.replace('-', '_')}" if without else "whole"
            taught = filled(base, whole, [one for one in whole if one.stage != without], seed)
            with trained(setup, taught, {"refusals": _refusals(whole, taught)}) as memory:
                found = asked_guarded(Guarded(memory.model, taught), sets)
            row = knowledge(found) | {"tokens": tokens(base, taught), "train_seconds": memory.seconds}
            rows.setdefault(name, []).append(row)
            items += [{"seed": seed, "taught": name, **item} for item in found]
            print(f"synthesis seed={seed} {name}: {row}", flush=True)
    shown = ("one_hop", "reversed", "two_hop_direct", "idk_outside", "idk_answerable")
    metrics = {
        f"{metric}{'' if name == 'whole' else f'_{name}'}": value
        for name, found in rows.items()
        for metric, value in middle(found, shown).items()
    }
    return Part(
        seeds=seeds[:SEEDS_USED],
        metrics={**metrics, "reversed_without_surfacing": metrics["reversed_without_surfaced"]},
        details={"products": setup.products, "rows": rows},
        items=items,
    )


def tokens(model: LocalModel, reflections: Sequence[Reflection]) -> int:
    """The tokens of reflections as examples."""
    return sum(_tokens(model, one) for one in reflections)


def filled(
    model: LocalModel, whole: Sequence[Reflection], part: Sequence[Reflection], seed: int
) -> tuple[Reflection, ...]:
    """A part with others of it once more, drawn at random, until it has the tokens of the whole."""
    missing = tokens(model, whole) - tokens(model, part)
    random, more = Random(f"{seed}-filled"), list[Reflection]()
    while missing > 0:
        more.append(random.choice(part))
        missing -= _tokens(model, more[-1])
    return (*part, *more)


def _tokens(model: LocalModel, one: Reflection) -> int:
    return len(memory_example(model, one.question, one.answer).tokens)


def _refusals(whole: Sequence[Reflection], taught: Sequence[Reflection]) -> float:
    """The share of made refusals by which there are as many as for the whole."""
    usual = memory_model_settings(BUNDLED).refusals
    answering = [sum(one.stage != "unanswerable" for one in given) for given in (whole, taught)]
    return min(1.0, usual * answering[0] / answering[1])
