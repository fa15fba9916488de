"""Reading from the memory of triples: what is held about a name, when, for whom, and what to try where nothing is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from addenda.knowledge_base import KnowledgeBase
from addenda.types import Addendum, Fact
from tests.knowledge_base.office import QUESTIONS, Office, found
from tests.reading_server import reading_server
from tests.surfaces.cli.desk import Desk, Outcome, in_process

LAST_YEAR = datetime.now(UTC) - timedelta(days=365)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Triples that went live, one of them for one audience and one of them replaced."""
    directory = tmp_path_factory.mktemp("shelf")
    with pytest.MonkeyPatch.context() as patch, reading_server(QUESTIONS) as server:
        patch.setenv("NO_PROXY", "127.0.0.1")
        found(directory, f"{server.url}#reader", "triples")
        office = Office.open(directory)
        try:
            yield Shelf(directory, office)
        finally:
            office.kb.close()


class Shelf:
    """A knowledge base whose facts are triples, and the command line to read it."""

    def __init__(self, directory: Path, office: Office) -> None:
        self.kb = str(directory / "kb")
        (self.old,) = office.live(_fact("Velmor Tasky", "noise level", "41 dB"), valid_from=LAST_YEAR)
        (self.new,) = office.live(_fact("Velmor Tasky", "noise level", "38 dB"))
        (self.price,) = office.live(_fact("Orbin Kettle", "price", "31 EUR"))
        (self.secret,) = office.live(_fact("Lantro Fenn", "price", "12 EUR"), audience=("sales",))
        self.many = office.live(*(_fact(f"Brisk {number}", "price", "9 EUR") for number in range(31)))

    def run(self, *arguments: str) -> Outcome:
        return in_process("read", *arguments, "--kb", self.kb)

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.code == 0, done
        return done.json


def _fact(subject: str, relation: str, value: str) -> Fact:
    return Fact(subject=subject, relation=relation, object=value)


def test_what_is_held_is_shown_with_where_it_comes_from(shelf: Shelf) -> None:
    with KnowledgeBase.open(shelf.kb) as kb:
        addendum: Addendum = kb.addendum(shelf.new)
    read = shelf.json("Velmor Tasky", "noise level")
    assert (read["exact"], read["too_broad"], read["names"]) == (True, None, ["38 dB"])
    assert read["triples"] == [
        {
            "subject": "Velmor Tasky",
            "relation": "noise level",
            "object": "38 dB",
            "score": 1.0,
            "id": shelf.new,
            "source": addendum.source,
            "author": addendum.author,
            "trust": addendum.trust,
        }
    ]
    shown = shelf.run("Velmor Tasky", "noise level")
    assert shown.out.startswith("noise level of Velmor Tasky: exact names\n")
    assert all(word in shown.out for word in ("38 dB", "1.000", shelf.new, addendum.source, addendum.author))
    assert shown.err == ""


def test_a_name_is_found_by_its_value_too(shelf: Shelf) -> None:
    read = shelf.json("--object", "31 EUR", "price")
    assert (read["subject"], read["object"], read["names"]) == (None, "31 EUR", ["Orbin Kettle"])
    assert shelf.run("--object", "31 EUR", "price").out.startswith("whose price is 31 EUR: exact names\n")


def test_a_near_name_is_said_to_be_one(shelf: Shelf) -> None:
    read = shelf.json("Orbin Ketle", "price")
    assert (read["exact"], [one["id"] for one in read["triples"]]) == (False, [shelf.price])
    assert 0 < read["triples"][0]["score"] < 1
    assert "near names" in shelf.run("Orbin Ketle", "price").out


def test_the_past_is_read_as_it_was(shelf: Shelf) -> None:
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    read = shelf.json("Velmor Tasky", "noise level", "--as-of", day)
    assert (read["as_of"], [one["id"] for one in read["triples"]]) == (f"{day}T00:00:00Z", [shelf.old])
    assert shelf.json("Velmor Tasky", "noise level", "--as-of", "1999-01-01")["triples"] == []


def test_an_audience_reads_what_is_for_it(shelf: Shelf) -> None:
    assert shelf.json("Lantro Fenn", "price")["triples"] == []
    assert shelf.json("Lantro Fenn", "price", "--audience", "sales")["names"] == ["12 EUR"]


def test_too_many_names_are_only_counted(shelf: Shelf) -> None:
    read = shelf.json("--object", "9 EUR", "price")
    assert (read["too_broad"], read["triples"]) == (len(shelf.many), [])
    assert shelf.run("--object", "9 EUR", "price").out == (
        "too broad: 31 names fit; give a more exact name or relation\n"
    )


def test_where_nothing_is_held_it_says_what_to_try(shelf: Shelf) -> None:
    done = shelf.run("Zork 9; x", "price")
    assert (done.code, done.out) == (0, "nothing is held\n")
    assert "`addenda list --search 'Zork 9; x'`" in done.err
    assert "--audience" in done.err
    unknown = shelf.run("Velmor Tasky", "horsepower")
    assert "'horsepower' is no declared relation; `addenda relation list`" in unknown.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("Velmor Tasky",),
        ("Velmor Tasky", "noise level", "38 dB"),
        ("--object", "38 dB", "Velmor Tasky", "noise level"),
        (" ", "noise level"),
        ("Velmor Tasky", "\u3000"),
        ("--object", "", "noise level"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused_with_the_way_to_ask(
    shelf: Shelf, arguments: tuple[str, ...]
) -> None:
    done = shelf.run(*arguments, "--json")
    assert (done.code, done.out) == (2, "")
    assert "give SUBJECT RELATION, or --object NAME RELATION" in done.error["message"]


def test_a_missing_relation_and_a_moment_that_is_none_are_refused(shelf: Shelf) -> None:
    missing = shelf.run("--object", "38 dB")
    assert (missing.code, missing.out) == (2, "")
    assert "RELATION" in missing.err
    late = shelf.run("Velmor Tasky", "noise level", "--as-of", "yesterday")
    assert (late.code, late.out) == (2, "")
    assert "--as-of 'yesterday' is no moment" in late.err


def test_reading_changes_nothing_and_needs_no_token(shelf: Shelf) -> None:
    with KnowledgeBase.open(shelf.kb) as kb:
        before = str(kb.ledger.head())
        shelf.run("Velmor Tasky", "noise level")
        assert str(kb.ledger.head()) == before


def test_a_knowledge_base_without_triples_says_how_to_get_them(desk: Desk) -> None:
    done = desk.run("read", "Velmor Tasky", "noise level")
    assert (done.code, done.out) == (2, "")
    assert "--memories triples" in done.err


def test_the_index_is_changed_by_an_admin_only(shelf: Shelf) -> None:
    assert shelf.run("Orbin Kettel", "price").out.count("31 EUR") == 1
    refused = in_process("reindex", "--kb", shelf.kb)
    assert (refused.code, "token" in refused.err) == (1, True)
