"""Drafts of diagrams: kept a person and process, until deployed or thrown away; and new diagrams to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from jobs.runtime import BPMN_FOLDER
from jobs.trials import description_of
from processes import tables
from processes.definitions.store import latest
from processes.deployment.versions import scenarios_of
from processes.errors import Refused
from processes.tasks import drafts

_FORM_KEY = "designer/"
MAX_SCENARIOS = 200_000  # characters


@dataclass(frozen=True)
class Model:
    """What the editor works on; `base` is the version it began from, 0 for a new process."""

    key: str
    xml: str
    scenarios: str
    base: int
    saved_at: datetime | None = None


def drafts_of(session: Session, actor: Actor) -> dict[str, datetime]:
    """Process key → when the actor's draft of it was saved."""
    table = tables.draft
    query = select(table.c.form_key, table.c.saved_at).where(table.c.person_id == actor.person_id, table.c.form_key.startswith(_FORM_KEY))
    return {row.form_key.removeprefix(_FORM_KEY): row.saved_at for row in session.execute(query)}


def model_of(session: Session, actor: Actor, key: str) -> Model:
    """The actor's draft, or else the newest version.

    Raises:
        NotFound: neither exists.
    """
    draft = drafts.draft_of(session, actor, _FORM_KEY + key)
    if draft is not None:
        return Model(key, draft.data["xml"], draft.data["scenarios"], draft.data["base"], draft.saved_at)
    definition = latest(session, key)
    scenarios = scenarios_of(session, definition.id)
    return Model(key, definition.xml, _beside(key) if scenarios is None else scenarios, definition.version)


def keep(session: Session, actor: Actor, model: Model, now: datetime) -> None:
    """Keeps a draft, whatever state it is in; only what is no XML at all, or too large, is refused.

    Raises:
        DiagramInvalid: not XML within the limits.
        Unfinished: reading it takes too much.
        Refused: the scenarios are too long.
    """
    description_of(model.xml)
    if len(model.scenarios) > MAX_SCENARIOS:
        raise Refused("场景过长，未能保存，请删减后再试")
    data: dict[str, Any] = {"xml": model.xml, "scenarios": model.scenarios, "base": model.base}
    drafts.save_draft(session, actor, _FORM_KEY + model.key, data, now)


def drop(session: Session, actor: Actor, key: str) -> None:
    """Throws the actor's draft away."""
    drafts.drop_draft(session, actor, _FORM_KEY + key)


def blank(key: str, name: str, subject: str, role: str) -> str:
    """The XML of a new process: one lane, start, task and end."""
    template = (Path(__file__).parent / "blank.bpmn").read_text(encoding="utf-8")
    for mark, value in (("KEY", key), ("SUBJECT", subject), ("ROLE", role), ("NAME", name)):
        template = template.replace(f"@{mark}@", escape(value))
    return template


def _beside(key: str) -> str:
    path = BPMN_FOLDER / f"{key}.scenarios.yaml"
    return path.read_text(encoding="utf-8") if path.is_file() else ""
