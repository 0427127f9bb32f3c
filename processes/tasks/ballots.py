"""An answer of a 会签 is taken back (撤回): any while the result is open, and then the one that decided it.

With the deciding one the 会签 stands as before it: whom the result had closed are asked again, in the same rows, with the same
deadlines and the opinions that were awaited; answers that waited to be confirmed wait again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from SpiffWorkflow.task import Task
from sqlalchemy import insert, select, update

from processes import tables
from processes.diagrams.quorum import Count
from processes.errors import Refused
from processes.history import clock_text, who
from processes.states import LIVE, EventKind, TaskKind, TaskRowState, VoteState
from processes.steps.step import Step
from processes.steps.votes import DECIDED, set_count, told_of_result, vote_of

_TASK, _VOTE = tables.task, tables.vote


def take_back(step: Step, task: Any) -> None:
    """撤回 of one's own answer (its row) while the result is open: the same is asked again, of the same person.

    Raises:
        Refused: the next in order has answered.
    """
    vote = vote_of(step, task.vote_id)
    if vote.sequential:
        _give_way(step, task)
    _ask_again(step, vote, task)


def deciding(live: Task, task: Any) -> Mapping[str, Any]:
    """What is needed to reopen a 会签 (its completed task in the tree) that an answer, a task row, has decided; for `reopen`.

    Raises:
        Refused: the result is another answer's.
    """
    decided: Mapping[str, Any] = live.internal_data.get(DECIDED, {})
    if decided.get("by") != task.id:
        raise Refused("会签已有结果，只有最后一位办理人可以撤回")
    return decided


def reopen(step: Step, task: Any, decided: Mapping[str, Any]) -> None:
    """The answer that decided is asked again, and with it those whom the result had closed. `decided` is what `deciding` gave."""
    vote = vote_of(step, task.vote_id)
    over = (
        _TASK.c.vote_id == vote.id,
        _TASK.c.state == TaskRowState.CANCELLED,
        _TASK.c.closed_as == told_of_result(vote.name, vote.outcome),
    )
    held = {id: _as_held(values) for id, values in decided["held"].items()}
    again = {"closed_at": None, "closed_as": None}
    opinions = step.session.execute(select(_TASK.c.id, _TASK.c.kind, _TASK.c.parent_id).where(*over, _TASK.c.kind != TaskKind.STEP)).all()
    state = TaskRowState.QUEUED if vote.sequential else TaskRowState.OPEN
    count = step.session.execute(update(_TASK).where(*over, _TASK.c.kind == TaskKind.STEP).values(state=state, **again)).rowcount  # type: ignore[attr-defined]
    for id, values in held.items():
        step.session.execute(update(_TASK).where(_TASK.c.id == id).values(values))
    for one in opinions:
        state = TaskRowState.WAITING if one.kind == TaskKind.AFTER and one.parent_id not in held else TaskRowState.OPEN
        step.session.execute(update(_TASK).where(_TASK.c.id == one.id).values(state=state, **again))
    step.session.execute(update(_VOTE).where(_VOTE.c.id == vote.id).values(state=VoteState.OPEN, outcome=None, closed_at=None))
    _ask_again(step, vote, task)
    step.record(EventKind.VOTE, "会签继续", vote.element, f"结果（{vote.outcome}）撤销，重新办理 1 项，恢复 {count} 项")


def _as_held(values: Mapping[str, Any]) -> dict[str, Any]:
    return {**values, "state": TaskRowState.HELD, "closed_at": datetime.fromisoformat(values["closed_at"])}


def _ask_again(step: Step, vote: Any, task: Any) -> None:
    """The answer no longer counts; a new row asks the same person."""
    step.session.execute(update(_TASK).where(_TASK.c.id == task.id).values(state=TaskRowState.WITHDRAWN, closed_as=_told(step)))
    again = {name: value for name, value in task._mapping.items() if name not in ("closed_at", "closed_by", "closed_for", "outcome")}
    again |= {"id": str(uuid4()), "state": TaskRowState.OPEN, "created_at": step.now, "closed_as": None, "agrees": None, "urged_at": None}
    step.session.execute(insert(_TASK).values(again))
    set_count(step, vote.id, Count(vote.total, vote.answered - 1, vote.agreed - bool(task.agrees)))


def _give_way(step: Step, task: Any) -> None:
    """The one whose turn it is waits again for the one before."""
    later = (_TASK.c.vote_id == task.vote_id, _TASK.c.kind == TaskKind.STEP, _TASK.c.number > task.number)
    acted = step.session.scalars(
        select(_TASK.c.closed_as).where(*later, _TASK.c.state.in_((TaskRowState.DONE, TaskRowState.HELD))).limit(1)
    ).first()
    if acted is not None:
        raise Refused(f"{acted}，不能撤回")
    now = select(_TASK.c.id).where(*later, _TASK.c.state == TaskRowState.OPEN).scalar_subquery()
    opinions = (_TASK.c.parent_id == now, _TASK.c.state.in_(LIVE))
    step.session.execute(update(_TASK).where(*opinions).values(state=TaskRowState.CANCELLED, closed_at=step.now, closed_as=_told(step)))
    step.session.execute(update(_TASK).where(*later, _TASK.c.state == TaskRowState.OPEN).values(state=TaskRowState.QUEUED))


def _told(step: Step) -> str:
    return f"{who(step.actor)}已于 {clock_text(step.now)} 撤回"
