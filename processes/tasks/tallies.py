"""How each 会签 stands, for pages and for `pilot verify`: its rule, its counts, and who answered what. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from domain.ground.parties import Person
from processes import tables
from processes.diagrams import quorum
from processes.states import UNDONE, TaskKind, TaskRowState, VoteState

SHOWN = 50  # answers of one 会签 on a page
_TASK, _VOTE = tables.task, tables.vote


@dataclass(frozen=True)
class Tally:
    """One 会签 as a page shows it. `answers` are its first rows: the task's columns, `asked` and `answered_by` (names)."""

    vote: Any
    answers: Sequence[Any] = ()
    open_task: Any = None
    """The first row that is open, of the newest."""

    @property
    def unit(self) -> str:
        """What is counted."""
        return "人" if self.vote.people else "项"

    @property
    def rule(self) -> str:
        """The rule in words."""
        return quorum.in_words(self.vote.rule, self.vote.needed, self.unit)

    @property
    def line(self) -> str:
        """The counts in one line."""
        return f"已办 {self.vote.answered}/{self.vote.total}，同意 {self.vote.agreed}"

    @property
    def more(self) -> int:
        """How many rows are not shown."""
        return max(0, int(self.vote.total) - len(self.answers))


def tallies_of(session: Session, instance_id: int) -> list[Tally]:
    """Those of an instance, newest first, without those that a return has undone; the rows of the newest alone. Three queries."""
    query = select(_VOTE).where(_VOTE.c.instance_id == instance_id, _VOTE.c.state != VoteState.UNDONE)
    votes = session.execute(query.order_by(_VOTE.c.created_at.desc(), _VOTE.c.id).limit(20)).all()
    if not votes:
        return []
    newest = votes[0].id
    open_task = select(_TASK).where(_TASK.c.vote_id == newest, _TASK.c.state == TaskRowState.OPEN, _TASK.c.kind == TaskKind.STEP)
    first = session.execute(open_task.order_by(_TASK.c.number).limit(1)).first()
    return [Tally(votes[0], _answers(session, newest), first), *(Tally(vote) for vote in votes[1:])]


def tally_of(session: Session, vote_id: str) -> Tally:
    """The one that a task row belongs to, with its first rows."""
    return Tally(session.execute(select(_VOTE).where(_VOTE.c.id == vote_id)).one(), _answers(session, vote_id))


def counts(session: Session, rows: Sequence[Any]) -> dict[str, Tally]:
    """Vote id → count, of the task rows of a list; no query where none belongs to a 会签."""
    ids = {row.vote_id for row in rows if row.vote_id is not None}
    if not ids:
        return {}
    return {vote.id: Tally(vote) for vote in session.execute(select(_VOTE).where(_VOTE.c.id.in_(ids)))}


def _answers(session: Session, vote_id: str) -> Sequence[Any]:
    asked, by = aliased(Person), aliased(Person)
    query = select(*_TASK.c, asked.name.label("asked"), by.name.label("answered_by"))
    query = query.outerjoin(asked, asked.id == _TASK.c.assignee_id).outerjoin(by, by.id == _TASK.c.closed_by)
    query = query.where(_TASK.c.vote_id == vote_id, _TASK.c.kind == TaskKind.STEP, _TASK.c.state.not_in(UNDONE))
    return session.execute(query.order_by(_TASK.c.number).limit(SHOWN)).all()


def ballot_faults(votes: Sequence[Any], tasks: Sequence[Any]) -> Iterator[str]:
    """What is wrong between the counts and the rows of an instance, in Chinese."""
    states: dict[str, Counter[str]] = {vote.id: Counter() for vote in votes}
    agreed: Counter[str] = Counter()
    for task in tasks:
        if task.vote_id is None or task.kind != TaskKind.STEP:
            continue
        if task.vote_id not in states:
            yield f"待办“{task.name}”所属的会签不存在"
            continue
        states[task.vote_id][task.state] += 1
        agreed[task.vote_id] += task.state == TaskRowState.DONE and bool(task.agrees)
    for vote in votes:
        yield from _ballot_faults(vote, states[vote.id], agreed[vote.id])


def _ballot_faults(vote: Any, states: Counter[str], agreed: int) -> Iterator[str]:
    left = states[TaskRowState.OPEN] + states[TaskRowState.HELD] + states[TaskRowState.WAITING] + states[TaskRowState.QUEUED]
    if vote.state != VoteState.OPEN:
        if left:
            yield f"会签“{vote.name}”已结束，仍有 {left} 条待办"
        if vote.state in (VoteState.AGREED, VoteState.REFUSED) and (states[TaskRowState.DONE], agreed) != (vote.answered, vote.agreed):
            yield f"会签“{vote.name}”的票数与办理情况不一致"
        return
    if (states[TaskRowState.DONE], agreed) != (vote.answered, vote.agreed):
        yield f"会签“{vote.name}”的票数与办理情况不一致"
    if left + states[TaskRowState.DONE] != vote.total:
        yield f"会签“{vote.name}”的待办数与应办数不一致"
    if vote.sequential and left - states[TaskRowState.QUEUED] != 1:
        yield f"会签“{vote.name}”应恰有一项轮到办理"
