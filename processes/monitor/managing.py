"""What people in charge do to a running process: 重试, 挂起, 恢复, 终止, 改派, 释放. (迁移: `migrating.py`; 跳转: `moving.py`.)

Each is one step (docs/architecture.md) with a reason that the history keeps.

While an instance is suspended nothing in it acts: people cannot complete its tasks, send its messages or edit its record, its timers do not
fire, its jobs are not handed out, and an answer of the outside is kept until it is resumed. Its clock does not run. Once it is resumed,
lengths of time (`timeDuration`, `timeCycle`, a task's `due` that counts from `now`) are put off by the time it was suspended. Moments
(`timeDate`, any other `due`) are not: a timer whose moment passed meanwhile fires at once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, actor_of
from domain.ground.rows import read_all, read_one
from processes import tables
from processes.diagrams.expressions import names_in
from processes.engine import Engine
from processes.errors import NotAllowed, NotFound, Refused, TaskClosed
from processes.history import clock_text, who
from processes.outside import answers
from processes.proving import assign
from processes.rights import authority
from processes.rows import TaskRow
from processes.spiff import timers, tokens
from processes.states import LIVE, EventKind, JobState, NoticeKind, TaskKind, TaskRowState, VoteState
from processes.steps import books, running, votes
from processes.steps.locking import lock
from processes.steps.starting_point import look_at_task, renewed
from processes.steps.step import Closing, Step, VoteEnd
from processes.steps.telling import notify

SUPERVISORS = frozenset({"监控", "系统管理"})
LONGEST_REASON = 500


def in_charge(
    engine: Engine,
    session: Session,
    actor: Actor,
    instance_id: int,
    reason: str,
    suspended: bool = False,
    roles: frozenset[str] = SUPERVISORS,
) -> tuple[Step, str]:
    """The step of somebody in charge on a running instance, and the reason as the history keeps it.

    Raises:
        NotAllowed: the actor is not in charge.
        NotFound, Suspended: as `lock`.
        Refused: the process has ended, or no reason was given.
    """
    if not roles & actor.roles:
        raise NotAllowed
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        raise Refused(f"请填写原因，最多 {LONGEST_REASON} 个字")
    step = lock(engine, session, actor, instance_id, suspended)
    if step.row.state is None:
        raise Refused("流程已结束，不能再作处理")
    return step, reason.strip()


def retry(engine: Engine, session: Session, actor: Actor, instance_id: int, reason: str = "") -> list[str]:
    """重试: failed jobs are handed out again with the payload that they had, and timers that could not fire are tried again.

    A reason is not needed; where there is one, the history keeps it.

    Returns: ids of the jobs to hand out.
    Raises:
        NotAllowed: the actor is not in charge.
        Suspended: the instance must be resumed first.
        Refused: nothing has failed.
    """
    if not SUPERVISORS & actor.roles:
        raise NotAllowed
    step = lock(engine, session, actor, instance_id)
    if step.row.incident is None:
        raise Refused("此流程目前没有失败的步骤，无需重试")
    failed = _let_go(step, JobState.FAILED, tries=0, error=None)
    step.incident = None
    step.record(EventKind.RETRY, "重试", None, reason.strip()[:LONGEST_REASON])
    running.load(step)
    return failed + books.write(step)


def suspend(engine: Engine, session: Session, actor: Actor, instance_id: int, reason: str) -> list[str]:
    """挂起: from now on nothing in the instance acts. Timers that are due fire first, unless one of them is what failed.

    Raises:
        NotAllowed, NotFound, Refused: as `in_charge`, and where the instance is suspended already.
    """
    step, reason = in_charge(engine, session, actor, instance_id, reason, suspended=True)
    if step.row.suspended_at is not None:
        raise Refused("此流程已经挂起")
    if step.row.incident is None:
        running.load(step)
    else:
        running.restore(step)
    if step.workflow.is_completed():
        raise Refused("流程已到期结束，不能再作处理")
    step.suspended_at = step.now
    step.record(EventKind.SUSPEND, "挂起", None, reason)
    books.write(step)
    table = tables.job
    waiting = update(table).where(table.c.instance_id == instance_id, table.c.state == JobState.PENDING)
    session.execute(waiting.values(state=JobState.PAUSED, next_at=None))
    return []


def resume(engine: Engine, session: Session, actor: Actor, instance_id: int, reason: str) -> list[str]:
    """恢复: the clock runs again, kept answers of the outside go into the process, and timers that are due fire.

    Returns: ids of the jobs to hand out.
    Raises:
        NotAllowed, NotFound, Refused: as `in_charge`, and where the instance is not suspended.
    """
    step, reason = in_charge(engine, session, actor, instance_id, reason, suspended=True)
    if step.row.suspended_at is None:
        raise Refused("此流程没有挂起，无需恢复")
    suspended_for, step.suspended_at = step.now - step.row.suspended_at, None
    running.restore(step)
    timers.put_off([*tokens.waiting(step.workflow), *tokens.stopped(step.workflow)], suspended_for)
    _put_off_tasks(step, suspended_for)
    step.record(EventKind.RESUME, "恢复", None, reason)
    answers.take_kept(step)
    running.run(step)
    jobs = books.write(step)
    return jobs + _let_go(step, JobState.PAUSED)


def cancel(engine: Engine, session: Session, actor: Actor, instance_id: int, reason: str) -> list[str]:
    """终止: the process ends now, also where it is suspended or has an incident. The record gets the diagram's `cancelStatus`.

    Raises:
        NotAllowed, NotFound, Refused: as `in_charge`.
    """
    step, reason = in_charge(engine, session, actor, instance_id, reason, suspended=True)
    running.restore(step)
    said = f"{who(actor)}已于 {clock_text(step.now)} 终止流程：{reason}"
    closing = Closing(TaskRowState.CANCELLED, said)
    step.closed = {id: closing for id, parent in books.live_tasks(step).items() if parent is None}
    step.ended = dict.fromkeys(votes.open_votes(step), VoteEnd(VoteState.CANCELLED, said))
    step.called_off, step.incident = True, None
    step.record(EventKind.CANCEL, "终止", None, reason)
    return books.write(step)


def reassign(engine: Engine, session: Session, actor: Actor, task_id: str, person_id: int | None, reason: str) -> list[str]:
    """改派 of an open task to a person of its party who holds its role, or with None to everyone with that role.

    Raises:
        NotAllowed, NotFound, Refused: as `in_charge`; the person may not complete the task.
        TaskClosed: the task is no longer open.
        FourEyes: the person has acted in a step that checks this one.
    """
    table = tables.task
    step, reason = in_charge(engine, session, actor, _instance_of(session, task_id), reason, suspended=True)
    task = read_one(session, select(table).where(table.c.id == task_id), TaskRow)
    if task.state != TaskRowState.OPEN or task.kind != TaskKind.STEP:
        raise TaskClosed(task.closed_as)
    if task.assignee_id == person_id:
        raise Refused("此事项的办理人没有变化，请选择其他人员")
    name = f"“{task.role}”角色的全部人员"
    if person_id is not None:
        taker = actor_of(session, person_id)
        if taker is None or taker.party_id != task.party_id or task.role not in taker.roles:
            raise Refused(f"只能改派给本机构中有“{task.role}”角色的人员，请重新选择")
        authority.four_eyes(session, step.definition, step.row.id, step.definition.elements[task.element], [person_id])
        notify(step, [person_id], NoticeKind.ASSIGNED, f"{who(actor)}改派给您：{step.row.title} · {task.name}", task_id)
        name = taker.name
    votes.may_take(step, task, person_id, name)
    look_at_task(step, task)
    assign(session, [task_id], person_id)
    step.record(EventKind.ASSIGN, f"将“{task.name}”改派给{name}", task.element, reason)
    return books.write(step)


def release(engine: Engine, session: Session, actor: Actor, instance_id: int, reason: str) -> list[str]:
    """释放: everybody with the role may do the open tasks that one person has claimed or was given. Those of a 会签 keep whom they ask.

    Raises:
        NotAllowed, NotFound, Refused: as `in_charge`; nobody has any.
    """
    table = tables.task
    step, reason = in_charge(engine, session, actor, instance_id, reason, suspended=True)
    mine = table.c.instance_id == instance_id, table.c.state == TaskRowState.OPEN, table.c.kind == TaskKind.STEP
    assigned = *mine, table.c.assignee_id.is_not(None), table.c.vote_id.is_(None)
    tasks = read_all(session, select(table).where(*assigned).order_by(table.c.created_at, table.c.id), TaskRow)
    if not tasks:
        raise Refused("此流程没有已被签收或改派的待办，无需释放")
    for task in tasks:
        look_at_task(step, task)
    assign(session, [task.id for task in tasks], None)
    for task in tasks:
        step.record(EventKind.ASSIGN, f"释放“{task.name}”给“{task.role}”角色的全部人员", task.element, reason)
    return books.write(step)


def _instance_of(session: Session, task_id: str) -> int:
    found = session.scalar(select(tables.task.c.instance_id).where(tables.task.c.id == task_id))
    if found is None:
        raise NotFound
    return int(found)


def _let_go(step: Step, state: str, **more: Any) -> list[str]:
    """Marks the instance's jobs of this state to be handed out now. Returns their ids."""
    table = tables.job
    mine = table.c.instance_id == step.row.id, table.c.state == state
    ids = list(step.session.scalars(select(table.c.id).where(*mine)))
    if ids:
        step.session.execute(update(table).where(*mine).values(state=JobState.PENDING, next_at=step.now, **more))
    return ids


def _put_off_tasks(step: Step, length: timedelta) -> None:
    """Puts off the deadlines that count from the beginning of their task: of live tasks, and of tasks that may be taken back.

    A task that is taken back opens again with the deadline that it had.
    """
    table = tables.task
    done = and_(table.c.state == TaskRowState.DONE, table.c.due_at > step.row.suspended_at)
    query = select(table).where(table.c.instance_id == step.row.id, table.c.due_at.is_not(None), or_(table.c.state.in_(LIVE), done))
    for row in read_all(step.session, query, TaskRow):
        element = step.definition.elements.get(row.element)  # a task that is done may be of a version before a migration
        if element is None or (row.state == TaskRowState.DONE and not element.withdrawable):
            continue
        due = element.properties.get("due", "")
        if row.due_at is not None and due and "now" in names_in(due):
            later: dict[str, Any] = {"due_at": row.due_at + length}
            later |= renewed(step, row, later)
            step.session.execute(update(table).where(table.c.id == row.id).values(later))
