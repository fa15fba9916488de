"""``serve``: every way in over HTTP, in one process."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from addenda.errors import InvalidInput, MissingDependency
from addenda.knowledge_base import DATABASE_FILE, KnowledgeBase, is_remote
from addenda.surfaces.cli.context import Call, begin, new_token_file
from addenda.surfaces.cli.options import JsonOption, NewTokenOption
from addenda.surfaces.cli.output import pairs
from addenda.surfaces.hosting import Hosting, Place
from addenda.types import MemoryName

_CARRIED: tuple[MemoryName, ...] = ("edits", "triples")
"""What carries facts in a knowledge base that is made here; notes and documents have a memory each in any case."""

_NEEDS = (
    "serving needs libraries of the extra `server`, and {name!r} is not installed; run: pip install 'addenda[server]'"
)


def serve(
    kb: Annotated[
        list[str] | None,
        typer.Option(
            "--kb",
            metavar="[NAME=]FOLDER",
            help="A knowledge base, and its name in addresses; may be repeated.",
            show_default="ADDENDA_KB, named default",
        ),
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on.", show_default="ADDENDA_HOST, or 127.0.0.1")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Port.", show_default="ADDENDA_PORT, or 8331")
    ] = None,
    public: Annotated[
        bool,
        typer.Option(
            "--public",
            help="Allow an address that other machines reach: TLS is in front, and everybody has their own token.",
        ),
    ] = False,
    create: Annotated[
        bool,
        typer.Option("--create", help="Make the folders that are not there, with the bundled model."),
    ] = False,
    admin: Annotated[str, typer.Option("--admin", help="With --create: name of the first admin.")] = "admin",
    token_file: NewTokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Serve everything over HTTP, in one process, until it is stopped.

    Without any knowledge base at the usual place, one is made there, and its first admin's token is shown this once. It
    listens on this machine only, unless it is told otherwise.
    """
    call = begin(None, as_json=as_json)
    given: dict[str, object] = {"host": host, "port": port, "public": public or None}
    settings = call.settings.model_copy(update={name: value for name, value in given.items() if value is not None})
    try:
        from addenda.surfaces.http import check_listening, provided_in
        from addenda.surfaces.http import serve as listen
    except ModuleNotFoundError as error:
        raise MissingDependency(_NEEDS.format(name=error.name)) from error
    # What cannot be served is said before a knowledge base is made or opened.
    check_listening(settings)
    provided_in(settings)
    places = _places(call, kb or ())
    made = _make_missing(call, places, create=create or not kb, admin=admin, token_file=token_file)
    with Hosting(places) as hosting:

        def started(address: str) -> None:
            _tell(call, address, places, made, admin=admin, token_file=token_file)

        listen(hosting, settings, started=started)


def _places(call: Call, given: Sequence[str]) -> Mapping[str, Place]:
    """The knowledge bases by name. Raises InvalidInput when a name is given twice, or several have none."""
    if not given:
        return {"default": Place(call.directory, call.database, call.choice)}
    found: dict[str, Place] = {}
    for one in given:
        name, sign, folder = one.partition("=")
        if not sign:
            name, folder = "default", one
        if name in found:
            raise InvalidInput(f"two knowledge bases are called {name!r}; name them: --kb sales=./sales --kb hr=./hr")
        found[name] = Place(Path(folder), choice=call.choice)
    return found


def _make_missing(
    call: Call, places: Mapping[str, Place], *, create: bool, admin: str, token_file: Path | None
) -> Mapping[str, str]:
    """Make the knowledge bases that are not there; the first token of each by its name."""
    tokens: dict[str, str] = {}
    model = call.settings.model
    missing = {name: place for name, place in places.items() if not _is_there(place)}
    if missing and not create:
        named = ", ".join(repr(str(place.directory)) for place in missing.values())
        raise InvalidInput(f"there is no knowledge base in {named}; add --create to make it, or correct the folder")
    if len(missing) > 1 and token_file is not None:
        raise InvalidInput("--new-token-file is one file, and several knowledge bases are to be made; leave it out")
    for name, place in missing.items():
        with new_token_file(token_file) as keep:
            founded = KnowledgeBase.create(
                place.directory,
                admin=admin,
                model=model,
                memories=None if is_remote(model) else _CARRIED,
                database=place.database,
                choice=place.choice,
            )
            founded.knowledge_base.close()
            keep(founded.token)
        tokens[name] = founded.token
    return tokens


def _tell(
    call: Call,
    address: str,
    places: Mapping[str, Place],
    made: Mapping[str, str],
    *,
    admin: str,
    token_file: Path | None,
) -> None:
    """Say where to look, and show each first token this once."""
    document: dict[str, object] = {
        "address": address,
        "knowledge_bases": [
            {
                "name": name,
                "directory": str(place.directory),
                "made": name in made,
                "admin": admin if name in made else None,
                "token": None if token_file else made.get(name),
                "token_file": str(token_file) if token_file and name in made else None,
            }
            for name, place in places.items()
        ],
    }
    rows = [("address", address), *(("knowledge base", f"{n}: {place.directory}") for n, place in places.items())]
    rows += [
        ("web page", address + "/"),
        ("OpenAI's API", f"{address}/v1"),
        ("agents (MCP)", f"{address}/mcp"),
        ("REST", f"{address}/api/v1/openapi.json"),
        ("health", f"{address}/health"),
    ]
    for name, token in made.items():
        rows += [("made", name), ("admin", admin)]
        rows.append(("token", token) if token_file is None else ("token file", str(token_file)))
    call.out.result(document, pairs(rows))
    sys.stdout.flush()  # whoever reads it through a pipe waits for it
    if made and token_file is None:
        call.out.warn("the token is shown this once; keep it in a file that only its owner can read")
    call.out.note("Ctrl-C ends it")


def _is_there(place: Place) -> bool:
    return place.database is not None or (place.directory / DATABASE_FILE).is_file()
