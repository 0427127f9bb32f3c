"""Marks of a plan, row by row of a file: whose each is, and why one may not be entered (manual 5.2.9; domain.md, Excel templates)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, select
from sqlalchemy.orm import Session

from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import ExamPlan, within
from domain.exams.registrations import Entry, Registration
from domain.exams.scores import NORMAL, BadMark, Given, NotScoring, Score, enter, mark_text, read_mark
from domain.exams.seats import ExamTicket, Seat
from domain.ground.names import tidy_name
from domain.ground.parties import Actor
from domain.ground.values import values_table

Rows = Sequence[Mapping[str, Any]]
Problem = tuple[str, str]
"""The field that is wrong, and why."""


def scoring_plans(actor: Actor, now: datetime) -> Select[ExamPlan]:
    """The organization's plans whose 成绩登记 is open, those that close first before others."""
    query = select(ExamPlan).where(ExamPlan.party_id == actor.party_id, ExamPlan.published, within("scoring", now))
    return query.order_by(ExamPlan.scoring_to, ExamPlan.id)


def scoring_plan(session: Session, actor: Actor, plan_id: int, now: datetime) -> ExamPlan:
    """One of them.

    Raises:
        NotScoring
    """
    found = session.scalars(scoring_plans(actor, now).where(ExamPlan.id == plan_id)).first()
    if found is None or "培训评价组织" not in actor.roles:
        raise NotScoring
    return found


@dataclass(frozen=True)
class _Entered:
    """An entry of somebody with a 准考证号, whether it has a seat, and its mark."""

    entry_id: int
    name: str
    subject: ExamSubject
    seated: bool
    scored: str | None


def known_scores(session: Session, plan_id: int, rows: Rows) -> tuple[dict[int, Given], dict[int, Problem]]:
    """The marks of rows, and of those that may not be entered, why; a few queries for all of them."""
    found = _entries(session, plan_id, rows)
    given: dict[int, Given] = {}
    refused: dict[int, Problem] = {}
    taken: set[int] = set()
    for at, row in enumerate(rows):
        one = _entry(found.get(str(row.get("ticket", "")).strip(), ()), row)
        if isinstance(one, tuple):
            refused[at] = one
            continue
        state = str(row.get("state") or NORMAL)
        try:
            mark = read_mark(row.get("mark"), state, one.subject)
        except BadMark as error:
            refused[at] = ("mark", str(error))
            continue
        if one.entry_id in taken:  # the subject is written in two ways
            refused[at] = ("ticket", "同一考生同一科目在文件中重复")
        elif one.scored is None:
            given[at] = Given(one.entry_id, mark, state)
            taken.add(one.entry_id)
        elif one.scored == mark_text(mark, state):
            refused[at] = ("ticket", "该成绩已登记，与本行相同")
        else:
            refused[at] = ("mark", f"该科目已登记为“{one.scored}”；如需更正，请在“科目成绩”中查看该考生后更正")
    return given, refused


def _entry(entries: Sequence[_Entered], row: Mapping[str, Any]) -> _Entered | Problem:
    if not entries:
        return "ticket", "没有这个准考证号，或不属于该考试计划"
    if entries[0].name != tidy_name(str(row.get("name", ""))):
        return "name", "姓名与准考证号不符"
    subject = str(row.get("subject", "")).strip()
    one = next((one for one in entries if one.subject.is_called(subject)), None)
    if one is None:
        return "subject", f"该考生没有报考科目“{subject}”，报考的科目：{'、'.join(one.subject.name for one in entries)}"
    if not one.seated:
        return "subject", f"该考生在科目“{subject}”没有座位，不能登记成绩"
    return one


def _entries(session: Session, plan_id: int, rows: Rows) -> dict[str, list[_Entered]]:
    """准考证号 → the entries of whoever has it, in this plan."""
    tickets = values_table(session, [{"number": str(row.get("ticket", "")).strip()} for row in rows], {"number": String})
    query = select(ExamTicket.number, Entry.id, Registration.name, ExamSubject, Seat.published, Score.mark, Score.state)
    query = query.join(Registration, Registration.id == ExamTicket.registration_id).join(Entry, Entry.registration_id == Registration.id)
    query = query.join(ExamSubject, ExamSubject.id == Entry.subject_id).outerjoin(Seat, Seat.entry_id == Entry.id)
    query = query.outerjoin(Score, Score.entry_id == Entry.id).where(Registration.plan_id == plan_id)
    found: dict[str, list[_Entered]] = defaultdict(list)
    for number, entry, name, subject, seated, mark, state in session.execute(query.where(ExamTicket.number.in_(select(tickets.c.number)))):
        scored = None if state is None else mark_text(mark, state)
        found[number].append(_Entered(entry, name, subject, bool(seated), scored))
    return found


def store_scores(session: Session, actor: Actor, plan_id: int, rows: Rows, now: datetime) -> list[int]:
    """Enters the marks of rows that were found good. Returns their entries.

    Raises:
        NotScoring: 成绩登记 has closed meanwhile.
    """
    given, _ = known_scores(session, plan_id, rows)
    enter(session, actor, plan_id, list(given.values()), now)
    return [one.entry_id for one in given.values()]
