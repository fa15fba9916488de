"""Consulting: how an answer comes from the memory of reflections, through an executive or by asking directly.

The contribution of the memory stands in the place of the memory model, so whatever the executive asks, only what may be
answered from comes back, and every answer says which documents it is from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from pydantic import JsonValue

from addenda.errors import InvalidInput
from addenda.memories.base import Recalling, Recollection
from addenda.memories.reflections.asking.budget import Budget
from addenda.memories.reflections.asking.consultation import AskingEvent, Consultation
from addenda.memories.reflections.asking.executive import Executive
from addenda.memories.reflections.asking.protocol import Consulting
from addenda.memories.reflections.asking.single_turn import ask_directly
from addenda.memories.reflections.asking.transcript import Entry
from addenda.memories.reflections.questions import memory_prompt
from addenda.models.base import DEFAULT_MAX_NEW_TOKENS, Completion
from addenda.text import normalised


@dataclass(frozen=True, slots=True)
class Consulted:
    """What came of a consultation, with the documents that it rests on; keeps ``skills.ConsultedAnswer``."""

    consultation: Consultation
    sources: dict[str, float] = field(default_factory=dict[str, float])
    """Documents that the answer rests on, with how well they say it; best first."""
    considered: dict[str, float] = field(default_factory=dict[str, float])
    """Documents of other answers that were heard on the way."""

    @property
    def text(self) -> str:
        """The answer."""
        return self.consultation.answer

    @property
    def finished(self) -> bool:
        """Whether every answer that it rests on ended by itself."""
        rests_on = frozenset(self.consultation.rests_on)
        entries = [entry for entry in self.consultation.entries if entry.id in rests_on]
        return all(one.finished for entry in entries for one in entry.wordings if one.heard == "answered")

    @property
    def informed(self) -> bool:
        """Whether there is an answer."""
        return self.consultation.ending == "answered"

    @property
    def transcript(self) -> dict[str, JsonValue]:
        """The consultation as JSON."""
        return cast("dict[str, JsonValue]", self.consultation.model_dump(mode="json"))


class ExecutiveConsulting:
    """Consults through an executive, or in a single turn where there is none; keeps ``skills.Consulting``."""

    def __init__(self, executive: Executive | None, budget: Budget | None = None) -> None:
        """Take who directs, and what a consultation may cost."""
        self._executive = executive
        self._budget = Budget() if budget is None else budget

    def answer(
        self, question: str, memory: Recalling, listener: Callable[[AskingEvent], None] | None = None
    ) -> Consulted:
        """The answer to a question; a listener is told every event until then.

        Raises ModelUnavailable when the executive's model is gone.
        """
        heard = _Heard(memory)
        if self._executive is None:
            return heard.consulted(ask_directly(heard, question, budget=self._budget))
        for event in Consulting(self._executive, heard, budget=self._budget).stream(question):
            if isinstance(event, Consultation):
                return heard.consulted(event)
            if listener is not None:
                listener(event)
        raise InvalidInput("the consultation ended without an answer; ask again")


class _Heard:
    """The memory as a language model, noting where each of its answers comes from."""

    def __init__(self, memory: Recalling) -> None:
        self._memory = memory
        self._recollections: dict[str, Recollection] = {}

    @property
    def name(self) -> str:
        return self._memory.name

    @property
    def fingerprint(self) -> str:
        return self._memory.fingerprint

    @property
    def batch_size(self) -> int:
        return self._memory.batch_size

    def answer(self, questions: Sequence[str], *, max_new_tokens: int = DEFAULT_MAX_NEW_TOKENS) -> list[Completion]:
        found = self._memory.recall(questions, max_new_tokens=max_new_tokens)
        self._recollections.update(zip(map(memory_prompt, questions), found, strict=True))
        return [Completion(one.text, one.finished) for one in found]

    def consulted(self, consultation: Consultation) -> Consulted:
        """What came of it, with the documents behind the answers."""
        rests_on = frozenset(consultation.rests_on)
        sources, considered = dict[str, float](), dict[str, float]()
        for entry in consultation.entries:
            agreed = normalised(entry.answer)
            for answer, document, score in self._documents(entry):
                one = sources if entry.id in rests_on and answer == agreed else considered
                one[document] = max(score, one.get(document, 0.0))
        others = {document: score for document, score in considered.items() if document not in sources}
        return Consulted(consultation, _best_first(sources), _best_first(others))

    def _documents(self, entry: Entry) -> Iterator[tuple[str, str, float]]:
        """Each answer that an entry got, with the documents that say it; those outvoted are in the transcript, too."""
        for wording in entry.wordings:
            recollection = self._recollections.get(memory_prompt(wording.text))
            if wording.heard == "answered" and recollection is not None:
                for document, score in recollection.sources.items():
                    yield normalised(wording.answer), document, score


def _best_first(scores: dict[str, float]) -> dict[str, float]:
    return dict(sorted(scores.items(), key=lambda item: -item[1]))
