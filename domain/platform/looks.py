"""Who looked at what lists show masked, such as the number of an identity document: a line each time that somebody saw it whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, String, exists, insert, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime
from domain.ground.parties import Actor

AGAIN = timedelta(minutes=10)  # a page that is loaded anew within this time is the same look
SHOWN = 50


class Look(Base):
    """Somebody saw one record whole."""

    __tablename__ = "look"
    __table_args__ = (Index("ix_look_record", "kind", "record_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60), comment="key of the kind of record")
    record_id: Mapped[int] = mapped_column(comment="no foreign key: the line outlives the record")
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person: Mapped[str] = mapped_column(String(160), comment="name and party as they were then")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    why: Mapped[str] = mapped_column(String(20), comment="what for: 查看, 编辑, 办理, 导出, …")


def looked_lately(session: Session, actor: Actor, kind: str, record_id: int, why: str, now: datetime) -> bool:
    """Whether the same look was written down a moment ago."""
    same = (Look.kind == kind, Look.record_id == record_id, Look.person_id == actor.person_id, Look.why == why)
    return bool(session.scalar(select(exists().where(*same, Look.at > now - AGAIN))))


def note_looks(session: Session, actor: Actor, kind: str, ids: Select[int], why: str, now: datetime) -> None:
    """Writes down that somebody saw these records whole, in one statement however many they are. `ids` gives the ids of the records."""
    rows = ids.subquery()
    values: dict[str, Any] = {
        "kind": literal(kind),
        "record_id": next(iter(rows.c)),
        "person_id": literal(actor.person_id),
        "person": literal(f"{actor.name}（{actor.party_name}）"[:160]),
        "at": literal(now, UtcDateTime),
        "why": literal(why),
    }
    session.execute(insert(Look).from_select(list(values), select(*values.values()), include_defaults=False))


def looks_at(session: Session, kind: str, record_id: int) -> Sequence[Look]:
    """The last looks at one record, the newest first."""
    return session.scalars(select(Look).where(Look.kind == kind, Look.record_id == record_id).order_by(Look.id.desc()).limit(SHOWN)).all()
