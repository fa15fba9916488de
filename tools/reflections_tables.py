"""The tables of the reflections benchmark that are too long for the README: one for each part that was measured."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"
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
    "reversed": "from the value",
    "two_hop_direct": "two steps, one question",
    "idk_outside": "refused outside the corpus",
    "idk_answerable": "wrongly refused",
}

_Row = Mapping[str, float]


def strategies() -> str:
    """The strategies of an update side by side."""

    def table(metrics: Mapping[str, object], details: Mapping[str, object]) -> list[str]:
        del details
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
        rows = cast("Mapping[str, _Row]", metrics["strategies"])
        named = {f"**`{name}`**" if name == metrics["default"] else f"`{name}`": row for name, row in rows.items()}
        return _table("strategy", columns, named)

    return _of("updates", table, "The default in bold; kept, learned and tokens are relative to joint training.")


def stages() -> str:
    """What each stage of the synthesis brings."""

    def table(metrics: Mapping[str, object], details: Mapping[str, object]) -> list[str]:
        del metrics
        rows = cast("Mapping[str, Sequence[_Row]]", details["rows"])
        return _table("taught", _KNOWLEDGE, {name.replace("_", " "): _middle(found) for name, found in rows.items()})

    return _of("synthesis", table, "What a stage left out was filled up with others, to equal tokens.")


def searches() -> str:
    """The memory model beside retrieval."""

    def table(metrics: Mapping[str, object], details: Mapping[str, object]) -> list[str]:
        del details
        shares = cast("_Row", metrics)
        who = [name.removeprefix("one_hop_protocol_") for name in shares if name.startswith("one_hop_protocol_")]
        rows = {
            f"{name}, {way.replace('_', ' ')}": {each: shares[f"{each}_{way}_{name}"] for each in _SETS}
            for way in ("single_turn", "protocol")
            for name in who
        }
        return _table("who is asked", _SETS, rows)

    return _of("retrieval", table, "All with the same executive and budget; retrieval reads the nearest sentences.")


def noise() -> str:
    """What documents cost that nobody asks about."""
    return _by_row("noise", "others", lambda row: f"{row['times']:.0f} times", _KNOWLEDGE, "")


def capacity() -> str:
    """How much a memory model of the bundled size holds."""
    columns = {"facts_per_parameter": "facts per parameter", **_KNOWLEDGE}
    return _by_row("capacity", "facts", lambda row: f"{row['facts']:,.0f}", columns, "")


def latency() -> str:
    """The time of a question as the corpus grows."""

    def table(metrics: Mapping[str, object], details: Mapping[str, object]) -> list[str]:
        del details
        found = cast("_Row", metrics)
        columns = {
            "reflections": "reflections",
            "direct_ms": "ms, asked directly",
            "direct_accuracy": "right",
            "protocol_ms": "ms, through the protocol",
            "protocol_accuracy": "right, through the protocol",
        }
        sizes = [name.removeprefix("reflections_") for name in found if name.startswith("reflections_")]
        return _table("corpus", columns, {size: {one: found[f"{one}_{size}"] for one in columns} for size in sizes})

    return _of("latency", table, "Medians; questions over two steps through the protocol, over one step directly.")


def _by_row(part: str, first: str, name: Callable[[_Row], str], columns: Mapping[str, str], rest: str) -> str:
    def table(metrics: Mapping[str, object], details: Mapping[str, object]) -> list[str]:
        del metrics
        return _table(first, columns, {name(row): row for row in cast("Sequence[_Row]", details["rows"])})

    return _of(part, table, rest)


def _of(part: str, table: Callable[[Mapping[str, object], Mapping[str, object]], list[str]], rest: str) -> str:
    """The table of a part with its seeds and machine, or that it was not measured yet."""
    path = RESULTS / f"reflections.{part}.json"
    if not path.is_file():
        return f"Not measured yet: `python -m benchmarks.reflections --parts {part}`."
    result = cast("Mapping[str, Mapping[str, object]]", json.loads(path.read_text(encoding="utf-8")))
    seeds = len(cast("Sequence[int]", result["seeds"]))
    machine = result["machine"]
    where = (
        f"{seeds} {'corpus' if seeds == 1 else 'corpora, medians'}, {machine['cores']} cores ({machine['processor']})."
    )
    return "\n".join([*table(result["metrics"], result["details"]), "", f"{rest} {where}".strip()])


def _table(first: str, columns: Mapping[str, str], rows: Mapping[str, _Row]) -> list[str]:
    return [
        f"| {first} | {' | '.join(columns.values())} |",
        "|---|" + "---:|" * len(columns),
        *(f"| {name} | {' | '.join(_shown(row[one]) for one in columns)} |" for name, row in rows.items()),
    ]


def _middle(rows: Sequence[_Row]) -> _Row:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def _shown(value: float) -> str:
    if 0 < abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


TABLES: Mapping[str, Callable[[], str]] = {
    "strategies": strategies,
    "stages": stages,
    "searches": searches,
    "noise": noise,
    "capacity": capacity,
    "latency": latency,
}
"""For docs/memories/reflections.md, by the name of the place."""
