"""The pages of the demo's reports: each chapter fills its own template, which extends the one they share."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined


def write_page(path: Path, template: str, **values: object) -> None:
    """Fill a template of this package and write it as one self-contained HTML file."""
    environment = Environment(
        loader=PackageLoader("addenda.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    path.write_text(environment.get_template(template).render(**values), encoding="utf-8")
