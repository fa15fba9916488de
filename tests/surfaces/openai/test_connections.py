"""The connections to models' servers: how many there may be, and what is told of them."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from addenda.knowledge_base import Upstream
from addenda.surfaces.openai.problems import Problem
from addenda.surfaces.openai.upstream import UpstreamClient, read
from tests.chat_server import ChatServer, Raw
from tests.surfaces.openai.serving import until


def sent(client: UpstreamClient, address: str) -> asyncio.Task[bytes]:
    async def one() -> bytes:
        async with client.sent(Upstream(address=address, model="m", key=None), "/chat/completions", b"{}") as reply:
            return await read(reply)

    return asyncio.create_task(one())


@contextmanager
def saying(raw: bytes) -> Iterator[str]:
    """The address of a server that answers anything with these bytes."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(raw)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def problem_with(address: str) -> Problem:
    """What is told of a server there that does not answer."""

    async def run() -> Problem:
        client = UpstreamClient()
        with pytest.raises(Problem) as lost:
            await sent(client, address)
        await client.close()
        return lost.value

    return asyncio.run(run())


def test_whoever_finds_no_connection_is_told_so() -> None:
    never = threading.Event()

    async def run(server: ChatServer) -> None:
        client = UpstreamClient(connections=1, pool_seconds=0.05)
        first = sent(client, server.url)
        await asyncio.to_thread(until, lambda: len(server.requests) == 1)
        with pytest.raises(Problem, match="too many requests") as full:
            await sent(client, server.url)
        assert (full.value.status, full.value.headers) == (503, {"Retry-After": "1"})
        never.set()
        assert await first == b"{}"
        assert await sent(client, server.url) == b"{}"
        await client.close()

    with ChatServer() as server:
        server.script = [Raw(b"{}", wait=never), Raw(b"{}")]
        asyncio.run(run(server))


@pytest.mark.parametrize(
    "raw", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"HTTP/1.1 200 OK\r\n"]
)
def test_a_server_that_speaks_no_http_is_told_without_its_address(raw: bytes) -> None:
    with saying(raw) as address:
        problem = problem_with(address)
    assert (problem.status, problem.code) == (502, "upstream_broke_off")
    assert "127.0.0.1" not in problem.message


def test_a_server_that_is_not_there_is_told_without_its_address() -> None:
    with saying(b"") as address:
        pass
    problem = problem_with(address)
    assert (problem.status, problem.code) == (502, "upstream_unreachable")
    assert "127.0.0.1" not in problem.message


def test_the_environments_proxy_is_used_but_not_where_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(address: str) -> None:
        client = UpstreamClient()
        assert await sent(client, address) == b"{}"
        await client.close()

    with ChatServer() as proxy, ChatServer() as server:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/v1"))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        proxy.script, server.script = [Raw(b"{}")], [Raw(b"{}")]
        asyncio.run(run("http://model.example/v1"))
        asyncio.run(run(server.url))
        assert [one.path for one in proxy.requests] == ["http://model.example/v1/chat/completions"]
        assert len(server.requests) == 1
