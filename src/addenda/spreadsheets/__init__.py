"""Rows ↔ addenda, xlsx and csv, both ways.

:func:`read_rows` reads lists of changes as people make them and says for every cell it does not believe what to do;
:func:`write_addenda` exports, and :func:`read_addenda` reads an export back exactly. In the order of reading:

- ``archive`` opens files without trusting them; ``workbook`` and ``delimited`` turn xlsx and csv into ``tables``;
- ``formats`` knows what a cell shows, ``cells`` what it means, ``columns`` what its column means;
- ``rows`` and ``duplicates`` hold the result; ``reading`` and ``exporting`` are the two ways.

This unit knows no ledger: what a change replaces, and whether it may, is decided by the knowledge base.
"""

from __future__ import annotations

from addenda.spreadsheets.exporting import read_addenda, write_addenda
from addenda.spreadsheets.reading import read_rows
from addenda.spreadsheets.rows import Problem, Row, Severity, Sheet
from addenda.spreadsheets.tables import Limits

__all__ = ["Limits", "Problem", "Row", "Severity", "Sheet", "read_addenda", "read_rows", "write_addenda"]
