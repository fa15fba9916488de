"""``learn`` and ``notes``: the rules that are learned from what came of answers, and the notebook."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Annotated

import typer

from addenda.client.replies import NoteShown
from addenda.errors import InvalidInput
from addenda.knowledge_base.learning import (
    Asking,
    ChatInducerSettings,
    Delta,
    Learned,
    Lesson,
    Rejected,
    RevisionSettings,
)
from addenda.surfaces.cli.context import begin, fields
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import Output, pairs, table
from addenda.surfaces.describing import describe_note, says
from addenda.types import Note

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


def notes(
    kb: KbOption = None, url: UrlOption = None, token_file: TokenOption = None, as_json: JsonOption = False
) -> None:
    """Show the notebook: the live notes, and what the observations say of each.

    They are shown in the order in which they are tried. Notes with the same conditions and another answer are named.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    listed = call.read(
        lambda opened: [NoteShown.model_validate(describe_note(one)) for one in opened.notebook.listed()],
        lambda client: client.notes().notes,
    )
    headers = ("id", "when", "rule", "says who", "observations", "at odds with")
    rows = [
        (one.id, one.applies_when or "always", one.rule, one.author, one.in_words, ", ".join(one.contradicts))
        for one in listed
    ]
    described = [one.model_dump(mode="json", exclude={"in_words"}) for one in listed]
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
