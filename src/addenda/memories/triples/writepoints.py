"""Write examples from annotated documents: each sentence, its context, and the triples that it tells.

Purpose: what the skill of writing is trained with. Idea: the model reads a document sentence by sentence, so a triple
is asked for where the text tells it and both of its names have been read. Sentences that tell nothing teach it to write
nothing; they are the negatives.

Where a triple belongs: to the sentences of its evidence. Without evidence, to the sentences that mention its subject or
object when both have been named by then; a judge (for example a large model) may look at each of these, and a triple
that it finds in none of them falls back to the last, or is dropped where annotations are not to be trusted.

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672), its training data. Ours: a sentence of evidence counts only
once both names have been read, because a model cannot write a name that it has not seen.
Does not know: whether a sentence tells a triple that nobody annotated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

from addenda.errors import InvalidInput
from addenda.memories.triples.annotations import AnnotatedDocument, Mention, Relation
from addenda.memories.triples.calls import Statement
from addenda.memories.triples.examples import WriteExample
from addenda.memories.triples.syntax import STATEMENTS_PER_CALL

Judge: TypeAlias = Callable[[AnnotatedDocument, Relation, int], bool]
"""Says whether the sentence at this index, read with those before it, tells the relation."""


@dataclass(frozen=True, slots=True)
class WriteRules:
    """How write examples are made.

    Raises InvalidInput for a share outside 0 to 1 or a negative number of sentences.
    """

    empty_share: float = 1.0
    """Which share of the sentences that tell nothing is kept, from 0 to 1."""
    context_sentences: int | None = None
    """How many sentences before it a sentence is shown with; None for all."""
    fall_back: bool = True
    """Whether a triple that no sentence is found to tell goes to the last one that could; else it is dropped."""
    seed: int = 0
    """Decides which names stand for entities, and which empty sentences are kept."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.empty_share <= 1.0:
            raise InvalidInput(f"empty_share is {self.empty_share!r}; give a share from 0 to 1")
        if self.context_sentences is not None and self.context_sentences < 0:
            raise InvalidInput(f"context_sentences is {self.context_sentences!r}; give 0 or more, or None for all")


def telling_sentences(
    document: AnnotatedDocument, relation: Relation, judge: Judge | None = None, *, fall_back: bool = True
) -> tuple[int, ...]:
    """The indices of the sentences that a relation belongs to, rising.

    Args:
        document: The document.
        relation: One of its relations.
        judge: Asked about each possible sentence of a relation without evidence; None accepts all.
        fall_back: Whether a relation that belongs to no sentence goes to the last possible one.
    """
    subject, object_ = (document.entities[index].mentions for index in (relation.subject, relation.object))
    complete = max(subject[0].sentence, object_[0].sentence)
    possible = sorted({mention.sentence for mention in (*subject, *object_) if mention.sentence >= complete})
    if relation.evidence:
        telling = [sentence for sentence in relation.evidence if sentence >= complete]
    else:
        telling = [sentence for sentence in possible if judge is None or judge(document, relation, sentence)]
    return tuple(telling or (possible[-1:] if fall_back else []))


def write_examples(
    document: AnnotatedDocument, rules: WriteRules | None = None, judge: Judge | None = None
) -> list[WriteExample]:
    """The write examples of a document, one for each sentence, in order.

    Sentences with more than ``STATEMENTS_PER_CALL`` triples are left out, and those without any as the rules say.
    The same document, rules and judge give the same examples.
    """
    made_by = rules or WriteRules()
    random = Random(f"{made_by.seed} {document.title}")
    found: list[list[tuple[tuple[int, int], Statement]]] = [[] for _ in document.sentences]
    for relation in document.relations:
        for sentence in telling_sentences(document, relation, judge, fall_back=made_by.fall_back):
            found[sentence].append(_stated(document, relation, sentence, random))
    examples: list[WriteExample] = []
    for number, placed in enumerate(found):
        statements = _in_order(placed)
        if len(statements) > STATEMENTS_PER_CALL:
            continue
        if not statements and random.random() >= made_by.empty_share:
            continue
        first = 0 if made_by.context_sentences is None else max(0, number - made_by.context_sentences)
        examples.append(
            WriteExample(
                source=f"{document.title}, sentence {number + 1}",
                context=tuple(f"{sentence} " for sentence in document.sentences[first:number]),
                focus=document.sentences[number],
                statements=statements,
            )
        )
    return examples


def _stated(
    document: AnnotatedDocument, relation: Relation, sentence: int, random: Random
) -> tuple[tuple[int, int], Statement]:
    """A relation under names that were read by this sentence, and the place of the later of them."""
    subject, object_ = (
        random.choice(_read_by(sentence, document.entities[index].mentions))
        for index in (relation.subject, relation.object)
    )
    later = max(document.place(subject), document.place(object_))
    return later, Statement(document.name(subject), relation.name, document.name(object_))


def _read_by(sentence: int, mentions: Sequence[Mention]) -> list[Mention]:
    return [mention for mention in mentions if mention.sentence <= sentence]


def _in_order(placed: Sequence[tuple[tuple[int, int], Statement]]) -> tuple[Statement, ...]:
    """The statements by the place of their later name, each once."""
    return tuple(dict.fromkeys(statement for _, statement in sorted(placed, key=lambda one: one[0])))
