"""Edits of the bundled model, with the settings that ship: said in every wording, and nothing else changes."""

from __future__ import annotations

from random import Random

import pytest

from addenda.memories.base import Deliver, Task
from addenda.memories.edits import EditsConfig, EditsMemory
from addenda.models.bundled import World, WorldFact, build_world, weights_directory
from addenda.models.local import LocalModel

PRODUCTS, EDITS = 4, 20


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return LocalModel.load(threads=1)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


@pytest.fixture(scope="module")
def edits(world: World) -> list[tuple[WorldFact, str]]:
    random = Random(5)
    facts = [fact for product in world.products[:PRODUCTS] for fact in world.facts_of(product)]
    chosen = random.sample(facts, EDITS)
    return [(f, random.choice([v for v in world.value_pool(f.relation) if v != f.object])) for f in chosen]


def ask(world: World, fact: WorldFact, group: str, index: int = 0) -> str:
    return getattr(world.relations[fact.relation], group)[index].format(subject=fact.subject)


@pytest.fixture(scope="module")
def memory(model: LocalModel, world: World, edits: list[tuple[WorldFact, str]]) -> EditsMemory:
    config = EditsConfig.model_validate_json((weights_directory() / "edits.json").read_bytes())
    made = EditsMemory.create(model, config)
    tasks = []
    for number, (fact, value) in enumerate(edits):
        prompts = tuple(ask(world, fact, "edit", i) for i in range(len(world.relations[fact.relation].edit)))
        others = [other for other in world.facts_of(fact.subject) if other.relation != fact.relation]
        tasks.append(Task(f"{number:016x}", prompts, value, tuple(ask(world, other, "edit") for other in others)))
    artefacts = made.prepare(tasks)
    made.apply([Deliver(name, data, number) for number, (name, data) in enumerate(artefacts.items())], position=1)
    return made


def test_new_values_are_said_in_wordings_the_edits_were_not_made_with(
    model: LocalModel, world: World, memory: EditsMemory, edits: list[tuple[WorldFact, str]]
) -> None:
    wanted = [value for _, value in edits]
    for group in ("edit", "known"):
        with memory.contribute(at=None).attached():
            said = model.answer([ask(world, fact, group) for fact, _ in edits])
        assert [completion.text for completion in said] == wanted
        assert all(completion.finished for completion in said)


def test_other_attributes_and_other_products_keep_their_answers(
    model: LocalModel, world: World, memory: EditsMemory, edits: list[tuple[WorldFact, str]]
) -> None:
    changed = {(fact.subject, fact.relation) for fact, _ in edits}
    facts = [fact for product in world.products[: 2 * PRODUCTS] for fact in world.facts_of(product)]
    questions = [ask(world, fact, "known") for fact in facts if (fact.subject, fact.relation) not in changed]
    before = model.answer(questions)
    with memory.contribute(at=None).attached():
        assert model.answer(questions) == before


def test_questions_find_their_edit_without_generating(
    world: World, memory: EditsMemory, edits: list[tuple[WorldFact, str]]
) -> None:
    rows = memory.match([ask(world, fact, "gate") for fact, _ in edits])
    assert [row[0].addendum_id for row in rows] == [f"{number:016x}" for number in range(EDITS)]
    assert all(row[0].injected for row in rows)
