"""The first stages: what each passage says, and what follows from several of its statements; each made understandable.

Source: steps 1 and 3 of "MeMo" (arXiv 2605.15156). Ours: what code can tell is checked by code, pairs are checked many
at a time, and a rewritten answer must keep its names and numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from addenda.memories.reflections.reflection import Reflection, SourceSpan, Stage
from addenda.memories.reflections.synthesis.checks import fact_changed, fault_in, violations_in
from addenda.memories.reflections.synthesis.gathering import Unusable
from addenda.memories.reflections.synthesis.passages import Passage
from addenda.memories.reflections.synthesis.requests import (
    CheckRequest,
    FactKind,
    FactsRequest,
    MadePairs,
    Pair,
    RewriteRequest,
    Rewritten,
    Verdicts,
    Violation,
)
from addenda.memories.reflections.synthesis.running import Run, in_parts, pair_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reflection that is not yet known to be understandable by itself."""

    reflection: Reflection
    passage: Passage
    violations: tuple[Violation, ...] = ()


def facts(run: Run, kind: FactKind, passages: Sequence[Passage]) -> list[Reflection]:
    """The facts of these passages, verified; a fact that two passages of a document have is taken once."""
    requests = [
        FactsRequest(kind=kind, title=one.document.title, date=one.document.date, text=one.text) for one in passages
    ]
    answers = run.ask(kind, f"{kind} facts", run.generator.facts, requests, MadePairs)
    candidates: list[Candidate] = []
    for passage, answer in zip(passages, answers, strict=True):
        if isinstance(answer, Unusable):
            run.unusable(kind, answer, [passage.span])
            continue
        source = source_of(passage)
        for made in answer.pairs:
            pair = Pair(question=made.question, answer=made.answer)
            quoted = passage.span_of(made.quote)
            fault = fault_in(pair, source, numbers=kind == "direct")
            span = quoted or passage.span
            if fault:
                run.reject(kind, *fault, made.question, [span])
            else:
                candidates.append(Candidate(_reflection(run, kind, pair, span), passage))
    return taken(run, kind, candidates)


def taken(run: Run, stage: Stage, candidates: Sequence[Candidate]) -> list[Reflection]:
    """The new ones of these, verified."""
    new = [one for one in candidates if run.is_new(one.reflection)]
    as_made = {one.reflection.id for one in new}
    return run.take(one for one in verified(run, stage, new) if one.id in as_made or run.is_new(one))


def verified(run: Run, stage: Stage, candidates: Sequence[Candidate]) -> list[Reflection]:
    """Those that can be understood by themselves, as they are or rewritten, in the order given."""
    if not run.settings.verify:
        return [one.reflection for one in candidates]
    passed: dict[int, Reflection] = {}
    left = dict(enumerate(candidates))
    for attempt in range(run.settings.repairs + 1):
        if attempt:
            left = _rewritten(run, stage, left)
        found = _checked(run, stage, left, attempt)
        passed.update({number: one.reflection for number, one in left.items() if not found[number]})
        left = {number: replace(one, violations=found[number]) for number, one in left.items() if found[number]}
        if not left:
            break
    for one in left.values():
        reflection = one.reflection
        run.reject(stage, "not self-contained", ", ".join(one.violations), reflection.question, reflection.sources)
    return [passed[number] for number in sorted(passed)]


def source_of(passage: Passage) -> str:
    """Everything that is known of a passage, as one text."""
    return f"{passage.document.title}\n{passage.document.date}\n{passage.text}"


def _checked(run: Run, stage: Stage, left: dict[int, Candidate], attempt: int) -> dict[int, tuple[Violation, ...]]:
    """What is wrong with each, by code and by the generator; a check of no use finds nothing."""
    parts: list[list[int]] = []
    of_passage: dict[Passage, list[int]] = {}
    for number, one in left.items():
        of_passage.setdefault(one.passage, []).append(number)
    for numbers in of_passage.values():
        parts += in_parts(numbers, run.settings.checked_at_once)
    requests = [CheckRequest(pairs=tuple(pair_of(left[number].reflection) for number in part)) for part in parts]
    what = f"checking {stage} facts" + (f", rewritten {attempt}" if attempt else "")
    answers = run.ask(stage, what, run.generator.check, requests, Verdicts)
    found = {number: violations_in(pair_of(one.reflection)) for number, one in left.items()}
    for part, answer in zip(parts, answers, strict=True):
        if isinstance(answer, Unusable):
            run.unusable(stage, answer, [span for number in part for span in left[number].reflection.sources])
            continue
        for faulty in answer.faulty:
            if 1 <= faulty.number <= len(part):
                number = part[faulty.number - 1]
                found[number] = tuple(dict.fromkeys(found[number] + faulty.violations))
    return found


def _rewritten(run: Run, stage: Stage, left: dict[int, Candidate]) -> dict[int, Candidate]:
    """Those that could be rewritten with the same fact."""
    requests = [
        RewriteRequest(
            pair=pair_of(one.reflection),
            violations=one.violations,
            title=one.passage.document.title,
            date=one.passage.document.date,
            text=one.passage.text,
        )
        for one in left.values()
    ]
    answers = run.ask(stage, f"rewriting {stage} facts", run.generator.rewrite, requests, Rewritten)
    kept: dict[int, Candidate] = {}
    for (number, one), answer in zip(left.items(), answers, strict=True):
        reflection = one.reflection
        if isinstance(answer, Unusable):
            run.unusable(stage, answer, reflection.sources)
            continue
        pair = Pair(question=answer.question, answer=answer.answer)
        fault = fault_in(pair, source_of(one.passage), numbers=stage == "direct")
        if lost := fact_changed(pair_of(reflection), pair):
            run.reject(stage, "fact changed", f"lost {lost}", reflection.question, reflection.sources)
        elif fault:
            run.reject(stage, *fault, pair.question, reflection.sources)
        else:
            changed = reflection.model_copy(update={"question": pair.question, "answer": pair.answer})
            kept[number] = replace(one, reflection=changed)
    return kept


def _reflection(run: Run, stage: Stage, pair: Pair, span: SourceSpan) -> Reflection:
    return Reflection(
        question=pair.question, answer=pair.answer, stage=stage, sources=(span,), generator=run.generator.name
    )
