"""``doctor``: what on this machine, or in the knowledge base, will not work, and what to do about it."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from addenda._version import __version__
from addenda.errors import AddendaError
from addenda.knowledge_base import DATABASE_FILE, KnowledgeBase, identify, is_remote, why_unread
from addenda.surfaces.cli.context import Call, begin
from addenda.surfaces.cli.options import JsonOption, KbOption
from addenda.surfaces.cli.output import table

Level: TypeAlias = Literal["ok", "warning", "failed"]

_EXTRAS = ("torch", "transformers", "safetensors", "peft")
_LITTLE_ROOM = 1 << 30
_LARGE_WAL = 256 << 20
_OLDEST_PYTHON = (3, 11)
_PROBE = b"addenda doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    found: str
    fix: str = ""


def doctor(
    tidy: Annotated[
        bool, typer.Option("--tidy", help="Remove files that interrupted writing left behind over an hour ago.")
    ] = False,
    kb: KbOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check this machine and the knowledge base, and say what to do.

    The write path is tried for real. Exit code 1 when something is broken; warnings alone give 0.
    """
    call = begin(kb, as_json=as_json)
    findings = [*_machine(), *_knowledge_base(call, tidy=tidy)]
    ok = all(finding.level != "failed" for finding in findings)
    document: dict[str, object] = {
        "ok": ok,
        "findings": [{"level": f.level, "what": f.what, "found": f.found, "fix": f.fix} for f in findings],
    }
    rows = [(f.level, f.what, f.found, f.fix) for f in findings]
    call.out.result(document, table(("", "what", "found", "what to do"), rows))
    if not ok:
        raise typer.Exit(1)


def _machine() -> Iterator[Finding]:
    fine = sys.version_info[:2] >= _OLDEST_PYTHON
    yield Finding("ok" if fine else "failed", "python", platform.python_version(), "" if fine else "use 3.11 or newer")
    yield Finding("ok", "addenda", __version__)
    missing: list[str] = []
    for package in _EXTRAS:
        try:
            yield Finding("ok", package, version(package))
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        yield Finding(
            "warning", "model libraries", f"not installed: {', '.join(missing)}", "pip install 'addenda[local]'"
        )


def _knowledge_base(call: Call, *, tidy: bool) -> Iterator[Finding]:
    try:
        opened = call.open()
    except AddendaError as error:
        yield Finding("failed", "knowledge base", str(error), "correct --kb or ADDENDA_KB, or run `addenda init`")
        return
    with opened:
        yield Finding("ok", "knowledge base", f"{call.directory}, ledger position {opened.state.position}")
        yield from _model(call, opened)
        yield from _write_path(opened)
        yield from _disk(call.directory)
        yield from _leftovers(call.directory, opened, tidy=tidy)
        yield from _waiting(opened)


def _model(call: Call, kb: KnowledgeBase) -> Iterator[Finding]:
    created = kb.state.created
    if created is None:
        return
    name = call.choice.name or created.model
    try:
        found = identify(name)
    except AddendaError as error:
        yield Finding("failed", "model", str(error), "restore it, or name where it is with ADDENDA_MODEL")
        return
    same = (found.fingerprint, found.tokenizer_fingerprint) == (
        created.model_fingerprint,
        created.tokenizer_fingerprint,
    )
    fix = "" if same else "use the model that the knowledge base was made with (ADDENDA_MODEL names where it is)"
    text = found.name if same else f"{found.name} is not the model it was made with"
    yield Finding("ok" if same else "failed", "model", text, fix)
    yield from _reading(call, kb, name)


def _reading(call: Call, kb: KnowledgeBase, name: str) -> Iterator[Finding]:
    """Whether the model can read triples, where some relation has them."""
    if not any("triples" in spec.memories for spec in kb.state.relations.values()):
        return
    if is_remote(name):
        yield Finding("ok", "reading triples", "by tool calls; whether the server allows them shows when it is asked")
        return
    fault = why_unread(name, call.choice)
    fix = "train it (`addenda train read`) and name the adapter with ADDENDA_READ_ADAPTER" if fault else ""
    found = fault or "with the adapter that the model brings" * (call.choice.read_adapter is None)
    yield Finding("failed" if fault else "ok", "reading triples", found or str(call.choice.read_adapter), fix)


def _write_path(kb: KnowledgeBase) -> Iterator[Finding]:
    """Take the write lock and let it go, and store an artefact durably and destroy it; the ledger stays as it is."""
    try:
        with kb.ledger.writing():
            pass
        kb.artifacts.discard(kb.artifacts.put(_PROBE))
    except AddendaError as error:
        yield Finding("failed", "writing", str(error), "until then only reading works")
        return
    yield Finding("ok", "writing", "the write lock and the folder of artefacts")


def _disk(directory: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(directory).free
    little = free < _LITTLE_ROOM
    fix = "make room; a full disk stops every change" if little else ""
    yield Finding("warning" if little else "ok", "disk", f"{free / (1 << 30):.1f} GiB free", fix)
    journal = directory / f"{DATABASE_FILE}-wal"
    size = journal.stat().st_size if journal.is_file() else 0
    if size > _LARGE_WAL:
        found = f"{size / (1 << 20):.0f} MiB wait in {journal.name}"
        yield Finding("warning", "write-ahead log", found, "close programs that keep the knowledge base open")
    else:
        yield Finding("ok", "write-ahead log", f"{size / 1024:.0f} KiB")


def _leftovers(directory: Path, kb: KnowledgeBase, *, tidy: bool) -> Iterator[Finding]:
    if tidy:
        try:
            yield Finding("ok", "leftovers", f"{kb.artifacts.tidy()} removed")
        except AddendaError as error:
            yield Finding("failed", "leftovers", str(error))
        return
    incoming = directory / "artifacts" / "incoming"
    count = sum(1 for _ in incoming.iterdir()) if incoming.is_dir() else 0
    fix = "`addenda doctor --tidy` removes those of interrupted writing" if count else ""
    yield Finding("warning" if count else "ok", "leftovers", f"{count} temporary files", fix)


def _waiting(kb: KnowledgeBase) -> Iterator[Finding]:
    state, now = kb.state, datetime.now(UTC)
    unfinished = state.unfinished()
    fix = "make the folder writable and open it again: it is finished then" if unfinished else ""
    yield Finding("warning" if unfinished else "ok", "activations", f"{len(unfinished)} unfinished", fix)
    # Documents are evidence: they need no approval to be that.
    open_ones = [
        r for r in state.records.values() if r.kind != "document" and r.status(now) in {"proposed", "needs_review"}
    ]
    if open_ones:
        days = (now - min(record.proposed_at for record in open_ones)).days
        found = f"{len(open_ones)} wait for approval, the oldest for {days} days"
        yield Finding("warning", "approvals", found, "`addenda list --status proposed`, then `addenda approve`")
    if state.pending:
        found = f"{len(state.pending)} changes of the rules wait for a second person"
        yield Finding("warning", "settings", found, "`addenda setting list`")
    if not state.policy.rules:
        yield Finding("warning", "policy", "nobody may approve anything", "`addenda policy set --one-reviewer`")
    if not any("approver" in person.roles for person in state.people.values()):
        yield Finding("warning", "people", "there is no approver", "`addenda person add NAME --role approver`")
