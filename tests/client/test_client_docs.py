"""What the page about Python shows works as it stands there, and so does the example."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.surfaces.http.serving import Desk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tokens(desk: Desk, tmp_path: Path) -> Path:
    """A folder with everybody's token."""
    for name, token in desk.tokens.items():
        path = tmp_path / f"{name}.token"
        path.touch(0o600)
        path.write_text(token + "\n")
    return tmp_path


def test_the_example_runs(desk: Desk, tokens: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "first_change.py"), f"{desk.address}#ours",
         "--editor", "editor.token", "--approver", "approver.token"],
        cwd=tokens, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=False,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "proposed: noise level of Velmor Tasky: 41 dB as " in done.stdout
    assert re.search(r"^live: [0-9a-f]{16}$", done.stdout, re.MULTILINE)
    assert "without any memory: " in done.stdout


def test_the_code_of_the_page_runs(desk: Desk, tokens: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tokens)
    monkeypatch.setenv("ADDENDA_URL", f"{desk.address}#ours")
    monkeypatch.setenv("ADDENDA_TOKEN_FILE", "editor.token")
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)).replace("41 dB", "43 dB")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(code, "docs/python.md", "exec"), {})
    assert "the editor" in said.getvalue()
    assert "('43 dB',)" in said.getvalue()
    assert "look again" not in said.getvalue()
