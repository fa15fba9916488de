"""Examples as people see them: one JSON object a line, nothing guessed, faults named by line and field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from addenda.errors import InvalidInput, UnreadableFile
from addenda.memories.triples.calls import Query, Statement
from addenda.memories.triples.examples import (
    ReadExample,
    WriteExample,
    example_line,
    load_examples,
    parse_example,
    save_examples,
)

WRITE = WriteExample(
    source="a, 1", context=("Nora came. ",), focus="She runs Halm.", statements=(Statement("Nora", "owner of", "Halm"),)
)
READ = ReadExample(
    prompt="Nora runs",
    queries=(Query("Nora", "owner of", None),),
    names=("Halm", "Wend"),
    continuation=" Halm.",
    ends=True,
)
ASKED = ReadExample(
    asked=True, prompt="Who runs Halm?", queries=(Query(None, "owner of", "Halm"),), too_broad=31, continuation="Many."
)
WRITE_LINE = (
    '{"kind":"write","source":"a, 1","context":["Nora came. "],"focus":"She runs Halm.",'
    '"statements":[["Nora","owner of","Halm"]]}'
)
READ_LINE = (
    '{"kind":"read","prompt":"Nora runs","queries":[["Nora","owner of",null]],"names":["Halm","Wend"],'
    '"continuation":" Halm.","ends":true}'
)
ASKED_LINE = (
    '{"kind":"read","asked":true,"prompt":"Who runs Halm?","queries":[[null,"owner of","Halm"]],"too_broad":31,'
    '"continuation":"Many."}'
)


@pytest.mark.parametrize(("example", "line"), [(WRITE, WRITE_LINE), (READ, READ_LINE), (ASKED, ASKED_LINE)])
def test_an_example_is_one_line_and_comes_back(example: WriteExample | ReadExample, line: str) -> None:
    assert example_line(example) == line
    assert parse_example(line) == example


def test_a_sentence_that_tells_nothing_shows_it() -> None:
    assert example_line(WriteExample(context=(), focus="It rains.", statements=())) == (
        '{"kind":"write","context":[],"focus":"It rains.","statements":[]}'
    )


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
WRITES = st.builds(
    WriteExample,
    source=NAMES,
    context=st.lists(NAMES, max_size=2).map(tuple),
    focus=NAMES,
    statements=st.lists(st.builds(Statement, NAMES, NAMES, NAMES), max_size=3).map(tuple),
)
READS = st.builds(
    ReadExample,
    asked=st.booleans(),
    prompt=NAMES.map(lambda name: f"{name}.".strip()),
    queries=st.builds(Query, NAMES, NAMES, st.none()).map(lambda query: (query,)),
    names=st.lists(NAMES, min_size=1, max_size=3).map(tuple),
    continuation=st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    ends=st.booleans(),
)


@given(examples=st.lists(WRITES | READS, max_size=4))
def test_what_is_saved_is_loaded_whatever_characters_it_has(
    examples: list[WriteExample | ReadExample], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("examples") / "e.jsonl"
    assert save_examples(path, examples) == len(examples)
    assert load_examples(path) == examples
    text = path.read_bytes().decode()
    assert text.splitlines() == text.split("\n")[:-1]


def test_saving_replaces_the_file_only_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    save_examples(path, [WRITE])
    broken = WriteExample(context=(), focus="x", statements=(Statement("\ud800", "r", "o"),))
    with pytest.raises(InvalidInput, match="an example from '' cannot be written"):
        save_examples(path, [READ, broken])
    assert load_examples(path) == [WRITE]
    save_examples(path, [READ])
    assert load_examples(path) == [READ]


def test_every_bad_line_is_named_and_blank_ones_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    lines = ["\ufeff" + WRITE_LINE, "", "{", READ_LINE, '{"kind":"write","context":[],"focus":"x"}']
    path.write_text("\n".join(lines))
    with pytest.raises(InvalidInput) as caught:
        load_examples(path)
    first, *rest = str(caught.value).split("\n")
    assert first == "'e.jsonl' was not used; correct or delete what is no example:"
    assert rest[0].startswith("line 3: '{' is no JSON object: ")
    assert rest[1:] == ["line 5: statements: Field required"]
    path.write_text("\n".join((*lines[:2], lines[3])))
    assert load_examples(path) == [WRITE, READ]


def test_of_many_bad_lines_the_first_ten_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text("x\n" * 12)
    with pytest.raises(InvalidInput, match=r"line 10: .*\nand 2 more lines$"):
        load_examples(path)


@pytest.mark.parametrize(
    ("line", "changes", "message"),
    [
        (WRITE_LINE, {"kind": "wrote"}, "the example: Input tag 'wrote'"),
        (WRITE_LINE, {"note": 1}, "note: Extra inputs are not permitted"),
        (WRITE_LINE, {"context": "Nora came."}, "context: Input should be a valid array"),
        (WRITE_LINE, {"focus": 7}, "focus: Input should be a valid string"),
        (WRITE_LINE, {"focus": ""}, "focus: String should have at least 1 character"),
        (WRITE_LINE, {"statements": [["a", "b"]]}, r"statements\[0\]\[2\]: Field required"),
        (WRITE_LINE, {"statements": [["a", "b", None]]}, r"statements\[0\]\[2\]: Input should be a valid string"),
        (WRITE_LINE, {"statements": [["a", "b", 3]]}, r"statements\[0\]\[2\]: Input should be a valid string"),
        (WRITE_LINE, {"statements": [["a", "", "c"]]}, r"statements\[0\]: the relation '' has 0 characters"),
        (WRITE_LINE, {"statements": [["a", "b", "c"]] * 32}, "statements: Tuple should have at most 31 items"),
        (READ_LINE, {"queries": [["a", "b", "c"]]}, r"queries\[0\]: a query names its subject or its object, not both"),
        (
            READ_LINE,
            {"queries": [[None, "b", None]]},
            r"queries\[0\]: a query names its subject or its object, not neit",
        ),
        (READ_LINE, {"queries": [["a", "b", None]] * 4}, "queries: Tuple should have at most 3 items"),
        (READ_LINE, {"names": [""]}, r"names\[0\]: String should have at least 1 character"),
        (READ_LINE, {"ends": "true"}, "ends: Input should be a valid boolean"),
        (READ_LINE, {"too_broad": 31}, "the example: either names or too_broad can be given"),
        (READ_LINE, {"queries": []}, "the example: names or too_broad need queries"),
        (READ_LINE, {"names": []}, "the example: a call that brings nothing is taken out of the text"),
        (READ_LINE, {"prompt": "Nora runs "}, "the example: the prompt has blanks at its end"),
        (READ_LINE, {"said": "Well,"}, "the example: 'said' is for answers in a chat"),
        (ASKED_LINE, {"prompt": " Who?"}, "the example: the prompt has blanks at its end"),
        (ASKED_LINE, {"too_broad": 0}, "too_broad: Input should be greater than or equal to 1"),
        (ASKED_LINE, {"too_broad": 31.0}, "too_broad: Input should be a valid integer"),
    ],
)
def test_what_is_no_example_is_refused_with_its_field(line: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        parse_example(json.dumps({**json.loads(line), **changes}))


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "7",
        "null",
        "[" * 100_000,
        READ_LINE.replace('"ends":true', '"ends":true,"ends":false'),
        READ_LINE + "{}",
    ],
)
def test_what_is_not_one_plain_json_object_is_refused(line: str) -> None:
    with pytest.raises(InvalidInput):
        parse_example(line)


def test_an_example_that_teaches_nothing_cannot_be_made() -> None:
    with pytest.raises(ValidationError, match="there is nothing to learn"):
        ReadExample(prompt="Nora runs")
    assert ReadExample(prompt="Nora runs", ends=True).ends
    assert ReadExample(asked=True, prompt="Hello?", continuation="Hello.").queries == ()
    assert ReadExample(prompt="Nora runs", queries=READ.queries).names == ()


def test_files_that_cannot_be_read_are_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"none\.jsonl' cannot be read"):
        load_examples(tmp_path / "none.jsonl")
    (tmp_path / "latin.jsonl").write_bytes("Größe".encode("latin-1"))
    with pytest.raises(UnreadableFile, match="is not in UTF-8"):
        load_examples(tmp_path / "latin.jsonl")
