"""Rows of Python as a table inside one statement: what is stored by the thousand goes to the database as one parameter.

For INSERT … SELECT and for joins through an index. Not for UPDATE … FROM: SQLite would take the JSON apart once for every row.

SQLAlchemy handles each value of an `executemany` or of an `IN` by itself, which for 20,000 rows takes longer than the database
does (docs/decisions/imports.md). Here the rows are one JSON text, and the database takes it apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause, Integer, SQLColumnExpression, String, cast, column, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

AT = "at"  # the column with a row's number in the sequence of rows, from 0
Type = type[TypeEngine[Any]] | TypeEngine[Any]
_NAME = "values_table"


def values_table(session: Session, rows: Sequence[Mapping[str, Any]], types: Mapping[str, Type]) -> FromClause:
    """A table of these rows, to select from or to join, with the columns named in `types` and `AT`.

    A value that is missing or None is null. Names are ours, never a user's: they become part of the statement.
    """
    all_types: Mapping[str, Type] = {**types, AT: Integer}
    if session.get_bind().dialect.name == "sqlite":
        arrays = orjson.dumps([[*map(row.get, types), at] for at, row in enumerate(rows)]).decode()
        each = func.json_each(arrays).table_valued("value")
        parts = [func.json_extract(each.c.value, f"$[{at}]", type_=type_).label(name) for at, (name, type_) in enumerate(all_types.items())]
        return select(*parts).select_from(each).subquery(_NAME)
    text = orjson.dumps([{**{name: row.get(name) for name in types}, AT: at} for at, row in enumerate(rows)]).decode()
    columns = [column(name, type_) for name, type_ in all_types.items()]
    records = func.jsonb_to_recordset(cast(literal(text, String), JSONB))
    return records.table_valued(*columns, name=_NAME).render_derived(with_types=True)


def among(session: Session, tested: SQLColumnExpression[str | None], values: Iterable[str]) -> ColumnElement[bool]:
    """Whether a column holds one of these texts: `IN`, however many there are, or none."""
    table = values_table(session, [{"value": value} for value in values], {"value": String})
    return tested.in_(select(table.c.value))
