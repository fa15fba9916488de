"""The example of ``docs/openai.md`` does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import openai
import pytest

from addenda.surfaces.hosting import Place
from tests.knowledge_base.office import Office, found, noise
from tests.surfaces.openai.serving import served, tokens_of

PAGE = Path(__file__).parents[3] / "docs" / "openai.md"


def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found(tmp_path, "bundled", "triples")
    office = Office.open(tmp_path)
    with office.kb:
        office.live(noise("43 dB"))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    tokens = tokens_of(tmp_path)
    with served({"support": Place(tmp_path / "kb")}, tokens) as server:
        names: dict[str, object] = {"address": server.url, "token": tokens["Ben"]}
        exec(compile(code, str(PAGE), "exec"), names)
        kept = server.hosting.get().kb.conversing.kept(str(names["trace_id"]))
        assert names["answer"] == kept.text == "43 dB"
        client = names["client"]
        assert isinstance(client, openai.OpenAI)
        client.close()
