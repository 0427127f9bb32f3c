"""批量确认缴费 by a list of the bank's (row 5.2.7.3): a row names a slip by its number, and the amount that has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.payment_slips import slips_numbered
from domain.exams.plans import yuan
from domain.ground.parties import Actor
from domain.ground.rows import read_all
from domain.subjects import SUBJECTS
from forms.checking import check
from handlers import HANDLERS
from jobs.imports.description import ChangedMeanwhile, Import
from processes import tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.errors import NotFound, Suspended, TaskClosed
from processes.rows import InstanceRow
from processes.steps import acting

KEY, EVENT = "payment_slip", "确认缴费"
Rows = Sequence[Mapping[str, Any]]


def _known(session: Session, actor: Actor, rows: Rows) -> dict[int, tuple[str, str]]:
    """The rows that confirm nothing: no such slip, another amount, or a slip that is not to be confirmed any more."""
    slips = slips_numbered(session, actor, [_number(row) for row in rows])
    waiting = _waiting(session, [slip.id for slip in slips.values()])
    found: dict[int, tuple[str, str]] = {}
    for at, row in enumerate(rows):
        slip = slips.get(_number(row))
        if slip is None:
            found[at] = ("number", "没有这个缴费单号，或申请单已被院校删除，请与院校核对")
        elif slip.id not in waiting:
            found[at] = ("number", f"该申请单目前是“{slip.status}”，不需要确认")
        elif waiting[slip.id].suspended_at is not None:
            found[at] = ("number", str(Suspended()))
        elif Decimal(str(row.get("amount", 0))) != slip.total:
            found[at] = ("amount", f"金额与申请单不符，应为 {yuan(slip.total)} 元")
    return found


def _store(session: Session, actor: Actor, rows: Rows, now: datetime) -> list[int]:
    """Confirms each in a step of its process. Its jobs, if a diagram gives it any, are handed out by the sweep.

    Raises:
        ChangedMeanwhile: a slip was confirmed, deleted or suspended at the same moment.
    """
    engine = replace(Engine(HANDLERS, SUBJECTS, check), clock=lambda: now)
    slips = slips_numbered(session, actor, [_number(row) for row in rows])
    waiting = _waiting(session, [slip.id for slip in slips.values()])
    for row in sorted(rows, key=_number):  # two imports of the same slips never wait for each other
        slip = slips.get(_number(row))
        instance = waiting.get(slip.id) if slip is not None else None
        if instance is None:
            raise ChangedMeanwhile
        elements = load(session, instance.definition_id).elements
        event = next(wait["element"] for wait in instance.waits if elements[wait["element"]].name == EVENT)
        try:
            acting.send(engine, session, actor, instance.id, event, "按到账明细确认")
        except (TaskClosed, NotFound, Suspended) as error:
            raise ChangedMeanwhile from error
    return [slips[_number(row)].id for row in rows]


def _waiting(session: Session, slip_ids: Sequence[int]) -> dict[int, InstanceRow]:
    """The processes of slips that wait to be confirmed, by the slip's id."""
    query = select(tables.instance).where(tables.instance.c.key == KEY, tables.instance.c.subject_id.in_(slip_ids))
    rows = read_all(session, query.where(tables.instance.c.ended_at.is_(None)), InstanceRow)
    return {row.subject_id: row for row in rows if _waits(session, row)}


def _waits(session: Session, instance: InstanceRow) -> bool:
    elements = load(session, instance.definition_id).elements
    return any(elements[wait["element"]].name == EVENT for wait in instance.waits)


def _number(row: Mapping[str, Any]) -> str:
    return str(row.get("number", "")).strip().upper()


PAYMENTS = Import(
    key="payments",
    title="按到账明细批量确认缴费",
    noun="到账",
    role="培训评价组织",
    back="/payment-slips/",
    unique=("number",),
    known=_known,
    store=_store,
    form="payment_confirmation.json",
)
