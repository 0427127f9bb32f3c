"""Exports: any list as an Excel file, streamed row by row so that memory does not grow with them.

Cells hold values and never formulas: text is written as text, in the number format “text” (so that it stays text when a person
edits the cell), and what begins like a formula carries Excel's quote prefix besides (OWASP, CSV injection). Id numbers and
mobiles are text and keep their zeros. Moments are Excel dates in Asia/Shanghai.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, raiseload

from domain.ground.base import SHANGHAI
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform.looks import note_looks
from forms.listing import Column, Listing
from jobs.lists.registry import LISTS
from jobs.lists.sheets import Progress, Target, write_sheet
from jobs.lists.visibility import visible_to
from jobs.runtime import Runtime
from jobs.work import Work

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 1_048_575  # of a sheet, less the header (Excel specifications and limits)
AT_ONCE = 1_000  # rows that are written while the person waits
_BUFFER = 500  # rows in memory at a time


def chosen(listing: Listing, actor: Actor, values: Mapping[str, str], ids: Sequence[int]) -> Select[Any]:
    """The rows to export: the ticked ones, or with none ticked all under the filters. A column that would load more, raises.

    `listing` is as the actor sees it (`jobs.lists.visibility.visible_to`).
    """
    return listing.picked(actor, values, ids).options(raiseload("*"))


def count(session: Session, query: Select[Any]) -> int:
    """How many rows these are."""
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def write(session: Session, query: Select[Any], columns: Sequence[Column], target: Target, progress: Progress | None = None) -> int:
    """Writes the rows of `query` to `target`, a path or a binary file, and returns how many.

    `progress` hears from time to time how many rows are written.
    """
    rows = session.scalars(query.execution_options(yield_per=_BUFFER))
    values = [column.value for column in columns]
    return write_sheet(columns, ([value(row) for value in values] for row in rows), target, progress)


def note_export(session: Session, actor: Actor, listing: Listing, query: Select[Any], now: datetime, why: str = "导出") -> None:
    """Writes down who exported what pages show masked."""
    if listing.masked:
        name, ids = listing.looked_at or (listing.name, listing.record.id)
        note_looks(session, actor, name, query.with_only_columns(ids).order_by(None).distinct(), why, now)


def file_name(listing: Listing, now: datetime) -> str:
    """What the download is called: 周报管理20261123.xlsx."""
    return f"{listing.title}{now.astimezone(SHANGHAI):%Y%m%d}.xlsx"


def run(runtime: Runtime, work: Work) -> None:
    """The background task: `listing`, `values` (the filters in force) and `ids` (the ticked rows).

    Raises:
        DomainError: more rows than a sheet can hold.
    """
    with runtime.database.reading() as session:
        now = runtime.engine.clock()
        listing = visible_to(session, work.actor, LISTS[work.params["listing"]]).asked_at(now)
        query = chosen(listing, work.actor, work.params["values"], work.params["ids"])
        total = count(session, query)
        if total > MAX_ROWS:
            raise DomainError(f"共 {total} 条，超过一个 Excel 文件能容纳的 {MAX_ROWS} 行，请用查询条件缩小范围后分次导出")
        work.progress(0, total=total)
        with work.database.writing() as writing:
            note_export(writing, work.actor, listing, query, now)
        path: Path = work.file(file_name(listing, now))
        written = write(session, query, listing.columns, str(path), work.progress)
    work.progress(written, total=written)
