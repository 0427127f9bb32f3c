"""Corrects cells of an import in the browser, and checks the rows of these cells again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import String, and_, cast, or_, select
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform.imports import ImportRecord, ImportRow, ImportState, RowState
from jobs.imports.amending import Amendment, amendments
from jobs.imports.cells import extra_problem
from jobs.imports.checking import Problems, RowCheck, contradicts, repeats, row_check
from jobs.imports.columns import RECORD
from jobs.imports.description import Answers, Import
from jobs.imports.guarding import MAX_CELL

OPEN = (ImportState.READY, ImportState.DONE)  # states of an import in which its rows may be corrected
OPEN_ROWS = (RowState.BAD, RowState.GOOD, RowState.SAME)  # and of such a row


class CellTooLong(DomainError):
    """一个单元格的内容过长，请删减后重新保存。"""


class RowClosed(DomainError):
    """其中有的行已导入或正在导入，不能再修改。"""


def correct(session: Session, actor: Actor, description: Import, record: ImportRecord, changes: Mapping[int, Mapping[str, str]]) -> int:
    """Puts new texts into cells (row number → field name → text) and checks these rows again.

    Returns: how many of the rows are good now.
    Raises:
        RowClosed: the import or one of the rows is not open to corrections.
        CellTooLong: a text is longer than a cell of a workbook may be.
    """
    # the import's row is locked first, as where its rows are taken in
    session.get_one(ImportRecord, record.id, with_for_update=True, populate_existing=True)
    if record.state not in OPEN:
        raise RowClosed
    check = row_check(session, description)
    touched: list[ImportRow] = []
    beside: set[int] = set()  # rows that were or are about the same as a touched one: what is said of the two may have changed
    for number, texts in changes.items():
        row = session.get(ImportRow, (record.id, number))
        if row is None or row.state not in OPEN_ROWS:
            raise RowClosed
        if description.says is not None:
            beside |= _alike_numbers(session, description, check, record, row)
        row.cells = _changed(row.cells, record.places, texts)
        _look_again(session, actor, description, record, check, row)
        touched.append(row)
        session.flush()  # so that the next row is compared with this one
        if description.says is not None:
            beside |= _alike_numbers(session, description, check, record, row)
    for number in sorted(beside):
        row = session.get_one(ImportRow, (record.id, number))
        if row.state in OPEN_ROWS:
            _look_again(session, actor, description, record, check, row)
            session.flush()
    return sum(row.state != RowState.BAD for row in touched)


def _look_again(session: Session, actor: Actor, description: Import, record: ImportRecord, check: RowCheck, row: ImportRow) -> None:
    """Checks a row as it is now, and counts it anew."""
    before = row.state
    if description.amends is None:
        row.problems = _problems(session, actor, description, record, check, row) or None
        row.state = RowState.BAD if row.problems else RowState.GOOD
    else:
        (one,) = amendments(session, actor, description, check, record.places, [row.cells])
        if not one.problems and (other := _about_same(session, actor, description, check, record, row, one)) is not None:
            one.problems = [(RECORD, repeats(other))]
        row.state, row.problems, row.changes = one.state, one.problems or None, one.changes
    record.bad += (row.state == RowState.BAD) - (before == RowState.BAD)
    record.same += (row.state == RowState.SAME) - (before == RowState.SAME)


def _changed(cells: list[str], places: Mapping[str, int], texts: Mapping[str, str]) -> list[str]:
    known = {places[name]: text.strip() for name, text in texts.items() if name in places}
    if any(len(text) > MAX_CELL for text in known.values()):
        raise CellTooLong
    # what is wrong with the row as a whole stays until a person has put something right in it: a page is saved with all its rows
    own = cells if extra_problem(places, cells) is None else cells[:-1]
    length = max([len(own), *(at + 1 for at in known)])
    changed = [known.get(at, own[at] if at < len(own) else "") for at in range(length)]
    return cells if changed == own else changed


def _problems(session: Session, actor: Actor, description: Import, record: ImportRecord, check: RowCheck, row: ImportRow) -> Problems:
    answers, problems = check.read(record.places, row.cells)
    named = {name for name, _ in problems}
    for name in description.unique:
        if name in answers and name not in named:
            problems += _clash(description, row, name, answers, list(_alike(session, description, check, record, row, name, answers)))
    if not problems:
        problems += description.known(session, actor, [answers]).values()
    return problems


def _about_same(
    session: Session, actor: Actor, description: Import, check: RowCheck, record: ImportRecord, row: ImportRow, amendment: Amendment
) -> int | None:
    """Number of another row of the file that is about the same record: an earlier one, or a later one that is not refused itself. The
    database finds those that may be by their text, as `_same`."""
    table, texts = ImportRow, [f'"{amendment.record_id}-']  # how the cell 编号 begins in a row's JSON
    if (amends := description.amends) is not None:  # and what a row without it is found by
        now = {**amendment.answers, **{name: before for name, before, _, _ in amendment.changes}}
        texts += [str(now[name]) for name in amends.key if name in amends.identity and name in now]
    query = select(table.number, table.cells).where(
        table.import_id == record.id,
        or_(table.number < row.number, and_(table.number > row.number, table.state != RowState.BAD)),
        or_(*(cast(table.cells, String).contains(text, autoescape=True) for text in texts)),
    )
    found = session.execute(query.order_by(table.number).limit(20)).all()
    others = amendments(session, actor, description, check, record.places, [cells for _, cells in found])
    alike = (number for (number, _), other in zip(found, others, strict=True) if other.record_id == amendment.record_id)
    return next(alike, None)


def _clash(
    description: Import, row: ImportRow, name: str, answers: Answers, alike: Sequence[tuple[int, RowState, Answers]]
) -> Iterator[tuple[str, str]]:
    """What is wrong with a row beside others that are alike, if anything: one of them contradicts it, or has it already."""
    says = description.says
    if says is not None:
        field, said = says[0], says[1](answers)
        for number, _, other in alike:
            if (there := says[1](other)) != said:
                yield field, contradicts(number, there, said)
                return
    for number, state, _ in alike:
        if says is None or number < row.number or state != RowState.BAD:  # of those that agree the first is taken in
            yield name, repeats(number)
            return


def _alike_numbers(session: Session, description: Import, check: RowCheck, record: ImportRecord, row: ImportRow) -> set[int]:
    """Numbers of the other rows of the file that are alike in any field."""
    answers = check.answers(record.places, row.cells)
    fields = (name for name in description.unique if name in answers)
    return {number for name in fields for number, _, _ in _alike(session, description, check, record, row, name, answers)}


def _alike(
    session: Session, description: Import, check: RowCheck, record: ImportRecord, row: ImportRow, name: str, answers: Answers
) -> Iterator[tuple[int, RowState, Answers]]:
    """(number, state, answers) of other rows of the file that are alike, the first of them first. The database finds those that may be by
    their text; their reading by the form decides."""
    table, value = ImportRow, str(answers[name])
    query = select(table.number, table.state, table.cells).where(
        table.import_id == record.id, table.number != row.number, cast(table.cells, String).contains(value, autoescape=True)
    )
    for number, state, cells in session.execute(query.order_by(table.number).limit(20)):
        other = check.answers(record.places, cells)
        if name in other and description.same(name, other) == description.same(name, answers):
            yield int(number), state, other
