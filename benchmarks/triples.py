"""The triples memory: what its adapters can do, corrections behind the ledger, Re-DocRED, names, and speed.

    python -m benchmarks.triples --redocred FOLDER [--quick] [--parts adapters corrections redocred names load]

Each part writes a result of its own, `results/triples.PART.json` with its per-item results beside it, so that it can be
measured again alone; `results/triples.json` has the metrics of all of them and where each comes from. Parts:

- *adapters*: the bundled model writes and reads; things and values nobody has heard of, free greedy generation, equal
  letter by letter. `write_f1_unseen_entities`: documents made as those of training are; `write_f1_unseen_wordings`:
  sentences that were written blind and are in no training document. `read_accuracy` is asked in wordings held out from
  every training, `read_accuracy_blind` in those that no other wording was modelled on; `read_accuracy_memory_off` is
  the same model with no memory.
- *corrections*: a thousand facts are corrected in a knowledge base (:mod:`benchmarks.triples_governed`).
- *redocred*: gold triples stored, the paper's read points (:mod:`benchmarks.triples_redocred`).
- *names*: reads by exact and misspelt names among a million triples (:mod:`benchmarks.triples_names`).
- *load*: a million triples from proposals to live (:mod:`benchmarks.triples_governed`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from addenda.memories.triples import TriplesMemory
from addenda.memories.triples.decoding import ReadingModel
from addenda.memories.triples.late_stopping import PATIENCE
from addenda.memories.triples.local_writer import LocalWriter
from addenda.models.adapters import load_adapter
from addenda.models.bundled import adapter_directory
from addenda.models.local import LocalModel
from benchmarks import triples_governed, triples_names, triples_redocred
from benchmarks.results import Part, merge, write_part
from benchmarks.triples_world import make_world
from recipes.triples_adapters import score_read, score_write

SEEDS = (101, 102, 103)
"""None of them was used in training or for any choice."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    quick: bool
    redocred: Path | None


def adapters(options: Options) -> Part:
    """Scores of writing and reading, over seeds."""
    seeds = SEEDS[:1] if options.quick else SEEDS
    model = LocalModel.load()
    items: list[dict[str, object]] = []
    by_seed = [{**_writing(model, seed, options, items), **_reading(model, seed, options, items)} for seed in seeds]
    means = {name: round(statistics.fmean(one[name] for one in by_seed), 4) for name in by_seed[0]}
    metrics: dict[str, object] = {
        "write_f1_unseen_entities": means[f"generated_k{PATIENCE}_f1"],
        "write_f1_unseen_wordings": means[f"unseen_k{PATIENCE}_f1"],
        "write_false_write_rate": means[f"nothing_k{PATIENCE}_false_write_rate"],
        "read_accuracy": means["memory_held_out"],
        "read_accuracy_trained": means["memory_trained"],
        "read_accuracy_blind": means["memory_blind"],
        "read_accuracy_memory_off": means["alone_held_out"],
        "read_accuracy_memory_empty": means["empty_held_out"],
    }
    return Part(seeds, metrics, {"means": means, "by_seed": by_seed}, items)


def _writing(model: LocalModel, seed: int, options: Options, items: list[dict[str, object]]) -> dict[str, float]:
    adapter = load_adapter(model, adapter_directory("write"), "write")
    groups = {
        "generated": score_write.generated(seed, 10 if options.quick else 60),
        "unseen": score_write.told_with(score_write.UNSEEN, seed),
        "nothing": score_write.without_facts(seed),
    }
    found: dict[str, float] = {}
    for patience in (PATIENCE, 1):
        writer = LocalWriter(model, adapter, patience=patience)
        for group, documents in groups.items():
            scores = score_write.score(writer, documents)
            found |= score_write.numbers(group, patience, score_write.totals(scores))
            items.extend(
                {
                    "part": "write",
                    "seed": seed,
                    "group": group,
                    "patience": patience,
                    "sentence": sentence.text,
                    "stated": sorted((one.subject, one.relation, one.object) for one in sentence.stated),
                    "written": sorted((one.subject, one.relation, one.object) for one in sentence.written),
                }
                for document in scores
                for sentence in document.sentences
            )
    return found


def _reading(model: LocalModel, seed: int, options: Options, items: list[dict[str, object]]) -> dict[str, float]:
    reading = ReadingModel(model, load_adapter(model, adapter_directory("read"), "read"))
    count = 30 if options.quick else 400
    asked = score_read.attributes(seed, count)
    more = score_read.abilities(seed, count // 4)
    full = score_read.score(reading, score_read.held(asked), asked)
    full += score_read.score(reading, score_read.held(more), more)
    empty = score_read.score(reading, TriplesMemory.private(), asked)
    alone = model.answer([one.question for one in asked])
    right: dict[str, list[bool]] = defaultdict(list)
    for one, completion in zip(asked, alone, strict=True):
        right[f"alone_{one.group}"].append(completion.text == one.expected)
    items.extend(
        {
            "part": "read",
            "seed": seed,
            "memory": memory,
            "group": score.asked.group,
            "question": score.asked.question,
            "expected": score.asked.expected,
            "said": score.said.text,
            "right": score.right,
        }
        for memory, scores in (("full", full), ("empty", empty))
        for score in scores
    )
    return {
        **{f"memory_{group}": share for group, share in score_read.totals(full).items()},
        **{f"empty_{group}": share for group, share in score_read.totals(empty).items()},
        **{group: round(sum(rights) / len(rights), 4) for group, rights in right.items()},
    }


def corrections(options: Options) -> Part:
    """A thousand facts are corrected, over seeds."""
    seeds = SEEDS[:1] if options.quick else SEEDS
    by_seed: list[dict[str, float]] = []
    items: list[dict[str, object]] = []
    for seed in seeds:
        asked = triples_governed.correct(seed, 50 if options.quick else 1000)
        by_seed.append(triples_governed.correction_metrics(asked))
        items.extend(
            {
                "seed": seed,
                "question": one.question,
                "old": one.correction.fact.object,
                "new": one.correction.new,
                "before": one.before,
                "after": one.after,
                "yesterday": one.yesterday,
            }
            for one in asked
        )
    metrics = {name: round(statistics.fmean(one[name] for one in by_seed), 4) for name in by_seed[0]}
    return Part(seeds, metrics, {"by_seed": by_seed}, items)


def redocred(options: Options) -> Part:
    """Retrieval on Re-DocRED dev."""
    if options.redocred is None:
        raise SystemExit("name the folder with Re-DocRED's dev.jsonl.gz and relations.jsonl: --redocred FOLDER")
    data = triples_redocred.corpus(options.redocred, 50 if options.quick else None)
    scored = triples_redocred.run(data, None)
    metrics, details = triples_redocred.metrics(data, scored), triples_redocred.summary(data, scored)
    return Part([triples_redocred.SEED], metrics, details, triples_redocred.items(scored))


def names(options: Options) -> Part:
    """Reads and loading of the store alone."""
    seed = triples_names.SEED
    world = make_world(*((3_000, 10_000) if options.quick else (300_000, 1_000_000)), seed)
    with tempfile.TemporaryDirectory() as directory:
        sizes = (200, 1_000, 1_000) if options.quick else (4_000, 100_000, 100_000)
        found = triples_names.run(world, Path(directory), count=sizes[0], live=sizes[1], embedded=sizes[2], seed=seed)
    metrics = {name: round(value, 4) for name, value in found.metrics.items()}
    return Part([seed], metrics, {"names": len(world.names), "triples": len(world.facts)}, found.items)


def load(options: Options) -> Part:
    """A world goes live in batches."""
    seed = triples_names.SEED
    world = make_world(*((3_000, 10_000) if options.quick else (300_000, 1_000_000)), seed)
    taken = triples_governed.load(world)
    metrics = {
        "load_triples_per_second": round(taken.per_second),
        "load_triples_per_cpu_second": round(taken.triples / taken.cpu_seconds),
        "bytes_per_million": round((taken.database_bytes + taken.artefact_bytes) / taken.triples * 1e6),
    }
    details = {
        "triples": taken.triples,
        "seconds": round(taken.seconds, 2),
        "cpu_seconds": round(taken.cpu_seconds, 2),
        "by_step": {step: round(seconds, 2) for step, seconds in taken.by_step.items()},
        "database_bytes": taken.database_bytes,
        "artefact_bytes": taken.artefact_bytes,
        "peak_memory_bytes": taken.peak_memory_bytes,
        "load_average_before": round(taken.load_average, 2),
    }
    return Part([seed], metrics, details, ())


PARTS: Mapping[str, Callable[[Options], Part]] = {
    "adapters": adapters,
    "corrections": corrections,
    "redocred": redocred,
    "names": names,
    "load": load,
}


def main() -> None:
    """Run the parts that were asked for, and write their results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small numbers, one seed")
    parser.add_argument("--redocred", type=Path, metavar="FOLDER", help="Re-DocRED's dev set")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    arguments = parser.parse_args()
    options = Options(cast("bool", arguments.quick), cast("Path | None", arguments.redocred))
    for name in cast("list[str]", arguments.parts):
        part = PARTS[name](options)
        write_part("triples", name, part, quick=options.quick)
        print(name, json.dumps(dict(part.metrics)), flush=True)
    print(merge("triples", PARTS, quick=options.quick))


if __name__ == "__main__":
    main()
