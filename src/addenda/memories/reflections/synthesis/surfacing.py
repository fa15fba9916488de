"""Entity surfacing: questions that describe an entity by its facts and do not name it.

A model that only learned what a thing is like does not find the thing by it (the reversal curse), so these questions
are needed for every entity.

Source: step 4 of "MeMo" (arXiv 2605.15156), which asks for all of this in the prompt and checks none of it. Here code
does: the name does not leak, the answer has it, the facts fit nobody else in the corpus, and no set of facts is used
for an entity more often than the settings say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from addenda.memories.reflections.names import given_away, key, says
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.synthesis.checks import Corpus, Fault, fault_in
from addenda.memories.reflections.synthesis.gathering import Unusable
from addenda.memories.reflections.synthesis.requests import Pair, Surfaced, SurfacedPairs, SurfaceRequest
from addenda.memories.reflections.synthesis.running import Run, chosen, in_parts, pair_of, spans, told


def surfaced(run: Run, facts: Sequence[Reflection]) -> list[Reflection]:
    """Questions that describe the entities of each document."""
    parts: list[list[Reflection]] = []
    for document in run.documents:
        own = [one for one in facts if one.documents == (document.id,)]
        parts += in_parts(own, run.settings.pairs_at_once)
    requests = [SurfaceRequest(pairs=tuple(map(pair_of, part))) for part in parts]
    answers = run.ask("surfaced", "surfacing entities", run.generator.surface, requests, SurfacedPairs)
    corpus = Corpus(facts)
    used: Counter[tuple[str, frozenset[str]]] = Counter()
    kept: list[Reflection] = []
    for part, answer in zip(parts, answers, strict=True):
        if isinstance(answer, Unusable):
            run.unusable("surfaced", answer, spans(part))
            continue
        for made in answer.pairs:
            parents = chosen(made.facts_used, part)
            fault = description_fault(Description.of(made), parents, corpus)
            facts_of = key(made.entity), frozenset(one.id for one in parents or ())
            if fault is None and used[facts_of] >= run.settings.surfaced_wordings:
                fault = "repeated facts", "the same facts describe it in another question"
            if fault or not parents:
                run.reject("surfaced", *(fault or _NO_FACTS), made.question, spans(parents or part))
                continue
            one = Reflection(
                question=made.question,
                answer=made.answer,
                stage="surfaced",
                sources=spans(parents),
                generator=run.generator.name,
                parents=tuple(one.id for one in parents),
                entity=made.entity,
            )
            if run.is_new(one):
                used[facts_of] += 1
                kept.append(one)
    return run.take(kept)


_NO_FACTS: Fault = ("wrong sources", "it names no pair that it was shown")


class Description(Pair):
    """A question that describes an entity."""

    entity: str

    @classmethod
    def of(cls, made: Surfaced) -> Description:
        """As it was made."""
        return cls(question=made.question, answer=made.answer, entity=made.entity)


def description_fault(made: Description, used: Sequence[Reflection] | None, corpus: Corpus) -> Fault | None:
    """Why a description cannot be taken; None when it can."""
    if not used:
        return _NO_FACTS
    if leak := given_away(made.question, made.entity):
        return "names the entity", leak
    if not says(made.answer, made.entity):
        return "does not name the entity", made.entity
    if not any(says(told([one]), made.entity) for one in used):
        return "ungrounded", f"no fact that it uses names {made.entity!r}"
    if fault := fault_in(made, told(used)):
        return fault
    if others := sorted(corpus.others(made.entity, made.question, used)):
        what = "it tells no fact" if others == ["?"] else f"it fits {', '.join(others[:3])} as well"
        return "not discriminating", what
    return None
