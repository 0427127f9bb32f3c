"""Messages between instances that nobody received, or that their receiver could not take: who sent what, and 重试 (messages.md)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session, column_property

from domain.ground.base import Base
from domain.ground.database import rows_changed
from domain.ground.parties import Actor, Party
from domain.ground.rows import read_first, read_one
from domain.ground.tones import Tone
from processes import history, tables
from processes.engine import Engine
from processes.errors import NotAllowed, NotFound, Refused
from processes.monitor import managing
from processes.rows import InstanceRow, MessageRow
from processes.states import EventKind, MessageState

OVER = (MessageState.FAILED, MessageState.EXPIRED)
STATES: Mapping[str, tuple[str, Tone]] = {
    MessageState.FAILED: ("不能送达", Tone.FAILED),
    MessageState.EXPIRED: ("已过期", Tone.FAILED),
    MessageState.WAITING: ("等待接收", Tone.WAITING),
    MessageState.DELIVERED: ("已送达", Tone.DONE),
}
"""State → its label and tone."""
_MESSAGE = tables.message.c
_SENDER, _OTHER = tables.instance.alias("sender"), tables.instance.alias("other")


class Message(Base):
    """A message as lists show it, never written. `instance_id` is the instance that received it or has the incident."""

    __table__ = tables.message

    party_name = column_property(select(Party.name).where(Party.id == _MESSAGE.party_id).scalar_subquery())
    sender_title = column_property(select(_SENDER.c.title).where(_SENDER.c.id == _MESSAGE.sender_id).scalar_subquery())
    definition_id = column_property(select(_SENDER.c.definition_id).where(_SENDER.c.id == _MESSAGE.sender_id).scalar_subquery())
    other_title = column_property(
        select(_OTHER.c.title).where(_OTHER.c.id == _MESSAGE.instance_id, _OTHER.c.id != _MESSAGE.sender_id).scalar_subquery()
    )

    @property
    def status(self) -> str:
        """The state as people read it."""
        label: str = STATES[self.state][0]  # type: ignore[attr-defined]  # mapped from its table
        return label

    @property
    def tone(self) -> str:
        """The tone of its badge."""
        tone: str = STATES[self.state][1]  # type: ignore[attr-defined]
        return tone


def retry(engine: Engine, session: Session, actor: Actor, message_id: int, reason: str = "") -> list[str]:
    """重试 of a message that expired or failed: the scheduler tries to deliver it at its next look, and for another seven days.

    Where an instance has the incident of a failed message, this is the 重试 of that instance, and a line of its history. Else it is a line
    of the sender's history.

    Returns: ids of the jobs to hand out.
    Raises:
        NotAllowed: the actor is not in charge.
        NotFound: there is no such message.
        Suspended: the instance that has the incident must be resumed first.
        Refused: the message was delivered, or waits to be delivered.
    """
    if not managing.SUPERVISORS & actor.roles:
        raise NotAllowed
    message = read_first(session, select(tables.message).where(_MESSAGE.id == message_id), MessageRow)
    if message is None:
        raise NotFound("没有找到这条消息")
    blamed = select(tables.instance.c.id).where(tables.instance.c.id == message.instance_id, tables.instance.c.incident.is_not(None))
    blamed_id = session.scalar(blamed) if message.state == MessageState.FAILED else None
    if blamed_id is not None:
        return managing.retry(engine, session, actor, blamed_id, reason)
    sender = read_one(session, select(tables.instance).where(tables.instance.c.id == message.sender_id).with_for_update(), InstanceRow)
    now = engine.clock()
    again = update(tables.message).where(_MESSAGE.id == message_id, _MESSAGE.state.in_(OVER))
    values = {"state": MessageState.WAITING, "next_at": now, "retried_at": now, "tries": 0, "instance_id": None}
    if rows_changed(session, again.values(values)) != 1:
        raise Refused("这条消息已经送达或正在等待接收，请刷新页面查看")
    line = {"kind": EventKind.RETRY, "name": f"重试消息“{message.name}”"[:100], "element": message.element}
    history.append(session, {sender.id: sender}, [(sender.id, actor, {**line, "comment": reason.strip() or None})], now)
    return []


def messages_of(session: Session, instance_id: int, limit: int) -> list[Message]:
    """The newest messages that an instance sent, received, or could not take."""
    mine = (_MESSAGE.sender_id == instance_id) | (_MESSAGE.instance_id == instance_id)
    return list(session.scalars(select(Message).where(mine).order_by(_MESSAGE.id.desc()).limit(limit)))
