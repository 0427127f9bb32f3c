"""Drafts of forms, kept until they are handed in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.ground.database import put
from domain.ground.parties import Actor
from processes import tables


def save_draft(session: Session, actor: Actor, place: str, data: dict[str, Any], now: datetime) -> None:
    """Keeps what is being typed at `place` (a task id or a form's address), one draft a person and place."""
    values = {"person_id": actor.person_id, "place": place[:80], "data": data, "saved_at": now}
    put(session, tables.draft, values, ("person_id", "place"))


def draft_of(session: Session, actor: Actor, place: str) -> Any:
    """The draft row (`data`, `saved_at`), or None."""
    table = tables.draft
    return session.execute(select(table).where(table.c.person_id == actor.person_id, table.c.place == place[:80])).first()


def drop_draft(session: Session, actor: Actor, place: str) -> None:
    """Forgets a draft: it was handed in."""
    table = tables.draft
    session.execute(delete(table).where(table.c.person_id == actor.person_id, table.c.place == place[:80]))
