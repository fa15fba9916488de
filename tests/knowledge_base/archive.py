"""Documents about a few people, their reflections by hand, and a tiny memory model that is really trained on them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from addenda.documents.reading import SourceDocument
from addenda.knowledge_base import KnowledgeBase, ModelChoice
from addenda.knowledge_base.extracting import Terms
from addenda.knowledge_base.reflecting import Reflected
from addenda.knowledge_base.remembering import Adopted, Strategy
from addenda.ledger import Person
from addenda.types import Answer
from tests.knowledge_base.office import Office

VELMOR, TESSA, BRANN, ILSE = "Velmor Drun", "Tessa Quill", "Brann Okoro", "Ilse Marlo"
STAFF = "staff"
PEOPLE: Mapping[str, tuple[str, str]] = {
    VELMOR: ("red", "4411"),
    TESSA: ("blue", "7025"),
    BRANN: ("green", "1938"),
    ILSE: ("black", "5560"),
}
"""Badge and phone of each. Brann is for staff only, and Ilse approved but not live."""

QUICK: Mapping[str, object] = {
    "rate": 1e-2, "steps": 200, "batch": 8, "micro_batch": 8, "evaluations": 4, "scored": 8, "patience": None,
    "bf16": False, "refusals": 0.0, "validation_share": 0.95, "decay": 0.3, "weight_decay": 0.0,
}  # fmt: skip
"""With these a tiny model learns a dozen answers by heart in two seconds; it stops when it knows them all."""


def badge(name: str) -> str:
    """Asks for the first value."""
    return f"What is the badge of {name}?"


def phone(name: str) -> str:
    """Asks for the second value."""
    return f"What is the phone of {name}?"


def page(name: str, values: tuple[str, str] | None = None) -> SourceDocument:
    """The document about a person."""
    colour, number = values or PEOPLE[name]
    text = f"{name} has the badge {colour}. The phone of {name} is {number}.\n"
    return SourceDocument(title=name, source=f"{name}.txt", text=text)


def pairs(path: Path, people: Mapping[str, tuple[str, str]] = PEOPLE) -> Path:
    """A file with the reflections of these people's documents."""
    lines = [
        json.dumps({"question": asked(name), "answer": value, "document": name})
        for name, values in people.items()
        for asked, value in zip((badge, phone), values, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Archive:
    """A knowledge base with a memory model, and who works with it."""

    office: Office
    ids: dict[str, str]
    """Ids of the documents, by person."""

    @property
    def kb(self) -> KnowledgeBase:
        return self.office.kb

    @property
    def ana(self) -> Person:
        return self.office.ana

    @property
    def ben(self) -> Person:
        return self.office.ben

    @classmethod
    def open(cls, directory: Path, choice: ModelChoice | None = None) -> Archive:
        """Open what :func:`build` made."""
        office = Office.open(directory)
        if choice is not None:
            office.kb.close()
            office = Office(KnowledgeBase.open(directory / "kb", choice=choice), office.ana, office.ben, office.cho)
        return cls(office, json.loads((directory / "ids.json").read_text()))

    @classmethod
    def copied(cls, template: Path, directory: Path, choice: ModelChoice | None = None) -> Archive:
        """Open a copy, so that training is paid for once."""
        shutil.copytree(template, directory)
        return cls.open(directory, choice)

    def reflect(self, *documents: SourceDocument, pairs: Path, audience: tuple[str, ...] = ("everyone",)) -> Reflected:
        """Ana brings documents with ready-made reflections."""
        return self.kb.reflecting.run(documents, by=self.ana, terms=Terms(audience=audience), ready_made=pairs)

    def train(self, base: str, strategy: Strategy | None = "joint", **changed: object) -> Adopted:
        """Ana trains; a tiny model learns best anew."""
        return self.kb.remembering.train(
            by=self.ana, base=base, given={**QUICK, **changed}, strategy=strategy, threads=1
        )

    def ask(self, question: str, audience: str = "everyone") -> Answer:
        """The answer."""
        return self.kb.ask(question, audience=audience)

    def told(self, question: str, audience: str = "everyone") -> str | None:
        """What the memory model answered; None when the base model spoke."""
        answer = self.ask(question, audience)
        from_documents = any(one.memory == "reflections" and one.injected for one in answer.trace.matches)
        assert not from_documents or answer.trace.consultation is not None
        return answer.text if from_documents else None


def build(template: Path, directory: Path, base: str) -> None:
    """An office that has learned the documents by heart."""
    office = Office.copied(template, directory)
    with office.kb:
        (directory / "ids.json").write_text(json.dumps(learned(office, directory, base)))


def learned(office: Office, directory: Path, base: str) -> dict[str, str]:
    """Have an office learn the documents; their ids, by person."""
    archive = Archive(office, {})
    first = [page(name) for name in (VELMOR, TESSA, ILSE)]
    given = archive.reflect(
        *first, pairs=pairs(directory / "first.jsonl", {one.title: PEOPLE[one.title] for one in first})
    ).documents
    given += archive.reflect(
        page(BRANN), pairs=pairs(directory / "pairs.jsonl", {BRANN: PEOPLE[BRANN]}), audience=(STAFF,)
    ).documents
    ids = {one.source.removesuffix(".txt"): one.addendum_id for one in given}
    office.kb.changes.approve(list(ids.values()), by=office.ben)
    archive.train(base)
    live = [ids[name] for name in (VELMOR, TESSA, BRANN)]
    assert office.activate(live).active == tuple(live)
    return ids
