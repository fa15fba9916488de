"""What is kept of a run of the gate, and which artefact was tested for which change.

A verdict in the ledger names one run; what it tested is found through that run alone, because a change that was tested
twice may have been solved differently each time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from addenda.artifacts import ArtifactStore
from addenda.errors import LedgerBroken
from addenda.gate import CaseResult, Report
from addenda.ledger import Record
from addenda.types import Frozen, MemoryName


class TestRun(Frozen):
    """What is kept of one run of the gate: its report, and the artefact that was tested for each change."""

    __test__ = False  # its name makes pytest look for tests in it

    report: Report
    prepared: Mapping[str, str]
    """Digest of the artefact that was tested, by addendum id; only for those that passed."""


def prepared_for(records: Iterable[Record], artifacts: ArtifactStore) -> dict[str, str]:
    """The digest of each record's tested artefact, by addendum id, from the run that its verdict names.

    Records that were not tested, did not pass, or whose run is no longer readable are left out.
    """
    runs: dict[str, Mapping[str, str]] = {}
    found: dict[str, str] = {}
    for record in records:
        report = record.verdict.report if record.verdict is not None else None
        if report is None:
            continue
        if report not in runs:
            runs[report] = _prepared(report, artifacts)
        if record.id in runs[report]:
            found[record.id] = runs[report][record.id]
    return found


def findings(record: Record, artifacts: ArtifactStore) -> CaseResult | None:
    """What the gate found for a record when it was last tested, answers quoted; None when there is no such report."""
    report = record.verdict.report if record.verdict is not None else None
    run = None if report is None else _run(report, artifacts)
    results = () if run is None else run.report.results
    return next((result for result in results if result.addendum_id == record.id), None)


def _prepared(report: str, artifacts: ArtifactStore) -> Mapping[str, str]:
    run = _run(report, artifacts)
    return {} if run is None else run.prepared


def _run(report: str, artifacts: ArtifactStore) -> TestRun | None:
    try:
        return TestRun.model_validate_json(artifacts.get(report))
    except LedgerBroken:
        return None


def is_intact(digest: str, artifacts: ArtifactStore) -> bool:
    """Whether an artefact is there and is what its name says."""
    try:
        artifacts.get(digest)
    except LedgerBroken:
        return False
    return True


def stored_for(records: Sequence[Record], artifacts: ArtifactStore) -> dict[MemoryName, set[str]]:
    """What each memory stores for these records, delivered or only tested."""
    stored: defaultdict[MemoryName, set[str]] = defaultdict(set)
    for record in records:
        for name, digest in record.deliveries.items():
            stored[name].add(digest)
    if tested := prepared_for(records, artifacts):
        stored["edits"].update(tested.values())
    return stored


def artefacts_of(records: Sequence[Record], artifacts: ArtifactStore) -> set[str]:
    """What all memories store for these records."""
    return {digest for digests in stored_for(records, artifacts).values() for digest in digests}
