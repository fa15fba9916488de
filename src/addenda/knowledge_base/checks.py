"""What can be checked about a knowledge base without its model: the chain, the contents, the artefacts, the disk."""

from __future__ import annotations

from dataclasses import dataclass

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken
from addenda.knowledge_base.memories import named_in
from addenda.ledger import Head, Ledger


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str
    """What was found, or what to do."""


def run_checks(ledger: Ledger, artifacts: ArtifactStore, against: Head | None = None) -> tuple[Check, ...]:
    """Check the chain and contents, and every artefact that the ledger names for something that can be live."""
    found = ledger.verify(against)
    chain = (
        f"{found.position} events, head {found.head.hash if found.head else 'none'}"
        if found.ok
        else f"broken at position {found.first_broken}: {found.why}"
    )
    checks = [Check("ledger", found.ok, chain)]
    if found.ok:
        checks.append(_artefacts(ledger, artifacts))
    return tuple(checks)


def _artefacts(ledger: Ledger, artifacts: ArtifactStore) -> Check:
    state = ledger.state()
    named = {
        digest for record in state.records.values() if record.stage != "erased" for digest in record.deliveries.values()
    }
    try:
        for configuration in state.memories.values():
            named |= {configuration, *named_in(artifacts.get(configuration))}
        for digest in sorted(named):
            artifacts.get(digest)
    except LedgerBroken as error:
        return Check("artefacts", ok=False, detail=str(error))
    return Check("artefacts", ok=True, detail=f"{len(named)} artefacts are what the ledger says")
