"""What a step does about messages between instances when it writes its books: it posts what it threw, and says what it waits for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session

from processes import tables
from processes.definitions.correlation import key_of, receptions
from processes.proving import proved
from processes.spiff import tokens
from processes.states import EventKind, MessageState
from processes.steps import position

if TYPE_CHECKING:
    from processes.steps.step import Step

_TIME, _LENGTH = "~time", "~seconds"


def write(step: Step) -> None:
    """Writes what a step threw that nobody in its own instance caught, and what it waits for from others."""
    posted = step.workflow.script_engine.posted
    step.workflow.bpmn_events.clear()  # of signals too: nobody outside hears them
    table = tables.message
    rows = []
    for task, name, payload in posted:
        element = tokens.element_id(task)
        step.record(EventKind.SENT, f"发出消息“{name}”"[:100], element)
        row = {"name": name, "payload": pack(payload), "party_id": step.row.party_id, "sender_id": step.row.id, "element": element}
        rows.append({**row, "sent_at": step.now, "next_at": step.now, "state": MessageState.WAITING, "tries": 0})
    if rows:
        step.session.execute(insert(table), [proved(step.session, table, row) for row in rows])
    if step.row.incident is not None and step.incident is None:  # a person lets go on what had failed
        again = update(table).where(table.c.instance_id == step.row.id, table.c.state == MessageState.FAILED)
        step.session.execute(again.values(state=MessageState.WAITING, next_at=step.now, retried_at=step.now, tries=0))
    _subscribe(step)


def _subscribe(step: Step) -> None:
    wanted = receptions(step.definition)
    if not wanted:
        return
    table = tables.subscription
    now = {} if step.over else expected(step)
    # those of another version, before a migration, are written anew
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
    """What has waited for a receiver is looked at again. Locked in the order of the ids, so that two who begin to wait, or one who
    receives and waits again, never wait for each other."""
    kept = tables.message.c
    heard = and_(kept.state == MessageState.WAITING, kept.name.in_(names))
    which = heard if step.delivers is None else or_(heard, kept.id == step.delivers)
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


def subscribed(session: Session, instance_id: int) -> dict[str, str]:
    """What is written down of an instance's waiting for messages of others, as `expected` gives it."""
    table = tables.subscription
    rows = session.execute(select(table.c.element, table.c.key).where(table.c.instance_id == instance_id))
    return {element: key for element, key in rows}


def pack(value: Any) -> Any:
    """What a message carries, as JSON."""
    if isinstance(value, dict):
        return {name: pack(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [pack(one) for one in value]
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    return {_LENGTH: value.total_seconds()} if isinstance(value, timedelta) else value


def unpack(value: Any) -> Any:
    """The other way round."""
    if isinstance(value, list):
        return [unpack(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_TIME}:
        return datetime.fromisoformat(value[_TIME])
    if value.keys() == {_LENGTH}:
        return timedelta(seconds=value[_LENGTH])
    return {name: unpack(one) for name, one in value.items()}
