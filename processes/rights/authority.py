"""Who may act on a task: people who hold its role, whom it is assigned to, who stands in for them; and who may not (four eyes)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from processes import tables
from processes.definitions.definition import Definition
from processes.diagrams.elements import Element
from processes.errors import FourEyes, NotAllowed, NotFound, Refused
from processes.rights.substitutes import AbsentPerson, absent_actor, absent_for, absent_holder
from processes.rows import InstanceRow, TaskRow
from processes.states import TaskKind, TaskRowState


class Check(Protocol):
    """Decides whether an actor may do something to a task now."""

    def __call__(self, session: Session, actor: Actor, task: TaskRow, key: str, now: datetime) -> AbsentPerson | None:
        """In whose place the actor acts; None: in their own. `key` is the process's. Raises where they may not."""


class TaskOfProcess(TaskRow, Protocol):
    """A task's row with the key of its process."""

    key: str


def may_see(session: Session, actor: Actor, task: TaskOfProcess, now: datetime | None) -> bool:
    """Whether the actor may open a task's page, be the task open or closed. Without `now` nobody stands in for anybody."""
    if task.party_id != actor.party_id:
        return False
    if task.role in actor.roles or actor.person_id in (task.assignee_id, task.closed_by, task.asked_by):
        return True
    return now is not None and absent_for(session, actor, task, task.key, now) is not None


def acts_for(session: Session, actor: Actor, task: TaskRow, key: str, now: datetime) -> AbsentPerson | None:
    """In whose place the actor acts on an open task: None where the task is their own.

    Raises:
        NotFound: the actor may not see the task.
        NotAllowed: the actor may see it, but not act on it.
        Refused: another person has claimed it.
    """
    if task.party_id != actor.party_id:
        raise NotFound
    own = task.role in actor.roles
    if task.assignee_id == actor.person_id and (own or task.kind != TaskKind.STEP):
        return None
    if own and task.assignee_id is None:
        return None
    absent = absent_for(session, actor, task, key, now)
    if absent is not None:
        return absent
    if task.assignee_id == actor.person_id:
        raise NotAllowed(f"办理此事项需要“{task.role}”角色，您目前没有，请转告管理员或释放该事项")
    if not own:
        raise NotFound
    raise Refused("此事项已被其他人员签收，请等待其办理或释放")


def recalls(session: Session, actor: Actor, task: TaskRow, key: str, now: datetime) -> None:
    """Lets the actor take back a request for an opinion: the one who asked for it, and those whose task the opinion is about.

    Raises:
        NotFound: the actor is none of them.
    """
    if task.party_id != actor.party_id or task.parent_id is None:
        raise NotFound
    if task.asked_by != actor.person_id and (task.role not in actor.roles or task.assignee_id == actor.person_id):
        raise NotFound


def takes_back(session: Session, actor: Actor, task: TaskRow, key: str, now: datetime) -> AbsentPerson | None:
    """In whose place the actor takes back the completion of a task: None where they take back their own act.

    What somebody did in an absent person's place is the absent person's act.

    Raises:
        NotFound: the act is neither the actor's nor one of a person whom the actor stands in for.
    """
    if task.party_id != actor.party_id or task.kind != TaskKind.STEP or task.closed_by is None:
        raise NotFound
    owner = task.closed_by if task.closed_for is None else task.closed_for
    if owner == actor.person_id and task.role in actor.roles:
        return None
    absent = absent_actor(session, actor, task, key, now)
    if absent is None:
        raise NotFound
    return absent


def presses(session: Session, actor: Actor, role: str, party_id: int | None, instance: InstanceRow, now: datetime) -> AbsentPerson | None:
    """In whose place the actor presses a button that a role has on an instance's record: None where they press it in their own name.

    `party_id` is the party that fills the role.

    Raises:
        NotAllowed: the actor may not press it.
    """
    if role in actor.roles and (role == "系统" or party_id == actor.party_id):
        return None
    absent = absent_holder(session, actor, role, instance, now) if party_id == actor.party_id else None
    if absent is None:
        raise NotAllowed
    return absent


def in_place_of(actor: Actor, absent: AbsentPerson | None) -> Actor:
    """The actor under the name that the history keeps: 赵琳（代王强）."""
    return actor if absent is None else replace(actor, name=f"{actor.name}（代{absent.name}）")


def four_eyes(session: Session, definition: Definition, instance_id: int, element: Element, people: Iterable[int]) -> None:
    """Refuses people who have acted in a step that checks this one: nobody acts in two steps that check each other.

    An act in an absent person's place, and an opinion, count as acts. Every round counts: who reviewed a record before it was returned does
    not give its second review later. An act that its author took back, before anybody acted on it, does not count.

    Raises:
        FourEyes: one of these people has.
    """
    if involved(session, definition, instance_id, element) & set(people):
        raise FourEyes


def involved(session: Session, definition: Definition, instance_id: int, element: Element) -> set[int]:
    """Ids of the people who have acted in a step that checks this one, in any round."""
    partners = partners_of(definition, element)
    if not partners:
        return set()
    table = tables.task
    query = select(table.c.closed_by, table.c.closed_for).where(
        table.c.instance_id == instance_id,
        table.c.element.in_(partners),
        table.c.state.in_((TaskRowState.DONE, TaskRowState.CONFIRMING, TaskRowState.UNDONE)),
    )
    return {person for row in session.execute(query) for person in row if person is not None}


def partners_of(definition: Definition, element: Element) -> set[str]:
    """Ids of the steps that check this one, or that it checks."""
    found = {e.id for e in definition.elements.values() if e.properties.get("fourEyesWith") == element.id}
    return found | ({element.properties["fourEyesWith"]} if "fourEyesWith" in element.properties else set())
