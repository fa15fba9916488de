"""The relations that a new knowledge base starts with."""

from __future__ import annotations

from collections.abc import Sequence

from addenda.ledger import ANY_RELATION, RelationSpec, default_spec
from addenda.memories.triples import ALIAS_RELATION
from addenda.models.bundled import build_world
from addenda.types import MemoryName

_ALIASES = RelationSpec(
    name=ALIAS_RELATION,
    cardinality="many",
    value_type="name",
    templates=("What is {subject} also called?",),
    gate_templates=("Under which other names is {subject} known?",),
    memories=("triples",),
)


def first_relations(memories: Sequence[MemoryName], *, bundled: bool) -> tuple[RelationSpec, ...]:
    """The declarations of a new knowledge base.

    Args:
        memories: The memories that carry facts.
        bundled: Whether its model is the bundled one, whose world's relations are declared then.
    """
    declared = list(_bundled_relations(memories)) if bundled else []
    if "triples" in memories:
        declared.append(_ALIASES)
    if tuple(memories) != ("edits",):
        declared.append(default_spec(ANY_RELATION).model_copy(update={"memories": tuple(memories), "declared": True}))
    return tuple(declared)


def _bundled_relations(memories: Sequence[MemoryName]) -> tuple[RelationSpec, ...]:
    """One declaration for each relation of the bundled world: edits are made from its ``edit`` wordings, the gate asks
    its ``gate`` wordings, and its other wordings are left for scoring.
    """
    return tuple(
        RelationSpec(
            name=relation.name,
            value_type=relation.value_type,
            unit=relation.unit,
            subject_kind=relation.subject_kind,
            templates=relation.edit,
            gate_templates=relation.gate,
            memories=tuple(memories),
        )
        for relation in build_world().relations.values()
    )
