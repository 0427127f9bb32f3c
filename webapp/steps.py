"""Steps of the engine, taken for whoever presses a button on a page: each returns the problem to show, or None."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from flask import flash, g
from sqlalchemy import select

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from forms import fields
from processes import tables
from processes.errors import EngineFault, FormInvalid, NotProved, ProcessError, Refused
from processes.rights import access
from processes.steps import acting, completing, filling
from processes.tasks import returning, withdrawing
from webapp.account.proving import FIELD, TooManyTries
from webapp.context import db, later, runtime
from webapp.posted_data import posted_answers, posted_fields

Problem: TypeAlias = ProcessError | DomainError
"""Why a step was not taken, as a sentence for people."""


def complete(
    actor: Actor,
    task_id: str,
    outcome: str,
    answers: filling.Answers | None,
    comment: str | None,
    before: Callable[[], Sequence[str]] | None = None,
) -> Problem | None:
    """Completes a task. Returns None, or the problem that the page shows with everything typed kept.

    `before` is another step that is taken back where this one cannot be taken: copies go out first, as the record may be gone afterwards.
    """

    def act() -> Sequence[str]:
        jobs = before() if before is not None else ()
        return [*jobs, *completing.complete(runtime().engine, db(), actor, task_id, outcome, answers, comment)]

    return attempt(act, lambda: _instance_of(task_id))


def hand_in(actor: Actor, task_id: str, outcome: str, seen: int | None) -> Problem | None:
    """Completes a task with what was posted of its form, which is read once the task is locked. `seen`: see `locking.nothing_unseen`.

    Returns None, or the problem to show.
    """

    def act() -> Sequence[str]:
        locked = completing.open_task(runtime().engine, db(), actor, task_id, seen)
        return completing.give_outcome(locked, outcome, posted_answers(locked.form))

    return attempt(act, lambda: _instance_of(task_id))


def send(actor: Actor, instance_id: int, element: str) -> Problem | None:
    """Sends a message of the diagram. Returns None, or the problem to show."""
    return attempt(lambda: acting.send(runtime().engine, db(), actor, instance_id, element), lambda: instance_id)


def withdraw(actor: Actor, task_id: str) -> Problem | None:
    """Takes back what the actor did last. Returns None, or the problem to show."""
    return attempt(lambda: withdrawing.withdraw(runtime().engine, db(), actor, task_id), lambda: _instance_of(task_id))


def send_back(actor: Actor, task_id: str, to: str, comment: str) -> Problem | None:
    """Sends the process back to an earlier step. Returns None, or the problem that the page shows with everything typed kept."""
    return attempt(lambda: returning.send_back(runtime().engine, db(), actor, task_id, to, comment), lambda: _instance_of(task_id))


def save(actor: Actor, instance_id: int, seen: int | None) -> Problem | None:
    """Edits a record with what was posted of its form, which is read once the instance is locked. `seen`: see `locking.nothing_unseen`.

    Returns None, or the problem to show.
    """

    def act() -> Sequence[str]:
        edit = acting.open_edit(runtime().engine, db(), actor, instance_id, seen)
        if seen is not None and seen < edit.step.row.seq:
            _refuse_closed(edit)
        return acting.store_edit(edit, posted_answers(edit.form, edit.step.subject.answers()))

    return attempt(act, lambda: instance_id)


def flash_result(problem: Problem | None, done: str) -> None:
    """Says on the next page that something is `done`, or why it is not."""
    flash(done if problem is None else str(problem), "success" if problem is None else "danger")


def problems_of(error: Problem) -> list[tuple[str, str]]:
    """A problem as (field path, message); an empty path where it is about no field."""
    if isinstance(error, NotProved):
        return [(FIELD, str(error))]
    return list(error.problems) if isinstance(error, FormInvalid) else [("", str(error))]


def code_of(error: Problem) -> int:
    """The HTTP status that goes with a problem: 422 for what can be mended in the form, 429 for too many wrong passwords, else 409."""
    if isinstance(error, TooManyTries):
        return 429
    return 422 if isinstance(error, (FormInvalid, NotProved)) else 409


def attempt(act: Callable[[], Sequence[str]], instance_of: Callable[[], int | None]) -> Problem | None:
    """Runs one step that returns job ids. Returns None, or the problem to show, once everything that the step did is taken back.

    After a refusal the timers that are due fire all the same: one of them may be the reason.
    """
    try:
        later(act())
    except (FormInvalid, NotProved, DomainError, EngineFault) as error:
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


def _refuse_closed(edit: acting.Edit) -> None:
    """Says so where somebody changed a field that the record's state has closed since the form was opened: nothing typed is dropped in
    silence.

    Raises:
        Refused
    """
    whole = access.fields_of(edit.step.definition.forms[edit.file_name])
    closed = {
        name: whole[name] for name, field in access.fields_of(edit.form).items() if field.get("readOnly") != whole[name].get("readOnly")
    }
    typed = fields.parse({"properties": closed}, posted_fields())
    before = edit.step.subject.answers()
    changed = "、".join(f"“{whole[name].get('title', name)}”" for name, value in typed.items() if value != before.get(name))
    if changed:
        raise Refused(f"该记录的状态已变为“{edit.step.subject.status}”，{changed}不能再修改。请重新打开此页，再修改其他内容。")
