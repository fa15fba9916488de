"""Blanks before names: put in where they are missing, and taken out of what was copied with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.memories.triples.blanks import Spaced, spaced, spaced_passage
from addenda.memories.triples.examples import WriteExample
from addenda.memories.triples.lessons import LessonMaker
from addenda.memories.triples.syntax import Statement
from addenda.memories.triples.writers import Passage
from addenda.models.local import LocalModel

TEXTS = st.text(st.sampled_from("ab1Z é.-('\"[ \n。「は값社>{}&\\;"), max_size=24)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("価格はVelmor Kasが490 eurosです。", "価格は Velmor Kasが 490 eurosです。"),
        ("「Velmor」の色", "「 Velmor」の色"),
        ("작업장은 Velmor입니다", "작업장은 Velmor입니다"),
        ("새Velmor를 3개", "새 Velmor를 3개"),
        ("Sheet\nVelmor\n- price: 4", "Sheet\n Velmor\n- price: 4"),
        ("(Velmor) and 'Kas'", "( Velmor) and ' Kas'"),
        ("54 dB(A), it's Kas-Velmor, €17, 1.5", "54 dB(A), it's Kas-Velmor, €17, 1.5"),
        ("", ""),
    ],
)
def test_names_get_the_blank_that_they_lack(text: str, shown: str) -> None:
    assert spaced(text) == shown


@given(TEXTS)
def test_putting_blanks_in_twice_is_putting_them_in_once(text: str) -> None:
    assert spaced(spaced(text)) == spaced(text)


@given(TEXTS, st.data())
def test_what_is_copied_is_a_stretch_of_the_original(text: str, data: st.DataObject) -> None:
    shown = Spaced.of(text)
    start = data.draw(st.integers(0, len(shown.text)))
    copied = shown.text[start : data.draw(st.integers(start, len(shown.text)))].strip(" ")
    original = shown.as_in_original(copied)
    assert original in text
    assert original.replace(" ", "") == copied.replace(" ", "")


def test_a_name_of_two_scripts_comes_back_as_it_was() -> None:
    shown = Spaced.of("株式会社ABCの電話は03です")
    assert shown.text == "株式会社 ABCの電話は 03です"
    assert shown.as_in_original("株式会社 ABC") == "株式会社ABC"
    assert shown.as_in_original("Nobody here") == "Nobody here"
    assert Spaced.of("株式会社 ABC").as_in_original("株式会社 ABC") == "株式会社 ABC"


@given(st.lists(TEXTS, max_size=3), TEXTS)
def test_a_passage_keeps_its_sentences(context: list[str], focus: str) -> None:
    passage = spaced_passage(Passage(tuple(context), focus))
    assert len(passage.context) == len(context)
    for shown, given_ in zip((*passage.context, passage.focus), (*context, focus), strict=True):
        assert shown.replace(" ", "") == given_.replace(" ", "")


def test_blanks_are_missing_between_sentences_too() -> None:
    passage = spaced_passage(Passage(("赤いです。", "Data sheet\n"), "Velmor"))
    assert passage == Passage(("赤いです。", " Data sheet\n"), " Velmor")


@pytest.mark.parametrize(
    "text", ["新型Velmor Kasは490 eurosです。", 'Sheet:\nVelmor Kas\n"490 euros"', "(Velmor Kas) 490 euros"]
)
def test_names_have_the_same_tokens_in_the_passage_and_in_the_call(text: str) -> None:
    tokenizer = LocalModel.load().tokenizer
    statement = Statement("Velmor Kas", "price", "490 euros")
    lesson = LessonMaker(tokenizer, spaced=True).lesson(WriteExample(context=(), focus=text, statements=(statement,)))
    begins = lesson.learn.index(True)
    prompt, call = lesson.tokens[:begins], lesson.tokens[begins:]
    for name in (statement.subject, statement.object):
        tokens = tuple(tokenizer.encode(name, add_special_tokens=False))
        assert _holds(prompt, tokens)
        assert _holds(call, tokens)


def _holds(tokens: tuple[int, ...], part: tuple[int, ...]) -> bool:
    return any(tokens[start : start + len(part)] == part for start in range(len(tokens)))
