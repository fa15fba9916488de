"""Many rows at a time: inserting, changing and finding them with few statements.

SQLAlchemy converts the values of every row it inserts, and writes out every list of wanted values anew, which takes
longer than SQLite's own work; there, statements and rows go to the driver as they are. Lists of wanted values are cut,
because databases bound the number of parameters of one statement.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, TypeVarTuple, cast

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

WANTED = "wanted"
"""Name of the parameter that takes the list of wanted values."""

Value: TypeAlias = int | str | bytes | None
"""What a column of ours holds."""

Given: TypeAlias = Mapping[str, Value | Sequence[Value]]
"""The parameters of a statement by their names; lists for those that a list is wanted for."""

_Columns = TypeVarTuple("_Columns")
_AT_ONCE = 5_000
_LIST = re.compile(r"__\[POSTCOMPILE_(\w+)\]")


def wanted(column: sa.ColumnElement[int] | sa.ColumnElement[str] | sa.ColumnElement[bytes]) -> sa.ColumnElement[bool]:
    """The condition that a column is one of the values given to :func:`find`."""
    return column.in_(sa.bindparam(WANTED, expanding=True))


def insert(connection: Connection, table: sa.Table, rows: Sequence[tuple[Value, ...]]) -> None:
    """Insert rows, each with a value for every column of the table in order."""
    columns = table.columns.keys()
    _execute(connection, table.insert().values({column: _new(column) for column in columns}), columns, rows)


def insert_or_add(
    connection: Connection, table: sa.Table, rows: Sequence[tuple[Value, ...]], added: Collection[str]
) -> None:
    """Insert rows; where one with its primary key is there, add to it.

    Args:
        added: Columns whose numbers are added up, and whose bytes are appended; the others stay.
    """
    columns = table.columns.keys()
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    made = dialect.insert(table).values({column: _new(column) for column in columns})
    sums = {column: table.c[column] + made.excluded[column] for column in added if column in _numbers(table)}
    # SQLite's concatenation of bytes keeps them all but calls them text.
    joined = {
        column: sa.cast(table.c[column].concat(made.excluded[column]), table.c[column].type)
        for column in added
        if column not in sums
    }
    statement = made.on_conflict_do_update(index_elements=list(table.primary_key), set_={**sums, **joined})
    _execute(connection, statement, columns, rows)


def _numbers(table: sa.Table) -> set[str]:
    return {column.name for column in table.columns if isinstance(column.type, sa.Integer)}


def update(connection: Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[tuple[Value, ...]]) -> None:
    """Change these columns in the rows with these primary keys.

    Args:
        columns: Names of columns, those of the primary key among them.
        rows: A value for each of them, for each row that is changed.
    """
    keys = {column.name for column in table.primary_key}
    statement = (
        table.update()
        .where(*(table.c[column] == _new(column) for column in columns if column in keys))
        .values({column: _new(column) for column in columns if column not in keys})
    )
    _execute(connection, statement, columns, rows)


def delete(connection: Connection, table: sa.Table, keys: Sequence[tuple[Value, ...]]) -> None:
    """Delete the rows with these primary keys, each with a value for every column of the key in order."""
    columns = [column.name for column in table.primary_key]
    _execute(connection, table.delete().where(*(table.c[column] == _new(column) for column in columns)), columns, keys)


def _new(column: str) -> sa.BindParameter[Value]:
    return sa.bindparam(f"new_{column}")


def _execute(
    connection: Connection,
    statement: sa.Insert | sa.Update | sa.Delete,
    columns: Sequence[str],
    rows: Sequence[tuple[Value, ...]],
) -> None:
    """Execute a statement for each row of values for these columns."""
    if not rows:
        return
    names = [f"new_{column}" for column in columns]
    compiled = statement.compile(dialect=connection.dialect)
    if not compiled.positiontup:
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
        return
    order = [names.index(name) for name in compiled.positiontup]
    if order != list(range(len(names))):
        rows = [tuple(row[place] for place in order) for row in rows]
    connection.exec_driver_sql(str(compiled), list(rows))


def find(
    connection: Connection,
    statement: sa.Select[*_Columns],
    values: Iterable[Value],
    parameters: Given | None = None,
) -> Iterator[sa.Row[*_Columns]]:
    """The rows of a statement that has a :func:`wanted` condition, for these values; it may take more parameters."""
    listed = list(values)
    for start in range(0, len(listed), _AT_ONCE):
        yield from select(connection, statement, {**(parameters or {}), WANTED: listed[start : start + _AT_ONCE]})


def select(connection: Connection, statement: sa.Select[*_Columns], given: Given) -> Sequence[sa.Row[*_Columns]]:
    """All rows of a statement, which is one of few that are asked again and again."""
    if connection.dialect.name != "sqlite":
        return connection.execute(statement, given).fetchall()
    spelled = _spelled(statement)
    rows = connection.exec_driver_sql(spelled.text(given), spelled.values(given)).fetchall()
    return cast("Sequence[sa.Row[*_Columns]]", rows)


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A statement as SQLite's driver takes it."""

    pieces: tuple[str, ...]
    """The text between the places of lists."""
    lists: tuple[str, ...]
    """The parameters that stand in these places."""
    order: tuple[str, ...]
    """All parameters in the order of the text."""
    fixed: Given
    """The values of those that the statement itself gives."""

    def text(self, given: Given) -> str:
        """The statement for lists of these lengths."""
        text = self.pieces[0]
        for name, piece in zip(self.lists, self.pieces[1:], strict=True):
            text += ",".join("?" * len(cast("Sequence[Value]", given[name]))) + piece
        return text

    def values(self, given: Given) -> tuple[Value, ...]:
        """The values in order."""
        values: list[Value] = []
        for name in self.order:
            if name in self.lists:
                values.extend(cast("Sequence[Value]", given[name]))
            else:
                values.append(cast("Value", given[name] if name in given else self.fixed[name]))
        return tuple(values)


@lru_cache(maxsize=128)
def _spelled(statement: sa.Select[*tuple[object, ...]]) -> _Spelled:
    compiled = statement.compile(dialect=sqlite.dialect())
    pieces = _LIST.split(compiled.string)
    return _Spelled(tuple(pieces[::2]), tuple(pieces[1::2]), tuple(compiled.positiontup or ()), dict(compiled.params))
