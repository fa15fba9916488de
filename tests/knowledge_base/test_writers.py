"""Two processes that write at the same time: one chain, and nothing lost."""

from __future__ import annotations

import random

import pytest

from tests.knowledge_base.crew import KILLED, Crew


def test_two_writers(crew: Crew) -> None:
    assert crew.send(crew.job(rounds=3), crew.job(rounds=3)) == [0, 0]
    assert crew.notes(crew.sent)
    assert crew.notes(crew.sent - 1)
    crew.inspect()


@pytest.mark.loop
def test_three_writers_for_longer(crew: Crew) -> None:
    before = crew.sent
    assert crew.send(*(crew.job(rounds=25, seed=random.Random().getrandbits(32)) for _ in range(3))) == [0, 0, 0]
    crew.inspect()
    delivered = [note for n in range(before + 1, crew.sent + 1) for note in crew.notes(n) if note["op"] == "delivered"]
    assert sum(bool(note["ids"]) for note in delivered) >= 10


@pytest.mark.loop
def test_writers_that_are_killed_while_others_go_on(crew: Crew) -> None:
    chance = random.Random()
    for _ in range(8):
        victim = crew.job(kill_after=chance.uniform(0.3, 4.0), seed=chance.getrandbits(32))
        assert crew.send(victim, crew.job(rounds=4, seed=chance.getrandbits(32))) == [KILLED, 0]
        crew.inspect()
