"""Part *select* of the notes benchmark: time to choose what a model is shown, among 10,000 notes."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence

from addenda.memories.notes.cases import Case
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.models.base import rough_tokens
from benchmarks.results import Part

NOTES = 10_000


def measure(seeds: Sequence[int]) -> Part:
    """Time to choose among many notes; the first question, which makes up the notebook, apart."""
    rng = random.Random(seeds[0])
    words = ["".join(rng.choices("abdefgiklmnoprstuz", k=rng.randint(4, 8))) for _ in range(3_000)]
    notes = [
        HeldNote(
            f"{n:016x}",
            f"the answer is {rng.choice(words)}" if n % 2 else f"Say {rng.choice(words)} and {rng.choice(words)}",
            f"{rng.choice(words)} is {rng.choice(words)} and {rng.choice(words)} is {rng.choice(words)}"
            if n % 2
            else f"somebody asks about {rng.choice(words)} {rng.choice(words)}",
            n,
        )
        for n in range(NOTES)
    ]
    started = time.perf_counter()
    notebook = Notebook(notes)
    made = time.perf_counter() - started
    items: list[dict[str, object]] = []
    for number in range(500):
        note = notes[rng.randrange(NOTES)]
        case = _about(note, rng, words)
        started = time.perf_counter()
        chosen = notebook.choose(case, budget=600, tokens=rough_tokens)
        items.append(
            {
                "question": number,
                "ms": (time.perf_counter() - started) * 1_000,
                "found": note in [c.note for c in chosen],
            }
        )
    times = sorted(float(str(item["ms"])) for item in items)
    return Part(
        metrics={
            "select_ms_10k": round(statistics.median(times), 3),
            "select_ms_10k_p95": round(times[int(len(times) * 0.95)], 3),
            "select_found": round(statistics.fmean(bool(item["found"]) for item in items), 4),
        },
        details={"notes": NOTES, "questions": len(items), "seconds_to_make_up_the_notebook": round(made, 3)},
        items=items,
        seeds=seeds[:1],
    )


def _about(note: HeldNote, rng: random.Random, words: Sequence[str]) -> Case:
    """A case that a note is meant for: its conditions met among other attributes, or its words in a question."""
    if note.conditions is None:
        return Case(text=f"What do I say when {note.applies_when}, please? {rng.choice(words)}")
    others = {rng.choice(words): rng.choice(words) for _ in range(5)}
    return Case(attributes={**others, **{one.attribute: one.value for one in note.conditions}})
