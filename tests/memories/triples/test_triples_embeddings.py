"""The index by meaning, with an encoder that anybody can follow: the same questions as of the lexical one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import sqlalchemy as sa
from triple_tools import deliver, ident

from addenda.database import Database, open_database
from addenda.errors import MissingDependency, ModelMismatch, UnknownId
from addenda.memories.base import Withdraw
from addenda.memories.triples import TriplesConfig, TriplesMemory
from addenda.memories.triples.embeddings import EmbeddingIndex, SentenceEncoder
from addenda.memories.triples.syntax import Query
from addenda.memories.triples.tables import LISTS, VECTORS

SYNONYMS = {"spouse": "married to", "loudness": "noise level", "kettle": "boiler"}
CONFIG = TriplesConfig(entity_threshold=0.7, close_threshold=0.7, relation_threshold=0.7, mean_threshold=0.8)


class LetterPairs:
    """Counts pairs of letters, after a word was replaced by its synonym; notes what it was asked."""

    name = "letter pairs"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.asked.extend(texts)
        vectors = np.zeros((len(texts), 29 * 29), dtype=np.float32)
        for row, text in enumerate(texts):
            folded = " ".join(SYNONYMS.get(word, word) for word in text.casefold().split())
            codes = [28, *(ord(c) % 27 for c in folded if not c.isdigit()), 28]
            for one, other in pairwise(codes):
                vectors[row, one * 29 + other] += 1
        return vectors


@pytest.fixture
def encoder() -> LetterPairs:
    pytest.importorskip("usearch")
    return LetterPairs()


@pytest.fixture
def meaning(database: Database, encoder: LetterPairs) -> TriplesMemory:
    return TriplesMemory(database, CONFIG, index=EmbeddingIndex(encoder))


def names(memory: TriplesMemory, subject: str, relation: str) -> tuple[str, ...]:
    """What is read."""
    return memory.contribute(at=None).read(Query(subject, relation, None)).names


def test_names_are_found_by_what_they_mean(meaning: TriplesMemory) -> None:
    meaning.apply([deliver(1, "Norda Boiler 12", "noise level", "43 dB"), deliver(2, "Anna", "married to", "Bo")], 1)
    assert names(meaning, "norda kettle 12", "loudness") == ("43 dB",)
    assert names(meaning, "Anna", "spouse") == ("Bo",)
    assert names(meaning, "norda kettle 13", "loudness") == ()
    assert names(meaning, "Zyx", "spouse") == ()


def test_every_similar_name_is_found_however_many(meaning: TriplesMemory) -> None:
    ends = [f"{a}{b}" for a in "abcdefghjklmnop" for b in "abcdefghijklmnopqrst"]
    meaning.apply([deliver(n, f"Norda Boiler {end}", "weight", f"{n} kg") for n, end in enumerate(ends)], 1)
    meaning.apply([deliver(1000 + n, f"{end} {end} {end}", "weight", "0 kg") for n, end in enumerate(ends)], 2)
    assert meaning.contribute(at=None).read(Query("Norda Kettle", "weight", None)).too_broad == len(ends)


def test_the_encoder_is_asked_once_for_each_new_name_and_never_in_a_transaction(
    database: Database, encoder: LetterPairs
) -> None:
    class Watching(LetterPairs):
        def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
            with database.write():  # would wait in vain inside another write
                return super().encode(texts)

    watching = Watching()
    memory = TriplesMemory(database, CONFIG, index=EmbeddingIndex(watching))
    memory.apply([deliver(1, "Norda", "part", "Pump")], 1)
    memory.apply([deliver(1, "Norda", "part", "Pump"), deliver(2, "Norda", "part", "Valve")], 2)
    assert sorted(watching.asked) == ["Norda", "Pump", "Valve", "part"]


def test_what_goes_and_comes_is_noticed_also_from_elsewhere(
    meaning: TriplesMemory, database: Database, encoder: LetterPairs, tmp_path: Path
) -> None:
    elsewhere = open_database(tmp_path / "kb.sqlite3")
    other = TriplesMemory(elsewhere, CONFIG, index=EmbeddingIndex(encoder))
    meaning.apply([deliver(1, "Norda Boiler", "part", "Pump")], 1)
    assert names(other, "Norda Kettle", "part") == ("Pump",)
    meaning.apply([Withdraw(ident(1))], 2)
    with database.read() as connection:
        assert connection.execute(sa.select(VECTORS)).all() == []
    assert names(other, "Norda Kettle", "part") == ()
    other.apply([deliver(2, "Kaldor Boiler", "part", "Valve")], 3)  # its names get the ids that are free again
    assert names(meaning, "Kaldor Kettle", "part") == ("Valve",)
    assert names(meaning, "Norda Kettle", "part") == ()
    elsewhere.close()


def test_a_refused_change_leaves_no_vector(meaning: TriplesMemory, database: Database) -> None:
    with pytest.raises(UnknownId):
        meaning.apply([deliver(1, "Norda", "part", "Pump"), Withdraw(ident(2))], 1)
    with database.read() as connection:
        assert connection.execute(sa.select(VECTORS)).all() == []


def test_a_staged_view_has_vectors_of_its_own(meaning: TriplesMemory) -> None:
    meaning.apply([deliver(1, "Norda Boiler", "part", "Pump")], 1)
    staged = meaning.staged([Withdraw(ident(1)), deliver(2, "Kaldor Boiler", "part", "Valve")])
    reader = staged.contribute(at=None)
    assert reader.read(Query("Kaldor Kettle", "part", None)).names == ("Valve",)
    assert reader.read(Query("Norda Kettle", "part", None)).names == ()
    assert names(meaning, "Norda Kettle", "part") == ("Pump",)
    assert names(meaning, "Kaldor Kettle", "part") == ()


def test_the_wrong_index_is_refused_until_names_are_entered_into_it(
    meaning: TriplesMemory, database: Database, encoder: LetterPairs
) -> None:
    meaning.apply([deliver(1, "Norda Boiler", "part", "Pump")], 1)
    lexical = TriplesMemory(database)
    with pytest.raises(ModelMismatch, match="in the index 'embeddings letter pairs'"):
        names(lexical, "Norda Boiler", "part")
    with pytest.raises(ModelMismatch, match="reindex"):
        lexical.apply([], 2)
    before = meaning.digest()
    lexical.reindex()
    assert names(lexical, "Nrda Boiler", "part") == ("Pump",)
    assert (lexical.digest(), lexical.position) == (before, 1)
    with pytest.raises(ModelMismatch, match="in the index 'lexical 2'"):
        names(meaning, "Norda Boiler", "part")
    meaning.reindex()
    assert names(meaning, "Norda Kettle", "part") == ("Pump",)
    with database.read() as connection:
        assert connection.execute(sa.select(LISTS)).all() == []


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usearch.index", None)
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingDependency, match=r"addenda\[embeddings\]"):
        EmbeddingIndex(LetterPairs())
    with pytest.raises(MissingDependency, match=r"addenda\[embeddings\]"):
        SentenceEncoder("some model").encode(["Norda"])
