"""What the OpenAI-compatible endpoint adds to a request, and how many it takes. Writes ``results/proxy.json``::

    python -m benchmarks.proxy [--quick]

Three processes: an upstream that answers at once, the endpoint (uvicorn, on one core), and the clients, which
share the other cores with the upstream. A client speaks HTTP over connections that stay open and does next to nothing
else. Every cell asks the upstream directly first and then through the endpoint, in the same run on the same machine,
so what is *added* is the difference of the two.

``added_ms_p50`` and ``added_ms_p95`` are differences of percentiles at a steady rate, ``RATE`` requests per second that
start when they are due and not when the one before has ended; a server that falls behind shows in them.
``requests_per_second`` is what 16 connections get through that ask again at once. With more connections than a core can
serve, time is spent waiting in line: ``details`` has the closed loops with 1 to 64 connections, with their latencies.
``cpu_ms`` is the processor time of a request at the endpoint, which a busy machine changes least.

Three ways through the endpoint: without memory (bytes pass), with notes and triples beside the question, and both as
streams. What memory adds is the way with it less the way without.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal, TypeAlias, cast

import uvicorn
from fastapi import FastAPI

from addenda.knowledge_base import KnowledgeBase, Policy, RelationSpec
from addenda.ledger import Rule
from addenda.surfaces.hosting import Hosting, Place
from addenda.surfaces.openai import router
from addenda.types import Addendum, Content, Fact, Note
from benchmarks.results import write

RATE = 100
"""Requests per second at the steady rate."""

CONNECTIONS = (1, 4, 16, 64)
THROUGHPUT_AT = 16
SAID = "41 dB"
"""What the upstream says to everything, so that every fact and note of the setting passes its gate."""

Way: TypeAlias = Literal["direct", "plain", "memory"]
WAYS: tuple[Way, ...] = ("direct", "plain", "memory")
_PATH = "/v1/chat/completions"
_PIECES = 20


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go."""

    port: int
    head: str = ""
    """Further lines of the request's head."""


@dataclass(slots=True)
class Cell:
    """What one way did under one load."""

    seconds: list[float] = field(default_factory=list[float])
    """Of each request, to its last byte."""
    first: list[float] = field(default_factory=list[float])
    """To its first byte of the body."""
    wall: float = 0.0
    cpu: float = 0.0
    """Seconds of processor time that the endpoint took."""
    failed: int = 0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def numbers(self) -> dict[str, float]:
        """For the details."""
        return {
            "requests": len(self.seconds),
            "failed": self.failed,
            "per_second": round(len(self.seconds) / self.wall, 1),
            "endpoint_cpu_ms": round(1000 * self.cpu / len(self.seconds), 3),
            "ms_p50": round(self.percentile(0.5), 3),
            "ms_p95": round(self.percentile(0.95), 3),
            "first_ms_p50": round(1000 * statistics.median(self.first), 3),
        }


class Upstream(asyncio.Protocol):
    """A server of chat completions that has its answer ready."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0] or 0)
            if len(self._received) < end + 4 + length:
                return
            body, self._received = self._received[end + 4 : end + 4 + length], self._received[end + 4 + length :]
            assert self._transport is not None
            self._transport.write(_STREAMED if b'"stream": true' in body else _WHOLE)


def _chunk(delta: Mapping[str, object], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "instant", "choices": [choice]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def _replies() -> tuple[bytes, bytes]:
    choice = {"index": 0, "message": {"role": "assistant", "content": SAID}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
    body = json.dumps(
        {"id": "c", "object": "chat.completion", "created": 1, "model": "instant", "choices": [choice], "usage": usage}
    ).encode()
    whole = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    events = [_chunk({"role": "assistant", "content": ""}), *[_chunk({"content": "x "})] * _PIECES]
    events += [_chunk({}, "stop"), b"data: [DONE]\n\n"]
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events)
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return whole, head + pieces + b"0\r\n\r\n"


_WHOLE, _STREAMED = _replies()


def serve_upstream(told: Connection, cores: Sequence[int]) -> None:
    """A process: the upstream."""
    os.sched_setaffinity(0, cores)

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def serve_endpoint(told: Connection, directory: str, core: int) -> None:
    """A process: the endpoint, on one core."""
    os.sched_setaffinity(0, [core])
    with Hosting({"bench": Place(Path(directory))}) as hosting:
        app = FastAPI()
        app.include_router(router(hosting))
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False)
        server = uvicorn.Server(config)

        async def run() -> None:
            serving = asyncio.create_task(server.serve())
            while not server.started:
                await asyncio.sleep(0.01)
            told.send(server.servers[0].sockets[0].getsockname()[1])
            await serving

        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(run())


def found(directory: Path, upstream: int, facts: int, notes: int) -> str:
    """A knowledge base with that many facts and notes that are live; the admin's token."""
    made = KnowledgeBase.create(directory, admin="Ana", model=f"http://127.0.0.1:{upstream}/v1#instant")
    with made.knowledge_base as kb:
        ana = kb.authenticate(made.token)
        kb.governance.set_policy(Policy(rules=(Rule(name="all", approval="automatic"),)), by=ana)
        kb.governance.change_roles("Ana", ["admin", "editor", "approver"], by=ana)
        ana = kb.authenticate(made.token)
        spec = RelationSpec(
            name="noise level",
            memories=("triples",),
            templates=("How loud is {subject}?",),
            gate_templates=("Tell me how loud {subject} is.",),
        )
        kb.governance.declare_relation(spec, by=ana)
        contents: list[Content] = [
            Fact(subject=_subject(number), relation="noise level", object=SAID) for number in range(facts)
        ]
        contents += [Note(rule=f"the answer is {SAID}", applies_when=f"shelf is {number}") for number in range(notes)]
        proposed = kb.changes.propose([Addendum(content=one, source="bench", author="Ana") for one in contents], by=ana)
        ids = [one.addendum.id for one in proposed]
        activated = kb.activation.activate(ids, by=ana)
        if len(activated.active) != len(ids):
            raise SystemExit(f"only {len(activated.active)} of {len(ids)} became live; look at the gate")
    return made.token


def _subject(number: int) -> str:
    return f"Velmor {chr(65 + number % 26)}{number}"


def _request(target: Target, number: int, *, stream: bool) -> bytes:
    question = f"How loud is {_subject(number % 100)}? And what holds where shelf is {number % 10}?"
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": question}]
    body = json.dumps({"model": "instant", "messages": messages, "stream": stream}).encode()
    head = f"POST {_PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{target.head}"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


class Client:
    """One connection that stays open."""

    def __init__(self, target: Target, cell: Cell, *, stream: bool) -> None:
        self._target = target
        self._cell = cell
        self._stream = stream
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, number: int, due: float | None = None) -> None:
        """One request; its time counts from when it was due."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._target.port)
        reader, writer = self._streams
        started = time.perf_counter() if due is None else due
        writer.write(_request(self._target, number, stream=self._stream))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"transfer-encoding: chunked" in head:
            body, first = b"", 0.0
            while size := int(await reader.readline(), 16):
                piece = await reader.readexactly(size + 2)
                first = first or time.perf_counter()
                body = (body + piece)[-200:]
            await reader.readexactly(2)
            right = b"[DONE]" in body
        else:
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
            first = time.perf_counter()
            right = SAID.encode() in body
        ended = time.perf_counter()
        if not (head.startswith(b"http/1.1 200") and right):
            self._cell.failed += 1
        self._cell.seconds.append(ended - started)
        self._cell.first.append(first - started)

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()


async def closed_loop(target: Target, connections: int, seconds: float, *, stream: bool) -> Cell:
    """Each connection asks again as soon as it has its answer."""
    cell = Cell()
    clients = [Client(target, cell, stream=stream) for _ in range(connections)]
    started = time.perf_counter()

    async def run(place: int) -> None:
        number = place
        while time.perf_counter() - started < seconds:
            await clients[place].ask(number)
            number += connections

    await asyncio.gather(*(run(place) for place in range(connections)))
    cell.wall = time.perf_counter() - started
    for client in clients:
        client.close()
    return cell


async def steady(target: Target, rate: float, seconds: float, *, stream: bool) -> Cell:
    """Requests start when they are due, on as many connections as that takes, 64 at most."""
    cell = Cell()
    free: asyncio.Queue[Client] = asyncio.Queue()
    clients = [Client(target, cell, stream=stream) for _ in range(max(CONNECTIONS))]
    for client in clients:
        free.put_nowait(client)
    started = time.perf_counter()

    async def one(number: int, due: float) -> None:
        client = await free.get()
        await client.ask(number, due)
        free.put_nowait(client)

    tasks: list[asyncio.Task[None]] = []
    for number in range(int(rate * seconds)):
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        # The clock of the event loop is coarse; what it is late is not the server's.
        tasks.append(asyncio.create_task(one(number, time.perf_counter())))
    await asyncio.gather(*tasks)
    cell.wall = time.perf_counter() - started
    for client in clients:
        client.close()
    return cell


Load: TypeAlias = Callable[[Target, bool], Awaitable[Cell]]


def cpu_seconds(process: int) -> float:
    """Processor time that a process has taken, its threads included."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measured(targets: Mapping[Way, Target], seconds: float, endpoint: int) -> dict[str, dict[Way, Cell]]:
    """Every load on every way, the ways after one another within a load."""

    def loop(connections: int) -> Load:
        return lambda target, stream: closed_loop(target, connections, seconds, stream=stream)

    def even(target: Target, stream: bool) -> Awaitable[Cell]:
        return steady(target, RATE, seconds, stream=stream)

    loads: dict[str, Load] = {"steady": even, **{f"closed_{n}": loop(n) for n in CONNECTIONS}}
    results: dict[str, dict[Way, Cell]] = {}
    for target in targets.values():
        await closed_loop(target, 2, 1.0, stream=False)  # connections, caches, lazily loaded modules
    for stream in (False, True):
        for name, load in loads.items():
            label = f"{name}_stream" if stream else name
            results[label] = {}
            for way, target in targets.items():
                before = cpu_seconds(endpoint)
                cell = results[label][way] = await load(target, stream)
                cell.cpu = cpu_seconds(endpoint) - before
    return results


def metrics_of(results: Mapping[str, Mapping[Way, Cell]]) -> dict[str, float]:
    """The numbers that the targets are about, and what memory and streaming add."""

    def added(label: str, way: Way, other: Way, share: float) -> float:
        cells = results[label]
        return round(cells[way].percentile(share) - cells[other].percentile(share), 3)

    metrics: dict[str, float] = {}
    for suffix in ("", "_stream"):
        for share, name in ((0.5, "p50"), (0.95, "p95")):
            metrics[f"added_ms_{name}{suffix}"] = added(f"steady{suffix}", "plain", "direct", share)
            metrics[f"added_by_memory_ms_{name}{suffix}"] = added(f"steady{suffix}", "memory", "plain", share)
        for way, name in (("plain", ""), ("memory", "_with_memory"), ("direct", "_direct")):
            cell = results[f"closed_{THROUGHPUT_AT}{suffix}"][cast("Way", way)]
            metrics[f"requests_per_second{name}{suffix}"] = round(len(cell.seconds) / cell.wall, 1)
            if way != "direct":
                metrics[f"cpu_ms{name}{suffix}"] = round(1000 * cell.cpu / len(cell.seconds), 3)
    metrics["failed"] = sum(cell.failed for cells in results.values() for cell in cells.values())
    return metrics


def started(target: Callable[..., None], *arguments: object) -> tuple[multiprocessing.Process, int]:
    """A process that serves, and its port."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments), daemon=True)
    process.start()
    if not here.poll(120):
        raise SystemExit("a server did not start")
    return cast("multiprocessing.Process", process), int(here.recv())


def main() -> None:
    """Measure, print, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="short loads and few facts")
    quick = cast("bool", parser.parse_args().quick)
    seconds, facts, notes = (2.0, 200, 10) if quick else (15.0, 2_000, 50)
    core, *others = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as directory:
        upstream, upstream_port = started(serve_upstream, others or [core])
        token = found(Path(directory) / "kb", upstream_port, facts, notes)
        endpoint, endpoint_port = started(serve_endpoint, str(Path(directory) / "kb"), core)
        os.sched_setaffinity(0, others or [core])
        head = f"authorization: Bearer {token}\r\n"
        targets: dict[Way, Target] = {
            "direct": Target(upstream_port),
            "plain": Target(endpoint_port, f"{head}x-addenda-memories: none\r\n"),
            "memory": Target(endpoint_port, head),
        }
        try:
            results = asyncio.run(measured(targets, seconds, cast("int", endpoint.pid)))
        finally:
            for process in (endpoint, upstream):
                process.terminate()
                process.join()
    metrics = metrics_of(results)
    details: dict[str, object] = {
        label: {way: cell.numbers() for way, cell in cells.items()} for label, cells in results.items()
    }
    setting = {"facts": facts, "notes": notes, "rate": RATE, "seconds": seconds, "pieces_of_a_stream": _PIECES}
    path = write(
        "proxy",
        seeds=[],
        metrics=metrics,
        details={**setting, **details, "load": os.getloadavg()},
        items=(),
        quick=quick,
    )
    print(json.dumps(metrics, indent=1))
    print(path)


if __name__ == "__main__":
    main()
