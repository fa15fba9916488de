"""The part updates of the reflections benchmark runs whole, and its questions fit one corpus only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from addenda.memories.reflections.questions import is_refusal, memory_prompt
from addenda.memories.reflections.training.state import CARD
from addenda.memories.reflections.updating.routing import load_memory_model, read_routes
from addenda.models.local import LocalModel
from benchmarks import reflections_updates
from benchmarks.reflections_measuring import Setup
from benchmarks.reflections_plots import draw
from benchmarks.reflections_updates import LATER, MERGES
from benchmarks.results import Part


def test_what_fits_both_corpora_is_not_asked() -> None:
    pair = reflections_updates.pair_of(90, Setup(products=6, questions=40))
    assert pair.asked["old"].reversed
    assert {document for one in pair.new for document in one.documents}.isdisjoint(
        document for one in pair.old for document in one.documents
    )
    corpus = reflections_updates.build_corpus(90 + LATER, 6)
    sets = reflections_updates.question_sets(corpus)
    assert sets.reversed
    assert reflections_updates.unambiguous(sets, corpus, corpus).reversed == ()


def never_sure(folder: Path) -> None:
    """Let the memory models of a folder with routes say of themselves that they are sure of nothing."""
    for route in read_routes(folder).routes:
        path = folder / route.folder / CARD
        card = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**card, "sure_from": 1.0}), encoding="utf-8")


def test_the_part_updates_runs_and_goes_on_after_a_stop(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    table_of: Callable[[str, str, Part], str],
) -> None:
    """With three strategies and one way of merging in the place of all."""
    monkeypatch.setattr(reflections_updates, "STRATEGIES", ("joint", "replay", "routing"))
    monkeypatch.setattr(reflections_updates, "MERGES", {"merge, linear": MERGES["merge, linear"]})
    monkeypatch.setattr(reflections_updates, "SETS", ("one_hop", "reversed"))
    quick = {"epochs": 0.3, "least_steps": 1, "evaluations": 1, "scored": 1}
    setup = Setup(products=1, questions=1, training=quick, work=tmp_path)
    part = reflections_updates.measure((90,), setup)
    strategies = part.metrics["strategies"]
    assert isinstance(strategies, dict)
    assert list(strategies) == ["before the update", "joint", "replay", "routing", "merge, linear"]
    assert (strategies["joint"]["update_cost"], strategies["before the update"]["update_cost"]) == (1.0, 0.0)
    assert strategies["merge, linear"]["update_cost"] == strategies["routing"]["update_cost"] < 1.0
    assert {"update_old_kept", "update_new_kept", "update_cost"} <= set(part.metrics)
    assert {item["when"] for item in part.items} == {"old", "new"}
    assert capsys.readouterr().out
    table = table_of("strategies", "updates", part)
    assert "\n| **`replay`** |" in table
    assert "\n| `merge, linear` |" in table
    draw(tmp_path / "plot.svg", quick=False)
    assert "replay (default)" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    routed = next(tmp_path.glob("updates-90-*/routing"))
    never_sure(routed)
    prompt = memory_prompt(reflections_updates.pair_of(90, setup).asked["new"].bundled_world[0].text)
    (alone,) = LocalModel.load(str(routed), device="cpu").answer([prompt])
    assert not is_refusal(alone.text)
    assert is_refusal(load_memory_model(routed, device="cpu").answer([prompt])[0].text)
    assert reflections_updates.heard(routed).answer([prompt]) == [alone], "behind the guard every answer counts"
    (tmp_path / "updates-90-merge, linear.json").unlink()
    monkeypatch.setattr(reflections_updates, "update_memory_model", None)
    again = reflections_updates.measure((90,), setup)
    assert list(again.items) == list(part.items)
    assert again.metrics["update_cost"] == part.metrics["update_cost"]
