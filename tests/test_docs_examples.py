"""The examples of docs/getting-started.md, run in order with the real program, and the site's table of contents."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NEXT = "@@ the next example"


def test_every_example_of_getting_started_does_what_the_page_says(tmp_path: Path) -> None:
    """One shell runs them all, so that the next has what one sets; an ``output`` block is a part of what it prints."""
    blocks = _BLOCK.findall((DOCS / "getting-started.md").read_text(encoding="utf-8"))
    assert {language for language, _ in blocks} == {"sh", "output"}
    script = "set -eu\n" + f"\necho '{_NEXT}'\n".join(text for language, text in blocks if language == "sh")
    program = tmp_path / "bin" / "addenda"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m addenda.surfaces.cli "$@"\n')
    program.chmod(0o755)
    (tmp_path / "work").mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ADDENDA_")}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path / "work",
        env={
            **kept,
            "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(DOCS.parent / "src"),
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    printed = iter(done.stdout.split(_NEXT))
    said = ""
    for language, text in blocks:
        if language == "sh":
            said = next(printed)
        else:
            assert [line for line in text.splitlines() if line not in said] == [], said


def test_the_site_shows_every_page_once() -> None:
    site = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    listed = re.findall(r"[\w/-]+\.md", site.partition("\nnav:")[2])
    assert sorted(listed) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(DOCS)}: {target}"
        for page in DOCS.rglob("*.md")
        for target in re.findall(r"\]\(([^)#\s:]+\.md)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).is_file()
    ]
    assert dead == []
