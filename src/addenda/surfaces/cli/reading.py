"""``read``: what the memory of triples holds about a name; no model is asked."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

import typer
from rich.console import RenderableType

from addenda.client.replies import TriplesFound, TripleShown
from addenda.errors import InvalidInput
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import JsonOption, KbOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import table
from addenda.surfaces.describing import parse_moment, stamp
from addenda.text import normalised
from addenda.types import EVERYONE

_HEADERS = ("subject", "relation", "object", "score", "addendum", "source", "author", "trust")
_FORM = "give SUBJECT RELATION, or --object NAME RELATION"


@dataclass(frozen=True, slots=True)
class _Query:
    """A relation, and the name on one of its sides."""

    subject: str | None
    relation: str
    object: str | None

    @property
    def name(self) -> str:
        return (self.object if self.subject is None else self.subject) or ""

    def __str__(self) -> str:
        if self.subject is None:
            return f"whose {self.relation} is {self.object}"
        return f"{self.relation} of {self.subject}"


def read(
    names: Annotated[
        list[str], typer.Argument(metavar="[SUBJECT] RELATION", help="A name, and what to look up about it.")
    ],
    object_: Annotated[
        str | None, typer.Option("--object", metavar="NAME", help="Look up whose RELATION this is; without SUBJECT.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="Read what held at this moment (UTC).", show_default="now")
    ] = None,
    audience: Annotated[str, typer.Option("--audience", help="Who reads.")] = EVERYONE,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the memory of triples holds about a name; no model is asked.

    This is what a model gets when it reads: triples under exactly these names or, where there are none, under names
    that are near. When too many names fit, only their number is given.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    query = _query(names, object_)
    moment = parse_moment(as_of, "--as-of")
    found, advice = (_asked if call.is_remote else _held)(call, query, moment, audience)
    triples = [{"id" if name == "addendum_id" else name: value for name, value in one} for one in found.triples]
    document: dict[str, object] = {
        **asdict(query),
        "as_of": stamp(moment),
        "audience": audience,
        "exact": found.exact,
        "too_broad": found.too_broad,
        "names": list(found.names),
        "triples": triples,
    }
    rows = [
        (h.subject, h.relation, h.object, f"{h.score:.3f}", h.addendum_id, h.source, h.author, h.trust)
        for h in found.triples
    ]
    call.out.result(document, *_in_words(query, rows, exact=found.exact, too_broad=found.too_broad))
    if advice:
        call.out.note(advice)


def _held(call: Call, query: _Query, moment: datetime | None, audience: str) -> tuple[TriplesFound, str]:
    """What the folder's memory holds, and what to try where that is nothing."""
    with call.open() as opened:
        found = opened.read(query, as_of=moment, audience=audience)
        declared = opened.state.registry.get(query.relation).declared
    triples = tuple(
        TripleShown(
            subject=hit.subject,
            relation=hit.relation,
            object=hit.object,
            score=hit.score,
            addendum_id=hit.addendum_id,
            source=hit.origin.source,
            author=hit.origin.author,
            trust=hit.origin.trust,
        )
        for hit in found.hits
    )
    told = TriplesFound(triples=triples, names=found.names, exact=found.exact, too_broad=found.too_broad)
    return told, _advice(query, declared=declared) if _is_empty(told) else ""


def _asked(call: Call, query: _Query, moment: datetime | None, audience: str) -> tuple[TriplesFound, str]:
    """The same of a server."""
    with call.client() as client:
        told = client.read(query.relation, subject=query.subject, object=query.object, as_of=moment, audience=audience)
        if not _is_empty(told):
            return told, ""
        names = [normalised(str(one.get("name", ""))) for one in client.relations().relations]
    return told, _advice(query, declared=normalised(query.relation) in names)


def _is_empty(told: TriplesFound) -> bool:
    return not told.triples and told.too_broad is None


def _query(names: list[str], object_: str | None) -> _Query:
    """What was asked. Raises InvalidInput when a side is missing, or both are given."""
    if len(names) != (2 if object_ is None else 1):
        given = ", ".join([*(repr(name) for name in names), *([] if object_ is None else [f"--object {object_!r}"])])
        raise InvalidInput(f"given was {given}; {_FORM}, each name in quotes when it has blanks")
    query = _Query(names[0] if object_ is None else None, names[-1], object_)
    if not query.name.strip() or not query.relation.strip():
        raise InvalidInput(f"a name is blank; {_FORM}")
    return query


def _in_words(
    query: _Query, rows: Sequence[Sequence[str]], *, exact: bool, too_broad: int | None
) -> Iterator[RenderableType]:
    """What was found, for people."""
    if too_broad is not None:
        yield f"too broad: {too_broad} names fit; give a more exact name or relation"
    elif not rows:
        yield "nothing is held"
    else:
        yield f"{query}: {'exact names' if exact else 'near names; nothing is held under exactly these'}"
        yield table(_HEADERS, rows)


def _advice(query: _Query, *, declared: bool) -> str:
    """What to try where nothing is held."""
    search = f"`addenda list --search {shlex.quote(query.name)}` finds what was proposed about it"
    if not declared:
        return f"{query.relation!r} is no declared relation; `addenda relation list` shows those that are, and {search}"
    return f"{search}; --as-of and --audience decide what can be seen"
