"""One server for all these tests; what a test writes is about names of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.knowledge_base.office import QUESTIONS
from tests.reading_server import reading_server
from tests.surfaces.mcp.agency import Agency, build, served


@pytest.fixture(scope="session")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agency]:
    with pytest.MonkeyPatch.context() as patch, reading_server(QUESTIONS) as reader:
        patch.setenv("NO_PROXY", "127.0.0.1")
        with served(build(tmp_path_factory.mktemp("agency"), f"{reader.url}#reader")) as ready:
            yield ready
