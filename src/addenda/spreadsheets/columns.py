"""Finding the header row and telling what each column means, for lists made by people.

Names are compared without case, width, punctuation and what stands in parentheses; each meaning has a list of names in
English, Japanese and Korean. A list is *long* (one change per row: subject, relation, value) or *wide* (one subject per
row, one column per relation), and a row may also hold an edit (prompt and answer), a note or a document.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from addenda.spreadsheets.tables import Table

Field: TypeAlias = Literal[
    "id",
    "status",
    "subject",
    "relation",
    "value",
    "old_value",
    "prompt",
    "answer",
    "rephrasings",
    "rule",
    "applies_when",
    "note_place",
    "supported_by",
    "contradicted_by",
    "withdrawn",
    "title",
    "text",
    "valid_from",
    "valid_until",
    "audience",
    "tags",
    "trust",
    "evidence",
    "source",
    "author",
    "comment",
]
"""What a column can mean."""

HEADER_ROWS = 10
"""How many rows from the top are searched for the header."""

GROUPS: tuple[tuple[Field, ...], ...] = (
    ("subject", "relation", "value"),
    ("prompt", "answer"),
    ("rule",),
    ("title", "text"),
)
"""The columns that a fact, an edit, a note and a document need."""

_NAMES: dict[Field, str] = {
    "id": "id, addendum, addendum id",
    "status": "status, state",
    "subject": "subject, product, product name, item, item name, article, model, model name, entity, name, key, part, "
    "sku, 製品, 製品名, 品名, 商品, 商品名, 対象, 제품, 제품명, 품명, 상품, 상품명, 대상",
    "relation": "relation, attribute, attribute name, specification, spec, property, feature, parameter, field, "
    "characteristic, predicate, 属性, 項目, 仕様, 仕様項目, 속성, 항목, 사양",
    "value": "value, new value, new, new specification, object, updated value, changed to, 値, 新しい値, 新値, 変更後, "
    "값, 새 값, 새값, 신규값, 변경 후",
    "old_value": "old value, old, previous value, previous, current value, current, 旧値, 古い値, 変更前, "
    "이전 값, 기존 값, 변경 전",
    "prompt": "prompt, question, 質問, 질문",
    "answer": "answer, target, response, reply, 回答, 答え, 답변, 답",
    "rephrasings": "rephrasings, other wordings, paraphrases",
    "rule": "rule, ルール, 規則, 규칙",
    "applies_when": "applies when, condition, 条件, 조건",
    "note_place": "note place",
    "supported_by": "supported by",
    "contradicted_by": "contradicted by",
    "withdrawn": "withdrawn",
    "title": "title, document, タイトル, 題名, 제목",
    "text": "text, body, content, 本文, 본문",
    "valid_from": "valid from, from, effective from, effective, effective date, start, start date, 有効開始日, "
    "開始日, 適用日, 시작일, 적용일",
    "valid_until": "valid until, valid to, until, expires, expiry, expiry date, end, end date, 有効期限, "
    "終了日, 종료일, 만료일",
    "audience": "audience, who may see it, group, groups, 対象者, 公開範囲, 공개 범위",
    "tags": "tags, tag, labels, label, タグ, 태그",
    "trust": "trust, trust level",
    "evidence": "evidence, derived from",
    "source": "source, 出典, 출처",
    "author": "author, 作成者, 작성자",
    "comment": "comment, comments, remark, remarks, note, notes, reason, コメント, 備考, 비고",
}

_PARENTHESES = re.compile(r"[(\[].*?[)\]]")
_SEPARATORS = re.compile(r"[\W_]+")


def plain_name(text: str) -> str:
    """A column name as it is compared: width and case folded, without punctuation and what is in parentheses."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SEPARATORS.sub(" ", _PARENTHESES.sub(" ", folded)).strip()


_MEANINGS: Mapping[str, tuple[Field, int]] = {
    plain_name(name): (field, rank) for field, names in _NAMES.items() for rank, name in enumerate(names.split(", "))
}
"""Meaning of each name, and how usual the name is for it (0 first)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header is and what the columns mean."""

    header_row: int
    columns: Mapping[Field, int]
    """Column number by meaning."""
    relations: Mapping[int, str]
    """In a wide list: the relation of each column that holds values; empty in a long list."""
    unknown: Mapping[int, str]
    """Columns with a name that means nothing here."""
    ambiguous: tuple[tuple[int, int, Field], ...]
    """Pairs of columns that mean the same: the one with the more usual name, which is used, and the other."""

    @property
    def groups(self) -> tuple[tuple[Field, ...], ...]:
        """The kinds of knowledge that this list has all columns for."""
        return tuple(group for group in GROUPS if all(field in self.columns for field in group))


def find_layout(table: Table) -> Layout | None:
    """The layout by the first row that names all columns of one kind; None when no row near the top does.

    A wide list is considered only when no row names the columns of a long one.
    """
    top = [(number, cells) for number, cells in table.rows[:HEADER_ROWS] if number <= HEADER_ROWS]
    candidates = [
        _layout(number, {column: cell.text.strip() for column, cell in cells.items()}) for number, cells in top
    ]
    for layout in candidates:
        if layout.groups:
            return _without_incomplete_groups(layout)
    for layout in candidates:
        others = [field for group in GROUPS for field in group if field != "subject" and field in layout.columns]
        if "subject" in layout.columns and layout.unknown and not others:
            return Layout(layout.header_row, layout.columns, layout.unknown, {}, layout.ambiguous)
    return None


def _without_incomplete_groups(layout: Layout) -> Layout:
    """Count a column such as ``Title`` as unknown where the others of its kind are missing."""
    needed: set[Field] = {field for group in layout.groups for field in group}
    dropped: set[Field] = {
        field for group in GROUPS for field in group if field in layout.columns and field not in needed
    }
    columns: dict[Field, int] = {field: column for field, column in layout.columns.items() if field not in dropped}
    names: dict[int, str] = {layout.columns[field]: field for field in dropped}
    return Layout(layout.header_row, columns, {}, {**layout.unknown, **names}, layout.ambiguous)


def _layout(row: int, names: Mapping[int, str]) -> Layout:
    found: dict[Field, list[tuple[int, int]]] = {}
    unknown: dict[int, str] = {}
    for column, name in names.items():
        meaning = _MEANINGS.get(plain_name(name))
        if meaning is None:
            unknown[column] = name
        else:
            found.setdefault(meaning[0], []).append((meaning[1], column))
    columns: dict[Field, int] = {field: min(places)[1] for field, places in found.items()}
    ambiguous: tuple[tuple[int, int, Field], ...] = tuple(
        (columns[field], column, field)
        for field, places in found.items()
        for _, column in places
        if column != columns[field]
    )
    return Layout(row, columns, {}, unknown, ambiguous)
