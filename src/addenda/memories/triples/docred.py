"""Reading documents in the format of DocRED and Re-DocRED, strictly and one by one.

Purpose: relation extraction corpora as material for examples. A document that is not as the format says is refused,
with what is wrong in it, and the others are kept. Idea: pydantic checks the shape, without turning one type into
another; what one field says about another is checked here and in ``annotations``.

The format: an object with ``title``; ``sents``, lists of words; ``vertexSet``, for each entity a list of mentions with
``name``, ``type``, ``sent_id`` and ``pos`` (first word, word after the last); ``labels`` with ``h`` and ``t`` (indices
of entities), ``r`` (a property id such as P19, or the relation's name) and ``evidence`` (indices of sentences). Other
fields are not looked at. A file is a JSON array of such objects or has one a line, and may be packed with gzip.

Source: DocRED (Yao et al. 2019, arXiv 1906.06127), Re-DocRED (Tan et al. 2022, arXiv 2205.12696). The file with
property ids and names is the one that comes with DocRED as ``rel_info.json``.
Does not know: which relations should have been annotated and were not.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from addenda.errors import InvalidInput, UnreadableFile
from addenda.memories.triples.annotations import AnnotatedDocument, Entity, Mention, Relation
from addenda.memories.triples.calls import NAME_LIMIT, shown
from addenda.memories.triples.spacing import RunningText, running_text

_GZIP = b"\x1f\x8b"
_FAULTS_SHOWN = 3


def _encodable(text: str) -> str:
    """The text, unless it has half a character, which JSON can spell and no tokenizer takes: a ValueError then."""
    text.encode("utf-8")
    return text


_Text: TypeAlias = Annotated[str, AfterValidator(_encodable)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class _Mention(_Record):
    name: _Text = Field(min_length=1)
    type: _Text = Field(min_length=1)
    sent_id: int = Field(ge=0)
    pos: list[int] = Field(min_length=2, max_length=2)


class _Label(_Record):
    h: int
    t: int
    r: _Text = Field(min_length=1)
    evidence: list[int] = []


class _Document(_Record):
    title: _Text
    sents: list[Annotated[list[_Text], Field(min_length=1)]] = Field(min_length=1)
    vertexSet: list[Annotated[list[_Mention], Field(min_length=1)]]  # noqa: N815 - the corpus' own name
    labels: list[_Label] = []


_RELATION_NAMES: TypeAdapter[dict[str, str]] = TypeAdapter(
    dict[str, Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]]
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document that was not taken."""

    number: int
    """Which one of its file it is: its place in the array or its line, counted from 1."""
    title: str
    """Its title, or the empty string when it has none that can be read."""
    message: str
    """Which document it is, what is wrong in which field, and what is allowed."""


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """What is in a file of documents."""

    documents: tuple[AnnotatedDocument, ...]
    refused: tuple[Refusal, ...]


def read_relation_names(path: Path) -> Mapping[str, str]:
    """Property ids and their names from a JSON object such as ``{"P19": "place of birth"}``.

    Raises UnreadableFile when it cannot be read, InvalidInput when it holds something else.
    """
    try:
        return _RELATION_NAMES.validate_json(_content(path), strict=True)
    except ValidationError as error:
        raise InvalidInput(
            f"{path.name!r} holds no names of relations: {_faults(error)}; give a JSON object of ids and names, "
            'for example {"P19": "place of birth"}'
        ) from error


def read_documents(path: Path, relations: Mapping[str, str] | None = None) -> DocumentFile:
    """All documents of a file that are as the format says, in order, and for each other one why it is not.

    Args:
        path: A JSON array of documents, or one document a line; UTF-8, packed with gzip or not.
        relations: Property ids and names; a label has one of either. None takes the labels' names as they are.

    Raises UnreadableFile when there is no such file, or it is no text, or it is a broken array.
    """
    documents: list[AnnotatedDocument] = []
    refused: list[Refusal] = []
    for number, record in _records(path):
        title = _title(record)
        try:
            if isinstance(record, InvalidInput):
                raise record
            documents.append(document_of(record, relations))
        except InvalidInput as error:
            which = f"document {number} of {path.name!r}" + (f" ({shown(title)})" if title else "")
            refused.append(Refusal(number, title, f"{which} was left out: {error}"))
    return DocumentFile(tuple(documents), tuple(refused))


def document_of(record: object, relations: Mapping[str, str] | None = None) -> AnnotatedDocument:
    """One document from what its JSON says; ``relations`` as for :func:`read_documents`.

    Raises InvalidInput with the field that is wrong, for example ``vertexSet[2][0].pos``.
    """
    try:
        parsed = _Document.model_validate(record)
    except ValidationError as error:
        raise InvalidInput(_faults(error)) from error
    sentences = [running_text(words) for words in parsed.sents]
    for number, sentence in enumerate(sentences):
        if not sentence.text:
            raise InvalidInput(f"sents[{number}] has only blanks; leave such a sentence out, or give its words")
    return AnnotatedDocument(
        title=parsed.title,
        sentences=tuple(sentence.text for sentence in sentences),
        entities=tuple(
            Entity(
                kind=Counter(mention.type for mention in mentions).most_common(1)[0][0],
                mentions=tuple(
                    sorted(
                        {
                            _placed(mention, sentences, f"vertexSet[{number}][{place}]")
                            for place, mention in enumerate(mentions)
                        }
                    )
                ),
            )
            for number, mentions in enumerate(parsed.vertexSet)
        ),
        relations=tuple(
            Relation(
                label.h, _relation(label.r, relations, f"labels[{number}].r"), label.t, tuple(sorted({*label.evidence}))
            )
            for number, label in enumerate(parsed.labels)
        ),
    )


def _placed(mention: _Mention, sentences: list[RunningText], field: str) -> Mention:
    """The characters of a mention. Its name must be what stands there, but for blanks and what annotators cut off."""
    if mention.sent_id >= len(sentences):
        raise InvalidInput(f"{field}.sent_id is {mention.sent_id}; the {len(sentences)} sentences are counted from 0")
    sentence = sentences[mention.sent_id]
    first, after = mention.pos
    if not 0 <= first < after <= len(sentence.spans):
        raise InvalidInput(
            f"{field}.pos is [{first}, {after}]; its sentence has {len(sentence.spans)} words, so give "
            f"[first, after the last] with 0 <= first < after <= {len(sentence.spans)}"
        )
    spans = [span for span in sentence.spans[first:after] if span[0] < span[1]]
    start, end = (spans[0][0], spans[-1][1]) if spans else (0, 0)
    text = sentence.text[start:end]
    there, name = "".join(text.split()), "".join(mention.name.split())
    whole, part = (name, there) if len(there) <= len(name) else (there, name)
    if not there or not (whole.startswith(part) or whole.endswith(part)):
        raise InvalidInput(
            f"{field}.name is {shown(mention.name)}, and at its pos stands {shown(text)}; correct one of them"
        )
    return Mention(mention.sent_id, start, end)


def _relation(given: str, relations: Mapping[str, str] | None, field: str) -> str:
    if relations is None or given in relations.values():
        return given
    if given not in relations:
        raise InvalidInput(
            f"{field} is {shown(given)}, which is neither an id nor a name of the {len(relations)} relations given; "
            "add it to them"
        )
    return relations[given]


def _records(path: Path) -> Iterator[tuple[int, object]]:
    """Each document's number and JSON value, or an InvalidInput in its place for a line that is no JSON."""
    content = _content(path)
    if content.lstrip().startswith("["):
        try:
            yield from enumerate(json.loads(content), start=1)
        except (ValueError, RecursionError) as error:
            raise UnreadableFile(f"{path.name!r} is no complete JSON array: {error}; get the file again") from error
        return
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, InvalidInput(f"the line is no JSON: {error}; write one whole document a line")


def _content(path: Path) -> str:
    try:
        raw = path.read_bytes()
        if raw.startswith(_GZIP):
            raw = gzip.decompress(raw)
        return raw.decode("utf-8-sig")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableFile(f"{path.name!r} is packed and not complete: {error}; get the file again") from error
    except OSError as error:
        raise UnreadableFile(f"{str(path)!r} cannot be read: {error}; give a JSON file") from error
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{path.name!r} is not in UTF-8: {error}; save it as UTF-8") from error


def _title(record: object) -> str:
    title = record.get("title") if isinstance(record, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return title if isinstance(title, str) else ""


def _faults(error: ValidationError) -> str:
    """The first faults of a value, each with its field."""
    shown_faults = [
        f"{_field(fault['loc'])}: {fault['msg'][:1].lower()}{fault['msg'][1:]} (given {shown(str(fault['input']))})"
        for fault in error.errors()[:_FAULTS_SHOWN]
    ]
    more = error.error_count() - len(shown_faults)
    return "; ".join(shown_faults) + (f"; and {more} more" if more else "")


def _field(parts: tuple[int | str, ...]) -> str:
    """A place inside a value as it is usually written, for example ``labels[3].h``."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return path.removeprefix(".") or "the document"
