"""``extract``: a model reads documents and proposes what they state, each fact with the sentence it comes from."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias, cast, get_args

import typer

from addenda.client.job_replies import ExtractResult
from addenda.client.replies import AddendumDetail
from addenda.errors import InvalidInput
from addenda.knowledge_base.extracting import ENCODINGS, Extraction, SourceDocument, Taken, Terms, read_document
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import Output, pairs, table
from addenda.surfaces.describing import parse_moment, says
from addenda.types import EVERYONE, Trust

_SHOWN = 20

FilesArgument: TypeAlias = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Text files.")]
WriterOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="The model that writes: bundled, a folder, or URL#NAME.",
        show_default="that of the knowledge base",
    ),
]
AdapterOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--write-adapter",
        metavar="DIR",
        help="The adapter with which a local model writes.",
        show_default="ADDENDA_WRITE_ADAPTER, or the one beside the model",
    ),
]
TrustOption: TypeAlias = Annotated[
    str,
    typer.Option("--trust", help="Trust in the documents: untrusted, low, normal or high. A fact gets low at most."),
]
TagsOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--tag", help="A label of documents and facts; may be repeated.")
]
FromOption: TypeAlias = Annotated[
    str | None, typer.Option("--valid-from", help="First moment at which the facts hold.")
]
UntilOption: TypeAlias = Annotated[
    str | None, typer.Option("--valid-until", help="Last day on which the facts hold, or the moment they end.")
]
AudienceOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--audience", help="Who may be answered from the facts; may be repeated.")
]
DoubtfulOption: TypeAlias = Annotated[
    bool,
    typer.Option("--doubtful", help="Propose statements too about which something looks wrong, tagged doubtful."),
]
WorkOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--work",
        metavar="FILE",
        help="Keep the model's answers here; they are left behind.",
        show_default="in the knowledge base's folder, until the document is done",
    ),
]
EncodingOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--encoding", help=f"Of files without a byte order mark: {', '.join(ENCODINGS)}.", show_default="UTF-8"
    ),
]
HiddenOption: TypeAlias = Annotated[
    bool, typer.Option("--drop-hidden", help="Take out characters that nobody sees, where a file would be refused.")
]


def extract(
    files: FilesArgument,
    model: WriterOption = None,
    write_adapter: AdapterOption = None,
    trust: TrustOption = "normal",
    tag: TagsOption = None,
    valid_from: FromOption = None,
    valid_until: UntilOption = None,
    audience: AudienceOption = None,
    doubtful: DoubtfulOption = False,
    work: WorkOption = None,
    encoding: EncodingOption = None,
    drop_hidden: HiddenOption = False,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Let a model propose the facts that documents state.

    It reads sentence by sentence, and all it writes is a proposal with the sentence as its evidence (`addenda show ID`
    quotes it). What is known already is left out, and what contradicts live knowledge is shown beside it. Started again
    after it was stopped, it goes on where it was. A model behind an address gets the sentences sent to it.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file, model=model, write_adapter=write_adapter)
    call.refuse_remote(model=model, write_adapter=write_adapter, work=work)
    if trust not in get_args(Trust):
        raise InvalidInput(f"--trust {trust!r} is unknown; it can be {', '.join(get_args(Trust))}")
    terms = Terms(
        trust=cast("Trust", trust),
        tags=tuple(tag or ()),
        valid_from=parse_moment(valid_from, "--valid-from"),
        valid_until=parse_moment(valid_until, "--valid-until", whole_day=True),
        audience=tuple(audience or (EVERYONE,)),
        doubtful=doubtful,
    )
    documents = [read_document(file, encoding=encoding, drop_hidden=drop_hidden) for file in files]
    asked = _Asked(terms, work, reason, dry_run)
    described: list[dict[str, object]] = []
    for came in (_extract_there if call.is_remote else _extract_here)(call, documents, asked):
        described.append(came.document)
        if not as_json:
            _show(call.out, came, dry_run=dry_run)
    if as_json:
        counts = {name: sum(cast("int", one[name]) for one in described) for name in _LABELS}
        call.out.result({"dry_run": dry_run, **counts, "documents": described})


@dataclass(frozen=True, slots=True)
class _Asked:
    """On which terms facts are taken."""

    terms: Terms
    work: Path | None
    reason: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class _Came:
    """What a document came to."""

    document: dict[str, object]
    """For JSON."""
    rows: Sequence[tuple[str, str, str]]
    """Line, statement, and what became of it."""
    problems: Sequence[tuple[str, str]] = ()
    """Line, and what was not understood."""


def _extract_here(call: Call, documents: Sequence[SourceDocument], asked: _Asked) -> Iterator[_Came]:
    """Take facts with the folder's own model, one document after another."""
    with call.open() as opened:
        person = call.person_if_any(opened) if asked.dry_run else call.person(opened)
        by = person or next(iter(opened.state.people.values()))  # in a dry run nobody acts, so anybody will do
        for document in documents:
            with call.out.progress() as progress:
                found = opened.extracting.run(
                    document,
                    by=by,
                    terms=asked.terms,
                    work=asked.work,
                    reason=asked.reason,
                    progress=progress,
                    dry_run=asked.dry_run,
                )
            lines = {taken.addendum.id: taken.line for taken in found.taken}
            rows = [
                (str(t.line), says(t.fact), "; ".join(_became(t, lines, dry_run=asked.dry_run))) for t in found.taken
            ]
            yield _Came(_described(document, found), rows, [(str(one.line), one.why) for one in found.problems])


def _extract_there(call: Call, documents: Sequence[SourceDocument], asked: _Asked) -> Iterator[_Came]:
    """Have a server take facts, one document after another; what it left out, only it knows."""
    terms = asked.terms
    with call.client() as client:
        for document in documents:
            with call.out.progress() as progress:
                done = client.extract(
                    document.title,
                    document.text,
                    source=document.source,
                    doubtful=terms.doubtful,
                    trust=terms.trust,
                    tags=terms.tags,
                    valid_from=terms.valid_from,
                    valid_until=terms.valid_until,
                    audience=terms.audience,
                    reason=asked.reason,
                    dry_run=asked.dry_run,
                ).wait(progress=progress)
            fresh = () if asked.dry_run else done.proposed
            rows = [_row_there(client.show(i), f"proposed as {i}") for i in fresh]
            # In a dry run, what is said twice in a document is the same as something that was not proposed.
            there = [i for i in dict.fromkeys(done.duplicates) if i not in done.proposed]
            rows += [("", client.show(i).says, f"already there as {i}") for i in there]
            yield _Came(_described_there(document, done), rows)


def _row_there(one: AddendumDetail, became: str) -> tuple[str, str, str]:
    line = next((quoted.line for quoted in one.quoted if quoted.line is not None), None)
    contradicts = [f"contradicts {old}" for old in one.supersedes]
    return "" if line is None else str(line), one.says, "; ".join([became, *contradicts])


_LABELS: Mapping[str, str] = {
    "sentences": "sentences",
    "statements": "statements",
    "proposed": "proposed",
    "contradicting": "of these contradict what is live",
    "duplicates": "already there",
    "doubtful": "doubtful, left out",
    "refused": "refused",
    "problems": "problems",
}
"""The numbers of the result, and what they are called."""


def _counts(found: Extraction) -> dict[str, int]:
    return {
        "sentences": found.sentences,
        "statements": len(found.taken),
        "proposed": found.count("proposed"),
        "contradicting": found.contradicting,
        "duplicates": found.count("duplicate"),
        "doubtful": found.count("doubtful"),
        "refused": found.count("refused"),
        "problems": len(found.problems),
    }


def _described(document: SourceDocument, found: Extraction) -> dict[str, object]:
    """What a document came to, for JSON."""
    return {
        "file": document.source,
        "title": document.title,
        "id": found.document_id,
        "was_there": found.reused,
        **_counts(found),
        "resumed": found.resumed,
        "unanswered": found.unanswered,
        "work": None if found.work is None else str(found.work),
        "found": [_one(taken) for taken in found.taken],
        "not_understood": [{"line": problem.line, "what": problem.why} for problem in found.problems],
    }


def _described_there(document: SourceDocument, done: ExtractResult) -> dict[str, object]:
    """The same of a server; a job keeps no content, so what it found is in the proposals alone."""
    return {
        "file": document.source,
        "title": document.title,
        "id": done.document,
        "was_there": done.was_there,
        "sentences": done.sentences,
        "statements": done.statements,
        "proposed": len(done.proposed),
        "contradicting": done.contradicting,
        "duplicates": len(done.duplicates),
        "doubtful": done.doubtful,
        "refused": done.refused,
        "problems": done.problems,
        "resumed": done.resumed,
        "unanswered": done.unanswered,
        "work": None,
        "found": None,
        "not_understood": None,
    }


def _one(taken: Taken) -> dict[str, object]:
    addendum = taken.addendum
    return {
        "id": addendum.id if taken.fate == "proposed" else None,
        "fate": taken.fate,
        "says": says(taken.fact),
        "content": taken.fact.model_dump(mode="json"),
        "source": addendum.source,
        "line": taken.line,
        "sentence": taken.sentence,
        "sentences": taken.sentences,
        "trust": addendum.trust,
        "doubts": list(taken.doubts),
        "why": taken.why,
        "duplicate_of": taken.duplicate_of,
        "contradicts": [{"id": old.id, "live": old.value} for old in taken.replaces],
        "warnings": list(taken.warnings),
    }


def _show(out: Output, came: _Came, *, dry_run: bool) -> None:
    """The result of one document in words, and what to do next."""
    described = came.document
    if came.problems:
        out.show(table(("line", "not understood"), came.problems[:_SHOWN]))
        if len(came.problems) > _SHOWN:
            out.note(f"and {len(came.problems) - _SHOWN} more; --json shows all")
    shown = [table(("line", "statement", "what became of it"), came.rows)] if came.rows else []
    labels = {**_LABELS, "proposed": "would be proposed"} if dry_run else _LABELS
    counts = [(label, str(described[name])) for name, label in labels.items()]
    out.result(described, f"{described['file']}: {_headline(described)}", *shown, pairs(counts))
    if described["unanswered"]:
        out.warn(f"sentences without a usable answer: {described['unanswered']}; run it again to ask about them again")
    if described["work"] is not None:
        out.note(f"the answers of the model are left in {described['work']!r}")
    if described["proposed"] and not dry_run:
        prefix = shlex.quote(f"{described['file']}, line")
        out.note(
            f"next, somebody else: `addenda show ID` quotes the sentence; `addenda approve --all --source {prefix}`"
        )


def _headline(described: Mapping[str, object]) -> str:
    if not described["statements"]:
        return "the model found nothing to write down"
    if described["id"] is None:
        return "the document is not there yet"
    return f"the document {'was there already' if described['was_there'] else 'was proposed'} as {described['id']}"


def _became(taken: Taken, lines: Mapping[str, int], *, dry_run: bool) -> Iterator[str]:
    """What became of a statement, in words.

    Args:
        taken: The statement.
        lines: The lines of all statements of the document, by id.
        dry_run: Whether nothing was proposed.
    """
    match taken.fate:
        case "proposed":
            yield "would be proposed" if dry_run else f"proposed as {taken.addendum.id}"
        case "duplicate":
            same = taken.duplicate_of or ""
            yield f"the same as in line {lines[same]}" if same in lines else f"already there as {same}"
        case "refused":
            yield f"refused: {taken.why}"
        case "doubtful":
            yield "left out"
    yield from (f"contradicts {old.id}: {old.value} -> {taken.fact.object}" for old in taken.replaces)
    if taken.doubts:
        yield f"doubtful: {', '.join(taken.doubts)}"
    yield from taken.warnings
