"""What Prometheus is told of the knowledge bases: how long the ledger is, how addenda stand, which jobs there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from addenda.surfaces.hosting import Hosting


class KnowledgeBaseNumbers(Collector):
    """Looks at the knowledge bases whenever somebody asks for the numbers."""

    def __init__(self, hosting: Hosting) -> None:
        """Take the knowledge bases."""
        self._hosting = hosting

    def describe(self) -> Iterator[Metric]:
        """Name the numbers without looking."""
        yield from self._families()

    def collect(self) -> Iterator[Metric]:
        """The numbers as they are now."""
        position, addenda, jobs = self._families()
        now = datetime.now(UTC)
        for name in self._hosting.names:
            kb = self._hosting.get(name).kb
            state = kb.state
            position.add_metric([name], state.position)
            for status, count in Counter(record.status(now) for record in state.records.values()).items():
                addenda.add_metric([name, status], count)
            for stands, count in kb.jobs.counts().items():
                jobs.add_metric([name, stands], count)
        yield from (position, addenda, jobs)

    def _families(self) -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("addenda_ledger_position", "Events in the ledger.", labels=("kb",)),
            GaugeMetricFamily("addenda_addenda", "Addenda by status.", labels=("kb", "status")),
            GaugeMetricFamily("addenda_jobs", "Jobs of this process that wait and run.", labels=("kb", "state")),
        )
