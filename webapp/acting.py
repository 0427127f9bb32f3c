"""Completing tasks and sending messages from pages: what every feature's views share."""

from __future__ import annotations

from typing import Any

from flask import g, request
from sqlalchemy.orm import Session

from domain.parties import Actor
from forms import fields
from processes import steps
from processes.errors import FormInvalid, ProcessError, Refused
from webapp.context import db, later, runtime


def posted() -> dict[str, list[str]]:
    """The posted form as names → values."""
    return request.form.to_dict(flat=False)


def typed(schema: dict[str, Any] | None) -> dict[str, Any]:
    """The posted answers of a form."""
    return fields.parse(schema, posted()) if schema else {}


def let_time_act(session: Session, instance_id: int) -> None:
    """After a refusal: a deadline that was the reason becomes visible even while no scheduler runs. A step of its own."""
    session.rollback()
    g.pop("later", None)  # jobs of what was just rolled back
    try:
        later(steps.tick(runtime().engine, session, instance_id))
    except ProcessError:  # begun in this very request, or about a record deleted since: no time to act on
        session.rollback()
        return
    g.commit = True


def complete(actor: Actor, task_id: str, instance_id: int, outcome: str, answers: dict[str, Any] | None, comment: str | None) -> Any:
    """Completes a task. Returns None, or the error that the page shows with everything typed kept."""
    try:
        later(steps.complete(runtime().engine, db(), actor, task_id, outcome, answers, comment))
    except FormInvalid as error:
        db().rollback()
        g.pop("later", None)
        return error
    except Refused as error:
        let_time_act(db(), instance_id)
        return error
    return None


def complete_alone(actor: Actor, task_id: str, outcome: str, comment: str | None) -> str | None:
    """One of many: completes a task in a transaction of its own. Returns the reason where it failed."""
    session = db()
    session.rollback()
    try:
        jobs = steps.complete(runtime().engine, session, actor, task_id, outcome, None, comment)
        session.commit()
    except FormInvalid as error:
        session.rollback()
        return "；".join(text for _, text in error.problems)
    except ProcessError as error:
        session.rollback()
        return str(error)
    later(jobs)
    return None
