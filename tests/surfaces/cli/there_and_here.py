"""One knowledge base, reached through its server and through its folder, and what both ways say made comparable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.surfaces.cli.desk import Outcome, in_process
from tests.surfaces.http.serving import Desk

_VARYING = (
    (r"addenda_[\w-]+", "TOKEN"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z", "MOMENT"),
    (r'"position": \d+', '"position": N'),
    (r"\b[0-9a-f]{8,16}\b", "ID"),
)
"""What differs between two things of one kind that were made one after the other."""


@dataclass(frozen=True)
class Both:
    """One knowledge base, reached through its server and through its folder."""

    desk: Desk
    folder: Path

    @property
    def url(self) -> str:
        return f"{self.desk.address}#ours"

    @property
    def kb(self) -> str:
        return str(self.desk.folder / "ours")

    def token(self, who: str) -> str:
        path = self.folder / f"{who}.token"
        path.touch(0o600)
        path.write_text(self.desk.tokens[who] + "\n")
        return str(path)

    def there(self, *arguments: str, by: str = "viewer") -> Outcome:
        return in_process(*arguments, "--url", self.url, "--token-file", self.token(by))

    def here(self, *arguments: str, by: str = "viewer") -> Outcome:
        return in_process(*arguments, "--kb", self.kb, "--token-file", self.token(by))

    def json(self, *arguments: str, by: str = "viewer") -> dict[str, Any]:
        done = self.there(*arguments, "--json", by=by)
        assert done.code == 0, done
        return done.json

    def proposed(self, name: str, value: str = "41 dB") -> str:
        return str(self.json("propose", name, "noise level", value, by="editor")["id"])

    def agree(self, *arguments: str, by: str = "admin", code: int = 0) -> Outcome:
        """Run a command both ways, in words and as JSON; they must say the same. ``WAY`` in it is another each time."""
        for form in ((), ("--json",)):
            found = []
            for way, run in (("wayfar", self.there), ("waynear", self.here)):
                name = f"{way}{'j' if form else ''}"
                given = [one.replace("WAY", name) for one in arguments]
                found.append(alike(run(*given, *form, by=by), name if given != [*arguments] else ""))
            assert found[0] == found[1], (arguments, found)
            assert found[0].code == code, found[0]
        return found[0]


def alike(outcome: Outcome, name: str) -> Outcome:
    """What was said, without what differs from one time to another."""

    def common(text: str) -> str:
        for pattern, word in _VARYING:
            text = re.sub(pattern, word, text.replace(name, "WAY") if name else text)
        return re.sub(r" +|─+", " ", text)

    return Outcome(outcome.code, common(outcome.out), common(outcome.err))
