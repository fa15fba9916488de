"""What the page about REST shows works: its commands are run as they stand there, against a server that was started as
it says.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from addenda.knowledge_base import KnowledgeBase, Policy
from addenda.ledger import Rule

PAGE = Path(__file__).resolve().parents[3] / "docs" / "rest.md"


def started(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], str, str]:
    """A server in a process of its own: the process, its address, and what it said."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ADDENDA_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "addenda.surfaces.cli", "serve", "--port", "0", *arguments],
        cwd=folder, env=clean, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C" in line:
            break
    found = re.search(r"address\s+(http://\S+)", said)
    assert found, said
    return process, found[1], said


def stopped(process: subprocess.Popen[str]) -> int:
    """The exit code of a server that is asked to end."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    return process.returncode


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment in which the page's commands are run."""
    process, address, said = started(tmp_path)
    try:
        token = re.search(r"token\s+(addenda_\S+)", said)
        assert token, said
        with KnowledgeBase.open(tmp_path / "addenda-kb") as kb:
            admin = kb.authenticate(token[1])
            kb.governance.set_policy(Policy(rules=(Rule(name="all", approval="one reviewer"),)), by=admin)
            people = {name: kb.governance.add_person(name, [name], by=admin).token for name in ("editor", "approver")}
        yield {
            "PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "URL": address, "ADMIN": token[1],
            **{name.upper(): str(given) for name, given in people.items()},
        }  # fmt: skip
    finally:
        assert stopped(process) in (0, -signal.SIGTERM)


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_commands_of_the_page_work(server: dict[str, str], tmp_path: Path) -> None:
    script = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    done = subprocess.run(
        ["bash", "-euc", script], cwd=tmp_path, env=server, capture_output=True, text=True, check=True, timeout=300
    )
    assert '"type":"urn:addenda:problem' not in done.stdout, done.stdout
    assert '"roles":["editor"]' in done.stdout
    told = [json.loads(line[6:]) for line in done.stdout.splitlines() if line.startswith("data: ")]
    assert told[-1]["state"] == "done"
    assert '"ok":true' in done.stdout


def test_a_second_server_finds_the_knowledge_base_and_shows_no_token(tmp_path: Path) -> None:
    first, _, said = started(tmp_path, "--kb", "support=./kb", "--create", "--new-token-file", "token")
    assert stopped(first) in (0, -signal.SIGTERM)
    assert "addenda_" not in said
    assert (tmp_path / "token").read_text().startswith("addenda_")
    second, _, said = started(tmp_path, "--kb", "support=./kb")
    assert stopped(second) in (0, -signal.SIGTERM)
    assert "token" not in said
