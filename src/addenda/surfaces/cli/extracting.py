"""``extract``: a model reads documents and proposes what they state, each fact with the sentence it comes from."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, TypeAlias, cast, get_args

import typer

from addenda.errors import InvalidInput
from addenda.knowledge_base.extracting import ENCODINGS, Extraction, SourceDocument, Taken, Terms, read_document
from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption
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
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Let a model propose the facts that documents state.

    It reads sentence by sentence, and all it writes is a proposal with the sentence as its evidence (`addenda show ID`
    quotes it). What is known already is left out, and what contradicts live knowledge is shown beside it. Started again
    after it was stopped, it goes on where it was. A model behind an address gets the sentences sent to it.
    """
    call = begin(kb, as_json=as_json, token_file=token_file, model=model, write_adapter=write_adapter)
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
    described: list[dict[str, object]] = []
    with call.open() as opened:
        person = call.person_if_any(opened) if dry_run else call.person(opened)
        by = person or next(iter(opened.state.people.values()))  # in a dry run nobody acts, so anybody will do
        for document in documents:
            with call.out.progress() as progress:
                found = opened.extracting.run(
                    document, by=by, terms=terms, work=work, reason=reason, progress=progress, dry_run=dry_run
                )
            described.append(_described(document, found))
            if not as_json:
                _show(call.out, described[-1], found, dry_run=dry_run)
    if as_json:
        counts = {name: sum(cast("int", one[name]) for one in described) for name in _LABELS}
        call.out.result({"dry_run": dry_run, **counts, "documents": described})


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


def _show(out: Output, described: Mapping[str, object], found: Extraction, *, dry_run: bool) -> None:
    """The result of one document in words, and what to do next."""
    file = described["file"]
    if found.problems:
        rows = [(str(problem.line), problem.why) for problem in found.problems[:_SHOWN]]
        out.show(table(("line", "not understood"), rows))
        if len(found.problems) > _SHOWN:
            out.note(f"and {len(found.problems) - _SHOWN} more; --json shows all")
    lines = {taken.addendum.id: taken.line for taken in found.taken}
    rows = [(str(t.line), says(t.fact), "; ".join(_became(t, lines, dry_run=dry_run))) for t in found.taken]
    shown = [table(("line", "statement", "what became of it"), rows)] if rows else []
    labels = {**_LABELS, "proposed": "would be proposed"} if dry_run else _LABELS
    counts = [(labels[name], str(count)) for name, count in _counts(found).items()]
    out.result(described, f"{file}: {_headline(found)}", *shown, pairs(counts))
    if found.unanswered:
        out.warn(f"sentences without a usable answer: {found.unanswered}; run it again to ask about them again")
    if found.work is not None:
        out.note(f"the answers of the model are left in {str(found.work)!r}")
    if found.count("proposed") and not dry_run:
        prefix = shlex.quote(f"{file}, line")
        out.note(
            f"next, somebody else: `addenda show ID` quotes the sentence; `addenda approve --all --source {prefix}`"
        )


def _headline(found: Extraction) -> str:
    if not found.taken:
        return "the model found nothing to write down"
    if found.document_id is None:
        return "the document is not there yet"
    return f"the document {'was there already' if found.reused else 'was proposed'} as {found.document_id}"


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
