"""One server for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.surfaces.http.serving import Desk, serving


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with serving(tmp_path_factory.mktemp("served")) as made:
        yield made


@pytest.fixture(params=["blocking", "awaiting"])
def way(request: pytest.FixtureRequest) -> str:
    """Which of the two clients."""
    return str(request.param)
