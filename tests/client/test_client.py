"""Both clients against a real server: a change's whole life, what was seen, errors, lists, files, jobs, governing."""

# ruff: noqa: ANN401 (one face for two clients)

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from addenda.client import AsyncClient, Client, Draft, job_replies, replies, rule_replies
from addenda.errors import Conflict, InvalidInput, Moved, PermissionDenied, ServerUnavailable, UnknownId
from addenda.ledger.relations import default_spec
from addenda.types import Fact, Note
from tests.client.ways import client
from tests.surfaces.http.serving import Desk


def fact(subject: str, value: str = "41 dB") -> Fact:
    return Fact(subject=subject, relation="noise level", object=value)


def of(desk: Desk, way: str, who: str = "editor") -> Any:
    return client(way, desk.address, token=desk.tokens[who], kb="ours")


def test_a_change_from_proposal_to_erasure(desk: Desk, way: str) -> None:
    told: list[tuple[str, int, int]] = []
    with of(desk, way) as editor, of(desk, way, "approver") as approver, of(desk, way, "admin") as admin:
        made = editor.propose(fact(f"Life {way}"), tags=["spring"], reason="data sheet")
        assert made.duplicate_of is None
        assert editor.propose(fact(f"Life {way}")).duplicate_of == made.id
        [waiting] = approver.list(status=["proposed"], search=f"Life {way}")
        assert (waiting.id, waiting.tags, waiting.content) == (made.id, ("spring",), fact(f"Life {way}"))
        assert approver.approve(waiting, reason="checked").addenda[0].status == "approved"
        result = approver.activate([made.id]).wait(progress=lambda *moved: told.append(moved))
        assert result.active == (made.id,)
        assert told
        assert approver.read("noise level", subject=f"Life {way}").names == ("41 dB",)
        assert approver.disable(made.id).addenda[0].status == "disabled"
        assert approver.enable(approver.show(made.id)).addenda[0].status == "active"
        assert [event.kind for event in approver.history(made.id[:12]).events][:2] == ["proposed", "approved"]
        gone = admin.erase(made.id, reason="asked for")
        assert [one.memory for one in gone.receipts] == ["triples"]
        assert admin.show(made.id).content is None


def test_what_was_seen_is_what_is_decided_about(desk: Desk, way: str) -> None:
    with of(desk, way) as editor, of(desk, way, "approver") as approver:
        drafts = [Draft(content=fact(f"Seen {way} {n}"), source=f"seen {way}") for n in range(3)]
        ids = [one.id for one in editor.propose_all(drafts).outcomes]
        seen = list(approver.list(source=f"seen {way}"))
        one = approver.show(ids[0])
        approver.review(ids[0], reason="unclear")
        for stale in (one, seen, [one, seen[0]], [seen[0], one, ids[1]]):
            with pytest.raises(Moved, match=ids[0]):
                approver.approve(stale)
        assert {found.status for found in approver.list(source=f"seen {way}")} == {"proposed", "needs_review"}
        now = [approver.show(i) for i in ids]
        assert {found.status for found in approver.approve(now).addenda} == {"approved"}
        mixed = approver.reject([ids[0], *list(approver.list(source=f"seen {way}"))[:1]], reason="no")
        assert {found.status for found in mixed.addenda} == {"rejected"}
        with pytest.raises(InvalidInput, match="no addenda were named"):
            approver.approve([])


def test_errors_are_ours_with_the_servers_words(desk: Desk, way: str) -> None:
    with of(desk, way) as editor, of(desk, way, "viewer") as viewer:
        made = editor.propose(fact(f"Errors {way}"))
        with pytest.raises(PermissionDenied, match="viewer"):
            viewer.propose(fact("Not Mine"))
        with pytest.raises(UnknownId, match="ffffffff") as caught:
            editor.show("ffffffff")
        assert "the server's log has this request as" in caught.value.__notes__[0]
        with pytest.raises(PermissionDenied):
            editor.approve(made.id)
        with pytest.raises(InvalidInput, match=r"wrong\.csv"):
            editor.preview_import(Path(__file__).with_name("wrong.csv"))
        with pytest.raises(Conflict, match="it is proposed"), of(desk, way, "approver") as approver:
            approver.enable(made.id)
    with client(way, desk.address, token="addenda_wrong", kb="ours") as nobody, pytest.raises(PermissionDenied) as no:
        nobody.me()
    assert "addenda_wrong" not in str(no.value) + repr(nobody) + repr(no.value)
    with client(way, desk.address, token=desk.tokens["editor"]) as elsewhere, pytest.raises(UnknownId, match="default"):
        elsewhere.me()


def test_lists_are_gone_through_page_by_page(desk: Desk, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addenda.client.changes.PAGE", 2)
    with of(desk, way) as editor:
        drafts = [Draft(content=fact(f"页 {way} {n}"), source=f"pages {way}") for n in range(5)]
        ids = [one.id for one in editor.propose_all(drafts).outcomes]
        assert [one.id for one in editor.list(source=f"pages {way}")] == ids[::-1]
        positions = [event.position for event in editor.events(after=3)]
        assert positions == list(range(4, editor.head().position + 1))


def test_spreadsheets_go_in_and_out(desk: Desk, way: str, tmp_path: Path) -> None:
    sheet = tmp_path / f"{way}.csv"
    sheet.write_text(f"Product,Attribute,New value\nSheet {way},noise level,44 dB\nSheet {way},height,#REF!\n")
    with of(desk, way) as editor:
        seen = editor.preview_import(sheet)
        assert ([row.cell for row in seen.rows], seen.refused) == (["C2"], 1)
        done = editor.import_(sheet, reason="March").wait()
        assert len(done.proposed) == 1
        with pytest.raises(InvalidInput, match="strict"):
            editor.import_(sheet, strict=True).wait()
        rows = list(csv.reader(io.StringIO(editor.export("csv", source=sheet.name).decode("utf-8-sig"))))
        assert f"Sheet {way}" in rows[1]
        assert editor.export("xlsx", status=["proposed"])[:2] == b"PK"
        begun = editor.job(editor.jobs(limit=1).jobs[0].id)
        assert begun.shown.kind == "import"


def test_the_rules_are_read_and_changed(desk: Desk, way: str) -> None:
    with of(desk, way, "admin") as admin:
        assert "admin" in admin.me().roles
        added = admin.add_person(f"Mia {way}", roles=["viewer"])
        assert added.token is not None
        assert added.token not in repr(added)
        with client(way, desk.address, token=added.token, kb="ours") as mia:
            assert mia.me().name == f"Mia {way}"
        before = admin.people()
        admin.change_roles(f"Mia {way}", roles=["editor"], seen=before.position)
        with pytest.raises(Moved):
            admin.change_roles(f"Mia {way}", roles=["viewer"], seen=before.position)
        scope = {"label": "nightly", "roles": ["editor"], "expires_at": datetime(2999, 1, 1, tzinfo=UTC)}
        narrow = admin.issue_token(f"Mia {way}", **scope, key=f"narrow {way}".replace(" ", "-"))
        assert narrow.token is not None
        with client(way, desk.address, token=narrow.token, kb="ours") as mia:
            assert [one.label for one in mia.tokens().tokens] == ["", "nightly"]
            with pytest.raises(PermissionDenied, match="may not see the tokens"):
                mia.tokens("Ana")
        account = {"issuer": "https://login.example.org", "subject": f"account-{way}"}
        with pytest.raises(Moved):
            admin.link_identity(f"Mia {way}", **account, seen=before.position)
        assert admin.link_identity(f"Mia {way}", **account, roles=["editor"]).token is None
        linked = admin.tokens(f"Mia {way}").tokens[-1]
        assert (linked.issuer, linked.roles, linked.narrowed) == (account["issuer"], ("editor",), True)
        assert admin.revoke_token(f"Mia {way}", linked.id[:8]).id == linked.id
        with pytest.raises(UnknownId, match="names no single token"):
            admin.revoke_token(f"Mia {way}", linked.id)
        assert admin.revoke_tokens(f"Mia {way}").revoked == 2
        policy = admin.policy()
        assert admin.set_policy(policy.policy).in_force
        question = rule_replies.SuiteQuestion(id=f"q-{way}", question="How loud?", expected="quiet")
        assert admin.change_suite(add=[question]).in_force
        assert question in admin.suite().questions
        assert admin.declare_relation(default_spec(f"width {way}").model_dump(mode="json")).in_force
        assert admin.relation(f"width {way}").declared
        assert not admin.relation(f"nobody's {way}/one").declared
        assert f"width {way}" in [one["name"] for one in admin.relations().relations]
        assert admin.verify(head=admin.head().head).ok
        assert admin.propose(Note(rule="Say it politely.")).id


def test_an_answer_is_explained(desk: Desk, way: str) -> None:
    with of(desk, way) as editor:
        answer = editor.ask("How loud is the Velmor Tasky?", memories=[])
        assert editor.answer(answer.id[:8]) == answer
        assert editor.explain(answer).text == answer.text
        kept = editor.feedback(answer, right=False)
        assert editor.show(kept.id).kind == "document"


def test_a_key_names_a_request(desk: Desk, way: str) -> None:
    with of(desk, way) as editor:
        first = editor.propose(fact(f"Keyed {way}"), key=f"key {way}".replace(" ", "-"))
        assert editor.propose(fact(f"Keyed {way}"), key=f"key-{way}") == first
        with pytest.raises(InvalidInput, match="new key"):
            editor.propose(fact("Another"), key=f"key-{way}")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://addenda.example.com", "in the clear"),
        ("ftp://127.0.0.1", "no server's address"),
        ("127.0.0.1:8331", "no server's address"),
        ("http://ana:secret@127.0.0.1", "name or a password"),
        ("http://127.0.0.1:99999", "cannot be read"),
        ("http://127.0.0.1#ours", "named twice"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as caught:
        Client(url, token="addenda_secret", kb="theirs")
    assert "secret" not in str(caught.value)


def test_a_client_from_the_environment(desk: Desk, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(desk.tokens["viewer"] + "\n")
    environ = {"ADDENDA_URL": f"{desk.address}#ours", "ADDENDA_TOKEN_FILE": str(token)}
    with Client.from_environment(environ) as made:
        assert made.me().name == "the viewer"
        assert repr(made) == f"Client('{desk.address}#ours')"
    with pytest.raises(InvalidInput, match="ADDENDA_URL"):
        AsyncClient.from_environment({})
    plain = {"ADDENDA_URL": "http://addenda.example.com", "ADDENDA_PLAIN_HTTP": "true"}
    assert not Client.from_environment(plain).address.loopback


def test_a_server_that_is_not_there_is_named(way: str) -> None:
    says = r"127\.0\.0\.1:9 cannot be reached.*check the address"
    with (
        client(way, "http://127.0.0.1:9", token="addenda_secret") as made,
        pytest.raises(ServerUnavailable, match=says) as caught,
    ):
        made.approve("abc")
    assert "secret" not in str(caught.value)


def test_the_client_reads_what_the_server_says(desk: Desk) -> None:
    """Everything that a server says has its place in the client, under the same name."""
    with desk.client() as asking:
        schemas = asking.get("/api/v1/openapi.json").json()["components"]["schemas"]
    own = {"AddendumShown": {"seen"}, "AddendumDetail": {"seen"}}
    known = [
        kind
        for module in (replies, job_replies, rule_replies)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, replies.Told) and kind.__module__ == module.__name__
    ]
    for kind in known:
        name = kind.__name__
        if name in ("Told", "AnyResult"):
            continue
        there = set(schemas[name]["properties"]) - ({"kind"} if name.endswith("Result") else set())
        assert set(kind.model_fields) - own.get(name, set()) == there, name
