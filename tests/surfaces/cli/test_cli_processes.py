"""The command as a process: start-up, streams, terminals, interruptions, two writers, rights."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from addenda.knowledge_base import KnowledgeBase
from addenda.surfaces.cli.app import build
from tests.surfaces.cli.desk import ROOT, Desk, environment, in_process

HEAVY = "{'torch', 'transformers', 'safetensors', 'matplotlib'}"
NOBODY = 65534


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines in a fresh interpreter."""
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False, timeout=120)


def test_the_help_imports_no_command_and_reading_imports_no_model_library(desk: Desk) -> None:
    loaded = "import sys; sys.argv[0] = 'addenda'; from addenda.surfaces.cli import main; main(); "
    help_ = python(loaded + "print(sorted({'addenda.knowledge_base', 'sqlalchemy'} & set(sys.modules)))", "--help")
    assert help_.stdout.endswith("[]\n")
    listing = python(loaded + f"print(sorted({HEAVY} & set(sys.modules)))", *desk.arguments("list"))
    assert listing.stdout.endswith("[]\n"), listing.stderr


@pytest.mark.parametrize(
    ("given", "used"), [("pop('OMP_WAIT_POLICY')", "PASSIVE"), ("update(OMP_WAIT_POLICY='ACTIVE')", "ACTIVE")]
)
def test_waiting_threads_leave_the_processor_to_others_unless_told_otherwise(given: str, used: str) -> None:
    before = f"import os; os.environ.{given}; from addenda.surfaces.cli import main; main(); "
    assert python(before + "print(os.environ['OMP_WAIT_POLICY'])", "--version").stdout.splitlines()[-1] == used


def test_without_a_terminal_there_are_no_escapes(desk: Desk) -> None:
    desk.proposed()
    for call in (["doctor"], ["show", "zzz"]):
        done = desk.process(*call)
        assert "\x1b" not in done.out + done.err
        assert done.out + done.err != ""


def on_a_terminal(arguments: Sequence[str], typed: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Run the command on a terminal and type something; the exit code and what the terminal showed."""
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "addenda.surfaces.cli", *arguments]
    process = subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment(TERM="xterm", **(env or {}))
    )
    os.close(terminal)
    os.write(controller, typed.encode())
    shown: list[bytes] = []

    def read() -> None:
        try:
            while block := os.read(controller, 4096):
                shown.append(block)
        except OSError:  # how a terminal on Linux says that its last process has gone
            return

    reader = threading.Thread(target=read)
    reader.start()
    code = process.wait(timeout=120)
    reader.join(timeout=60)
    os.close(controller)
    return code, b"".join(shown).decode()


def test_a_terminal_gets_colours_unless_no_color_is_set(desk: Desk) -> None:
    desk.proposed()
    colourful = on_a_terminal(desk.arguments("list"), "")
    assert (colourful[0], "\x1b[36m" in colourful[1]) == (0, True)
    assert "\x1b[36m" not in on_a_terminal(desk.arguments("list"), "", {"NO_COLOR": "1"})[1]


def test_rollback_asks_on_a_terminal_and_nowhere_else(living: tuple[Desk, str]) -> None:
    desk, live = living
    refused = on_a_terminal(desk.arguments("rollback", live, by="Ben"), "n\n")
    assert refused[0] == 1
    assert "Take back for good" in refused[1]
    assert desk.status(live) == "active"
    assert on_a_terminal(desk.arguments("rollback", live, "--dry-run", by="Ben"), "")[0] == 0
    assert desk.process("rollback", live, by="Ben").code == 0
    assert desk.status(live) == "retired"


def test_yes_answers_the_question_before_it_is_asked(living: tuple[Desk, str]) -> None:
    desk, live = living
    code, shown = on_a_terminal(desk.arguments("rollback", live, "--yes", by="Ben"), "")
    assert (code, "Take back for good" in shown) == (0, False)


def unread(pipe: int) -> int:
    """How many bytes lie in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def interruptible() -> None:
    """Let a process be interrupted although the tests run in the background, where shells ignore interruptions."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interruption_is_exit_code_130(desk: Desk) -> None:
    command = [sys.executable, "-m", "addenda.surfaces.cli", *desk.arguments("approve", "-", by="Ben")]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        preexec_fn=interruptible,
    )
    assert process.stdin is not None
    head = desk.head()
    process.stdin.write("0123456789abcdef\n")
    process.stdin.flush()
    # Earlier an interruption can be lost: compiled code that checks values ignores it.
    while process.poll() is None and unread(process.stdin.fileno()):
        threading.Event().wait(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert desk.head() == head


def test_who_stops_reading_gets_no_error_message(desk: Desk) -> None:
    desk.proposed()
    for extra in ([], ["--json"]):
        reading, writing = os.pipe()
        os.close(reading)
        call = [sys.executable, "-m", "addenda.surfaces.cli", *desk.arguments("list", *extra)]
        done = subprocess.run(call, stdout=writing, stderr=subprocess.PIPE, env=environment(), check=False)
        os.close(writing)
        assert (done.returncode, done.stderr) == (1, b"")


def test_a_fault_of_the_software_is_short_unless_debugging(desk: Desk) -> None:
    broken = (
        "import sys, addenda.surfaces.cli.looking as looking; del looking.describe; "
        "from addenda.surfaces.cli import main; sys.exit(main())"
    )
    desk.proposed()
    short = python(broken, *desk.arguments("list"))
    assert short.returncode == 1
    assert "a fault in addenda" in short.stderr
    assert "Traceback" not in short.stderr
    env = environment(ADDENDA_LOG_LEVEL="debug")
    command = [sys.executable, "-c", broken, *desk.arguments("list")]
    long = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert "Traceback" in long.stderr


def test_two_processes_write_at_the_same_time_and_nothing_is_lost(desk: Desk) -> None:
    outcomes: list[tuple[str, int]] = []

    def work(subject: str) -> None:
        for value in range(2):
            done = desk.process("propose", subject, "noise level", f"{value + 1} dB", "--json", by="Ana")
            outcomes.append((done.json["id"], done.code))

    writers = [threading.Thread(target=work, args=(name,)) for name in ("Orbin", "Velmor")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [code for _, code in outcomes] == [0] * 4
    assert {one["id"] for one in desk.json("list")["addenda"]} == {identifier for identifier, _ in outcomes}
    assert desk.json("verify")["ok"]


@pytest.fixture
def no_root() -> Iterator[None]:
    """Act as a user of the system who has no special rights; the commands are imported before."""
    build()
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


@pytest.fixture
def locked(desk: Desk, tiny_model: Path, tmp_path: Path) -> Iterator[tuple[Desk, str]]:
    """A knowledge base that everybody may read and nobody may write to, and the id of what is proposed in it."""
    made = desk.proposed()
    with KnowledgeBase.open(desk.kb):
        pass
    # Above them lie folders of the test runner, one more where tests run in parallel; only root may enter those.
    above = [folder for folder in tmp_path.parents if Path(tempfile.gettempdir()) in folder.parents]
    for folder in (tiny_model, tmp_path, *above):
        folder.chmod(0o755)
    for path in tiny_model.iterdir():
        path.chmod(0o644)
    paths = (desk.directory, *desk.directory.rglob("*"))
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield desk, made
    for path in paths:
        path.chmod(0o755 if path.is_dir() else 0o644)


def test_a_folder_that_may_not_be_written_to_refuses_writers(
    locked: tuple[Desk, str], tiny_model: Path, no_root: None
) -> None:
    desk, made = locked
    for call in (["reject", made, "--reason", "x"], ["propose", "Orbin", "price", "3 EUR"]):
        done = desk.run(*call, "--json", by="Ana")
        assert (done.code, done.error["type"]) == (1, "StorageUnavailable")
        assert "rights" in done.error["message"]
    assert desk.run("export", f"{desk.kb}/all.json").code == 1
    assert desk.run("head", "--file", f"{desk.kb}/head.txt").code == 1
    call = ["init", "--admin", "A", "--model", str(tiny_model), "--kb", f"{desk.kb}/new", "--json"]
    assert in_process(*call).error["type"] == "StorageUnavailable"
    assert desk.run("person", "token", "Ana", "--new-token-file", f"{desk.kb}/new.token", by="Ana").code == 1


@pytest.mark.loop
def test_the_walk_through_runs_as_a_script(tiny_model: Path, tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    script = commands / "addenda"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m addenda.surfaces.cli "$@"\n')
    script.chmod(0o755)
    path = f"{commands}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    assert shutil.which("bash") is not None
    done = subprocess.run(
        ["bash", str(ROOT / "examples" / "walkthrough.sh"), str(tmp_path / "walk")],
        capture_output=True,
        text=True,
        env=environment(PATH=path, MODEL=str(tiny_model), WORDINGS="0"),
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    asked, taken_back = done.stdout.split("== A wrong change is taken back")
    assert "\n41 dB\n" in asked
    assert "\n41 dB\n" not in taken_back
    assert "memory equals a rebuild" in taken_back
    assert (tmp_path / "walk" / "everything.xlsx").is_file()


def test_every_step_of_the_walk_through_works(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands of the script in the same order, in this process, which has the libraries loaded already."""
    monkeypatch.chdir(tmp_path)
    examples = ROOT / "examples"
    known = {"$here": str(examples), "${MODEL:-bundled}": str(tiny_model), "$WORDINGS": "0"}
    script = (examples / "walkthrough.sh").read_text(encoding="utf-8")
    texts: list[str] = []
    for call in re.findall(r"\baddenda ([a-z][^;|)\n]*)", script.partition("set -euo pipefail")[2]):
        for name, value in known.items():
            call = call.replace(name, value)
        done = in_process(*shlex.split(call), "--kb", str(tmp_path / "knowledge-base"))
        refused = call.startswith("approve ") and "ana.token" in call
        assert done.code == (1 if refused else 0), (call, done)
        if call.startswith("list"):
            known["$id"] = done.json["addenda"][0]["id"]
        texts.append(done.out)
    assert texts.count("41 dB\n") == 1
    assert "memory equals a rebuild" in "".join(texts)
    assert (tmp_path / "everything.xlsx").is_file()
