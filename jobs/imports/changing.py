"""What the background tasks of an import do where its rows change records: each record in a step of its own process, failing alone.

A chunk and its bookkeeping are one transaction: a worker that is killed changes nothing twice, and the next one goes on with the rows
that are still good.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS
from domain.ground.parties import Actor
from domain.platform.imports import ImportRecord, ImportRow, RowState, rows_of
from jobs import outbox
from jobs.imports.amending import AmendedRecords, Amendment, amendments
from jobs.imports.checking import Problems, RowCheck, row_check
from jobs.imports.columns import RECORD
from jobs.imports.description import Import
from jobs.runtime import Runtime
from jobs.work import Work
from processes.diagrams import expressions
from processes.engine import Engine
from processes.errors import FormInvalid, ProcessError
from processes.steps import acting

NAMED = 10  # cells that a remark names
_log = logging.getLogger(__name__)


@dataclass
class ClosedCells:
    """Remembers the cells of one file that may not be changed where their records stand, to tell people before they confirm: their rows
    change something else, or nothing, and are no bad ones."""

    check: RowCheck
    cells: dict[str, list[str]] = field(default_factory=dict)
    """Why they stay as they are → where they stand."""

    def note(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Takes note of those of some rows, as `checked_changes` returns them. A row with problems says everything itself."""
        for row in rows:
            for name, _, _, kept in row["changes"] or () if row["state"] != RowState.BAD else ():
                if kept is not None:
                    self.cells.setdefault(kept, []).append(f"第 {row['number']} 行“{self.check.title(name)}”")

    def remarks(self) -> list[str]:
        """What people read: how many there are, why, and where the first of them stand."""
        return [
            f"有 {len(found)} 个单元格的改动不会被采纳，保持原值（{kept}）：{'、'.join(found[:NAMED])}{'等' * (len(found) > NAMED)}。"
            for kept, found in self.cells.items()
        ]


def checked_changes(
    session: Session,
    actor: Actor,
    description: Import,
    check: RowCheck,
    places: Mapping[str, int],
    amended: AmendedRecords,
    chunk: Sequence[tuple[int, list[str]]],
) -> list[dict[str, Any]]:
    """Rows of a file, as (number, cells), as they are kept: with what they change, or what is wrong with them."""
    rows = []
    for (number, cells), one in zip(chunk, amendments(session, actor, description, check, places, [c for _, c in chunk]), strict=True):
        amended.refuse(number, one)
        rows.append({"number": number, "cells": cells, "state": one.state, "problems": one.problems or None, "changes": one.changes})
    return rows


def change_records(runtime: Runtime, work: Work, record: ImportRecord, description: Import) -> None:
    """Changes the records of the good rows, in chunks."""
    if work.total is None:
        work.progress(0, 0, record.good)
    with runtime.database.reading() as session:
        check = row_check(session, description)
    while True:
        with runtime.database.writing() as session:
            rows = rows_of(session, record.id, [RowState.GOOD], 0, work.chunk)
            if not rows:
                return
            jobs = _change(runtime.engine, session, work, record, description, check, rows)
        outbox.hand_out(runtime.settings.redis_url, jobs)
        work.give_way()


def _change(
    engine: Engine, session: Session, work: Work, record: ImportRecord, description: Import, check: RowCheck, rows: Sequence[ImportRow]
) -> list[str]:
    """Changes the records of some rows, each in a savepoint; a row that has become a bad one meanwhile says why.

    Returns: the jobs to hand out.
    """
    found = amendments(session, work.actor, description, check, record.places, [row.cells for row in rows])
    jobs: list[str] = []
    counts = dict.fromkeys(RowState, 0)
    # in the order of instance ids, as everybody who acts on many: two of them never wait for each other
    order = sorted(zip(rows, found, strict=True), key=lambda pair: 0 if pair[1].standing is None else pair[1].standing.id)
    for row, one in order:
        state, problems = one.state, one.problems
        if state == RowState.GOOD:
            more, problems = _attempt(engine, session, work.actor, one)
            jobs += more
            state = RowState.BAD if problems else RowState.TAKEN
        row.state, row.problems, row.changes, row.record_id = state, problems or None, one.changes, one.record_id
        counts[state] += 1
    table = ImportRecord
    sums = {name: getattr(table, name) + counts[state] for name, state in _COUNTED.items()}
    session.execute(update(table).where(table.id == record.id).values(sums))
    work.keep(session, work.done + counts[RowState.TAKEN] + counts[RowState.SAME], work.failed + counts[RowState.BAD])
    return jobs


_COUNTED = {"taken": RowState.TAKEN, "bad": RowState.BAD, "same": RowState.SAME}


def _attempt(engine: Engine, session: Session, actor: Actor, one: Amendment) -> tuple[list[str], Problems]:
    """Changes one record. Returns the jobs to hand out, and what was in the way."""
    if one.standing is None:
        return [], [(RECORD, "记录不存在")]
    try:
        with session.begin_nested():
            edit = acting.open_edit(engine, session, actor, one.standing.id, one.standing.seq)
            return acting.store_edit(edit, one.answers), []
    except FormInvalid as error:
        return [], [(name.split(".")[0], text) for name, text in error.problems]
    except (ProcessError, DomainError, expressions.ExpressionError) as error:
        return [], [(RECORD, str(error))]
    except FAULTS:
        _log.exception("change of record %s", one.record_id)
        return [], [(RECORD, "处理时出错，请打开记录单独修改；如仍不成功，请联系系统管理员")]
