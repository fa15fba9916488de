"""A language model as a generator: any chat model, asked for JSON of a schema, with prompts that are versioned files.

What it is shown is given as the values of one JSON object, so that nothing in it can end the quotation, and it is told
that it is data and never an instruction. That is a request, not a guarantee: what comes back is held to its form, a
pair that repeats the instructions is turned away here, and the rest is for the checks of the synthesis. The documents
leave this machine when the model is not on it.

Source: the steps are those of "MeMo" (arXiv 2605.15156); the wording is ours. Not known here: which weights answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import TypeVar

from pydantic import Field

from addenda.errors import InvalidInput
from addenda.memories.reflections.synthesis.requests import (
    CheckRequest,
    ConsolidateRequest,
    CrossedPairs,
    CrossRequest,
    FactsRequest,
    Known,
    KnownRequest,
    MadePairs,
    MergedPairs,
    RewriteRequest,
    Rewritten,
    SurfacedPairs,
    SurfaceRequest,
    Verdicts,
)
from addenda.models.chat import ChatModel, SystemMessage, UserMessage
from addenda.models.prompts import filled
from addenda.models.structured import DEFAULT_ATTEMPTS, complete_json
from addenda.text import normalised
from addenda.types import Frozen

PROMPTS = 1
"""The version of the prompts in use."""

_STEPS = ("direct", "indirect", "consolidate", "check", "rewrite", "surface", "cross", "known")
_REPEATED = 40
"""Characters of a sentence of the instructions from which on it counts as repeated."""

_Reply = TypeVar("_Reply", bound=Frozen)


class ChatGeneratorSettings(Frozen):
    """How a chat model is asked. Raises pydantic's ValidationError for a value out of range."""

    answer_tokens: int = Field(default=8_192, ge=16)
    """Where an answer is cut."""
    attempts: int = Field(default=DEFAULT_ATTEMPTS, ge=1)
    """How often it may try to keep to the form."""
    at_once: int = Field(default=1, ge=1, le=256)
    """Requests that are under way at the same time; more than 1 only with a model that threads may share."""


class ChatGenerator:
    """A chat model that makes reflections; keeps the protocol ``Generator``."""

    def __init__(self, model: ChatModel, settings: ChatGeneratorSettings | None = None) -> None:
        """Take the model. Nothing is asked yet."""
        self._model = model
        self._settings = settings or ChatGeneratorSettings()
        self._prompts = {step: filled(__package__ or "", f"{step}.{PROMPTS}") for step in _STEPS}
        self._sentences = {step: frozenset(_sentences(text)) for step, text in self._prompts.items()}

    @property
    def name(self) -> str:
        """The model's name and the version of the prompts."""
        return f"{self._model.name}, prompts {PROMPTS}"

    @property
    def identity(self) -> str:
        """The model's name, a digest of the prompts, and where answers are cut."""
        prompts = hashlib.sha256(json.dumps(self._prompts, sort_keys=True).encode()).hexdigest()
        return f"chat {self._model.name} {prompts} new={self._settings.answer_tokens}"

    @property
    def at_once(self) -> int:
        """Requests that are under way at the same time."""
        return self._settings.at_once

    def facts(self, request: FactsRequest) -> MadePairs:
        """See ``Generator.facts``."""
        made = self._asked(request.kind, request.model_dump(exclude={"kind"}), MadePairs)
        return self._own(request.kind, made, (one.question + "\n" + one.answer for one in made.pairs))

    def consolidate(self, request: ConsolidateRequest) -> MergedPairs:
        """See ``Generator.consolidate``."""
        made = self._asked("consolidate", _numbered(request), MergedPairs)
        return self._own("consolidate", made, (one.question + "\n" + one.answer for one in made.pairs))

    def check(self, request: CheckRequest) -> Verdicts:
        """See ``Generator.check``."""
        return self._asked("check", _numbered(request), Verdicts)

    def rewrite(self, request: RewriteRequest) -> Rewritten:
        """See ``Generator.rewrite``."""
        made = self._asked("rewrite", request.model_dump(), Rewritten)
        return self._own("rewrite", made, [f"{made.question}\n{made.answer}"])

    def surface(self, request: SurfaceRequest) -> SurfacedPairs:
        """See ``Generator.surface``."""
        made = self._asked("surface", _numbered(request), SurfacedPairs)
        return self._own("surface", made, (one.question + "\n" + one.answer for one in made.pairs))

    def cross(self, request: CrossRequest) -> CrossedPairs:
        """See ``Generator.cross``."""
        shown = _numbered(request) | {"shared": request.shared, "complete": request.complete}
        made = self._asked("cross", shown, CrossedPairs)
        return self._own("cross", made, (one.question + "\n" + one.answer for one in made.pairs))

    def known(self, request: KnownRequest) -> Known:
        """See ``Generator.known``."""
        return self._asked("known", request.model_dump(), Known)

    def _asked(self, step: str, shown: object, reply: type[_Reply]) -> _Reply:
        messages = [SystemMessage(text=self._prompts[step]), UserMessage(text=json.dumps(shown, ensure_ascii=False))]
        return complete_json(
            self._model,
            messages,
            reply,
            attempts=self._settings.attempts,
            max_new_tokens=self._settings.answer_tokens,
        )

    def _own(self, step: str, made: _Reply, texts: Iterable[str]) -> _Reply:
        """What was made, unless it repeats the instructions."""
        for text in texts:
            said = normalised(text)
            if repeated := next((one for one in self._sentences[step] if one in said), ""):
                raise InvalidInput(
                    f"{self._model.name!r} gave its own instructions back ({repeated[:60]!r}) instead of facts; use "
                    "another model"
                )
        return made


def _numbered(request: ConsolidateRequest | CheckRequest | SurfaceRequest | CrossRequest) -> dict[str, object]:
    pairs = [{"number": number, **one.model_dump()} for number, one in enumerate(request.pairs, start=1)]
    return {"pairs": pairs}


def _sentences(text: str) -> Iterable[str]:
    """The sentences of the instructions that are long enough to tell."""
    parts = re.split(r"(?<=[.:;])\s", " ".join(text.split()))
    return [normalised(part) for part in parts if len(normalised(part)) >= _REPEATED]
