"""What every chapter of the demo begins with: an empty directory, two people, and the machine's name."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase
from addenda.ledger import Person, Policy, Rule


def make_room(directory: Path, mark: str, *, force: bool) -> None:
    """Make an empty directory, in place of an earlier run of the same chapter, which has the file ``mark`` in it.

    With ``force`` whatever is there is replaced. Raises InvalidInput when it holds something else.
    """
    if directory.exists() and not directory.is_dir():
        raise InvalidInput(f"{str(directory)!r} is a file; name a directory")
    if directory.exists() and any(directory.iterdir()):
        if not force and not (directory / mark).is_file():
            raise InvalidInput(
                f"{str(directory)!r} holds something that is no earlier demo of this chapter; name another directory, "
                "or pass --force"
            )
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)


def two_people(kb: KnowledgeBase, token: str) -> tuple[Person, Person]:
    """Ana, the admin whose token this is, proposes; Ben approves: one reviewer for everything, never the proposer."""
    ana = kb.authenticate(token)
    policy = Policy(rules=(Rule(name="one reviewer", approval="one reviewer"),))
    kb.governance.set_policy(policy, by=ana, reason="demo")
    ben = kb.governance.add_person("Ben", ["approver"], by=ana, reason="demo")
    if ben.token is None:
        raise RuntimeError("a new person has a token")
    return ana, kb.authenticate(ben.token)


def this_machine() -> str:
    """The machine in a few words, for a report."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
