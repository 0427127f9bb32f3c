"""Completing tasks and sending messages from pages: what every feature's views share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import flash, g, request
from sqlalchemy import select

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform.files import attach
from forms import fields
from processes import tables
from processes.errors import EngineFault, FormInvalid, ProcessError, Refused
from processes.steps import acting, completing, filling
from processes.tasks import returning, withdrawing
from webapp.context import actor, db, later, runtime


def posted() -> dict[str, list[str]]:
    """The posted form as names → values."""
    return request.form.to_dict(flat=False)


def typed(schema: Any) -> dict[str, Any]:
    """The posted answers of a form. Files that do not exist or are another party's are left out, and the page says so."""
    answers = fields.parse(schema, posted()) if schema else {}
    for name, field in fields.file_fields(schema or {}).items():
        if name in answers:
            answers[name] = _own_files(field, answers[name])
    return {name: value for name, value in answers.items() if value != []}


def _own_files(field: Mapping[str, Any], ids: list[int]) -> list[int]:
    own = attach(db(), actor(), ids, runtime().engine.clock())
    if len(own) < len(ids):
        flash(f"“{field.get('title', '附件')}”中有文件已不存在或不属于本单位，已移除，请重新上传。", "warning")
    return [file_id for file_id in ids if file_id in own]


def complete(
    actor: Actor,
    task_id: str,
    outcome: str,
    answers: filling.Answers | None,
    comment: str | None,
    before: Callable[[], Sequence[str]] | None = None,
    seen: int | None = None,
) -> Any:
    """Completes a task. Returns None, or the error that the page shows with everything typed kept.

    `seen` as of `steps.save`. `before` is another step that stands or falls with it: copies go out first, as the record may be gone
    afterwards.
    """

    def act() -> Sequence[str]:
        jobs = before() if before is not None else ()
        return [*jobs, *completing.complete(runtime().engine, db(), actor, task_id, outcome, answers, comment, seen)]

    return attempt(act, lambda: _instance_of(task_id))


def send(actor: Actor, instance_id: int, element: str) -> Any:
    """Sends a message of the diagram. Returns None, or the error to show."""
    return attempt(lambda: acting.send(runtime().engine, db(), actor, instance_id, element), lambda: instance_id)


def withdraw(actor: Actor, task_id: str) -> Any:
    """Takes back what the actor did last. Returns None, or the error to show."""
    return attempt(lambda: withdrawing.withdraw(runtime().engine, db(), actor, task_id), lambda: _instance_of(task_id))


def send_back(actor: Actor, task_id: str, to: str, comment: str) -> Any:
    """Sends the process back to an earlier step. Returns None, or the error that the page shows with everything typed kept."""
    return attempt(lambda: returning.send_back(runtime().engine, db(), actor, task_id, to, comment), lambda: _instance_of(task_id))


def save(actor: Actor, instance_id: int, answers: filling.Answers, seen: int | None = None) -> Any:
    """Stores an edit of the record. Returns None, or the error to show."""
    return attempt(lambda: acting.save(runtime().engine, db(), actor, instance_id, answers, seen), lambda: instance_id)


def problems_of(error: Any) -> list[tuple[str, str]]:
    """An error as (field path, message); an empty path where it is about no field."""
    return list(error.problems) if isinstance(error, FormInvalid) else [("", str(error))]


def code_of(error: Any) -> int:
    """The HTTP status that goes with an error: 422 for what can be mended in the form, else 409."""
    return 422 if isinstance(error, FormInvalid) else 409


def attempt(act: Callable[[], Sequence[str]], instance_of: Callable[[], int | None]) -> Any:
    """Runs one step that returns job ids. Returns None, or the error to show; then nothing is left of it but what time does."""
    try:
        later(act())
    except (FormInvalid, DomainError, EngineFault) as error:
        _undo()
        return error
    except Refused as error:
        _undo()
        _let_time_act(instance_of())
        return error
    return None


def _instance_of(task_id: str) -> int | None:
    return db().scalar(select(tables.task.c.instance_id).where(tables.task.c.id == task_id))


def _undo() -> None:
    db().rollback()
    g.pop("later", None)  # jobs of what was just rolled back


def _let_time_act(instance_id: int | None) -> None:
    """After a refusal: a deadline that was the reason becomes visible even while no scheduler runs. A step of its own."""
    if instance_id is None:
        return
    try:
        later(acting.tick(runtime().engine, db(), instance_id))
    except ProcessError:  # begun in this very request, or about a record deleted since: no time to act on
        db().rollback()
        return
    g.commit = True
