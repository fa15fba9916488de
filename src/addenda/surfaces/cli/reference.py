"""``docs/cli.md``: the reference of every command, made from the commands themselves.

``python -m addenda.surfaces.cli.reference > docs/cli.md`` writes it; a test compares the two.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from addenda.surfaces.cli.app import COMMANDS, build

_INTRODUCTION = """\
# The command line

`addenda COMMAND --help` shows the same as this page, which is made from the commands.

## What holds for every command

- **Where.** `--kb DIR`, or `ADDENDA_KB`; otherwise `addenda-kb` in the present folder. The other settings are in
  [settings.md](settings.md); an option wins over the environment.
- **Who acts.** A token says who acts. It comes from `--token-file FILE`, `ADDENDA_TOKEN_FILE` or `ADDENDA_TOKEN`, and
  never from an argument, because arguments can be seen in the list of processes. Commands that only read (`list`,
  `show`, `history`, `export`, `ask`, `explain`, `verify`, `head`, `doctor`, and `list` and `show` of every group) need
  none: here the knowledge base is a folder, and whoever can read the folder can read what is in it. Protect the folder
  as you protect what it says. A server with accounts of its own is another way in.
- **What comes out.** Results go to stdout, everything else (tables of problems, progress, warnings, what to do next) to
  stderr. With `--json` stdout holds exactly one JSON object on one line; an error then is
  `{"error": {"type": ..., "message": ...}}` on stderr, and stdout stays empty. There are no colours without a terminal,
  or with `NO_COLOR`. Characters that nobody sees are written out, for example `‹U+200D›`.
- **Ids.** An id may be shortened as long as it fits one addendum. Several may be given; `-` reads them from stdin. For
  `approve`, `test` and `activate` there is `--all`, narrowed by `--status`, `--tag` and `--source`.
- **Trying first.** `--dry-run` shows what a command would do and writes nothing. Of `approve`, `reject`, `disable`,
  `enable`, `rollback`, `expire` and `erase` it checks role and status, and not every rule of the policy.
- **Questions.** Only `rollback` and `erase` ask, only on a terminal, and not with `--yes`. No command waits for an
  answer where nobody can give one.
- **Moments** are ISO 8601, and UTC when they name no time zone. A date alone is its start, except for
  `--valid-until`, where the day is included, as in spreadsheets.

| exit code | meaning |
|---|---|
| 0 | done (also when there was nothing to do, and when a change of the rules now waits for a second person) |
| 1 | failure: not allowed, disk, model, a check of `verify` or `doctor` that failed, a fault in the software |
| 2 | usage, or input that cannot be used: an unknown id, a file that cannot be read, no usable row |
| 3 | conflict: the ledger moved, the state does not allow it, or something went back to review |
| 4 | the gate left at least one change behind (the others went on) |
| 130 | interrupted; what was reported as done is kept |

`import` gives 0 when rows were proposed even if others were refused. With `--strict` any refused row is a failure (2),
and nothing is proposed then. Importing the same file again proposes nothing twice.
"""


def reference() -> str:
    """The whole page."""
    parts = [_INTRODUCTION]
    panel = ""
    commands = typer.main.get_command(build())
    if not isinstance(commands, TyperGroup):
        raise TypeError("the application has no commands")
    for entry in COMMANDS:
        if entry.panel != panel:
            panel = entry.panel
            parts.append(f"## {panel}\n")
        command = commands.commands[entry.name]
        if isinstance(command, TyperGroup):
            parts.append(f"### `addenda {entry.name}`\n\n{entry.help}\n")
            inner = [(f"{entry.name} {name}", found) for name, found in command.commands.items()]
        else:
            inner = [(entry.name, command)]
        for name, found in inner:
            level = "####" if len(inner) > 1 else "###"
            parts.append("\n".join(_command(name, found.callback.__doc__ or "", found.params, level)))
    return "\n".join(parts).rstrip() + "\n"


def _command(name: str, text: str, parameters: Sequence[object], level: str) -> Iterator[str]:
    arguments = [p for p in parameters if isinstance(p, TyperArgument)]
    options = [p for p in parameters if isinstance(p, TyperOption) and not p.hidden]
    usage = " ".join([f"addenda {name}", *(str(a.metavar or (a.name or "").upper()) for a in arguments), "[OPTIONS]"])
    yield f"{level} `{usage}`\n"
    yield inspect.cleandoc(text) + "\n"
    rows = [(str(a.metavar or (a.name or "").upper()), a.help or "") for a in arguments]
    rows += [(_option(o), _help(o)) for o in options]
    yield "| | |\n|---|---|"
    yield from (f"| `{left}` | {right} |".replace("{subject}", "`{subject}`") for left, right in rows)
    yield ""


def _option(option: TyperOption) -> str:
    names = ", ".join(option.opts)
    return names if option.is_flag else f"{names} {option.metavar or 'VALUE'}"


def _help(option: TyperOption) -> str:
    default = option.show_default if isinstance(option.show_default, str) else option.default
    said = isinstance(default, str | int | Path) and not isinstance(default, bool) and default not in ("", None)
    shown = f" (default: {default})" if said else ""
    required = " **Required.**" if option.required else ""
    return f"{option.help or ''}{required}{shown}"


if __name__ == "__main__":
    sys.stdout.write(reference())
