"""Messages between instances (docs/decisions/messages.md): delivered as a step of the receiver's own. (Sending: `posting.py`.)

A row of `process_message` is written in the transaction of the step that throws it, so it exists exactly where that step holds. The
scheduler delivers it: one transaction in which the receiver takes its step and the row is closed. It has one receiver – the
instance that has waited longest and correlates, else the process that it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import SYSTEM
from processes import tables
from processes.definitions.correlation import FROM_ANY, key_of, receptions
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import Element, listed
from processes.diagrams.expressions import ExpressionError, evaluate
from processes.engine import Engine
from processes.errors import EngineFault, TaskClosed
from processes.states import EventKind, MessageState
from processes.steps import books, running
from processes.steps.locking import lock
from processes.steps.posting import unpack
from processes.steps.starting import open_step
from processes.steps.step import Step

KEPT = timedelta(days=7)  # how long a message waits for somebody to receive it
LONGEST = timedelta(hours=1)  # between two attempts
SUSPENDED = timedelta(minutes=1)  # until a suspended receiver is looked at again
MAX_TRIES = 8  # of a receiver that cannot take it


def due(session: Session, now: datetime, limit: int = 200) -> list[int]:
    """Ids of the messages to be delivered now, the oldest first."""
    table = tables.message
    query = select(table.c.id).where(table.c.state == MessageState.WAITING, table.c.next_at <= now).order_by(table.c.id).limit(limit)
    return list(session.scalars(query))


def deliver(engine: Engine, session: Session, message_id: int) -> list[str]:
    """Delivers a message: the receiver's step, or the start of a process. Kept for later where nobody waits for it yet.

    Returns: ids of new jobs.
    Raises:
        ProcessError, ExpressionError: the receiver cannot take it; `put_off` says so once this is rolled back.
    """
    table = tables.message
    message = session.execute(select(table).where(table.c.id == message_id, table.c.state == MessageState.WAITING)).first()
    if message is None:
        return []
    waiting = receiver(engine, session, message)
    if waiting is not None:
        return _receive(engine, session, message, waiting)
    process = _process(engine, session, message)
    if process is not None:
        return _start(engine, session, message, process)
    _keep(session, message, engine.clock())
    return []


def receiver(engine: Engine, session: Session, message: Any) -> Any | None:
    """The subscription that a message reaches: the oldest that correlates, of a record of the sender's party unless the event says
    `messageFrom` = `any`."""
    payload, table, instance = unpack(message.payload), tables.subscription, tables.instance
    kinds = session.execute(select(table.c.definition_id, table.c.element).where(table.c.name == message.name).distinct()).all()
    matches = []
    for kind in kinds:
        definition = load(session, kind.definition_id)
        reception = receptions(definition)[kind.element]
        key = _key(reception.read, payload)
        if key is not None:
            own = instance.c.party_id == message.party_id if not _from_any(definition, kind.element) else True
            same = (table.c.definition_id == kind.definition_id) & (table.c.element == kind.element) & (table.c.key == key)
            matches.append(same & own)
    if not matches:
        return None
    query = select(table.c.instance_id, table.c.element).join(instance, instance.c.id == table.c.instance_id)
    return session.execute(query.where(or_(*matches)).order_by(table.c.since, table.c.instance_id).limit(1)).first()


def _key(read: Mapping[str, str], payload: Mapping[str, Any]) -> str | None:
    """The key of what a message carries; None where it carries nothing of the kind."""
    try:
        return key_of({name: evaluate(text, payload) for name, text in read.items()})
    except ExpressionError:
        return None


def _from_any(definition: Definition, element: str) -> bool:
    return definition.elements[element].properties.get("messageFrom") == FROM_ANY


def _receive(engine: Engine, session: Session, message: Any, waiting: Any) -> list[str]:
    step = lock(engine, session, SYSTEM, waiting.instance_id)
    if step.row.state is None:
        raise TaskClosed
    running.load(step)
    element = step.definition.elements[waiting.element]
    step.record(EventKind.RECEIVED, element.name or message.name, element.id)
    if not step.receive(element, _fit(element, message)):
        raise TaskClosed("对方已不再等待这条消息")
    return _done(step, message, element.id)


def _process(engine: Engine, session: Session, message: Any) -> Definition | None:
    """The newest version of the process that the message starts."""
    table = tables.definition
    newest = select(func.max(table.c.id)).where(table.c.starts_by == message.name).group_by(table.c.key)
    latest = select(func.max(table.c.id)).group_by(table.c.key)
    found = session.scalars(select(table.c.id).where(table.c.id.in_(newest), table.c.id.in_(latest)).order_by(table.c.id)).first()
    return None if found is None else load(session, found)


def _start(engine: Engine, session: Session, message: Any, definition: Definition) -> list[str]:
    begin, where = definition.start, f"由消息“{message.name}”开始的流程“{definition.name}”"
    subject_id = evaluate(begin.properties["messageSubject"], unpack(message.payload))
    subject = None
    if isinstance(subject_id, int) and not isinstance(subject_id, bool):
        subject = engine.subjects[definition.subject].load(session, subject_id, lock=True)
    if subject is None or (subject.party_id != message.party_id and not _from_any(definition, begin.id)):
        raise EngineFault(f"{where}没有找到它的业务记录")
    table = tables.instance
    under_way = select(table.c.id).where(table.c.key == definition.key, table.c.subject_id == subject.id, table.c.ended_at.is_(None))
    if session.scalar(under_way.limit(1)) is not None:
        raise EngineFault(f"{where}已在办理同一条业务记录")
    step = open_step(engine, session, SYSTEM, definition, subject)
    running.run(step)
    step.record(EventKind.RECEIVED, begin.name or message.name, begin.id)
    if not step.receive(begin, _fit(begin, message)):
        raise EngineFault(f"{where}没有等待这条消息")
    return _done(step, message, begin.id)


def _fit(element: Element, message: Any) -> dict[str, Any]:
    """What the receiver takes of what a message carries: the names of `messageGives`, None where the message has no such name."""
    payload = unpack(message.payload)
    return {name: payload.get(name) for name in listed(element.properties.get("messageGives", ""))}


def _done(step: Step, message: Any, element: str) -> list[str]:
    table = tables.message
    values = {"state": MessageState.DELIVERED, "instance_id": step.row.id, "target": element, "next_at": None, "error": None}
    # closed after the receiver's row is locked, as every step locks: a second deliverer finds it closed, and takes its step back
    closed = update(table).where(table.c.id == message.id, table.c.state == MessageState.WAITING).values(values)
    running.run(step)
    step.delivers = message.id  # its row is locked in one go with those that the step's own new waits wake up
    jobs = books.write(step)
    if step.session.execute(closed).rowcount != 1:  # type: ignore[attr-defined]
        raise TaskClosed("这条消息已送达")
    return jobs


def _keep(session: Session, message: Any, now: datetime) -> None:
    table = tables.message
    values: dict[str, Any] = {"next_at": now + _wait(message.tries), "tries": message.tries + 1}
    if now - (message.retried_at or message.sent_at) >= KEPT:
        values = {"state": MessageState.EXPIRED, "next_at": None, "error": f"{KEPT.days} 天内没有流程接收"}
    # not where somebody who began to wait meanwhile has woken it up
    unseen = (table.c.id == message.id, table.c.state == MessageState.WAITING, table.c.next_at == message.next_at)
    session.execute(update(table).where(*unseen).values(values))


def put_off(engine: Engine, session: Session, message_id: int, error: str) -> int | None:
    """A receiver could not take a message: tried again later, and after that a failure.

    Returns: the running instance that is to have the incident, once it has failed: the receiver, or – of a process that could not
    start – the sender.
    """
    table = tables.message
    message = session.execute(select(table).where(table.c.id == message_id, table.c.state == MessageState.WAITING)).first()
    if message is None:
        return None
    waiting = receiver(engine, session, message)
    over = message.tries + 1 >= MAX_TRIES
    values: dict[str, Any] = {"tries": message.tries + 1, "error": error, "next_at": engine.clock() + _wait(message.tries)}
    blamed = int(message.sender_id if waiting is None else waiting.instance_id)
    found: int | None = None
    if over:
        values |= {"state": MessageState.FAILED, "next_at": None, "instance_id": blamed}
        instance = tables.instance.c  # locked before the message, as every step does
        found = session.scalar(select(instance.id).where(instance.id == blamed, instance.ended_at.is_(None)).with_for_update())
    session.execute(update(table).where(table.c.id == message_id, table.c.state == MessageState.WAITING).values(values))
    return found


def hold_back(engine: Engine, session: Session, message_id: int) -> None:
    """The receiver is suspended: looked at again soon, and no attempt of it."""
    table = tables.message
    later = update(table).where(table.c.id == message_id, table.c.state == MessageState.WAITING)
    session.execute(later.values(next_at=engine.clock() + SUSPENDED))


def _wait(tries: int) -> timedelta:
    return min(LONGEST, timedelta(seconds=5 * 2 ** min(tries, 20)))
