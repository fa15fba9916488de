"""A real server on a free port, with two knowledge bases, and clients for everybody who has to do with them."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI

from addenda.knowledge_base import KnowledgeBase, ModelChoice, Policy
from addenda.ledger import Rule
from addenda.settings import Settings
from addenda.surfaces.hosting import Hosting, Place
from addenda.surfaces.http.app import create_app
from addenda.surfaces.http.observing import json_logger
from addenda.surfaces.http.serving import address_of, configured, listening

KB = "/api/v1/kb/ours"
ROLES = ("viewer", "editor", "approver", "admin")

FACT = {"kind": "fact", "subject": "Velmor Tasky", "relation": "noise level", "object": "41 dB"}


@dataclass
class Desk:
    """A running server, and everybody's token."""

    address: str
    tokens: dict[str, str]
    folder: Path
    hosting: Hosting
    log: io.StringIO = field(default_factory=io.StringIO)

    def client(self, who: str | None = "editor", **headers: str) -> httpx2.Client:
        """A client of somebody; of nobody with None."""
        own = {} if who is None else {"Authorization": f"Bearer {self.tokens[who]}"}
        return httpx2.Client(
            base_url=self.address, headers={**own, **headers}, trust_env=False, verify=False, timeout=60
        )

    def propose(self, *contents: dict[str, object], who: str = "editor", **more: object) -> list[str]:
        """Ids of what somebody proposes."""
        with self.client(who) as client:
            drafts = [{"content": content, **more} for content in contents]
            answer = client.post(f"{KB}/addenda", json={"addenda": drafts})
        assert answer.status_code == 201, answer.text
        return [one["id"] for one in answer.json()["outcomes"]]


def found(folder: Path, *, admin: str) -> dict[str, str]:
    """Make a knowledge base with one person for each role, and somebody without any; their tokens."""
    founded = KnowledgeBase.create(folder, admin=admin, memories=["triples"])
    with founded.knowledge_base as kb:
        by = kb.authenticate(founded.token)
        kb.governance.set_policy(Policy(rules=(Rule(name="all", approval="one reviewer"),)), by=by)
        # What the gate says of the bundled model is tested elsewhere.
        kb.governance.set_thresholds({"says_it": 0.0, "wordings": 0.0, "unchanged": 0.0}, by=by)
        tokens = {"admin": founded.token}
        for role in ("viewer", "editor", "approver"):
            tokens[role] = str(kb.governance.add_person(f"the {role}", [role], by=by).token)
        tokens["agent"] = str(kb.governance.issue_token(admin, by=by, agent="helper").token)
        kb.governance.add_person("spare", ["viewer"], by=by)
        tokens["none"] = str(kb.governance.add_person("nobody there", ["viewer"], by=by).token)
        kb.governance.change_roles("nobody there", [], by=by)
    return tokens


@contextmanager
def serving(
    folder: Path, *, settings: Settings | None = None, fresh: bool = True, choice: ModelChoice | None = None
) -> Generator[Desk]:
    """A server with the knowledge bases ``ours`` and ``theirs``."""
    places = {name: Place(folder / name, choice=choice or ModelChoice()) for name in ("ours", "theirs")}
    tokens = found(folder / "ours", admin="Ana") if fresh else {}
    if fresh:
        tokens["stranger"] = found(folder / "theirs", admin="Sue")["admin"]
    chosen = settings or Settings(port=0, log_level="info")
    log = io.StringIO()
    with Hosting(places) as hosting, listening(chosen) as listener:
        app = create_app(hosting, chosen, log=json_logger(log, "info"))
        with running(app, listener):
            yield Desk(address_of(listener), tokens, folder, hosting, log)


@contextmanager
def running(app: FastAPI, listener: socket.socket) -> Generator[None]:
    """Serve an application in a thread, until the test is done with it."""
    server = uvicorn.Server(configured(app))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join()


def ended(client: httpx2.Client, answer: httpx2.Response) -> dict[str, object]:
    """How the job that was begun stands at its end, heard from its events."""
    assert answer.status_code == 202, answer.text
    last = ""
    with client.stream("GET", answer.headers["Location"] + "/events") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            last = line.removeprefix("data: ") if line.startswith("data: ") else last
    return dict(httpx2.Response(200, content=last.encode()).json())


def lines(text: str) -> Iterator[str]:
    """The lines of a log."""
    return iter(text.splitlines())
