"""Rows that change records which are there: what a row changes, what may not be changed, and what stands in its way.

A template holds today's data. Its column 编号 names the record and how many lines its history had then, so that the history tells what
each cell held when the template was made: only a cell that differs from that was changed by a person. A row without 编号 is found by
what identifies its record, and compared with what the record says now.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_all
from domain.platform.imports import CellChange, RowState
from forms.checking import checker
from forms.filling import followed
from jobs.imports.checking import Problems, RowCheck, repeats
from jobs.imports.columns import RECORD
from jobs.imports.description import Amends, Import
from processes import tables
from processes.definitions.store import load
from processes.history import clock_text
from processes.rights import access
from processes.rows import EventRow
from processes.states import EventKind

SWAPPED = "那位考生的证件也在本文件中修改：可先修改其他行，再重新检查本行；两人填反的，请保留各自的证件号，改为对调姓名等其他各项"
_NUMBER = re.compile(r"(\d{1,9})-(\d{1,7})")


class Standing(Protocol):
    """Where a record stands in its process."""

    id: int
    subject_id: int
    definition_id: int
    position: str | None
    seq: int
    status: str
    suspended_at: object


@dataclass
class Amendment:
    """What a row says about a record."""

    record_id: int | None = None
    standing: Standing | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    """The record's answers with what the row changes."""
    changes: list[CellChange] = field(default_factory=list)
    problems: Problems = field(default_factory=list)

    @property
    def state(self) -> RowState:
        """What becomes of the row."""
        if self.problems:
            return RowState.BAD
        return RowState.GOOD if any(kept is None for _, _, _, kept in self.changes) else RowState.SAME


def number_of(record_id: int, seq: int) -> str:
    """What stands in the column 编号: the record, and how many lines its history has."""
    return f"{record_id}-{seq}"


def standings(session: Session, key: str, record_ids: Sequence[int]) -> dict[int, Standing]:
    """Record → where it stands in the process `key`. One query."""
    table = tables.instance.c
    names = (table.id, table.subject_id, table.definition_id, table.position, table.seq, table.status, table.suspended_at)
    query = select(*names).where(table.key == key, table.subject_id.in_(record_ids))
    return {row.subject_id: row for row in read_all(session, query, Standing)}


@dataclass(frozen=True)
class Form:
    """The form in which a record may be edited where it stands."""

    schema: Mapping[str, Any]
    seen: Mapping[str, Any]
    """As it is filled in there: what is only read is `readOnly`."""
    check: Callable[[Mapping[str, Any]], Problems]


@dataclass
class Forms:
    """The forms of records where they stand, each made ready once."""

    session: Session
    known: dict[tuple[int, str | None], Form | None] = field(default_factory=dict)

    def at(self, standing: Standing) -> Form | None:
        """The form at a record's place; None where the record may not be edited."""
        place = (standing.definition_id, standing.position)
        if place not in self.known:
            definition = load(self.session, standing.definition_id)
            element = definition.elements.get(standing.position or "")
            schema = definition.forms.get(element.edit_form or "") if element is not None else None
            self.known[place] = None
            if element is not None and schema is not None:
                seen = access.form_at(schema, element, element.edit_lane)
                self.known[place] = Form(schema, seen, checker(seen))
        return self.known[place]


def amendments(
    session: Session, actor: Actor, description: Import, check: RowCheck, places: Mapping[str, int], rows: Sequence[Sequence[str]]
) -> list[Amendment]:
    """What some rows of a file say, in a few queries for all of them."""
    amends = description.amends
    assert amends is not None  # noqa: S101  # the caller has looked
    read = [check.read(places, cells) for cells in rows]
    found, seen = _record_ids(session, actor, amends, [answers for answers, _ in read])
    ids = sorted({one for one in found if one is not None})
    record = amends.listing.record
    records = {row.id: row for row in session.scalars(amends.listing.query(actor).where(record.id.in_(ids)).order_by(None))}
    stand = standings(session, description.process or "", list(records))
    edits = _edits(session, [standing.id for standing in stand.values()])
    forms, made = Forms(session), []
    for at, (answers, problems) in enumerate(read):
        one = Amendment(record_id=found[at], problems=problems)
        made.append(one)
        subject, standing = records.get(found[at] or 0), stand.get(found[at] or 0)
        if one.problems:
            continue
        if subject is None or standing is None:
            one.problems = [(RECORD, _not_found(description, answers))]
            continue
        one.standing = standing
        after = standing.seq if (known := seen[at]) is None else known
        later = [edit for edit in edits.get(standing.id, ()) if edit.seq > after]
        given = {name: answers.get(name) for name in places if name != RECORD}
        _compare(one, amends, forms, subject.answers(), given, later)
    _refuse_known(session, actor, description, made)
    return made


def _not_found(description: Import, answers: Mapping[str, Any]) -> str:
    if answers.get(RECORD):
        return f"{description.noun}不存在，或不属于本单位，请重新下载模板"
    return f"没有编号，也没有找到证件相同的{description.noun}：改了证件号的请填回编号；新的{description.noun}不能在此添加，请用批量导入"


def _record_ids(
    session: Session, actor: Actor, amends: Amends, answers: Sequence[Mapping[str, Any]]
) -> tuple[list[int | None], list[int | None]]:
    """Of each row the id of its record, and how many lines of history its template had seen; None where that is not known."""
    numbers = [_NUMBER.fullmatch(str(one.get(RECORD, "")).strip()) for one in answers]
    without = [at for at, one in enumerate(answers) if not one.get(RECORD)]
    same = amends.same(session, actor, [answers[at] for at in without]) if without else {}
    found: list[int | None] = [int(one[1]) if one is not None else None for one in numbers]
    for number, record_id in same.items():
        found[without[number]] = record_id
    return found, [int(one[2]) if one is not None else None for one in numbers]


def _edits(session: Session, instance_ids: Sequence[int]) -> dict[int, list[EventRow]]:
    """Instance → the edits of its record, oldest first."""
    table = tables.event
    query = select(table).where(table.c.instance_id.in_(instance_ids), table.c.kind == EventKind.EDIT)
    edits: dict[int, list[EventRow]] = {}
    for row in read_all(session, query.order_by(table.c.instance_id, table.c.seq), EventRow):
        edits.setdefault(row.instance_id, []).append(row)
    return edits


def _compare(
    one: Amendment, amends: Amends, forms: Forms, now: Mapping[str, Any], given: Mapping[str, Any], later: Sequence[EventRow]
) -> None:
    """Finds what a row changes of a record that says `now`. `later`: the edits since the template was made."""
    standing = one.standing
    form = forms.at(standing) if standing is not None else None
    if standing is None or form is None or standing.suspended_at is not None:
        why = "流程已挂起" if standing is not None and standing.suspended_at is not None else f"当前状态为“{standing and standing.status}”"
        one.problems = [(RECORD, f"{why}，不能修改")]
        return
    then = {**now, **dict(_before(later))}
    if amends.identity and all(given.get(name) not in (None, then.get(name)) for name in amends.identity):
        one.problems = [(RECORD, f"编号与本行的{'、'.join(_title(form, name) for name in amends.identity)}都不相符，请核对是否错行")]
        return
    changed = {name: value for name, value in given.items() if value not in (then.get(name), now.get(name))}
    one.problems = [(name, _told(now.get(name), edit)) for name in changed if (edit := _last(later, name)) is not None]
    written = {name: value for name, value in changed.items() if access.writes(form.seen, name)}
    written |= followed(form.seen, now, written)
    closed = [name for name in changed if name not in written]
    written = {name: value for name, value in written.items() if value != now.get(name)}  # emptied, and filled with the same
    kept = f"当前状态为“{standing.status}”，不能修改此项"
    one.changes = [(name, _text(now.get(name)), _text(value), None) for name, value in written.items()]
    one.changes += [(name, _text(now.get(name)), _text(value), kept) for name, value in changed.items() if name in closed]
    one.answers = {name: value for name, value in {**now, **written}.items() if value is not None}
    if written and not one.problems:
        found = form.check(access.writable(form.schema, form.seen, one.answers))
        one.problems = [(name, _reason(form, name, text)) for name, text in found]


def _refuse_known(session: Session, actor: Actor, description: Import, made: Sequence[Amendment]) -> None:
    """Refuses what would make a record like another one that is there."""
    keys = set(description.amends.key) if description.amends is not None else set()
    moved = [one for one in made if not one.problems and any(name in keys and kept is None for name, _, _, kept in one.changes)]
    left = {(name, before) for one in moved for name, before, _, _ in one.changes if name in keys}
    for at, (name, why) in description.known(session, actor, [one.answers for one in moved]).items():
        if (name, _text(moved[at].answers.get(name))) in left:  # each row is a step of its own: nobody has a number that another still has
            why = f"{why}；{SWAPPED}"
        moved[at].problems = [(name, why)]


@dataclass
class AmendedRecords:
    """Remembers which records the rows of one file change, to find the earlier row about the same one."""

    seen: dict[int, int] = field(default_factory=dict)

    def refuse(self, number: int, one: Amendment) -> None:
        """Refuses a row about a record that row `seen` of the file is about too. `number` is the row's in the file."""
        if one.record_id is not None and (first := self.seen.setdefault(one.record_id, number)) != number:
            one.problems = [(RECORD, repeats(first))]


def _before(later: Sequence[EventRow]) -> Iterator[tuple[str, Any]]:
    """What the fields said before some edits."""
    for edit in reversed(later):
        yield from ((name, before) for name, (before, _) in (edit.data or {}).items())


def _last(later: Sequence[EventRow], name: str) -> EventRow | None:
    return next((edit for edit in reversed(later) if name in (edit.data or {})), None)


def _told(now: object, edit: EventRow) -> str:
    return f"下载模板后，{edit.actor}已于 {clock_text(edit.at)} 改为“{_text(now) or '空'}”；仍要修改的，请重新下载模板"


def _title(form: Form, name: str) -> str:
    return str(access.fields_of(form.schema).get(name, {}).get("title", name))


def _reason(form: Form, name: str, message: str) -> str:
    return message.removeprefix(f"“{_title(form, name)}”").removeprefix("：")


def _text(value: object) -> str:
    return "" if value is None else str(value)
