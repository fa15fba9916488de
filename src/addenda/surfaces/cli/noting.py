"""``observe``, ``learn``, ``notes``: what came of answers, the rules learned from it, and the notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from addenda.errors import InvalidInput
from addenda.knowledge_base.changes import Proposing
from addenda.knowledge_base.learning import (
    Asking,
    ChatInducerSettings,
    Delta,
    Learned,
    Lesson,
    Rejected,
    RevisionSettings,
)
from addenda.knowledge_base.observation_files import read_observation_file
from addenda.knowledge_base.observing import Batch
from addenda.surfaces.cli.context import begin, fields
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption
from addenda.surfaces.cli.output import Output, pairs, table
from addenda.surfaces.describing import says
from addenda.types import Note, Trust

_DONE = {
    "add": "a new note",
    "narrow": "more conditions",
    "generalise": "fewer conditions",
    "merge": "one for several",
    "contradict": "another answer",
    "move": "another place",
    "retire": "holds no longer",
}
"""What each kind of delta is called."""

_WORK = {"induction": "what was drafted from", "revision": "the revision after"}
"""What a language model was asked for."""


def observe(
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE...]", help="JSON lines, csv or xlsx.")] = None,
    answer: Annotated[
        str | None,
        typer.Option("--answer", metavar="ID", help="An answer that was given, or `latest`; not with files."),
    ] = None,
    right: Annotated[
        bool | None, typer.Option("--right/--wrong", help="Whether that answer turned out right.", show_default=False)
    ] = None,
    trust: Annotated[str, typer.Option("--trust", help="Trust in them: untrusted, low, normal or high.")] = "normal",
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A label; may be repeated.")] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Of text files.", show_default="found out, or UTF-8")
    ] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take in what came of answers, as evidence that notes are learned from.

    A line of a JSON file is `{"attributes": {"fault": "no heat", "age": 7}, "answer": "replace", "right": true}`; a
    table has the columns `answer` and `right`, and one for each attribute. `--answer ID --right` or `--wrong` says it
    of an answer that `ask` gave. `addenda learn` makes notes from all that.
    """
    call = begin(kb, as_json=as_json, token_file=token_file)
    if trust not in get_args(Trust):
        raise InvalidInput(f"--trust {trust!r} is unknown; it can be {', '.join(get_args(Trust))}")
    if (answer is None) != (right is None) or bool(files) == (answer is not None):
        raise InvalidInput("give files, or --answer ID with --right or --wrong")
    batches = [Batch(read_observation_file(file, encoding), str(file)) for file in files or []]
    with call.open() as opened:
        if right is not None:
            batches = [opened.observing.of_answer(None if answer == "latest" else answer, right=right)]
        person = call.person(opened)
        made = opened.observing.record(
            batches, by=person, trust=cast("Trust", trust), tags=tag or (), reason=reason, dry_run=dry_run
        )
    taken = [_taken(batch, one, dry_run=dry_run) for batch, one in zip(batches, made, strict=True)]
    headers = ("what", "observations", "with feedback", "right", "what became of it")
    shown = ("source", "observations", "with_feedback", "right")
    rows = [
        (*(str(line[name]) for name in shown), _kept(one, dry_run=dry_run))
        for line, one in zip(taken, made, strict=True)
    ]
    call.out.result({"dry_run": dry_run, "batches": taken}, table(headers, rows))
    if not dry_run:
        call.out.note("next: `addenda learn`")


def _taken(batch: Batch, made: Proposing, *, dry_run: bool) -> dict[str, object]:
    """What a batch came to, for JSON."""
    judged = [one for one in batch.observations if one.feedback != "none"]
    return {
        "source": batch.source,
        "id": None if dry_run or made.duplicate_of else made.addendum.id,
        "duplicate_of": made.duplicate_of,
        "observations": len(batch.observations),
        "with_feedback": len(judged),
        "right": sum(one.expected_if(one.answer) is True for one in judged),
    }


def _kept(made: Proposing, *, dry_run: bool) -> str:
    if made.duplicate_of is not None:
        return f"already there as {made.duplicate_of}"
    return "would be kept" if dry_run else f"kept as {made.addendum.id}"


def learn(
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="URL#NAME",
            help="The language model that learns; it gets the observations sent to it.",
            show_default="none, the rule learner learns",
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option("--batch", min=1, help="With --model: observations that it is shown at a time.", show_default="8"),
    ] = None,
    accumulate: Annotated[
        int | None,
        typer.Option("--accumulate", min=1, help="With --model: batches before each revision.", show_default="4"),
    ] = None,
    latest: Annotated[
        int | None,
        typer.Option("--latest", min=1, help="With --model: so many observations are shown.", show_default="320"),
    ] = None,
    prompt_tokens: Annotated[
        int | None,
        typer.Option("--prompt-tokens", min=200, help="With --model: length of a prompt.", show_default="6000"),
    ] = None,
    answer_tokens: Annotated[
        int | None,
        typer.Option("--answer-tokens", min=16, help="With --model: length of an answer.", show_default="2048"),
    ] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Learn notes from the observations there are, as proposals.

    The rule learner, which needs no language model, looks for the list of rules that explains what turned out right in
    the fewest words, starting from the notes that are live. With `--model` a language model drafts notes from batches
    of observations and asks for changes; what the observations do not bear out is left out and named. What differs is
    proposed note by note, each with the observations that speak for and against it, and with the notes that it
    replaces.
    """
    call = begin(kb, as_json=as_json, token_file=token_file, model=model)
    asking = fields(prompt_tokens=prompt_tokens, answer_tokens=answer_tokens)
    showing = fields(accumulate=accumulate, most=latest)
    if model is None and (batch or asking or showing):
        raise InvalidInput(
            "--batch, --accumulate, --latest, --prompt-tokens and --answer-tokens say how a language model is asked; "
            "give --model as well, or leave them out"
        )
    with ExitStack() as opening:
        opened = opening.enter_context(call.open())
        person = call.person(opened)
        inducer = None
        if model is not None:
            size = ChatInducerSettings().revision.batch if batch is None else batch
            revision = RevisionSettings(batch=size)
            settings = ChatInducerSettings.model_validate(
                {"revision": revision, "asking": Asking.model_validate(asking), **showing}
            )
            inducer = opening.enter_context(opened.learning.by_model(settings))
        progress = opening.enter_context(call.out.progress())
        lesson = opened.learning.run(by=person, inducer=inducer, reason=reason, progress=progress, dry_run=dry_run)
    _show(call.out, lesson, dry_run=dry_run)


def _show(out: Output, lesson: Lesson, *, dry_run: bool) -> None:
    """What a run of the learner came to, and what to do next."""
    rows = [_told(one, dry_run=dry_run) for one in lesson.learned]
    rows += [
        (_DONE[delta.kind], "" if delta.note is None else says(delta.note), "", _held_back(delta))
        for delta in lesson.held_back
    ]
    rows += [(_DONE[one.kind], one.words, "", _refused(one)) for one in lesson.rejected]
    headers = ("what", "note", "for and against", "what became of it")
    counts = [
        ("observations", str(lesson.observations)),
        ("that count", f"from {lesson.since} on"),
        ("notes that are live", str(lesson.notes)),
        ("learned by", lesson.by),
    ]
    nothing = "nothing is to be changed"
    shown = (
        table(headers, rows) if rows else nothing if lesson.unlearned else f"the notes fit the observations; {nothing}"
    )
    out.result(_described(lesson, dry_run=dry_run), shown, pairs(counts))
    for one in lesson.unlearned:
        out.warn(f"{_WORK[one.work]} observations {one.first} to {one.last} came to nothing: {one.why}")
    if any(one.is_new for one in lesson.learned) and not dry_run:
        out.note("next, somebody else: `addenda approve --all --tag learned`, then `addenda activate --all`")


def notes(kb: KbOption = None, as_json: JsonOption = False) -> None:
    """Show the notebook: the live notes, and what the observations say of each.

    They are shown in the order in which they are tried. Notes with the same conditions and another answer are named.
    """
    call = begin(kb, as_json=as_json)
    with call.open() as opened:
        listed = opened.notebook.listed()
    described = [
        {
            "id": one.addendum_id,
            "place": one.place,
            "applies_when": one.applies_when,
            "rule": one.rule,
            "author": one.author,
            "supporting": one.evidence.supporting,
            "contradicting": one.evidence.contradicting,
            "share": round(one.evidence.share, 4),
            "interval": [round(bound, 4) for bound in one.evidence.interval],
            "observations_for": list(one.supporting),
            "observations_against": list(one.contradicting),
            "contradicts": list(one.contradicts),
        }
        for one in listed
    ]
    headers = ("id", "when", "rule", "says who", "observations", "at odds with")
    rows = [
        (one.addendum_id, one.applies_when or "always", one.rule, one.author, str(one.evidence),
         ", ".join(one.contradicts))
        for one in listed
    ]  # fmt: skip
    call.out.result({"notes": described}, table(headers, rows) if rows else "there are no live notes")


def _told(one: Learned, *, dry_run: bool) -> tuple[str, str, str, str]:
    note = one.addendum.content
    counted = f"{len(one.delta.supporting)} / {len(one.delta.contradicting)}" if one.delta.note else ""
    if one.delta.drafted_from:
        counted = "not countable"
    return _DONE[one.delta.kind], says(note) if isinstance(note, Note) else "", counted, _became(one, dry_run=dry_run)


def _held_back(delta: Delta) -> str:
    about = f" (about {', '.join(delta.replaces)})" if delta.replaces else ""
    return f"held back{about}: too few batches ask for it so far"


def _refused(one: Rejected) -> str:
    about = f" (about {', '.join(one.notes)})" if one.notes else ""
    return f"not taken{about}: {one.why}"


def _became(one: Learned, *, dry_run: bool) -> str:
    if one.duplicate_of is not None:
        return f"waits already as {one.duplicate_of}"
    if one.rejected_as is not None:
        return f"was rejected as {one.rejected_as}; proposed again when twice as much speaks about it"
    replaced = f", replaces {', '.join(one.delta.replaces)}" if one.delta.replaces else ""
    return ("would be proposed" if dry_run else f"proposed as {one.addendum.id}") + replaced


def _described(lesson: Lesson, *, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "observations": lesson.observations,
        "since": lesson.since,
        "notes": lesson.notes,
        "learned": list(_learned(lesson.learned)),
        "held_back": [{"kind": delta.kind, "replaces": list(delta.replaces)} for delta in lesson.held_back],
        "by": lesson.by,
        "rejected": [
            {"kind": one.kind, "words": one.words, "notes": list(one.notes), "why": one.why} for one in lesson.rejected
        ],
        "unlearned": [
            {"work": one.work, "first": one.first, "last": one.last, "why": one.why} for one in lesson.unlearned
        ],
    }


def _learned(learned: Sequence[Learned]) -> Iterator[dict[str, object]]:
    for one in learned:
        note = one.addendum.content
        yield {
            "kind": one.delta.kind,
            "id": one.duplicate_of or one.rejected_as or one.addendum.id,
            "waited_already": one.duplicate_of is not None,
            "was_rejected": one.rejected_as is not None,
            "note": note.model_dump(mode="json") if isinstance(note, Note) else None,
            "replaces": list(one.delta.replaces),
            "trust": one.addendum.trust,
            "evidence": list(one.addendum.evidence),
            "countable": not one.delta.drafted_from,
        }
