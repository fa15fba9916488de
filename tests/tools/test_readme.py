"""The pages cannot go stale: tree and numbers are generated, and every relative link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import readme

PAGE = (readme.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_the_generated_parts_are_up_to_date(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert readme.filled(text, readme.PAGES[page]) == text, "run: python -m tools.readme"


@pytest.mark.parametrize("page", readme.PAGES, ids=lambda page: page.name)
def test_every_generated_part_has_its_place(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in readme.PAGES[page]:
        assert f"<!-- {name} -->" in text
        assert f"<!-- /{name} -->" in text


def test_filling_replaces_what_stood_there_and_nothing_else() -> None:
    text = "before\n<!-- tree -->\nold\n<!-- /tree -->\nafter\n"
    filled = readme.filled(text)
    assert filled.startswith("before\n<!-- tree -->\n```")
    assert "\nold\n" not in filled
    assert filled.endswith("```\n<!-- /tree -->\nafter\n")


def test_every_module_has_its_line() -> None:
    lines = readme.tree().splitlines()
    assert sum(line.strip().startswith("facade.py") for line in lines) == 1
    assert all(len(line.split(None, 1)) == 2 for line in lines if line.startswith("  "))


def test_relative_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", PAGE):
        assert (readme.ROOT / target).exists(), target
