"""What the columns may say that no proof covers: states are states, and moments are those of steps, each of which has a line of history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from processes.history import clock_text
from processes.outside.messages import KEPT
from processes.rows import EventRow, JobRow, MessageRow, TaskRow, VoteRow
from processes.states import LIVE, EventKind, JobState, MessageState, TaskRowState, VoteState
from processes.steps.votes import RESULTS

_TASK_STATES, _VOTE_STATES, _JOB_STATES, _MESSAGE_STATES = map(frozenset, (TaskRowState, VoteState, JobState, MessageState))
_SAID = (EventKind.TASK, EventKind.RETURN, EventKind.OPINION)


def task_faults(lines: Sequence[EventRow], tasks: Sequence[TaskRow]) -> Iterator[str]:
    """States, moments and the sentence for latecomers of task rows."""
    moments = {line.at for line in lines}
    said = {(line.element, line.at, f"{line.actor}已于 {clock_text(line.at)}") for line in lines if line.kind in _SAID}
    confirmed = {(line.element, line.at) for line in lines if line.kind == EventKind.OPINION}  # an act of before counts from then on
    for task in tasks:
        if task.state not in _TASK_STATES:
            yield f"待办“{task.name}”的状态不正确"
            continue
        closed = task.state not in (*LIVE, TaskRowState.QUEUED)
        if (closed and task.closed_at is None) or not {task.created_at, task.closed_at} <= {*moments, None}:
            yield f"待办“{task.name}”的时间与历史不一致"
        if task.state == TaskRowState.CANCELLED and task.outcome is not None:
            yield f"待办“{task.name}”已关闭，却有结果"
        beginnings = [beginning for element, at, beginning in said if element == task.element and _told_by(at, task, confirmed)]
        told = task.closed_as or ""
        if task.state == TaskRowState.DONE and not (told.startswith(tuple(beginnings)) and (task.outcome or "") in told):
            yield f"待办“{task.name}”的办理说明与历史不一致"


def _told_by(at: datetime, task: TaskRow, confirmed: Collection[tuple[str | None, datetime | None]]) -> bool:
    """Whether an act of that moment is the one that a task is closed by: the closing itself, or one that was confirmed then."""
    before = task.closed_at is not None and at < task.closed_at and (task.element, task.closed_at) in confirmed
    return at == task.closed_at or before


def vote_faults(lines: Sequence[EventRow], ballots: Sequence[VoteRow], tasks: Sequence[TaskRow]) -> Iterator[str]:
    """States and moments of 会签; one that came to a result did so by answers that agree with it."""
    moments = {line.at for line in lines}
    answers = {(task.vote_id, task.outcome, task.agrees) for task in tasks if task.outcome is not None}
    for vote in ballots:
        if vote.state not in _VOTE_STATES:
            yield f"会签“{vote.name}”的状态不正确"
            continue
        if (vote.closed_at is None) != (vote.state == VoteState.OPEN) or not {vote.created_at, vote.closed_at} <= {*moments, None}:
            yield f"会签“{vote.name}”的时间与历史不一致"
        if vote.state in RESULTS and vote.outcome is not None and (vote.id, vote.outcome, vote.state == VoteState.AGREED) not in answers:
            yield f"会签“{vote.name}”的结果与各人的办理不一致"


def job_faults(lines: Sequence[EventRow], jobs: Sequence[JobRow]) -> Iterator[str]:
    """States of jobs, when they go out next, and why those failed that wait for a person."""
    incidents = [(line.element, line.comment or "") for line in lines if line.kind == EventKind.INCIDENT]
    for job in jobs:
        if job.state not in _JOB_STATES:
            yield f"外部任务“{job.element}”的状态不正确"
        elif (job.next_at is not None) != (job.state in (JobState.PENDING, JobState.RUNNING)):
            yield f"外部任务“{job.element}”的下次处理时间与状态不一致"
        if job.state == JobState.FAILED and not any(
            element == job.element and comment.startswith(job.error or "\n") for element, comment in incidents
        ):
            yield f"外部任务“{job.element}”的失败原因与历史不一致"


def message_faults(instance_id: int, lines: Sequence[EventRow], messages: Sequence[MessageRow], now: datetime) -> Iterator[str]:
    """States, moments and receivers of messages that an instance sent or received."""
    moments = {line.at for line in lines if line.kind == EventKind.SENT}
    for message in messages:
        if message.sender_id != instance_id:
            continue
        over = message.state == MessageState.EXPIRED and (message.retried_at or message.sent_at) + KEPT > now
        if message.state not in _MESSAGE_STATES or (message.next_at is None) != (message.state != MessageState.WAITING) or over:
            yield f"消息“{message.name}”的状态或下次处理时间不正确"
        if message.sent_at not in moments:
            yield f"消息“{message.name}”的发出时间与历史不一致"
    received = Counter(line.element for line in lines if line.kind == EventKind.RECEIVED)
    if received != Counter(one.target for one in messages if one.instance_id == instance_id and one.state == MessageState.DELIVERED):
        yield "收到的消息与历史不一致"
