"""The rows of an instance, and what proves them: the history's chain, the proofs of rows, and lines of history that say who did what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.rows import columns_of
from domain.ground.subjects import Subject
from processes import tables
from processes.history import GENESIS, chain_hash, clock_text, last_told
from processes.monitor.verifying import unproved_columns
from processes.monitor.verifying.bundles import Bundle
from processes.proving import record_digest, unproved
from processes.rows import EventRow, InstanceRow, TaskRow, VoteRow
from processes.states import EventKind, JobState, TaskKind, TaskRowState
from processes.steps.votes import RESULTS

_ACTS = (EventKind.TASK, EventKind.RETURN, EventKind.OPINION)  # lines of which each has a task row with an outcome


def chain_faults(row: InstanceRow, lines: Sequence[EventRow]) -> Iterator[str]:
    """Where a line of history does not hold the hash of the one before it, or the chain does not end as the instance says."""
    previous = GENESIS
    for number, line in enumerate(lines, 1):
        if line.seq != number or line.hash != chain_hash(previous, columns_of(line)):
            yield f"第 {number} 条历史被改动过"
            return
        previous = line.hash
    if (row.seq, row.chain) != (len(lines), previous):
        yield "历史的条数或最后一条与流程记录不一致"


def found_faults(lines: Sequence[EventRow]) -> Iterator[str]:
    """What steps found that was changed by hand before them."""
    for line in lines:
        if line.kind == EventKind.ALTERED:
            yield f"第 {line.seq} 条历史（{clock_text(line.at)}）：{line.comment}"


def record_faults(session: Session, row: InstanceRow, subject: Subject, keys: Sequence[str]) -> Iterator[str]:
    """Whether the record says what it said after the last step of a process about it. `keys`: the processes about such records."""
    last = last_told(session, keys, row.subject_id)
    if last is not None and last.instance_id != row.id:
        return
    if (subject.status, subject.tone) != (row.status, row.tone):
        yield f"记录的状态是“{subject.status}”，流程中是“{row.status}”"
    if last is not None and last.record != record_digest(subject):
        yield "记录的内容与最后一步之后的不同，被改动过"


def deletion_faults(session: Session, row: InstanceRow, lines: Sequence[EventRow], keys: Sequence[str]) -> Iterator[str]:
    """Whether a record that is gone was deleted by the step that ended its last process: the last line of such a step keeps nothing of it.

    `keys`: the processes about such records.
    """
    table = tables.instance
    about = select(table.c.id).where(table.c.key.in_(keys), table.c.subject_id == row.subject_id)
    last = session.scalars(about.order_by(table.c.ended_at.desc().nulls_first(), table.c.id.desc()).limit(1)).first()
    of_end = [line for line in lines if line.at == row.ended_at]
    if last == row.id and (not of_end or of_end[-1].record is not None):
        yield "记录已不在，却不是由流程删除的"


def proof_faults(session: Session, bundle: Bundle) -> Iterator[str]:
    """Rows of an instance whose proofs do not hold."""
    if unproved(session, tables.instance, columns_of(bundle.row)):
        yield "流程记录的状态或其他内容被改动过"
    for table, name, rows in (
        (tables.task, "待办“{name}”", bundle.tasks),
        (tables.vote, "会签“{name}”", bundle.ballots),
        (tables.job, "外部任务“{element}”", bundle.jobs),
        (tables.migration, "迁移", bundle.migrations),
        (tables.message, "消息“{name}”", [one for one in bundle.messages if one.sender_id == bundle.row.id]),
        (tables.copy, "抄送", bundle.copies),
    ):
        for row in map(columns_of, rows):
            for rule in unproved(session, table, row):
                if rule.column == "assignee_proof" and row["state"] == TaskRowState.CANCELLED:
                    continue  # it no longer says whose it was
                yield f"{name.format(**row)}的{rule.what}被改动过"


def act_faults(bundle: Bundle, now: datetime) -> Iterator[str]:
    """Task rows with an outcome, jobs, messages and copies against the lines of history that were written with them."""
    row, lines = bundle.row, bundle.lines
    yield from _completions(lines, bundle.tasks)
    yield from unproved_columns.task_faults(lines, bundle.tasks)
    kinds = Counter(line.kind for line in lines)
    yield from unproved_columns.job_faults(lines, bundle.jobs)
    if any(job.state == JobState.FAILED for job in bundle.jobs) and (row.incident is None or kinds[EventKind.INCIDENT] == 0):
        yield "外部任务失败，流程却没有异常记录"
    if sum(one.sender_id == row.id for one in bundle.messages) != kinds[EventKind.SENT]:
        yield "发出的消息与历史不一致"
    yield from unproved_columns.message_faults(row.id, lines, bundle.messages, now)
    if not {one.since for one in bundle.subscriptions} <= {line.at for line in lines}:
        yield "等待其他流程消息的登记与历史不一致"
    moments = {line.at for line in lines if line.kind == EventKind.COPY}
    if any(copy.sent_at not in moments for copy in bundle.copies):
        yield "抄送与历史不一致"


def _completions(lines: Sequence[EventRow], tasks: Sequence[TaskRow]) -> Iterator[str]:
    acts = [line for line in lines if line.kind in _ACTS]
    by_person = Counter((line.element, line.actor_id) for line in acts)
    done = Counter((task.element, task.closed_by or 0) for task in tasks if task.outcome is not None)
    for element, _ in sorted(key for key in done if done[key] > by_person[key]):
        yield f"环节“{element}”有历史中没有的办理"
    # an outcome that was never confirmed is gone from its row once that is closed, or opened again by who took it back
    confirmed = {task.parent_id for task in tasks if task.kind == TaskKind.AFTER}
    acted = [task for task in tasks if task.outcome is not None or task.closing_proof is not None or task.id in confirmed]
    known = Counter(task.element for task in acted) + Counter(line.element for line in lines if line.kind == EventKind.WITHDRAW)
    by_element = Counter(line.element for line in acts)
    for element in sorted(str(element) for element in by_element if by_element[element] > known[element]):
        yield f"环节“{element}”少了历史中的办理"
    for task in tasks:
        if task.state == TaskRowState.DONE and task.outcome is None:
            yield f"待办“{task.name}”已办，却没有结果"


def vote_faults(ballots: Sequence[VoteRow], lines: Sequence[EventRow]) -> Iterator[str]:
    """Results of 会签 against the lines of history that say them."""
    told = {(line.element, line.name) for line in lines if line.kind == EventKind.VOTE}
    for vote in ballots:
        if vote.state in RESULTS and (vote.element, f"会签结果：{vote.outcome}"[:100]) not in told:
            yield f"会签“{vote.name}”的结果与历史不一致"
