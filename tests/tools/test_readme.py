"""The README cannot go stale: its tree and its numbers are generated, and every relative link leads somewhere."""

from __future__ import annotations

import re

from tools import readme

PAGE = (readme.ROOT / "README.md").read_text(encoding="utf-8")


def test_the_generated_parts_are_up_to_date() -> None:
    assert readme.filled(PAGE) == PAGE, "run: python -m tools.readme"


def test_every_generated_part_has_its_place() -> None:
    for name in readme.PARTS:
        assert f"<!-- {name} -->" in PAGE
        assert f"<!-- /{name} -->" in PAGE


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
