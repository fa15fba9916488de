"""How the knowledge base does, plotted: everything is counted in its ledger and in the answers it gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup
from starlette.responses import Response

from addenda.knowledge_base.measuring import AnswerTime, Measured, measure
from addenda.surfaces.describing import says
from addenda.surfaces.web import plots
from addenda.surfaces.web.rendering import day
from addenda.surfaces.web.routing import kb_pages
from addenda.surfaces.web.visiting import VisitDep
from addenda.surfaces.web.words import Words

router = kb_pages()


class Panel(NamedTuple):
    """One plot, and the numbers in it as a table."""

    name: str
    plot: Markup
    """Empty where there is nothing to plot yet."""
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@router.get("/health")
def health(visit: VisitDep) -> Response:
    """The plots."""
    kb, t = visit.kb, visit.words
    found = measure(kb.ledger, kb.artifacts, kb.answers)
    panels = (
        _gate(found, t),
        _suite(found, t),
        _ages(found, t),
        _sources(found, t),
        _sizes(found, t),
        _times(found, t),
    )
    contents = kb.ledger.addenda([record.id for record in found.ending]) if found.ending else {}
    ending = [(r, says(contents[r.id].content if r.id in contents else None)) for r in found.ending]
    return visit.page("health.html.jinja", area="health", panels=panels, ending=ending)


def _panel(t: Words, name: str, plot: Markup | None, headers: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Panel:
    return Panel(name, Markup() if plot is None or not rows else plot, tuple(map(t, headers)), tuple(rows))


def _gate(found: Measured, t: Words) -> Panel:
    data = [plots.Column(f"{one.day:%m-%d}", (one.passed, one.failed)) for one in found.gate]
    passed, failed = sum(one.passed for one in found.gate), sum(one.failed for one in found.gate)
    plot = plots.columns(
        t("health.gate"), t("health.gate.seen", passed=passed, failed=failed), data, ("series-good", "series-bad")
    )
    rows = [(str(one.day), str(one.passed), str(one.failed)) for one in found.gate]
    return _panel(t, "gate", plot, ("health.day", "health.passed", "health.failed"), rows)


def _suite(found: Measured, t: Words) -> Panel:
    data = [plots.Point(one.at.timestamp(), 100 * one.kept / one.asked, day(one.at)) for one in found.suite]
    share = f"{data[-1].value:.0f}" if data else "0"
    plot = plots.line(t("health.suite"), t("health.suite.seen", n=share), data, "series-accent", 100)
    rows = [(day(one.at), str(one.kept), str(one.asked)) for one in found.suite]
    return _panel(t, "suite", plot, ("health.day", "health.kept", "health.asked"), rows)


def _ages(found: Measured, t: Words) -> Panel:
    names = ("health.age.day", "health.age.week", "health.age.month", "health.age.more")
    data = [plots.Bar(t(name), n, str(n)) for name, n in zip(names, found.ages, strict=True)]
    total = sum(found.ages)
    plot = plots.bars(t("health.ages"), t("health.ages.seen", n=total), data, "series-accent")
    rows = [(bar.label, bar.shown) for bar in data] if total else []
    return _panel(t, "ages", plot, ("health.age", "health.proposals"), rows)


def _sources(found: Measured, t: Words) -> Panel:
    data = [
        plots.Bar(one.source, one.share, f"{one.share:.0%} ({one.approved + one.rejected})") for one in found.sources
    ]
    plot = plots.bars(t("health.sources"), t("health.sources.seen", n=len(data)), data, "series-accent", 1.0)
    rows = [(one.source, str(one.approved), str(one.rejected), f"{one.share:.0%}") for one in found.sources]
    headers = ("health.source", "health.approved", "health.rejected", "health.share")
    return _panel(t, "sources", plot, headers, rows)


def _sizes(found: Measured, t: Words) -> Panel:
    data = [plots.Bar(t(f"memory.{name}"), n, str(n)) for name, n in found.sizes.items()]
    plot = plots.bars(t("health.sizes"), t("health.sizes.seen", n=sum(found.sizes.values())), data, "series-accent")
    return _panel(t, "sizes", plot, ("health.memory", "health.held"), [(bar.label, bar.shown) for bar in data])


def _times(found: Measured, t: Words) -> Panel:
    data = [plots.Point(one.at.timestamp(), one.seconds, day(one.at)) for one in found.answers]
    middle, high = _percentile(found.answers, 0.5), _percentile(found.answers, 0.95)
    described = t("health.times.seen", n=len(data), p50=f"{middle:.2f}", p95=f"{high:.2f}")
    plot = plots.line(t("health.times"), described, data, "series-accent")
    rows = [(str(len(data)), f"{middle:.3f} s", f"{high:.3f} s")] if data else []
    return _panel(t, "times", plot, ("health.answers", "health.p50", "health.p95"), rows)


def _percentile(answers: Sequence[AnswerTime], share: float) -> float:
    ranked = sorted(one.seconds for one in answers)
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))] if ranked else 0.0
