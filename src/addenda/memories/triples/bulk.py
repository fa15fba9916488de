"""Many rows at a time: inserting, changing and finding them with few statements.

SQLAlchemy converts the values of every row it inserts, which takes longer than SQLite's own work; where the driver
counts its parameters, rows go to it as they are. Lists of wanted values are cut, because databases bound the number of
parameters of one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy import Connection

WANTED = "wanted"
"""Name of the parameter that takes the list of wanted values."""

Value: TypeAlias = int | str | bytes | None
"""What a column of ours holds."""

_Columns = TypeVarTuple("_Columns")
_AT_ONCE = 5_000


def wanted(column: sa.ColumnElement[int] | sa.ColumnElement[str] | sa.ColumnElement[bytes]) -> sa.ColumnElement[bool]:
    """The condition that a column is one of the values given to :func:`find`."""
    return column.in_(sa.bindparam(WANTED, expanding=True))


def insert(connection: Connection, table: sa.Table, rows: Sequence[tuple[Value, ...]]) -> None:
    """Insert rows, each with a value for every column of the table in order."""
    columns = table.columns.keys()
    _execute(connection, table.insert().values({column: _new(column) for column in columns}), columns, rows)


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
    parameters: Mapping[str, Value | Sequence[Value]] | None = None,
) -> Iterator[sa.Row[*_Columns]]:
    """The rows of a statement that has a :func:`wanted` condition, for these values; it may take more parameters."""
    listed = list(values)
    for start in range(0, len(listed), _AT_ONCE):
        given = {**(parameters or {}), WANTED: listed[start : start + _AT_ONCE]}
        yield from connection.execute(statement, given)
