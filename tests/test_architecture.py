"""The import arrows of the map, and the limits on size and style that keep it readable.

Everything is read from the source text, so nothing has to be importable. The rules are functions from source to a list
of findings, and each is shown to find something.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "addenda"

ORDER = (
    "_version",
    "types",
    "errors",
    "settings",
    "client",
    "text",
    "intervals",
    "migrations",
    "database",
    "jobs",
    "artifacts",
    "journal",
    "documents",
    "ledger",
    "models",
    "memories",
    "memories.base",
    "memories.held",
    "memories.*",
    "skills",
    "tracing",
    "responder",
    "augmenting",
    "gate",
    "spreadsheets",
    "knowledge_base",
    "demo",
    "surfaces",
)
"""A unit imports only units that stand before it. ``memories.*`` are siblings that do not know one another."""

FORBIDDEN: Mapping[str, frozenset[str]] = {
    "models": frozenset({"migrations", "database", "artifacts", "ledger"}),
    "memories.base": frozenset({"migrations", "database", "artifacts", "ledger", "models"}),
    "memories.held": frozenset({"migrations", "database", "artifacts", "ledger", "models"}),
    "memories.*": frozenset({"migrations", "database", "ledger"}),
    "spreadsheets": frozenset(
        {"migrations", "database", "artifacts", "ledger", "models", "memories", "responder", "gate"}
    ),
    "surfaces": frozenset({"migrations", "database", "artifacts", "ledger", "memories"}),
}
"""What a unit may not import although it stands before it; ``memories`` stands for all of them."""

ALLOWED: Mapping[str, frozenset[str]] = {"memories.triples": frozenset({"database"})}
"""Exceptions: the triples memory declares tables, which are changed in one transaction."""

ONLY_IMPORTER: Mapping[str, frozenset[str]] = {"migrations": frozenset({"database"})}
"""Units that only the named ones may import."""

HEAVY = frozenset(
    (
        "aiohttp anyio fastapi httptools httpx2 huggingface_hub joserfc matplotlib mcp mcp_types numpy openai peft "
        "prometheus_client safetensors scipy starlette structlog tokenizers torch transformers uvicorn uvloop"
    ).split()
)
"""Libraries of the extras, which may be imported inside functions."""

LAZY: frozenset[tuple[str, str]] = frozenset({("addenda.database", "addenda.migrations")})
"""Own modules that are imported inside functions because of what they pull in: importer, imported."""

LAZY_UNITS = frozenset(
    {
        "addenda.client.wire",
        "addenda.models.adapters",
        "addenda.models.answer_loss",
        "addenda.models.gradients",
        "addenda.models.local",
        "addenda.models.lora",
        "addenda.models.remote",
        "addenda.models.training",
        "addenda.memories.edits",
        "addenda.memories.notes.learner",
        "addenda.memories.notes.search",
        "addenda.memories.reflections.updating.merging",
        "addenda.memories.triples.decoding",
        "addenda.memories.triples.generation",
        "addenda.memories.triples.local_writer",
        "addenda.demo.plots",
        "addenda.surfaces.http",
        "addenda.surfaces.mcp",
        "addenda.surfaces.oidc",
        "addenda.surfaces.openai",
        "addenda.surfaces.web",
    }
)
"""Modules that need heavy libraries, so anyone may import them (and what lies below them) inside a function."""

LONG_MODULES: Mapping[str, int] = {}
"""Modules above 400 lines, with the length they may not exceed. This list only shrinks."""

BROAD_EXCEPTS: Mapping[str, int] = {"addenda.surfaces.http.observing": 1, "addenda.surfaces.mcp.server": 1}
"""How many handlers of every exception a module may have; each has its reason beside it."""


def sources() -> dict[str, str]:
    """The text of every module by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return found


def unit_of(module: str) -> str:
    """The unit that a module belongs to; the empty string for the package itself."""
    parts = module.split(".")[1:]
    if not parts:
        return ""
    if parts[0] == "memories" and len(parts) > 1:
        return f"memories.{parts[1]}"
    return parts[0]


def rank(unit: str) -> int:
    """The place of a unit in the order; an unknown unit has none."""
    if unit.startswith("memories.") and unit not in ORDER:
        unit = "memories.*"
    assert unit in ORDER, f"{unit!r} is no unit of the map: give it a place in ORDER, and in ARCHITECTURE.md"
    return ORDER.index(unit)


def imports(module: str, tree: ast.AST, modules: frozenset[str]) -> Iterator[tuple[ast.stmt, str]]:
    """Every import in a tree as (statement, absolute name of the imported module)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively"
            base = node.module or ""
            for alias in node.names:
                full = f"{base}.{alias.name}"
                yield node, full if full in modules else base


def is_inside(name: str, prefixes: frozenset[str]) -> bool:
    """Whether a module is one of these or lies below one."""
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def arrow_faults(files: Mapping[str, str]) -> list[str]:
    """Imports that point the wrong way."""
    faults = []
    modules = frozenset(files)
    for module, text in files.items():
        unit = unit_of(module)
        if not unit:
            continue
        for node, target in imports(module, ast.parse(text), modules):
            if target.partition(".")[0] != "addenda":
                continue
            other = unit_of(target)
            if other != unit and (reason := arrow_fault(unit, other)):
                faults.append(f"{module}:{node.lineno} imports {target}: {reason}")
    return faults


def arrow_fault(unit: str, other: str) -> str:
    """Why this unit may not import that one; empty when it may."""
    if not other:
        return "" if unit in {"demo", "surfaces"} else "the package itself is for users, import the module"
    here = unit if unit in ORDER else "memories.*"
    family = "memories" if other.startswith("memories") else other
    forbidden = FORBIDDEN.get(here, frozenset()) - ALLOWED.get(unit, frozenset())
    if {other, family} & forbidden and not (here == "memories.*" and family == "memories"):
        return f"{unit} does not know {other}"
    if other in ONLY_IMPORTER and unit not in ONLY_IMPORTER[other]:
        return f"only {sorted(ONLY_IMPORTER[other])} may"
    if rank(other) >= rank(unit):
        return f"{other} does not stand above {unit}"
    return ""


def hidden_import_faults(files: Mapping[str, str]) -> list[str]:
    """Imports inside functions that are not there for a heavy library."""
    faults = []
    modules = frozenset(files)
    for module, text in files.items():
        for function in ast.walk(ast.parse(text)):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node, target in imports(module, function, modules):
                lazy = (module, target) in LAZY or is_inside(target, LAZY_UNITS) or is_inside(target, HEAVY)
                if not lazy:
                    faults.append(f"{module}:{node.lineno} imports {target} inside {function.name}")
    return faults


def size_faults(files: Mapping[str, str]) -> list[str]:
    """Modules above 600 lines, or above 400 and not listed; functions above 80 lines."""
    faults = []
    for module, text in files.items():
        length = len(text.splitlines())
        allowed = min(LONG_MODULES.get(module, 400), 600)
        if length > allowed:
            faults.append(f"{module} has {length} lines, and {allowed} are allowed")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > 80:
                    faults.append(f"{module}:{node.lineno} {node.name} has {lines} lines, and 80 are allowed")
    return faults


def style_faults(files: Mapping[str, str]) -> list[str]:
    """Prints outside the CLI, star imports, and handlers of every exception beyond those listed."""
    faults = []
    for module, text in files.items():
        broad = []
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                if not module.startswith("addenda.surfaces.cli"):
                    faults.append(f"{module}:{node.lineno} prints")
            elif isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
                faults.append(f"{module}:{node.lineno} imports everything from {node.module}")
            elif isinstance(node, ast.ExceptHandler) and catches_everything(node):
                broad.append(f"{module}:{node.lineno} catches every exception")
        if len(broad) > BROAD_EXCEPTS.get(module, 0):
            faults.extend(broad)
    return faults


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Whether a handler catches Exception, BaseException or anything, and does not only clean up and raise again."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"}) for kind in caught
    )
    last = handler.body[-1]
    return broad and not (isinstance(last, ast.Raise) and last.exc is None)


def test_imports_point_only_upwards_in_the_map() -> None:
    assert arrow_faults(sources()) == []


def test_no_import_hides_in_a_function() -> None:
    assert hidden_import_faults(sources()) == []


def test_modules_and_functions_stay_small() -> None:
    assert size_faults(sources()) == []


def test_no_prints_star_imports_or_broad_excepts() -> None:
    assert style_faults(sources()) == []


def test_the_list_of_long_modules_only_shrinks() -> None:
    files = sources()
    stale = [
        name for name, allowed in LONG_MODULES.items() if len(files.get(name, "").splitlines()) <= 400 or allowed > 600
    ]
    assert stale == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("addenda.types", "from addenda.errors import InvalidInput"),
        ("addenda.text", "from addenda.ledger import Ledger"),
        ("addenda.models.local", "from addenda.ledger.store import Ledger"),
        ("addenda.memories.edits.memory", "import addenda.ledger"),
        ("addenda.memories.edits.memory", "from addenda.database import METADATA"),
        ("addenda.memories.edits", "from addenda.memories.triples import rows"),
        ("addenda.memories.triples.tables", "from addenda.ledger.tables import EVENTS"),
        ("addenda.memories.triples.tables", "from addenda.migrations import upgrade"),
        ("addenda.memories.base", "from addenda.memories.edits import config"),
        ("addenda.responder", "from addenda.gate import judge"),
        ("addenda.spreadsheets.reading", "from addenda.ledger import Ledger"),
        ("addenda.surfaces.cli.main", "from addenda.memories.edits import ResidualMemory"),
        ("addenda.surfaces.http", "from addenda.ledger import Ledger"),
        ("addenda.ledger.store", "from addenda import KnowledgeBase"),
        ("addenda.ledger.store", "from addenda.migrations import runner"),
        ("addenda.gate", "def late():\n    from addenda.surfaces import cli"),
    ],
)
def test_a_wrong_arrow_is_found(module: str, line: str) -> None:
    assert len(arrow_faults({module: line})) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("addenda.memories.edits.memory", "from addenda.memories.base import Memory"),
        ("addenda.memories.edits.memory", "from addenda.memories.edits.masks import overlap"),
        ("addenda.memories.edits.memory", "from addenda.models.base import Model"),
        ("addenda.memories.triples.tables", "from addenda.database import METADATA"),
        ("addenda.database", "from addenda.migrations import NEWEST"),
        ("addenda.ledger.store", "from addenda.ledger.chain import verify"),
        ("addenda.surfaces.cli.main", "from addenda.knowledge_base import KnowledgeBase"),
        ("addenda", "from addenda.knowledge_base import KnowledgeBase"),
    ],
)
def test_a_right_arrow_is_accepted(module: str, line: str) -> None:
    assert arrow_faults({module: line}) == []


def test_a_unit_without_a_place_in_the_map_is_named() -> None:
    with pytest.raises(AssertionError, match="'helpers' is no unit of the map"):
        arrow_faults({"addenda.ledger": "from addenda.helpers import something"})


def test_the_other_rules_find_what_they_look_for() -> None:
    assert hidden_import_faults({"addenda.gate": "def f():\n    import csv"})
    assert not hidden_import_faults({"addenda.gate": "def f():\n    import torch.nn"})
    assert size_faults({"addenda.gate": "\n" * 401})
    assert size_faults({"addenda.gate": "def f():\n" + "    x = 1\n" * 80})
    assert style_faults({"addenda.gate": "print(1)"})
    assert not style_faults({"addenda.surfaces.cli.main": "print(1)"})
    assert style_faults({"addenda.gate": "from csv import *"})
    assert style_faults({"addenda.gate": "try:\n    f()\nexcept Exception:\n    pass"})
    assert style_faults({"addenda.gate": "try:\n    f()\nexcept (ValueError, BaseException):\n    pass"})
    assert not style_faults({"addenda.gate": "try:\n    f()\nexcept BaseException:\n    undo()\n    raise"})
