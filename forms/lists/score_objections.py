"""成绩异议 (row 5.2.9.2): the list and the screens of what candidates have handed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false
from sqlalchemy.orm import Session

from domain.exams.exam_subjects import ExamSubject
from domain.exams.plans import ExamPlan
from domain.exams.registrations import Registration
from domain.exams.score_objections import ScoreObjection, objections_query, present_mark
from domain.ground.id_numbers import masked
from domain.ground.names import tidy_name
from domain.ground.parties import Actor
from forms import fields
from forms.kinds import OPERATOR, ORGANIZATION, MenuLine, RecordKind
from forms.listing import Column, Filter, Listing, contains

_TEXT = {"type": "string"}
_ABOUT = {
    "title": "成绩",
    "properties": {
        "number": {"title": "异议编号", **_TEXT},
        "ticket": {"title": "准考证号", **_TEXT},
        "name": {"title": "姓名", **_TEXT},
        "id_number": {"title": "证件号", **_TEXT},
        "plan": {"title": "考试计划", **_TEXT},
        "school": {"title": "院校", **_TEXT},
        "subject": {"title": "科目", **_TEXT},
        "now": {"title": "现在的成绩", **_TEXT},
        "scale": {"title": "满分与合格分", **_TEXT},
    },
}


def _numbered(query: Select[Any], text: str) -> Select[Any]:
    digits = text.upper().removeprefix("YY")
    return query.where(ScoreObjection.id == int(digits) if digits.isdecimal() and len(digits) < 10 else false())


OBJECTIONS = Listing(
    name="score_objection",
    title="成绩异议",
    record=ScoreObjection,
    query=objections_query,
    columns=(
        Column("异议编号", lambda row: row.number, sort=ScoreObjection.id),
        Column("姓名", lambda row: row.registration.name, sort=Registration.name),
        Column("考试计划", lambda row: row.registration.plan.title(), sort=ExamPlan.name),
        Column("科目", lambda row: row.entry.subject.name, sort=ExamSubject.name),
        Column("原成绩", lambda row: row.was),
        Column("考生的异议", lambda row: row.reason, field="reason"),
        Column("答复", lambda row: row.answer or "", field="answer"),
        Column("状态", lambda row: row.status, "badge"),
        Column("院校", lambda row: row.registration.party.name),
        Column("提交时间", lambda row: row.created_at, "moment", sort=ScoreObjection.created_at),
    ),
    filters=(
        Filter("number", "异议编号", _numbered),
        Filter("name", "姓名", contains(Registration.name, tidy_name)),
        Filter("plan", "考试计划", contains(ExamPlan.name)),
        Filter("subject", "科目", contains(ExamSubject.name)),
    ),
    key="score_objection",
)


def _facts(session: Session, actor: Actor, row: ScoreObjection, now: datetime) -> Sequence[fields.Tab]:
    """Whose mark it is, and what it says now."""
    one, subject = row.registration, row.entry.subject
    ticket, mark = present_mark(session, row)
    about = {"number": row.number, "ticket": ticket, "name": one.name, "id_number": masked(one.id_number), "plan": one.plan.title()}
    more = {"school": one.party.name, "subject": subject.name, "now": mark}
    return fields.describe(_ABOUT, {**about, **more, "scale": _scale(row)})


def _scale(row: ScoreObjection) -> str:
    return f"满分 {row.entry.subject.full_mark}，合格分 {row.entry.subject.pass_mark}"


SCORE_OBJECTION = RecordKind(
    noun="成绩异议",
    listing=OBJECTIONS,
    help="考生在公示期内从成绩查询页面提交成绩异议；受理后核查试卷，更正成绩或维持原成绩，考生在同一页面看到答复。公示结束后不能再更正。",
    empty="还没有成绩异议。公示期内，考生可以在成绩查询页面提交。",
    address="/score-objections",
    menu=MenuLine((ORGANIZATION, OPERATOR), under="考务管理"),
    form="score_objection.json",
    facts=_facts,
)
