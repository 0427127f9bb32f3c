"""流程监控: the SMS that did not go out – notices to a person, first passwords, SMS of a diagram – and 重新发送."""

from __future__ import annotations

from typing import Any, Protocol

from sqlalchemy import Integer, Select, case, false, func, literal, null, select, union_all, update
from sqlalchemy.orm import Session

from domain.ground.base import Base
from domain.ground.database import rows_changed
from domain.ground.parties import Actor, Party, Person
from forms.listing import Column, Filter, Listing
from jobs.lists.instances import ROLE
from processes import tables
from processes.engine import Engine
from processes.errors import NotAllowed, Refused
from processes.history import who
from processes.monitor import managing
from processes.states import EventKind, JobState, TextState

PERSONAL = "消息提醒"
BY_JOB = {"account.first_password": "首次登录密码", "sms.notify": "流程通知", "reports.remind": "填报提醒"}
"""Handler of a service task that sends SMS → what people call it."""
_TEXT, _JOB, _INSTANCE, _EVENT = tables.text.c, tables.job.c, tables.instance.c, tables.event.c
_FAILED = union_all(
    select(
        _TEXT.id,
        literal(PERSONAL).label("kind"),
        Person.name.label("person"),
        Party.name.label("party"),
        _TEXT.payload,
        _TEXT.error,
        _TEXT.created_at.label("at"),
        _TEXT.resent_by,
        null().cast(Integer).label("instance_id"),
    )
    .join(Person, Person.id == _TEXT.person_id)
    .join(Party, Party.id == Person.party_id)
    .where(_TEXT.state == TextState.FAILED),
    select(
        _JOB.id,
        case(BY_JOB, value=_JOB.handler),
        _INSTANCE.title,
        Party.name,
        _JOB.payload,
        _JOB.error,
        # a job keeps no times of its own; the history knows when it failed
        select(func.max(_EVENT.at))
        .where(_EVENT.instance_id == _JOB.instance_id, _EVENT.kind == EventKind.INCIDENT, _EVENT.element == _JOB.element)
        .scalar_subquery(),
        null(),
        _JOB.instance_id,
    )
    .join(tables.instance, _INSTANCE.id == _JOB.instance_id)
    .join(Party, Party.id == _INSTANCE.party_id)
    .where(_JOB.state == JobState.FAILED, _JOB.handler.in_(BY_JOB)),
).subquery("failed_text")


class FailedText(Base):
    """An SMS that failed for good: notices to a person, or a job of a diagram. Read only."""

    __table__ = _FAILED
    __mapper_args__ = {"primary_key": [_FAILED.c.id]}  # noqa: RUF012  # SQLAlchemy's own convention


class _FailedRow(Protocol):
    payload: dict[str, Any] | None


def resend(engine: Engine, session: Session, actor: Actor, text_id: str, reason: str = "") -> list[str]:
    """重新发送 by somebody in charge, with the text and the key that the SMS had. For a job it is the 重试 of its instance, with a line of
    history.

    Returns: ids of the jobs to hand out; an SMS that is no job goes out at the scheduler's next look.
    Raises:
        NotAllowed: the actor is not in charge.
        Refused: the SMS has not failed, or somebody has sent it again meanwhile; or its instance is suspended.
    """
    if not managing.SUPERVISORS & actor.roles:
        raise NotAllowed
    table = tables.text
    again = update(table).where(table.c.id == text_id, table.c.state == TextState.FAILED)
    values = {"state": TextState.PENDING, "tries": 0, "error": None, "next_at": engine.clock(), "resent_by": who(actor)}
    if rows_changed(session, again.values(values)) == 1:
        return []
    failed = select(_JOB.instance_id).where(_JOB.id == text_id, _JOB.state == JobState.FAILED, _JOB.handler.in_(BY_JOB))
    instance_id = session.scalar(failed)
    if instance_id is None:
        raise Refused("这条短信已经重新发送，请刷新页面查看")
    return managing.retry(engine, session, actor, instance_id, reason)


def _query(actor: Actor) -> Select[Any]:
    """The failed SMS of all parties, newest first, for people who hold the role; nothing for others."""
    query = select(FailedText).order_by(FailedText.at.desc(), FailedText.id)  # type: ignore[attr-defined]  # mapped from its columns
    return query if ROLE in actor.roles else query.where(false())


def _texts(row: _FailedRow) -> list[dict[str, Any]]:
    """The texts that were to go to the gateway, with their mobiles: none where the payload could not be made, one of a first password."""
    payload = row.payload or {}
    found: list[dict[str, Any]] = payload.get("messages", [payload] if "to" in payload else [])
    return found


def _mobiles(row: _FailedRow) -> str:
    numbers = [f"{one['to'][:3]}****{one['to'][-4:]}" for one in _texts(row)]
    return "、".join(numbers[:3]) + (f" 等 {len(numbers)} 人" if len(numbers) > 3 else "")


TEXTS = Listing(
    name="monitor_texts",
    title="发送失败的短信",
    record=FailedText,
    query=_query,
    columns=(
        Column("接收人或流程", lambda row: row.person),
        Column("类别", lambda row: row.kind),
        Column("手机", _mobiles),
        Column("失败原因", lambda row: row.error),
        Column("时间", lambda row: row.at, "moment", sort=_FAILED.c.at),
        Column("内容", lambda row: next((one["text"] for one in _texts(row)), ""), spare=True),
        Column("机构", lambda row: row.party, spare=True),
        Column("上次重新发送", lambda row: row.resent_by, spare=True),
    ),
    filters=(
        Filter("kind", "类别", lambda query, text: query.where(_FAILED.c.kind == text), (PERSONAL, *BY_JOB.values())),
        Filter("person", "接收人或流程", lambda query, text: query.where(_FAILED.c.person.contains(text, autoescape=True))),
        Filter("party", "机构", lambda query, text: query.where(_FAILED.c.party.contains(text, autoescape=True))),
        Filter("error", "失败原因", lambda query, text: query.where(_FAILED.c.error.contains(text, autoescape=True))),
    ),
)
