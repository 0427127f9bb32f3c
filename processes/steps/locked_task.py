"""A task on its locked instance, once what was due has happened and it is known that the actor may act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

from sqlalchemy import Integer, Select, String, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, Person
from domain.ground.rows import columns_of, read_all, read_first
from processes import tables
from processes.diagrams.elements import Element
from processes.engine import Engine
from processes.errors import NotFound, Refused, TaskClosed
from processes.rights import access, authority
from processes.rights.substitutes import AbsentPerson
from processes.rows import TaskRow
from processes.spiff import tokens
from processes.spiff.library import Task, TaskState
from processes.states import LIVE, TaskKind, TaskRowState
from processes.steps import running
from processes.steps.locking import awake, step_on
from processes.steps.starting_point import LockedInstance, locked_instance, look_at_task
from processes.steps.step import Step


class TaskNear(TaskRow, Protocol):
    """A task's row with its assignee's name."""

    asked: str | None


@dataclass(frozen=True)
class LockedTask:
    """A live task on its locked instance. `absent` is the person in whose place the actor acts on it; None: the actor's own name."""

    step: Step
    task: TaskNear
    absent: AbsentPerson | None
    rows: Sequence[TaskNear]
    """The instance's live task rows."""

    @property
    def opinions(self) -> list[TaskNear]:
        """The live opinions asked for this task, or for the one that this is an opinion on."""
        about = self.task.parent_id or self.task.id
        return [row for row in self.rows if row.parent_id == about]

    @property
    def element(self) -> Element:
        """The task's element in the diagram."""
        return self.step.definition.elements[self.task.element]

    @property
    def form(self) -> Mapping[str, Any]:
        """The task's form as the actor fills it in; empty where it has none."""
        element = self.element
        return {} if element.form is None else access.form_at(self.step.definition.forms[element.form], element)

    @property
    def person_id(self) -> int:
        """The person whose task it is: the absent person, or the actor."""
        return self.absent.id if self.absent is not None else self.step.actor.person_id

    @property
    def awaited(self) -> list[str]:
        """Who is still to give an opinion before the task may be acted on."""
        return [one.asked or one.role for one in self.opinions if one.kind != TaskKind.AFTER]

    def no_opinion_awaited(self) -> None:
        """Raises Refused while an opinion is to be given before the task may be acted on."""
        waiting = self.awaited
        if waiting:
            raise Refused(f"正在等待{'、'.join(waiting)}的意见，给出后才能办理；也可以先收回")

    def four_eyes(self, *people: int) -> None:
        """Raises FourEyes where one of these people, or the absent person, has acted in a step that checks this one."""
        step = self.step
        authority.four_eyes(step.session, step.definition, step.row.id, self.element, (*people, self.person_id))

    def live(self) -> Task:
        """The task in the loaded workflow.

        Raises:
            TaskClosed: a deadline was first.
        """
        task_id = self.task.vote_id or self.task.parent_id or self.task.id
        found = tokens.find(self.step.workflow, task_id)
        if found is None or not found.has_state(TaskState.READY):
            raise TaskClosed(self.step.why_closed(task_id))
        return found


def lock_task(
    engine: Engine,
    session: Session,
    actor: Actor,
    task_id: str,
    check: authority.Check = authority.acts_for,
    states: tuple[TaskRowState, ...] = (TaskRowState.OPEN,),
) -> LockedTask:
    """Locks the instance of a task, lets timers that are due fire, and checks that the actor may act on the task now.

    `check` decides who may; `states` are those in which the task's row may be.

    Raises:
        NotFound, NotAllowed: the actor may not.
        TaskClosed: somebody, or a deadline, was first; the message says who did what when.
        Refused: another person has claimed it.
    """
    step, task, rows = _load_by_task(engine, session, actor, task_id, states)
    absent = check(session, actor, task, step.row.key, step.now)
    awake(step)  # said only to those who may know of the task
    step.actor = authority.in_place_of(actor, absent)
    locked = LockedTask(step, task, absent, rows)
    if step.row.due_at is not None and step.row.due_at <= step.now:
        running.load(step)
        locked.live()
    return locked


def _load_by_task(
    engine: Engine, session: Session, actor: Actor, task_id: str, states: tuple[TaskRowState, ...]
) -> tuple[Step, TaskNear, Sequence[TaskNear]]:
    row = read_first(session, _INSTANCE_OF_TASK, LockedInstance, {"task_id": task_id})
    if row is None:
        raise NotFound
    # read after the lock, so that what another step just wrote is seen
    found = read_all(session, _NEAR, TaskNear, {"instance_id": row.id, "task_id": task_id})
    task = next(one for one in found if one.id == task_id)
    if task.state not in states:
        if not authority.may_see(session, actor, SimpleNamespace(**columns_of(task), key=row.key), engine.clock()):
            raise NotFound
        raise TaskClosed(task.closed_as or "此事项尚待办理，办理后请您确认")
    step = step_on(engine, session, actor, row, suspended=True)
    for one in found:
        if one.id in (task_id, task.parent_id):
            look_at_task(step, one)
    step.live_tasks = {one.id: one.parent_id for one in found if one.vote_id is None}
    return step, task, found


def _instance_of_task() -> Select[Any]:
    """The instance of the task `task_id`, locked."""
    table, task, task_id = tables.instance, tables.task.c, bindparam("task_id", type_=String)
    return locked_instance().where(table.c.id == select(task.instance_id).where(task.id == task_id).scalar_subquery())


def _near() -> Select[Any]:
    """Rows of the instance `instance_id`: the task `task_id`, the task that it is an opinion on, the opinions on it, and the other live
    tasks – but none of a 会签, which may have thousands. Each alternative has an index of its own."""
    table, instance_id, task_id = tables.task, bindparam("instance_id", type_=Integer), bindparam("task_id", type_=String)
    own = table.alias().c
    about = select(own.parent_id).where(own.id == task_id).scalar_subquery()
    vote = select(own.vote_id).where(own.id == task_id).scalar_subquery()
    live = table.c.state.in_(LIVE)
    others = and_(table.c.instance_id == instance_id, table.c.vote_id.is_(None), live)
    opinions = and_(table.c.vote_id == vote, live, table.c.number.is_(None), table.c.parent_id.in_((task_id, about)))
    query = select(table, Person.name.label("asked")).outerjoin(Person, Person.id == table.c.assignee_id)
    near = or_(table.c.id == task_id, and_(table.c.id == about, live), others, opinions)
    return query.where(near).order_by(table.c.created_at, table.c.id)


_INSTANCE_OF_TASK, _NEAR = _instance_of_task(), _near()  # built once: putting them together takes longer than running them
