"""流程监控: the page of one instance, with its position, data, tasks, jobs and messages, and what a supervisor can do to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Table, select

from domain.ground.parties import actors_in
from domain.ground.rows import Shape, read_all
from forms.lists import KINDS
from jobs.lists.instances import state_of
from jobs.lists.monitoring import ACTS
from jobs.lists.undelivered import carried, named
from processes import tables
from processes.definitions.store import load
from processes.errors import NotFound
from processes.history import events_of, instance_by_id
from processes.monitor import managing
from processes.monitor.migrating import undoable
from processes.monitor.overview import tokens_of
from processes.monitor.undelivered import messages_of
from processes.rows import InstanceRow, JobRow, TaskRow
from processes.states import JobState, TaskKind, TaskRowState
from webapp import steps
from webapp.context import actor, db, runtime
from webapp.records.page import drawing
from webapp.records.visibility import readable


def show(instance_id: int) -> str:
    """The instance's page."""
    row = instance_or_404(instance_id)
    columns = tables.task.c
    tasks = _rows(tables.task, TaskRow, instance_id, columns.state != TaskRowState.OPEN, columns.created_at.desc(), columns.number)
    parties = {task.party_id for task in tasks if task.state == TaskRowState.OPEN}
    people = {party: actors_in(db(), party) for party in parties}
    jobs = _rows(tables.job, JobRow, instance_id, tables.job.c.id)
    messages = messages_of(db(), instance_id, SHOWN)
    g.diagram = True
    return render_template(
        "monitor/show.html",
        row=row,
        definition=load(db(), row.definition_id),
        state=state_of(row),
        acts=_acts(row),
        all_acts=ACTS,
        longest=managing.LONGEST_REASON,
        tokens=tokens_of(db(), row),
        tasks=tasks,
        takers={
            t.id: [p for p in people[t.party_id] if t.role in p.roles]
            for t in tasks
            if t.state == TaskRowState.OPEN and t.kind == TaskKind.STEP
        },
        names={person.person_id: person.name for found in people.values() for person in found},
        content_shown=bool(jobs or messages) and readable(KINDS.get(row.key), row.subject_id) is not None,  # asks the database
        jobs=jobs,
        job_states=JOBS,
        messages=messages,
        carried=carried,
        named=named,
        task_states=TASKS,
        events=events_of(db(), instance_id),
        now=runtime().engine.clock(),
    )


def diagram(instance_id: int) -> ResponseReturnValue:
    """The diagram with its tokens, the path taken, and who did what at which element."""
    return drawing(instance_or_404(instance_id))


def do(instance_id: int, act: str) -> ResponseReturnValue:
    """挂起, 恢复, 终止 or 重试, with the reason."""
    instance_or_404(instance_id)
    if act not in ACTS:
        raise NotFound
    reason = request.form.get("reason", "")
    run = ACTS[act].run
    problem = steps.attempt(lambda: run(runtime().engine, db(), actor(), instance_id, reason), lambda: instance_id)
    return back(instance_id, f"已{ACTS[act].label}。", problem)


def reassign(task_id: str) -> ResponseReturnValue:
    """改派 to a person (`to` is their id) or, with an empty `to`, to all with the role."""
    instance_id = db().scalar(select(tables.task.c.instance_id).where(tables.task.c.id == task_id))
    if instance_id is None:
        raise NotFound
    to, reason = request.form.get("to", ""), request.form.get("reason", "")
    if to and not (to.isdecimal() and len(to) < 10):  # an empty `to` means everybody with the role; anything else must name a person
        raise NotFound
    person_id = int(to) if to else None
    problem = steps.attempt(
        lambda: managing.reassign(runtime().engine, db(), actor(), task_id, person_id, reason), lambda: int(instance_id)
    )
    return back(instance_id, "已改派。", problem)


def back(instance_id: int, done: str, problem: steps.Problem | None) -> ResponseReturnValue:
    """Leads to the instance's page, which says what is done, or the problem."""
    steps.flash_result(problem, done)
    return redirect(url_for("monitor.show", instance_id=instance_id))


SHOWN = 200  # rows of a table: a 会签 may ask thousands
JOBS = {
    JobState.PENDING: "等待处理",
    JobState.RUNNING: "处理中",
    JobState.DONE: "已完成",
    JobState.FAILED: "失败",
    JobState.CANCELLED: "已取消",
    JobState.PAUSED: "随流程挂起",
    JobState.ANSWERED: "已答复，待流程恢复",
}
TASKS = {
    TaskRowState.OPEN: "待办",
    TaskRowState.CONFIRMING: "待确认",
    TaskRowState.WAITING: "待办理后确认",
    TaskRowState.QUEUED: "待轮到",
    TaskRowState.DONE: "已办",
    TaskRowState.CANCELLED: "已关闭",
    TaskRowState.UNDONE: "已退回重办",
    TaskRowState.WITHDRAWN: "已撤回",
}


def _acts(row: InstanceRow) -> list[str]:
    """The acts that the page offers, as keys of ACTS."""
    if row.ended_at is not None:
        return []
    suspended = row.suspended_at is not None
    retry = ["retry"] if row.incident is not None and not suspended else []
    undo = ["undo"] if db().scalar(select(undoable(row))) is not None else []
    return [*retry, *undo, "resume" if suspended else "suspend", "cancel"]


def instance_or_404(instance_id: int) -> InstanceRow:
    """An instance.

    Raises:
        NotFound: there is none with this id.
    """
    row = instance_by_id(db(), instance_id)
    if row is None:
        raise NotFound
    return row


def _rows(table: Table, shape: type[Shape], instance_id: int, *order: ColumnElement[Any]) -> Sequence[Shape]:
    return read_all(db(), select(table).where(table.c.instance_id == instance_id).order_by(*order).limit(SHOWN), shape)
