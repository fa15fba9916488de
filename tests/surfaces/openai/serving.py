"""The endpoint as it is served: a real uvicorn on a free port, in a thread, and the official clients in front of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import uvicorn
from fastapi import FastAPI
from openai import AsyncOpenAI, OpenAI

from addenda.surfaces.hosting import Hosting, Place
from addenda.surfaces.openai import router


@dataclass
class Served:
    """A server, and who may ask it."""

    hosting: Hosting
    url: str
    tokens: Mapping[str, str]
    _clients: list[OpenAI] = field(default_factory=list[OpenAI])

    def client(self, who: str = "Ana", **headers: str) -> OpenAI:
        """The official client, which does not try again; closed with the server."""
        made = OpenAI(
            base_url=f"{self.url}/v1", api_key=self.tokens.get(who, who), max_retries=0, default_headers=headers
        )
        self._clients.append(made)
        return made

    def async_client(self, who: str = "Ana", **headers: str) -> AsyncOpenAI:
        """The same for asyncio; close it."""
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key=self.tokens[who], max_retries=0, default_headers=headers)

    def post(
        self, body: object, *, path: str = "chat/completions", who: str = "Ana", **headers: str
    ) -> httpx2.Response:
        """A request as bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx2.post(f"{self.url}/v1/{path}", content=content, headers=self._headers(who, headers), timeout=60)

    def stream(self, body: object, begun: threading.Event, **headers: str) -> tuple[str, Mapping[str, str]]:
        """The whole of a stream, and its headers; the event happens once its first piece is here."""
        text = ""
        url, sent = f"{self.url}/v1/chat/completions", self._headers("Ana", headers)
        with httpx2.stream("POST", url, json=body, headers=sent, timeout=60) as reply:
            for piece in reply.iter_text():
                text += piece
                begun.set()
        return text, reply.headers

    def _headers(self, who: str, more: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens.get(who, who)}", "Content-Type": "application/json", **more}

    def close(self) -> None:
        for client in self._clients:
            client.close()


@contextmanager
def served(places: Mapping[str, Place], tokens: Mapping[str, str], **options: int) -> Iterator[Served]:
    """Serve these knowledge bases. At the end nothing must be left open."""
    with Hosting(places) as hosting:
        app = FastAPI()
        app.include_router(router(hosting, **options))
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            until(lambda: server.started)
            port = server.servers[0].sockets[0].getsockname()[1]
            made = Served(hosting, f"http://127.0.0.1:{port}", tokens)
            try:
                yield made
            finally:
                made.close()
        finally:
            server.should_exit = True
            thread.join()


def until(happened: object, seconds: float = 30.0) -> None:
    """Wait for something to be true."""
    assert callable(happened)
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def tokens_of(directory: Path) -> dict[str, str]:
    """What :func:`tests.knowledge_base.office.found` kept."""
    return json.loads((directory / "tokens.json").read_text())
