"""``learn`` and ``notes``: the rules that are learned from what came of answers, and the notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated

import typer

from addenda.client.job_replies import LearnedShown, LearnResult
from addenda.client.replies import NoteShown
from addenda.errors import InvalidInput
from addenda.knowledge_base.learning import (
    Asking,
    ChatInducerSettings,
    Lesson,
    Rejected,
    RevisionSettings,
    Unlearned,
)
from addenda.surfaces.cli.context import Call, begin, fields
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import Output, pairs, table
from addenda.surfaces.describing import describe_note, says
from addenda.surfaces.describing_work import describe_lesson
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
    url: UrlOption = None,
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
    call = begin(kb, url=url, as_json=as_json, token_file=token_file, model=model)
    call.refuse_remote(model=model)
    asking = fields(prompt_tokens=prompt_tokens, answer_tokens=answer_tokens)
    showing = fields(accumulate=accumulate, most=latest)
    if model is None and (batch or asking or showing):
        raise InvalidInput(
            "--batch, --accumulate, --latest, --prompt-tokens and --answer-tokens say how a language model is asked; "
            "give --model as well, or leave them out"
        )
    if call.is_remote:
        _show(call.out, _learned_there(call, reason, dry_run=dry_run))
        return
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
    _show(call.out, _learned_here(lesson, dry_run=dry_run))


@dataclass(frozen=True, slots=True)
class _Came:
    """What a run of the learner came to, in the folder or on a server."""

    told: LearnResult
    notes: Mapping[str, Note | None]
    """What is proposed, by the id of the proposal; of a dry run, a server does not tell it."""
    held_back: Sequence[str]
    """The notes that are held back, in words."""
    rejected: Sequence[Rejected] = ()
    unlearned: Sequence[Unlearned] = ()


def _learned_here(lesson: Lesson, *, dry_run: bool) -> _Came:
    told = LearnResult.model_validate(describe_lesson(lesson, dry_run=dry_run))
    contents = [one.addendum.content for one in lesson.learned]
    notes = {
        shown.id: content if isinstance(content, Note) else None
        for shown, content in zip(told.learned, contents, strict=True)
    }
    held_back = ["" if delta.note is None else says(delta.note) for delta in lesson.held_back]
    return _Came(told, notes, held_back, lesson.rejected, lesson.unlearned)


def _learned_there(call: Call, reason: str, *, dry_run: bool) -> _Came:
    with call.client() as client:
        with call.out.progress() as progress:
            told = client.learn(reason=reason, dry_run=dry_run).wait(progress=progress)
        there = [one.id for one in told.learned if not dry_run or one.became != "proposed"]
        contents = {i: client.show(i).content for i in there}
    notes = {i: content if isinstance(content, Note) else None for i, content in contents.items()}
    return _Came(told, notes, [""] * len(told.held_back_of))


def _show(out: Output, came: _Came) -> None:
    """What a run of the learner came to, and what to do next."""
    told = came.told
    rows = [_told(one, came.notes.get(one.id), dry_run=told.dry_run) for one in told.learned]
    rows += [
        (_DONE.get(one.kind, one.kind), note, "", _held_back(one.replaces))
        for one, note in zip(told.held_back_of, came.held_back, strict=True)
    ]
    rows += [(_DONE[one.kind], one.words, "", _refused(one)) for one in came.rejected]
    headers = ("what", "note", "for and against", "what became of it")
    counts = [
        ("observations", str(told.observations)),
        ("that count", f"from {told.since} on"),
        ("notes that are live", str(told.notes)),
        ("learned by", told.by),
    ]
    nothing = "nothing is to be changed"
    shown = (
        table(headers, rows) if rows else nothing if came.unlearned else f"the notes fit the observations; {nothing}"
    )
    out.result(_described(came), shown, pairs(counts))
    for one in came.unlearned:
        out.warn(f"{_WORK[one.work]} observations {one.first} to {one.last} came to nothing: {one.why}")
    if told.proposed and not told.dry_run:
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


def _told(one: LearnedShown, note: Note | None, *, dry_run: bool) -> tuple[str, str, str, str]:
    counted = "" if one.supporting is None else f"{one.supporting} / {one.contradicting}"
    if not one.countable:
        counted = "not countable"
    return _DONE.get(one.kind, one.kind), "" if note is None else says(note), counted, _became(one, dry_run=dry_run)


def _held_back(replaces: Sequence[str]) -> str:
    about = f" (about {', '.join(replaces)})" if replaces else ""
    return f"held back{about}: too few batches ask for it so far"


def _refused(one: Rejected) -> str:
    about = f" (about {', '.join(one.notes)})" if one.notes else ""
    return f"not taken{about}: {one.why}"


def _became(one: LearnedShown, *, dry_run: bool) -> str:
    if one.became == "waiting":
        return f"waits already as {one.id}"
    if one.became == "rejected":
        return f"was rejected as {one.id}; proposed again when twice as much speaks about it"
    replaced = f", replaces {', '.join(one.replaces)}" if one.replaces else ""
    return ("would be proposed" if dry_run else f"proposed as {one.id}") + replaced


def _described(came: _Came) -> dict[str, object]:
    told = came.told
    return {
        "dry_run": told.dry_run,
        "observations": told.observations,
        "since": told.since,
        "notes": told.notes,
        "learned": [_learned(one, came.notes.get(one.id)) for one in told.learned],
        "held_back": [one.model_dump(mode="json") for one in told.held_back_of],
        "by": told.by,
        "rejected": [
            {"kind": one.kind, "words": one.words, "notes": list(one.notes), "why": one.why} for one in came.rejected
        ],
        "unlearned": [
            {"work": one.work, "first": one.first, "last": one.last, "why": one.why} for one in came.unlearned
        ],
    }


def _learned(one: LearnedShown, note: Note | None) -> dict[str, object]:
    return {
        "kind": one.kind,
        "id": one.id,
        "waited_already": one.became == "waiting",
        "was_rejected": one.became == "rejected",
        "note": None if note is None else note.model_dump(mode="json"),
        "replaces": list(one.replaces),
        "trust": one.trust,
        "evidence": list(one.evidence),
        "countable": one.countable,
    }
