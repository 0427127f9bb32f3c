"""Notices by SMS: all notices that have gathered for a person go in one SMS, which is tried again while the gateway is away.

Few SMS on purpose: the first notice waits for a minute at least, its SMS holds all that have come meanwhile, and the same person gets
no other SMS within ten minutes. A batch over 300 records makes one SMS, not 300.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from domain.ground.database import rows_changed
from domain.ground.handling import FAULTS, Permanent, Transient, mistake
from domain.ground.parties import Person
from domain.ground.rows import read_all, read_one
from handlers import sms
from jobs import leases
from jobs.outbox import LEASE
from jobs.queue import QUICK, enqueue, has_room
from jobs.runtime import Runtime
from processes import tables
from processes.diagrams import retries
from processes.notices.reminders import due_notices, remind
from processes.rows import TextRow
from processes.states import TextState
from processes.steps.telling import KINDS

DUTY = "text"  # its name in the queue
EVERY = timedelta(seconds=15)  # how often the scheduler looks
APART = timedelta(minutes=10)  # between two SMS to the same person
RETRY_MAX, RETRY_DELAY = 7, 2.0  # tries after the first, and seconds before the first of them, doubled each time
REMINDED = 200  # tasks in one transaction: on SQLite nobody else writes meanwhile
MOST = 100  # people in one transaction
BUNDLES = 5  # such transactions in one look
LONGEST = 200  # characters of an SMS
_TEXT, _NOTICE = tables.text, tables.notice
_LEASED = leases.Leased(_TEXT, "next_at", TextState.PENDING, TextState.RUNNING)
_log = logging.getLogger(__name__)


def turn(runtime: Runtime) -> None:
    """What the scheduler does now and then: writes reminders, bundles notices that are due into SMS, and hands the SMS out."""
    now, database = runtime.engine.clock(), runtime.database
    with database.reading() as session:
        notices = due_notices(session, now)
    for at in range(0, len(notices), REMINDED):
        with database.writing() as session:
            remind(session, now, notices[at : at + REMINDED])
    for _ in range(BUNDLES):
        with database.writing() as session:
            if not bundle(session, now):
                break
    if not has_room(runtime.settings.redis_url, QUICK):
        return
    with runtime.database.writing() as session:
        due = leases.sweep(session, _LEASED, now)
    enqueue(runtime.settings.redis_url, QUICK, DUTY, due)


def bundle(session: Session, now: datetime) -> list[str]:
    """Makes one SMS of all notices of a person, for each person whose notices are due. Returns the ids of the SMS."""
    recent = exists().where(_TEXT.c.person_id == _NOTICE.c.person_id, _TEXT.c.created_at > now - APART, _TEXT.c.created_at <= now)
    due = select(_NOTICE.c.person_id).where(_NOTICE.c.sms_at <= now, ~recent).distinct().limit(MOST)
    people = session.scalars(due).all()
    if not people:
        return []
    # marked and read in one statement: a notice that another step adds meanwhile goes with the next SMS
    marked = update(_NOTICE).where(_NOTICE.c.person_id.in_(people), _NOTICE.c.sms_at.is_not(None)).values(sms_at=None)
    notices = read_all(session, marked.returning(_NOTICE.c.person_id, _NOTICE.c.kind, _NOTICE.c.text), _Bundled)
    mobiles = {row.id: row.mobile for row in session.execute(select(Person.id, Person.mobile).where(Person.id.in_(people), Person.active))}
    rows = []
    for person in people:
        if mobiles.get(person):
            text = _text_of([notice for notice in notices if notice.person_id == person])
            payload = {"messages": [{"to": mobiles[person], "text": text}]}
            rows.append({"id": str(uuid4()), "person_id": person, "payload": payload, "created_at": now, "next_at": now})
    if rows:
        session.execute(insert(_TEXT), [{**row, "state": TextState.PENDING, "attempt": 0, "tries": 0} for row in rows])
    return [str(row["id"]) for row in rows]


def send(runtime: Runtime, text_id: str) -> bool:
    """Claims an SMS and sends it with no transaction open, the id as its idempotency key.

    Returns: False where it was sent already, or another worker has it.
    """
    with runtime.database.writing() as session:
        if not leases.claim(session, _LEASED, text_id, runtime.engine.clock(), LEASE, tries=_TEXT.c.tries + 1):
            return False
        row = read_one(session, select(_TEXT).where(_TEXT.c.id == text_id), TextRow)
    if row.tries > RETRY_MAX + 1:  # no attempt has come to an end: perhaps this SMS kills the workers
        return _answered(runtime, row, TextState.FAILED, f"连续 {RETRY_MAX + 1} 次没有结果，请稍后重新发送", None)
    try:
        sms.call(row.payload, text_id, runtime.settings)
    except (Transient, OSError) as error:
        again = runtime.engine.clock() + retries.wait(row.tries, RETRY_DELAY) if row.tries <= RETRY_MAX else None
        return _answered(
            runtime,
            row,
            TextState.FAILED if again is None else TextState.PENDING,
            str(error) if isinstance(error, Transient) else mistake(error),
            again,
        )
    except Permanent as error:
        return _answered(runtime, row, TextState.FAILED, str(error), None)
    except FAULTS as error:
        _log.exception("SMS %s", text_id)
        return _answered(runtime, row, TextState.FAILED, f"发送程序出错，请联系系统管理员（{mistake(error)}）", None)
    return _answered(runtime, row, TextState.DONE, None, None)


def _answered(runtime: Runtime, row: TextRow, state: TextState, error: str | None, next_at: datetime | None) -> bool:
    """Writes what became of an attempt. False where another attempt is the current one."""
    current = (_TEXT.c.id == row.id, _TEXT.c.attempt == row.attempt, _TEXT.c.state == TextState.RUNNING)
    if error is not None:
        _log.warning("SMS %s: %s", row.id, error)
    with runtime.database.writing() as session:
        return rows_changed(session, update(_TEXT).where(*current).values(state=state, error=error, next_at=next_at)) == 1


class _Bundled(Protocol):
    person_id: int
    kind: str
    text: str


def _text_of(notices: Sequence[_Bundled]) -> str:
    if len(notices) == 1:
        return notices[0].text[:LONGEST]
    numbers = Counter(notice.kind for notice in notices)
    kinds = "，".join(f"{KINDS[kind]} {numbers[kind]} 条" for kind in KINDS if numbers[kind])
    return f"您有 {len(notices)} 条新消息：{kinds}。请登录试点院校业务平台查看。"
