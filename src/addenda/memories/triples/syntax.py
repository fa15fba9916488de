r"""The text of memory calls: what a model writes to read and write triples, formatted and parsed without a model.

Idea: a call is cut at its separators first and its names are decoded afterwards, so nothing inside one item can reach
into another. That works because a name never shows a live mark; the few that would are escaped with backslashes.

::

    read    ({MEM_READ(Subject>>relation>>;>>relation>>Object)-->first;second})   up to three queries
    write   PRETEXT({USER_ST})FOCUS({USER_END})  answered by  ({MEM_WRITE-->s>>r>>o;s>>r>>o})
    none    ({MEM_READ(...)-->})                 nothing found;  ({MEM_WRITE-->}) nothing to store
    broad   ({MEM_READ(...)-->>>too broad>>294}) a count in place of names; no name begins with ``>>``

Most names are written byte for byte; ``marks`` has the escapes for the others. Names in results are escaped in the same
way, so that a model which copies one into its next call copies it right; ``restore_names`` undoes it in what a person
reads. Text of documents gets the escapes too, but for semicolons and line ends, which are no marks there.

Parsing is strict and total: it raises on no text, and whatever is not a well-formed item is a ``Problem`` that holds
the raw text. Blanks around names mean nothing, because tokenizers put some there. Line ends are not allowed in calls.

Source: Modarressi et al. 2024, "MemLLM" (arXiv 2404.11672), its memory API. Escapes, limits, problems and the
"too broad" answer are ours; the published code drops a third field and gives up a call for one malformed query.

Not known here: whether a name is true, or stands in the sentence it is said to come from. A document can still ask a
model in plain words to write something; that is why every written statement is only a proposal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from addenda.errors import InvalidInput
from addenda.memories.triples.calls import (
    NAME_LIMIT,
    FoundCall,
    Problem,
    ProblemKind,
    Query,
    ReadCall,
    Results,
    Statement,
    WriteCall,
    canonical,
    joined,
    shown,
)
from addenda.memories.triples.marks import (
    BLANKS,
    CALL_END,
    CALL_START,
    FIELD,
    FOCUS_END_WORD,
    FOCUS_START_WORD,
    LIST,
    MARKS,
    READ_WORD,
    WAIT,
    WRITE_WORD,
    disarmed,
    live_mark,
    unescaped,
    written,
)

__all__ = [
    "CALL_END", "CALL_LIMIT", "CALL_START", "FIELD", "FOCUS_END_WORD", "FOCUS_START_WORD", "LIST", "MARKS",
    "NAME_LIMIT", "NO_RESULTS", "QUERIES_PER_CALL", "READ_OPENING", "READ_WORD", "STATEMENTS_PER_CALL", "WAIT",
    "WRITE_OPENING", "WRITE_WORD", "FoundCall", "Problem", "ProblemKind", "Query", "ReadCall", "Results", "Statement",
    "WriteCall", "canonical", "find_read_call", "parse_read", "parse_results", "parse_write", "read_call",
    "restore_names", "results", "strip_calls", "too_broad", "write_call", "write_prompt", "written",
]  # fmt: skip

READ_OPENING = f"{CALL_START}{READ_WORD}("
"""How a read call begins; its first query follows."""
WRITE_OPENING = f"{CALL_START}{WRITE_WORD}{WAIT}"
"""How a write call begins; its first statement follows."""
NO_RESULTS = CALL_END
"""What is put after the wait mark when nothing was found."""

QUERIES_PER_CALL = 3
"""As published; the results of all queries of a call are merged."""
STATEMENTS_PER_CALL = 31
"""As many as one sentence may yield: the published training data leaves out sentences with more."""
CALL_LIMIT = 100_000
"""Longest call that is looked into, in characters."""

_WORDS = (READ_WORD, WRITE_WORD, FOCUS_START_WORD, FOCUS_END_WORD)
_OPENING = re.compile(rf"\(\{{ ?(?:{'|'.join(_WORDS)})")
_READ_OPENING = re.compile(rf"\(\{{ ?{READ_WORD} ?(?!{_OPENING.pattern})\(")
_WRITE_OPENING = re.compile(rf"\(\{{ ?{WRITE_WORD} ?-->")
_READ_ENDING = re.compile(r"\)[ \t]*-->")
_CALL_ENDING = re.compile(r"\}\)")
_READ_STOP = re.compile(rf"(?P<wait>{_READ_ENDING.pattern})|-->|{_OPENING.pattern}|\}}\)")
_CALL_STOP = re.compile(rf"(?P<end>\}}\)(?! ?-->))|{_OPENING.pattern}")
_HALF_OPENINGS = frozenset(
    CALL_START + beginning[:length]
    for word in _WORDS
    for beginning in (word, f" {word}")
    for length in range(len(beginning))
)
_HALF_LENGTH = max(map(len, _HALF_OPENINGS))
_PASSES = 8
_RESULTS_OPENING = re.compile(r"\A")
_TOO_BROAD = re.compile(r">>[ \t]*too broad[ \t]*>>[ \t]*([0-9]{1,12})")
_FIELDS = 3

_Item = TypeVar("_Item")


def read_call(queries: Sequence[Query], *, spaced: bool = False) -> str:
    """A read call up to its wait mark.

    Args:
        queries: One to ``QUERIES_PER_CALL`` queries.
        spaced: Put a blank before names that follow a bracket or semicolon. It means nothing, but gives names the
            same tokens there as within a sentence, with tokenizers that count the blank before a word to the word.

    Raises InvalidInput for none or too many queries.
    """
    if not 1 <= len(queries) <= QUERIES_PER_CALL:
        raise InvalidInput(
            f"a read call has 1 to {QUERIES_PER_CALL} queries, not {len(queries)}; split it into several"
        )
    items = [joined(query.subject, query.relation, query.object) for query in queries]
    lead = " " if spaced and queries[0].subject is not None else ""
    return f"{READ_OPENING}{lead}{_listed(items, spaced=spaced)}){WAIT}"


def write_call(statements: Sequence[Statement], *, spaced: bool = False) -> str:
    """A whole write call; nothing between the marks when there are no statements.

    Args:
        statements: At most ``STATEMENTS_PER_CALL`` statements.
        spaced: As in ``read_call``.

    Raises InvalidInput for too many statements, or a call longer than ``CALL_LIMIT``.
    """
    if len(statements) > STATEMENTS_PER_CALL:
        raise InvalidInput(
            f"a write call has at most {STATEMENTS_PER_CALL} statements, not {len(statements)}; split it into several"
        )
    items = [joined(one.subject, one.relation, one.object) for one in statements]
    call = f"{WRITE_OPENING}{_listed(items, spaced=spaced)}{CALL_END}"
    if len(call) > CALL_LIMIT:
        raise InvalidInput(f"a call has at most {CALL_LIMIT} characters, not {len(call)}; split it into several")
    return call


def results(names: Sequence[str], *, spaced: bool = False) -> str:
    """What is put after the wait mark: the names in order and the end; ``NO_RESULTS`` when there are none.

    Names of any length are written: how much of the store fits into a context is for the caller to decide.
    Raises InvalidInput for an empty name.
    """
    return _listed([written(name) for name in names], spaced=spaced) + CALL_END


def too_broad(count: int) -> str:
    """What is put after the wait mark when a query fits ``count`` triples, too many to be listed."""
    return f"{FIELD}too broad{FIELD}{count}{CALL_END}"


def write_prompt(context: str, focus: str) -> str:
    """What a model is shown to make it write: the text before, and the marked sentence it is to take triples from.

    Marks and backslashes inside both are escaped, so that no document can open or close a call, and so that a name
    which is copied letter by letter is parsed as what the document said.
    """
    start, end = (f"{CALL_START}{word}{CALL_END}" for word in (FOCUS_START_WORD, FOCUS_END_WORD))
    return f"{disarmed(context)}{start}{disarmed(focus)}{end}"


def parse_read(text: str) -> ReadCall:
    """The queries of a read call, given from ``({`` to the wait mark. Never raises.

    A call that was not finished has no queries. Queries beyond ``QUERIES_PER_CALL`` are problems.
    """
    frame = _framed(text, _READ_OPENING, _READ_ENDING)
    if not frame.finished:
        return ReadCall((), frame.problems)
    queries, faults = _items(frame.body.split(LIST), _query, QUERIES_PER_CALL)
    return ReadCall(queries, (*frame.problems, *faults))


def parse_write(text: str) -> WriteCall:
    """The statements of what a model wrote for a write prompt, given whole. Never raises.

    In a call that was not finished the last item may be cut short, so it is not used; those before it are.
    """
    frame = _framed(text, _WRITE_OPENING, _CALL_ENDING)
    raws = frame.body.split(LIST) if frame.body.strip(BLANKS) else []
    statements, faults = _items(raws if frame.finished else raws[:-1], _statement, STATEMENTS_PER_CALL)
    return WriteCall(statements, (*frame.problems, *faults))


def parse_results(text: str) -> Results:
    """What was put after a wait mark, up to and including the end mark. Never raises."""
    frame = _framed(text, _RESULTS_OPENING, _CALL_ENDING)
    body = frame.body.strip(BLANKS) if frame.finished else ""
    if broad := _TOO_BROAD.fullmatch(body):
        return Results((), frame.problems, too_broad=int(broad[1]))
    raws = body.split(LIST) if body else []
    names, faults = _items(raws, _name, len(raws))
    return Results(names, (*frame.problems, *faults))


def find_read_call(text: str, start: int = 0) -> FoundCall | None:
    """The first finished read call at or after ``start``, or None. Its queries may still be malformed.

    Openings that are followed by another call, or by an end, before any wait mark are passed over.
    """
    position = start
    while opening := _READ_OPENING.search(text, position):
        stop = _READ_STOP.search(text, opening.end())
        if stop and stop["wait"]:
            body = text[opening.end() : stop.start()]
            return FoundCall(opening.start(), stop.end(), text[opening.start() : stop.end()], body)
        if not stop:
            return None
        position = stop.start()
    return None


def strip_calls(text: str) -> str:
    """The text without calls, for showing to a person: no finished call, no unfinished one, no beginning of one.

    An unfinished call reaches to the next call or end mark, or to the end of the text. Of two blanks around a call one
    goes too. Applying it twice changes nothing.
    """
    for _ in range(_PASSES):  # removing a call can join the halves of another; honest text needs one pass
        shorter = _without_half_opening(_without_calls(text))
        if shorter == text:
            return text
        text = shorter
    opening = _OPENING.search(text)
    return _without_half_opening(text[: opening.start()]) if opening else text


def restore_names(text: str, names: Iterable[str]) -> str:
    """The text with the escaped forms of ``names``, such as those of the results it was made from, as they are."""
    forms = {written(name): name for name in names if name}
    escaped = sorted((form for form, name in forms.items() if form != name), key=len, reverse=True)
    if not escaped:
        return text
    return re.sub("|".join(re.escape(form) for form in escaped), lambda found: forms[found[0]], text)


def _without_calls(text: str) -> str:
    kept: list[str] = []
    before, position = " ", 0
    while opening := _OPENING.search(text, position):
        kept.append(text[position : opening.start()])
        before = kept[-1][-1:] or before
        stop = _CALL_STOP.search(text, opening.end())
        if not stop:
            return "".join(kept)
        position = stop.end() if stop["end"] else stop.start()
        if before.isspace() and text.startswith(" ", position):
            position += 1
    return "".join((*kept, text[position:]))


def _without_half_opening(text: str) -> str:
    end = len(text)
    while (start := text.rfind(CALL_START, max(0, end - _HALF_LENGTH), end)) >= 0 and text[start:end] in _HALF_OPENINGS:
        end = start
    return text[:end]


def _listed(items: Sequence[str], *, spaced: bool) -> str:
    first, rest = items[:1], items[1:]
    return "".join((*first, *(LIST + (" " if spaced and not one.startswith(FIELD) else "") + one for one in rest)))


@dataclass(frozen=True, slots=True)
class _Frame:
    """A call taken out of its surroundings; without a body where there is nothing to look into."""

    body: str
    finished: bool
    problems: tuple[Problem, ...]


def _framed(text: str, opening: re.Pattern[str], ending: re.Pattern[str]) -> _Frame:
    if len(text) > CALL_LIMIT:
        message = f"the call has {len(text)} characters and {CALL_LIMIT} are allowed; nothing in it was used"
        return _Frame("", False, (Problem("too long", text[:NAME_LIMIT], message),))
    begun = opening.search(text)
    if not begun:
        message = f"{shown(text)} has no opening of such a call; nothing was done"
        return _Frame("", False, (Problem("no call", text, message),))
    ended = ending.search(text, begun.end())
    before, after = text[: begun.start()], text[ended.end() :] if ended else ""
    problems: list[Problem] = []
    if not ended:
        rest = text[begun.start() :]
        message = f"{shown(rest)} is not finished; what comes last may be cut short and was not used"
        problems.append(Problem("unfinished", rest, message))
    for outside in (before, after):
        if outside.strip():
            message = f"{shown(outside)} stands outside the call; nothing may stand there, and it was not used"
            problems.append(Problem("outside", outside, message))
    return _Frame(text[begun.end() : ended.start() if ended else len(text)], ended is not None, tuple(problems))


def _items(
    raws: Sequence[str], parse: Callable[[str, int], _Item | Problem], limit: int
) -> tuple[tuple[_Item, ...], tuple[Problem, ...]]:
    """The well-formed items, up to ``limit``, and a problem for each of the others."""
    good: list[_Item] = []
    problems: list[Problem] = []
    for number, raw in enumerate(raws, start=1):
        parsed = parse(raw, number)
        if isinstance(parsed, Problem):
            problems.append(parsed)
        elif len(good) == limit:
            message = f"{shown(raw)} is one too many: {limit} are allowed in one call; use a further call"
            problems.append(Problem("too many", raw, message, number))
        else:
            good.append(parsed)
    return tuple(good), tuple(problems)


def _query(raw: str, number: int) -> Query | Problem:
    sides = _sides(raw, number)
    if isinstance(sides, Problem):
        return sides
    subject, relation, object_ = sides
    if relation is None or (subject is None) == (object_ is None):
        message = f"{shown(raw)} is no query; write Subject>>relation>> or >>relation>>Object"
        return Problem("slots", raw, message, number)
    return Query(subject, relation, object_)


def _statement(raw: str, number: int) -> Statement | Problem:
    sides = _sides(raw, number)
    if isinstance(sides, Problem):
        return sides
    subject, relation, object_ = sides
    if subject is None or relation is None or object_ is None:
        message = f"{shown(raw)} lacks a part; write subject>>relation>>object with none of them empty"
        return Problem("slots", raw, message, number)
    return Statement(subject, relation, object_)


def _sides(raw: str, number: int) -> list[str | None] | Problem:
    """Subject, relation and object of an item, None where nothing stands."""
    fields = [field.strip(BLANKS) for field in raw.split(FIELD)]
    if fields == [""]:
        return Problem("empty", raw, "an item is empty; write nothing after the last item but the end", number)
    if len(fields) != _FIELDS:
        message = f"{shown(raw)} has {len(fields)} fields; write exactly {_FIELDS}, separated by {FIELD}"
        return Problem("fields", raw, message, number)
    sides: list[str | None] = []
    for field in fields:
        name = _name(field, number) if field else None
        if isinstance(name, Problem):
            return replace(name, raw=raw)
        sides.append(name)
    return sides


def _name(raw: str, number: int) -> str | Problem:
    field = raw.strip(BLANKS)
    if "\n" in field or "\r" in field:
        return Problem("line end", raw, f"{shown(raw)} has a line end; write \\/ for it, or leave it out", number)
    if mark := live_mark(field):
        message = f"{shown(raw)} has the mark {mark} inside a name; write \\& between its characters or beside it"
        return Problem("mark", raw, message, number)
    name = unescaped(field)
    if name is None:
        message = f"{shown(raw)} has a backslash that begins no escape; write two for a backslash"
        return Problem("escape", raw, message, number)
    if not 1 <= len(name) <= NAME_LIMIT:
        message = f"{shown(raw)} stands for {len(name)} characters; a name has 1 to {NAME_LIMIT}"
        return Problem("too long" if name else "empty", raw, message, number)
    return name
