"""Browser sessions, over real knowledge bases: they are never worth more than the token that they were opened with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from addenda.errors import PermissionDenied
from addenda.knowledge_base import KnowledgeBase, Person
from addenda.surfaces.accounts import Opened, Sessions
from addenda.surfaces.hosting import Hosted, Hosting, Place


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class House:
    """Two knowledge bases that one server has open; Ana is admin and editor of the first."""

    hosting: Hosting
    token: str

    @property
    def home(self) -> Hosted:
        return self.hosting.get("home")

    @property
    def ana(self) -> Person:
        return self.home.kb.authenticate(self.token)

    def issued(self, **fields: object) -> Person:
        with self.home.working() as kb:
            token = kb.governance.issue_token("Ana", by=self.ana, **fields).token  # type: ignore[arg-type]
        return self.home.kb.authenticate(str(token))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    places: dict[str, Place] = {}
    tokens: dict[str, str] = {}
    for name in ("home", "other"):
        directory: Path = tmp_path_factory.mktemp(name) / "kb"
        made = KnowledgeBase.create(directory, admin="Ana")
        made.knowledge_base.close()
        places[name], tokens[name] = Place(directory), made.token
    with Hosting(places) as hosting:
        yield House(hosting, tokens["home"])


def test_a_session_is_the_person_who_opened_it_at_that_knowledge_base_alone(house: House) -> None:
    sessions = Sessions(Clock())
    opened = sessions.open(house.home, house.ana)
    assert sessions.resume(house.home, opened.id) == house.ana
    assert sessions.open(house.home, house.ana).id != opened.id
    for hosted, session_id in ((house.hosting.get("other"), opened.id), (house.home, "x"), (house.home, "\ud800")):
        with pytest.raises(PermissionDenied, match="sign in again"):
            sessions.resume(hosted, session_id)
    assert sessions.resume(house.home, opened.id) == house.ana
    sessions.close(opened.id)
    sessions.close(opened.id)
    with pytest.raises(PermissionDenied):
        sessions.resume(house.home, opened.id)


def test_only_a_hash_of_its_id_is_kept(house: House) -> None:
    sessions = Sessions(Clock())
    opened = sessions.open(house.home, house.ana)
    assert opened.id not in repr(vars(sessions))
    assert len(opened.id) >= 43


def test_it_ends_when_nothing_happens_and_after_a_day_of_work(house: House) -> None:
    clock = Clock()
    sessions = Sessions(clock, idle=timedelta(hours=1), longest=timedelta(hours=3))
    left, used = sessions.open(house.home, house.ana), sessions.open(house.home, house.ana)
    clock.forward(minutes=59)
    sessions.resume(house.home, used.id)
    clock.forward(minutes=1)
    with pytest.raises(PermissionDenied, match="has ended"):
        sessions.resume(house.home, left.id)
    for _ in range(2):
        clock.forward(minutes=58)
        sessions.resume(house.home, used.id)
    clock.forward(minutes=4)
    with pytest.raises(PermissionDenied, match="has ended"):
        sessions.resume(house.home, used.id)
    assert len(sessions) == 0


def test_it_ends_with_its_token_and_no_other(house: House) -> None:
    sessions = Sessions()
    narrow = house.issued(roles=["editor"], label="browser")
    assert narrow.token is not None
    gone, stays = sessions.open(house.home, narrow), sessions.open(house.home, house.ana)
    assert sessions.resume(house.home, gone.id).roles == ("editor",)
    with house.home.working() as kb:
        kb.governance.revoke_token("Ana", narrow.token.id, by=house.ana)
    with pytest.raises(PermissionDenied, match="revoked"):
        sessions.resume(house.home, gone.id)
    with pytest.raises(PermissionDenied, match="sign in again"):
        sessions.resume(house.home, gone.id)
    assert sessions.resume(house.home, stays.id).name == "Ana"


def test_roles_that_change_count_with_the_next_request(house: House) -> None:
    sessions = Sessions()
    with house.home.working() as kb:
        kb.governance.add_person("Ed", ["editor"], by=house.ana)
        token = kb.governance.issue_token("Ed", by=house.ana).token
        opened = sessions.open(house.home, kb.authenticate(str(token)))
        kb.governance.change_roles("Ed", ["viewer"], by=house.ana)
    assert sessions.resume(house.home, opened.id).roles == ("viewer",)
    assert sessions.close_all(house.home, "Ed") == 1
    assert sessions.close_all(house.home, "Ed") == 0


def test_an_agent_opens_none(house: House) -> None:
    with pytest.raises(PermissionDenied, match="opens no session"):
        Sessions().open(house.home, house.issued(agent="desk bot"))


def test_the_token_against_forged_requests_belongs_to_one_session(house: House) -> None:
    sessions = Sessions()
    one, other = (sessions.open(house.home, house.ana) for _ in range(2))
    sessions.check_csrf(one.id, one.csrf)
    assert sessions.csrf(one.id) == one.csrf
    for presented in (other.csrf, "", one.id, one.csrf.upper(), "é\ud800"):
        with pytest.raises(PermissionDenied, match="does not come from a page"):
            sessions.check_csrf(one.id, presented)
    with pytest.raises(PermissionDenied):
        Sessions().check_csrf(one.id, one.csrf)


def test_there_are_never_more_than_allowed(house: House) -> None:
    clock = Clock()
    sessions = Sessions(clock, most=4, most_each=2)
    first, second, third = (sessions.open(house.home, house.ana) for _ in range(3))
    with pytest.raises(PermissionDenied):
        sessions.resume(house.home, first.id)
    sessions.resume(house.home, second.id)
    sessions.resume(house.home, third.id)
    everywhere = Sessions(clock, most=2, most_each=9)
    kept = [everywhere.open(house.home, house.ana) for _ in range(5)][-2:]
    assert len(everywhere) == 2
    assert [everywhere.resume(house.home, one.id).name for one in kept] == ["Ana", "Ana"]


def test_many_browsers_at_once(house: House) -> None:
    sessions, opened, ana = Sessions(most_each=1000), list[Opened](), house.ana

    def browse() -> None:
        for _ in range(10):
            mine = sessions.open(house.home, ana)
            sessions.resume(house.home, mine.id)
            opened.append(mine)

    threads = [threading.Thread(target=browse) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.id for one in opened}) == len(sessions) == 80
