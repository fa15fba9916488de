"""Invented documents in DocRED's form: who was born where, and what they founded."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from addenda.memories.triples.annotations import AnnotatedDocument
from addenda.memories.triples.docred import document_of

_SYLLABLES = ("bra", "dov", "el", "fin", "gul", "hest", "ir", "kol", "mav", "nor", "ost", "pel", "rud", "sil", "tam")
RELATIONS = {"P19": "place of birth", "P112": "founded by", "P159": "headquarters location"}
"""The relations in them, by their ids."""


def invented_record(number: int) -> dict[str, Any]:
    """One document; another number gives other names."""
    random = Random(f"invented {number}")
    first, last, town, firm, seat = ("".join(random.sample(_SYLLABLES, 2)).capitalize() for _ in range(5))
    sentences = [
        f"{first} {last} was born in {town} .".split(),
        "It rained that day .".split(),
        f"{last} founded {firm} in {seat} .".split(),
    ]

    def mention(name: str, kind: str, sentence: int, start: int) -> dict[str, Any]:
        return {"name": name, "type": kind, "sent_id": sentence, "pos": [start, start + len(name.split())]}

    return {
        "title": f"{first} {last}",
        "sents": sentences,
        "vertexSet": [
            [mention(f"{first} {last}", "PER", 0, 0), mention(last, "PER", 2, 0)],
            [mention(town, "LOC", 0, 5)],
            [mention(firm, "ORG", 2, 2)],
            [mention(seat, "LOC", 2, 4)],
        ],
        "labels": [
            {"h": 0, "t": 1, "r": "P19", "evidence": [0]},
            {"h": 2, "t": 0, "r": "P112", "evidence": [2]},
            {"h": 2, "t": 3, "r": "P159", "evidence": [2]},
        ],
    }


def invented(count: int, first: int = 0) -> list[AnnotatedDocument]:
    """So many documents, with the names of their relations."""
    return [document_of(invented_record(number), RELATIONS) for number in range(first, first + count)]


def write_documents(path: Path, count: int, first: int = 0) -> Path:
    """A file of so many documents, one a line."""
    lines = (json.dumps(invented_record(number)) for number in range(first, first + count))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_relations(path: Path) -> Path:
    """A file with the names of their relations."""
    path.write_text(json.dumps(RELATIONS), encoding="utf-8")
    return path
