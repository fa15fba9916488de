"""Killed at any moment: what was acknowledged is there, nothing is half-live, and work goes on."""

from __future__ import annotations

import random

import pytest

from tests.knowledge_base.crew import KILLED, Crew


def test_the_crew_works_when_nobody_is_killed(crew: Crew) -> None:
    assert crew.send(crew.job(rounds=3)) == [0]
    assert {note["op"] for note in crew.notes(crew.sent)} >= {"proposed", "approved", "delivered"}
    crew.inspect()


def test_killed_at_a_few_moments(crew: Crew) -> None:
    for die_at in random.Random().sample(range(1, 60), 2):
        assert crew.send(crew.job(die_at=die_at)) == [KILLED], die_at
    crew.inspect()


@pytest.mark.parametrize("die_at", [1, 3])
def test_killed_between_announcing_and_delivering(crew: Crew, die_at: int) -> None:
    assert crew.send(crew.job(die_at=die_at, armed_by="activating")) == [KILLED]
    crew.inspect()


def test_killed_from_outside(crew: Crew) -> None:
    assert crew.send(crew.job(kill_after=random.Random().uniform(0.3, 1.5))) == [KILLED]
    crew.inspect()


@pytest.mark.loop
def test_killed_at_many_moments(crew: Crew) -> None:
    """Inside and between transactions and file changes, around deliveries, and by the clock."""
    chance = random.Random()
    for _ in range(60):
        job = chance.choice(
            [
                crew.job(die_at=chance.randint(1, 200)),
                crew.job(die_at=chance.randint(1, 12), armed_by=chance.choice(["activating", "delivered", "retired"])),
                crew.job(kill_after=chance.uniform(0.05, 4.0)),
            ]
        )
        assert crew.send(job) == [KILLED], job
        crew.inspect()
