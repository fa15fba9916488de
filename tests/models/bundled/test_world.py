from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addenda.models.bundled import World, WorldRelation, build_world

GROUPS = ("edit", "gate", "known", "held_out")


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_seed_decides_the_world(seed: int) -> None:
    assert build_world(seed).facts == build_world(seed).facts
    assert build_world(seed).facts != build_world(seed + 1).facts


def test_the_catalogue_has_its_size(world: World) -> None:
    kinds = Counter(world.relations[fact.relation].subject_kind for fact in world.facts)
    assert len(world.products) == 300
    assert kinds["product"] == 2400
    assert 2500 <= len(world.facts) <= 2600
    assert set(kinds) == {"product", "part", "person", "site", "policy"}


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_each_subject_has_each_relation_once(seed: int) -> None:
    world = build_world(seed)
    keys = Counter((fact.subject, fact.relation) for fact in world.facts)
    assert max(keys.values()) == 1
    assert len(set(world.products)) == len(world.products)


def test_no_word_names_more_than_two_products(world: World) -> None:
    words = Counter(word for name in world.products for word in name.split())
    assert all(len(name.split()) == 2 for name in world.products)
    assert max(words.values()) <= 2


def test_facts_of_returns_one_subject(world: World) -> None:
    facts = world.facts_of(world.products[17])
    assert len(facts) == 8
    assert {fact.subject for fact in facts} == {world.products[17]}
    assert world.facts_of("nobody") == ()


def test_values_come_from_the_pool_and_guessing_fails(world: World) -> None:
    used: dict[str, Counter[str]] = defaultdict(Counter)
    for fact in world.facts:
        assert fact.object in world.value_pool(fact.relation)
        used[fact.relation][fact.object] += 1
    for relation, counts in used.items():
        assert counts.most_common(1)[0][1] / sum(counts.values()) <= 0.08, relation


def test_values_carry_their_unit(world: World) -> None:
    for relation in world.relations.values():
        for value in world.value_pool(relation.name):
            assert value.endswith(f" {relation.unit}" if relation.unit else "")
            assert relation.value_type != "integer" or value.isdigit()


def test_unknown_relation_is_refused(world: World) -> None:
    with pytest.raises(KeyError):
        world.value_pool("flavour")


def test_wordings_are_disjoint_and_name_the_subject(world: World) -> None:
    owners: dict[str, str] = {}
    for relation in world.relations.values():
        for group in GROUPS:
            for template in getattr(relation, group):
                assert template.count("{subject}") == 1
                assert template not in owners, (template, owners[template])
                owners[template] = f"{relation.name} {group}"
        assert all("{subject}" in told and "{object}" in told for told in relation.statements)


def _languages(templates: tuple[str, ...]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for template in templates:
        hangul = any("\uac00" <= character <= "\ud7a3" for character in template)
        counts["ko" if hangul else "en" if template.isascii() else "ja"] += 1
    return counts


def test_each_group_speaks_the_promised_languages(world: World) -> None:
    for relation in world.relations.values():
        edit, gate, known, held_out = (_languages(getattr(relation, group)) for group in GROUPS)
        assert (edit["en"], edit["ja"], edit["ko"]) == (4, 1, 1)
        assert gate["en"] == 2
        assert gate["ja"] + gate["ko"] == 1
        assert known["en"] >= 4
        assert min(known["ja"], known["ko"]) >= 1
        assert held_out["en"] >= 3
        assert min(held_out["ja"], held_out["ko"]) >= 1
        assert (edit + gate + known)["en"] >= 10


def test_trained_is_everything_but_held_out(world: World) -> None:
    for relation in world.relations.values():
        assert set(relation.trained) == {*relation.edit, *relation.gate, *relation.known}
        assert not set(relation.trained) & set(relation.held_out)


def test_a_thousand_changes_leave_enough_untouched(world: World) -> None:
    changed = world.products[:175]
    slots = sum(len(world.facts_of(name)) for name in changed)
    rest = sum(len(world.facts_of(name)) for name in world.products[175:])
    assert slots - 1000 == 400
    assert rest == 1000
    for fact in world.facts:
        assert len(set(world.value_pool(fact.relation)) - {fact.object}) >= 30


def test_facts_and_relations_are_immutable(world: World) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        world.facts[0].object = "other"  # type: ignore[misc]
    relation: WorldRelation = world.relations["weight"]
    with pytest.raises(TypeError):
        world.relations["weight"] = relation  # type: ignore[index]
