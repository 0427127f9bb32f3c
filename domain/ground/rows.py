"""Rows whose columns have types: a query is read as rows of a shape, a Protocol that names the columns that the query selects.

The rows stay SQLAlchemy's own, so that a shape costs nothing when the program runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Executable, Row
from sqlalchemy.orm import Session

Shape = TypeVar("Shape")


def read_all(session: Session, query: Executable, shape: type[Shape], values: Mapping[str, object] | None = None) -> Sequence[Shape]:
    """All rows of a query; `values` are those of its bound parameters."""
    return cast(Sequence[Shape], session.execute(query, values).all())


def read_first(session: Session, query: Executable, shape: type[Shape], values: Mapping[str, object] | None = None) -> Shape | None:
    """The first row of a query; None where it has none."""
    return cast("Shape | None", session.execute(query, values).first())


def read_one(session: Session, query: Executable, shape: type[Shape], values: Mapping[str, object] | None = None) -> Shape:
    """The only row of a query.

    Raises:
        NoResultFound, MultipleResultsFound: it has none, or several.
    """
    return cast(Shape, session.execute(query, values).one())


def columns_of(row: object) -> dict[str, Any]:
    """A row that was read with a shape, as column → value."""
    found = cast("Row[Any]", row)
    return dict(zip(found._fields, found, strict=True))
