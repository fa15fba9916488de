"""The final answer: from the entries that have answers, or none.

Whatever the executive says, an answer has to name entries that it rests on, and they have to have answers. Where the
memory model said nothing, the executive is not even asked, because whatever it could say would be its own.

Not known: whether the answer follows from the entries; whether it stands in one word by word is told.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from addenda.errors import InvalidInput
from addenda.memories.reflections.asking.budget import Meter, OutOfTokens
from addenda.memories.reflections.asking.consultation import Consultation, Ending, Refused, Wasted
from addenda.memories.reflections.asking.executive import Executive
from addenda.memories.reflections.asking.inquiry import Inquiry, named_in
from addenda.memories.reflections.asking.transcript import Entry
from addenda.memories.reflections.questions import REFUSAL, is_refusal
from addenda.models.base import LanguageModel

SYNTHESIS_TURNS = 2
"""How often the executive may try to answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a consultation ends; the fields are those of :class:`~.consultation.Consultation`."""

    ending: Ending
    answer: str = REFUSAL
    why: str = ""
    justification: str = ""
    rests_on: tuple[Entry, ...] = ()
    events: tuple[Wasted | Refused, ...] = ()

    @property
    def confidence(self) -> float:
        """The lowest share of votes among the entries that the answer rests on."""
        return min((one.share for one in self.rests_on), default=0.0)

    @property
    def quoted(self) -> bool:
        """Whether the answer stands in one of these entries."""
        return any(named_in(self.answer, vote.answer) for one in self.rests_on for vote in one.votes)


def nothing_heard(inquiry: Inquiry) -> Outcome | None:
    """How a consultation ends in which the memory model gave no answer at all; None when it gave one."""
    entries = inquiry.transcript.entries
    if any(one.known for one in entries):
        return None
    errors = [one.error for entry in entries for one in entry.wordings if one.heard == "failed"]
    if errors and all(one.outcome == "failed" for one in entries):
        return Outcome("memory failed", why=errors[0])
    return Outcome("nothing known")


def synthesised(executive: Executive, inquiry: Inquiry, meter: Meter) -> Outcome:
    """How a consultation ends, with the executive's answer where it has one. Raises ModelUnavailable."""
    if (nothing := nothing_heard(inquiry)) is not None:
        return nothing
    meter.synthesise()
    events: list[Wasted | Refused] = []
    outcome = Outcome("no usable answer")
    told: tuple[str, ...] = ()
    for turn in range(1, SYNTHESIS_TURNS + 1):
        meter.turn()
        situation = inquiry.situation("synthesis", refused=told, turns_left=SYNTHESIS_TURNS - turn + 1)
        try:
            said = executive.synthesise(situation, meter)
        except InvalidInput as error:
            outcome = Outcome("no usable answer", why=str(error))
            events.append(Wasted(stage="synthesis", turn=turn, why=str(error)))
            continue
        except OutOfTokens as error:
            outcome = Outcome("tokens used up", why=str(error))
            break
        if is_refusal(said.answer):
            outcome = Outcome("not answered", justification=said.justification)
            break
        found = {one: inquiry.transcript.entry(one) for one in dict.fromkeys(said.rests_on)}
        rests_on = tuple(one for one in found.values() if one is not None and one.known)
        unknown = [name for name, one in found.items() if one is None or not one.known]
        told = tuple(f"rests_on {name!r}: there is no such entry with an answer" for name in unknown)
        events += [Refused(stage="synthesis", turn=turn, what=one) for one in told]
        if rests_on:
            answer = said.answer.strip()
            outcome = Outcome("answered", answer, justification=said.justification, rests_on=rests_on)
            break
        why = "the answer rests on no entry that has an answer"
        told = (*told, why)
        outcome = Outcome("unsupported", why=why)
        events.append(Wasted(stage="synthesis", turn=turn, why=why))
    return replace(outcome, events=tuple(events))


def consultation(
    inquiry: Inquiry, outcome: Outcome, memory: LanguageModel, executive: str, meter: Meter
) -> Consultation:
    """The result of a consultation, but for what was told of its stages."""
    return Consultation(
        question=inquiry.question,
        answer=outcome.answer,
        ending=outcome.ending,
        why=outcome.why,
        justification=outcome.justification,
        rests_on=tuple(one.id for one in outcome.rests_on),
        confidence=outcome.confidence,
        quoted=outcome.quoted,
        executive=executive,
        memory=f"{memory.name} {memory.fingerprint}",
        clues=inquiry.clues,
        entries=inquiry.transcript.entries,
        candidates=inquiry.ranking.candidates,
        current=inquiry.current,
        dead_ends=inquiry.transcript.dead_ends,
        spent=meter.spent,
    )
