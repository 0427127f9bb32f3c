"""迁移: puts a running instance on another version of its diagram; 撤销迁移 puts it back, until its next step.

Each is one step (docs/architecture.md). An instance can be migrated where each of its tokens is at an element that the other version has
too, or can be put on a user task of that version. Completed steps that the other version does not have leave the state: nobody can be
sent back to them. A deadline that the other version draws differently counts anew from the migration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Protocol, cast

from sqlalchemy import ScalarSelect, delete, exists, insert, select, update
from sqlalchemy.orm import Session

from domain.ground.database import rows_changed
from domain.ground.parties import Actor
from domain.ground.rows import columns_of, read_all, read_first
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import Element
from processes.engine import Engine
from processes.errors import Refused
from processes.history import clock_text, who
from processes.monitor.managing import SUPERVISORS, in_charge
from processes.proving import proved
from processes.rows import InstanceRow, TaskRow
from processes.spiff import regrafting, tokens, tree
from processes.spiff.library import BpmnProcessSpec, BpmnWorkflow, Join, LoopTask, SubWorkflowTask, Task, TaskState
from processes.spiff.state import load_state, save_state
from processes.states import LIVE, EventKind, JobState, TaskRowState
from processes.steps import books, execution, running, votes
from processes.steps.starting_point import look_at, renewed
from processes.steps.step import Closing, Step
from processes.tasks.assigning import transfer_roles

_KEPT = (
    *("state", "element", "name", "role", "party_id", "assignee_id", "due_at"),
    *("closed_at", "closed_by", "closed_for", "outcome", "closed_as"),
    *("proof", "assignee_proof", "closing_proof"),
)
_OVER = (TaskRowState.DONE, TaskRowState.CANCELLED)
MIGRATORS = SUPERVISORS | {"流程设计"}  # who deploys a version may say what becomes of those that run


class Kept(Protocol):
    """What undoing a migration needs: the row of `tables.migration`."""

    version: int
    definition_id: int
    state: bytes
    path: list[str]
    position: str | None
    position_since: datetime | None
    incident: str | None
    tasks: dict[str, dict[str, Any]]
    jobs: dict[str, str]


class Versioned(Protocol):
    """An instance that may be migrated, as far as a plan needs it."""

    @property
    def key(self) -> str:
        """Its process."""

    @property
    def version(self) -> int:
        """How many steps it has taken."""

    @property
    def definition_id(self) -> int:
        """The version of the diagram that it runs on."""

    @property
    def state(self) -> bytes | None:
        """None: it has ended."""


@dataclass(frozen=True)
class TokenMove:
    """One token: its element now, and its element after the migration, which is None where that is not settled.

    `choices` are the user tasks that it can be put on. `moved`: it leaves its element and enters `to`; else it stays where it is.
    """

    task_id: str
    element: Element
    to: Element | None
    problem: str | None = None
    choices: tuple[Element, ...] = ()
    moved: bool = False


@dataclass(frozen=True)
class Plan:
    """What a migration would do to an instance. `version` is the version that the instance's row had when the plan was made."""

    version: int
    definition: Definition
    moves: tuple[TokenMove, ...]
    lost: tuple[str, ...] = ()
    """Names of completed steps that the other version does not have."""

    @property
    def problems(self) -> list[str]:
        """Why the instance cannot be migrated; empty where it can."""
        return [move.problem for move in self.moves if move.problem]


def preview(session: Session, row: Versioned, definition_id: int, mapping: Mapping[str, str] | None = None) -> Plan:
    """Whether an instance can be migrated to a version, and where its tokens will be then. Changes nothing.

    `mapping`: id of an element where a token is → id of the user task that it is put on.

    Raises:
        Refused: the instance has ended, or the version is not one of its process.
    """
    old, new = load(session, row.definition_id), load(session, definition_id)
    if row.state is None:
        raise Refused("流程已结束，不能迁移")
    return _plan(row, load_state(row.state, *old.specs), old, new, mapping or {})


def migrate(
    engine: Engine,
    session: Session,
    actor: Actor,
    instance_id: int,
    definition_id: int,
    reason: str,
    mapping: Mapping[str, str] | None = None,
    seen: int | None = None,
) -> list[str]:
    """Puts an instance on another version of its diagram. `seen` is the version of the plan that somebody agreed to.

    Returns: ids of the jobs to hand out.
    Raises:
        NotAllowed, NotFound, Refused: as `in_charge`; it cannot be migrated, or has taken a step since the plan was made.
    """
    step, reason = in_charge(engine, session, actor, instance_id, reason, suspended=True, roles=MIGRATORS)
    if seen is not None and seen != step.row.version:
        raise Refused("流程在预览之后又有变化，请重新预览")
    running.restore(step)
    old, new = step.definition, load(session, definition_id)
    plan = _plan(step.row, step.workflow, old, new, mapping or {})
    if plan.problems:
        raise Refused("；".join(plan.problems))
    _remember(step)
    moves = {m.task_id: m.to.local for m in plan.moves if m.to is not None and m.moved}
    said = f"{who(actor)}已于 {clock_text(step.now)} 将流程迁移到第 {new.version} 版"
    step.closed = {m.task_id: Closing(TaskRowState.CANCELLED, said) for m in plan.moves if m.moved}
    votes.leave(step, moves, said)
    specs = new.specs
    regrafting.regraft(step.workflow, specs, moves)
    step.definition = new
    step.workflow = load_state(save_state(step.workflow), *specs)
    step.workflow.script_engine = execution.script_engine(step)
    running.run(step)
    step.record(EventKind.MIGRATE, f"从第 {old.version} 版迁移到第 {new.version} 版", None, reason)
    _renew_tasks(step, {m.task_id: m for m in plan.moves if m.task_id not in step.closed}, old)
    step.incident = books.failed_job_error(session, instance_id)
    step.closed = {id: closing for id, closing in step.closed.items() if id in books.live_tasks(step)}
    return books.write(step)


def undo(engine: Engine, session: Session, actor: Actor, instance_id: int, reason: str) -> list[str]:
    """撤销迁移: while it has taken no step since, the instance is put back on the version that it came from, as it was.

    Returns: ids of the jobs to hand out.
    Raises:
        NotAllowed, NotFound, Refused: as `in_charge`; there is no migration to undo, or the instance has taken a step since.
    """
    step, reason = in_charge(engine, session, actor, instance_id, reason, suspended=True, roles=MIGRATORS)
    table = tables.migration
    kept = read_first(session, select(table).where(table.c.instance_id == instance_id), Kept)
    if kept is None or kept.version != step.row.version:
        raise Refused("没有可以撤销的迁移，或迁移后流程已继续进行")
    look_at(step, table, kept, "迁移")
    running.restore(step)
    new, step.definition = step.definition, load(session, kept.definition_id)
    step.workflow = load_state(kept.state, *step.definition.specs)
    step.workflow.script_engine = execution.script_engine(step)
    before = {"path": kept.path, "position": kept.position, "position_since": kept.position_since}
    step.row = cast(InstanceRow, SimpleNamespace(**{**columns_of(step.row), **before}))
    said = f"{who(actor)}已于 {clock_text(step.now)} 撤销了到第 {new.version} 版的迁移"
    step.closed = {id: Closing(TaskRowState.CANCELLED, said) for id in books.live_tasks(step) if id not in kept.tasks}
    votes.leave(step, set(votes.open_votes(step)) - votes.open_votes_among(tokens.waiting(step.workflow)).keys(), said)
    step.live_tasks = None
    again = _bring_back(step, kept)
    step.incident = kept.incident
    step.record(EventKind.UNMIGRATE, f"撤销迁移，回到第 {step.definition.version} 版", None, reason)
    session.execute(delete(table).where(table.c.instance_id == instance_id))
    return again + books.write(step)


def undoable(row: InstanceRow) -> ScalarSelect[int]:
    """The id of the version that undoing its migration puts an instance back on, as part of a query; null where nothing can be undone."""
    table = tables.migration.c
    return select(table.definition_id).where(table.instance_id == row.id, table.version == row.version).scalar_subquery()


def forget_overtaken(session: Session) -> None:
    """Deletes what undoing needs of migrations after which the instance has taken a step."""
    table, instance = tables.migration.c, tables.instance.c
    overtaken = exists().where(instance.id == table.instance_id, instance.version != table.version)
    session.execute(delete(tables.migration).where(overtaken))


def _plan(row: Versioned, workflow: BpmnWorkflow, old: Definition, new: Definition, mapping: Mapping[str, str]) -> Plan:
    if new.key != row.key or new.subject != old.subject:
        raise Refused("只能迁移到同一流程的其他版本")
    if new.id == old.id:
        raise Refused(f"流程已在第 {new.version} 版上运行")
    spec, inner = new.specs
    moves: list[TokenMove] = []
    lost: list[str] = []
    idle = regrafting.idle(workflow)
    for part in tree.parts(workflow):
        after = spec if part is workflow else inner.get(part.spec.name)
        waiting = [] if part.parent_task_id in idle else [token for token in regrafting.tokens(part) if token.id not in idle]
        moves += [_move_of(token, after, old, new, mapping) for token in waiting]
        over = [t for t in part.tasks.values() if t.task_spec.manual and t.has_state(TaskState.COMPLETED)]
        lost += [
            old.elements[tokens.element_id(t)].name
            for t in over
            if after is None or not regrafting.fits(t.task_spec.name, part.spec, after)
        ]
    return Plan(row.version, new, tuple(moves), tuple(dict.fromkeys(lost)))


def _move_of(token: Task, after: BpmnProcessSpec | None, old: Definition, new: Definition, mapping: Mapping[str, str]) -> TokenMove:
    """`after`: the part of the other version in which the token will be; None where that version does not have it."""
    id, name, before = tokens.element_id(token), token.task_spec.name, token.workflow.spec
    element, task_id = old.elements[id], str(token.id)
    called = f"“{element.name or element.id}”"
    if after is None:
        return TokenMove(task_id, element, None, f"{called}所在的子流程在第 {new.version} 版中已不存在")
    choices = tuple(new.tasks_beside(element)) if regrafting.may_leave(token) else ()
    wanted = next((e for e in choices if e.id == mapping.get(id)), None)
    if wanted is not None:
        return TokenMove(task_id, element, wanted, None, choices, wanted.id != id or not regrafting.same_kind(name, before, after))
    if not regrafting.same_kind(name, before, after):
        what = "请选择流程改停在哪一步" if choices else f"{_why_bound(token)}，不能改停在别处，请等它办完后再迁移"
        return TokenMove(task_id, element, None, f"{called}在第 {new.version} 版中已不存在或类型已改变，{what}", choices)
    if hanging := regrafting.begun_beside(token, after):
        events = "”“".join(old.elements[tokens.element_id(event)].name for event in hanging)
        said = f"{called}的边界事件“{events}”在第 {new.version} 版中已不存在，而它引出的步骤还在办理，请等它办完后再迁移"
        return TokenMove(task_id, element, None, said, choices)
    return TokenMove(task_id, element, new.elements[id], None, choices)


def _why_bound(token: Task) -> str:
    """Why a token cannot be put elsewhere."""
    if isinstance(token.task_spec, Join):
        return "正在等其他分支汇合"
    if isinstance(token.task_spec, LoopTask) or isinstance(token.parent.task_spec, LoopTask):
        return "正在逐项办理"
    if isinstance(token.task_spec, SubWorkflowTask):
        return "里面的步骤还在办理"
    return "它的边界事件引出的步骤还在办理"


def _remember(step: Step) -> None:
    """Keeps what undoing this migration needs, in place of what an earlier one kept."""
    session, row, task, job = step.session, step.row, tables.task, tables.job
    live = read_all(session, select(task).where(task.c.instance_id == row.id, task.c.state.in_(LIVE)), TaskRow)
    jobs = session.execute(select(job.c.id, job.c.state).where(job.c.instance_id == row.id, job.c.state.not_in(_OVER))).all()
    values = {
        "instance_id": row.id,
        "version": row.version + 1,
        "definition_id": row.definition_id,
        "state": row.state,
        "path": row.path,
        "position": row.position,
        "position_since": row.position_since,
        "incident": row.incident,
        "tasks": {one.id: {str(name): _json(value) for name, value in columns_of(one).items() if name in _KEPT} for one in live},
        "jobs": {one.id: one.state for one in jobs},
    }
    session.execute(delete(tables.migration).where(tables.migration.c.instance_id == row.id))
    session.execute(insert(tables.migration).values(proved(session, tables.migration, values)))


def _bring_back(step: Step, kept: Kept) -> list[str]:
    """Writes the task rows and jobs as they were. Returns ids of the jobs to hand out."""
    for id, columns in kept.tasks.items():
        moments = {name: datetime.fromisoformat(columns[name]) for name in ("due_at", "closed_at") if columns[name]}
        step.session.execute(update(tables.task).where(tables.task.c.id == id).values({**columns, **moments}))
    table, again = tables.job, []
    for id, state in kept.jobs.items():
        waits = JobState.PAUSED if step.suspended_at is not None else JobState.PENDING
        back = waits if state in (JobState.PENDING, JobState.RUNNING, JobState.PAUSED) else state
        gone = update(table).where(table.c.id == id, table.c.state == JobState.CANCELLED)
        values = {"state": back, "next_at": step.now if back == JobState.PENDING else None}
        if rows_changed(step.session, gone.values(values)) and back == JobState.PENDING:
            again.append(id)
    return again


def _renew_tasks(step: Step, moves: Mapping[str, TokenMove], old: Definition) -> None:
    """Writes name and role of the task rows that stay as the new version has them, and their deadline where it draws another one."""
    table = tables.task
    live = select(table).where(table.c.instance_id == step.row.id, table.c.state.in_(LIVE), table.c.parent_id.is_(None))
    for row in read_all(step.session, live, TaskRow):
        task, move = tokens.find(step.workflow, row.id), moves.get(row.id)
        if task is None or move is None or move.to is None:
            continue
        fresh = step.task_row(row.id, task)
        values: dict[str, Any] = {"name": move.to.name}
        if row.role not in transfer_roles(move.to) or row.party_id != step.subject.party_for(row.role):
            values |= {"role": fresh["role"], "party_id": fresh["party_id"], "assignee_id": None}
        if old.elements[row.element].properties.get("due") != move.to.properties.get("due"):
            values["due_at"] = fresh["due_at"]
        values |= renewed(step, row, values)
        step.session.execute(update(table).where(table.c.id == row.id).values(values))


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
