"""One tiny model and one founded knowledge base for all tests of the command line; each test works on a copy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.surfaces.cli.desk import Desk
from tests.surfaces.cli.there_and_here import Both
from tests.surfaces.http.serving import serving
from tests.tiny import save_tiny


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("cli-model"))


@pytest.fixture(scope="session")
def template(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk.made(tmp_path_factory.mktemp("cli-template"), tiny_model)


@pytest.fixture(scope="session")
def living_template(template: Desk, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """One with a live fact, so that the model is edited once for all tests that start there."""
    desk = template.copied(tmp_path_factory.mktemp("cli-living") / "desk")
    return desk, desk.live()


@pytest.fixture
def desk(template: Desk, tmp_path: Path) -> Desk:
    return template.copied(tmp_path / "desk")


@pytest.fixture
def living(living_template: tuple[Desk, str], tmp_path: Path) -> tuple[Desk, str]:
    """A knowledge base with one live fact, and its id."""
    made, addendum_id = living_template
    return made.copied(tmp_path / "living"), addendum_id


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with serving(tmp_path_factory.mktemp("served")) as served:
        yield Both(served, tmp_path_factory.mktemp("tokens"))
