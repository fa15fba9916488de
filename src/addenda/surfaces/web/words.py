"""The words of the pages in each language, and which language somebody reads.

A catalogue is a JSON file of sentences by key; where something is filled in, it stands in braces. All have the same
keys. What a knowledge base itself says (contents, reasons, what an error tells to do) is shown as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import cast

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "ja": "日本語", "ko": "한국어"})
"""The languages by their codes, each named in itself; the first is spoken where none is asked for."""

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of one language."""

    language: str
    sentences: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence of this key, filled in. Raises KeyError for one that is not there."""
        sentence = self.sentences[key]
        return sentence.format(**values) if values else sentence

    def has(self, key: str) -> bool:
        """Whether there is a sentence of this key."""
        return key in self.sentences


def catalogues() -> Mapping[str, Words]:
    """All languages, read from the package."""
    folder = resources.files(__package__ or __name__) / "words"
    read = {code: (folder / f"{code}.json").read_text(encoding="utf-8") for code in LANGUAGES}
    return {code: Words(code, cast("dict[str, str]", json.loads(text))) for code, text in read.items()}


def preferred(accepted: str) -> str:
    """The language that an ``Accept-Language`` header asks for first, of those there are."""
    ranked: list[tuple[float, str]] = []
    for item in accepted.split(","):
        tag, _, weight = item.partition(";q=")
        code = tag.strip().lower().partition("-")[0]
        if code in LANGUAGES:
            ranked.append((_number(weight), code))
    return max(ranked, key=lambda one: one[0])[1] if ranked else DEFAULT


def _number(weight: str) -> float:
    try:
        return float(weight) if weight.strip() else 1.0
    except ValueError:
        return 0.0
