"""撤回 of an answer of a 会签: any answer while the 会签 is open, and afterwards the answer that decided it.

When the deciding answer is taken back, the 会签 is as it was before that answer: everybody whose row the result had closed is asked again,
in the same row and with the same deadline; opinions that were awaited are awaited again, and so are confirmations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import uuid4

from sqlalchemy import insert, select, update

from domain.ground.database import rows_changed
from domain.ground.rows import columns_of
from processes import tables
from processes.diagrams.quorum import Count
from processes.errors import Refused
from processes.history import clock_text, who
from processes.proving import proved
from processes.rows import TaskRow, VoteRow
from processes.spiff.library import Task
from processes.states import LIVE, EventKind, TaskKind, TaskRowState, VoteState
from processes.steps.step import Step
from processes.steps.votes import DECIDED, set_count, told_of_result, vote_of

_TASK, _VOTE = tables.task, tables.vote


class Decision(TypedDict):
    """What the data of a decided 会签 hold of its decision, see `votes.DECIDED`."""

    by: str
    """The task row whose answer decided it."""
    held: dict[str, dict[str, Any]]
    """The rows whose answers waited to be confirmed: id → columns. Earlier versions stored it under this key, so the key stays."""


def take_back(step: Step, task: TaskRow) -> None:
    """Takes back an answer (a task row) while its 会签 is open: a new row asks the same person the same.

    Raises:
        Refused: somebody whose turn came after has answered.
    """
    vote = vote_of(step, task.vote_id)
    if vote.sequential:
        _give_way(step, task)
    _ask_again(step, vote, task)


def decision_by(live: Task, task: TaskRow) -> Decision:
    """The decision of a 会签 (`live`: its completed task in the tree), where the answer of a task row has made it.

    Raises:
        Refused: another answer has decided it.
    """
    decision = live.internal_data.get(DECIDED, {})
    if decision.get("by") != task.id:
        raise Refused("会签已有结果，只有最后一位办理人可以撤回")
    return cast(Decision, decision)


def reopen(step: Step, task: TaskRow, decision: Decision) -> None:
    """Opens a 会签 again that the answer of a task row has decided: it is asked again, and so are the rows that the result closed."""
    vote = vote_of(step, task.vote_id)
    over = (
        _TASK.c.vote_id == vote.id,
        _TASK.c.state == TaskRowState.CANCELLED,
        _TASK.c.closed_as == told_of_result(vote.name, vote.outcome),
    )
    confirming = {id: _as_confirming(values) for id, values in decision["held"].items()}
    again = {"closed_at": None, "closed_as": None}
    opinions = step.session.execute(select(_TASK.c.id, _TASK.c.kind, _TASK.c.parent_id).where(*over, _TASK.c.kind != TaskKind.STEP)).all()
    state = TaskRowState.QUEUED if vote.sequential else TaskRowState.OPEN
    count = rows_changed(step.session, update(_TASK).where(*over, _TASK.c.kind == TaskKind.STEP).values(state=state, **again))
    for id, values in confirming.items():
        step.session.execute(update(_TASK).where(_TASK.c.id == id).values(values))
    for one in opinions:
        state = TaskRowState.WAITING if one.kind == TaskKind.AFTER and one.parent_id not in confirming else TaskRowState.OPEN
        step.session.execute(update(_TASK).where(_TASK.c.id == one.id).values(state=state, **again))
    step.session.execute(update(_VOTE).where(_VOTE.c.id == vote.id).values(state=VoteState.OPEN, outcome=None, closed_at=None))
    _ask_again(step, vote, task)
    step.record(EventKind.VOTE, "会签继续", vote.element, f"结果（{vote.outcome}）撤销，重新办理 1 项，恢复 {count} 项")


def _as_confirming(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "state": TaskRowState.CONFIRMING, "closed_at": datetime.fromisoformat(values["closed_at"])}


def _ask_again(step: Step, vote: VoteRow, task: TaskRow) -> None:
    """Takes an answer off the count; a new row asks the same person."""
    step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values(state=TaskRowState.WITHDRAWN, closed_as=_told(step)))
    again = {name: value for name, value in columns_of(task).items() if name not in ("closed_at", "closed_by", "closed_for", "outcome")}
    again |= {"id": str(uuid4()), "state": TaskRowState.OPEN, "created_at": step.now, "closed_as": None, "agrees": None, "urged_at": None}
    step.session.execute(insert(_TASK).values(proved(step.session, _TASK, again)))
    set_count(step, vote.id, Count(vote.total, vote.answered - 1, vote.agreed - bool(task.agrees)))


def _give_way(step: Step, task: TaskRow) -> None:
    """In a sequential 会签, the person whose turn it is after this answer waits for their turn again."""
    later = (_TASK.c.vote_id == task.vote_id, _TASK.c.kind == TaskKind.STEP, _TASK.c.number > task.number)
    acted = step.session.scalars(
        select(_TASK.c.closed_as).where(*later, _TASK.c.state.in_((TaskRowState.DONE, TaskRowState.CONFIRMING))).limit(1)
    ).first()
    if acted is not None:
        raise Refused(f"{acted}，不能撤回")
    now = select(_TASK.c.id).where(*later, _TASK.c.state == TaskRowState.OPEN).scalar_subquery()
    opinions = (_TASK.c.parent_id == now, _TASK.c.state.in_(LIVE))
    step.session.execute(update(_TASK).where(*opinions).values(state=TaskRowState.CANCELLED, closed_at=step.now, closed_as=_told(step)))
    step.session.execute(update(_TASK).where(*later, _TASK.c.state == TaskRowState.OPEN).values(state=TaskRowState.QUEUED))


def _told(step: Step) -> str:
    return f"{who(step.actor)}已于 {clock_text(step.now)} 撤回"
