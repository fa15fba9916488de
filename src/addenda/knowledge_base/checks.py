"""What can be checked about a knowledge base without its model: the chain, the contents, the artefacts, the disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken
from addenda.knowledge_base.memories import Memories
from addenda.ledger import Head, Ledger
from addenda.types import MemoryName


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


def rebuilt_check(held: Mapping[MemoryName, str], replayed: Mapping[MemoryName, str]) -> Check:
    """Compare the digests of what memories hold with those of a rebuild from the ledger."""
    if not held:
        return Check("rebuild", ok=True, detail="nothing was ever tested, so there is no memory to rebuild")
    if held == replayed:
        digests = ", ".join(f"{name} {digest}" for name, digest in held.items())
        return Check("rebuild", ok=True, detail=f"each memory equals a rebuild from the ledger: {digests}")
    differs = ", ".join(name for name, digest in held.items() if replayed.get(name) != digest)
    detail = f"what these memories hold differs from a rebuild: {differs}; report it if it happens again after a start"
    return Check("rebuild", ok=False, detail=detail)


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
