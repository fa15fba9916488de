"""``verify`` and ``head``: evidence that nothing was altered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from addenda.client.rule_replies import CheckShown
from addenda.errors import InvalidInput
from addenda.knowledge_base import Head, KnowledgeBase
from addenda.knowledge_base.checks import rebuilt_check
from addenda.surfaces.cli.context import begin, read_text, replace_file
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, ModelOption, TokenOption, UrlOption
from addenda.surfaces.cli.output import table


def verify(
    head_file: Annotated[
        Path | None,
        typer.Option("--head", metavar="FILE", help="A head that was exported before, from outside this machine."),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Also compare the memory with a rebuild; this loads the model.")
    ] = False,
    model: ModelOption = None,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the chain, the contents and the artefacts.

    Without --head it is not noticed when somebody who owns the files rewrote the whole chain or cut off its end. Exit
    code 1 when a check fails.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file, model=model)
    call.refuse_remote(model=model)
    against = None if head_file is None else Head.parse(read_text(head_file, "head file"))
    exported = None if against is None else against.export()
    checks = call.read(
        lambda opened: _checked_here(opened, against, rebuild=rebuild),
        lambda client: client.verify(head=exported, rebuild=rebuild).checks,
    )
    ok = all(check.ok for check in checks)
    document: dict[str, object] = {
        "ok": ok,
        "against": exported,
        "checks": [check.model_dump(mode="json") for check in checks],
    }
    rows = [("ok" if check.ok else "failed", check.name, check.detail) for check in checks]
    call.out.result(document, table(("", "what", "found"), rows))
    if against is None and ok:
        call.out.note("compared with no exported head; `addenda head --file FILE` exports one to keep elsewhere")
    if not ok:
        raise typer.Exit(1)


def _checked_here(kb: KnowledgeBase, against: Head | None, *, rebuild: bool) -> Sequence[CheckShown]:
    checks = list(kb.verify(against))
    if rebuild:
        checks.append(rebuilt_check(kb.memory_digests(), kb.rebuilt_digests()))
    return [CheckShown(name=check.name, ok=check.ok, detail=check.detail) for check in checks]


def head(
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Write it to this file instead of stdout.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Print where the chain ends, to be kept elsewhere for verify --head.

    Kept where the owner of the files cannot write, it shows later whether the chain was rewritten or cut off.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    found = call.read(lambda opened: opened.ledger.head(), lambda client: Head.parse(client.head().head))
    if found is None:
        raise InvalidInput("the ledger is empty, so it has no head")
    if file is not None:
        if file.exists() and not force:
            raise InvalidInput(f"{str(file)!r} exists already; add --force to replace it, or name another file")
        if not dry_run:
            replace_file(file, found.export() + "\n")
        call.out.note(f"{'would be written' if dry_run else 'written'} to {file}; keep it where the owner cannot write")
    document: dict[str, object] = {"position": found.position, "hash": found.hash, "head": found.export()}
    call.out.result({**document, "file": None if file is None else str(file)}, found.export())
