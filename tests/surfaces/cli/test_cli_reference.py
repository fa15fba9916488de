"""The table of commands, the help, and the page that documents them say the same as the commands."""

from __future__ import annotations

import inspect

import pytest
import typer
from typer.core import TyperGroup

from addenda._version import __version__
from addenda.surfaces.cli.app import ALONE, COMMANDS, Entry, build
from addenda.surfaces.cli.reference import reference
from tests.surfaces.cli.desk import ROOT, in_process

ASKED_FOR = (
    "init import extract reflect observe learn propose list show history approve reject test activate disable enable "
    "rollback expire ask explain "
    "export verify doctor demo"
).split()
WRITING = (
    "init import extract reflect observe learn propose approve reject test activate disable enable rollback expire "
    "erase export head person policy setting threshold relation suite reindex"
).split()


def commands() -> dict[str, object]:
    """Every command by its whole name."""
    app = typer.main.get_command(build())
    assert isinstance(app, TyperGroup)
    found = {}
    for name, command in app.commands.items():
        if isinstance(command, TyperGroup):
            found |= {f"{name} {inner}": one for inner, one in command.commands.items()}
        else:
            found[name] = command
    return found


def options(command: object) -> set[str]:
    """The options of a command."""
    return {option for parameter in command.params for option in parameter.opts}  # type: ignore[attr-defined]


def test_every_command_that_was_promised_is_there() -> None:
    assert set(ASKED_FOR) <= {entry.name for entry in COMMANDS}
    assert len({entry.name for entry in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_the_table_says_what_the_command_says(entry: Entry) -> None:
    found = entry.load()
    if not isinstance(found, typer.Typer):
        assert inspect.cleandoc(found.__doc__ or "").partition("\n")[0] == entry.help


def test_every_command_has_the_common_options() -> None:
    for name, command in commands().items():
        assert "--json" in options(command), name
        assert "--kb" in options(command) or name in {"demo", "train write", "train read"}, name
        writes = name.split()[0] in WRITING and name.split()[-1] not in {"list", "show", "tokens"}
        assert ("--dry-run" in options(command)) == writes, name


def test_every_command_asks_a_server_or_says_why_not() -> None:
    assert {name for name, command in commands().items() if "--url" not in options(command)} == set(ALONE)
    for name, why in ALONE.items():
        refused = in_process(*name.split(), "--url", "http://127.0.0.1:1")
        assert (refused.code, f"`addenda {name}` cannot ask a server: it {why}" in refused.err) == (2, True), refused


def test_no_command_takes_a_token_as_an_argument() -> None:
    assert [name for name, command in commands().items() if "--token" in options(command)] == []


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == reference(), "run: python -m addenda.surfaces.cli.reference > docs/cli.md"


def test_the_page_names_every_option() -> None:
    page = reference()
    for name, command in commands().items():
        assert f"`addenda {name}" in page
        assert [option for option in options(command) if option.startswith("-") and option not in page] == []


def test_help_and_version() -> None:
    top = in_process("--help")
    assert top.code == 0
    assert [entry.name for entry in COMMANDS if f" {entry.name} " not in top.out] == []
    assert in_process("--version").out == f"addenda {__version__}\n"
    assert in_process().code == 2
    assert in_process("person").code == 2
    assert "--role" in in_process("person", "add", "--help").out
    assert "costs no good row" in in_process("import", "--help").out


def test_a_shell_can_complete_the_options_of_a_command() -> None:
    env = {"_ADDENDA_COMPLETE": "complete_bash", "COMP_WORDS": "addenda import --st", "COMP_CWORD": "2"}
    assert "--strict" in in_process(env=env).out
