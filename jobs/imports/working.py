"""The two background tasks of an import: checking a file, and taking its good rows in.

Both begin where the states of the rows show, and do a chunk in a transaction: a worker that is killed doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, cast

from sqlalchemy import JSON, Integer, String, delete, insert, literal, select, true, update
from sqlalchemy import Table as SqlTable
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from xlsxwriter.utility import xl_col_to_name

from domain.ground.database import overwrite
from domain.ground.values import values_table
from domain.platform.imports import ImportRecord, ImportRow, ImportState, RowState, move, recount
from jobs.imports import import_kept
from jobs.imports.amending import AmendedRecords
from jobs.imports.apart import inspect_apart, open_table_apart
from jobs.imports.changing import ClosedCells, change_records, checked_changes
from jobs.imports.checking import Doubles, RowCheck, row_check
from jobs.imports.description import ChangedMeanwhile, Import
from jobs.imports.guarding import BadFile, kind_of
from jobs.imports.originals import can_come_back, file_of, needed
from jobs.imports.reading import SeveralSheets, Table
from jobs.imports.text_files import Rows
from jobs.outbox import hand_out
from jobs.runtime import Runtime
from jobs.work import Overtaken, Work
from processes.definitions.store import latest
from processes.steps import bulk_start

CHECKED = 2000  # rows a transaction: on SQLite nobody else writes meanwhile, so what can be done before it begins is done before
CHECKED_TEXT = 500_000  # characters a transaction
TAKEN = 500  # rows that become records in one transaction: some 30 ms
ROWS = cast(SqlTable, ImportRow.__table__)  # Core: twenty thousand rows need no objects
KEPT = ("number", "state", "cells", "problems", "changes")
TRIES = 3  # of one chunk, where another import takes the same people in at the same moment


def check_file(runtime: Runtime, work: Work) -> None:
    """Reads an uploaded file, checks every row and keeps it. An attempt after one that was killed begins anew: no row is a record yet."""
    record, description = _load_ours(work)
    path = file_of(runtime.settings, record)
    if record.state == ImportState.CHECKING:
        check = _row_check(work, description)
        try:
            if not path.exists():
                raise BadFile("上传的文件已不存在，请重新上传")
            renew = partial(_renew, work)
            if not work.params.get("safe"):
                inspect_apart(path, record.file_name, renew)
            with open_table_apart(path, check.columns, kind_of(path), record.sheet, renew) as table:
                _forget_rows(work, record, table)
                _check_rows(work, record, description, check, table)
        except SeveralSheets as several:
            with work.database.writing() as session:
                sheets = [asdict(one) for one in several.sheets]
                move(session, record.id, [ImportState.CHECKING], state=ImportState.CHOOSING, sheets=sheets)
                work.keep(session, 0, 0)
        except BadFile as error:
            _refuse(work, record, str(error))
    record, _ = _load(work)  # a worker that lost the task stops before it comes here
    if path.exists() and not (needed(record) and can_come_back(path, record.total)):
        path.unlink()  # its rows are kept


def take_in(runtime: Runtime, work: Work) -> None:
    """Makes records of an import's good rows and starts their processes, or changes the records that the rows are about."""
    record, description = _load_ours(work)
    if description.amends is None:
        store_rows(work)
        start_processes(runtime, work)
    else:
        change_records(runtime, work, record, description)
    with work.database.writing() as session:
        recount(session, record.id)
        move(session, record.id, [ImportState.TAKING], state=ImportState.DONE, finished_at=work.clock())
    record, _ = _load(work)
    if not needed(record):
        file_of(runtime.settings, record).unlink(missing_ok=True)


def store_rows(work: Work) -> None:
    """Makes records of the good rows, in chunks."""
    record, description = _load(work)
    if work.total is None:
        work.progress(0, 0, record.good)
    check = _row_check(work, description)
    last: int | None = 0
    while last is not None:
        last = _take_chunk(work, record, description, check, last)


def start_processes(runtime: Runtime, work: Work, most: int | None = None) -> None:
    """Starts the processes of the new records, in chunks; about `most` of them, or all."""
    record, description = _load(work)
    started = 0
    while (most is None or started < most) and (more := _start_chunk(runtime, work, record, description)):
        started += more


def _load(work: Work) -> tuple[ImportRecord, Import]:
    with work.database.reading() as session:
        record = session.get_one(ImportRecord, work.params["import"])
    return record, import_kept(record.kind)


def _load_ours(work: Work) -> tuple[ImportRecord, Import]:
    """As `_load`, where this is the import's task: one that failed may be tried again after another has gone on with its work.

    Raises:
        Overtaken
    """
    record, description = _load(work)
    if record.task_id != work.task_id:
        raise Overtaken
    return record, description


def _row_check(work: Work, description: Import) -> RowCheck:
    with work.database.reading() as session:
        return row_check(session, description)


def _forget_rows(work: Work, record: ImportRecord, table: Table) -> None:
    with work.database.writing() as session:
        session.execute(delete(ImportRow).where(ImportRow.import_id == record.id))
        move(
            session,
            record.id,
            [ImportState.CHECKING],
            header=list(table.header),
            places=dict(table.places),
            sheet=table.sheet or None,
            head=table.head,
            **({} if record.sheets else {"sheets": [asdict(one) for one in table.others]}),
        )
        work.keep(session, 0, 0)


def _check_rows(work: Work, record: ImportRecord, description: Import, check: RowCheck, table: Table) -> None:
    doubles, amended, closed = Doubles(description), AmendedRecords(), ClosedCells(check)
    done = bad = same = 0
    for chunk in _chunks(table.rows):
        with work.database.reading() as session:
            if description.amends is None:
                rows = _checked(session, work, description, check, table, doubles, chunk)
            else:
                rows = checked_changes(session, work.actor, description, check, table.places, amended, chunk)
        with work.database.writing() as session:
            bad += _contradicted(session, record, doubles)
            checked = values_table(session, rows, {"number": Integer, "state": String, "cells": JSON, "problems": JSON, "changes": JSON})
            values = [literal(record.id), *(checked.c[name] for name in KEPT)]
            session.execute(insert(ROWS).from_select(["import_id", *KEPT], select(*values), include_defaults=False))
            closed.note(rows)
            bad += sum(row["state"] == RowState.BAD for row in rows)
            same += sum(row["state"] == RowState.SAME for row in rows)
            done += len(rows)
            work.keep(session, done - bad, bad)
    if not done:
        raise BadFile("文件中只有表头，没有数据行，请填写后重新上传")
    header = [*table.header, *[""] * (1 + max(table.unnamed, default=-1) - len(table.header))]
    for at in table.unnamed:
        header[at] = f"{xl_col_to_name(at)} 列（没有表头）"  # so that the page says that it is not imported
    found = {"total": done, "bad": bad, "same": same, "header": header, "remarks": [*_remarks(table, description.verb), *closed.remarks()]}
    with work.database.writing() as session:
        move(session, record.id, [ImportState.CHECKING], state=ImportState.READY, **found)


def _remarks(table: Table, verb: str) -> list[str]:
    """What people should know of a table whose rows are read."""
    remarks = []
    if table.hidden_rows:
        remarks.append(f"其中 {len(table.hidden_rows)} 行在表格中被隐藏（或被筛选掉），也会{verb}。")
    if table.hidden_columns:
        remarks.append(f"{'、'.join(f'“{heading}”' for heading in table.hidden_columns)}列在表格中被隐藏，也会{verb}。")
    return remarks


def _chunks(rows: Rows) -> Iterator[list[tuple[int, list[str]]]]:
    """Rows for one transaction each: fewer where their texts are long."""
    chunk: list[tuple[int, list[str]]] = []
    size = 0
    for number, cells in rows:
        chunk.append((number, cells))
        size += sum(map(len, cells))
        if len(chunk) >= CHECKED or size >= CHECKED_TEXT:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _renew(work: Work) -> None:
    """Renews the lease while the file is read; ends the reading where the task was cancelled."""
    work.progress(work.done, work.failed)


def _checked(
    session: Session, work: Work, description: Import, check: RowCheck, table: Table, doubles: Doubles, chunk: list[tuple[int, list[str]]]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    for number, cells in chunk:
        answers, problems = check.read(table.places, cells)
        problems += doubles.problems(number, answers)
        rows.append(
            {
                "number": number,
                "cells": cells,
                "state": RowState.BAD if problems else RowState.GOOD,
                "problems": problems or None,
                "changes": None,
            }
        )
        asked.append(answers)
    fine = [at for at, row in enumerate(rows) if row["state"] == RowState.GOOD]
    for at, problem in description.known(session, work.actor, [asked[at] for at in fine]).items():
        rows[fine[at]].update(state=RowState.BAD, problems=[problem])
    for row in rows:
        if (contradicted := doubles.contradicted.pop(row["number"], None)) is not None and row["state"] == RowState.GOOD:
            row.update(state=RowState.BAD, problems=[contradicted])
    return rows


def _contradicted(session: Session, record: ImportRecord, doubles: Doubles) -> int:
    """Refuses the rows of earlier chunks that one of the last chunk contradicts. Returns how many were good until now."""
    good = select(ROWS.c.number).where(ROWS.c.import_id == record.id, ROWS.c.state == RowState.GOOD)
    found = [number for number in doubles.contradicted if session.scalar(good.where(ROWS.c.number == number)) is not None]
    _refuse_rows(session, record, {number: doubles.contradicted[number] for number in found})
    doubles.contradicted.clear()
    return len(found)


def _refuse(work: Work, record: ImportRecord, problem: str) -> None:
    with work.database.writing() as session:
        session.execute(delete(ImportRow).where(ImportRow.import_id == record.id))
        move(session, record.id, [ImportState.CHECKING], state=ImportState.REFUSED, problem=problem, sha256=None, total=0, bad=0)


def _take_chunk(work: Work, record: ImportRecord, description: Import, check: RowCheck, after: int) -> int | None:
    """Makes records of the next good rows behind a number; a row that the stored records refuse by now becomes bad.

    Returns: the last of these rows; None where none was left.
    """
    for attempt in range(1, TRIES + 1):
        try:
            with work.database.reading() as session:
                # Core rows: they are read once. Nobody but this attempt changes good rows of an import that is being taken in
                good = select(ROWS.c.number, ROWS.c.cells).where(ROWS.c.import_id == record.id, ROWS.c.state == RowState.GOOD)
                rows = session.execute(good.where(ROWS.c.number > after).order_by(ROWS.c.number).limit(TAKEN)).all()
            if not rows:
                return None
            answers = [check.answers(record.places, row.cells) for row in rows]
            with work.database.writing() as session:
                _take(session, work, description, record, rows, answers)
            last: int = rows[-1].number
            return last
        except (IntegrityError, ChangedMeanwhile):  # somebody else has made one of these records meanwhile, or changed it: look again
            if attempt == TRIES:
                raise BadFile("数据正被其他导入占用，请稍后重试") from None
    return None


def _take(
    session: Session, work: Work, description: Import, record: ImportRecord, rows: Sequence[Any], answers: Sequence[dict[str, Any]]
) -> None:
    refused: dict[int, tuple[str, str]] = _refused(session, work, description, answers)
    doubles = Doubles(description)
    for at, (row, one) in enumerate(zip(rows, answers, strict=True)):
        if at not in refused and (found := doubles.problems(row.number, one)):  # made equal by corrections
            refused[at] = found[0]
    fine = [at for at in range(len(rows)) if at not in refused]
    made = description.store(session, work.actor, [answers[at] for at in fine], work.clock())
    if len(made) < len(fine):
        raise ChangedMeanwhile
    _note_records(session, record, [(rows[at].number, made_id) for at, made_id in zip(fine, made, strict=True)])
    _refuse_rows(session, record, {rows[at].number: problem for at, problem in refused.items()})
    table = ImportRecord
    counts = {"taken": table.taken + len(fine), "bad": table.bad + len(refused)}
    session.execute(update(table).where(table.id == record.id).values(counts))
    done = 0 if description.process else len(fine)  # else each is counted once its process has started
    work.keep(session, work.done + done, work.failed + len(refused))


def _refused(session: Session, work: Work, description: Import, answers: Sequence[Mapping[str, Any]]) -> dict[int, tuple[str, str]]:
    """The rows that are refused by now, as `known` says; all of them where nothing may be imported any more."""
    closed = description.closed(session, work.actor, work.clock())
    if closed is None:
        return dict(description.known(session, work.actor, answers))
    return {at: (next(iter(one), ""), closed) for at, one in enumerate(answers)}


def _note_records(session: Session, record: ImportRecord, made: list[tuple[int, int]]) -> None:
    """Writes down which record was made of which row."""
    if not made:
        return
    # the rows are there, so every one of these is an update: of the ways to update many it is the one with a single parameter
    values = values_table(session, [{"row": number, "made": made_id} for number, made_id in made], {"row": Integer, "made": Integer})
    there = {
        "import_id": literal(record.id),
        "number": values.c.row,
        "state": literal(RowState.TAKEN, ROWS.c.state.type),
        "cells": literal([], JSON),
        "record_id": values.c.made,
    }
    overwrite(session, ROWS, there, select(*there.values()).where(true()), ("state", "record_id"))


def _refuse_rows(session: Session, record: ImportRecord, refused: Mapping[int, tuple[str, str]]) -> None:
    """Writes down which rows the stored records refuse by now, and why."""
    for number, problem in refused.items():  # few: most were found when the file was checked
        one = update(ROWS).where(ROWS.c.import_id == record.id, ROWS.c.number == number)
        session.execute(one.values(state=RowState.BAD, problems=[problem]))


def _start_chunk(runtime: Runtime, work: Work, record: ImportRecord, description: Import) -> int:
    """Starts the processes of the next records, and hands their jobs out. Returns how many."""
    if description.process is None:
        return 0
    jobs: list[str] = []
    with work.database.writing() as session:
        of = (ROWS.c.import_id == record.id, ROWS.c.state == RowState.TAKEN)
        rows = session.execute(select(ROWS.c.number, ROWS.c.record_id).where(*of).order_by(ROWS.c.number).limit(work.chunk)).all()
        if rows:
            ids = [row.record_id or 0 for row in rows]
            kind = runtime.engine.subjects[latest(session, description.process).subject]
            subjects = kind.load_all(session, ids) if description.parts is None else description.parts(session, ids)
            jobs = bulk_start.start_many(runtime.engine, session, work.actor, description.process, subjects)
            session.execute(update(ROWS).where(*of, ROWS.c.number <= rows[-1].number).values(state=RowState.STARTED))
            work.keep(session, work.done + len(rows), work.failed)
    hand_out(runtime.settings.redis_url, jobs)
    work.give_way()
    return len(rows)
