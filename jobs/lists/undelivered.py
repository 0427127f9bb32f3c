"""流程监控: the list of messages between instances (BPMN messages), which opens with those that nobody received."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Select, false, select
from sqlalchemy.orm import object_session

from domain.ground.base import clock_minutes
from domain.ground.parties import Actor, Party
from forms.listing import Column, Filter, Listing
from jobs.lists.instances import ROLE
from processes import tables
from processes.definitions import store
from processes.monitor.undelivered import OVER, STATES, Message
from processes.rows import MessageRow
from processes.steps.posting import unpack

UNDELIVERED = "未送达"
LONGEST = 200  # characters of what a message carries
_MESSAGE = tables.message.c


class ListedMessage(MessageRow, Protocol):
    """A message as the list has it."""

    definition_id: int


def _query(actor: Actor) -> Select[Any]:
    """The messages of all parties, newest first, for people who hold the role; nothing for others."""
    query = select(Message).order_by(_MESSAGE.id.desc())
    return query if ROLE in actor.roles else query.where(false())


def _element(row: ListedMessage) -> str:
    session = object_session(row)
    assert session is not None  # noqa: S101  # rows of a list are always of a session
    element = store.load(session, row.definition_id).elements.get(row.element)
    return row.element if element is None else element.name or row.element


def carried(row: MessageRow) -> str:
    """What a message carries, on one line."""
    text = "，".join(f"{name}：{_shown(value)}" for name, value in unpack(row.payload).items())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def named(row: MessageRow) -> str:
    """The names of what a message carries: what they hold is read by whoever may read the records."""
    text = "、".join(row.payload)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _shown(value: object) -> str:
    return clock_minutes(value) if isinstance(value, datetime) else str(value)


def _by_state(query: Select[Any], text: str) -> Select[Any]:
    if text == UNDELIVERED:
        return query.where(_MESSAGE.state.in_(OVER))
    return query.where(_MESSAGE.state.in_([state for state, (label, _) in STATES.items() if label == text]))


def _by_title(query: Select[Any], text: str) -> Select[Any]:
    instance = tables.instance.c
    return query.where(_MESSAGE.sender_id.in_(select(instance.id).where(instance.title.contains(text, autoescape=True))))


def _by_party(query: Select[Any], text: str) -> Select[Any]:
    return query.where(_MESSAGE.party_id.in_(select(Party.id).where(Party.name.contains(text, autoescape=True))))


MESSAGES = Listing(
    name="monitor_messages",
    title="流程间的消息",
    record=Message,
    query=_query,
    columns=(
        Column("发出的流程", lambda row: row.sender_title),
        Column("消息", lambda row: row.name),
        Column("接收的流程", lambda row: row.other_title),
        Column("状态", lambda row: row.status, "badge"),
        Column("原因", lambda row: row.error),
        Column("发出时间", lambda row: row.sent_at, "moment", sort=_MESSAGE.sent_at),
        Column("内容的名称", named, spare=True),
        Column("发出环节", _element, spare=True),
        Column("机构", lambda row: row.party_name, spare=True),
        Column("尝试次数", lambda row: row.tries, "number", spare=True),
    ),
    filters=(
        Filter("state", "状态", _by_state, (UNDELIVERED, *(label for label, _ in STATES.values())), default=UNDELIVERED),
        Filter("name", "消息", lambda query, text: query.where(_MESSAGE.name.contains(text, autoescape=True))),
        Filter("title", "发出的流程", _by_title),
        Filter("party", "机构", _by_party),
    ),
)
