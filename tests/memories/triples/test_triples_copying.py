"""Copying: whatever a model would like to say, its names come from the passage."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.memories.triples.calls import Statement
from addenda.memories.triples.copying import Copying, Pieces
from addenda.memories.triples.local_writer import LocalWriter
from addenda.memories.triples.syntax import parse_write, write_call
from addenda.memories.triples.writers import Passage
from addenda.models.adapters import load_adapter
from addenda.models.bundled import adapter_directory
from addenda.models.local import LocalModel

OPENING = b"({MEM_WRITE-->"
SINGLE = [bytes([byte]) for byte in range(256)]
"""A vocabulary with which everything can be spelled, characters of several bytes in parts."""
PAIRS = [
    b">>",
    b"; ",
    b"})",
    b" V",
    b"el",
    b"mor",
    b" 3",
    b".2",
    b" kg",
    b"Vel",
    b"49 ",
    "の価格".encode(),
    b"y>>",
    b"kg;",
]
PASSAGE = "Velmor Tasky weighs 3.2 kg; コノケヤの価格は49 eurosです. It costs 490 >> a {x} b."
WORDS = re.compile(r"[A-Za-z]+|[0-9]+")

texts = st.text(st.sampled_from("ab12 .;>-{}\\のがé"), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces.from_texts([*SINGLE, *PAIRS])


def walk(copying: Copying, pieces: Pieces, random: Random, most: int = 200) -> bytes:
    """A call of which every token was drawn from those that are allowed."""
    call = OPENING
    for _ in range(most):
        allowed = copying.allowed(call)
        if allowed is not None:
            call += pieces.texts[random.choice(sorted(allowed))]
        elif b"})" in call:
            break
        else:
            call += b"price>>"
    return call


def is_in_words(name: str, passage: str) -> bool:
    """Whether a name occurs and cuts no word of letters or digits."""
    inside = {place for word in WORDS.finditer(passage) for place in range(word.start() + 1, word.end())}
    found = [at.start() for at in re.finditer(f"(?={re.escape(name)})", passage)]
    return any(at not in inside and at + len(name) not in inside for at in found)


@pytest.mark.parametrize("seed", range(60))
def test_names_stand_in_the_passage_and_cut_no_word(pieces: Pieces, seed: int) -> None:
    copying = Copying(pieces, PASSAGE)
    call = walk(copying, pieces, Random(seed))
    for one in parse_write(call.decode(errors="replace").partition("})")[0] + "})").statements[:-1]:
        assert is_in_words(one.subject, PASSAGE)
        assert is_in_words(one.object, PASSAGE)


@given(passage=texts, seed=st.integers(0, 2**32))
def test_any_passage_can_be_written_about(passage: str, seed: int) -> None:
    pieces = Pieces.from_texts(SINGLE)
    copying, random = Copying(pieces, passage), Random(seed)
    if passage.strip():
        assert copying.allowed(OPENING)
    for one in parse_write(walk(copying, pieces, random, 60).decode(errors="replace") + "})").statements[:-1]:
        assert one.subject in passage


@pytest.mark.parametrize(
    "statement",
    [
        Statement("Velmor Tasky", "weight in kg", "3.2"),
        Statement("コノケヤ", "anything at all", "49"),
        Statement("Velmor Tasky", "price", "3.2 kg; コノケヤ"),
        Statement("490 >> a {x} b", "price", "It"),
    ],
)
@pytest.mark.parametrize("spaced", [False, True])
def test_whatever_the_passage_says_can_be_written(pieces: Pieces, statement: Statement, spaced: bool) -> None:
    copying = Copying(pieces, PASSAGE)
    for statements in ([statement], [statement, statement]):
        call = write_call(statements, spaced=spaced).encode()
        for place in range(len(OPENING), len(call)):
            allowed = copying.allowed(call[:place])
            following = {n for n, text in enumerate(pieces.texts) if text and call.startswith(text, place)}
            assert allowed is None or allowed & following, call[:place]
        assert copying.allowed(call) is None


@pytest.mark.parametrize(
    ("call", "wrong"),
    [
        (b"({MEM_WRITE-->Velmor Tas", b">"),
        (b"({MEM_WRITE-->Velmor Tasky", b"x"),
        (b"({MEM_WRITE-->", b"l"),
        (b"({MEM_WRITE-->Velmor>>price>>49", b"0"),
        (b"({MEM_WRITE-->Velmor>>price>>4", b"}"),
    ],
)
def test_what_the_passage_does_not_say_cannot_be_written(pieces: Pieces, call: bytes, wrong: bytes) -> None:
    allowed = Copying(pieces, PASSAGE.replace("490", "7")).allowed(call)
    assert allowed is not None
    assert SINGLE.index(wrong) not in allowed


def test_a_call_without_statements_may_end_at_once(pieces: Pieces) -> None:
    allowed = Copying(pieces, PASSAGE).allowed(OPENING)
    assert allowed is not None
    assert 256 + PAIRS.index(b"})") in allowed
    assert 256 + PAIRS.index(b"})") not in (Copying(pieces, PASSAGE).allowed(OPENING + b"Velmor>>price>>49; ") or ())


@pytest.mark.parametrize(
    "call", [b"", b"({MEM_WR", b"({MEM_WRITE-->a>>pr", b"({MEM_WRITE-->a>>b>>c>>d", b"({MEM_WRITE-->a>>b>>c})"]
)
def test_outside_of_names_nothing_is_held_back(pieces: Pieces, call: bytes) -> None:
    assert Copying(pieces, PASSAGE).allowed(call) is None


@pytest.fixture(scope="module")
def model() -> LocalModel:
    return LocalModel.load()


@pytest.mark.parametrize("text", ["Velmor Tasky weighs 3.2 kg.", "コノケヤの価格は49 eurosです", "두아누보 – “é” 𠮷"])
def test_the_pieces_of_the_bundled_tokenizer_are_its_bytes(model: LocalModel, text: str) -> None:
    pieces = Pieces.of(model.tokenizer)
    assert pieces is not None
    tokens = model.tokenizer.encode(text, add_special_tokens=False)
    assert pieces.text(tokens).decode().strip() == text
    assert pieces.text(model.tokenizer.all_special_ids) == b""


def test_a_name_is_written_as_the_document_spells_it_whatever_blanks_the_model_was_shown(model: LocalModel) -> None:
    skill = load_adapter(model, adapter_directory("write"), "write")
    assert skill.card.settings["spaced"]
    (answer,) = LocalWriter(model, skill, max_new_tokens=64).write([Passage((), "イロハABCの価格は490 eurosです。")])
    assert parse_write(answer.call).statements == (Statement("イロハABC", "price", "490 euros"),)


def test_a_local_writer_writes_no_name_but_those_of_the_passage(model: LocalModel) -> None:
    skill = load_adapter(model, adapter_directory("write"), "write")
    passages = [
        Passage(("Shipping starts in May. ",), "Gixprix Crueshamskirk-Ouxnuth (Zorktheet TSR 8555) hums at 7,31 dB."),
        Passage((), "Qwxrtzpf Fghjk은 3652번입니다; 🜁🜂 = 5 €"),
    ]
    free = LocalWriter(model, skill, max_new_tokens=64, copying=False)
    kept = LocalWriter(model, skill, max_new_tokens=64)
    assert free.identity != kept.identity
    for passage, answer in zip(passages, kept.write(passages), strict=True):
        text = "".join(passage.context) + passage.focus
        for one in parse_write(answer.call).statements:
            assert is_in_words(one.subject, text)
            assert is_in_words(one.object, text)
