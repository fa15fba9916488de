"""Every public name is documented, and every public list is sorted and true."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import addenda

SOURCE = Path(addenda.__file__).parent
MODULES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
    if "versions" not in path.parts
}
"""Every module but the migrations, whose functions have the names that Alembic asks for."""


def public_names(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
    """The public classes and functions of a module, and the public methods of its public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name, node
            for member in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and not member.name.startswith("_"):
                    yield f"{node.name}.{member.name}", member


def says_something(name: str, docstring: str | None) -> bool:
    """Whether a docstring has at least two words that are not the name again."""
    words = set(re.findall(r"\w+", (docstring or "").casefold()))
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.rpartition(".")[2])
    return len(words - set(re.split(r"[_\W]+", spaced.casefold()))) >= 2


def undocumented(name: str, text: str) -> list[str]:
    """The public names of a module whose docstring is missing or says nothing."""
    tree = ast.parse(text)
    missing = [] if says_something(name, ast.get_docstring(tree)) else [name]
    for public, node in public_names(tree):
        overload = any(isinstance(item, ast.Name) and item.id == "overload" for item in node.decorator_list)
        setter = any(isinstance(item, ast.Attribute) and item.attr == "setter" for item in node.decorator_list)
        if not overload and not setter and not says_something(public, ast.get_docstring(node)):
            missing.append(f"{name}.{public}")
    return missing


def order(name: str) -> tuple[int, str]:
    """The order of a public list: constants, classes, then the rest."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_documented(name: str) -> None:
    assert undocumented(name, MODULES[name].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "name", [name for name, path in MODULES.items() if "__all__ = [" in path.read_text(encoding="utf-8")]
)
def test_public_lists_are_sorted_and_importable(name: str) -> None:
    module = importlib.import_module(name)
    listed: list[str] = module.__all__
    assert listed == sorted(listed, key=order)
    assert len(listed) == len(set(listed))
    assert [entry for entry in listed if not hasattr(module, entry)] == []


def test_the_root_lists_everything_that_it_holds() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert imported - {"annotations"} <= set(addenda.__all__)


def test_every_error_is_at_the_root() -> None:
    errors = importlib.import_module("addenda.errors")
    defined = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert defined <= set(addenda.__all__)


def test_a_missing_or_empty_docstring_is_found() -> None:
    text = (
        '"""A module that says what it is."""\ndef open_file(name):\n    """Open file."""\nclass _Hidden:\n    pass\n'
    )
    assert undocumented("example", text) == ["example.open_file"]
