"""A whole knowledge base on PostgreSQL, when ``ADDENDA_TEST_POSTGRES`` names a server: `make postgres` starts one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from addenda.database import open_database
from addenda.documents.reading import SourceDocument
from addenda.knowledge_base import KnowledgeBase
from addenda.ledger import Policy, Rule
from addenda.memories.triples.calls import Query

NEWS = SourceDocument(
    "news", "news.txt", "We tested the Velmor Tasky: it hums at 51 dB.\nThe Velmor Tasky costs 240 euros.\n"
)


@pytest.fixture
def url() -> str:
    given = os.environ.get("ADDENDA_TEST_POSTGRES")
    if not given:
        pytest.skip("ADDENDA_TEST_POSTGRES names no PostgreSQL server")
    database = open_database(given, create=True)
    with database.write() as connection:
        names = [name for name in sa.inspect(connection).get_table_names() if name != "alembic_version"]
        connection.execute(sa.text(f"TRUNCATE {', '.join(names)}"))
    database.close()
    return given


def test_from_a_document_to_an_answer_and_back(url: str, tmp_path: Path) -> None:
    founded = KnowledgeBase.create(tmp_path / "kb", admin="Ana", memories=["triples"], database=url)
    with founded.knowledge_base as kb:
        ana = kb.authenticate(founded.token)
        kb.governance.set_policy(Policy(rules=(Rule(name="one reviewer", approval="one reviewer"),)), by=ana)
        token = kb.governance.add_person("Ben", ["approver"], by=ana).token
        assert token is not None
        ben = kb.authenticate(token)
        found = kb.extracting.run(NEWS, by=ana)
        assert found.count("proposed") == 2
        ids = [one.id for one in kb.state.records.values() if one.kind == "fact"]
        assert len(ids) == 2
        kb.changes.approve(ids, by=ben)
        assert kb.activation.activate(ids, by=ben).active == tuple(ids)
    # Another process finds the same, by the same URL.
    with KnowledgeBase.open(tmp_path / "kb", database=url) as kb:
        assert kb.read(Query("Velmor Tasky", "noise level", None)).names == ("51 dB",)
        assert kb.read(Query("Velmor Tsky", "price", None)).names == ("240 euros",)
        assert kb.ask("How loud is Velmor Tasky?").text == "51 dB"
        kb.changes.rollback(ids, by=ben, reason="wrong document")
        assert kb.read(Query("Velmor Tasky", "noise level", None)).names == ()
        assert all(check.ok for check in kb.verify())
