"""Cursors: where the next page of a list begins. What is in one is nobody's business, so that it can change."""

from __future__ import annotations

import base64
import binascii

from addenda.errors import InvalidInput


def cursor(place: str) -> str:
    """The cursor of a page that begins after this place."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(text: str) -> str:
    """The place in a cursor. Raises InvalidInput for what is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidInput(f"{text!r} is no cursor; give `next` of the page before, as it was") from None
