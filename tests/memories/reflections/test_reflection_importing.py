"""Ready-made reflections: what is taken, and what is said about the rest."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from addenda.errors import UnreadableFile
from addenda.memories.reflections.synthesis.importing import Fields, import_reflections, read_reflections

PAIR = {"passage": "p1", "question": "Where was Tesla born?", "answer": "In Smiljan.", "by": "base"}
FIELDS = Fields(document="passage", generator="by")


def file(folder: Path, *lines: object) -> Path:
    path = folder / "pairs.jsonl"
    path.write_bytes(b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines))
    return path


def test_pairs_keep_their_document_and_their_generator(tmp_path: Path) -> None:
    other = {**PAIR, "passage": "p2", "by": "tuned"}
    path = file(tmp_path, PAIR, other)
    packed = tmp_path / "pairs.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for one in (path, packed):
        found = import_reflections(one, fields=FIELDS, documents={"p1": "00ff", "p2": "00aa"})
        assert [(r.stage, r.documents, r.generator) for r in found.reflections] == [
            ("imported", ("00ff",), "base"), ("imported", ("00aa",), "tuned"),
        ]  # fmt: skip
    (one,) = import_reflections(path, fields=FIELDS, generators=["tuned"]).reflections
    assert one.documents == ("p2",)


def test_what_cannot_be_used_is_told_with_its_line_and_the_rest_is_taken(tmp_path: Path) -> None:
    path = file(
        tmp_path, PAIR, b"{", b"", [1], {**PAIR, "answer": " "}, {**PAIR, "question": "Q" * 601},
        {**PAIR, "passage": "p9"}, {**PAIR, "answer": "in\u202e smiljan"},
        {**PAIR, "question": "where was  TESLA born"},
    )  # fmt: skip
    found = import_reflections(path, fields=FIELDS, documents=["p1"])
    assert len(found.reflections) == 1
    assert [one.reason for one in found.rejects] == [
        "unreadable", "unreadable", "unreadable", "too long", "unknown document", "unreadable", "duplicate",
    ]  # fmt: skip
    assert "line 2" in found.rejects[0].detail


def test_a_file_without_a_usable_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"no usable pair in 1 lines.*'document' is missing.*name its fields"):
        import_reflections(file(tmp_path, PAIR))
    with pytest.raises(UnreadableFile, match="cannot be read"):
        import_reflections(tmp_path / "none")
    torn = tmp_path / "torn.gz"
    torn.write_bytes(gzip.compress(json.dumps(PAIR).encode() * 50)[:-12])
    with pytest.raises(UnreadableFile, match="cannot be read"):
        import_reflections(torn, fields=FIELDS)
    with pytest.raises(UnreadableFile, match=r"line 1 of .* is no reflection"):
        read_reflections(file(tmp_path, PAIR))
