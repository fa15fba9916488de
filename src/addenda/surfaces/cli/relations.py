"""``relation``: what is known about relations, their values and the questions about them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from addenda.client import Client
from addenda.errors import InvalidInput
from addenda.knowledge_base import ANY_RELATION, KnowledgeBase, RelationSpec
from addenda.surfaces.cli.context import Call, begin, fields, read_text
from addenda.surfaces.cli.options import (
    DryRunOption,
    JsonOption,
    KbOption,
    MemoriesOption,
    ReasonOption,
    TokenOption,
    UrlOption,
)
from addenda.surfaces.cli.output import pairs, table
from addenda.surfaces.cli.remote import understood
from addenda.surfaces.cli.ruling import carry_out, outcome_of, show_setting
from addenda.surfaces.cli.selecting import memory_names

relation = typer.Typer()

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The relation's name, for example 'noise level'.")]


@relation.command("list")
def list_relations(
    kb: KbOption = None, url: UrlOption = None, token_file: TokenOption = None, as_json: JsonOption = False
) -> None:
    """List the declared relations."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    specs = call.read(_declared_here, _declared_there)
    rows = [
        (s.name, s.cardinality, s.value_type, s.unit, s.subject_kind, ", ".join(s.memories), s.templates[0])
        for s in specs
    ]
    headers = ("name", "values", "type", "unit", "about", "memories", "question")
    document: dict[str, object] = {"relations": [spec.model_dump(mode="json") for spec in specs]}
    call.out.result(document, table(headers, rows) if rows else "no relation is declared; see `relation declare`")


@relation.command("show")
def show_relation(
    name: NameArgument,
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one relation; for one that nobody declared, what is assumed."""
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    spec = _present(call, name)
    rows = [
        ("name", spec.name),
        ("declared", "yes" if spec.declared else "no; this is what is assumed"),
        ("values at a time", spec.cardinality),
        ("type of value", spec.value_type),
        ("unit", spec.unit),
        ("about", spec.subject_kind),
        *(("made from", template) for template in spec.templates),
        *(("gate asks", template) for template in spec.gate_templates),
        ("memories", ", ".join(spec.memories)),
    ]
    call.out.result(spec.model_dump(mode="json"), pairs(rows))


@relation.command("declare")
def declare(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The relation's name.")] = None,
    question: Annotated[
        list[str] | None,
        typer.Option("--question", help="A question that edits are made from, with {subject}; the first is the usual."),
    ] = None,
    gate_question: Annotated[
        list[str] | None, typer.Option("--gate-question", help="Another wording, which only the gate asks.")
    ] = None,
    values: Annotated[str | None, typer.Option("--values", help="one or many at a time.", show_default="one")] = None,
    value_type: Annotated[
        str | None, typer.Option("--type", help="text, name, quantity, integer or date.", show_default="text")
    ] = None,
    unit: Annotated[str | None, typer.Option("--unit", help="Unit of a quantity.")] = None,
    about: Annotated[str | None, typer.Option("--about", help="What kind of thing it is about.")] = None,
    memories: MemoriesOption = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="As JSON, as `relation show --json` has it.")
    ] = None,
    reason: ReasonOption = "",
    kb: KbOption = None,
    url: UrlOption = None,
    token_file: TokenOption = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Declare a relation, or change its declaration. What was not given keeps its present value.

    The name '*' stands for every relation that nobody declared. A change that lets contradictions or tests vanish waits
    for a second person, once there is one.
    """
    call = begin(kb, url=url, as_json=as_json, token_file=token_file)
    if (name is None) == (file is None):
        raise InvalidInput("give the relation's name with its options, or --file with all of it")
    given = fields(
        templates=question,
        gate_templates=gate_question,
        cardinality=values,
        value_type=value_type,
        unit=unit,
        subject_kind=about,
        memories=memory_names(memories),
    )
    if file is not None:
        spec = _validated(json_object(file))
    else:
        spec = _validated({**_present(call, name or "").model_dump(), **given, "declared": True})
    outcome = carry_out(
        call,
        lambda opened, by: opened.governance.declare_relation(spec, by=by, reason=reason),
        lambda client: outcome_of(client.declare_relation(spec.model_dump(mode="json"), reason=reason)),
        would=f"would declare {spec.name!r}: {spec.cardinality} {spec.value_type}, {spec.templates[0]}",
        dry_run=dry_run,
    )
    if outcome is not None:
        show_setting(call, outcome, f"relation {spec.name!r} is declared")


def _declared_here(kb: KnowledgeBase) -> list[RelationSpec]:
    registry = kb.state.registry
    specs = [registry.get(name) for name in registry.names()]
    return specs + [spec for spec in kb.state.relations.values() if spec.name == ANY_RELATION]


def _declared_there(client: Client) -> list[RelationSpec]:
    return [understood(RelationSpec, one) for one in client.relations().relations]


def _present(call: Call, name: str) -> RelationSpec:
    """A relation as it is declared, or what is assumed of it."""
    return call.read(
        lambda opened: opened.state.registry.get(name),
        lambda client: understood(RelationSpec, client.relation(name).model_dump()),
    )


def json_object(file: Path) -> dict[str, object]:
    """The JSON object in a file. Raises InvalidInput."""
    try:
        found: object = json.loads(read_text(file, "file"))
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{str(file)!r} is no JSON: {error}; correct it") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"{str(file)!r} holds no JSON object; write it as `relation show --json` does")
    return {str(key): value for key, value in found.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _validated(given: dict[str, object]) -> RelationSpec:
    try:
        return RelationSpec.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise InvalidInput(f"the relation cannot be declared: {where}: {fault['msg']}; correct it") from None
