"""Marks of the demonstration's plans whose 成绩登记 has begun: of the one in it half of them, of the later ones all."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import ExamPlan
from domain.exams.registrations import Entry
from domain.exams.scores import ABSENT, CHEATED, DEFERRED, NORMAL, Given, correct, enter, marked_of
from domain.exams.seats import Seat
from domain.ground.parties import Actor
from jobs.demo.arranging import ORGANIZATION
from jobs.demo.work import Stage


def play_scores(stage: Stage) -> dict[str, int]:
    """Marks as of the day after 成绩登记 began, and a correction of one of each plan in 公示; returns how many marks."""
    now, organization, counts = stage.engine.clock(), stage.actor(ORGANIZATION), Counter[str]()
    begun = select(ExamPlan).where(ExamPlan.party_id == organization.party_id, ExamPlan.published, ExamPlan.scoring_from <= now)
    for plan in stage.session.scalars(begun.order_by(ExamPlan.scoring_from)).all():
        if plan.scoring_from is None or plan.scoring_to is None or plan.publicity_from is None:
            continue
        marks = _marks(stage.session, plan, stage.random)
        kept = marks if plan.scoring_to <= now else marks[: len(marks) // 2]
        enter(stage.session, organization, plan.id, kept, min(now, plan.scoring_from + timedelta(days=1)))
        counts["科目成绩"] += len(kept)
        if plan.publicity_from <= now:
            _correct(stage.session, organization, plan, kept)
    return dict(counts)


def _marks(session: Session, plan: ExamPlan, random: Random) -> list[Given]:
    query = (
        select(Entry.id, ExamSubject.full_mark).join(ExamSubject, ExamSubject.id == Entry.subject_id).join(Seat, Seat.entry_id == Entry.id)
    )
    found = []
    for entry, full in session.execute(query.where(Entry.plan_id == plan.id, Seat.published).order_by(Entry.registration_id, Entry.id)):
        state = random.choices((NORMAL, ABSENT, CHEATED, DEFERRED), (94, 4, 1, 1))[0]
        mark = Decimal(round(full * random.triangular(0.4, 1.0, 0.78) * 2)) / 2 if state == NORMAL else None
        found.append(Given(entry, mark, state))
    return found


def _correct(session: Session, organization: Actor, plan: ExamPlan, marks: list[Given]) -> None:
    """The first failed mark of a plan was looked at again."""
    low = next((one for one in marks if one.mark is not None and one.mark < 60), None)
    if low is None or low.mark is None or plan.publicity_from is None:
        return
    moment = plan.publicity_from + timedelta(hours=3)
    marked = marked_of(session, organization, low.entry_id, moment)
    if marked is not None:
        correct(session, organization, marked, low.mark + 3, NORMAL, "复核试卷，第 12 题漏计 3 分", f"{low.mark.normalize():f}", moment)
