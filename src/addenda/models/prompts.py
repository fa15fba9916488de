"""Prompts as files: beside the package that uses them, named with their version, filled in by Jinja.

A prompt is never changed in place: another wording is another version, so that what was measured with one stays true.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template


def filled(package: str, name: str, **values: object) -> str:
    """A prompt with these values.

    Args:
        package: The package that has it, in a folder ``prompts``.
        name: The prompt with its version, for example ``in_context.1``.
        **values: What is put into it; all that it names.
    """
    return _template(package, name).render(**values).strip()


@cache
def _template(package: str, name: str) -> Template:
    text = (files(package) / "prompts" / f"{name}.jinja").read_text(encoding="utf-8")
    # Prompts are plain text for a model: nothing is escaped, because nothing of it is a page.
    return Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False).from_string(text)  # noqa: S701
