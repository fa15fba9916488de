"""One change from end to end over a server: proposed by one person, approved by another, live, asked for, explained.

    addenda serve                                       # in another terminal
    python examples/first_change.py http://127.0.0.1:8331 --editor editor.token --approver approver.token

Both files hold a token, as `addenda person add NAME --role ROLE --new-token-file FILE` makes it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from addenda.client import Client
from addenda.types import Fact


def main() -> None:
    """Run the whole life of a change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="the server's address, with #NAME behind it for another knowledge base")
    parser.add_argument("--editor", type=Path, required=True, help="file with the token of who proposes")
    parser.add_argument("--approver", type=Path, required=True, help="file with the token of who approves")
    given = parser.parse_args()
    editor_token, approver_token = (path.read_text().strip() for path in (given.editor, given.approver))
    with Client(given.url, token=editor_token) as editor, Client(given.url, token=approver_token) as approver:
        made = editor.propose(
            Fact(subject="Velmor Tasky", relation="noise level", object="41 dB"), reason="data sheet of March"
        )
        print("proposed:", made.says, "as", made.id or made.duplicate_of)
        if made.id is not None:
            seen = approver.show(made.id)
            approver.approve(seen, reason="checked against the data sheet")
            live = approver.activate([seen.id]).wait(progress=lambda *moved: print("  ", *moved))
            print("live:", *live.active)
        answer = editor.ask("How loud is the Velmor Tasky?")
        print("answer:", answer.text)
        why = editor.explain(answer)
        print("without any memory:", why.without_memories)
        for match in why.matches:
            print(f"{match.memory}: {match.says} (changed the answer: {match.changed_answer})")


if __name__ == "__main__":
    main()
