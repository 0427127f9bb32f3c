"""Is everything consistent: state against task rows, status, timer, outbox and the history's chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.rows import columns_of
from processes import tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.history import GENESIS, chain_hash, events_of
from processes.spiff import tokens
from processes.spiff.instances import VoteTask
from processes.spiff.state import load_state
from processes.spiff.timers import earliest
from processes.states import LIVE, JobState, TaskKind, TaskRowState, VoteState
from processes.steps import position, posting, votes
from processes.steps.step import Step
from processes.tasks import tallies
from processes.tasks.assigning import transfer_roles


def verify(engine: Engine, session: Session) -> list[str]:
    """A line for each fault, in Chinese; empty when all is well. Reads instance by instance."""
    found: list[str] = []
    for instance_id in session.scalars(select(tables.instance.c.id).order_by(tables.instance.c.id)).all():
        row = session.execute(select(tables.instance).where(tables.instance.c.id == instance_id)).one()
        found += [f"流程实例 {row.id}（{row.title}）：{fault}" for fault in faults(engine, session, row)]
    return found


def faults(engine: Engine, session: Session, row: Any) -> Iterator[str]:
    """What is wrong with one instance, in Chinese."""
    yield from _chain(session, row)
    definition = load(session, row.definition_id)
    subject = engine.subjects[definition.subject].load(session, row.subject_id)
    if subject is not None and (subject.status, subject.tone) != (row.status, row.tone):
        yield f"记录的状态是“{subject.status}”，流程中是“{row.status}”"
    rows = session.execute(select(tables.task).where(tables.task.c.instance_id == row.id)).all()
    live = {task.id: task for task in rows if task.state in LIVE}
    open_ids = {task.id for task in live.values() if task.parent_id is None and task.vote_id is None}
    ballots = session.execute(select(tables.vote).where(tables.vote.c.instance_id == row.id)).all()
    yield from tallies.count_faults(ballots, rows)
    yield from _opinions(live)
    jobs = session.execute(select(tables.job).where(tables.job.c.instance_id == row.id)).all()
    unanswered = {job.id for job in jobs if job.state not in (JobState.DONE, JobState.CANCELLED)}
    if row.suspended_at is None and any(job.state in (JobState.PAUSED, JobState.ANSWERED) for job in jobs):
        yield "流程没有挂起，仍有暂停的外部任务"
    if row.ended_at is not None or row.state is None:
        if open_ids:
            yield f"流程已结束，仍有 {len(open_ids)} 条待办"
        if unanswered:
            yield f"流程已结束，仍有 {len(unanswered)} 条未完成的外部任务"
        return
    if subject is None:
        yield "记录已不存在，流程仍在运行"
        return
    from domain.ground.parties import SYSTEM

    step = Step(engine, session, SYSTEM, definition, row, subject)
    step.workflow = load_state(row.state, *definition.specs)
    step.workflow.script_engine = step.script_engine()
    stands = tokens.waiting(step.workflow)
    yield from _against_state(step, stands, {t.id: t for t in rows}, open_ids, unanswered, row)
    if {vote.id for vote in ballots if vote.state == VoteState.OPEN} != set(votes.standing(stands)):
        yield "会签与流程状态不一致"


def _against_state(
    step: Step, stands: list[Any], tasks: dict[str, Any], open_ids: set[str], unanswered: set[str], row: Any
) -> Iterator[str]:
    ready = {str(t.id): tokens.element_id(t) for t in stands if step.for_person(t) and not isinstance(t.task_spec, VoteTask)}
    if set(ready) != open_ids:
        yield "待办与流程状态不一致"
    for task_id, element in ready.items():
        expected = step.definition.elements[element]
        found = tasks.get(task_id)
        if found is None:
            continue
        own = found.role == expected.role
        party_id = step.subject.party_for(expected.lane if own else found.role)
        if found.role not in transfer_roles(expected) or (found.element, found.party_id) != (element, party_id):
            yield f"待办“{found.name}”的办理角色、机构或环节与流程图不一致"
    started = position.started(step, stands)
    if started != unanswered:
        yield "外部任务与流程状态不一致"
    if (earliest(stands) if row.suspended_at is None else None) != row.due_at:
        yield "定时时间与流程状态不一致"
    stands_at = position.position_of(step, stands)
    if stands_at is not None:
        expected_status = step.definition.elements[stands_at].properties["status"]
        if row.status != expected_status:
            yield f"流程的状态是“{row.status}”，按流程图应为“{expected_status}”"
    if _in_order(position.waits_of(step, stands)) != _in_order(row.waits):
        yield "可用按钮与流程状态不一致"
    if set(posting.expected(step)) != posting.subscribed(step.session, row.id):
        yield "等待其他流程消息的登记与流程状态不一致"


def _opinions(live: dict[str, Any]) -> Iterator[str]:
    """Opinions asked for a task against the task: which of the two waits for the other (see `OPINIONS`)."""
    confirming = {task.parent_id for task in live.values() if task.kind == TaskKind.AFTER}
    for task in live.values():
        if task.parent_id is None:
            if task.state == TaskRowState.CONFIRMING and task.id not in confirming:
                yield f"待办“{task.name}”已有结果，没有人需要确认，却没有继续"
            continue
        about = live.get(task.parent_id)
        expected = (
            TaskRowState.WAITING
            if task.kind == TaskKind.AFTER and about is not None and about.state == TaskRowState.OPEN
            else TaskRowState.OPEN
        )
        if (
            about is None
            or task.assignee_id is None
            or task.state != expected
            or (task.kind != TaskKind.AFTER and about.state == TaskRowState.CONFIRMING)
        ):
            yield f"“{task.name}”与它所属的待办不一致"


def _chain(session: Session, row: Any) -> Iterator[str]:
    previous = GENESIS
    lines = events_of(session, row.id)
    for number, line in enumerate(lines, 1):
        content = columns_of(line)
        expected = chain_hash(previous, content)
        if line.seq != number or line.hash != expected:
            yield f"第 {number} 条历史被改动过"
            return
        previous = line.hash
    if (row.seq, row.chain) != (len(lines), previous):
        yield "历史的条数或最后一条与流程记录不一致"


def _in_order(waits: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """In an order of their own: that of what runs inside each other is another one after a load."""
    return sorted(tuple(f"{name}={value}" for name, value in sorted(wait.items())) for wait in waits)
