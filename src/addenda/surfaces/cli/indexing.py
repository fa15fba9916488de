"""``reindex``: by what near names are found in the memory of triples."""

from __future__ import annotations

from typing import Annotated

import typer

from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ReasonOption, TokenOption, UrlOption
from addenda.surfaces.cli.ruling import carry_out


def reindex(
    encoder: Annotated[
        str | None,
        typer.Option(
            "--encoder",
            metavar="MODEL",
            help="A sentence-transformers model, by name or folder (on the server, with --url).",
            show_default="none: names are compared letter by letter",
        ),
    ] = None,
    entity: Annotated[
        float | None, typer.Option("--entity-threshold", help="Least similarity of a name.", show_default="as it is")
    ] = None,
    relation: Annotated[
        float | None,
        typer.Option("--relation-threshold", help="Least similarity of a relation.", show_default="as it is"),
    ] = None,
    mean: Annotated[
        float | None, typer.Option("--mean-threshold", help="Least mean of the two.", show_default="as it is")
    ] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Enter the names of the memory of triples into an index.

    It compares them letter by letter, or by what an encoder makes of them. An encoder's similarities are on a scale of
    their own, so give thresholds with it. Exact names are found first with either.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    given = {"entity_threshold": entity, "relation_threshold": relation, "mean_threshold": mean}
    thresholds = {name: value for name, value in given.items() if value is not None}
    into = "the lexical index" if encoder is None else f"an index of the encoder {encoder!r}"
    name = carry_out(
        call,
        lambda opened, by: opened.reindex(encoder, by=by, thresholds=thresholds, reason=reason),
        lambda client: client.reindex(encoder, thresholds=thresholds, reason=reason).wait().index,
        would=f"would enter all names into {into}",
        dry_run=dry_run,
    )
    if name is None:
        return
    document: dict[str, object] = {"index": name, "thresholds": thresholds}
    call.out.result(document, f"the names are in the index {name!r}")
