"""The tables of the reflections benchmark that are too long for the README: one for each part that was measured."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import cast

from tools.tables import Result, named, table

_SETS: Mapping[str, str] = {
    "one_hop": "one step",
    "reversed": "from the value",
    "two_hop": "two steps",
    "three_hop": "three steps",
    "unknown_names": "unknown names",
    "near_misses": "near misses",
    "unstated": "unstated",
}
_KNOWLEDGE: Mapping[str, str] = {
    "one_hop": "one step",
    "one_hop_blind": "blind wordings",
    "one_hop_other_languages": "Japanese, Korean",
    "reversed": "from the value",
    "two_hop_direct": "two steps, one question",
    "idk_outside": "refused outside the corpus",
    "idk_answerable": "wrongly refused",
}

_Row = Mapping[str, float]


def strategies(result: Result) -> list[str]:
    """The strategies of an update side by side; the default in bold."""
    columns = {
        "old_one_hop": "old",
        "new_one_hop": "new",
        "old_reversed": "old, from the value",
        "new_reversed": "new, from the value",
        "old_wrongly_refused": "old, wrongly refused",
        "new_wrongly_refused": "new, wrongly refused",
        "update_old_kept": "old kept",
        "update_new_kept": "new learned",
        "update_cost": "tokens",
    }
    rows = cast("Mapping[str, _Row]", result.metrics["strategies"])
    default = result.metrics["default"]
    return table("strategy", columns, {f"**`{one}`**" if one == default else f"`{one}`": rows[one] for one in rows})


def stages(result: Result) -> list[str]:
    """What each stage of the synthesis brings."""
    rows = cast("Mapping[str, Sequence[_Row]]", result.details["rows"])
    return table("taught", _KNOWLEDGE, {name.replace("_", " "): _middle(found) for name, found in rows.items()})


def searches(result: Result) -> list[str]:
    """The memory model beside retrieval."""
    shares = cast("_Row", result.metrics)
    who = [name.removeprefix("one_hop_protocol_") for name in shares if name.startswith("one_hop_protocol_")]
    rows = {
        f"{name}, {way.replace('_', ' ')}": {each: shares[f"{each}_{way}_{name}"] for each in _SETS}
        for way in ("single_turn", "protocol")
        for name in who
    }
    return table("who is asked", _SETS, rows)


def found(result: Result) -> list[str]:
    """What each search brings to be read."""
    shares = cast("_Row", result.metrics)
    columns = {name: said for name, said in _SETS.items() if any(one.startswith(f"found_{name}_") for one in shares)}
    who = [name.removeprefix("found_one_hop_") for name in shares if name.startswith("found_one_hop_")]
    return table("search", columns, {name: {each: shares[f"found_{each}_{name}"] for each in columns} for name in who})


def noise(result: Result) -> list[str]:
    """What documents cost that nobody asks about."""
    return table("others", _KNOWLEDGE, {f"{row['times']:.0f} times": row for row in _rows(result)})


def capacity(result: Result) -> list[str]:
    """How much a memory model of the bundled size holds."""
    columns = {"facts_per_parameter": "facts per parameter", **_KNOWLEDGE}
    return table("facts", columns, {f"{row['facts']:,.0f}": row for row in _rows(result)})


def latency(result: Result) -> list[str]:
    """The time of a question as the corpus grows."""
    columns = {
        "reflections": "reflections",
        "direct_ms": "ms, asked directly",
        "direct_accuracy": "right",
        "protocol_ms": "ms, through the protocol",
        "protocol_accuracy": "right, through the protocol",
    }
    found = cast("_Row", result.metrics)
    sizes = [name.removeprefix("reflections_") for name in found if name.startswith("reflections_")]
    return table("corpus", columns, {size: {one: found[f"{one}_{size}"] for one in columns} for size in sizes})


def throughput(result: Result) -> list[str]:
    """The speed of training beside transformers' Trainer."""
    speeds = {
        "tokens_per_second": "ours",
        "trainer_tokens_per_second": "Trainer",
        "training_throughput_ratio": "ratio",
    }
    gains = {
        "all_cores_over_one": "ours, times one core",
        "trainer_all_cores_over_one": "Trainer, times one core",
    }
    found = cast("_Row", result.metrics)
    ratio = "training_throughput_ratio_"
    rows: dict[str, dict[str, float]] = {}
    for case in (name.removeprefix(ratio) for name in found if name.startswith(ratio)):
        alone = case.removesuffix("_all_cores")
        how, precision = alone.split("_")
        row = {one: found[f"{one}_{case}"] for one in speeds}
        if alone != case:
            row |= {one: found[f"{one}_{alone}"] for one in gains}
        name = f"{how.replace('unpacked', 'padded')}, {precision}, {'one core' if alone == case else 'all cores'}"
        rows[name] = row
    return table("", speeds | gains, rows)


def people(result: Result) -> list[str]:
    """People's questions and the taught ones, by who is asked."""
    columns = {
        "people_right": "people's, right",
        "people_f1": "F1 of the words",
        "people_refused": "refused",
        "taught_right": "taught word for word, right",
        "taught_f1": "F1",
    }
    who = {"memory": "memory model", "guarded": "guarded", "base": "bundled model, untaught"}
    found = cast("_Row", result.metrics)
    return table(
        "who is asked",
        columns,
        {name: {one: found[f"{key}_{one}"] for one in columns} for key, name in who.items()},
    )


def measured(part: str, make: Callable[[Result], list[str]], note: str) -> str:
    """The table of a part with its corpora and machine, or that it was not measured yet."""
    result = Result.of(f"reflections.{part}")
    if result is None:
        return f"Not measured yet: `python -m benchmarks.reflections --parts {part}`."
    seeds = len(result.seeds)
    where = f"{seeds} {'corpus' if seeds == 1 else 'corpora, medians'}, {named(result.machine)}."
    return "\n".join([*make(result), "", f"{note} {where}".strip()])


def _rows(result: Result) -> Sequence[_Row]:
    return cast("Sequence[_Row]", result.details["rows"])


def _middle(rows: Sequence[_Row]) -> _Row:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


TABLES: Mapping[str, Callable[[], str]] = {
    "strategies": partial(
        measured, "updates", strategies, "The default in bold; kept, learned and tokens are relative to joint training."
    ),
    "stages": partial(
        measured, "synthesis", stages, "What a stage left out was filled up with others, to equal tokens."
    ),
    "searches": partial(
        measured,
        "retrieval",
        searches,
        "All with the same executive and budget; retrieval reads the nearest sentences.",
    ),
    "found": partial(measured, "found", found, "Shares of questions with the right answer in a sentence that is read."),
    "noise": partial(measured, "noise", noise, ""),
    "capacity": partial(measured, "capacity", capacity, ""),
    "latency": partial(
        measured, "latency", latency, "Medians; questions over two steps through the protocol, over one step directly."
    ),
    "people": partial(measured, "squad", people, ""),
    "throughput": partial(
        measured,
        "throughput",
        throughput,
        "Tokens of prompts and answers a second, whole bundled model, batches of 32.",
    ),
}
"""For docs/memories/reflections-measured.md, by the name of the place."""
