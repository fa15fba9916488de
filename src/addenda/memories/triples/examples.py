"""Examples of writing and reading triples, and the JSON Lines form in which people look at them.

Purpose: examples are made once, looked at, corrected by hand where needed, and trained from. Idea: an example holds
texts and names, never tokens, so it fits any model; a value that exists can be turned into a lesson. One example is one
JSON object in a line, with a triple as ``[subject, relation, object]`` and a query as a triple in which ``null`` stands
for what is asked for::

    {"kind": "write", "context": ["... "], "focus": "...", "statements": [["Nora", "employer", "Acme"]]}
    {"kind": "read", "prompt": "... Nora works at", "queries": [["Nora", "employer", null]], "names": ["Acme"],
     "continuation": " Acme. ...", "ends": true}
    {"kind": "read", "asked": true, "prompt": "Where does Nora work?", "queries": [...], "names": [...], ...}

Source: what a read example stores (prefix, queries, results, continuation, end) is MemLLM's (Modarressi et al. 2024,
arXiv 2404.11672); questions in a chat, and calls answered with "too broad", are ours.
Does not know: how calls are spelled, tokens, and where an example came from beyond the note in ``source``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, PlainSerializer, PlainValidator, TypeAdapter, ValidationError, model_validator

from addenda.errors import InvalidInput, UnreadableFile
from addenda.memories.triples.calls import Query, Statement, shown
from addenda.memories.triples.syntax import QUERIES_PER_CALL, STATEMENTS_PER_CALL
from addenda.types import Frozen

_FAULTS_SHOWN = 10
_SEPARATORS = str.maketrans({code: f"\\u{ord(code):04x}" for code in "\x85\u2028\u2029"})
"""What some editors take for a line end, although JSON does not."""

_STATEMENT: TypeAdapter[tuple[str, str, str]] = TypeAdapter(tuple[str, str, str])
_QUERY: TypeAdapter[tuple[str | None, str, str | None]] = TypeAdapter(tuple[str | None, str, str | None])


def _as_statement(value: object) -> Statement:
    if isinstance(value, Statement):
        return value
    try:
        return Statement(*_STATEMENT.validate_python(value))
    except InvalidInput as error:
        raise ValueError(str(error)) from error


def _as_query(value: object) -> Query:
    if isinstance(value, Query):
        return value
    try:
        return Query(*_QUERY.validate_python(value))
    except InvalidInput as error:
        raise ValueError(str(error)) from error


def _sides(one: Statement | Query) -> tuple[str | None, str, str | None]:
    return one.subject, one.relation, one.object


_StatementField: TypeAlias = Annotated[Statement, PlainValidator(_as_statement), PlainSerializer(_sides)]
_QueryField: TypeAlias = Annotated[Query, PlainValidator(_as_query), PlainSerializer(_sides)]
_Name: TypeAlias = Annotated[str, Field(min_length=1)]


class WriteExample(Frozen):
    """A sentence in its context, and the triples to be written for it."""

    kind: Literal["write"] = "write"
    source: str = ""
    """Where it comes from, for people."""
    context: tuple[str, ...]
    """The sentences before it in order, each with the blank or line end that parts it from the next."""
    focus: str = Field(min_length=1)
    """The sentence that the triples are to be taken from."""
    statements: tuple[_StatementField, ...] = Field(max_length=STATEMENTS_PER_CALL)
    """In the order in which they are to be written; none for a sentence that says nothing to be stored."""


class ReadExample(Frozen):
    """A text that stops where something is to be looked up, what the memory brings, and how the text goes on.

    Without queries nothing is looked up and the text goes on at once. With queries that bring nothing it cannot go on
    here, because such a call is taken out of the text; only asking is learned from it.
    Raises pydantic's ValidationError when the parts do not fit together.
    """

    kind: Literal["read"] = "read"
    source: str = ""
    """Where it comes from, for people."""
    asked: bool = False
    """Whether the prompt is a question in a chat and the continuation its answer, instead of one running text."""
    prompt: str = Field(min_length=1)
    """The question, or the text before the call, without blanks at its end."""
    said: str = ""
    """What the answer to a question has said before the call; it is context, as the prompt is."""
    queries: tuple[_QueryField, ...] = Field(default=(), max_length=QUERIES_PER_CALL)
    names: tuple[_Name, ...] = ()
    """What the memory brings, best first; all queries together."""
    too_broad: int | None = Field(default=None, ge=1)
    """How many names fit, where they are too many to be given; None where they are not."""
    continuation: str = ""
    """How the text goes on, from the character after the prompt on; a blank before it belongs to it."""
    ends: bool = False
    """Whether the text, or answer, ends there."""

    @model_validator(mode="after")
    def _parts_fit(self) -> ReadExample:
        if self.prompt != (self.prompt.strip() if self.asked else self.prompt.rstrip()):
            raise ValueError("the prompt has blanks at its end; put them in front of the continuation")
        if self.said and not self.asked:
            raise ValueError("'said' is for answers in a chat; put the text before the call into the prompt")
        if self.names and self.too_broad is not None:
            raise ValueError("either names or too_broad can be given")
        brought = bool(self.names) or self.too_broad is not None
        if brought and not self.queries:
            raise ValueError("names or too_broad need queries that bring them")
        if self.queries and not brought and (self.continuation or self.ends):
            raise ValueError("a call that brings nothing is taken out of the text: leave continuation and ends out")
        if not self.queries and not (self.continuation or self.ends):
            raise ValueError("there is nothing to learn: give queries, a continuation, or ends")
        return self


TripleExample: TypeAlias = Annotated[WriteExample | ReadExample, Field(discriminator="kind")]
"""An example of either skill."""

_EXAMPLES: TypeAdapter[WriteExample | ReadExample] = TypeAdapter(TripleExample)


def example_line(example: WriteExample | ReadExample) -> str:
    """An example as one line of JSON, without its line end; fields that have their default are left out.

    Raises InvalidInput when a text in it cannot be written as UTF-8.
    """
    try:
        text = example.model_dump_json(exclude_defaults=True)
        text.encode("utf-8")
    except ValueError as error:
        raise InvalidInput(
            f"an example from {example.source!r} cannot be written: {error}; correct its text"
        ) from error
    return f'{{"kind":"{example.kind}",{text[1:]}'.translate(_SEPARATORS)


def save_examples(path: Path, examples: Iterable[WriteExample | ReadExample]) -> int:
    """Write examples as JSON Lines, replacing the file when all are written; returns how many there are."""
    count = 0
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        for example in examples:
            file.write(example_line(example) + "\n")
            count += 1
    partial.replace(path)
    return count


def load_examples(path: Path) -> list[WriteExample | ReadExample]:
    """The examples of a file of JSON Lines; lines of blanks only are passed over.

    Raises UnreadableFile when it cannot be read, and InvalidInput with the numbers of the lines that hold no example
    (the first ten) and what is wrong in each.
    """
    found: list[WriteExample | ReadExample] = []
    faults: list[str] = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            found.append(parse_example(line))
        except InvalidInput as error:
            faults.append(f"line {number}: {error}")
    if faults:
        more = f"\nand {len(faults) - _FAULTS_SHOWN} more lines" if len(faults) > _FAULTS_SHOWN else ""
        listed = "\n".join(faults[:_FAULTS_SHOWN])
        raise InvalidInput(f"{path.name!r} was not used; correct or delete what is no example:\n{listed}{more}")
    return found


def parse_example(line: str) -> WriteExample | ReadExample:
    """The example of one line. Raises InvalidInput with the field that is wrong.

    Nothing is guessed: unknown and repeated fields, and numbers in place of texts, are refused.
    """
    try:
        json.loads(line, object_pairs_hook=_without_repetitions)
        return _EXAMPLES.validate_json(line, strict=True)
    except ValidationError as error:
        raise InvalidInput("; ".join(_fault(fault["loc"], fault["msg"]) for fault in error.errors())) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{shown(line)} is no JSON object: {error}; write one example a line") from error


def _without_repetitions(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a field is given twice")
    return fields


def _fault(parts: tuple[int | str, ...], message: str) -> str:
    # The first part of a place is the kind of example that was chosen.
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts[1:]).removeprefix(".")
    return f"{place or 'the example'}: {message.removeprefix('Value error, ')}"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_bytes().decode("utf-8-sig").split("\n")
    except OSError as error:
        raise UnreadableFile(f"{str(path)!r} cannot be read: {error}; give a file of JSON Lines") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name!r} is not in UTF-8: {error}; save it as UTF-8") from error
