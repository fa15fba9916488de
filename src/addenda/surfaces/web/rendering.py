"""Templates, static files, and how values are shown in pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from addenda.surfaces.describing import says
from addenda.text import visible

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""What a page may load: our own files, nothing inline and nothing from elsewhere."""

_MEDIA = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_MARK = re.compile("‹(U\\+[0-9A-F]{4,6})›")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that pages load."""

    body: bytes
    media_type: str
    version: str
    """Changes with the content, so that a browser may keep it."""


def environment(static: Mapping[str, StaticFile]) -> Environment:
    """What renders the templates of this package: everything is escaped, and a name that is not there is an error."""

    def address(name: str) -> str:
        return f"/static/{name}?v={static[name].version}"

    made = Environment(
        loader=PackageLoader("addenda.surfaces.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"moment": moment, "shown": shown, "says": says}
    made.globals["static"] = address  # pyright: ignore[reportArgumentType] - declared after what stands there already
    return made


def static_files() -> Mapping[str, StaticFile]:
    """The static files of this package by name."""
    folder = resources.files("addenda.surfaces.web") / "static"
    found: dict[str, StaticFile] = {}
    for entry in folder.iterdir():
        media_type = _MEDIA.get(entry.name[entry.name.rfind(".") :])
        if media_type is not None:
            body = entry.read_bytes()
            found[entry.name] = StaticFile(body, media_type, hashlib.sha256(body).hexdigest()[:12])
    return found


def moment(at: datetime | None) -> Markup:
    """A moment to the minute, in UTC; empty for None."""
    if at is None:
        return Markup()
    utc = at.astimezone(UTC)
    stamp = utc.isoformat(timespec="seconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}">{}</time>').format(stamp, utc.strftime("%Y-%m-%d %H:%M UTC"))


def day(at: datetime | None) -> str:
    """A moment's day in UTC; empty for None."""
    return "" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d")


def shown(text: str) -> Markup:
    """A text with the characters that nobody sees written out and marked."""
    pieces = _MARK.split(visible(text))
    marked = [Markup('<span class="unseen">{}</span>').format(p) if i % 2 else escape(p) for i, p in enumerate(pieces)]
    return Markup().join(marked)
