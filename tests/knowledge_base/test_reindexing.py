"""Changing by what near names are found: recorded, allowed to admins, and never half done."""

from __future__ import annotations

import pytest

from addenda.database import open_database
from addenda.errors import InvalidInput, MissingDependency, PermissionDenied
from addenda.knowledge_base import DATABASE_FILE, KnowledgeBase
from addenda.memories.triples.calls import Query
from addenda.memories.triples.embeddings import EmbeddingIndex
from addenda.memories.triples.indexes import index_named, stored_index
from addenda.memories.triples.lexical import LexicalIndex
from addenda.memories.triples.tables import LISTS, STATE
from tests.knowledge_base.office import Office, noise

NEAR = Query("Velmor Taskyy", "noise level", None)


def test_thresholds_change_with_the_index_and_are_recorded(read_office: Office) -> None:
    read_office.live(noise("41 dB"))
    kb = read_office.kb
    assert kb.read(NEAR).names == ("41 dB",)
    assert (
        kb.reindex(by=read_office.ana, thresholds={"entity_threshold": 0.99}, reason="stricter") == LexicalIndex().name
    )
    assert kb.read(NEAR).names == ()
    with KnowledgeBase.open(kb.directory) as other:
        assert other.read(NEAR).names == ()
        event = other.ledger.events()[-1]
        assert (event.actor.name, event.body.kind, event.reason) == ("Ana", "memory_configured", "stricter")
        other.reindex(by=read_office.ana, thresholds={"entity_threshold": 0.8})
    assert kb.read(NEAR).names == ("41 dB",)
    assert kb.memory_digests() == kb.rebuilt_digests()


def test_names_that_an_earlier_version_entered_are_entered_anew(read_office: Office) -> None:
    read_office.live(noise("41 dB"))
    kb = read_office.kb
    database = open_database(kb.directory / DATABASE_FILE)
    with database.write() as connection:
        connection.execute(STATE.update().values(name_index="lexical"))
        connection.execute(LISTS.delete())
    assert kb.read(NEAR).names == ("41 dB",)
    assert stored_index(database) == LexicalIndex().name
    database.close()


@pytest.mark.parametrize("value", [0.0, 1.5, float("nan")])
def test_a_threshold_that_cannot_be_is_refused_and_nothing_changes(read_office: Office, value: float) -> None:
    read_office.live(noise("41 dB"))
    position = read_office.kb.state.position
    with pytest.raises(InvalidInput, match="mean_threshold"):
        read_office.kb.reindex(by=read_office.ana, thresholds={"mean_threshold": value})
    assert read_office.kb.state.position == position
    assert read_office.kb.read(NEAR).names == ("41 dB",)


def test_only_an_admin_changes_the_index(read_office: Office) -> None:
    read_office.live(noise("41 dB"))
    with pytest.raises(PermissionDenied, match="admin"):
        read_office.kb.reindex(by=read_office.ben, thresholds={"entity_threshold": 0.99})
    assert read_office.kb.read(NEAR).names == ("41 dB",)


def test_an_encoder_that_is_not_there_is_missed_before_anything_changes(read_office: Office) -> None:
    read_office.live(noise("41 dB"))
    position = read_office.kb.state.position
    with pytest.raises(MissingDependency, match="embeddings"):
        read_office.kb.reindex("no/such-encoder", by=read_office.ana)
    assert read_office.kb.state.position == position
    assert read_office.kb.read(NEAR).names == ("41 dB",)


def test_the_index_of_a_database_is_known_by_its_name() -> None:
    pytest.importorskip("usearch")
    assert isinstance(index_named(None), LexicalIndex)
    assert isinstance(index_named(LexicalIndex().name), LexicalIndex)
    named = index_named("embeddings models/one with blanks")
    assert isinstance(named, EmbeddingIndex)
    assert named.name == "embeddings models/one with blanks"
