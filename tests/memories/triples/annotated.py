"""Made-up documents: in the format of DocRED, and in a short notation that puts entities into brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from addenda.memories.triples.annotations import AnnotatedDocument, Entity, Mention, Relation
from addenda.memories.triples.docred import document_of

_MARKED = re.compile(r"\[([^|\]]+)\|(\d+)\]")


def annotated(
    *sentences: str, relations: Sequence[Relation] = (), kinds: Mapping[int, str] | None = None, title: str = "A title"
) -> AnnotatedDocument:
    """A document from sentences such as ``[Nora Vint|0] works at [Acme|1].``; kinds are PER where none is given."""
    mentions: dict[int, list[Mention]] = {}
    plain: list[str] = []
    for number, sentence in enumerate(sentences):
        text, position = "", 0
        for found in _MARKED.finditer(sentence):
            text += sentence[position : found.start()]
            mentions.setdefault(int(found[2]), []).append(Mention(number, len(text), len(text) + len(found[1])))
            text, position = text + found[1], found.end()
        plain.append(text + sentence[position:])
    entities = tuple(Entity((kinds or {}).get(number, "PER"), tuple(mentions[number])) for number in sorted(mentions))
    return AnnotatedDocument(title, tuple(plain), entities, tuple(relations))


def record() -> dict[str, Any]:
    """A document as DocRED writes one, new each time."""
    return {
        "title": "Nora Vint",
        "sents": [
            "Nora Vint ( born 3 May 1971 ) is a glass - blower from Ostwick .".split(),
            'She founded " Vint & Sons " in 1999 - 2001 , and Vint \'s lamps hang in the Ostwick town hall .'.split(),
        ],
        "vertexSet": [
            [
                {"name": "Vint", "type": "PER", "sent_id": 1, "pos": [13, 14]},
                {"name": "Nora Vint", "type": "PER", "sent_id": 0, "pos": [0, 2], "index": "0_0", "global_pos": [0, 0]},
            ],
            [{"name": "3 May 1971", "type": "TIME", "sent_id": 0, "pos": [4, 7]}],
            [
                {"name": "Ostwick", "type": "LOC", "sent_id": 0, "pos": [14, 15]},
                {"name": "Ostwick", "type": "LOC", "sent_id": 1, "pos": [19, 20]},
            ],
            [{"name": "Vint & Sons", "type": "ORG", "sent_id": 1, "pos": [3, 6]}],
        ],
        "labels": [
            {"h": 0, "t": 1, "r": "P569", "evidence": [0]},
            {"h": 0, "t": 2, "r": "P19", "evidence": [0]},
            {"h": 3, "t": 0, "r": "P112", "evidence": []},
        ],
    }


NAMES = {"P569": "date of birth", "P19": "place of birth", "P112": "founded by"}
"""Names of the relations in ``record()``."""

WORDS = (
    "Nora",
    "Vint",
    "Ost",
    "wick",
    "of",
    "works",
    "1999",
    ",",
    ".",
    '"',
    "'",
    "-",
    "–",
    "—",
    "'s",
    "(",
    ")",
    "\xa0",
)
"""What generated documents are made of."""


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Documents of DocRED's form with mentions anywhere, nested and overlapping ones too."""
    sentences = draw(
        st.lists(
            st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).filter(lambda words: any(map(str.strip, words))),
            min_size=1,
            max_size=4,
        )
    )
    entities = draw(st.lists(st.lists(_mentions(sentences), min_size=1, max_size=3), min_size=1, max_size=6))
    index = st.integers(0, len(entities) - 1)
    label = st.fixed_dictionaries(
        {
            "h": index,
            "t": index,
            "r": st.sampled_from(("knows", "country", "continent", "part of")),
            "evidence": st.lists(st.integers(0, len(sentences) - 1), max_size=2),
        }
    )
    title = draw(st.lists(st.sampled_from(WORDS[:6]), max_size=3).map(" ".join))
    return {"title": title, "sents": sentences, "vertexSet": entities, "labels": draw(st.lists(label, max_size=8))}


@st.composite
def _mentions(draw: st.DrawFn, sentences: Sequence[Sequence[str]]) -> dict[str, Any]:
    number = draw(st.integers(0, len(sentences) - 1))
    words = sentences[number]
    start = draw(st.sampled_from([place for place, word in enumerate(words) if word.strip()]))
    end = draw(st.integers(start + 1, min(start + 3, len(words))))
    kind = draw(st.sampled_from(("PER", "LOC", "TIME")))
    return {"name": " ".join(words[start:end]), "type": kind, "sent_id": number, "pos": [start, end]}


DOCUMENTS = records().map(document_of)
"""Generated documents."""
