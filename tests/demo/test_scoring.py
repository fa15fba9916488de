"""The score card counts what it says, on wordings that neither edits nor the gate use."""

from __future__ import annotations

from addenda.demo import scoring
from addenda.demo.catalogue import plan_changes
from addenda.demo.scoring import Probe, Scored
from addenda.models.bundled import build_world
from addenda.models.bundled.wordings_blind import BLIND

WORLD = build_world()
PLAN = plan_changes(WORLD, seed=5, count=80)


def test_scored_wordings_are_not_those_of_edits_or_of_the_gate() -> None:
    for probe in scoring.probes(WORLD, PLAN, seed=5, wordings_per_fact=None):
        relation = WORLD.relations[probe.relation]
        used = {wording.format(subject=probe.subject) for wording in (*relation.edit, *relation.gate)}
        assert (probe.question in used) == (probe.group == "reliability")


def test_held_out_wordings_are_not_in_the_training_of_the_base_model() -> None:
    for relation in WORLD.relations.values():
        assert not set(relation.held_out) & set(relation.trained)


def test_blind_wordings_are_new_in_every_respect() -> None:
    for name, wordings in BLIND.items():
        relation = WORLD.relations[name]
        others = {*relation.trained, *relation.held_out}
        assert not others & set(wordings)
        assert all("{subject}" in wording for wording in wordings)


def test_every_change_is_asked_in_every_way() -> None:
    asked = scoring.probes(WORLD, PLAN, seed=5, wordings_per_fact=2)
    counts = {group: sum(probe.group == group for probe in asked) for group in scoring.GROUPS}
    assert counts["reliability"] == 80
    assert counts["generalization_known"] == counts["generalization_heldout"] == counts["generalization_blind"] == 160
    assert counts["locality"] == len(PLAN.untouched)
    assert counts["hard_negatives"] == len(PLAN.neighbours)


def test_a_changed_answer_is_right_when_it_says_the_new_value() -> None:
    probe = Probe("reliability", "?", "s", "r", old="41 dB", new="44 dB")
    assert Scored(probe, "41 dB", "４４ dB.").right
    assert not Scored(probe, "41 dB", "41 dB").right


def test_an_answer_that_must_stay_is_right_only_when_identical() -> None:
    probe = Probe("locality", "?", "s", "r", old="41 dB", new=None)
    assert Scored(probe, "whatever", "whatever").right
    assert not Scored(probe, "41 dB", "41 dB.").right


def test_the_floor_tells_lucky_new_values_from_known_old_ones() -> None:
    changed = Probe("reliability", "?", "s", "r", old="a", new="b")
    rows = [Scored(changed, before, "b") for before in ("a", "a", "b", "c")]
    assert scoring.floor(rows) == {"reliability": (0.25, 0.5)}
    assert scoring.rates(rows) == {"reliability": 1.0}
