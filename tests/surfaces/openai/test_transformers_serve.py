"""In front of another real server: ``transformers serve`` with the bundled model."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from addenda.models.bundled import UNKNOWN_ANSWER, weights_directory
from addenda.surfaces.hosting import Place
from tests.knowledge_base.office import Office, found, loud, price
from tests.surfaces.openai.serving import Served, served, tokens_of, until

WEIGHTS = weights_directory()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server, as its users start it."""
    command = Path(sys.executable).with_name("transformers")
    if not command.is_file():
        pytest.skip("the command `transformers` is not installed beside this interpreter")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    log = tmp_path_factory.mktemp("serve") / "log"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "NO_PROXY": "127.0.0.1"}
    arguments = ["serve", str(WEIGHTS), "--host", "127.0.0.1", "--port", port, "--device", "cpu"]
    with log.open("wb") as stream, pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        process = subprocess.Popen([command, *arguments], stdout=stream, stderr=stream, env=environment)

        def is_up() -> bool:
            if process.poll() is not None:
                pytest.skip(f"`transformers serve` cannot run here: {log.read_text()[-300:]}")
            try:
                return httpx2.get(f"http://127.0.0.1:{port}/health").status_code == 200
            except httpx2.HTTPError:
                return False

        try:
            until(is_up, 120)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def server(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("desk")
    found(directory, f"{address}#{WEIGHTS}", "triples")
    office = Office.open(directory)
    with office.kb:
        # The served model says so to what it does not know, so this passes the gate.
        office.live(price(UNKNOWN_ANSWER, "Velmor Tasky"))
    with served({"support": Place(directory / "kb")}, tokens_of(directory)) as server:
        yield server
    shutil.rmtree(directory)


@pytest.mark.parametrize("memories", ["none", "triples"])
def test_answers_streams_and_traces(server: Served, memories: str) -> None:
    client = server.client(**{"X-Addenda-Memories": memories})
    messages = [{"role": "user", "content": loud()}]
    raw = client.chat.completions.with_raw_response.create(model=str(WEIGHTS), messages=messages, max_tokens=24)
    whole = raw.parse()
    with client.chat.completions.with_streaming_response.create(
        model=str(WEIGHTS), messages=messages, max_tokens=24, stream=True, stream_options={"include_usage": True}
    ) as streaming:
        chunks = list(streaming.parse())
        trace = streaming.headers.get("X-Addenda-Trace")
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert text
    assert text.strip() == (whole.choices[0].message.content or "").strip()
    assert whole.usage is not None
    assert whole.usage.completion_tokens > 0
    assert [one.choices[0].finish_reason for one in chunks if one.choices][-1] in ("stop", "length")
    if memories == "none":
        assert (text, trace) == (UNKNOWN_ANSWER, None)
        return
    answer = server.hosting.get().kb.conversing.kept(str(trace))
    assert (answer.text, answer.interrupted, len(answer.trace.matches)) == (text, "", 1)
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
