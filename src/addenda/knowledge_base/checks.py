"""What can be checked about a knowledge base without its model: the chain, the contents, the artefacts, the disk."""

from __future__ import annotations

from dataclasses import dataclass

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken
from addenda.knowledge_base.memories import Memories
from addenda.ledger import Head, Ledger


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str
    """What was found, or what to do."""


def run_checks(
    ledger: Ledger, artifacts: ArtifactStore, memories: Memories, against: Head | None = None
) -> tuple[Check, ...]:
    """Check the chain and contents, and every artefact that the ledger names for something that can be live."""
    found = ledger.verify(against)
    chain = (
        f"{found.position} events, head {found.head.hash if found.head else 'none'}"
        if found.ok
        else f"broken at position {found.first_broken}: {found.why}"
    )
    checks = [Check("ledger", found.ok, chain)]
    if found.ok:
        checks.append(_artefacts(ledger, artifacts, memories))
    return tuple(checks)


def _artefacts(ledger: Ledger, artifacts: ArtifactStore, memories: Memories) -> Check:
    state = ledger.state()
    records = [record for record in state.records.values() if record.stage != "erased"]
    count = 0
    try:
        for name, configuration in state.memories.items():
            keeper = memories.keeper(name)
            delivered = {r.id: r.deliveries[name] for r in records if name in r.deliveries}
            keeper.check(delivered)
            for digest in keeper.named_in(artifacts.get(configuration)):
                artifacts.get(digest)
            count += len(delivered)
    except LedgerBroken as error:
        return Check("artefacts", ok=False, detail=str(error))
    return Check("artefacts", ok=True, detail=f"what the memories hold for {count} addenda is what the ledger says")
