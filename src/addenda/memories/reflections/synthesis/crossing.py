"""Facts of several documents brought together: clues that lead to one entity, properties that several share, chains.

Groups of documents are made from the documents alone (:mod:`~.grouping`), and each is gone
through once. Of a group's facts those that name what its documents share are shown first, one of each document in turn,
and then others of the same documents as far as there is room.

Source: step 5 of "MeMo" (arXiv 2605.15156), which pairs every fact with every other document of a question's group.
Ours: groups that know no question, one request for a few facts, chains, and checks by code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from addenda.memories.reflections.names import given_away, key, says, words_in
from addenda.memories.reflections.reflection import Reflection
from addenda.memories.reflections.synthesis.checks import Corpus, Fault, fault_in, names_of
from addenda.memories.reflections.synthesis.gathering import Unusable
from addenda.memories.reflections.synthesis.grouping import Group, groups
from addenda.memories.reflections.synthesis.requests import Crossed, CrossedPairs, CrossPair, CrossRequest, Pair
from addenda.memories.reflections.synthesis.running import Run, chosen, spans, told
from addenda.memories.reflections.synthesis.surfacing import Description, description_fault


@dataclass(frozen=True, slots=True)
class _Shown:
    group: Group
    facts: list[Reflection]


def crossed(run: Run, facts: Sequence[Reflection]) -> list[Reflection]:
    """What needs two or more documents."""
    shown = _shown(run, facts)
    requests = [_request(one) for one in shown]
    answers = run.ask("cross-document", "comparing documents", run.generator.cross, requests, CrossedPairs)
    corpus = Corpus(facts)
    kept: list[Reflection] = []
    for one, answer in zip(shown, answers, strict=True):
        if isinstance(answer, Unusable):
            run.unusable("cross-document", answer, spans(one.facts))
            continue
        for made in answer.pairs:
            used = chosen(made.facts_used, one.facts)
            fault = _fault(made, used, one, corpus)
            if fault or not used:
                fault = fault or ("wrong sources", "it names no fact")
                run.reject("cross-document", *fault, made.question, spans(used or one.facts))
                continue
            reflection = Reflection(
                question=made.question,
                answer=made.answer,
                stage="cross-document",
                sources=spans(used),
                generator=run.generator.name,
                parents=tuple(fact.id for fact in used),
                entity=made.entity,
            )
            if run.is_new(reflection):
                kept.append(reflection)
    return run.take(kept)


def _shown(run: Run, facts: Sequence[Reflection]) -> list[_Shown]:
    """The groups that have facts of two or more documents, with those that are shown."""
    of_document: dict[str, list[Reflection]] = {}
    for one in facts:
        of_document.setdefault(one.documents[0], []).append(one)
    found: list[_Shown] = []
    most = run.settings.crossed_pairs
    for group in groups(run.documents, run.settings.grouping):
        own = [of_document.get(document, []) for document in group.documents]
        near = [[one for one in facts if _names_shared(one, group)] for facts in own] if group.shared else _alike(own)
        some = _in_turn(near)[:most]
        if len({one.documents for one in some}) > 1:
            whole = group.complete and sum(map(len, near)) <= most
            rest = _in_turn([[one for one in facts if one not in some] for facts in own])
            kept = Group(group.documents, group.shared, whole)
            found.append(_Shown(kept, some + rest[: most - len(some)]))
    return found


def _names_shared(one: Reflection, group: Group) -> bool:
    return any(says(told([one]), name) for name in group.shared)


def _in_turn(facts: Sequence[Sequence[Reflection]]) -> list[Reflection]:
    """One of each document, then the next of each, and so on."""
    return [one for turn in zip_longest(*facts) for one in turn if one is not None]


def _alike(facts: Sequence[list[Reflection]]) -> list[list[Reflection]]:
    """The facts of each document, those first that have most words in common with those of the others."""
    words = [words_in(told(own)) for own in facts]
    ordered: list[list[Reflection]] = []
    for number, own in enumerate(facts):
        others = frozenset[str]().union(*(one for place, one in enumerate(words) if place != number))
        ordered.append(sorted(own, key=lambda one, others=others: -len(words_in(told([one])) & others)))
    return ordered


def _request(one: _Shown) -> CrossRequest:
    numbers = {document: number for number, document in enumerate(one.group.documents, start=1)}
    return CrossRequest(
        pairs=tuple(
            CrossPair(document=numbers[fact.documents[0]], question=fact.question, answer=fact.answer)
            for fact in one.facts
        ),
        shared=one.group.shared,
        complete=one.group.complete,
    )


def _fault(made: Crossed, used: Sequence[Reflection] | None, shown: _Shown, corpus: Corpus) -> Fault | None:
    """Why what was made cannot be taken; None when it can."""
    if not used or len({one.documents for one in used}) < 2:
        return "wrong sources", f"it names {list(made.facts_used)}, which are not facts of two documents or more"
    if made.kind == "converging":
        if not made.entity:
            return "does not name the entity", "it does not say which entity it asks for"
        described = Description(question=made.question, answer=made.answer, entity=made.entity)
        return description_fault(described, used, corpus)
    if fault := fault_in(Pair(question=made.question, answer=made.answer), told(used)):
        return fault
    return _parallel_fault(made, shown) if made.kind == "parallel" else _chain_fault(made, used, shown.group.shared)


def _parallel_fault(made: Crossed, shown: _Shown) -> Fault | None:
    if not shown.group.complete:
        return "incomplete group", "further documents may have the property, so the enumeration may not be complete"
    if not any(says(made.question, name) for name in shown.group.shared):
        return "not discriminating", f"it asks for none of what is shared: {', '.join(shown.group.shared)}"
    return None


def _chain_fault(made: Crossed, used: Sequence[Reflection], shared: Sequence[str]) -> Fault | None:
    """A chain leads over a name that two of its documents have and that the question does not say."""
    names = {key(name): name for name in (*shared, *(name for one in used for name in names_of(one)))}
    links = [name for name in names.values() if len({one.documents for one in used if says(told([one]), name)}) > 1]
    if all(given_away(made.question, name) for name in links):
        return "names the entity", "it says the name over which the facts are joined, so one document answers it"
    return None
