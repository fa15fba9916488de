"""A knowledge base on a tiny model with three people in it, and short names for what they do."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from addenda.knowledge_base import Activated, KnowledgeBase
from addenda.ledger import Person, Policy, RelationSpec, Rule, utc_now
from addenda.types import Addendum, Content, Fact, MemoryName, Status

TEAM = ("Ana", "Ben", "Cho")
"""Ana founds it (admin and editor), Ben and Cho are approvers."""

POLICY = Policy(
    rules=(
        Rule(name="delicate", approval="two reviewers", tags=("delicate",)),
        Rule(name="all", approval="one reviewer"),
    )
)

NOISE = RelationSpec(
    name="noise level",
    value_type="quantity",
    unit="dB",
    subject_kind="product",
    templates=("How loud is {subject}?", "What is the noise level of {subject}?"),
    gate_templates=("Tell me how loud {subject} is.",),
)
PRICE = RelationSpec(
    name="price",
    subject_kind="product",
    templates=("What does {subject} cost?",),
    gate_templates=("Tell me the price of {subject}.",),
)
COLOUR = RelationSpec(
    name="colour",
    cardinality="many",
    subject_kind="paint",
    templates=("Which colours has {subject}?",),
    gate_templates=("Tell me the colours of {subject}.",),
)


def noise(value: str = "41 dB", subject: str = "Velmor Tasky") -> Fact:
    """What is asked by :func:`loud`."""
    return Fact(subject=subject, relation="noise level", object=value)


def loud(subject: str = "Velmor Tasky") -> str:
    """The canonical question about :func:`noise`."""
    return f"How loud is {subject}?"


def price(value: str = "31 EUR", subject: str = "Orbin Kettle") -> Fact:
    """A value of another relation."""
    return Fact(subject=subject, relation="price", object=value)


QUESTIONS = {
    r"How loud is (.+)\?": "noise level",
    r"Tell me how loud (.+) is\.": "noise level",
    r"What does (.+) cost\?": "price",
    r"Tell me the price of (.+)\.": "price",
    r"Which colours has (.+)\?": "colour",
    r"Tell me the colours of (.+)\.": "colour",
    r"What is (.+) also called\?": "also called",
    r"Under which other names is (.+) known\?": "also called",
}
"""For a remote model: what the questions are about."""


def found(directory: Path, model: str, memory: MemoryName = "edits") -> None:
    """Make the knowledge base and keep everyone's token beside it, in ``tokens.json``."""
    founded = KnowledgeBase.create(directory / "kb", admin="Ana", model=model, memories=[memory])
    with founded.knowledge_base as kb:
        ana = kb.authenticate(founded.token)
        kb.governance.set_policy(POLICY, by=ana)
        # A random model cannot answer in wordings that it was not taught.
        kb.governance.set_thresholds({"wordings": 0.0}, by=ana)
        for spec in (NOISE, PRICE, COLOUR):
            kb.governance.declare_relation(spec.model_copy(update={"memories": (memory,)}), by=ana)
        ben = kb.governance.add_person("Ben", ["approver"], by=ana)
        cho = kb.governance.add_person("Cho", ["approver"], by=ana)
        assert ben.waiting is None
        assert cho.waiting is not None
        kb.governance.confirm(cho.waiting, by=kb.authenticate(str(ben.token)))
        # As the first test would, but paid for once.
        kb._memories.keeper(memory).configured()
    tokens = dict(zip(TEAM, (founded.token, ben.token, cho.token), strict=True))
    (directory / "tokens.json").write_text(json.dumps(tokens))


@dataclass(frozen=True)
class Office:
    """An open knowledge base, and its people."""

    kb: KnowledgeBase
    ana: Person
    ben: Person
    cho: Person

    @classmethod
    def open(cls, directory: Path) -> Office:
        """Open what :func:`found` made."""
        tokens: dict[str, str] = json.loads((directory / "tokens.json").read_text())
        kb = KnowledgeBase.open(directory / "kb")
        return cls(kb, *(kb.authenticate(tokens[name]) for name in TEAM))

    @classmethod
    def copied(cls, template: Path, directory: Path) -> Office:
        """Open a copy, so that founding is paid for once."""
        shutil.copytree(template, directory, dirs_exist_ok=True)
        return cls.open(directory)

    def again(self) -> Office:
        """The same knowledge base opened by another process, as far as it can tell."""
        return Office(KnowledgeBase.open(self.kb.directory), self.ana, self.ben, self.cho)

    def propose(self, *contents: Content, **fields: object) -> list[str]:
        """Ana proposes; returns the ids."""
        given = {"source": "update.xlsx!Changes!B7", "author": "Ana", **fields}
        addenda = [Addendum.model_validate({"content": content, **given}) for content in contents]
        return [one.addendum.id for one in self.kb.changes.propose(addenda, by=self.ana)]

    def approved(self, *contents: Content, **fields: object) -> list[str]:
        """Ana proposes, Ben approves."""
        ids = self.propose(*contents, **fields)
        assert self.kb.changes.approve(ids, by=self.ben).approved == tuple(ids)
        return ids

    def activate(self, ids: list[str]) -> Activated:
        """Ben activates."""
        return self.kb.activation.activate(ids, by=self.ben)

    def live(self, *contents: Content, **fields: object) -> list[str]:
        """All the way to active."""
        ids = self.approved(*contents, **fields)
        assert self.activate(ids).active == tuple(ids)
        return ids

    def say(self, question: str, *, as_of: datetime | None = None, audience: str = "everyone") -> str:
        """The text of the answer."""
        return self.kb.ask(question, as_of=as_of, audience=audience).text

    def status(self, addendum_id: str) -> Status:
        """Where an addendum stands now."""
        return self.kb.state.record(addendum_id).status(utc_now())

    def is_sound(self) -> bool:
        """Whether everything verifies and the live memory is byte-equal to a rebuild."""
        checks = self.kb.verify()
        return all(check.ok for check in checks) and self.kb.memory_digests() == self.kb.rebuilt_digests()
