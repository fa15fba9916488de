"""The work file of an extraction: every answer of a writer, under a digest of who wrote and what was shown.

An answer that could not be had (:attr:`Written.fault`) is not kept, so that it is tried again.

Not known here: documents. A file may serve many of them, and many writers. It is meant for one run at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from addenda.journal import Journal
from addenda.memories.triples.writers import WRITER_ENDINGS, Passage, WriterEnding, Written


def key_of_work(identity: str, passage: Passage) -> str:
    """The digest of a writer and of what it is shown, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps([identity, passage.context, passage.focus]).encode()).hexdigest()


class WorkFile(Journal[Written]):
    """A work file, open for as long as the ``with`` block lasts."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made when it is opened and not there yet. Its folder must be there."""
        super().__init__(path, "extraction", _values, _written)

    def add(self, key: str, answer: Written) -> None:
        """Keep an answer, unless it has a fault; see :meth:`Journal.add`."""
        if not answer.fault:
            super().add(key, answer)


def _values(written: Written) -> Sequence[object]:
    return [written.call, written.ending, written.continued]


def _written(values: Sequence[object]) -> Written | None:
    match values:
        case [str(call), str(ending), bool(continued)] if ending in WRITER_ENDINGS:
            return Written(call, ending=cast("WriterEnding", ending), continued=continued)
        case _:
            return None
