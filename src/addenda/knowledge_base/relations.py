"""The relations of the bundled model's world, as declarations for a new knowledge base."""

from __future__ import annotations

from addenda.ledger import RelationSpec
from addenda.models.bundled import build_world


def bundled_relations() -> tuple[RelationSpec, ...]:
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
        )
        for relation in build_world().relations.values()
    )
