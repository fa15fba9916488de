"""Options and arguments that several commands share, each with its help text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

KbOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--kb", metavar="DIR", help="Folder of the knowledge base.", show_default="ADDENDA_KB, or addenda-kb"),
]
UrlOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help="Ask a server instead of a folder; URL#NAME.", show_default="ADDENDA_URL"
    ),
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
TokenOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--token-file", metavar="FILE", help="File with the token of who acts.", show_default="ADDENDA_TOKEN_FILE"
    ),
]
ModelOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--model", help="Where the model is now, if not where it was: bundled, or a folder."),
]
MemoriesOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--memories", help="The memory that carries facts: edits or triples; may be repeated."),
]
DryRunOption: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")]
ReasonOption: TypeAlias = Annotated[str, typer.Option("--reason", help="Why; it stays in the history.")]
NewTokenOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--new-token-file", metavar="FILE", help="Write the new token here (0600) instead of printing it."),
]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", help="Do not ask, even on a terminal.")]
IdsArgument: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Ids, or unique beginnings of them; - reads ids from stdin.")
]
IdsOrAllArgument: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID...]", help="Ids, or unique beginnings of them; - reads ids from stdin."),
]
AllOption: TypeAlias = Annotated[bool, typer.Option("--all", help="Take all that this command can be applied to.")]
StatusOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--status", help="Only those of this status; may be repeated.")
]
TagOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--tag", help="Only those with this tag; may be repeated.")
]
SourceOption: TypeAlias = Annotated[
    str | None, typer.Option("--source", help="Only those whose source begins with this, for example a file's name.")
]
