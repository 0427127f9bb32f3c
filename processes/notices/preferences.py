"""消息设置: which kinds of notices a person gets in the page and which by SMS, and the SMS that were sent to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.database import put, rows_changed
from domain.ground.parties import Actor
from domain.ground.rows import read_all
from processes import tables
from processes.errors import NotFound
from processes.rows import TextRow
from processes.states import TextState
from processes.steps.telling import ASKED_FOR, KINDS

_CHOICE = tables.notice_choice
_TEXT = tables.text
SHOWN = 20  # SMS on the page


@dataclass(frozen=True)
class Choice:
    """How a person gets one kind of notice: in the page, by SMS, both, or not at all."""

    shown: bool
    sms: bool


def choices_of(session: Session, actor: Actor) -> dict[str, Choice]:
    """The actor's choice for every kind; where they made none, in the page unless the kind is one of `ASKED_FOR`, and not by SMS."""
    rows = session.execute(select(_CHOICE).where(_CHOICE.c.person_id == actor.person_id))
    chosen = {row.kind: Choice(row.shown, row.sms) for row in rows}
    return {kind: chosen.get(kind, Choice(kind not in ASKED_FOR, False)) for kind in KINDS}


def choose(session: Session, actor: Actor, shown: Collection[str], sms: Collection[str], now: datetime) -> None:
    """Stores which kinds the actor gets in the page and which by SMS. A kind in neither is not told to them."""
    before = choices_of(session, actor)
    wanted: Mapping[str, Choice] = {kind: Choice(kind in shown, kind in sms) for kind in KINDS}
    changed = [kind for kind in KINDS if wanted[kind] != before[kind]]
    if not changed:
        return
    for kind in changed:
        values = {"person_id": actor.person_id, "kind": kind, "shown": wanted[kind].shown, "sms": wanted[kind].sms, "since": now}
        put(session, _CHOICE, values, ("person_id", "kind"))


def texts_of(session: Session, actor: Actor) -> Sequence[TextRow]:
    """The newest SMS to the actor."""
    query = select(_TEXT).where(_TEXT.c.person_id == actor.person_id)
    return read_all(session, query.order_by(_TEXT.c.created_at.desc(), _TEXT.c.id).limit(SHOWN), TextRow)


def send_again(session: Session, actor: Actor, text_id: str, now: datetime) -> None:
    """Sends a failed SMS to the actor again.

    Raises:
        NotFound: the actor has no such SMS, or it has not failed.
    """
    mine = (_TEXT.c.id == text_id, _TEXT.c.person_id == actor.person_id, _TEXT.c.state == TextState.FAILED)
    again = update(_TEXT).where(*mine).values(state=TextState.PENDING, tries=0, next_at=now, error=None)
    if rows_changed(session, again) != 1:
        raise NotFound("没有找到这条发送失败的短信，它可能已经重新发送")


def wanted() -> ColumnElement[bool]:
    """SQL over choices: the person wants to be told, in the page or by SMS."""
    return or_(_CHOICE.c.shown, _CHOICE.c.sms)
