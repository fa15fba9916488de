"""Documents read by a model: what is shown, what is refused, and a run that is killed and started again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chat_server import Answer, ChatServer, Raw, Request
from tests.surfaces.cli.desk import Desk, Outcome, environment
from tests.writing_server import sentence, told, writing_server

LOUD = "Velmor Tasky now has a noise level of 39 dB."
COSTS = "The Orbin Kettle costs 29 EUR."
TEXT = f"News [bold]of the week[/bold].\n\n{LOUD}\n{COSTS}\nIt is quiet.\n"
SAYS = {
    LOUD: [("Velmor Tasky", "Noise Level", "39 dB")],
    COSTS: [("Orbin Kettle", "price", "29 EUR"), ("Orbin Kettle", "price", "19 EUR")],
    "It is quiet.": [("Orbin Kettle", "noise level", "quiet")],
}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with writing_server(SAYS) as running:
        yield running


@pytest.fixture
def news(tmp_path: Path) -> Path:
    path = tmp_path / "news.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


def extracted(desk: Desk, server: ChatServer, *arguments: str) -> dict[str, Any]:
    return desk.json("extract", *arguments, "--model", f"{server.url}#writer", by="Ana")


def in_words(desk: Desk, server: ChatServer, *arguments: str) -> Outcome:
    done = desk.run("extract", *arguments, "--model", f"{server.url}#writer", by="Ana")
    assert done.code == 0, done
    return done


def test_the_result_as_json(living: tuple[Desk, str], server: ChatServer, news: Path) -> None:
    desk, old = living
    done = extracted(desk, server, str(news), "--tag", "week 47", "--reason", "newsletter")
    assert {name: done[name] for name in ("sentences", "statements", "proposed", "contradicting")} == {
        "sentences": 4,
        "statements": 4,
        "proposed": 2,
        "contradicting": 1,
    }
    (document,) = done["documents"]
    assert (document["file"], document["title"], document["was_there"]) == ("news.md", "news", False)
    loud, price, guessed, quiet = document["found"]
    assert loud["contradicts"] == [{"id": old, "live": "41 dB"}]
    assert (loud["says"], loud["line"], loud["sentence"]) == ("noise level of Velmor Tasky: 39 dB", 3, LOUD)
    assert (price["fate"], price["trust"]) == ("proposed", "low")
    assert (guessed["fate"], guessed["id"], guessed["doubts"]) == ("doubtful", None, ["object not found"])
    assert quiet["fate"] == "refused"
    assert "takes a value of type quantity" in quiet["why"]
    shown = desk.json("show", loud["id"])
    assert shown["evidence"] == [document["id"]]
    assert shown["proposed_by"] == f"model:{server.url}#writer (write)"
    assert (shown["tags"], shown["last_reason"]) == (["week 47"], "extracted for Ana: newsletter")
    assert shown["quoted"] == [
        {"id": document["id"], "status": "proposed", "title": "news", "line": 3, "sentence": LOUD}
    ]
    assert desk.status(old) == "active"


def test_people_see_what_became_of_each_statement_and_what_to_do_next(
    living: tuple[Desk, str], server: ChatServer, news: Path
) -> None:
    desk, old = living
    done = in_words(desk, server, str(news))
    rows = done.out.splitlines()
    (loud,) = [row for row in rows if "Velmor Tasky" in row]
    assert loud.split()[0] == "3"
    assert "proposed as " in loud
    assert f"contradicts {old}: 41 dB -> 39 dB" in loud
    assert any("left out; doubtful: object not found" in row for row in rows)
    assert any("refused: 'quiet' is no value" in row for row in rows)
    assert "of these contradict what is live  1" in done.out
    assert "approve --all --source 'news.md, line'" in done.err
    again = in_words(desk, server, str(news))
    assert "news.md: the document was there already as" in again.out
    assert sum("  already there as " in row for row in again.out.splitlines()) == 2
    approved = desk.json("approve", "--all", "--source", "news.md, line", by="Ben")
    assert len(approved["approved"]) == 2


def test_a_dry_run_needs_no_token_and_writes_nothing(living: tuple[Desk, str], server: ChatServer, news: Path) -> None:
    desk, old = living
    head, files = desk.head(), sorted(Path(desk.kb).iterdir())
    done = desk.run("extract", str(news), "--dry-run", "--model", f"{server.url}#writer")
    assert done.code == 0, done
    assert f"would be proposed; contradicts {old}: 41 dB -> 39 dB" in done.out
    assert "approve" not in done.err
    assert (desk.head(), sorted(Path(desk.kb).iterdir())) == (head, files)


def test_all_that_is_approved_goes_live_but_for_documents(desk: Desk, server: ChatServer, news: Path) -> None:
    (document,) = extracted(desk, server, str(news))["documents"]
    facts = [found["id"] for found in document["found"] if found["id"]]
    assert set(desk.json("approve", "--all", by="Ben")["approved"]) == {document["id"], *facts}
    assert set(desk.json("test", "--all", "--dry-run", by="Ben")["ids"]) == set(facts)
    assert set(desk.json("activate", "--all", "--dry-run", by="Ben")["ids"]) == set(facts)
    refused = desk.run("activate", document["id"], by="Ben")
    assert (refused.code, "there is no memory model yet" in refused.err) == (2, True)


def test_show_quotes_the_sentence_until_the_document_is_erased(desk: Desk, server: ChatServer, news: Path) -> None:
    (document,) = extracted(desk, server, str(news))["documents"]
    fact = document["found"][0]["id"]
    assert f"news (proposed), line 3: “{LOUD}”" in desk.run("show", fact).out
    desk.json("erase", document["id"], "--reason", "a name in it", by="Ana")
    shown = desk.run("show", fact).out
    assert f"{document['id']}, which was erased" in shown
    assert LOUD not in shown
    assert desk.json("show", fact)["quoted"][0]["sentence"] is None


def test_doubtful_statements_are_proposed_when_asked_for_and_told_apart(
    desk: Desk, server: ChatServer, news: Path
) -> None:
    done = extracted(desk, server, str(news), "--doubtful", "--trust", "untrusted")
    assert (done["proposed"], done["doubtful"]) == (3, 0)
    (doubtful,) = desk.json("list", "--tag", "doubtful")["addenda"]
    assert (doubtful["content"]["object"], doubtful["trust"]) == ("19 EUR", "untrusted")


def test_several_files_share_one_result_and_a_bad_one_stops_all_before_any_is_read(
    desk: Desk, server: ChatServer, news: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text(LOUD)
    missing = str(tmp_path / "missing.txt")
    refused = desk.run("extract", str(news), missing, "--model", f"{server.url}#w", "--json", by="Ana")
    assert (refused.code, refused.error["type"]) == (2, "UnreadableFile")
    assert server.requests == []
    done = extracted(desk, server, str(news), str(other))
    assert [one["file"] for one in done["documents"]] == ["news.md", "other.txt"]
    assert (done["proposed"], done["duplicates"], done["documents"][1]["id"]) == (2, 1, None)


def test_bad_input_is_refused_before_a_model_is_asked(desk: Desk, server: ChatServer, tmp_path: Path) -> None:
    files = {
        "empty.txt": b" \n",
        "latin.txt": "Vask hat 39 dB für immer".encode("latin-1"),
        "hidden.txt": "Velmor\u200b Tasky".encode(),
        "scan.pdf": b"%PDF-1.7",
        "large.txt": b"x" * 10_000_001,
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    good = tmp_path / "good.txt"
    good.write_text(LOUD)
    calls = [[str(tmp_path / name)] for name in files]
    calls += [[str(tmp_path)], [], [str(good), "--trust", "blind"], [str(good), "--encoding", "klingon"]]
    calls += [[str(good), "--valid-until", "soon"], [str(good), "--work", str(good)]]
    calls += [[str(good), "--valid-from", "2027-01-01", "--valid-until", "2026-01-01"]]
    for call in calls:
        done = desk.run("extract", *call, "--model", f"{server.url}#w", "--json", by="Ana")
        assert done.code == 2, (call, done)
    assert server.requests == []
    assert desk.run("extract", str(good), "--model", f"{server.url}#w").code == 1, "nobody said who acts"
    assert desk.run("extract", str(good), "--model", server.url, by="Ana").code == 2
    hidden = [str(tmp_path / "hidden.txt"), "--drop-hidden"]
    assert extracted(desk, server, *hidden)["sentences"] == 1
    assert server.requests != []


def test_a_local_model_needs_an_adapter_that_can_be_trained(desk: Desk, news: Path, tmp_path: Path) -> None:
    done = desk.run("extract", str(news), "--json", by="Ana")
    assert (done.code, "`addenda train write`" in done.error["message"]) == (2, True)
    given = desk.run("extract", str(news), "--write-adapter", str(tmp_path), "--json", by="Ana")
    assert (given.code, "no adapter in" in given.error["message"]) == (2, True)


def test_names_of_files_and_what_a_model_writes_are_never_markup(desk: Desk, tmp_path: Path) -> None:
    text = "Velmor [red] costs [link=x]29 EUR."
    file = tmp_path / "it's [bold].txt"
    file.write_text(text)
    with writing_server({text: [("Velmor [red]", "price", "[link=x]29 EUR")]}) as server:
        done = in_words(desk, server, str(file))
    assert "it's [bold].txt: the document was proposed" in done.out
    assert "price of Velmor [red]: [link=x]29 EUR" in done.out
    assert """--source 'it'"'"'s [bold].txt, line'""" in done.err


def test_an_answer_that_keeps_to_no_form_is_a_problem_and_is_asked_for_again(desk: Desk, news: Path) -> None:
    broken = ChatServer(answering=lambda request: told([]) if sentence(request) != LOUD else Raw(b'{"choices": []}'))
    with broken:
        refused = desk.run("extract", str(news), "--model", f"{broken.url}#w", "--json", by="Ana")
        assert (refused.code, refused.error["type"]) == (1, "ModelUnavailable")
    nonsense = {LOUD: [("", "noise level", "39 dB")]}
    with writing_server(nonsense) as server:
        done = in_words(desk, server, str(news))
        assert "sentences without a usable answer: 1" in done.err
        assert "not understood" in done.err
    with writing_server(SAYS) as server:
        answered = extracted(desk, server, str(news))["documents"][0]
    assert (answered["resumed"], answered["unanswered"], answered["work"]) == (0, 0, None)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a signal that cannot be caught")
def test_a_run_that_was_killed_goes_on_where_it_was(desk: Desk, tmp_path: Path) -> None:
    sentences = [f"Product{n} has a noise level of {n + 10} dB." for n in range(20)]
    file = tmp_path / "list.txt"
    file.write_text("\n".join(sentences))
    stuck, release = threading.Event(), threading.Event()

    def answering(request: Request) -> Answer:
        said = sentence(request)
        number = sentences.index(said)
        if number >= 8 and not release.is_set():
            stuck.set()
            return Raw(wait=release)
        return told([(f"Product{number}", "noise level", f"{number + 10} dB")])

    with ChatServer(answering=answering) as server:
        call = desk.arguments("extract", str(file), "--model", f"{server.url}#writer", "--json", by="Ana")
        command = [sys.executable, "-m", "addenda.surfaces.cli", *call]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        assert stuck.wait(120)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert desk.json("list")["total"] == 0
        (work,) = (Path(desk.kb) / "extracting").iterdir()
        kept = len(work.read_text().splitlines()) - 1
        release.set()
        server.requests.clear()
        (done,) = extracted(desk, server, str(file))["documents"]
        assert kept == 8
        assert (done["resumed"], done["proposed"]) == (8, 20)
        assert sorted(map(sentence, server.requests)) == sorted(sentences[8:])
    assert list((Path(desk.kb) / "extracting").iterdir()) == []
    assert desk.json("list")["total"] == 21
    assert json.loads(desk.run("verify", "--json").out)["ok"]
