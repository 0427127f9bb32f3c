"""The step that completes a user task."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from processes import tables
from processes.engine import Engine
from processes.errors import Refused
from processes.history import clock_text, who
from processes.proving import closing_proof
from processes.rights.substitutes import AbsentPerson
from processes.rows import TaskRow
from processes.spiff import tokens
from processes.spiff.library import Task
from processes.states import EventKind, NoticeKind, TaskKind, TaskRowState
from processes.steps import books, copying, running, votes
from processes.steps.filling import Answers, check_and_store
from processes.steps.locked_task import LockedTask, lock_task
from processes.steps.locking import nothing_unseen
from processes.steps.step import Closing, Step
from processes.steps.telling import notify


def open_task(engine: Engine, session: Session, actor: Actor, task_id: str, seen: int | None = None) -> LockedTask:
    """Begins the step that completes a user task; `give_outcome` completes it. `LockedTask.form` is the form to fill in.

    `seen`: see `nothing_unseen`.

    Raises:
        Refused: the task asks for an opinion, or waits for one; or somebody has edited the record since its form was opened.
        TaskClosed: somebody, or a deadline, was first; the message says who did what when.
        NotAllowed: the actor may not complete it.
    """
    locked = lock_task(engine, session, actor, task_id)
    if locked.task.kind != TaskKind.STEP:
        raise Refused("此事项只请您给出意见，请填写意见后提交")
    locked.no_opinion_awaited()
    nothing_unseen(locked.step, seen)
    if locked.step.workflow is None:
        running.load(locked.step)
    return locked


def give_outcome(locked: LockedTask, outcome: str, answers: Answers | None = None, comment: str | None = None) -> list[str]:
    """Gives a task that `open_task` has locked one of its outcomes. The process continues, unless people are to confirm the outcome.

    `answers` are those to the task's form; None takes what the record already holds (a button on a list).

    Returns: ids of new jobs.
    Raises:
        TaskClosed: a deadline was first.
        FourEyes: the actor has acted in a step that checks this one.
        FormInvalid: the form does not pass its checks, or a required comment is missing.
        NotProved: the outcome is a signature, and the actor has not given their password shortly before.
        Refused: the task has no such outcome.
    """
    step, live = locked.step, locked.live()
    locked.four_eyes(step.actor.person_id)
    kept = check_and_store(step, locked.element, outcome, answers, comment)
    closing = closing_with(step, outcome, locked.absent)
    name = outcome if locked.task.vote_id is None else votes.line_of(step, locked.task, outcome)
    step.record(EventKind.TASK, name, locked.element.id, comment, kept)
    if locked.opinions:
        _ask_to_confirm(locked, closing)
    else:
        advance(step, live, locked.task, closing)
    return books.write(step)


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
    """Completes a user task, where the answers are known beforehand. Raises as `open_task` and `give_outcome`."""
    return give_outcome(open_task(engine, session, actor, task_id, seen), outcome, answers, comment)


def closing_with(step: Step, outcome: str, absent: AbsentPerson | None = None) -> Closing:
    """How a task is closed to which the step's actor gives an outcome."""
    sentence = f"{who(step.actor)}已于 {clock_text(step.now)} 办理：{outcome}"
    return Closing(TaskRowState.DONE, sentence, outcome, step.actor.person_id, None if absent is None else absent.id)


def _ask_to_confirm(locked: LockedTask, closing: Closing) -> None:
    """The task keeps its outcome, and waits until the people who were asked for a confirmation (后加签) have given it."""
    step, table, ids = locked.step, tables.task, [one.id for one in locked.opinions]
    confirming = {**closing.columns(), "state": TaskRowState.CONFIRMING, "closed_at": step.now}
    confirming |= closing_proof(step.session, locked.task.id, confirming)
    step.session.execute(update(table).where(table.c.id == locked.task.id).values(confirming))
    step.session.execute(update(table).where(table.c.id.in_(ids)).values(state=TaskRowState.OPEN, created_at=step.now))
    for one in locked.opinions:
        notify(step, [one.assignee_id], NoticeKind.ASSIGNED, f"{who(step.actor)}请您确认：{step.row.title} · {one.name}", one.id)


def advance(step: Step, live: Task, task: TaskRow, closing: Closing) -> None:
    """Completes a ready user task in the workflow, or counts an answer to a 会签 (`task` is its row), and runs to the next wait."""
    if task.vote_id is not None:
        votes.answer(step, live, task, closing)
        running.run(step)
        if task.vote_id in step.ended:  # a copy tells of the result, not of each answer
            copying.by_diagram(step, step.definition.elements[task.element])
        return
    complete_in_workflow(step, live, closing)


def complete_in_workflow(step: Step, live: Task, closing: Closing) -> None:
    """Completes a ready user task that is no 会签, and runs to the next wait."""
    element = step.definition.elements[tokens.element_id(live)]
    live.data[f"{element.local}_outcome"] = closing.outcome
    live.data[f"{element.local}_by"] = closing.closed_by
    live.run()
    step.closed[str(live.id)] = closing
    copying.by_diagram(step, element)
    running.run(step)
