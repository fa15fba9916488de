"""A knowledge base with three people, and the command line to work on it with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from addenda.knowledge_base import KnowledgeBase
from addenda.surfaces.cli.app import run
from tests.knowledge_base.office import TEAM, found

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("ADDENDA_KB", "ADDENDA_URL", "ADDENDA_TOKEN", "ADDENDA_TOKEN_FILE", "ADDENDA_MODEL", "NO_COLOR", "FORCE_COLOR")


@dataclass(frozen=True)
class Outcome:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on stdout; a call that failed has none."""
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, str]:
        """The error as JSON on stderr, the only thing there."""
        assert self.out == ""
        return json.loads(self.err)["error"]


def in_process(*arguments: str, given: str = "", env: dict[str, str | None] | None = None) -> Outcome:
    """Run the real application in this process, with streams of its own."""
    runner = CliRunner(env={**dict.fromkeys(NAMES), **(env or {})})
    with runner.isolation(input=given) as (out, err, _):
        try:
            code = run(arguments)
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
        sys.stdout.flush()
        sys.stderr.flush()
        return Outcome(code, out.getvalue().decode(), err.getvalue().decode())


def environment(**more: str) -> dict[str, str]:
    """The environment of a process that finds the source tree, and no settings of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name not in NAMES}
    quiet = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": str(ROOT / "src")}
    return {**kept, **quiet, **more}


def as_process(
    *arguments: str, given: str | None = None, env: dict[str, str] | None = None, user: int | None = None
) -> Outcome:
    """Run the command in a process of its own, without a terminal, perhaps as another user of the system."""
    done = subprocess.run(
        [sys.executable, "-m", "addenda.surfaces.cli", *arguments],
        input="" if given is None else given,
        capture_output=True,
        text=True,
        env=environment(**(env or {})),
        user=user,
        check=False,
        timeout=300,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Desk:
    """One knowledge base: Ana is admin and editor, Ben and Cho are approvers."""

    directory: Path

    @classmethod
    def made(cls, directory: Path, model: Path) -> Desk:
        """Found it; every token lies in a file that only its owner can read."""
        found(directory, str(model))
        tokens = json.loads((directory / "tokens.json").read_text())
        for name in TEAM:
            path = directory / f"{name}.token"
            path.touch(0o600)
            path.write_text(tokens[name] + "\n")
        return cls(directory)

    def copied(self, directory: Path) -> Desk:
        """A copy to work on."""
        shutil.copytree(self.directory, directory)
        return Desk(directory)

    @property
    def kb(self) -> str:
        """The folder of the knowledge base."""
        return str(self.directory / "kb")

    def token(self, name: str) -> str:
        """Path of a person's token file."""
        return str(self.directory / f"{name}.token")

    def arguments(self, *arguments: str, by: str | None = None) -> list[str]:
        """A call on this knowledge base, by somebody."""
        who = [] if by is None else ["--token-file", self.token(by)]
        return [*arguments, "--kb", self.kb, *who]

    def run(self, *arguments: str, by: str | None = None, given: str = "") -> Outcome:
        """Run a command in this process."""
        return in_process(*self.arguments(*arguments, by=by), given=given)

    def json(self, *arguments: str, by: str | None = None, given: str = "", code: int = 0) -> dict[str, Any]:
        """Run a command with --json and return its result."""
        done = self.run(*arguments, "--json", by=by, given=given)
        assert done.code == code, done
        return done.json

    def process(self, *arguments: str, by: str | None = None, env: dict[str, str] | None = None) -> Outcome:
        """Run a command in a process of its own."""
        return as_process(*self.arguments(*arguments, by=by), env=env)

    def proposed(self, value: str = "41 dB", subject: str = "Velmor Tasky", relation: str = "noise level") -> str:
        """Ana proposes a fact; its id."""
        return self.json("propose", subject, relation, value, by="Ana")["id"]

    def approved(self, value: str = "41 dB", subject: str = "Velmor Tasky", relation: str = "noise level") -> str:
        """Ana proposes, Ben approves."""
        made = self.proposed(value, subject, relation)
        assert self.json("approve", made, by="Ben")["approved"] == [made]
        return made

    def live(self, value: str = "41 dB", subject: str = "Velmor Tasky", relation: str = "noise level") -> str:
        """All the way to active."""
        made = self.approved(value, subject, relation)
        assert self.json("activate", made, by="Ben")["active"] == [made]
        return made

    def status(self, addendum_id: str) -> str:
        """Where it stands."""
        return self.json("show", addendum_id)["status"]

    def head(self) -> str:
        """Where the chain ends."""
        with KnowledgeBase.open(self.kb) as kb:
            return str(kb.ledger.head())
