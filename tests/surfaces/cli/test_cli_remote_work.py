"""Long work of a server, begun from the command line: learning, extracting, reflecting, training."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from addenda.knowledge_base import ModelChoice
from addenda.memories.notes.cases import to_line
from tests.chat_server import ChatServer
from tests.knowledge_base.archive import VELMOR, page, pairs
from tests.memories.notes.tables import rule, watched
from tests.surfaces.cli.desk import Outcome, in_process
from tests.surfaces.cli.there_and_here import Both
from tests.surfaces.http.serving import serving
from tests.writing_server import writing_server

HIDDEN = [rule("brosk is dar and quel is lom", "zim"), rule("trune is dar", "fep"), rule("", "gor")]
LOUD, COSTS = "Velmor Tasky now has a noise level of 39 dB.", "The Orbin Kettle costs 29 EUR."
SAYS = {
    LOUD: [("Velmor Tasky", "noise level", "39 dB")],
    COSTS: [("Orbin Kettle", "price", "29 EUR"), ("Orbin Kettle", "price", "19 EUR")],
}
COUNTS = ("sentences", "statements", "proposed", "contradicting", "duplicates", "doubtful", "refused", "problems")


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with writing_server(SAYS) as running:
        yield running


@pytest.fixture
def writing(writer: ChatServer, tmp_path: Path) -> Iterator[Both]:
    """One whose server asks a model that writes."""
    (tmp_path / "tokens").mkdir()
    with serving(tmp_path / "served", choice=ModelChoice(f"{writer.url}#writer")) as desk:
        yield Both(desk, tmp_path / "tokens")


def test_notes_are_learned(both: Both, tmp_path: Path) -> None:
    both.agree("learn", by="editor", code=2)
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(map(to_line, watched(HIDDEN, 120, random.Random(1)))))
    assert both.there("observe", str(file), by="editor").code == 0
    tried, here = (run("learn", "--dry-run", "--json", by="editor").json for run in (both.there, both.here))
    assert tried.keys() == here.keys()
    assert [one["note"] for one in tried["learned"]] == [None] * len(here["learned"])
    alike = [[(one["kind"], one["replaces"], one["trust"]) for one in found["learned"]] for found in (tried, here)]
    assert alike[0] == alike[1]
    both.agree("learn", by="viewer", code=1)
    learned = both.there("learn", by="editor")
    assert "brosk is dar and quel is lom: the answer is zim" in learned.out
    assert "addenda approve --all --tag learned" in learned.err
    waiting = both.agree("learn", by="editor")
    assert '"waited_already": true' in waiting.out
    refused = both.there("learn", "--model", "http://127.0.0.1:9#x", by="editor")
    assert (refused.code, "--model is for a folder" in refused.err) == (2, True)


def test_facts_are_taken_from_a_document(writing: Both, writer: ChatServer, tmp_path: Path) -> None:
    news = tmp_path / "news.md"
    news.write_text(f"News of the week.\n\n{LOUD}\n{COSTS}\n")

    def here(*arguments: str) -> Outcome:
        return writing.here("extract", *arguments, "--model", f"{writer.url}#writer", by="editor")

    def there(*arguments: str) -> Outcome:
        return writing.there("extract", *arguments, by="editor")

    for form in (("--dry-run",), ("--doubtful", "--dry-run")):
        tried, local = (run(str(news), *form, "--json").json for run in (there, here))
        assert counts(tried) == counts(local)
        assert tried["documents"][0].keys() == local["documents"][0].keys()
        assert tried["documents"][0]["found"] is None
    made = there(str(news), "--tag", "week 47")
    assert (made.code, "proposed as" in made.out) == (0, True), made
    assert "noise level of Velmor Tasky: 39 dB" in made.out
    assert "--source 'news.md, line'" in made.err
    listed = writing.json("list", "--source", "news.md, line", "--tag", "week 47")["addenda"]
    assert min(one["says"] for one in listed) == "noise level of Velmor Tasky: 39 dB"
    again, local = (run(str(news), "--json").json for run in (there, here))
    assert counts(again) == counts(local)
    assert again["documents"][0]["was_there"] is local["documents"][0]["was_there"] is True
    assert again["documents"][0]["id"] == local["documents"][0]["id"]
    refused = there(str(news), "--work", str(tmp_path / "work"))
    assert (refused.code, "--work is for a folder" in refused.err) == (2, True)
    assert writing.there("extract", str(news), by="viewer").code == 1
    assert writing.there("extract", str(news), by="agent").code == 0


def test_documents_are_learned_by_heart(both: Both, tiny_model: Path, tmp_path: Path) -> None:
    drun = page(VELMOR)
    file = tmp_path / f"{VELMOR}.txt"
    file.write_text(drun.text)
    both.agree("reflect", str(file), "--dry-run", by="editor")
    both.agree("reflect", str(file), "--stage", "rumours", by="editor", code=2)
    made = both.json("reflect", str(file), "--reason", "who is who", by="editor")
    assert [one["was_there"] for one in made["documents"]] == [False]
    both.agree("reflect", str(file), by="editor")
    both.agree("reflect", by="editor")
    both.agree("reflect", str(file), by="viewer", code=1)
    ready_made = str(pairs(tmp_path / "pairs.jsonl", {VELMOR: ("red", "4411")}))
    refused = both.there("reflect", str(file), "--import", ready_made, by="editor")
    assert (refused.code, "--import is for a folder" in refused.err) == (2, True)
    assert both.here("reflect", str(file), "--import", ready_made, by="editor").code == 0
    (document,) = made["documents"]
    both.json("approve", document["id"], by="approver")
    quick = ("--base", str(tiny_model), "--steps", "2", "--batch", "8", "--rate", "0.01", "--refusals", "0")
    both.agree("train", "memory-model", *quick, by="approver", code=1)
    both.agree("train", "memory-model", "--update", "slowly", code=2)
    told = both.there("train", "memory-model", *quick, by="admin")
    assert (told.code, "in use on the server" in told.out) == (0, True), told
    assert "1 documents" in told.out
    again, local = (run("train", "memory-model", *quick, "--json", by="admin") for run in (both.there, both.here))
    assert (again.code, local.code) == (0, 0), (again, local)
    assert again.json.keys() == local.json.keys()
    assert {**again.json, "training": None} == {**local.json, "training": None}


def test_a_server_that_is_not_there_begins_nothing(both: Both, tmp_path: Path) -> None:
    file = tmp_path / "news.md"
    file.write_text(LOUD)
    where = ("--url", "http://127.0.0.1:9", "--token-file", both.token("editor"), "--json")
    for arguments in (["learn"], ["extract", str(file)], ["reflect", str(file)], ["train", "memory-model"]):
        away = in_process(*arguments, *where)
        assert (away.code, away.error["type"]) == (1, "ServerUnavailable"), away


def counts(found: dict[str, Any]) -> str:
    return json.dumps({name: found[name] for name in COUNTS})
