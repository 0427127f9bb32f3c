"""The tally of each 会签, for pages and for `pilot verify`: its rule, its counts, and who answered what. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from domain.ground.parties import Person
from domain.ground.rows import read_all, read_first, read_one
from processes import tables
from processes.diagrams import quorum
from processes.rows import TaskRow, VoteRow
from processes.states import UNDONE, TaskKind, TaskRowState, VoteState

SHOWN = 50  # answers of one 会签 on a page
_TASK, _VOTE = tables.task, tables.vote


class Answer(TaskRow, Protocol):
    """The task row of one who is asked, with the names of that person and of who answered; None where there is nobody yet."""

    asked: str | None
    answered_by: str | None


@dataclass(frozen=True)
class Tally:
    """One 会签 as a page shows it. `answers` are the first rows of those asked."""

    vote: VoteRow
    answers: Sequence[Answer] = ()
    open_task: TaskRow | None = None
    """The first open row, where the 会签 is the newest of its instance."""

    @property
    def unit(self) -> str:
        """The unit that is counted: people or items."""
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
        """How many rows the page does not show."""
        return max(0, self.vote.total - len(self.answers))


def tallies_of(session: Session, instance_id: int) -> list[Tally]:
    """The tallies of an instance, newest first, without those that a return has undone, in three queries. Only the newest has its rows."""
    query = select(_VOTE).where(_VOTE.c.instance_id == instance_id, _VOTE.c.state != VoteState.UNDONE)
    votes = read_all(session, query.order_by(_VOTE.c.created_at.desc(), _VOTE.c.id).limit(20), VoteRow)
    if not votes:
        return []
    newest = votes[0].id
    open_task = select(_TASK).where(_TASK.c.vote_id == newest, _TASK.c.state == TaskRowState.OPEN, _TASK.c.kind == TaskKind.STEP)
    first = read_first(session, open_task.order_by(_TASK.c.number).limit(1), TaskRow)
    return [Tally(votes[0], _answers(session, newest), first), *(Tally(vote) for vote in votes[1:])]


def tally_of(session: Session, vote_id: str) -> Tally:
    """The tally of one 会签, with its first rows."""
    return Tally(read_one(session, select(_VOTE).where(_VOTE.c.id == vote_id), VoteRow), _answers(session, vote_id))


def counts(session: Session, rows: Sequence[TaskRow]) -> dict[str, Tally]:
    """The tallies of the 会签 that the task rows of a list belong to, by id, without rows; no query where none belongs to any."""
    ids = {row.vote_id for row in rows if row.vote_id is not None}
    if not ids:
        return {}
    return {vote.id: Tally(vote) for vote in read_all(session, select(_VOTE).where(_VOTE.c.id.in_(ids)), VoteRow)}


def _answers(session: Session, vote_id: str) -> Sequence[Answer]:
    asked, by = aliased(Person), aliased(Person)
    query = select(*_TASK.c, asked.name.label("asked"), by.name.label("answered_by"))
    query = query.outerjoin(asked, asked.id == _TASK.c.assignee_id).outerjoin(by, by.id == _TASK.c.closed_by)
    query = query.where(_TASK.c.vote_id == vote_id, _TASK.c.kind == TaskKind.STEP, _TASK.c.state.not_in(UNDONE))
    return read_all(session, query.order_by(_TASK.c.number).limit(SHOWN), Answer)


def count_faults(votes: Sequence[VoteRow], tasks: Sequence[TaskRow]) -> Iterator[str]:
    """Where the counts of an instance's 会签 do not fit its task rows, a sentence each."""
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
        yield from _count_faults(vote, states[vote.id], agreed[vote.id])


def _count_faults(vote: VoteRow, states: Counter[str], agreed: int) -> Iterator[str]:
    left = states[TaskRowState.OPEN] + states[TaskRowState.CONFIRMING] + states[TaskRowState.WAITING] + states[TaskRowState.QUEUED]
    if states.total() - states[TaskRowState.WITHDRAWN] != vote.total:
        yield f"会签“{vote.name}”的待办数与应办数不一致"
    if vote.state != VoteState.OPEN:
        if left:
            yield f"会签“{vote.name}”已结束，仍有 {left} 条待办"
        if vote.state in (VoteState.AGREED, VoteState.REFUSED) and (states[TaskRowState.DONE], agreed) != (vote.answered, vote.agreed):
            yield f"会签“{vote.name}”的票数与办理情况不一致"
        return
    if (states[TaskRowState.DONE], agreed) != (vote.answered, vote.agreed):
        yield f"会签“{vote.name}”的票数与办理情况不一致"
    if left + states[TaskRowState.DONE] != vote.total:
        yield f"会签“{vote.name}”的待办数与已办数之和不是应办数"
    if vote.sequential and left - states[TaskRowState.QUEUED] != 1:
        yield f"会签“{vote.name}”应恰有一项轮到办理"
