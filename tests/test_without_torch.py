"""The base install works without the heavy libraries, and importing the package loads none of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECK = ROOT / ".ci" / "base_check.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that finds the package in the source tree."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False)


def test_importing_the_package_loads_no_model_library() -> None:
    heavy = "{'torch', 'transformers', 'peft', 'safetensors', 'numpy', 'matplotlib', 'openpyxl', 'sqlalchemy'}"
    done = run("-c", f"import sys, addenda; print(sorted({heavy} & set(sys.modules)))")
    assert done.stdout.strip() == "[]", done.stderr


def test_every_module_of_the_base_install_imports_where_the_extras_are_blocked() -> None:
    done = run(str(CHECK))
    assert done.returncode == 0, done.stderr


def test_the_check_finds_a_module_that_needs_torch(tmp_path: Path) -> None:
    package = tmp_path / "addenda"
    package.mkdir()
    (package / "__init__.py").write_text('"""A stand-in."""\n')
    (package / "greedy.py").write_text("import torch\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, str(CHECK)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "addenda.greedy cannot be imported" in done.stderr
    assert "torch is not part of the base install" in done.stderr
