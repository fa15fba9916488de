"""The result of a part, written where results are written, as the table that the documentation has of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import results
from benchmarks.results import Part, write_part
from tools import tables
from tools.reflections_tables import TABLES


@pytest.fixture
def table_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, Part], str]:
    """The table in a place of docs/memories/reflections-measured.md, of a part's result."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(tables, "RESULTS", tmp_path)

    def table(place: str, part: str, found: Part) -> str:
        assert TABLES[place]().startswith("Not measured yet")
        write_part("reflections", part, found, quick=False)
        return TABLES[place]()

    return table
