"""考试计划 (manual 5.2.2): their list and their screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.exams.plan_steps import steps_of
from domain.exams.plans import MODES, ExamPlan, choices_of_plan, exam_plans_query, new_plan
from domain.ground.base import clock_minutes
from domain.ground.parties import Actor, Party
from forms import fields
from forms.kinds import Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains, equals, of_year


def _span(begins: datetime | None, ends: datetime | None) -> str:
    """A window in a cell; empty where it lacks an end."""
    return "" if begins is None or ends is None else f"{clock_minutes(begins)} 至 {clock_minutes(ends)}"


_ABOUT: Mapping[str, Any] = {
    "title": "计划",
    "properties": {
        "number": {"title": "计划编号", "type": "string"},
        "organization": {"title": "培训评价组织", "type": "string"},
        "allotted": {"title": "考核站点分配", "type": "string"},
        "rooms": {"title": "考场", "type": "string"},
        "registered": {"title": "报考", "type": "string"},
        "slips": {"title": "缴费申请单", "type": "string"},
        "arranged": {"title": "排考", "type": "string"},
        "scored": {"title": "科目成绩", "type": "string"},
        "results": {"title": "考证结果", "type": "string"},
    },
}


def _facts(session: Session, actor: Actor, row: ExamPlan, now: datetime) -> Sequence[fields.Tab]:
    """What is known of a plan besides its form, and how far each step is."""
    return fields.describe(_ABOUT, {"number": row.number, "organization": row.party.name, **steps_of(session, actor, row, now)})


EXAM_PLANS = Listing(
    name="exam_plan",
    title="考试计划",
    record=ExamPlan,
    query=exam_plans_query,
    columns=(
        Column("计划编号", lambda row: row.number, sort=ExamPlan.number),
        Column("计划名称", lambda row: row.title(), sort=ExamPlan.name, field="name"),
        Column("年度", lambda row: row.year, "number", sort=ExamPlan.year, field="year"),
        Column("报考方式", lambda row: row.mode, field="mode"),
        Column("状态", lambda row: row.status, "badge"),
        Column("报考时间", lambda row: _span(row.registration_from, row.registration_to), sort=ExamPlan.registration_from),
        Column("考试时间", lambda row: _span(row.exam_from, row.exam_to), sort=ExamPlan.exam_from),
        Column("培训评价组织", lambda row: row.party.name, sort=Party.name),
    ),
    filters=(
        Filter("name", "计划名称", contains(ExamPlan.name), field="name"),
        Filter("mode", "报考方式", equals(ExamPlan.mode), MODES, field="mode"),
        Filter("year", "年度", of_year(ExamPlan.year), field="year"),
        Filter("number", "计划编号", contains(ExamPlan.number)),
        Filter("organization", "培训评价组织", contains(Party.name), fixed_for=frozenset({"培训评价组织"})),
    ),
    key="exam_plan",
)

EXAM_PLAN = RecordKind(
    noun="考试计划",
    listing=EXAM_PLANS,
    help="培训评价组织发布的考试计划：报考、排考、考试、成绩登记、公示的时间安排，证书与科目场次，以及可以报考的参考院校。",
    empty="还没有考试计划。培训评价组织发布、并把本校列为参考院校的计划会列在这里。",
    address="/exam-plans",
    template="exams/plan.html",
    facts=_facts,
    begin=lambda session, actor, now, token: Opening(
        "新增考试计划", "保存后可以继续修改；发布后参考院校可以看到。", answers={"mode": "按证书"}
    ),
    create=lambda session, actor, now, token, answers: new_plan(session, actor, now, answers),
    choices=lambda session, actor, about: choices_of_plan(session, actor),
)
