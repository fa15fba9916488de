"""What a refusal does not tell: whoever may not do something learns nothing from trying."""

from __future__ import annotations

import pytest

from tests.surfaces.http.serving import FACT, KB, Desk


@pytest.mark.parametrize("dry_run", [False, True])
def test_who_may_not_propose_is_refused_what_is_known_already_too(desk: Desk, dry_run: bool) -> None:
    known, fresh = {**FACT, "subject": "Known Already"}, {**FACT, "subject": f"Said Never {dry_run}"}
    desk.propose(known)
    observed = {"observations": [{"attributes": {"age": 7}, "answer": "replace", "right": True}]}
    with desk.client("editor") as editor:
        assert editor.post(f"{KB}/observations", json=observed).status_code == 201
    with desk.client("viewer") as viewer:
        for content in (known, fresh):
            body = {"addenda": [{"content": content}], "dry_run": dry_run}
            answer = viewer.post(f"{KB}/addenda", json=body, headers={"Idempotency-Key": "known-1"})
            assert answer.status_code == 403, answer.text
            assert "takes the role" in answer.json()["detail"]
        assert viewer.post(f"{KB}/observations", json=observed).status_code == 403


def test_a_token_id_that_nobody_has_tells_of_no_other(desk: Desk) -> None:
    with desk.hosting.get("ours").working() as kb:
        ids = [token.id for person in kb.state.people.values() for token in person.tokens]
        (spare,) = kb.state.people["spare"].tokens
    assert len(ids) > 4
    for who, whose, status in (
        ("admin", "spare", 404),
        ("viewer", "the viewer", 404),
        ("viewer", "spare", 403),
        ("approver", "nobody at all", 403),
    ):
        with desk.client(who) as client:
            answer = client.post(f"{KB}/people/{whose}/tokens/ffffffffffff/revoke", json={})
            assert answer.status_code == status, (who, answer.text)
            presented = client.get(f"{KB}/tokens", params={"name": client.get(f"{KB}/me").json()["name"]}).json()
        own = {token["id"] for token in presented["tokens"]}
        assert [i for i in ids if i in answer.text and i not in own] == []
    # Whether there is such a token is nothing that somebody who may not revoke it is told.
    with desk.client("viewer") as viewer:
        texts = {
            viewer.post(f"{KB}/people/spare/tokens/{i}/revoke", json={}).json()["detail"] for i in (spare.id, "ffff")
        }
    assert len(texts) == 1
