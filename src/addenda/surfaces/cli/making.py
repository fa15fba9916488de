"""``init``: a new knowledge base and its first admin."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from addenda.errors import InvalidInput
from addenda.knowledge_base import KnowledgeBase, identify
from addenda.surfaces.cli.context import begin, new_token_file
from addenda.surfaces.cli.options import DryRunOption, JsonOption, KbOption, MemoriesOption
from addenda.surfaces.cli.output import pairs
from addenda.surfaces.cli.selecting import memory_names


def init(
    admin: Annotated[str, typer.Option("--admin", metavar="NAME", help="Name of the first admin.")],
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="Write the admin's token here (0600), not to stdout."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="bundled, a model's folder, a name in the local cache, or URL#NAME of an OpenAI-compatible server.",
            show_default="bundled",
        ),
    ] = None,
    memories: MemoriesOption = None,
    kb: KbOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Make a new knowledge base and its first admin.

    The first admin also has the role of an editor, and never approves by that alone. The token is shown this once: keep
    it where only the admin can read it. Next come an approver (`person add`) and a policy (`policy set`); until then
    nobody may approve anything.
    """
    call = begin(kb, as_json=as_json, model=model)
    call.refuse_server()
    directory, name = call.directory, call.settings.model
    if dry_run:
        identity = identify(name)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise InvalidInput(f"{str(directory)!r} exists and is not empty; choose a new directory")
        document = {"dry_run": True, "directory": str(directory), "admin": admin, "model": identity.name}
        call.out.result(document, f"would make {directory} with the model {identity.name} and the admin {admin}")
        return
    with new_token_file(token_file) as keep:
        founded = KnowledgeBase.create(
            directory,
            admin=admin,
            model=name,
            memories=memory_names(memories),
            database=call.database,
            choice=call.choice,
        )
        keep(founded.token)
    with founded.knowledge_base as made:
        created = made.state.created
    document: dict[str, object] = {
        "dry_run": False,
        "directory": str(directory),
        "kb_id": created.kb_id if created else "",
        "admin": created.admin if created else admin,
        "model": created.model if created else name,
        "token": None if token_file else founded.token,
        "token_file": str(token_file) if token_file else None,
    }
    token = ("token", "" if token_file else founded.token)
    rows = [("knowledge base", str(directory)), ("admin", admin), ("model", str(document["model"])), token]
    call.out.result(document, pairs([*rows, ("token file", str(token_file or ""))]))
    if token_file is None:
        call.out.warn("the token is shown this once; keep it in a file that only its owner can read")
    call.out.note("next: `addenda person add NAME --role approver`, then `addenda policy set --one-reviewer`")
