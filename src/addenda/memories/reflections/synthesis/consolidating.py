"""Consolidation: pairs that merge several facts of a passage which belong together.

Source: step 2 of "MeMo" (arXiv 2605.15156). Ours: it merges facts that were verified before, so that what it names as
its parents is in the result; its answers are held against theirs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.synthesis.checks import fault_in
from addenda.memories.reflections.synthesis.facts import Candidate, taken
from addenda.memories.reflections.synthesis.gathering import Unusable
from addenda.memories.reflections.synthesis.passages import Passage
from addenda.memories.reflections.synthesis.requests import ConsolidateRequest, Merged, MergedPairs, Pair
from addenda.memories.reflections.synthesis.running import Run, chosen, in_parts, pair_of, spans, told


def consolidated(run: Run, passages: Sequence[Passage], facts: Sequence[Reflection]) -> list[Reflection]:
    """What merges these facts, passage by passage."""
    parts = [
        (passage, part)
        for passage, own in _by_passage(passages, facts)
        if len(own) >= run.settings.consolidate_from
        for part in in_parts(own, run.settings.pairs_at_once)
    ]
    requests = [ConsolidateRequest(pairs=tuple(map(pair_of, part))) for _, part in parts]
    answers = run.ask("consolidated", "consolidating", run.generator.consolidate, requests, MergedPairs)
    candidates: list[Candidate] = []
    for (passage, part), answer in zip(parts, answers, strict=True):
        if isinstance(answer, Unusable):
            run.unusable("consolidated", answer, spans(part))
            continue
        made = (_reflection(run, merged, part) for merged in answer.pairs)
        candidates += [Candidate(one, passage) for one in made if one]
    return taken(run, "consolidated", candidates)


def _reflection(run: Run, merged: Merged, part: Sequence[Reflection]) -> Reflection | None:
    """The merged pair with its lineage; None when it cannot be taken."""
    parents = chosen(merged.combined_from, part)
    if parents is None or len(parents) < 2:
        detail = f"it names {list(merged.combined_from)} of {len(part)} pairs, and merges two or more"
        run.reject("consolidated", "wrong sources", detail, merged.question, spans(part))
        return None
    words = len(merged.answer.split())
    if words > run.settings.consolidated_words:
        run.reject("consolidated", "too long", f"{words} words", merged.question, spans(parents))
        return None
    fault = fault_in(Pair(question=merged.question, answer=merged.answer), told(parents))
    if fault:
        run.reject("consolidated", *fault, merged.question, spans(parents))
        return None
    return Reflection(
        question=merged.question,
        answer=merged.answer,
        stage="consolidated",
        sources=spans(parents),
        generator=run.generator.name,
        parents=tuple(one.id for one in parents),
    )


def _by_passage(passages: Sequence[Passage], facts: Sequence[Reflection]) -> Iterator[tuple[Passage, list[Reflection]]]:
    """Each passage with the facts that stand in it; one that stands in two of them goes with the first."""
    of_document: defaultdict[str, list[tuple[Passage, list[Reflection]]]] = defaultdict(list)
    for passage in passages:
        of_document[passage.document.id].append((passage, []))
    for one in facts:
        span = one.sources[0]
        cut = of_document[span.document]
        cut[bisect_left(cut, span.end, key=lambda held: held[0].end)][1].append(one)
    for cut in of_document.values():
        yield from cut
