"""The notebook as one text that a language model writes anew: the method as it was published, for comparison only.

Wang et al. 2024, "In-Memory Learning" (arXiv 2403.02757), keep the notes as one free text, which the model revises as a
whole. What it leaves out is gone, so a notebook can collapse in one step (Zhang et al. 2025, arXiv 2510.04618, measured
that). Nothing of a knowledge base uses this: no proposal is made from it, and nothing here is wired to live notes. The
benchmark holds it against deltas (:mod:`~.chat_inducer`), with the same model and the same drafts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from addenda.errors import InvalidInput
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.deltas import PLACE_STEP
from addenda.memories.notes.drafting import Asking, Draft, check_fits, draft, quoting
from addenda.memories.notes.notebook import HeldNote
from addenda.memories.notes.templates import filled
from addenda.models.base import rough_tokens
from addenda.models.chat import ChatModel
from addenda.types import Frozen

PROMPT = "rewrite.1"
"""The version of the prompt in use."""

_WHEN = "when "


class RewritingSettings(Frozen):
    """How the notebook is rewritten."""

    batch: int = Field(default=8, ge=1)
    """Observations that the model is shown at a time."""
    earlier: int = Field(default=3, ge=0)
    """Versions before the present one that the model is shown."""
    asking: Asking = Asking()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """One step: the whole text before it and after it."""

    before: str
    after: str
    finished: bool
    """False when the text was cut at the length limit; it is the notebook all the same."""
    faults: tuple[str, ...]
    """Of batches from which nothing was drafted."""

    @property
    def tokens(self) -> tuple[int, int]:
        """How many tokens the text had before and has now, at most."""
        return rough_tokens(self.before), rough_tokens(self.after)

    @property
    def drop(self) -> float:
        """The share of the text's size that was lost: 0 where it grew or was empty, 1 where nothing is left."""
        before, after = self.tokens
        return max(0.0, 1 - after / before) if before else 0.0


class RewrittenNotebook:
    """A notebook that a model rewrites, with the versions it had."""

    def __init__(self, model: ChatModel, settings: RewritingSettings | None = None) -> None:
        """Take the model; the notebook is empty."""
        self._model = model
        self._settings = RewritingSettings() if settings is None else settings
        self.versions: list[str] = [""]
        """All texts so far, the latest last."""

    @property
    def text(self) -> str:
        """The notebook as it is."""
        return self.versions[-1]

    @property
    def notes(self) -> list[HeldNote]:
        """The notebook as notes."""
        return notes_in(self.text)

    def revise(self, observations: Sequence[Observation]) -> Rewritten:
        """Draft from these observations, batch by batch, and have the notebook rewritten once.

        A batch that nothing usable was drafted from is reported. Raises InvalidInput when the notebook, its versions
        and the drafts do not fit into the prompt, or the model refuses; the notebook then stays. Raises
        ModelUnavailable.
        """
        settings, drafts, faults = self._settings, list[Draft](), list[str]()
        for here in range(0, len(observations), settings.batch):
            try:
                drafts += draft(self._model, observations[here : here + settings.batch], settings.asking)
            except InvalidInput as error:
                faults.append(str(error))
        before, earlier = self.text, self.versions[:-1][::-1][: settings.earlier]
        told = {"notebook": before, "earlier": earlier, "drafts": [one.model_dump() for one in drafts]}
        messages = quoting(filled(PROMPT, tokens=settings.asking.answer_tokens), told)
        check_fits(messages, settings.asking, "show fewer earlier versions")
        reply = self._model.reply(messages, max_new_tokens=settings.asking.answer_tokens)
        self.versions.append(reply.text.strip())
        return Rewritten(before, self.text, reply.finished, tuple(faults))


def notes_in(text: str) -> list[HeldNote]:
    """A notebook that is one text as notes, one in a line, in its order; ``str`` of a note is such a line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [_note(line, number) for number, line in enumerate(lines, start=1)]


def _note(line: str, number: int) -> HeldNote:
    conditions, colon, rule = line.removeprefix(_WHEN).rpartition(": ")
    said = (rule, conditions) if colon and line.startswith(_WHEN) else (line, "")
    return HeldNote(f"{number:016x}", *said, place=PLACE_STEP * number)
