"""Drafts: what a person has typed into a form and not handed in yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.ground.database import put
from domain.ground.parties import Actor
from domain.ground.rows import read_first
from processes import tables
from processes.rows import DraftRow


def save_draft(session: Session, actor: Actor, form_key: str, data: dict[str, Any], now: datetime) -> None:
    """Keeps what is being typed at `form_key` (a task id or a form's address), one draft a person and form_key."""
    values = {"person_id": actor.person_id, "form_key": form_key[:80], "data": data, "saved_at": now}
    put(session, tables.draft, values, ("person_id", "form_key"))


def draft_of(session: Session, actor: Actor, form_key: str) -> DraftRow | None:
    """The actor's draft of a form; None where they keep none."""
    table = tables.draft
    return read_first(session, select(table).where(table.c.person_id == actor.person_id, table.c.form_key == form_key[:80]), DraftRow)


def drop_draft(session: Session, actor: Actor, form_key: str) -> None:
    """Deletes the actor's draft of a form, which was handed in."""
    table = tables.draft
    session.execute(delete(table).where(table.c.person_id == actor.person_id, table.c.form_key == form_key[:80]))
