"""The prompts of this memory: files beside this module, named with their version, filled in by Jinja.

A prompt is never changed in place: another wording is another version, so that what was measured with one stays true.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template


def filled(name: str, **values: object) -> str:
    """A prompt, for example ``in_context.1``, with these values."""
    return _template(name).render(**values).strip()


@cache
def _template(name: str) -> Template:
    text = (files("addenda.memories.notes") / "prompts" / f"{name}.jinja").read_text(encoding="utf-8")
    # Prompts are plain text for a model: nothing is escaped, because nothing of it is a page.
    return Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False).from_string(text)  # noqa: S701
