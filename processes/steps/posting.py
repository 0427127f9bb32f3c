"""Messages between instances, as a step's books have them: those that it sent, and those that its instance waits for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from processes import tables
from processes.definitions.correlation import key_of, receptions
from processes.diagrams.expressions import Value
from processes.proving import proved
from processes.spiff import tokens
from processes.states import EventKind, MessageState
from processes.steps import position
from processes.steps.step import Step

_TIME, _LENGTH = "~time", "~seconds"
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def write(step: Step) -> None:
    """Writes the messages that a step sent and nothing in its own instance received, and those that it waits for from others."""
    posted = step.workflow.script_engine.posted
    step.workflow.bpmn_events.clear()  # signals too: they reach nothing outside their instance
    table = tables.message
    rows = []
    for task, name, payload in posted:
        element = tokens.element_id(task)
        step.record(EventKind.SENT, f"发出消息“{name}”"[:100], element)
        row = {"name": name, "payload": pack(payload), "party_id": step.row.party_id, "sender_id": step.row.id, "element": element}
        rows.append({**row, "sent_at": step.now, "next_at": step.now, "state": MessageState.WAITING, "tries": 0})
    if rows:
        step.session.execute(insert(table), [proved(step.session, table, row) for row in rows])
    if step.row.incident is not None and step.incident is None:  # a person has dealt with the incident: what failed is tried again
        again = update(table).where(table.c.instance_id == step.row.id, table.c.state == MessageState.FAILED)
        step.session.execute(again.values(state=MessageState.WAITING, next_at=step.now, retried_at=step.now, tries=0))
    _subscribe(step)


def _subscribe(step: Step) -> None:
    wanted = receptions(step.definition)
    if not wanted:
        return
    table = tables.subscription
    now = {} if step.over else expected(step)
    # those that another version wrote, before a migration, are replaced
    query = select(table.c.element, table.c.key, table.c.definition_id).where(table.c.instance_id == step.row.id)
    before = {e: key if id == step.definition.id else None for e, key, id in step.session.execute(query)} if step.row.version else {}
    if gone := [element for element, key in before.items() if now.get(element) != key]:
        step.session.execute(delete(table).where(table.c.instance_id == step.row.id, table.c.element.in_(gone)))
    new = [element for element, key in now.items() if before.get(element) != key]
    if not new:
        return
    common = {"instance_id": step.row.id, "definition_id": step.definition.id, "since": step.now}
    step.session.execute(insert(table), [{**common, "element": e, "name": wanted[e].name, "key": now[e]} for e in new])
    _wake(step, {wanted[element].name for element in new})


def _wake(step: Step, names: set[str]) -> None:
    """Makes the messages of these names due that wait for a receiver. They are locked in the order of their ids, so that two steps that
    begin to wait, or one that receives and waits again, never wait for each other's locks."""
    kept = tables.message.c
    wanted = and_(kept.state == MessageState.WAITING, kept.name.in_(names))
    which = wanted if step.delivers is None else or_(wanted, kept.id == step.delivers)
    locked = select(kept.id).where(which).order_by(kept.id).with_for_update()
    step.session.execute(update(tables.message).where(kept.id.in_(locked), kept.state == MessageState.WAITING).values(next_at=step.now))


def expected(step: Step) -> dict[str, str]:
    """Element → key of every event that waits for a message of another instance."""
    wanted, found = receptions(step.definition), {}
    for wait in position.waits_of(step, tokens.waiting(step.workflow)):
        reception = wanted.get(wait["element"])
        if reception is not None:
            task = tokens.find(step.workflow, wait["task_id"]) if wait["task_id"] else step.workflow.last_task or step.workflow.task_tree
            engine = step.workflow.script_engine
            found[wait["element"]] = key_of({name: engine.evaluate(task, text) for name, text in reception.expected.items()})
    return found


def subscribed(session: Session, instance_id: int) -> dict[str, tuple[str, str]]:
    """The elements of an instance that wait for messages of others, with the names and keys they wait for, by the books."""
    table = tables.subscription
    rows = session.execute(select(table.c.element, table.c.name, table.c.key).where(table.c.instance_id == instance_id))
    return {element: (name, key) for element, name, key in rows}


def pack(content: Mapping[str, Value]) -> dict[str, Json]:
    """A message's content as JSON: moments and lengths of time become objects with one key."""
    return {name: _packed(value) for name, value in content.items()}


def unpack(payload: Mapping[str, Json]) -> dict[str, Value]:
    """A message's content, from what `pack` has made of it."""
    return {name: _unpacked(value) for name, value in payload.items()}


def _packed(value: Value) -> Json:
    if isinstance(value, dict):
        return pack(value)
    if isinstance(value, list | tuple):
        return [_packed(one) for one in value]
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    return {_LENGTH: value.total_seconds()} if isinstance(value, timedelta) else value


def _unpacked(value: Json) -> Value:
    if isinstance(value, list):
        return [_unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    time, length = value.get(_TIME), value.get(_LENGTH)
    if len(value) == 1 and isinstance(time, str):
        return datetime.fromisoformat(time)
    if len(value) == 1 and isinstance(length, int | float):
        return timedelta(seconds=length)
    return unpack(value)
