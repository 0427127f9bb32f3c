"""Delivers messages between instances (docs/decisions/messages.md), each as a step of its receiver. (Sending: `steps/posting.py`.)

A row of `process_message` is written in the transaction of the step that sends the message, so that both are kept or neither. The
scheduler delivers it: in one transaction the receiver takes its step and the row is closed. A message has one receiver: of the
instances that correlate, the one that has waited longest; where there is none, a new process, if the message starts one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.database import rows_changed
from domain.ground.parties import SYSTEM
from domain.ground.rows import read_first
from processes import tables
from processes.definitions.correlation import FROM_ANY, key_of, receptions
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import Element, listed
from processes.diagrams.expressions import ExpressionError, evaluate
from processes.engine import Engine
from processes.errors import EngineFault, TaskClosed
from processes.rows import MessageRow
from processes.states import EventKind, MessageState
from processes.steps import books, execution, running
from processes.steps.locking import lock
from processes.steps.posting import unpack
from processes.steps.starting import open_step
from processes.steps.starting_point import look_at
from processes.steps.step import Step

KEPT = timedelta(days=7)  # how long a message waits for a receiver
LONGEST = timedelta(hours=1)  # between two attempts
SUSPENDED = timedelta(minutes=1)  # between two attempts at a suspended receiver
MAX_TRIES = 8  # at a receiver that cannot take its step


class Receiver(Protocol):
    """An event of an instance that waits for a message."""

    instance_id: int
    element: str


def due(session: Session, now: datetime, limit: int = 200) -> list[int]:
    """Ids of the messages to be delivered now, the oldest first."""
    table = tables.message
    query = select(table.c.id).where(table.c.state == MessageState.WAITING, table.c.next_at <= now).order_by(table.c.id).limit(limit)
    return list(session.scalars(query))


def deliver(engine: Engine, session: Session, message_id: int) -> list[str]:
    """Delivers a message: its receiver takes a step, or a process starts. A message that nobody waits for yet is kept for later.

    Returns: ids of new jobs.
    Raises:
        ProcessError, ExpressionError: the receiver cannot take its step. The caller rolls back and calls `put_off`.
    """
    table = tables.message
    message = read_first(session, select(table).where(table.c.id == message_id, table.c.state == MessageState.WAITING), MessageRow)
    if message is None:
        return []
    waiting = receiver(session, message)
    if waiting is not None:
        return _receive(engine, session, message, waiting)
    process = _process(session, message)
    if process is not None:
        return _start(engine, session, message, process)
    _keep(session, message, engine.clock())
    return []


def receiver(session: Session, message: MessageRow) -> Receiver | None:
    """The event that receives a message: the one that correlates and has waited longest, of a record of the sender's party, unless the
    event has `messageFrom` = `any`."""
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
    return read_first(session, query.where(or_(*matches)).order_by(table.c.since, table.c.instance_id).limit(1), Receiver)


def _key(read: Mapping[str, str], payload: Mapping[str, Any]) -> str | None:
    """The key that a message's content gives; None where it lacks one of the values."""
    try:
        return key_of({name: evaluate(text, payload) for name, text in read.items()})
    except ExpressionError:
        return None


def _from_any(definition: Definition, element: str) -> bool:
    return definition.elements[element].properties.get("messageFrom") == FROM_ANY


def _receive(engine: Engine, session: Session, message: MessageRow, waiting: Receiver) -> list[str]:
    step = lock(engine, session, SYSTEM, waiting.instance_id)
    look_at(step, tables.message, message, f"消息“{message.name}”")
    if step.row.state is None:
        raise TaskClosed
    running.load(step)
    element = step.definition.elements[waiting.element]
    step.record(EventKind.RECEIVED, element.name or message.name, element.id)
    if not execution.receive(step, element, _content_for(element, message)):
        raise TaskClosed("对方已不再等待这条消息")
    return _done(step, message, element.id)


def _process(session: Session, message: MessageRow) -> Definition | None:
    """The newest version of the process that the message starts."""
    table = tables.definition
    newest = select(func.max(table.c.id)).where(table.c.starts_by == message.name).group_by(table.c.key)
    latest = select(func.max(table.c.id)).group_by(table.c.key)
    found = session.scalars(select(table.c.id).where(table.c.id.in_(newest), table.c.id.in_(latest)).order_by(table.c.id)).first()
    return None if found is None else load(session, found)


def _start(engine: Engine, session: Session, message: MessageRow, definition: Definition) -> list[str]:
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
    if not execution.receive(step, begin, _content_for(begin, message)):
        raise EngineFault(f"{where}没有等待这条消息")
    return _done(step, message, begin.id)


def _content_for(element: Element, message: MessageRow) -> dict[str, Any]:
    """The part of a message's content that the receiver takes: the names of `messageGives`, with None for those that it lacks."""
    payload = unpack(message.payload)
    return {name: payload.get(name) for name in listed(element.properties.get("messageGives", ""))}


def _done(step: Step, message: MessageRow, element: str) -> list[str]:
    """Runs the receiver's step to its next wait, writes its books and closes the message."""
    table = tables.message
    values = {"state": MessageState.DELIVERED, "instance_id": step.row.id, "target": element, "next_at": None, "error": None}
    # after the receiver's row is locked, in the order of every step: who delivers it a second time finds it closed, and rolls back
    closed = update(table).where(table.c.id == message.id, table.c.state == MessageState.WAITING).values(values)
    running.run(step)
    step.delivers = message.id  # its row is locked together with the messages that the step's own new waits are for
    jobs = books.write(step)
    if rows_changed(step.session, closed) != 1:
        raise TaskClosed("这条消息已送达")
    return jobs


def _keep(session: Session, message: MessageRow, now: datetime) -> None:
    table = tables.message
    values: dict[str, Any] = {"next_at": now + _wait(message.tries), "tries": message.tries + 1}
    if now - (message.retried_at or message.sent_at) >= KEPT:
        values = {"state": MessageState.EXPIRED, "next_at": None, "error": f"{KEPT.days} 天内没有流程接收"}
    # not where an instance that began to wait for it meanwhile has made it due
    unseen = (table.c.id == message.id, table.c.state == MessageState.WAITING, table.c.next_at == message.next_at)
    session.execute(update(table).where(*unseen).values(values))


def put_off(engine: Engine, session: Session, message_id: int, error: str) -> int | None:
    """Notes that a receiver could not take a message. It is tried again later, and fails after `MAX_TRIES`.

    Returns: the running instance that is to have the incident, once it has failed: the receiver, or the sender where a process could
    not start.
    """
    table = tables.message
    message = read_first(session, select(table).where(table.c.id == message_id, table.c.state == MessageState.WAITING), MessageRow)
    if message is None:
        return None
    waiting = receiver(session, message)
    over = message.tries + 1 >= MAX_TRIES
    values: dict[str, Any] = {"tries": message.tries + 1, "error": error, "next_at": engine.clock() + _wait(message.tries)}
    blamed = message.sender_id if waiting is None else waiting.instance_id
    found: int | None = None
    if over:
        values |= {"state": MessageState.FAILED, "next_at": None, "instance_id": blamed}
        instance = tables.instance.c  # locked before the message, as in every step
        found = session.scalar(select(instance.id).where(instance.id == blamed, instance.ended_at.is_(None)).with_for_update())
    session.execute(update(table).where(table.c.id == message_id, table.c.state == MessageState.WAITING).values(values))
    return found


def hold_back(engine: Engine, session: Session, message_id: int) -> None:
    """Puts a message off whose receiver is suspended: it is tried again soon, and this does not count as an attempt."""
    table = tables.message
    later = update(table).where(table.c.id == message_id, table.c.state == MessageState.WAITING)
    session.execute(later.values(next_at=engine.clock() + SUSPENDED))


def _wait(tries: int) -> timedelta:
    return min(LONGEST, timedelta(seconds=5 * 2 ** min(tries, 20)))
