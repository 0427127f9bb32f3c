"""The edits of records that have no process: who, when, and each field before → after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import JSON, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.proofs import proofs_of

_CHANGE = "record_change.proof"


class ChangedMeanwhile(DomainError):
    """打开此页后，其他人已修改过该记录。请先在新页面核对最新内容，再重新保存。"""


class Recorded(Protocol):
    """A record whose edits are written down."""

    __tablename__: Any

    @property
    def id(self) -> int:
        """Its id in its table."""


class Change(Base):
    """One edit of one record."""

    __tablename__ = "record_change"
    __table_args__ = (Index("ix_record_change_record", "kind", "record_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))  # name of the record's table
    record_id: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_id: Mapped[int]
    actor: Mapped[str] = mapped_column(String(160))  # name and party as they were then
    data: Mapped[dict[str, list[Any]]] = mapped_column(JSON)  # {field: [before, after]}
    proof: Mapped[str | None] = mapped_column(String(32), comment="of the edit and of which edit of the record came before it")


def note_change(
    session: Session, actor: Actor, record: Recorded, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> Change | None:
    """Writes down how the answers differ before and after an edit; None where they do not."""
    names = [*before, *(name for name in after if name not in before)]
    data = {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}
    if not data:
        return None
    who = f"{actor.name}（{actor.party_name}）"
    change = Change(kind=record.__tablename__, record_id=record.id, at=now, actor_id=actor.person_id, actor=who, data=data)
    change.proof = change_proof(session, change, last_change(session, record))
    session.add(change)
    return change


def change_proof(session: Session, change: Change, previous: int) -> str:
    """The proof of an edit. `previous`: id of the edit of the same record before it, 0 before the first one."""
    return proofs_of(session).make(_CHANGE, _values(change, previous))


def change_proved(session: Session, change: Change, previous: int) -> bool:
    """Whether an edit is as it was written down, and the one before it is still there."""
    return proofs_of(session).holds(_CHANGE, _values(change, previous), change.proof)


def _values(change: Change, previous: int) -> list[object]:
    return [change.kind, change.record_id, change.at, change.actor_id, change.actor, change.data, previous]


def changes_of(session: Session, record: Recorded) -> Sequence[Change]:
    """The edits of a record, newest first."""
    query = select(Change).where(Change.kind == record.__tablename__, Change.record_id == record.id).order_by(Change.id.desc())
    return session.scalars(query).all()


def last_change(session: Session, record: Recorded) -> int:
    """Id of the record's newest edit, 0 before the first one. A form carries it: nobody overwrites an edit that they have not seen."""
    query = select(func.max(Change.id)).where(Change.kind == record.__tablename__, Change.record_id == record.id)
    return session.scalar(query) or 0
