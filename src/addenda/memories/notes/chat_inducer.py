"""Learning notes with a language model: it drafts and asks for deltas, code counts and decides.

Idea: batches of observations are shown to the model, which drafts what each shows (:mod:`~.drafting`); after a few
batches it is shown the notebook and all their drafts, and asks for deltas (:mod:`~.wishes`), each of which is taken
only as far as the observations bear it out (:mod:`~.weighing`). What has come of the notebook after all batches is told
as deltas from the notes there are, under the momentum of every revision (:mod:`~.revision`). A model that forgets,
rewrites or obeys what it reads can therefore leave good notes unwritten, and take none away.

A note in free text is different: nobody can count what speaks for it. It is only ever added, only if the model drafted
it from a batch in just these words, and it names the observations of that batch.

Source: Wang et al. 2024, "In-Memory Learning" (arXiv 2403.02757): batches, accumulation and momentum as in gradient
descent. Nothing is published of their sizes; those here are ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from pydantic import Field

from addenda.errors import InvalidInput
from addenda.memories.base import ProgressCallback
from addenda.memories.notes.cases import Observation
from addenda.memories.notes.deltas import PLACE_STEP, Delta, deltas_between
from addenda.memories.notes.drafting import Asking, Draft, draft
from addenda.memories.notes.induction import InducedRule
from addenda.memories.notes.language import read_conclusion, read_when
from addenda.memories.notes.lists import ListedRule, decided
from addenda.memories.notes.notebook import HeldNote, Notebook
from addenda.memories.notes.revision import (
    Fault,
    Known,
    Rejected,
    Revision,
    RevisionSettings,
    after,
    counted_from,
    learnable,
    with_momentum,
)
from addenda.memories.notes.weighing import Change, Entry, Weighing, in_words
from addenda.memories.notes.wishes import Remark, Wish, wishes
from addenda.models.chat import ChatModel
from addenda.text import clean, normalised
from addenda.types import Frozen, Note

Batch: TypeAlias = range
"""Places of observations that are shown together."""


class ChatInducerSettings(Frozen):
    """How a language model learns notes."""

    revision: RevisionSettings = RevisionSettings(batch=8)
    """Its ``batch`` is how many observations the model is shown at a time."""
    accumulate: int = Field(default=4, ge=1)
    """Batches whose drafts come together in one revision."""
    most: int = Field(default=320, ge=1)
    """Observations that the model is shown at most, the latest; evidence is counted in all that count."""
    asking: Asking = Asking()


class ChatInducer:
    """Learns with a chat model; keeps the :class:`addenda.memories.notes.inducers.Inducer` protocol."""

    def __init__(
        self,
        model: ChatModel,
        settings: ChatInducerSettings | None = None,
        *,
        name: str | None = None,
        at_once: int = 1,
    ) -> None:
        """Nothing is asked yet.

        Args:
            model: Who drafts and asks.
            settings: How to learn.
            name: By which it is named as the author; the model's own name when it is None.
            at_once: Batches that are under way at the same time; more than 1 only with a model that threads may share.
        """
        self._model = model
        self._settings = ChatInducerSettings() if settings is None else settings
        self._name = model.name if name is None else name
        self._at_once = at_once

    @property
    def name(self) -> str:
        """The model's name."""
        return self._name

    def revise(
        self,
        notes: Sequence[HeldNote],
        observations: Sequence[Observation],
        *,
        since: int = 0,
        progress: ProgressCallback | None = None,
    ) -> Revision:
        """See :meth:`addenda.memories.notes.inducers.Inducer.revise`.

        Raises InvalidInput when no observation has feedback, ModelUnavailable when the model gives no answer at all;
        an answer that cannot be used costs its batch, and is reported.
        """
        settings, known = self._settings, learnable(notes)
        start = _counted_from(known, observations, since, settings.revision)
        counted = observations[start:]
        if all(one.feedback == "none" for one in counted):
            raise InvalidInput(
                f'none of {len(counted)} observations has feedback, so nothing can be learned; give "right" or "label"'
            )
        run = _Run(Notebook(notes), known, observations, start)
        steps = list(self._steps(start, len(observations)))
        for number, step in enumerate(steps):
            self._step(run, step)
            if progress is not None:
                progress(number + 1, len(steps))
        rejected = (*run.rejected.values(), *run.idle())
        deltas = run.deltas()
        revision = with_momentum(
            known,
            observations,
            deltas,
            lambda earlier: self._asked(known, deltas, earlier, since),
            settings.revision,
            since=since,
            start=start,
        )
        asked = (*revision.deltas, *run.remarks(deltas))
        return Revision(asked, revision.held_back, revision.since, rejected, tuple(run.faults))

    def _steps(self, start: int, end: int) -> Iterator[list[Batch]]:
        """The batches of each revision, the oldest first."""
        size = self._settings.revision.batch
        first = max(start, end - self._settings.most)
        batches = [range(here, min(here + size, end)) for here in range(first, end, size)]
        for here in range(0, len(batches), self._settings.accumulate):
            yield batches[here : here + self._settings.accumulate]

    def _step(self, run: _Run, batches: Sequence[Batch]) -> None:
        """Draft from each of these batches, and revise once."""
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="notes") as pool:
            drafted = list(pool.map(partial(self._drafted, run), batches))
        drafts = {batch: found for batch, found in zip(batches, drafted, strict=True) if not isinstance(found, Fault)}
        run.faults += [found for found in drafted if isinstance(found, Fault)]
        if not drafts:
            return
        told = [one for found in drafts.values() for one in found]
        counted = list(zip(run.weighing.entries, run.weighing.evidence(), strict=True))
        if not (told or counted):
            return
        try:
            asked = wishes(self._model, counted, run.free, told, self._settings.asking)
        except InvalidInput as error:
            run.faults.append(Fault("revision", batches[0].start, batches[-1].stop - 1, str(error)))
            return
        for wish in asked:
            run.apply(wish, drafts)

    def _drafted(self, run: _Run, batch: Batch) -> tuple[Draft, ...] | Fault:
        try:
            return draft(self._model, [run.observations[place] for place in batch], self._settings.asking)
        except InvalidInput as error:  # the other batches are worth going on with
            return Fault("induction", batch.start, batch.stop - 1, str(error))

    def _asked(
        self, known: Sequence[Known], deltas: Sequence[Delta], earlier: Sequence[Observation], since: int
    ) -> set[str]:
        """Ids of the notes whose contradiction or retirement these observations would have borne out, too."""
        start = _counted_from(known, earlier, since, self._settings.revision)
        weighing = Weighing(_entries(known), earlier[start:])
        return {
            one
            for delta in deltas
            if delta.kind in ("contradict", "retire") and weighing.warranted(_entries(after(known, [delta])))
            for one in delta.replaces
        }


@dataclass(slots=True)
class _Run:
    """The notebook while it is being revised."""

    notebook: Notebook
    known: Sequence[Known]
    observations: Sequence[Observation]
    start: int
    rejected: dict[Rejected, Rejected] = field(default_factory=dict[Rejected, Rejected])
    """What is not taken, with the latest reason; the keys have none, so that what is asked for again is told once."""
    faults: list[Fault] = field(default_factory=list[Fault])
    free: list[Remark] = field(default_factory=list[Remark])
    """Notes in free text: those there were, and those that were added."""
    added: dict[Remark, Sequence[int]] = field(default_factory=dict[Remark, Sequence[int]])
    """Notes in free text that were added, and the observations that each was drafted from."""
    weighing: Weighing = field(init=False)

    def __post_init__(self) -> None:
        entries = [
            Entry(self.notebook.label(note.addendum_id), *rule, start=place)
            for place, (note, rule) in enumerate(self.known)
        ]
        self.weighing = Weighing(entries, self.observations[self.start :])
        countable = {note.addendum_id for note, _ in self.known}
        self.free = [
            (note.applies_when, note.rule) for note in self.notebook.notes if note.addendum_id not in countable
        ]

    def apply(self, wish: Wish, drafts: dict[Batch, tuple[Draft, ...]]) -> None:
        """Do what was asked for, or say why not."""
        try:
            if wish.kind == "retire" or wish.kind == "move":
                self._put(wish)
            else:
                self._make(wish.kind, wish, drafts)
        except InvalidInput as error:
            refused = Rejected(wish.kind, _told((wish.applies_when, wish.rule)), wish.notes, "")
            self.rejected[refused] = replace(refused, why=str(error))

    def _put(self, wish: Wish) -> None:
        """Take a note out, or move it."""
        if len(wish.notes) != 1 or wish.applies_when or wish.rule:
            raise InvalidInput(f"this does not do what it says: {wish.kind} names one note, and makes none")
        if wish.kind == "retire":
            self.weighing.retire(wish.notes[0])
        else:
            self.weighing.move(wish.notes[0], wish.before)

    def _make(self, kind: Change, wish: Wish, drafts: dict[Batch, tuple[Draft, ...]]) -> None:
        rule = clean(wish.rule, "the rule of a note").strip()
        applies_when = clean(wish.applies_when, "the conditions of a note").strip()
        if not rule:
            raise InvalidInput("a note needs a rule, and this has none")
        conditions, answer = read_when(applies_when), read_conclusion(rule)
        if conditions is not None and answer is not None:
            new_id = hashlib.sha256(f"{applies_when}\0{rule}\0{len(self.weighing.entries)}".encode()).hexdigest()[:16]
            self.weighing.make(kind, conditions, answer, wish.notes, new_id)
        elif kind == "add" and not wish.notes:
            self._remark((applies_when, rule), drafts)
        else:
            raise InvalidInput("a note in free text can only be added, and takes no other note's place")

    def _remark(self, remark: Remark, drafts: dict[Batch, tuple[Draft, ...]]) -> None:
        """Add a note in free text."""
        if any(_words(one) == _words(remark) for one in self.free):
            raise InvalidInput("there is a note in these words")
        behind = [
            place
            for batch, found in drafts.items()
            for place in batch
            if _words(remark) in [_words((one.applies_when, one.rule)) for one in found]
        ]
        if not behind:
            raise InvalidInput("free text that was drafted from no batch in these words")
        self.free.append(remark)
        self.added[remark] = behind

    def idle(self) -> list[Rejected]:
        """Take out what later rules have made superfluous."""
        return [
            Rejected("add", _told(in_words(one)), (), "later notes made it superfluous")
            for one in self.weighing.without_idle()
        ]

    def deltas(self) -> list[Delta]:
        """What leads from the notes there were to the list there is."""
        entries = self.weighing.entries
        counted = self.observations[self.start :]
        rules: list[InducedRule] = []
        for one, places in zip(entries, decided([e.rule for e in entries], counted), strict=True):
            said = {place: counted[place].says(one.answer) for place in places}
            rules.append(
                InducedRule(
                    one.conditions,
                    one.answer,
                    one.start,
                    supporting=tuple(self.start + place for place, speaks in said.items() if speaks is True),
                    contradicting=tuple(self.start + place for place, speaks in said.items() if speaks is False),
                )
            )
        return deltas_between([note for note, _ in self.known], rules)

    def remarks(self, deltas: Sequence[Delta]) -> list[Delta]:
        """The notes in free text that were added, with places behind those of all others."""
        last = max([0, *(one.place for one in self.notebook.notes), *(d.note.place for d in deltas if d.note)])
        return [
            Delta(
                "add",
                Note(rule=rule, applies_when=applies_when, place=last + PLACE_STEP * number),
                drafted_from=tuple(behind),
            )
            for number, ((applies_when, rule), behind) in enumerate(self.added.items(), start=1)
        ]


def _entries(known: Sequence[Known]) -> list[Entry]:
    return [Entry(note.addendum_id, *rule) for note, rule in known]


def _counted_from(
    known: Sequence[Known], observations: Sequence[Observation], since: int, settings: RevisionSettings
) -> int:
    """The place from which on observations count; a change of the rules shows only where attributes are told."""
    rules: list[ListedRule] = [rule for _, rule in known]
    told = any(one.values and one.feedback != "none" for one in observations[since:])
    return counted_from(rules, observations, since, settings) if rules and told else since


def _words(remark: Remark) -> Remark:
    """A note in free text as it is compared."""
    applies_when, rule = remark
    return normalised(applies_when), normalised(rule)


def _told(note: tuple[str, str]) -> str:
    """When a note applies and what it concludes, as one text."""
    return ": ".join(text for text in note if text)
