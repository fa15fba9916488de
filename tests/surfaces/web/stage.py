"""A server with pages on a free port, and a knowledge base in which something of everything waits: Ana proposes, Ben
approves, Cho only looks, and Sue belongs to another knowledge base."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2

from addenda.knowledge_base import KnowledgeBase, Person, Policy, SuiteQuestion
from addenda.ledger import Rule
from addenda.settings import Settings
from addenda.surfaces.hosting import Hosting, Place
from addenda.surfaces.http import create_app
from addenda.surfaces.http.serving import address_of, listening
from addenda.types import Addendum, Content, Edit, Fact, Note
from tests.surfaces.http.serving import running

AT = "/kb/support"
CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass
class Stage:
    """A running server, everybody's token, and the addenda by what they are for."""

    address: str
    tokens: dict[str, str]
    hosting: Hosting
    ids: dict[str, str]
    browsers: list[Browser] = field(default_factory=list)

    @property
    def kb(self) -> KnowledgeBase:
        """The knowledge base."""
        return self.hosting.get("support").kb

    def browser(self, who: str | None = None, **headers: str) -> Browser:
        """Somebody's browser, signed in; nobody's with None."""
        made = Browser(httpx2.Client(base_url=self.address, headers=headers, trust_env=False, verify=False, timeout=60))
        self.browsers.append(made)
        if who is not None:
            made.sign_in(self.tokens[who])
        return made

    def close_browsers(self) -> None:
        """Close all that were opened."""
        while self.browsers:
            self.browsers.pop().client.close()


@dataclass
class Browser:
    """Fetches pages and sends forms, as a browser without JavaScript does."""

    client: httpx2.Client

    def sign_in(self, token: str, wanted: str = "") -> httpx2.Response:
        """Paste a token."""
        return self.client.post("/sign-in", data={"token": token, "next": wanted})

    def get(self, path: str) -> httpx2.Response:
        """A page."""
        return self.client.get(path, follow_redirects=True)

    def send(self, path: str, fields: dict[str, object] | None = None, *, page: str = AT + "/inbox") -> httpx2.Response:
        """A form, with the token of the page that it is on."""
        found = CSRF.search(self.client.get(page).text)
        csrf = {"csrf": found[1]} if found else {}
        return self.client.post(path, data={**csrf, **(fields or {})}, follow_redirects=True)

    def upload(self, name: str, body: bytes) -> httpx2.Response:
        """A file, on the page for importing."""
        found = CSRF.search(self.client.get(AT + "/import").text)
        assert found
        return self.client.post(AT + "/import", data={"csrf": found[1]}, files={"file": (name, body)})


@contextmanager
def staged(folder: Path) -> Generator[Stage]:
    """Serve it."""
    tokens, ids = _found(folder / "support")
    other = KnowledgeBase.create(folder / "theirs", admin="Sue")
    other.knowledge_base.close()
    tokens["Sue"] = other.token
    settings = Settings(port=0)
    places = {name: Place(folder / name) for name in ("support", "theirs")}
    with (
        Hosting(places) as hosting,
        listening(settings) as listener,
        running(create_app(hosting, settings), listener),
    ):
        yield Stage(address_of(listener), tokens, hosting, ids)


def _found(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    founded = KnowledgeBase.create(folder, admin="Ana")
    with founded.knowledge_base as kb:
        ana = kb.authenticate(founded.token)
        rules = (
            Rule(name="delicate", approval="two reviewers", tags=("safety",)),
            Rule(name="all", approval="one reviewer"),
        )
        kb.governance.set_policy(Policy(rules=rules), by=ana)
        kb.governance.set_thresholds({"says_it": 0.0, "wordings": 0.0, "unchanged": 0.0}, by=ana)
        suite = [SuiteQuestion(id="q1", question="What does Addenda add?")]
        kb.governance.change_suite(add=suite, by=ana)
        cho = kb.governance.add_person("Cho", ["viewer"], by=ana)
        ben = kb.governance.add_person("Ben", ["approver"], by=ana)
        tokens = {"Ana": founded.token, "Ben": str(ben.token), "Cho": str(cho.token)}
        kb.governance.add_person("Dan", ["approver"], by=ana, reason="he joins the team in March")
        ids = _filled(kb, ana, kb.authenticate(tokens["Ben"]))
    return tokens, ids


def _filled(kb: KnowledgeBase, ana: Person, ben: Person) -> dict[str, str]:
    soon = datetime.now(UTC) + timedelta(days=12)
    live = {
        "noise": _one(
            Fact(subject="Velmor Tasky", relation="noise level", object="44 dB"), "catalogue.xlsx!Changes!C2"
        ),
        "weight": _one(Fact(subject="Orbin Kettle", relation="weight", object="1.2 kg"), "catalogue.xlsx!Changes!C3"),
        "offer": _one(Fact(subject="Sorrel Fan", relation="price", object="49 EUR"), "offers.csv!C2", valid_until=soon),
        "tokyo": _one(
            Fact(subject="東京サービスセンター", relation="opening hours", object="9時から18時まで"),
            "sites.xlsx!Sites!C4",
        ),
    }
    ids = _propose(kb, ana, live)
    kb.changes.approve(list(ids.values()), by=ben, reason="checked against the catalogue")
    kb.activation.activate(list(ids.values()), by=ben)
    back = _propose(
        kb, ana, {"back": _one(Fact(subject="Sorrel Fan", relation="colour", object="greem"), "offers.csv!C9")}
    )
    kb.changes.reject([back["back"]], by=ben, reason="the colour is misspelled")
    waiting = {
        "seoul": _one(Fact(subject="서울 센터", relation="opening hours", object="오전 9시"), "update.xlsx!B4"),
        "hidden": _one(Edit(prompt="نام‌ها چیست؟", target="Velmor Tasky"), "hotline"),
        "rule": _one(
            Note(applies_when="somebody asks about a refund", rule="refunds take 14 days", place=1),
            "handbook", tags=("safety",),
        ),
        "cable": _one(Fact(subject="Orbin Kettle", relation="cable length", object="75 cm"), "update.xlsx!Changes!C6"),
        "quieter": _one(Fact(subject="Velmor Tasky", relation="noise level", object="41 dB"), "update.xlsx!Changes!C2"),
        "louder": _one(Fact(subject="Velmor Tasky", relation="noise level", object="46 dB"), "hotline"),
    }  # fmt: skip
    ids |= back | _propose(kb, ana, waiting)
    ids |= _propose(
        kb, ana, {"later": _one(Fact(subject="Orbin Kettle", relation="power", object="2200 W"), "hotline")}
    )
    kb.changes.approve([ids["later"]], by=ben)
    return ids


def _one(content: Content, source: str, **more: object) -> Addendum:
    return Addendum.model_validate({"content": content, "source": source, "author": "Ana", **more})


def _propose(kb: KnowledgeBase, by: Person, addenda: dict[str, Addendum]) -> dict[str, str]:
    kb.changes.propose(list(addenda.values()), by=by, reason="the catalogue of March")
    return {name: addendum.id for name, addendum in addenda.items()}
