r"""The marks of memory calls, and how a name is written without showing one.

Idea: a mark inside a name or a document is broken up by an escape that stands for nothing, so that neither a parser
nor a tokenizer can take it for a live one; everything else stays byte for byte as it is.

``\\`` is a backslash, ``\:`` a semicolon, ``\?`` the Greek question mark U+037E (which Unicode normalisation turns
into a semicolon, the bundled tokenizer included), ``\/`` a line feed, ``\|`` a carriage return, and ``\&`` nothing at
all. The last stands between the characters of a mark (``>\&>``) and beside blanks that belong to a name. No code is a
letter: a letter would join the word after it in a tokenizer, and an accent after it in Unicode normalisation.

Source: the marks are those of Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672); the escapes are ours (troff has had
``\&`` for nothing at all since long). Control tokens of models in angle brackets (``<|end|>``, ``</s>``) are broken up
as well; those of other shapes (``[INST]``) are not known here and are for the caller to disarm. Compatibility forms
(NFKC, full-width ``＞＞``) are no marks, and must not be turned into marks after formatting.
"""

from __future__ import annotations

import re
import unicodedata

from addenda.errors import InvalidInput

CALL_START = "({"
"""Begins every call; the trigger that a decoding loop waits for."""
WAIT = "-->"
"""Ends what the model writes of a read call; the results follow."""
CALL_END = "})"
"""Ends every call, after the results or statements."""
READ_WORD = "MEM_READ"
"""Follows the start of a read call."""
WRITE_WORD = "MEM_WRITE"
"""Follows the start of a write call."""
FOCUS_START_WORD = "USER_ST"
"""Between start and end of a call: here begins the sentence to take triples from."""
FOCUS_END_WORD = "USER_END"
"""Between start and end of a call: here that sentence ends."""
FIELD = ">>"
"""Between subject, relation and object."""
LIST = ";"
"""Between queries, results or statements."""

MARKS = (CALL_START, WAIT, CALL_END, READ_WORD, WRITE_WORD, FOCUS_START_WORD, FOCUS_END_WORD, FIELD, LIST)
"""All marks; each is one token of the bundled tokenizer."""

BLANKS = " \t"
"""What means nothing around a name."""

_CODES = {"\\": "\\\\", ";": "\\:", "\u037e": "\\?", "\n": "\\/", "\r": "\\|"}
_MEANINGS = {code[1]: character for character, code in _CODES.items()} | {"&": ""}
_NOTHING = "\\&"
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_LONG_MARKS = tuple(mark for mark in MARKS if len(mark) > 1)
_INSIDE_MARK = re.compile(
    "|".join(f"(?<={re.escape(mark[0])})(?={re.escape(mark[1:])})" for mark in _LONG_MARKS)
    + r"|(?<=<)(?=[^\s\d=])"  # control tokens of models begin so
)
_LIVE_MARK = re.compile("|".join(re.escape(mark) for mark in _LONG_MARKS) + r"|\A[>{]|(?:[>}]|--)\Z")


def written(name: str) -> str:
    """The name as it stands in a call: itself, or escaped where it would show a live mark or lose a blank.

    Raises InvalidInput for an empty name.
    """
    if not name:
        raise InvalidInput("a name in a memory call is '', and must have at least one character; leave the item out")
    text = _broken("".join(_CODES.get(one, one) for one in name))
    if name[0] in BLANKS + ">{" or unicodedata.combining(name[0]):  # a combining mark would join the mark before it
        text = _NOTHING + text
    if name[-1] in BLANKS + ">}" or name.endswith("--"):
        text += _NOTHING
    return text


def unescaped(field: str) -> str | None:
    """The name that stands in a field without blanks around it; None if a backslash begins no escape.

    The inverse of ``written``. It also takes escapes that were not needed.
    """
    if any(code not in _MEANINGS for code in _ESCAPE.findall(field)):
        return None
    return _ESCAPE.sub(lambda found: _MEANINGS[found[1]], field)


def live_mark(field: str) -> str | None:
    """The first mark inside a field that is cut out already, or part of one at its edge."""
    found = _LIVE_MARK.search(field)
    return found[0] if found else None


def disarmed(text: str) -> str:
    """Text of a document without live marks, by the escapes of names; semicolons and line ends stay as they are."""
    return _broken(text.replace("\\", _CODES["\\"]))


def _broken(text: str) -> str:
    return _INSIDE_MARK.sub(r"\\&", text)
