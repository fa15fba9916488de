"""Text hygiene over a corpus of attacks and of honest text in many scripts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addenda.errors import InvalidInput
from addenda.text import clean, hidden_characters, normalised, search_terms, visible

REFUSED = {
    "zero-width space": ("Vel\u200bmor", "U+200B", 4),
    "right-to-left override": ("pay \u202e100", "U+202E", 5),
    "isolate": ("a\u2066b", "U+2066", 2),
    "left-to-right mark": ("a\u200eb", "U+200E", 2),
    "arabic letter mark": ("\u0645\u061c", "U+061C", 2),
    "byte order mark": ("\ufeff41 dB", "U+FEFF", 1),
    "word joiner": ("41\u2060dB", "U+2060", 3),
    "soft hyphen": ("noi\u00adse", "U+00AD", 4),
    "tag": ("ok\U000e0041", "U+E0041", 3),
    "private use": ("x\ue000", "U+E000", 2),
    "lone surrogate": ("x\ud800", "U+D800", 2),
    "null": ("a\x00b", "U+0000", 2),
    "escape": ("\x1b[31m", "U+001B", 1),
    "next line": ("a\x85b", "U+0085", 2),
    "line separator": ("a\u2028b", "U+2028", 2),
    "noncharacter": ("a\ufffe", "U+FFFE", 2),
    "interlinear annotation": ("a\ufff9b", "U+FFF9", 2),
    "hangul filler": ("a\u3164b", "U+3164", 2),
    "braille blank": ("a\u2800b", "U+2800", 2),
    "joiner between Latin letters": ("a\u200db", "U+200D", 2),
    "non-joiner between Latin letters": ("a\u200cb", "U+200C", 2),
    "joiner at the start": ("\u200da", "U+200D", 1),
    "two joiners": ("\u0645\u200c\u200c\u06cc", "U+200C", 2),
    "variation selector on a letter": ("a\ufe0f", "U+FE0F", 2),
    "smuggled bytes": ("\U0001f600\ufe0f\U000e0123", "U+E0123", 3),
}

HONEST = {
    "English": "The Velmor Tasky makes 41 dB.",
    "French": "Où est l’été ? À 5 °C, « œuvre ».",
    "Japanese": "騒音レベルは41dBです。",
    "Korean": "소음 수준은 41dB입니다.",
    "Chinese": "噪音为41分贝。",
    "Persian with non-joiner": "می\u200cخواهم",
    "Persian plural at the end": "کتاب\u200cها",
    "Hindi with joiner": "क्\u200dष",
    "Malayalam": "അവന്\u200d",
    "Arabic with marks": "مُحَمَّد",
    "Hebrew": "שלום",
    "Thai": "ระดับเสียง",
    "emoji family": "👨\u200d👩\u200d👧\u200d👦",
    "emoji with skin and joiner": "👩🏽\u200d🔬",
    "heart on fire": "❤\ufe0f\u200d🔥",
    "keycap": "1\ufe0f\u20e3",
    "name with ideographic variant": "葛\U000e0100飾",
    "lines and tabs": "one\ttwo\nthree",
    "no-break space": "12\u00a0kg",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_sees_is_refused_by_name_and_place(name: str) -> None:
    text, code_point, position = REFUSED[name]
    with pytest.raises(InvalidInput) as caught:
        clean(text, "cell Changes!B7")
    message = str(caught.value)
    assert "cell Changes!B7" in message
    assert f"{code_point} " in message
    assert f"character {position};" in message
    assert message.isprintable()


@pytest.mark.parametrize("name", HONEST)
def test_honest_text_passes_unchanged(name: str) -> None:
    text = HONEST[name]
    assert clean(text, "value") == unicodedata.normalize("NFC", text)


def test_text_is_composed_and_lines_end_in_one_way() -> None:
    assert clean("e\u0301\r\nb\rc", "note") == "é\nb\nc"


def test_joiners_are_shown_where_they_are_allowed_too() -> None:
    assert visible(HONEST["Persian with non-joiner"]) == "می‹U+200C›خواهم"
    assert visible("👨\u200d👩") == "👨‹U+200D›👩"
    assert visible("a\u202eb") == "a‹U+202E›b"
    assert visible("❤\ufe0f") == "❤\ufe0f"


def test_hidden_characters_say_what_and_where_they_are() -> None:
    (first, second) = hidden_characters("ab\u200bc\x00")
    assert (first.position, first.code_point, first.name, first.allowed) == (3, "U+200B", "ZERO WIDTH SPACE", False)
    assert (second.position, second.name) == (5, "control character")


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_what_is_clean_stays_clean_and_shows_as_it_is(text: str) -> None:
    try:
        cleaned = clean(text, "text")
    except InvalidInput:
        assert any(not hidden.allowed for hidden in hidden_characters(text))
        return
    assert clean(cleaned, "text") == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert all(hidden.allowed for hidden in hidden_characters(cleaned))


@given(st.text())
def test_visible_text_hides_nothing(text: str) -> None:
    shown = hidden_characters(visible(text))
    assert all(hidden.allowed and hidden.character not in "\u200c\u200d" for hidden in shown)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("４１　ｄＢ", "41 dB"),
        ("  41   dB. ", "41 dB"),
        ("STRASSE", "straße"),
        ("41 dB。", "41 dB"),
        ("ﾉｲｽﾞ", "ノイズ"),
        ("What is it?!", "what is it"),
        ("می\u200cخواهم", "میخواهم"),
        ("e\u0301", "É"),
    ],
)
def test_what_says_the_same_is_equal(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(("one", "other"), [("12.4 kg", "124 kg"), ("007", "7"), ("2-8", "28"), ("5 %", "5")])
def test_what_says_something_else_stays_apart(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@given(st.text())
def test_the_normal_form_is_a_fixed_point(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)


def test_text_of_nothing_but_punctuation_keeps_it() -> None:
    assert normalised(" ?! ") == "?!"


def test_search_finds_two_character_words_and_whole_numbers() -> None:
    terms = search_terms("騒音は41.5 dB、型番AB-12")
    assert {"騒音", "騒", "音は", "41.5", "db", "型番", "ab", "12"} <= set(terms)
    assert "41" not in terms


def test_search_keeps_words_of_spaced_scripts_whole_with_their_marks() -> None:
    assert search_terms("हिन्दी Straße ２") == ["हिन्दी", "strasse", "2"]


def test_search_cuts_korean_endings() -> None:
    assert set(search_terms("소음")) <= set(search_terms("소음은"))


@given(st.text())
def test_search_terms_are_never_empty_and_hold_no_spaces(text: str) -> None:
    assert all(term and not any(character.isspace() for character in term) for term in search_terms(text))
