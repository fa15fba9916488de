"""``mcp``: the knowledge base as tools for an agent that starts this program."""

from __future__ import annotations

from typing import Annotated

import typer

from addenda.errors import MissingDependency, PermissionDenied
from addenda.surfaces.cli.context import begin
from addenda.surfaces.cli.options import JsonOption, KbOption, ModelOption, TokenOption
from addenda.surfaces.hosting import Hosting, Place
from addenda.types import EVERYONE

_NAME = "kb"


def mcp(
    audience: Annotated[str, typer.Option("--audience", help="Who the agent may read for.")] = EVERYONE,
    model: ModelOption = None,
    kb: KbOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve the knowledge base to an agent on stdin and stdout (Model Context Protocol).

    The agent acts for whoever the token belongs to: it can look, and it can propose. It cannot approve, activate, roll
    back or erase, and neither can that person alone approve what it proposed. Stdout belongs to the protocol;
    everything else is written to stderr.
    """
    call = begin(kb, as_json=as_json, token_file=token_file, model=model)
    call.refuse_server()
    try:
        from addenda.surfaces.mcp.stdio import serve_stdio
    except ModuleNotFoundError as error:
        raise MissingDependency(
            f"serving agents needs the library {error.name!r}, which is not installed; run: pip install "
            "'addenda[server]'"
        ) from error
    token = call.settings.read_token()
    if token is None:
        raise PermissionDenied(
            "an agent acts for a person, and nobody said for whom; set ADDENDA_TOKEN_FILE to the file with a token, or "
            "give --token-file FILE"
        )
    with Hosting({_NAME: Place(call.directory, call.database, call.choice)}) as hosting:
        serve_stdio(hosting.get(), token, audience=audience)
