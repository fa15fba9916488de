"""Reading documents of DocRED's form: words put together, mentions in their places, bad documents named one by one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput, UnreadableFile
from addenda.memories.triples.annotations import AnnotatedDocument, Entity, Mention, Relation
from addenda.memories.triples.docred import DocumentFile, document_of, read_documents, read_relation_names
from addenda.memories.triples.spacing import running_text
from tests.memories.triples.annotated import NAMES, WORDS, record, records

PRINTED = (
    ("Nora Vint ( born 1971 ) , a smith .", "Nora Vint (born 1971), a smith."),
    ('He said : " Go , now ! " and left', 'He said: "Go, now!" and left'),
    ('a " b " c " d " e', 'a "b" c "d" e'),
    ("Vint 's lamps do n't hang ; I 'm sure .", "Vint's lamps don't hang; I'm sure."),
    ("the smiths ' guild", "the smiths' guild"),
    ("the ' last lamp ' of Vint", "the 'last lamp' of Vint"),
    ("as ' Bolt ' since then", "as 'Bolt' since then"),
    ("the smiths ' guild said ' no ' .", "the smiths' guild said 'no'."),
    ("a well - known glass - blower", "a well-known glass-blower"),
    ("U.S .- based", "U.S.-based"),
    ("? - after 1612", "? - after 1612"),
    ("- first", "- first"),
    ("1999 – 2001", "1999–2001"),
    ("3 May 1971 – 5 June 1999", "3 May 1971 – 5 June 1999"),
    ("1971 – 5 June 1999", "1971 – 5 June 1999"),
    ("the Ost – Wick line – which is long", "the Ost–Wick line – which is long"),
    ("lamps — many of them", "lamps—many of them"),
    ("radioman / gunner", "radioman/gunner"),
    ("$ 21 million , US$ 3 , 55.5 % , # 4 and a $ sign", "$21 million, US$3, 55.5%, #4 and a $ sign"),
    ("Vint & Sons [ of Ostwick ]", "Vint & Sons [of Ostwick]"),
    ("the .NET core", "the .NET core"),
    ("“ Go ” he said …", "“Go” he said…"),
    ("Burke (; 12 January )", "Burke (; 12 January)"),
)
OLD_SPACE = st.sampled_from((" ", "\xa0", "\t", "\n", "\u3000"))
TOKENS = st.lists(
    st.sampled_from(WORDS) | OLD_SPACE | st.text(max_size=3) | st.tuples(st.text(max_size=2), OLD_SPACE).map("".join),
    max_size=15,
)


@pytest.mark.parametrize(("words", "text"), PRINTED)
def test_words_are_put_together_as_they_are_printed(words: str, text: str) -> None:
    assert running_text(words.split()).text == text


@pytest.mark.parametrize("dash", ["-", "–", "—"])
def test_a_word_of_blanks_only_keeps_its_neighbours_apart_and_has_no_place(dash: str) -> None:
    found = running_text(["Ost", "\xa0", dash, "Wick"])
    assert found.text == f"Ost {dash} Wick"
    assert found.spans == ((0, 3), (3, 3), (4, 5), (6, 10))


@given(words=TOKENS)
def test_every_word_stands_at_its_span_and_nothing_but_single_blanks_between(words: list[str]) -> None:
    found = running_text(words)
    position = 0
    for word, (start, end) in zip(words, found.spans, strict=True):
        core = " ".join(word.split())
        assert found.text[start:end] == core
        if core:
            assert found.text[position:start] in ({"", " "} if position else {""})
            position = end
    assert position == len(found.text)


def test_a_document_is_read() -> None:
    found = document_of(record(), NAMES)
    assert found.title == "Nora Vint"
    assert found.sentences == (
        "Nora Vint (born 3 May 1971) is a glass-blower from Ostwick.",
        'She founded "Vint & Sons" in 1999-2001, and Vint\'s lamps hang in the Ostwick town hall.',
    )
    assert [(entity.kind, found.names(entity)) for entity in found.entities] == [
        ("PER", ("Nora Vint", "Vint")),
        ("TIME", ("3 May 1971",)),
        ("LOC", ("Ostwick",)),
        ("ORG", ("Vint & Sons",)),
    ]
    assert found.relations == (
        Relation(0, "date of birth", 1, (0,)),
        Relation(0, "place of birth", 2, (0,)),
        Relation(3, "founded by", 0, ()),
    )
    place = found.place(found.entities[2].mentions[1])
    assert found.text[place[0] : place[1]] == "Ostwick"
    assert place[0] > len(found.sentences[0])


@given(given_record=records())
def test_the_text_of_a_mention_is_its_words(given_record: dict[str, Any]) -> None:
    found = document_of(given_record)
    for entity, mentions in zip(found.entities, given_record["vertexSet"], strict=True):
        expected = {(one["sent_id"], "".join(one["name"].split())) for one in mentions}
        assert {(one.sentence, "".join(found.name(one).split())) for one in entity.mentions} == expected
        for mention in entity.mentions:
            start, end = found.place(mention)
            assert found.text[start:end] == found.name(mention)


def test_relations_may_be_given_by_name_and_are_taken_as_they_are_without_a_table() -> None:
    given_record = record()
    given_record["labels"][0]["r"] = "date of birth"
    assert document_of(given_record, NAMES).relations[0].name == "date of birth"
    assert document_of(given_record).relations[1].name == "P19"


def test_labels_and_evidence_may_be_missing() -> None:
    given_record = record()
    del given_record["labels"][0]["evidence"]
    assert document_of(given_record, NAMES).relations[0].evidence == ()
    del given_record["labels"]
    assert document_of(given_record).relations == ()


def test_the_kind_of_an_entity_is_what_most_mentions_say() -> None:
    given_record = record()
    given_record["vertexSet"][2].insert(0, {"name": "town", "type": "MISC", "sent_id": 1, "pos": [20, 21]})
    assert document_of(given_record).entities[2].kind == "LOC"


def _set(path: tuple[int | str, ...], value: object) -> Callable[[dict[str, Any]], None]:
    def change(given_record: dict[str, Any]) -> None:
        inside: Any = given_record
        for part in path[:-1]:
            inside = inside[part]
        inside[path[-1]] = value

    return change


BAD: tuple[tuple[tuple[int | str, ...], object, str], ...] = (
    (("title",), 7, r"title: input should be a valid string \(given '7'\)"),
    (("title",), "\ud800", "title: "),
    (("sents",), [], "sents: list should have at least 1 item"),
    (("sents", 0), [], r"sents\[0\]: list should have at least 1 item"),
    (("sents", 0), ["\xa0"], r"sents\[0\] has only blanks"),
    (("sents", 0, 1), 3, r"sents\[0\]\[1\]: input should be a valid string"),
    (("vertexSet", 1), [], r"vertexSet\[1\]: list should have at least 1 item"),
    (("vertexSet", 1, 0, "pos"), [4], r"vertexSet\[1\]\[0\].pos: list should have at least 2 items"),
    (("vertexSet", 1, 0, "pos"), [4, "7"], r"vertexSet\[1\]\[0\].pos\[1\]: input should be a valid integer"),
    (("vertexSet", 1, 0, "pos"), [7, 4], r"vertexSet\[1\]\[0\].pos is \[7, 4\]; its sentence has 16 words"),
    (("vertexSet", 1, 0, "pos"), [4, 99], r"vertexSet\[1\]\[0\].pos is \[4, 99\]"),
    (("vertexSet", 1, 0, "pos"), [-3, 2], r"vertexSet\[1\]\[0\].pos is \[-3, 2\]"),
    (("vertexSet", 1, 0, "pos"), [9, 10], r"vertexSet\[1\]\[0\].name is '3 May 1971', and at its pos stands 'a'"),
    (("vertexSet", 1, 0, "sent_id"), 2, r"vertexSet\[1\]\[0\].sent_id is 2; the 2 sentences are counted from 0"),
    (("vertexSet", 1, 0, "sent_id"), True, r"vertexSet\[1\]\[0\].sent_id: input should be a valid integer"),
    (("vertexSet", 1, 0, "name"), "", r"vertexSet\[1\]\[0\].name: string should have at least 1 character"),
    (("labels", 2, "h"), 4, "relation 2 has entity 4 as subject; there are 4"),
    (("labels", 2, "t"), -1, "relation 2 has entity -1 as object; there are 4"),
    (("labels", 2, "evidence"), [0, 2], "relation 2 has sentence 2 as evidence; there are 2"),
    (("labels", 2, "evidence"), [0.0], r"labels\[2\].evidence\[0\]: input should be a valid integer"),
    (("labels", 2, "r"), "P999", r"labels\[2\].r is 'P999', which is neither an id nor a name of the 3 relations"),
    (("labels", 2), None, r"labels\[2\]: input should be a valid dictionary"),
)


@pytest.mark.parametrize(("path", "value", "message"), BAD)
def test_a_bad_field_is_named(path: tuple[int | str, ...], value: object, message: str) -> None:
    given_record = record()
    _set(path, value)(given_record)
    with pytest.raises(InvalidInput, match=message):
        document_of(given_record, NAMES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 30) | st.floats() | st.sampled_from(("Nora", "P19", "", "\ud800")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("pos", "name", "h")), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(value=JSON, data=st.data())
def test_whatever_stands_in_a_document_it_is_read_or_refused(value: object, data: st.DataObject) -> None:
    given_record = record()
    paths = (
        ("sents",), ("sents", 0), ("sents", 1, 2), ("vertexSet",), ("vertexSet", 0), ("vertexSet", 0, 1),
        ("vertexSet", 0, 1, "pos"), ("vertexSet", 0, 1, "pos", 0), ("vertexSet", 0, 1, "sent_id"), ("labels",),
        ("labels", 0), ("labels", 0, "h"), ("labels", 0, "r"), ("labels", 0, "evidence"), ("title",),
    )  # fmt: skip
    _set(data.draw(st.sampled_from(paths)), value)(given_record)
    try:
        found = document_of(given_record, NAMES)
    except InvalidInput:
        return
    assert all(found.name(mention).strip() for entity in found.entities for mention in entity.mentions)


def test_an_array_and_lines_packed_or_not_are_read_alike(tmp_path: Path) -> None:
    good = [record(), {**record(), "title": "Ostwick"}]
    array = json.dumps(good, indent=1)
    lines = "\ufeff" + "\n".join(json.dumps(one, ensure_ascii=False) for one in good) + "\n\n"
    found: list[DocumentFile] = []
    for name, content in (
        ("a.json", array.encode()),
        ("b.jsonl", lines.encode()),
        ("c.gz", gzip.compress(array.encode())),
    ):
        (tmp_path / name).write_bytes(content)
        found.append(read_documents(tmp_path / name, NAMES))
    assert [document.title for document in found[0].documents] == ["Nora Vint", "Ostwick"]
    assert found[0].refused == ()
    assert found[0] == found[1] == found[2]


def test_bad_documents_are_refused_one_by_one_and_the_others_kept(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    bad = record()
    bad["labels"][1]["t"] = 9
    path.write_text("\n".join([json.dumps(bad), "{not json", json.dumps(record()), "[]", '{"title": 5}']))
    found = read_documents(path, NAMES)
    assert [document.title for document in found.documents] == ["Nora Vint"]
    assert [(one.number, one.title) for one in found.refused] == [(1, "Nora Vint"), (2, ""), (4, ""), (5, "")]
    assert found.refused[0].message == (
        "document 1 of 'mixed.jsonl' ('Nora Vint') was left out: relation 1 has entity 9 as object; there are 4"
    )
    assert "document 2 of 'mixed.jsonl' was left out: the line is no JSON" in found.refused[1].message
    assert "the document: input should be a valid dictionary" in found.refused[2].message
    assert "title: input should be a valid string" in found.refused[3].message


def test_many_faults_of_one_document_are_counted() -> None:
    with pytest.raises(InvalidInput, match=r"title: .*; sents: .*; vertexSet: .*; and 1 more"):
        document_of({"title": 1, "sents": 2, "vertexSet": 3, "labels": 4})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"title": "x"}', "no complete JSON array"),
        (b"[" * 100_000, "no complete JSON array"),
        ("Größe".encode("latin-1"), "is not in UTF-8"),
        (gzip.compress(b"[]" * 500, mtime=0)[:-9], "is packed and not complete"),
        (b"\x1f\x8bnonsense", "is packed and not complete"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "documents.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=message):
        read_documents(path)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"none\.json' cannot be read"):
        read_documents(tmp_path / "none.json")


def test_names_of_relations_come_from_a_json_object(tmp_path: Path) -> None:
    path = tmp_path / "rel_info.json"
    path.write_text(json.dumps(NAMES))
    assert read_relation_names(path) == NAMES


@pytest.mark.parametrize("content", ['["P19"]', '{"P19": 3}', '{"P19": ""}', '{"P19": ["place of birth"]}', "P19", ""])
def test_names_of_relations_in_another_form_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rel_info.json"
    path.write_text(content)
    with pytest.raises(InvalidInput, match=r"'rel_info\.json' holds no names of relations"):
        read_relation_names(path)


@pytest.mark.parametrize(
    ("sentences", "mentions", "message"),
    [
        (("",), (Mention(0, 0, 1),), "sentence 0 is ''"),
        ((" x",), (Mention(0, 0, 1),), "sentence 0 is ' x'"),
        (("x y",), (), "entity 0 must have mentions"),
        (("x y",), (Mention(0, 2, 3), Mention(0, 0, 1)), "in the order of the text"),
        (("x y",), (Mention(0, 0, 1), Mention(0, 0, 1)), "each once"),
        (("x y",), (Mention(1, 0, 1),), "entity 0 is mentioned in sentence 1; there are 1"),
        (("x y",), (Mention(0, 0, 4),), "a mention from 0 to 4 in sentence 0, which has 3 characters"),
        (("x y",), (Mention(0, 1, 1),), "a mention from 1 to 1"),
        (("x y",), (Mention(0, 0, 2),), "entity 0 is called 'x '"),
        (("x" * 1001,), (Mention(0, 0, 1001),), "with 1001 characters; a name has at most 1000"),
    ],
)
def test_a_document_that_is_not_consistent_cannot_be_made(
    sentences: tuple[str, ...], mentions: tuple[Mention, ...], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        AnnotatedDocument("", sentences, (Entity("PER", mentions),), ())
