"""The memory of reflections: what a small memory model knows of a corpus that it was taught as questions and answers.

    python -m benchmarks.reflections [--quick] [--parts PART...] [--executive NAME] [--squad FOLDER]
                                     [--encoder TABLE TOKENIZER] [--work FOLDER]

Each part is a module `benchmarks/reflections_PART.py`, which says what it measures, with a function `measure`; it
writes a result of its own, `results/reflections.PART.json`, with its per-item results beside it, and
`results/reflections.json` has the metrics of all of them. The corpora (:mod:`benchmarks.reflections_corpora`) are
catalogues of made-up products, and the memory model is the bundled model, trained on one thread of a CPU.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from benchmarks import (
    reflections_capacity,
    reflections_found,
    reflections_knowledge,
    reflections_latency,
    reflections_noise,
    reflections_retrieval,
    reflections_squad,
    reflections_synthesis,
    reflections_throughput,
    reflections_updates,
    reflections_withdrawal,
)
from benchmarks.reflections_measuring import EXECUTIVES, QUICK, QUICK_SEEDS, SEEDS, Setup
from benchmarks.reflections_plots import IMAGE, draw
from benchmarks.results import Part, merge, write_part

PARTS: Mapping[str, Callable[[Sequence[int], Setup], Part]] = {
    "knowledge": reflections_knowledge.measure,
    "withdrawal": reflections_withdrawal.measure,
    "updates": reflections_updates.measure,
    "latency": reflections_latency.measure,
    "synthesis": reflections_synthesis.measure,
    "retrieval": reflections_retrieval.measure,
    "found": reflections_found.measure,
    "noise": reflections_noise.measure,
    "capacity": reflections_capacity.measure,
    "throughput": reflections_throughput.measure,
    "squad": reflections_squad.measure,
}


def main() -> None:
    """Measure the parts asked for, and bring the summary up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="a small corpus, none of those reported; not to be committed"
    )
    parser.add_argument("--parts", nargs="+", choices=tuple(PARTS), default=tuple(PARTS))
    parser.add_argument("--executive", choices=tuple(EXECUTIVES), default=Setup().executive)
    parser.add_argument("--squad", type=Path, metavar="FOLDER", help="SQuAD's passages, questions and reflections")
    parser.add_argument("--encoder", nargs=2, type=Path, metavar=("TABLE", "TOKENIZER"), help="static embeddings")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep what is done there, to go on after a stop")
    given = parser.parse_args()
    quick = cast("bool", given.quick)
    encoder = cast("list[Path] | None", given.encoder)
    setup = replace(
        QUICK if quick else Setup(),
        executive=cast("str", given.executive),
        squad=cast("Path | None", given.squad),
        encoder=(encoder[0], encoder[1]) if encoder else None,
        work=cast("Path | None", given.work),
    )
    for name in cast("Sequence[str]", given.parts):
        part = PARTS[name](QUICK_SEEDS if quick else SEEDS, setup)
        write_part("reflections", name, part, quick=quick)
        print(name, json.dumps(dict(part.metrics), indent=2), flush=True)
    path = merge("reflections", PARTS, quick=quick)
    draw(path.with_suffix(".svg") if quick else IMAGE, quick=quick)
    print(path)


if __name__ == "__main__":
    main()
