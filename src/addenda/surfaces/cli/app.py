"""The application: the table of commands, how a call is run, and what its failure looks like.

Only the module of the command that was called is imported, so that help and completion stay quick however much a
command needs; the others are known by their line in :data:`COMMANDS`, and a test holds those lines against the
commands.

Exit codes: 0 done; 1 failure; 2 usage, or input that cannot be used; 3 the ledger moved or the state does not allow
it; 4 the gate left a change behind; 130 interrupted. Errors go to stderr in words, or as one JSON object with
``--json``; stdout then stays empty.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import sys
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from addenda._version import __version__
from addenda.errors import AddendaError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect it."""

_PACKAGE = "addenda.surfaces.cli"
_EPILOG = (
    "Exit codes: 0 done; 1 failure; 2 usage or unusable input; 3 conflict; 4 the gate left a change behind. "
    "Settings come from ADDENDA_KB, ADDENDA_TOKEN_FILE and others; options win over them."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One command, or group of commands, of the application."""

    name: str
    module: str
    """Its module in this package."""
    help: str
    panel: str
    attribute: str = ""
    """What the function (or, for a group, the ``typer.Typer``) is called there, if not as the command."""

    def load(self) -> object:
        """The function, or the group, from its module."""
        return getattr(importlib.import_module(f"{_PACKAGE}.{self.module}"), self.attribute or self.name)


_START, _CHANGE, _LIVE, _LOOK, _ASK, _GOVERN, _CHECK = (
    "Start", "Propose and decide", "Make live and take back", "Look", "Ask", "Govern", "Check"
)  # fmt: skip

COMMANDS: tuple[Entry, ...] = (
    Entry("init", "making", "Make a new knowledge base and its first admin.", _START),
    Entry("serve", "serving", "Serve everything over HTTP, in one process, until it is stopped.", _START),
    Entry("demo", "demonstration", "Run the whole story on the bundled model and print a score card.", _START),
    Entry("import", "importing", "Propose the rows of a spreadsheet (xlsx or csv).", _CHANGE, "import_"),
    Entry("extract", "extracting", "Let a model propose the facts that documents state.", _CHANGE),
    Entry("reflect", "reflecting", "Make reflections of documents, from which a memory model learns them.", _CHANGE),
    Entry("observe", "observing", "Take in what came of answers, as evidence that notes are learned from.", _CHANGE),
    Entry("learn", "noting", "Learn notes from the observations there are, as proposals.", _CHANGE),
    Entry("propose", "proposing", "Propose one piece of knowledge.", _CHANGE),
    Entry("approve", "approving", "Approve proposals, under the policy in force.", _CHANGE),
    Entry("reject", "deciding", "Reject proposals, for a reason.", _CHANGE),
    Entry("test", "activating", "Run the gate on approved changes.", _LIVE, "gate"),
    Entry("activate", "activating", "Make approved changes live; what was not tested yet is tested first.", _LIVE),
    Entry("disable", "deciding", "Switch live addenda off until they are enabled.", _LIVE),
    Entry("enable", "deciding", "Switch disabled addenda on again.", _LIVE),
    Entry("rollback", "deciding", "Take addenda back for good; what they replaced holds again.", _LIVE),
    Entry("expire", "deciding", "End the validity of addenda, now or at a moment.", _LIVE),
    Entry("erase", "deciding", "Destroy the content of addenda; who and when remain.", _LIVE),
    Entry("list", "looking", "List addenda, newest first.", _LOOK, "list_"),
    Entry("show", "looking", "Show everything about one addendum.", _LOOK),
    Entry("history", "looking", "Show what happened to one addendum, in words.", _LOOK),
    Entry("read", "reading", "Show what the memory of triples holds about a name; no model is asked.", _LOOK),
    Entry("notes", "noting", "Show the notebook: the live notes, and what the observations say of each.", _LOOK),
    Entry("export", "exporting", "Write addenda to an xlsx, csv or json file.", _LOOK),
    Entry("ask", "asking", "Ask a question; the answer is on stdout, what contributed on stderr.", _ASK),
    Entry("explain", "asking", "Say what changed an answer, by asking again without each addendum.", _ASK),
    Entry("mcp", "tooling", "Serve the knowledge base to an agent on stdin and stdout (Model Context Protocol).", _ASK),
    Entry("train", "training", "Teach a model to write or read triples, or documents by heart.", "Train"),
    Entry("person", "people", "People, their roles and tokens.", _GOVERN),
    Entry("policy", "policies", "Whose approval a proposal needs.", _GOVERN),
    Entry("setting", "policies", "Changes of the rules that wait for a second person.", _GOVERN),
    Entry("threshold", "policies", "What the gate asks of a change.", _GOVERN),
    Entry("relation", "relations", "Relations: their values and the questions about them.", _GOVERN),
    Entry("suite", "suites", "The questions that the gate asks before every activation.", _GOVERN),
    Entry("reindex", "indexing", "Enter the names of the memory of triples into an index.", _GOVERN),
    Entry("verify", "checking", "Check the chain, the contents and the artefacts.", _CHECK),
    Entry("head", "checking", "Print where the chain ends, to be kept elsewhere for verify --head.", _CHECK),
    Entry("doctor", "diagnosis", "Check this machine and the knowledge base, and say what to do.", _CHECK),
)
"""Every command, in the order of the help."""

ALONE: Mapping[str, str] = {
    "init": "makes a folder on this machine; where a server is, `addenda serve --kb NAME=DIR --create` makes one",
    "serve": "is the server itself; start it where the folders are, with --kb DIR",
    "demo": "has a knowledge base of its own on this machine; leave --url out",
    "mcp": "serves a folder (--kb DIR); let the agent ask the server itself, at its path /mcp, with a token of its own",
    "train write": "learns from files on this machine and needs no knowledge base; leave --url out",
    "train read": "learns from files on this machine and needs no knowledge base; leave --url out",
    "doctor": "looks at this machine and into a folder (--kb DIR); a server says at its path /health how it does, and "
    "`addenda verify --url URL` checks what it keeps",
}
"""Commands that do not take ``--url``: why they cannot ask a server, and what to do instead."""


def build(load: Collection[str] | None = None) -> typer.Typer:
    """The application.

    Args:
        load: The commands whose modules are imported; the others are only known by name. All when None.
    """
    app = typer.Typer(name="addenda", no_args_is_help=True, epilog=_EPILOG, rich_markup_mode="markdown")
    app.callback()(_root)
    for entry in COMMANDS:
        if load is not None and entry.name not in load:
            app.command(entry.name, help=entry.help, rich_help_panel=entry.panel)(_not_loaded)
            continue
        found = entry.load()
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=entry.name, help=entry.help, rich_help_panel=entry.panel, no_args_is_help=True)
        elif callable(found):
            app.command(entry.name, rich_help_panel=entry.panel)(found)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one call and return its exit code. Errors that nobody raised on purpose pass."""
    named = next((word for word in arguments if not word.startswith("-")), "")
    as_json, known = "--json" in arguments, {entry.name for entry in COMMANDS}
    try:
        command = typer.main.get_command(build({named, *_being_completed()}))
        code: object = command.main(args=list(arguments), prog_name="addenda", standalone_mode=False)
    except typer.TyperException as error:
        if named in known and getattr(error, "option_name", None) == "--url":
            _report(_alone(named, arguments), "UsageError", as_json=as_json)
            return error.exit_code
        hint = f"; see `addenda {named} --help`" if named in known else ""
        if error.format_message():  # without a message, the help was shown already
            _report(error.format_message() + hint, "UsageError", as_json=as_json)
        return error.exit_code
    except AddendaError as error:
        _report(str(error), type(error).__name__, as_json=as_json)
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        _report("interrupted; what was reported as done is kept, nothing is half-done", "Interrupted", as_json=as_json)
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def main() -> int:
    """The entry point of the ``addenda`` script; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # Read when torch is loaded. Threads that wait by spinning make a busy machine ten times slower; these sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    sys.excepthook = _unexpected
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # who reads the output, for example `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _being_completed() -> list[str]:
    """The words that a shell asks to complete; none in a usual call."""
    return " ".join(os.environ.get(name, "") for name in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS")).split()


def _alone(named: str, arguments: Sequence[str]) -> str:
    """Why this call, which takes no ``--url``, cannot ask a server."""
    name = next(one for one in (*(f"{named} {word}" for word in arguments), named) if one in ALONE)
    return f"`addenda {name}` cannot ask a server: it {ALONE[name]}"


def _not_loaded() -> None:
    """Stand in for a command in the help of the whole application."""


def _print_version(asked: bool) -> None:
    if asked:
        Console(highlight=False).print(f"addenda {__version__}")
        raise typer.Exit


def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Knowledge added after the fact: proposed, approved, tested, made live, explained, and taken back."""


def _report(message: str, kind: str, *, as_json: bool) -> None:
    if as_json:
        sys.stderr.write(json.dumps({"error": {"type": kind, "message": message}}, ensure_ascii=False) + "\n")
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text.assemble(("error: ", "bold red"), message))


def _unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What is shown for an error that is a fault of the software: short, unless debugging is asked for."""
    if os.environ.get("ADDENDA_LOG_LEVEL", "").lower() == "debug":
        traceback.print_exception(kind, error, trace)
    _report(
        f"this is a fault in addenda {__version__}, not in your input: {kind.__name__}: {error}\n"
        "Please report it with the command you ran; ADDENDA_LOG_LEVEL=debug shows where it happened",
        "Fault",
        as_json="--json" in sys.argv,
    )
