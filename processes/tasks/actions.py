"""The buttons that a person may press on records now, read from open tasks, from what instances wait for and from the diagram."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy import ColumnElement, Select, literal, or_, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.rows import read_all
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import load
from processes.diagrams.elements import Element, Outcome
from processes.rights.substitutes import covered, lent, lent_roles
from processes.rows import Wait
from processes.states import TaskKind, TaskRowState, VoteState
from processes.tasks.withdrawing import withdrawals


class ActionKind(StrEnum):
    """What a button does."""

    TASK = "task"
    """It completes a user task, or opens the task's page where it names no outcome."""
    MESSAGE = "message"
    """It sends an event of the diagram."""
    WITHDRAW = "withdraw"
    """It takes back what the actor did last."""
    RETURN = "return"
    """It opens the page that sends the process back to an earlier step."""
    EDIT = "edit"
    """It opens the record's form."""


@dataclass(frozen=True)
class Action:
    """One button. `refuse` is a sentence that says why it cannot act; `due_at` the deadline of the task that is edited."""

    kind: ActionKind
    instance_id: int
    task_id: str | None
    element: str
    name: str
    form: str | None = None
    record_form: bool = False
    outcomes: tuple[Outcome, ...] = ()
    confirm: str | None = None
    refuse: str | None = None
    due_at: datetime | None = None


class _Running(Protocol):
    """An instance that is not suspended, as the buttons of its record need it. It may have ended: `editLane` holds then too."""

    id: int
    definition_id: int
    subject_id: int
    party_id: int
    position: str | None
    waits: list[Wait]
    incident: str | None
    ended_at: datetime | None
    lent: str | None
    """The roles in which the actor stands in for somebody here, a line each."""


class _OpenTask(Protocol):
    id: str
    instance_id: int
    element: str
    due_at: datetime | None


def actions_for(
    session: Session, actor: Actor, key: str, subject_ids: Sequence[int], now: datetime | None = None
) -> dict[int, list[Action]]:
    """The buttons of each record, in two queries however many records there are; a few more where the diagram lets people take
    back or has a 会签.

    With `now` also those that the actor may press in an absent person's place at that moment.
    """
    return actions_and_incidents(session, actor, key, subject_ids, now)[0]


def actions_and_incidents(
    session: Session, actor: Actor, key: str, subject_ids: Sequence[int], now: datetime | None = None
) -> tuple[dict[int, list[Action]], dict[int, str]]:
    """The buttons of each record, and the incidents of the records that have one (record id → text), in the same queries."""
    found: dict[int, list[Action]] = {subject_id: [] for subject_id in subject_ids}
    if not subject_ids:
        return found, {}
    columns = tables.instance.c
    query = select(
        *(columns.id, columns.definition_id, columns.subject_id, columns.party_id),
        *(columns.position, columns.waits, columns.incident, columns.ended_at),
        (literal(None) if now is None else lent_roles(actor, now)).label("lent"),
    )
    query = query.where(columns.key == key, columns.subject_id.in_(subject_ids), columns.suspended_at.is_(None))
    running = read_all(session, query, _Running)
    single = (tables.task.c.instance_id.in_([row.id for row in running]), tables.task.c.vote_id.is_(None))
    open_tasks = read_all(session, _open_tasks(actor, now, *single), _OpenTask)
    voting = [row for row in running if load(session, row.definition_id).votes]
    if voting:
        open_tasks = [*open_tasks, *read_all(session, _own_votes(actor, voting, now), _OpenTask)]
    takebacks = withdrawals(session, actor, [row for row in running if row.ended_at is None], now)
    for row in running:
        definition = load(session, row.definition_id)
        mine = [task for task in open_tasks if task.instance_id == row.id]
        with_lent_roles = replace(actor, roles=actor.roles | lent(row.lent))
        acts = _of_tasks(definition, row, mine) + _of_waits(definition, row, with_lent_roles)
        if not any(act.kind == ActionKind.EDIT for act in acts):
            found[row.subject_id] += _of_position(definition, row, with_lent_roles)
        found[row.subject_id] += acts
        if row.id in takebacks:
            task_id, element = takebacks[row.id]
            confirm = f"撤回后“{element.name}”重新由您办理，之后的步骤作废。确定撤回吗？"
            found[row.subject_id].append(Action(ActionKind.WITHDRAW, row.id, task_id, element.id, "撤回", confirm=confirm))
    return found, {row.subject_id: row.incident for row in running if row.incident is not None}


def _open_tasks(actor: Actor, now: datetime | None, *which: ColumnElement[bool]) -> Select[str, int, str, datetime]:
    task, instance = tables.task.c, tables.instance
    mine = task.role.in_(actor.roles)
    theirs = mine if now is None else or_(mine, covered(actor, now))
    query = select(task.id, task.instance_id, task.element, task.due_at).join(instance, instance.c.id == task.instance_id)
    return query.where(*which, task.state == TaskRowState.OPEN, task.kind == TaskKind.STEP, task.party_id == actor.party_id, theirs)


def _own_votes(actor: Actor, running: Sequence[_Running], now: datetime | None) -> Select[str, int, str, datetime]:
    """Of each 会签, however many people it asks, one task: the actor's own, or the first that anybody of the role may take."""
    task, vote = tables.task.alias().c, tables.vote.c
    free = or_(task.assignee_id == actor.person_id, task.assignee_id.is_(None))
    first = (
        select(task.id)
        .where(task.vote_id == vote.id, task.state == TaskRowState.OPEN, task.kind == TaskKind.STEP, free)
        .order_by(task.number)
        .limit(1)
    )
    open_votes = (vote.instance_id.in_([row.id for row in running]), vote.state == VoteState.OPEN)
    return _open_tasks(actor, now, *open_votes).join(tables.vote, tables.task.c.id == first.correlate(tables.vote).scalar_subquery())


@dataclass(frozen=True)
class Bulk:
    """A button that acts on many records at once: the property `bulk` of a user task (its page of outcomes) or of a message event."""

    kind: ActionKind
    element: str
    name: str
    label: str
    confirm: str | None = None

    @property
    def warning(self) -> str:
        """What the question about one record says before it asks, such as that it cannot be undone: it holds of many too."""
        said, stop, _ = (self.confirm or "").rpartition("。")
        return said + stop


def bulk_for(definition: Definition, actor: Actor, also: Collection[str] = ()) -> list[Bulk]:
    """The bulk buttons that a diagram gives the actor's roles, and those of the elements `also`, where they stand in for somebody."""
    found: dict[str, Bulk] = {}  # 删除 of a draft and 删除 of a returned record are two events with one button
    for element in definition.elements.values():
        label = element.properties.get("bulk")
        if label is None or (element.press_lane not in actor.roles and element.id not in also):
            continue
        kind = ActionKind.MESSAGE if element.event == "message" else ActionKind.TASK
        found.setdefault(label, Bulk(kind, element.id, element.name, label, element.properties.get("confirm")))
    return list(found.values())


def _of_tasks(definition: Definition, row: _Running, tasks: Sequence[_OpenTask]) -> list[Action]:
    actions = []
    for task in tasks:
        element = definition.elements[task.element]
        if definition.record_form(element):
            if "editForm" in element.properties:
                actions.append(
                    Action(ActionKind.EDIT, row.id, task.id, element.id, "编辑", element.properties["editForm"], True, due_at=task.due_at)
                )
            confirm = element.properties.get("confirm")
            actions += [
                Action(ActionKind.TASK, row.id, task.id, element.id, outcome.name, element.form, True, (outcome,), confirm)
                for outcome in element.outcomes
            ]
        else:
            name = element.properties.get("button", element.name)
            actions.append(Action(ActionKind.TASK, row.id, task.id, element.id, name, element.form, False, element.outcomes))
        if "returnable" in element.properties:
            actions.append(Action(ActionKind.RETURN, row.id, task.id, element.id, "退回"))
    return actions


def _of_waits(definition: Definition, row: _Running, actor: Actor) -> list[Action]:
    actions = []
    # what ends a whole subprocess, such as 删除, comes after what goes on inside it
    for wait in sorted(row.waits, key=lambda wait: definition.depth(wait["element"]), reverse=True):
        if not _mine(wait, actor):
            continue
        element = definition.elements[wait["element"]]
        if element.id == row.position and "editForm" in element.properties and element.edit_lane == wait["role"]:
            actions.append(Action(ActionKind.EDIT, row.id, None, element.id, "编辑", element.properties["editForm"], True))
        if "blockedAction" in element.properties:
            actions.append(_blocked(row, element))
        actions.append(Action(ActionKind.MESSAGE, row.id, None, element.id, element.name, confirm=element.properties.get("confirm")))
    return actions


def _of_position(definition: Definition, row: _Running, actor: Actor) -> list[Action]:
    """The button that edits the record where `editLane` gives the actor that right, also after the end. None of their tasks edits it.
    Beside it the one that only says why it cannot act."""
    element = definition.elements.get(row.position or "")
    if element is None or not {"editForm", "editLane"} <= element.properties.keys():
        return []
    if element.edit_lane not in actor.roles or row.party_id != actor.party_id:
        return []
    edit = element.properties.get("editButton", "编辑")
    actions = [Action(ActionKind.EDIT, row.id, None, element.id, edit, element.properties["editForm"], True)]
    if "blockedAction" in element.properties:
        actions.append(_blocked(row, element))
    return actions


def _blocked(row: _Running, element: Element) -> Action:
    """The button that only says why it cannot act: what the diagram says holds while all is well."""
    refuse = element.properties.get("blockedMessage", "目前不能办理")
    if row.incident is not None:
        refuse = f"流程中有一步失败，等待处理：{row.incident}"
    return Action(ActionKind.MESSAGE, row.id, None, element.id, element.properties["blockedAction"], refuse=refuse)


def _mine(wait: Wait, actor: Actor) -> bool:
    return wait["role"] in actor.roles and wait["party_id"] == actor.party_id
