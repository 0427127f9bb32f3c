"""The step that completes a user task."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from processes import tables
from processes.engine import Engine
from processes.errors import Refused
from processes.history import clock_text, who
from processes.proving import closing_proof
from processes.spiff import tokens
from processes.states import EventKind, NoticeKind, TaskKind, TaskRowState
from processes.steps import books, copying, running, votes
from processes.steps.filling import Answers, checked
from processes.steps.holding import LockedTask, lock_task
from processes.steps.locking import nothing_unseen
from processes.steps.step import Step
from processes.steps.telling import notify


def complete(
    engine: Engine,
    session: Session,
    actor: Actor,
    task_id: str,
    outcome: str,
    answers: Answers | None = None,
    comment: str | None = None,
    seen: int | None = None,
) -> list[str]:
    """Completes a user task with one of its outcomes.

    `answers` are those of the task's form; None takes what the record already holds (a button on a list). `seen` as of `nothing_unseen`.

    Raises:
        Refused: the record was edited since.
        TaskClosed: somebody, or a deadline, was first; the message says who did what when.
        NotAllowed, FourEyes: not this actor.
        FormInvalid: the form does not pass its checks, or a required comment is missing.
    """
    locked = lock_task(engine, session, actor, task_id)
    if locked.task.kind != TaskKind.STEP:
        raise Refused("此事项只请您给出意见，请填写意见后提交")
    locked.no_opinion_awaited()
    nothing_unseen(locked.step, seen)
    if locked.step.workflow is None:
        running.load(locked.step)
    finish(locked, locked.live(), outcome, answers, comment)
    return books.write(locked.step)


def finish(locked: LockedTask, live: Any, outcome: str, answers: Answers | None, comment: str | None) -> None:
    """Gives a ready user task its outcome, and runs to the next wait unless somebody is to confirm it first."""
    step = locked.step
    locked.four_eyes(step.actor.person_id)
    given = checked(step, locked.element, outcome, answers, comment)
    said = f"{who(step.actor)}已于 {clock_text(step.now)} 办理：{outcome}"
    values = {"closed_by": step.actor.person_id, "outcome": outcome, "closed_as": said}
    values["closed_for"] = None if locked.absent is None else locked.absent.id
    name = outcome if locked.task.vote_id is None else votes.said(step, locked.task, outcome)
    step.record(EventKind.TASK, name, locked.element.id, comment, given)
    if not locked.opinions:
        go_on(step, live, locked.task, values)
        return
    table, ids = tables.task, [one.id for one in locked.opinions]
    confirming = {"state": TaskRowState.CONFIRMING, "closed_at": step.now, **values}
    confirming |= closing_proof(step.session, locked.task.id, confirming)
    step.session.execute(update(table).where(table.c.id == locked.task.id).values(confirming))
    step.session.execute(update(table).where(table.c.id.in_(ids)).values(state=TaskRowState.OPEN, created_at=step.now))
    for one in locked.opinions:
        notify(step, [one.assignee_id], NoticeKind.ASSIGNED, f"{who(step.actor)}请您确认：{step.row.title} · {one.name}", one.id)


def go_on(step: Step, live: Any, task: Any, closed: dict[str, Any]) -> None:
    """Completes a ready user task in the engine, or counts an answer to it (`task` is its row), and runs to the next wait.

    `closed`: closed_by, closed_for, outcome, closed_as.
    """
    if task.vote_id is not None:
        votes.answer(step, live, task, closed)
        running.run(step)
        if task.vote_id in step.ended:  # a copy tells of the result, not of each answer
            copying.by_diagram(step, step.definition.elements[task.element])
        return
    element = step.definition.elements[tokens.element_id(live)]
    live.data[f"{element.local}_outcome"] = closed["outcome"]
    live.data[f"{element.local}_by"] = closed["closed_by"]
    live.run()
    step.closed[str(live.id)] = {"state": TaskRowState.DONE, **closed}
    copying.by_diagram(step, element)
    running.run(step)
