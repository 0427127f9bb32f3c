"""The stored state of a running instance against its rows: what waits in the workflow is what people, jobs and timers are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from domain.ground.parties import SYSTEM
from domain.ground.subjects import Subject
from processes.definitions.correlation import receptions
from processes.definitions.definition import Definition
from processes.engine import Engine
from processes.rows import InstanceRow, TaskRow, VoteRow
from processes.spiff import tokens
from processes.spiff.instances import VoteTask
from processes.spiff.library import Task
from processes.spiff.state import load_state
from processes.spiff.timers import earliest
from processes.states import LIVE, TaskKind, TaskRowState, VoteState
from processes.steps import execution, position, posting, votes
from processes.steps.step import Step
from processes.tasks.assigning import transfer_roles


def state_faults(
    engine: Engine,
    session: Session,
    definition: Definition,
    row: InstanceRow,
    subject: Subject,
    tasks: Sequence[TaskRow],
    ballots: Sequence[VoteRow],
    unanswered: set[str],
) -> Iterator[str]:
    """What is wrong between a running instance's state and its rows. `unanswered`: ids of the jobs that are not over."""
    step = Step(engine, session, SYSTEM, definition, row, subject)
    step.workflow = load_state(row.state or b"", *definition.specs)
    step.workflow.script_engine = execution.script_engine(step)
    waiting = tokens.waiting(step.workflow)
    yield from _tasks(step, waiting, {task.id: task for task in tasks})
    if position.started(step, waiting) != unanswered:
        yield "外部任务与流程状态不一致"
    if (earliest(waiting) if row.suspended_at is None else None) != row.due_at:
        yield "定时时间与流程状态不一致"
    at = position.position_of(step, waiting)
    if at is not None:
        status = definition.elements[at].properties["status"]
        if row.status != status:
            yield f"流程的状态是“{row.status}”，按流程图应为“{status}”"
    if _in_order(position.waits_of(step, waiting)) != _in_order(row.waits):
        yield "可用按钮与流程状态不一致"
    names = receptions(definition)
    if {e: (names[e].name, key) for e, key in posting.expected(step).items()} != posting.subscribed(session, row.id):
        yield "等待其他流程消息的登记与流程状态不一致"
    if {vote.id for vote in ballots if vote.state == VoteState.OPEN} != set(votes.open_votes_among(waiting)):
        yield "会签与流程状态不一致"


def _tasks(step: Step, waiting: Sequence[Task], tasks: Mapping[str, TaskRow]) -> Iterator[str]:
    ready = {str(t.id): tokens.element_id(t) for t in waiting if step.for_person(t) and not isinstance(t.task_spec, VoteTask)}
    live = (task for task in tasks.values() if task.state in LIVE and task.parent_id is None and task.vote_id is None)
    if set(ready) != {task.id for task in live}:
        yield "待办与流程状态不一致"
    for task_id, element in ready.items():
        expected = step.definition.elements[element]
        task = tasks.get(task_id)
        if task is None:
            continue
        own = task.role == expected.role
        party_id = step.subject.party_for(expected.lane if own else task.role)
        if task.role not in transfer_roles(expected) or (task.element, task.party_id) != (element, party_id):
            yield f"待办“{task.name}”的办理角色、机构或环节与流程图不一致"


def opinion_faults(tasks: Sequence[TaskRow]) -> Iterator[str]:
    """Opinions that were asked for against their tasks: which of the two waits for the other (see `states.TaskKind`)."""
    live = {task.id: task for task in tasks if task.state in LIVE}
    confirmed = {task.parent_id for task in live.values() if task.kind == TaskKind.AFTER}
    for task in live.values():
        if task.parent_id is None:
            if task.state == TaskRowState.CONFIRMING and task.id not in confirmed:
                yield f"待办“{task.name}”已有结果，没有人需要确认，却没有继续"
            continue
        about = live.get(task.parent_id)
        later = task.kind == TaskKind.AFTER and about is not None and about.state == TaskRowState.OPEN
        expected = TaskRowState.WAITING if later else TaskRowState.OPEN
        early = task.kind != TaskKind.AFTER and about is not None and about.state == TaskRowState.CONFIRMING
        if about is None or task.assignee_id is None or task.state != expected or early:
            yield f"“{task.name}”与它所属的待办不一致"


def _in_order(waits: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """In an order of their own: after a load, what runs inside each other may come in another one."""
    return sorted(tuple(f"{name}={value}" for name, value in sorted(wait.items())) for wait in waits)
