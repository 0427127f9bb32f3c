"""消息设置: of which kinds of messages a person hears in the page, and of which by SMS; and the SMS that went to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from domain.ground.database import put
from domain.ground.parties import Actor
from processes import tables
from processes.errors import NotFound
from processes.states import TextState
from processes.steps.telling import ASKED_FOR, KINDS

_CHOICE = tables.notice_choice
_TEXT = tables.text
SHOWN = 20  # of the SMS that went to somebody


@dataclass(frozen=True)
class Choice:
    """How a person hears of one kind of message."""

    shown: bool
    sms: bool


def choices_of(session: Session, actor: Actor) -> dict[str, Choice]:
    """Every kind, as the actor chose or as it is at first: in the page unless it has to be asked for, and never by SMS."""
    rows = session.execute(select(_CHOICE).where(_CHOICE.c.person_id == actor.person_id))
    chosen = {row.kind: Choice(row.shown, row.sms) for row in rows}
    return {kind: chosen.get(kind, Choice(kind not in ASKED_FOR, False)) for kind in KINDS}


def choose(session: Session, actor: Actor, shown: Collection[str], sms: Collection[str], now: datetime) -> None:
    """Stores the kinds to be shown in the page and those to be sent by SMS; all others are not."""
    before = choices_of(session, actor)
    wanted: Mapping[str, Choice] = {kind: Choice(kind in shown, kind in sms) for kind in KINDS}
    changed = [kind for kind in KINDS if wanted[kind] != before[kind]]
    if not changed:
        return
    for kind in changed:
        values = {"person_id": actor.person_id, "kind": kind, "shown": wanted[kind].shown, "sms": wanted[kind].sms, "since": now}
        put(session, _CHOICE, values, ("person_id", "kind"))


def texts_of(session: Session, actor: Actor) -> Sequence[Any]:
    """The newest SMS to the actor."""
    query = select(_TEXT).where(_TEXT.c.person_id == actor.person_id)
    return session.execute(query.order_by(_TEXT.c.created_at.desc(), _TEXT.c.id).limit(SHOWN)).all()


def send_again(session: Session, actor: Actor, text_id: str, now: datetime) -> None:
    """Lets a failed SMS to the actor go once more.

    Raises:
        NotFound: no such SMS of theirs, or it has not failed.
    """
    mine = (_TEXT.c.id == text_id, _TEXT.c.person_id == actor.person_id, _TEXT.c.state == TextState.FAILED)
    again = update(_TEXT).where(*mine).values(state=TextState.PENDING, tries=0, next_at=now, error=None)
    if session.execute(again).rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound("没有找到这条发送失败的短信，它可能已经重新发送")


def wanted() -> Any:
    """SQL: a person's choice is to hear of something, in whichever way."""
    return or_(_CHOICE.c.shown, _CHOICE.c.sms)
