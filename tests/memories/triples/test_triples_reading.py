"""What a read returns: exact names first, similar ones ranked, only what holds then and for whom, no silent cuts."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from triple_tools import DAY, NOW, Reference, deliver, ident

from addenda.errors import InvalidInput
from addenda.memories.base import Deliver, ReadResult, TripleReader, Window, Withdraw
from addenda.memories.triples import ALIAS_RELATION, TriplesConfig, TriplesMemory
from addenda.memories.triples.memory import MOST_LEFT_OUT
from addenda.memories.triples.syntax import Query


def read(
    memory: TriplesMemory,
    subject: str | None,
    relation: str,
    object_: str | None = None,
    at: datetime | None = None,
    audience: str = "everyone",
) -> ReadResult:
    """One read."""
    return memory.contribute(at=at, audience=audience).read(Query(subject, relation, object_))


def test_a_contribution_is_a_tool_that_names_what_it_read(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda 12", "noise level", "43 dB", source="b.csv!A4")], 1)
    reader = memory.contribute(at=None)
    assert isinstance(reader, TripleReader)
    (hit,) = reader.read(Query("ＮＯＲＤＡ 12", "Noise Level", None)).hits
    assert (hit.addendum_id, hit.name, hit.score) == (ident(1), "43 dB", 1.0)
    assert (hit.subject, hit.relation, hit.object) == ("Norda 12", "noise level", "43 dB")
    assert (hit.origin.source, hit.origin.author, hit.origin.trust) == ("b.csv!A4", "ann", "normal")


def test_either_side_can_be_asked_for(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda", "made by", "Kaldor Works"), deliver(2, "Pelma", "made by", "Kaldor Works")], 1)
    assert read(memory, "Pelma", "made by").names == ("Kaldor Works",)
    assert read(memory, None, "made by", "kaldor works").names == ("Norda", "Pelma")
    assert read(memory, "Kaldor Works", "made by").names == ()


def test_exact_names_keep_similar_ones_out(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Kaldor Pump", "weight", "3 kg"), deliver(2, "Kaldor Pumps", "weight", "4 kg")], 1)
    exact = read(memory, "Kaldor Pump", "weight")
    assert (exact.names, exact.exact) == (("3 kg",), True)
    similar = read(memory, "Kaldr Pump", "weight")
    assert (similar.names, similar.exact) == (("3 kg",), False)
    assert [round(hit.score, 3) for hit in similar.hits] == [0.95]


def test_close_names_are_asked_before_less_similar_ones() -> None:
    deliveries = [deliver(1, "Kaldor Pump", "weight", "3 kg"), deliver(2, "Kaldor Pumps", "weight", "4 kg")]
    only_close, all_similar = TriplesMemory.private(), TriplesMemory.private(TriplesConfig(close_threshold=0.8))
    for memory in (only_close, all_similar):
        memory.apply(deliveries, 1)
    assert read(only_close, "Kaldr Pumps", "weight").names == ("4 kg",)
    assert read(only_close, "Kaldr Pumqs", "weight").names == ("4 kg",)  # none is close, one is similar
    similar = read(all_similar, "Kaldr Pumps", "weight")
    assert similar.names == ("4 kg", "3 kg")
    assert [round(hit.score, 3) for hit in similar.hits] == [0.955, 0.9]


def test_a_known_name_is_no_misspelling_of_another_one() -> None:
    deliveries = [deliver(1, "Kaldor Pump", "weight", "3 kg"), deliver(2, "Kaldor Pumps", "price", "90")]
    memory, lenient = TriplesMemory.private(), TriplesMemory.private(TriplesConfig(near_names_of_known=True))
    for one in (memory, lenient):
        one.apply(deliveries, 1)
    assert read(memory, "Kaldor Pumps", "weight") == ReadResult()
    assert read(memory, "Kaldor Pumps", "prices").names == ("90",)  # relations may be similar all the same
    assert read(memory, "Kaldor Pummp", "weight").names == ("3 kg",)
    assert read(lenient, "Kaldor Pumps", "weight").names == ("3 kg",)
    memory.apply([deliver(3, "3 kg", "also called", "3 kilos"), deliver(4, "Kaldor Pumps", "also called", "KP")], 2)
    assert read(memory, "KP", "price").names == ("90",)
    assert read(memory, "KP", "weight") == ReadResult()


def test_a_name_is_known_only_to_who_may_see_it(memory: TriplesMemory) -> None:
    hidden, past = Window(audience=("board",)), Window(NOW - 3 * DAY, NOW - DAY)
    memory.apply(
        [
            deliver(1, "Kaldor Pump", "weight", "3 kg"),
            deliver(2, "Kaldor Pumps", "price", "90", hidden),
            deliver(3, "Norda Kettle", "weight", "1 kg"),
            deliver(4, "Norda Kettles", "price", "31", past),
        ],
        1,
    )
    assert read(memory, "Kaldor Pumps", "weight").names == ("3 kg",)
    assert read(memory, "Kaldor Pumps", "weight", audience="board") == ReadResult()
    assert read(memory, "Norda Kettles", "weight").names == ("1 kg",)
    assert read(memory, "Norda Kettles", "weight", at=NOW - 2 * DAY) == ReadResult()


@pytest.mark.parametrize(
    ("config", "subject", "relation", "found"),
    [
        (TriplesConfig(), "Kaldro Pump", "weights", True),
        (TriplesConfig(entity_threshold=0.95), "Kaldro Pump", "weight", False),
        (TriplesConfig(relation_threshold=0.95), "Kaldor Pump", "weights", False),
        (TriplesConfig(mean_threshold=0.92), "Kaldro Pump", "weights", False),
        (TriplesConfig(mean_threshold=0.92), "Kaldor Pump", "weights", True),
    ],
)
def test_three_thresholds_decide_what_is_similar(
    config: TriplesConfig, subject: str, relation: str, found: bool
) -> None:
    memory = TriplesMemory.private(config)
    memory.apply([deliver(1, "Kaldor Pump", "weight", "3 kg")], 1)
    assert bool(read(memory, subject, relation).hits) is found


def test_each_pair_of_names_must_reach_the_mean(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda", "price", "31"), deliver(2, "Norda", "prices", "31 to 40")], 1)
    assert read(memory, "Nordam", "price").names == ("31",)
    assert read(memory, "Nordam", "prices").names == ("31 to 40",)


def test_other_numbers_are_other_things(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda Kettle 12", "price", "31"), deliver(2, "第二工場", "場所", "大阪")], 1)
    assert read(memory, "Norda Kettle 13", "price") == ReadResult()
    assert read(memory, "第三工場", "場所") == ReadResult()
    assert read(memory, "Norda Kettle 12b", "price") == ReadResult()
    assert read(memory, "Norda Ketle 12", "price").names == ("31",)
    assert read(memory, "第2工場の", "場所").names == ("大阪",)


def test_too_many_names_are_counted_and_none_is_given() -> None:
    memory = TriplesMemory.private(TriplesConfig(limit=5))
    memory.apply([deliver(n, f"Model {n}", "made in", "Japan") for n in range(5)], 1)
    assert len(read(memory, None, "made in", "Japan").names) == 5
    memory.apply([deliver(n, f"model {n % 5}", "made in", "Japan") for n in range(5, 90)], 2)
    assert (len(read(memory, None, "made in", "Japan").names), len(read(memory, None, "made in", "Japan").hits)) == (
        5,
        90,
    )
    memory.apply([deliver(100 + n, f"Series {n}", "made in", "Japan") for n in range(70)], 3)
    broad = read(memory, None, "made in", "Japan")
    assert (broad.hits, broad.too_broad, broad.exact) == ((), 75, True)
    assert read(memory, None, "made im", "Japan").too_broad == 75


def test_the_past_is_answered_from_what_held_then(memory: TriplesMemory) -> None:
    closed, current = Window(NOW - 3 * DAY, NOW - DAY), Window(NOW - DAY)
    memory.apply([deliver(1, "Norda", "price", "31", closed), deliver(2, "Norda", "price", "29", current)], 1)
    assert read(memory, "Norda", "price").names == ("29",)
    assert read(memory, "Norda", "price", at=NOW - DAY).names == ("29",)
    assert read(memory, "Norda", "price", at=NOW - 2 * DAY).names == ("31",)
    assert read(memory, "Norda", "price", at=NOW - 4 * DAY) == ReadResult()


def test_what_is_withdrawn_is_gone_from_the_past_too(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda", "price", "31", Window(NOW - 3 * DAY, NOW - DAY))], 1)
    memory.apply([Withdraw(ident(1))], 2)
    assert read(memory, "Norda", "price", at=NOW - 2 * DAY) == ReadResult()


@pytest.mark.parametrize(
    ("audience", "names"),
    [("everyone", ("31",)), ("staff", ("31", "12")), ("board", ("31", "12", "9")), ("x' OR 1", ("31",))],
)
def test_each_audience_gets_its_own_and_what_is_for_everyone(
    memory: TriplesMemory, audience: str, names: tuple[str, ...]
) -> None:
    memory.apply(
        [
            deliver(1, "Norda", "price", "31", Window(audience=("press", "everyone"))),
            deliver(2, "Norda", "price", "12", Window(audience=("staff", "board"))),
            deliver(3, "Norda", "price", "9", Window(audience=("board",))),
            deliver(4, "Norda", "price", "0", Window(audience=())),
        ],
        1,
    )
    assert read(memory, "Norda", "price", audience=audience).names == names


def test_what_is_left_out_is_not_read_and_its_like_is() -> None:
    memory = TriplesMemory.private()
    memory.apply([deliver(1, "Norda", "price", "31"), deliver(2, "norda", "price", "29")], 1)
    reader = memory.contribute(at=None, without=frozenset({ident(1), "nobody"}))
    assert reader.read(Query("Norda", "price", None)).names == ("29",)
    with pytest.raises(InvalidInput, match="at most 10000"):
        memory.contribute(at=None, without=frozenset(map(str, range(MOST_LEFT_OUT + 1))))


def aliases(*pairs: tuple[str, str]) -> list[Deliver]:
    """The second of each pair is an alias of the first."""
    return [deliver(100 + n, name, ALIAS_RELATION, alias) for n, (name, alias) in enumerate(pairs)]


def test_an_alias_is_as_good_as_the_name(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda 12", "price", "31"), *aliases(("Norda 12", "Silent One"))], 1)
    found = read(memory, "silent one", "price")
    assert (found.names, found.exact) == (("31",), True)
    assert read(memory, None, "price", "31").names == ("Norda 12",)
    assert read(memory, "Silemt One", "price").names == ("31",)
    memory.apply([Deliver(ident(100), aliases(("Norda 12", "Silent One"))[0].artefact, 100, Window(end=NOW))], 2)
    assert read(memory, "silent one", "price") == ReadResult()


def test_a_relation_has_aliases_too(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Norda", "noise level", "43 dB"), *aliases(("noise level", "loudness"))], 1)
    assert read(memory, "Norda", "Loudness").names == ("43 dB",)


def test_what_is_stored_under_an_alias_is_found_by_the_name(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "Silent One", "price", "31"), *aliases(("Norda", "Silent One"))], 1)
    assert read(memory, "Norda", "price").names == ("31",)


def test_a_shared_alias_leads_to_both_and_from_neither_to_the_other(memory: TriplesMemory) -> None:
    facts = [deliver(1, "Mercury planet", "radius", "2440 km"), deliver(2, "Mercury metal", "melts at", "-39 °C")]
    memory.apply([*facts, *aliases(("Mercury planet", "Mercury"), ("Mercury metal", "Mercury"))], 1)
    assert read(memory, "Mercury", "radius").names == ("2440 km",)
    assert read(memory, "Mercury", "melts at").names == ("-39 °C",)
    assert read(memory, "Mercury planet", "melts at") == ReadResult()


def test_cycles_of_aliases_end(memory: TriplesMemory) -> None:
    memory.apply([deliver(1, "c", "price", "31"), *aliases(("a", "b"), ("b", "c"), ("c", "a"), ("a", "a"))], 1)
    for name in "abc":
        assert read(memory, name, "price").names == ("31",)


def test_chains_of_aliases_are_followed_so_far_and_no_farther() -> None:
    chain = aliases(*((f"name of {a}", f"name of {b}") for a, b in zip("abcdefgh", "bcdefghi", strict=True)))
    for hops, reached in ((3, True), (2, False)):
        memory = TriplesMemory.private(TriplesConfig(alias_hops=hops))
        memory.apply([*chain, deliver(1, "name of a", "price", "31")], 1)
        assert bool(read(memory, "name of d", "price").hits) is reached


def test_the_number_of_aliases_is_bounded() -> None:
    memory = TriplesMemory.private(TriplesConfig(alias_names=3, limit=1000))
    names = [f"{word} house" for word in ("red", "green", "blue", "old", "new", "big")]
    memory.apply(
        [*aliases(*(("x", name) for name in names)), *(deliver(n, a, "in", a) for n, a in enumerate(names))], 1
    )
    assert len(read(memory, "x", "in").names) == 3


@pytest.mark.parametrize("blank", [" ", "\u3000", "\ufe0f"])
def test_blank_names_find_nothing(memory: TriplesMemory, blank: str) -> None:
    memory.apply([deliver(1, "Norda", "price", "31")], 1)
    assert read(memory, blank, "price") == ReadResult()
    assert read(memory, "Norda", blank) == ReadResult()


def test_a_name_of_100_kilobytes_is_found_exactly(memory: TriplesMemory) -> None:
    long = "工場" * 17_000
    memory.apply([deliver(1, "Norda", "remark", long)], 1)
    assert read(memory, "Norda", "remark").names == (long,)


WORDS = ["Norda", "norda.", "Nordan", "Nrodan", "Norda 12", "Norda 13", "のるだ", "ノルダの"]
RELATIONS = ["price", "Price", "prices", ALIAS_RELATION]
MOMENTS = [NOW - DAY, NOW, NOW + DAY]
WINDOWS = st.builds(
    Window,
    st.sampled_from([None, *MOMENTS]),
    st.sampled_from([None, *MOMENTS]),
    st.sampled_from([("everyone",), ("everyone",), ("staff",)]),
)
FACTS = st.lists(
    st.tuples(st.sampled_from(WORDS), st.sampled_from(RELATIONS), st.sampled_from(WORDS), WINDOWS), max_size=9
)


@settings(deadline=None, max_examples=150)
@given(
    facts=FACTS,
    known=st.sampled_from([*WORDS, "Nordam"]),
    relation=st.sampled_from([*RELATIONS, "pricse"]),
    backwards=st.booleans(),
    at=st.sampled_from(MOMENTS),
    audience=st.sampled_from(["everyone", "staff"]),
    without=st.frozensets(st.integers(0, 8).map(ident), max_size=2),
    staged=st.integers(0, 9),
    config=st.builds(
        TriplesConfig,
        limit=st.just(3),
        near_names_of_known=st.booleans(),
        close_threshold=st.sampled_from([0.8, 0.85, 0.9, 1.0]),
    ),
)
def test_reading_is_what_comparing_everything_with_everything_gives(
    facts: list[tuple[str, str, str, Window]],
    known: str,
    relation: str,
    backwards: bool,
    at: datetime,
    audience: str,
    without: frozenset[str],
    staged: int,
    config: TriplesConfig,
) -> None:
    changes = [deliver(n, *fact) for n, fact in enumerate(facts)]
    memory = TriplesMemory.private(config, clock=lambda: NOW)
    # Some of the triples are staged, some of these over others of the same id, which must not shine through.
    memory.apply(
        [*changes[staged:], *(deliver(n, "Nordan", "price", "old") for n in range(0, min(staged, len(changes)), 2))], 1
    )
    view = memory.staged(changes[:staged])
    query = Query(None, relation, known) if backwards else Query(known, relation, None)
    result = view.contribute(at=at, audience=audience, without=without).read(query)
    expected = Reference(changes, config).read(query.subject, relation, query.object, at, audience, without)
    assert ([(hit.addendum_id, pytest.approx(hit.score)) for hit in result.hits], result.too_broad) == expected
