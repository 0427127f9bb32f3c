"""批量导入科目成绩 of an exam plan, which the import's key names (row 5.2.9.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import Sitting, exam_plan_of
from domain.exams.scores import NORMAL, NotScoring, mark_text
from domain.exams.scoring import Problem, known_scores, scoring_plan, store_scores
from domain.ground.parties import Actor
from jobs.imports.description import Import
from jobs.imports.into_plans import plan_named

PREFIX = "scores-"
CLOSED = "该考试计划不在成绩登记时间内，或不是本组织的计划"

Rows = Sequence[Mapping[str, Any]]


def import_of_scores(key: str) -> Import | None:
    """The import that a key names: `scores-<plan>`."""
    number = key.removeprefix(PREFIX)
    if not key.startswith(PREFIX) or not number.isdecimal() or len(number) > 9:
        return None
    plan_id = int(number)
    return Import(
        key=key,
        title="批量导入科目成绩",
        noun="成绩",
        role="培训评价组织",
        back="/scores/",
        unique=("ticket",),
        within={"ticket": ("subject",)},
        says=("mark", _said),
        closed=partial(_closed, plan_id),
        offered=lambda session, actor: exam_plan_of(session, actor, plan_id) is not None,
        into=partial(plan_named, plan_id, "scoring"),
        known=partial(_known, plan_id),
        store=lambda session, actor, rows, now: store_scores(session, actor, plan_id, rows, now),
        choices=partial(_choices, plan_id),
        form="score_import.json",
    )


def _said(answers: Mapping[str, Any]) -> str:
    """What a row says of a subject, as people read it, such as 72.3 or 缺考; also of a row that is wrong itself."""
    mark, state = answers.get("mark"), str(answers.get("state") or NORMAL)
    if mark is None:
        return "未填写" if state == NORMAL else state
    text = mark_text(Decimal(str(mark)), NORMAL) if isinstance(mark, int | float) else str(mark)
    return text if state == NORMAL else f"{text} {state}"


def _closed(plan_id: int, session: Session, actor: Actor, now: datetime) -> str | None:
    try:
        scoring_plan(session, actor, plan_id, now)
    except NotScoring:
        return CLOSED
    return None


def _known(plan_id: int, session: Session, actor: Actor, rows: Rows) -> dict[int, Problem]:
    """The rows that may not be entered."""
    if exam_plan_of(session, actor, plan_id) is None:
        return {at: ("ticket", CLOSED) for at in range(len(rows))}
    return known_scores(session, plan_id, rows)[1]


def _choices(plan_id: int, session: Session, actor: Actor) -> dict[str, list[str]]:
    if exam_plan_of(session, actor, plan_id) is None:
        return {}
    query = select(ExamSubject.name).join(Sitting, Sitting.subject_id == ExamSubject.id).where(Sitting.plan_id == plan_id)
    return {"subject": list(session.scalars(query.distinct().order_by(ExamSubject.name)))}
