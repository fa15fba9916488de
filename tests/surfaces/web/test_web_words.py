"""Every sentence is there in every language, every key that is asked for exists, and no template says anything else."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from addenda.surfaces.web import words
from addenda.surfaces.web.words import LANGUAGES, catalogues, preferred

WEB = Path(words.__file__).parent
TEMPLATES = sorted((WEB / "templates").glob("*.jinja"))
UNTRANSLATED = {
    "addenda", "addenda person token name", "subject", "relation", "value", "old value", "valid from", "velmor tasky",
    "noise level", "41 db", "44 db", "2026-03-01", "everyone", "how loud is {subject}?", "tell me how loud {subject} is.",  # noqa: E501
    "j", "k", "x", "a", "r", "g", "i", "m", "h", "s", "enter", "?", "/", "→", "·", "–", "%", "…", ":", ",",
}  # fmt: skip
"""Names, keys of the keyboard and examples of data, which are the same in every language."""

LITERAL = re.compile(r"""\bt\(\s*['"]([a-z_.]+)['"]\s*[,)]""")
PREFIX = re.compile(r"""\bt\(\s*['"]([a-z_.]+\.)['"]\s*~""")


def test_all_languages_have_the_same_sentences_with_the_same_places_to_fill_in() -> None:
    found = {code: one.sentences for code, one in catalogues().items()}
    english = found["en"]
    for code, sentences in found.items():
        assert sentences.keys() == english.keys(), code
        for key, sentence in sentences.items():
            assert sentence or key in ("policy.or", "policy.and"), (code, key)
            assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", english[key])), (code, key)


def test_every_key_that_is_asked_for_is_there_and_every_one_that_is_there_is_asked_for() -> None:
    text = "\n".join(path.read_text() for path in [*TEMPLATES, *WEB.glob("*.py")])
    known = set(catalogues()["en"].sentences)
    asked = set(LITERAL.findall(text))
    assert not asked - known
    prefixes = tuple(PREFIX.findall(text)) + tuple(re.findall(r"""\bt\(f['"]([a-z_]+\.)""", text))
    quoted = set(re.findall(r"""['"]([a-z_]+(?:\.[a-z0-9_]+)+)['"]""", text))
    said = {key for key in known if key.startswith(("said.", "event."))}
    unused = {key for key in known - asked - said - quoted if not key.startswith(prefixes)}
    assert not unused


class _Texts(HTMLParser):
    """Collects what a template itself says to people."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [v or "" for name, v in attrs if name in ("title", "alt", "placeholder", "aria-label")]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_text_of_its_own(path: Path) -> None:
    texts = _Texts()
    texts.feed(re.sub(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", " ", path.read_text(), flags=re.DOTALL))
    said = {" ".join(text.split()).lower().strip("·… ") for text in texts.found}
    assert not {text for text in said if re.search(r"[^\W\d_]", text)} - UNTRANSLATED


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        ("de-DE, ko;q=0.7, en;q=0.3", "ko"),
        ("fr", "en"),
        ("en;q=x, ja;q=0.1", "ja"),
    ],
)
def test_the_language_is_the_one_that_a_browser_asks_for_first(accepted: str, language: str) -> None:
    assert preferred(accepted) == language
    assert language in LANGUAGES
