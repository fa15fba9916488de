"""One server and one knowledge base for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.surfaces.web.stage import Stage, staged


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("web")) as made:
        yield made
