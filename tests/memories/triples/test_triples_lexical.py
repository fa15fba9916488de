"""The index of near names finds exactly what comparing with every name finds."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from triple_tools import deliver, ident, near

from addenda.database import Database
from addenda.errors import ModelMismatch
from addenda.memories.base import Withdraw
from addenda.memories.triples import LexicalIndex, TriplesMemory
from addenda.memories.triples.folding import LONGEST, fold
from addenda.memories.triples.names import intern, key_of, sweep
from addenda.memories.triples.rooms import PrivateRoom
from addenda.memories.triples.syntax import Query
from addenda.memories.triples.tables import ENTITY, LISTS, NAMES, PARTS, RELATION, STATE

STEMS = ("norda", "nordan", "kaldor", "のるだ", "東京駅", "삼성전자", "aaaaaa")
NAMES_GIVEN = st.builds(
    lambda stem, extra, number: f"{stem}{extra}{number}",
    st.sampled_from(STEMS),
    st.text("abrnのは의 ", max_size=4),
    st.sampled_from(["", " 1", " 12", " 2"]),
).filter(lambda name: bool(name.strip()))


def stored(names: Iterable[str], kind: int = ENTITY) -> PrivateRoom:
    """A room with these names."""
    room = PrivateRoom()
    with room.write() as connection:
        intern(connection, kind, names, LexicalIndex())
    return room


def found(room: PrivateRoom, query: str, threshold: float, kind: int = ENTITY) -> dict[bytes, float]:
    """What the index finds, by key."""
    with room.read() as connection:
        return {one.key: one.similarity for one in LexicalIndex().similar(connection, kind, query, threshold)}


def expected(names: Iterable[str], query: str, threshold: float) -> dict[bytes, float]:
    """What comparing with every name finds."""
    scores = {key_of(name): near(query, fold(name)) for name in names}
    return {key: pytest.approx(score) for key, score in scores.items() if score >= threshold - 1e-9}


@settings(deadline=None, max_examples=60)
@given(
    names=st.sets(NAMES_GIVEN, max_size=25),
    query=NAMES_GIVEN,
    threshold=st.sampled_from([0.3, 0.6, 0.75, 0.8, 0.9, 1.0]),
    gone=st.sets(st.integers(0, 24)),
)
def test_it_finds_what_comparing_with_every_name_finds(
    names: set[str], query: str, threshold: float, gone: set[int]
) -> None:
    listed = sorted(names)
    room = stored(listed)
    assert found(room, query, threshold) == expected(listed, query, threshold)
    kept = [name for place, name in enumerate(listed) if place not in gone]
    with room.write() as connection:
        ids = intern(connection, ENTITY, [name for name in listed if name not in kept], LexicalIndex())
        sweep(connection, ids.values(), LexicalIndex())
    assert found(room, query, threshold) == expected(kept, query, threshold)


def test_long_lists_grow_and_shrink_in_parts() -> None:
    words = [f"{a}{b}{c}" for a in "bdfgklmnp" for b in "aeiou" for c in "bdfgklmnp"]
    names = [f"{word} institute" for word in words] + [f"{word} institutes" for word in words]
    room = PrivateRoom()
    index = LexicalIndex()
    for part in (names[:300], names[300:310], names[310:]):
        with room.write() as connection:
            intern(connection, ENTITY, part, index)
    with room.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(PARTS)).scalar_one() > 0
    query = "kab intsitute"
    assert found(room, query, 0.8) == expected(names, query, 0.8) != {}
    with room.write() as connection:
        ids = intern(connection, ENTITY, names[100:], index)
        sweep(connection, ids.values(), index)
    assert found(room, query, 0.8) == expected(names[:100], query, 0.8)
    with room.write() as connection:
        ids = intern(connection, ENTITY, names[:100], index)
        sweep(connection, ids.values(), index)
        assert [connection.execute(sa.select(table)).all() for table in (NAMES, LISTS, PARTS)] == [[], [], []]


def test_entities_and_relations_are_apart() -> None:
    room = stored(["noise level"], RELATION)
    assert found(room, "noise levels", 0.8, RELATION)
    assert not found(room, "noise levels", 0.8, ENTITY)


def test_a_name_that_is_too_long_is_stored_once_and_never_near() -> None:
    name = "x" * 100_000
    room = stored([name, "x" * LONGEST])
    assert found(room, name[1:], 0.5) == {}
    assert found(room, "x" * (LONGEST - 1), 0.8) == expected(["x" * LONGEST], "x" * (LONGEST - 1), 0.8)
    with room.write() as connection:
        again = intern(connection, ENTITY, [name], LexicalIndex())
        rows = connection.execute(sa.select(NAMES.c.id).where(NAMES.c.key == key_of(name))).scalars().all()
    assert list(again.values()) == rows


def test_names_folded_by_another_version_are_refused_then_folded_anew(
    memory: TriplesMemory, database: Database
) -> None:
    memory.apply([deliver(1, "渡邊太郎商店", "場所", "大阪"), deliver(2, "Norda 12", "price", "31")], 1)
    with database.write() as connection:
        connection.execute(NAMES.update().values(folded="?", digits="7"))
        connection.execute(LISTS.delete())
        connection.execute(STATE.update().values(name_index="lexical"))
    with pytest.raises(ModelMismatch, match=r"in the index 'lexical', .* enter the names anew"):
        memory.contribute(at=None).read(Query("渡辺太郎商店", "場所", None))
    memory.reindex()
    assert memory.contribute(at=None).read(Query("渡辺太郎商店", "場所", None)).names == ("大阪",)
    assert memory.contribute(at=None).read(Query("Nroda 12", "price", None)).names == ("31",)
    memory.apply([Withdraw(ident(1)), Withdraw(ident(2))], 2)
    with database.read() as connection:
        assert [connection.execute(sa.select(table)).all() for table in (NAMES, LISTS, PARTS)] == [[], [], []]


def test_a_query_that_no_database_can_hold_is_compared_all_the_same() -> None:
    room = stored(["norda"])
    for query in ("nor\ud800da", "norda\x00"):
        assert found(room, query, 0.6) == expected(["norda"], query, 0.6) != {}


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("ノルダ工場", "のるだ工場の"),
        ("コンピューター部", "ｺﾝﾋﾟｭｰﾀ部は"),
        ("渡邊太郎商店", "渡辺太郎商店を"),
        ("삼성전자 수원공장", "삼성전자수원공장에서"),
        ("디지털 플라자", "디지탈 플라자"),
        ("臺灣大學", "台湾大学的"),
        ("北京第二外国语大学", "北京第2外國語大學"),
    ],
)
def test_names_in_east_asian_scripts_are_found_as_people_write_them(name: str, query: str) -> None:
    assert set(found(stored([name, "別の名前", "다른 이름"]), query, 0.8)) == {key_of(name)}
