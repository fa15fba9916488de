"""What the generated tables share: a result as it was written, its numbers as they are shown, and rows of Markdown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"


@dataclass(frozen=True, slots=True)
class Result:
    """One measured part of a benchmark."""

    machine: Mapping[str, object]
    seeds: Sequence[int]
    metrics: Mapping[str, object]
    details: Mapping[str, object]

    @classmethod
    def of(cls, name: str) -> Result | None:
        """The result in ``benchmarks/results/NAME.json``; none where it was not measured."""
        path = RESULTS / f"{name}.json"
        if not path.is_file():
            return None
        found = read(path)
        return cls(
            machine=cast("Mapping[str, object]", found["machine"]),
            seeds=cast("Sequence[int]", found["seeds"]),
            metrics=cast("Mapping[str, object]", found["metrics"]),
            details=cast("Mapping[str, object]", found["details"]),
        )


def read(path: Path) -> dict[str, object]:
    """The object in a JSON file."""
    return cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))


def named(machine: Mapping[str, object]) -> str:
    """A machine in words: its cores and processor."""
    return f"{machine['cores']} cores ({machine['processor']})"


def shown(value: float, digits: int = 4) -> str:
    """A number with so many digits that count, and one from a thousand on without a fraction."""
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.{digits}g}"


def table(
    first: str, columns: Mapping[str, str], rows: Mapping[str, Mapping[str, float]], *, digits: int = 3
) -> list[str]:
    """Lines of a table: the names of the rows, and of each the values of the columns; a value it lacks stays empty."""
    cells = {name: [shown(row[one], digits) if one in row else "" for one in columns] for name, row in rows.items()}
    return [
        f"| {first} | {' | '.join(columns.values())} |",
        "|---|" + "---:|" * len(columns),
        *(f"| {name} | {' | '.join(cell)} |" for name, cell in cells.items()),
    ]
