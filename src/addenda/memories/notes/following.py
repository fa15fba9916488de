"""Going by notes: what is answered to a question where notes bear on it.

A model that reads is shown the notes beside the question and answers (:class:`NotesInContext`). Where the model in use
cannot do that, as the small one that ships with the package, the note that decides is the answer itself
(:class:`NotesAlone`): it says what is to be concluded, and whether it applies was found out without a model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from addenda.memories.base import NoteHit
from addenda.memories.notes.templates import filled
from addenda.models.base import LanguageModel

PROMPT = "in_context.1"
"""The version of the prompt in use."""


@dataclass(frozen=True, slots=True)
class NotedAnswer:
    """An answer that was given by notes."""

    text: str
    finished: bool
    injected: frozenset[str]
    """Ids of the notes that the answer was made from: all that the model saw, or the one that decided."""


class NotesAlone:
    """Answers with what the deciding note concludes, without a model."""

    def answer(self, questions: Sequence[str], notes: Sequence[Sequence[NoteHit]]) -> list[NotedAnswer | None]:
        """For each question the answer by its notes; None where none of them decides."""
        return [self._one(hits) for _, hits in zip(questions, notes, strict=True)]

    @staticmethod
    def _one(hits: Sequence[NoteHit]) -> NotedAnswer | None:
        decides = next((hit for hit in hits if hit.answer is not None), None)
        if decides is None or decides.answer is None:
            return None
        return NotedAnswer(decides.answer, finished=True, injected=frozenset({decides.addendum_id}))


class NotesInContext:
    """Lets a model answer with the notes beside the question."""

    def __init__(self, model: LanguageModel) -> None:
        """Take the model."""
        self._model = model

    def answer(self, questions: Sequence[str], notes: Sequence[Sequence[NoteHit]]) -> list[NotedAnswer | None]:
        """For each question what the model says with its notes in view; None where there are none."""
        places = [place for place, hits in enumerate(notes) if hits]
        prompts = [
            filled(PROMPT, notes=[hit.line for hit in notes[place]], question=questions[place]) for place in places
        ]
        said = dict(zip(places, self._model.answer(prompts) if prompts else (), strict=True))
        return [
            NotedAnswer(said[place].text, said[place].finished, frozenset(hit.addendum_id for hit in hits))
            if place in said
            else None
            for place, hits in enumerate(notes)
        ]
