"""Import every module that must work without the heavy libraries, in an interpreter where those cannot be imported.

Run as a script: ``python base_check.py`` checks the ``addenda`` that this interpreter finds, and ``--installed`` also
asks that it is an installed copy that lacks no file of the source tree (modules and package data). Uses the standard
library only, because the environment with base dependencies has no test runner. Modules named in :data:`HEAVY` may need
the extras; those in :data:`NOT_IMPORTABLE` do their work when they are run.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

BLOCKED = frozenset(
    (
        "accelerate aiohttp anyio fastapi httptools httpx2 huggingface_hub joserfc matplotlib mcp mcp_types numpy "
        "openai peft prometheus_client safetensors scipy starlette structlog tokenizers torch transformers uvicorn "
        "uvloop"
    ).split()
)
"""Libraries of the optional extras: nothing that belongs to the base install may import them."""

HEAVY = (
    "addenda.client.wire",
    "addenda.models.adapters",
    "addenda.models.answer_loss",
    "addenda.models.gradients",
    "addenda.models.local",
    "addenda.models.lora",
    "addenda.models.remote",
    "addenda.models.training",
    "addenda.memories.edits",
    "addenda.memories.reflections.updating.merging",
    "addenda.memories.notes.learner",
    "addenda.memories.notes.search",
    "addenda.memories.triples.decoding",
    "addenda.memories.triples.generation",
    "addenda.memories.triples.local_writer",
    "addenda.demo.plots",
    "addenda.surfaces.http",
    "addenda.surfaces.mcp",
    "addenda.surfaces.oidc",
    "addenda.surfaces.openai",
    "addenda.surfaces.web",
)
"""Modules, with all below, that may need the ``local``, ``oidc``, ``plots`` or ``remote`` extra. Reached lazily."""

NOT_IMPORTABLE = ("addenda.migrations.env", "addenda.__main__", "addenda.surfaces.cli.__main__")
"""Scripts: importing them runs them."""


class Blocker:
    """A finder that refuses the blocked libraries before any other finder is asked."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise for a blocked library, and leave every other module to the next finder."""
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is not part of the base install", name=name)
        return None


def modules(package: Path) -> list[str]:
    """The dotted names of all modules below the package's folder that must be importable."""
    names = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        heavy = any(name == prefix or name.startswith(prefix + ".") for prefix in HEAVY)
        if not heavy and name not in NOT_IMPORTABLE and all(part.isidentifier() for part in parts):
            names.append(name)
    return names


def left_out(package: Path) -> list[str]:
    """Files of the source tree beside this script that the package lacks."""
    source = Path(__file__).resolve().parents[1] / "src" / "addenda"
    files = (path.relative_to(source) for path in source.rglob("*") if path.is_file())
    return sorted(str(file) for file in files if "__pycache__" not in file.parts and not (package / file).is_file())


def explain(error: Exception, package: Path) -> str:
    """The error, and the lines of the package that led to it."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(package)
    ]
    chain = " > ".join(f"{Path(frame.filename).relative_to(package)}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__}: {error} (at {chain})"


def main(arguments: Sequence[str]) -> int:
    """Import everything; returns the exit status: 0, or 1 with each failure on stderr."""
    sys.meta_path.insert(0, Blocker())
    addenda = importlib.import_module("addenda")
    package = Path(str(addenda.__file__)).parent
    if "--installed" in arguments:
        missing = left_out(package)
        if "site-packages" not in package.parts or missing:
            sys.stderr.write(f"base-check: {str(package)!r} is no complete installed copy; it lacks {missing[:9]}\n")
            return 1
    failures = 0
    names = modules(package)
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - whatever a module raises at import is the finding
            failures += 1
            sys.stderr.write(f"base-check: {name} cannot be imported: {explain(error, package)}\n")
    loaded = sorted(BLOCKED & set(sys.modules))
    if loaded:
        failures += 1
        sys.stderr.write(f"base-check: loaded although blocked: {loaded}\n")
    sys.stdout.write(f"base-check: {len(names) - failures} of {len(names)} modules imported without the extras\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
