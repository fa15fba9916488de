"""Cutting documents into sentences: nothing lost, and the cuts where readers of four languages put them."""

from __future__ import annotations

import textwrap
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from addenda.documents.sentences import SHORTEST_LIMIT, split_sentences, unwrapped
from addenda.errors import InvalidInput

ENGLISH = (
    "The Velmor Tasky weighs 3.5 kg.",
    "Dr. A. Smith of Acme Inc. designed it in 1998.",
    "It costs approx. 40 EUR, e.g. in spring.",
    "See Fig. 3 and p. 12 for details (cf. the notes, vol. 2. They are short).",
    '"Is it loud?" she asked.',
    'He said, "It isn\'t."',
    "J. R. R. Tolkien did not write it on Jan. 5 at all!",
    "Really?!",
    "They opened at 5 p.m. on Monday, i.e. late.",
    "Wait... what came next?",
    "Its address is www.example.org/a.b?c=d or info@example.org.",
    "Version 2.0.1 replaced it.[2]",
    "(A note stands here.)",
    "The U.S. model makes 41 dB.",
    "Robert P. Lockwood leads No. 7 Works Ltd. today.",
)
JAPANESE = (
    "騒音レベルは41dBです。",
    "重さは３．５kgです！",
    "「行こう。早く。」と彼は言った。",
    "「はい。」",
    "彼女は（笑いながら。）答えた。",
    "そうですか？",
    "値段は3.5万円、色は赤。",
)
CHINESE = (
    "噪音为41分贝。",
    "他说：“你好！我来了。”",
    "重量是3.5公斤；颜色：红色。",
    "真的吗？！",
    "《红楼梦》（第二版。）很长。",
)
KOREAN = (
    "소음 수준은 41dB입니다.",
    "무게는 3.5kg이다.",
    '"좋아요."라고 말했다.',
    "정말요?",
    "김 씨(대표. 창업자)가 만들었다.",
)
SPACED = {"English": ENGLISH, "Korean": KOREAN, "mixed": (*ENGLISH, *KOREAN)}
UNSPACED = {"Japanese": JAPANESE, "Chinese": CHINESE, "mixed": (*JAPANESE, *CHINESE)}

SOUP = st.lists(
    st.sampled_from(
        [*".!?。！？．…,、;:：()（）「」“”\"'[]{}#-|*=\t \n\r\f\v", "\r\n", "\n\n", "\u2028", "\u3000", "\x85", "[1]",
         "A.", "Dr.", "3.5", "1.", "a", "B", "の", "가", "kg", "e\u0301", "👨\u200d👩", "\ud800", "key: value", "- "]
    )
    | st.text(max_size=3),
    max_size=80,
).map("".join)  # fmt: skip


def texts(document: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(document)]


@given(SOUP | st.text(), st.integers(SHORTEST_LIMIT, 60))
@example("a\r\n\r\nb. C", 20)
@example("x" * 100 + "\u0301" * 100, 20)
def test_nothing_but_whitespace_lies_between_sentences(document: str, longest: int) -> None:
    place = 0
    for sentence in split_sentences(document, longest=longest):
        assert document[place : sentence.start].strip() == ""
        assert sentence.text == document[sentence.start : sentence.end] == sentence.text.strip() != ""
        assert sentence.line == len(f"{document[: sentence.start]}.".splitlines())
        assert len(sentence.text) <= longest + 32
        place = sentence.end
    assert document[place:].strip() == ""


@given(SOUP | st.text())
def test_a_blank_line_is_never_inside_a_sentence(document: str) -> None:
    for text in texts(document):
        assert all(line.strip() for line in text.splitlines())


@pytest.mark.parametrize("language", SPACED)
@given(data=st.data())
def test_spaced_sentences_come_back_as_they_were_joined(language: str, data: st.DataObject) -> None:
    sentences = data.draw(st.lists(st.sampled_from(SPACED[language]), min_size=1))
    assert texts(" ".join(sentences)) == sentences


@pytest.mark.parametrize("language", UNSPACED)
@given(data=st.data())
def test_unspaced_sentences_come_back_as_they_were_joined(language: str, data: st.DataObject) -> None:
    sentences = data.draw(st.lists(st.sampled_from(UNSPACED[language]), min_size=1))
    assert texts("".join(sentences)) == sentences
    assert texts("\n".join(sentences)) == sentences


def test_wrapping_english_lines_seldom_changes_a_sentence() -> None:
    """Whether a line end wraps or separates is told by the widths of the lines, which can mislead."""
    random = Random(0)
    kept = 0
    for _ in range(500):
        sentences = random.choices(ENGLISH, k=random.randint(8, 20))
        wrapped = textwrap.fill(
            " ".join(sentences), random.randint(60, 120), break_on_hyphens=False, break_long_words=False
        )
        kept += [unwrapped(text) for text in texts(wrapped)] == sentences
    assert kept >= 490


@given(
    st.lists(
        st.sampled_from(("値段はさらに下がり、色も赤になった。", "重さは三キログラムです。", "そうですか？")),
        min_size=8,
    )
)
def test_wrapping_japanese_lines_changes_no_sentence(sentences: list[str]) -> None:
    document = "".join(sentences)
    wrapped = "\n".join(document[start : start + 30] for start in range(0, len(document), 30))
    assert [unwrapped(text) for text in texts(wrapped)] == sentences


LAYOUTS = {
    "headings": ("# Manual\nIt is loud.\nOverview\n========\nIt is red.",
                 ["# Manual", "It is loud.", "Overview", "========", "It is red."]),
    "heading without a mark": ("Noise\n\nIt is loud.", ["Noise", "It is loud."]),
    "short lines": ("Velmor Tasky\nMade in Norda\nRed", ["Velmor Tasky", "Made in Norda", "Red"]),
    "bullets": ("- one\n- two\n  and more\n• three\n・四\n* five",
                ["- one", "- two\n  and more", "• three", "・四", "* five"]),
    "numbers": ("1. One\n2. Two\n(3) Three\n４．四\n① 五", ["1. One", "2. Two", "(3) Three", "４．四", "① 五"]),
    "pairs": ("Noise level: 41 dB\nMax. load: 5 kg\nColour: red",
              ["Noise level: 41 dB", "Max. load: 5 kg", "Colour: red"]),
    "pairs in Japanese": ("型番：VT-1\n重量:3kg\n騒音：41dB", ["型番：VT-1", "重量:3kg", "騒音：41dB"]),
    "rows": ("| a | b |\n|---|---|\n| 1 | 2 |", ["| a | b |", "|---|---|", "| 1 | 2 |"]),
    "columns": ("Noise\t41 dB\nWeight\t3 kg", ["Noise\t41 dB", "Weight\t3 kg"]),
    "indented paragraphs": ("　騒音は大きい\n　色は赤い", ["騒音は大きい", "色は赤い"]),
    "line ends of old systems": ("It is.\rIt was.\r\nIt will be.", ["It is.", "It was.", "It will be."]),
    "a colon in a paragraph": (
        "This long line goes on up to the edge where the next one is the\nnote: the machine is loud in winter.",
        ["This long line goes on up to the edge where the next one is the\nnote: the machine is loud in winter."],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_lines_of_their_own_kind_are_sentences_of_their_own(name: str) -> None:
    document, expected = LAYOUTS[name]
    assert texts(document) == expected


def test_only_the_first_sentence_of_a_paragraph_begins_a_unit() -> None:
    found = split_sentences("It is. It was.\n\nHere. There.\n- Item. More.")
    assert [sentence.begins_unit for sentence in found] == [True, False, True, False, True, False]


def test_an_unclosed_bracket_does_not_swallow_the_rest() -> None:
    assert texts("「行こう。早く。まだ。") == ["「行こう。", "早く。", "まだ。"]
    assert texts("(It is. It was.") == ["(It is.", "It was."]


def test_a_bracket_that_closes_far_away_does_not_hold_sentences_together() -> None:
    assert len(texts("(" + "It is loud. " * 40 + ")")) == 41


def test_run_on_text_is_cut_at_a_comma_or_blank() -> None:
    found = texts("word, " * 500)
    assert max(map(len, found)) <= 1_000
    assert all(text.endswith("word,") for text in found)
    assert texts("長" * 2_500) == ["長" * 1_000, "長" * 1_000, "長" * 500]


def test_a_cut_parts_no_accent_from_its_letter() -> None:
    found = [sentence.text for sentence in split_sentences("e\u0301" * 50, longest=21)]
    assert all(not text.startswith("\u0301") for text in found)
    assert "".join(found) == "e\u0301" * 50


def test_a_limit_that_is_too_small_is_refused() -> None:
    with pytest.raises(InvalidInput, match="19 characters are too short; allow 20"):
        split_sentences("It is.", longest=19)


def test_line_ends_vanish_between_ideographs_and_are_blanks_elsewhere() -> None:
    assert unwrapped("騒音\nレベルは\n 41 dB\n です") == "騒音レベルは 41 dB です"
    assert unwrapped(" a\n  b\tc ") == "a b c"
    assert unwrapped("소음\n수준") == "소음 수준"
