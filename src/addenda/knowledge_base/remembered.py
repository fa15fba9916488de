"""Whether a memory model gives what documents say, by asking it questions of their own reflections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from addenda.ledger import utc_now
from addenda.memories.reflections.attribution import agrees
from addenda.memories.reflections.memory import RecallingView, ReflectionsMemory
from addenda.memories.reflections.reflection import Reflection

ASKED = 20
"""Questions about a document at most."""
ASKED_IN_ALL = 2_000
"""Questions about all documents together, but for the least of each."""
LEAST_ASKED = 5
"""Questions about each document at least, where it has so many."""
ANSWER_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Remembered:
    """How much of a document a memory model gives."""

    right: int
    asked: int
    example: str = ""
    """The first question that was not answered as it should be, with what was said."""

    @property
    def share(self) -> float:
        """Right answers among all; 0 when nothing could be asked."""
        return self.right / self.asked if self.asked else 0.0


def remembered(memory: ReflectionsMemory, documents: Collection[str]) -> dict[str, Remembered]:
    """How much of each document a memory gives to everybody who may be answered from it.

    Args:
        memory: Holds the documents; its model was trained on reflections of them, or it was not.
        documents: Ids of documents that it holds.
    """
    asked = _drawn(memory.memory_model.reflections, frozenset(documents))
    found = {document: Remembered(0, 0) for document in documents}
    holdings, now = memory.holdings(), utc_now()
    for document, questions in asked.items():
        window = holdings[document].window
        later = window.start if window.start is not None and window.start > now else None
        found[document] = _counted(memory.contribute(at=later, audience=window.audience[0]), questions)
    return found


def shortfalls(found: Mapping[str, Remembered], least: float) -> dict[str, str]:
    """The documents of which less than this share is given, with the reason in words."""
    return {document: _why(one) for document, one in found.items() if one.share < least}


def _drawn(reflections: Sequence[Reflection], documents: frozenset[str]) -> dict[str, list[Reflection]]:
    """Some reflections of each document that come from it alone; the same ones every time."""
    own: defaultdict[str, list[Reflection]] = defaultdict(list)
    for one in reflections:
        if one.stage != "unanswerable" and len(one.documents) == 1 and one.documents[0] in documents:
            own[one.documents[0]].append(one)
    most = max(LEAST_ASKED, min(ASKED, ASKED_IN_ALL // max(1, len(own))))
    return {document: Random(len(mine)).sample(mine, min(most, len(mine))) for document, mine in own.items()}


def _counted(view: RecallingView, questions: Sequence[Reflection]) -> Remembered:
    said = view.recall([one.question for one in questions], max_new_tokens=ANSWER_TOKENS)
    wrong = [
        f"asked {one.question!r} it says {heard.text!r}, not {one.answer!r}"
        for one, heard in zip(questions, said, strict=True)
        if not agrees(heard.text, one.answer)
    ]
    return Remembered(len(questions) - len(wrong), len(questions), wrong[0] if wrong else "")


def _why(one: Remembered) -> str:
    if not one.asked:
        return (
            "the memory model was trained without it; make reflections of it (`addenda reflect`) and train "
            "(`addenda train memory-model`)"
        )
    return f"the memory model gives {one.right} of {one.asked} of its reflections; {one.example}"
