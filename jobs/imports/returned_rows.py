"""Gives the failed rows of an import back: in the sender's own workbook where possible, else as a list."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.settings import Settings
from domain.platform import background
from domain.platform.background import LIVE, BackgroundTask
from domain.platform.files import tidy_name
from domain.platform.imports import ImportRecord, ImportRow, RowState, import_of
from jobs import confinement
from jobs.imports import import_kept
from jobs.imports.checking import renumbered, row_check
from jobs.imports.description import Import
from jobs.imports.failures import HEADINGS, BadRow, Order, listed, write_failures
from jobs.imports.originals import file_of, size_of
from jobs.imports.receiving import RETURN
from jobs.imports.template import TEXT_KEPT
from jobs.runtime import Runtime
from jobs.work import Work

AT_ONCE = 1_000  # rows of an import whose workbook is made while the person waits
_AT_ONCE_XML = 8 * 1024 * 1024  # bytes, for the same reason
_SUFFIX = "-未通过"
_log = logging.getLogger(__name__)
Way = Literal["at once", "later", "list"]


class NothingFailed(DomainError):
    """该导入没有未通过的行。"""


def way(settings: Settings, record: ImportRecord) -> Way:
    """How the failed rows come back: in the sender's own workbook, at once or by a background task, or as a list."""
    path = file_of(settings, record)
    if record.sheet is None or not path.exists():
        return "list"
    return "at once" if record.total <= AT_ONCE and size_of(path) <= _AT_ONCE_XML else "later"


def file_name(record: ImportRecord) -> str:
    """What the download is called: 教师-未通过.xlsx."""
    sheet = f"-{tidy_name(record.sheet or '')}" if record.title != record.file_name else ""
    return f"{Path(record.file_name).stem.removesuffix(_SUFFIX)}{sheet}{_SUFFIX}.xlsx"


def write(session: Session, settings: Settings, description: Import, record: ImportRecord, path: Path) -> None:
    """Writes the failed rows to `path` while somebody waits: in the sender's own workbook where that is quick, else as a list."""
    with TemporaryDirectory() as folder:
        order = Path(folder) / "order"
        if way(settings, record) == "at once":
            _write_order(session, settings, description, record, order)
            if _made("own workbook", order, path):
                return
        write_failures(session, description, record, path)


def begin(session: Session, actor: Actor, description: Import, record: ImportRecord, now: datetime) -> int:
    """Id of a background task that gives the failed rows back. Where this person has begun one already, it is that one.

    Raises:
        NothingFailed
    """
    if not record.bad:
        raise NothingFailed
    table = BackgroundTask
    mine = select(table).where(table.person_id == actor.person_id, table.kind == RETURN, table.state.in_(LIVE))
    for task in session.scalars(mine):
        if task.params["import"] == record.id:
            return task.id
    params = {"import": record.id, "kind": description.key, "back": f"/imports/{description.key}/{record.id}"}
    title = f"{description.title}：生成“{record.title[:60]}”的失败数据"
    return background.begin(session, actor, RETURN, title, params, now, record.bad).id


def run(runtime: Runtime, work: Work) -> None:
    """The background task: `import` and `kind`.

    Raises:
        NothingFailed: all rows were corrected meanwhile.
    """
    description, settings = import_kept(work.params["kind"]), runtime.settings
    with TemporaryDirectory() as folder:
        order = Path(folder) / "order"
        with runtime.database.reading() as session:
            record = import_of(session, work.actor, description.key, work.params["import"])
            if record is None or not record.bad:
                raise NothingFailed
            import_id = record.id
            bad, path = record.bad, work.file(file_name(record))
            if way(settings, record) != "list":
                _write_order(session, settings, description, record, order)
        # progress renews the lease, and ends the other process where the task was cancelled
        if not (order.exists() and _made("large own workbook", order, path, lambda: work.progress(0, total=bad))):
            with runtime.database.reading() as session:
                write_failures(session, description, session.get_one(ImportRecord, import_id), path)
    work.progress(bad, total=bad)


def _write_order(session: Session, settings: Settings, description: Import, record: ImportRecord, path: Path) -> None:
    """Writes the order that the other process reads; it holds no connection to the database afterwards."""
    check = row_check(session, description)
    texts = [record.places[c.name] for c in check.columns if c.name in record.places and c.schema.get("format") in TEXT_KEPT]
    head, places = record.head or 0, record.places
    others = [(one["name"], one["head"]) for one in record.sheets if one["problem"] is None and one["name"] != record.sheet]
    columns = sorted(places.values())
    order = Order(str(file_of(settings, record)), record.sheet or "", head, record.header, columns, texts, others, list(HEADINGS))
    table = ImportRow
    bad = select(table.number, table.cells, table.problems).where(table.import_id == record.id, table.state == RowState.BAD)
    rows = session.execute(bad.order_by(table.number)).all()
    now = {row.number: head + at for at, row in enumerate(rows, 1)}

    def name_of(number: int) -> str:
        return f"原文件第 {number} 行" + (f"（本文件第 {now[number]} 行）" if number in now else "")

    first = min(places.values())  # the problem of a column that the file lacks is shown at its first column
    with path.open("w", encoding="utf-8") as lines:
        lines.write(json.dumps(asdict(order)) + "\n")
        for number, cells, found in rows:
            problems = [(name, renumbered(reason, name_of)) for name, reason in found or []]
            marks = [(places.get(name, first), check.title(name), reason) for name, reason in problems]
            row = BadRow(number, cells, list(listed(check, places, number, cells, problems)), marks)
            lines.write(json.dumps(asdict(row)) + "\n")
    session.rollback()


def _made(work: str, order: Path, path: Path, meanwhile: Callable[[], None] = lambda: None) -> bool:
    """Makes the sender's own workbook. False where that cannot be done within the bounds of `work`: the list remains."""
    try:
        fault = confinement.run(work, {"order": str(order), "target": str(path)}, meanwhile)
    except (confinement.Unfinished, confinement.Busy) as error:
        fault = type(error).__name__
    if fault is not None:
        _log.warning("failed rows come back as a list: %s", fault)  # the kind of fault: its message may quote the file
    return fault is None
