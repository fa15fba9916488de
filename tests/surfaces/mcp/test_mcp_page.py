"""What docs/mcp.md tells people to put into their clients works as it stands there."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from addenda.surfaces.mcp.tools import TOOLS
from tests.surfaces.cli.desk import ROOT, environment
from tests.surfaces.mcp.agency import Agency

PAGE = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def servers() -> list[Mapping[str, Any]]:
    return [
        *(json.loads(block)["mcpServers"]["addenda"] for block in blocks("json")),
        *(tomllib.loads(block)["mcp_servers"]["addenda"] for block in blocks("toml")),
    ]


def test_every_tool_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## On this machine")[0], re.MULTILINE)) == set(TOOLS)


@pytest.mark.parametrize("server", [one for one in servers() if "command" in one], ids=["json", "toml"])
def test_a_client_can_start_the_program_so(agency: Agency, tmp_path: Path, server: Mapping[str, Any]) -> None:
    token = tmp_path / "agent.token"
    token.touch(0o600)
    token.write_text(agency.tokens["Eve"] + "\n")
    real = {"/path/to/addenda-kb": str(agency.ours), "/path/to/agent.token": str(token)}
    assert server["command"] == "addenda"
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "addenda.surfaces.cli", *(real.get(word, word) for word in server["args"])],
        env=environment(**{name: real[value] for name, value in server["env"].items()}),
    )

    async def listing() -> set[str]:
        with anyio.fail_after(120):
            async with Client(stdio_client(started)) as client:
                return {tool.name for tool in (await client.list_tools()).tools}

    assert anyio.run(listing) == set(TOOLS)


def test_a_client_can_connect_so(agency: Agency) -> None:
    (server,) = [one for one in servers() if "url" in one]
    headers = {name: value.replace("addenda_...", agency.tokens["Eve"]) for name, value in server["headers"].items()}

    async def listing() -> set[str]:
        url = server["url"].replace("http://127.0.0.1:8331/mcp", agency.url)
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            return {tool.name for tool in (await client.list_tools()).tools}

    assert anyio.run(listing) == set(TOOLS)
