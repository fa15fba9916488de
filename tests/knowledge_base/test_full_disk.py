"""No room on the disk: said plainly, nothing half-live, and everything works again when there is room."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from addenda.errors import StorageUnavailable
from tests.knowledge_base.crew import Crew
from tests.knowledge_base.office import Office, loud, noise, price
from tests.knowledge_base.worker import DISK_FULL

MEGABYTES = 8


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own; where none can be mounted, a limit on files is all that is tested."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no small file system can be mounted here (it takes the right to mount a tmpfs)")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def filled(disk: Path, *, leave: int = 0) -> Generator[None]:
    """No more than ``leave`` bytes are free inside the block."""
    filler = disk / "filler"
    free = os.statvfs(disk)
    filler.write_bytes(b"\0" * max(0, free.f_bavail * free.f_frsize - leave))
    try:
        yield
    finally:
        filler.unlink()


def test_a_full_disk_refuses_a_proposal(disk: Path, template: Path) -> None:
    office = Office.copied(template, disk / "office")
    office.live(price("31 EUR"))
    before = office.kb.state
    with filled(disk), pytest.raises(StorageUnavailable, match=r"make room|room on") as refused:
        for n in range(1000):  # what was allocated before may still take a few
            before = office.kb.state
            office.propose(noise("41 dB", f"Thing {n} {'x' * 900}"))
    assert refused.value.exit_code != 0
    assert office.kb.state == before
    ids = office.live(noise("41 dB"))
    assert (office.status(ids[0]), office.say(loud())) == ("active", "41 dB")
    assert office.is_sound()
    office.kb.close()


def test_a_full_disk_refuses_an_activation(disk: Path, template: Path) -> None:
    office = Office.copied(template, disk / "office")
    floor = office.say(loud())
    ids = office.approved(noise("41 dB"))
    with filled(disk), pytest.raises(StorageUnavailable):
        office.activate(ids)
    assert office.status(ids[0]) == "approved"
    assert office.say(loud()) == floor
    assert office.is_sound()
    assert office.activate(ids).active == tuple(ids)
    office.kb.close()


def test_what_is_live_can_be_asked_on_a_full_disk(disk: Path, template: Path) -> None:
    office = Office.copied(template, disk / "office")
    office.live(noise("41 dB"))
    with filled(disk):
        assert office.kb.ask_many([loud()])[0].text == "41 dB"
    office.kb.close()


@pytest.mark.parametrize("room", [20_000, 60_000])
def test_files_that_cannot_grow(crew: Crew, room: int) -> None:
    """The same in a process of its own, which ends with an error and promises nothing that is not there."""
    assert crew.send(crew.job(room=room)) == [DISK_FULL]
    crew.inspect()


@pytest.mark.loop
def test_no_room_at_many_moments(crew: Crew, disk: Path, template: Path) -> None:
    chance = random.Random()
    shutil.copytree(template, disk / "office")
    small = replace(crew, directory=disk / "office", journals=disk.parent)
    for _ in range(12):
        with filled(disk, leave=chance.randint(0, 400_000)):
            job = small.job(rounds=200)
            assert small.send(job) == [DISK_FULL], job
        small.inspect()
    for _ in range(12):
        job = crew.job(room=chance.randint(8_192, 400_000))
        assert crew.send(job) == [DISK_FULL], job
        crew.inspect()
