"""科目成绩 and 考证结果 (manual 5.2.9, 5.2.10): their lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, SQLColumnExpression, false, select

from domain.certificates.certificates import GRADES, Certificate
from domain.exams import outcomes, scores
from domain.exams.exam_subjects import ExamSubject
from domain.exams.outcomes import Outcome, outcomes_query, result_at, with_result
from domain.exams.plans import MODES, ExamPlan
from domain.exams.registrations import Registration
from domain.exams.rooms import subject_label
from domain.exams.scores import HIDDEN, LOCKED, MISSING, PUBLIC, STATES, Marked, Score, lock_at, marks_query, with_lock
from domain.exams.seats import ExamTicket
from domain.ground.id_numbers import masked
from domain.ground.identity import tidy_id_number
from domain.ground.names import tidy_name
from domain.ground.parties import Party
from forms.listing import Column, Filter, Listing, Narrow, contains, equals


def _by_state(query: Select[Any], text: str) -> Select[Any]:
    return query.where(Score.entry_id.is_(None) if text == MISSING else Score.state == text)


def _by_lock(now: datetime, query: Select[Any], text: str) -> Select[Any]:
    return query.where(lock_at(now) == text)


def _by_result(now: datetime, query: Select[Any], text: str) -> Select[Any]:
    return query.where(result_at(now) == text)


def _by_ticket(column: SQLColumnExpression[int]) -> Narrow:
    return lambda query, text: query.where(column.in_(select(ExamTicket.registration_id).where(ExamTicket.number == text)))


def _numbered(column: SQLColumnExpression[int]) -> Narrow:
    def narrow(query: Select[Any], text: str) -> Select[Any]:
        digits = text.upper().removeprefix("BK")
        return query.where(column == int(digits) if digits.isdecimal() and len(digits) < 10 else false())

    return narrow


_PLAN = Filter("plan", "考试计划", contains(ExamPlan.name))
_CERTIFICATE = Filter("certificate", "证书名称", contains(Certificate.name))
_GRADE = Filter("grade", "等级", equals(Certificate.grade), GRADES)
_PLAN_NUMBER = Filter("plan_number", "计划编号", lambda query, text: query.where(ExamPlan.number == text.upper()))
_SCHOOL = Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"}))

SCORES = Listing(
    name="scores",
    title="科目成绩",
    record=Marked,
    query=marks_query,
    timed=with_lock,
    opened=scores.opened,
    looked_at=("registrations", Marked.registration_id),
    columns=(
        Column("准考证号", lambda row: row.ticket or ""),
        Column("姓名", lambda row: row.registration.name, sort=Registration.name),
        Column("证件号", lambda row: row.registration.id_number, shown=lambda row: masked(row.registration.id_number)),
        Column("考试计划", lambda row: row.registration.plan.title(), sort=ExamPlan.name),
        Column("证书名称", lambda row: row.registration.certificate.name, sort=Certificate.name),
        Column("等级", lambda row: row.registration.certificate.grade),
        Column("科目", lambda row: subject_label(row.sitting.subject), sort=ExamSubject.name),
        Column("成绩", lambda row: row.value, "number", sort=Score.mark),
        Column("状态", lambda row: row.status, "badge", sort=Score.state),
        Column("公示", lambda row: row.lock, sort_at=lock_at),
        Column("院校", lambda row: row.registration.party.name, sort=Party.name, spare=True),
        Column("满分", lambda row: row.sitting.subject.full_mark, "number", spare=True),
        Column("合格分", lambda row: row.sitting.subject.pass_mark, "number", spare=True),
        Column("报考编号", lambda row: row.registration.number, sort=Registration.id, spare=True),
        Column("计划编号", lambda row: row.registration.plan.number or "", sort=ExamPlan.number, spare=True),
    ),
    filters=(
        Filter("name", "姓名", contains(Registration.name, tidy_name)),
        Filter("id_number", "证件号", equals(Registration.id_number, tidy_id_number)),
        Filter("ticket", "准考证号", _by_ticket(Marked.registration_id)),
        _PLAN,
        _CERTIFICATE,
        _GRADE,
        Filter("subject", "科目", contains(ExamSubject.name)),
        Filter("state", "状态", _by_state, (*STATES, MISSING)),
        Filter("lock", "公示", at=_by_lock, options=(HIDDEN, PUBLIC, LOCKED)),
        Filter("number", "报考编号", _numbered(Registration.id)),
        _PLAN_NUMBER,
        _SCHOOL,
    ),
)

OUTCOMES = Listing(
    name="outcomes",
    title="考证结果",
    record=Outcome,
    query=outcomes_query,
    timed=with_result,
    looked_at=("registrations", Outcome.__table__.c.id),
    columns=(
        Column("姓名", lambda row: row.name, sort=Outcome.name),
        Column("证件号", lambda row: row.id_number, shown=lambda row: masked(row.id_number)),
        Column("准考证号", lambda row: row.ticket or ""),
        Column("考试计划", lambda row: row.plan.title(), sort=ExamPlan.name),
        Column("证书名称", lambda row: row.certificate.name, sort=Certificate.name),
        Column("等级", lambda row: row.certificate.grade),
        Column("考证结果", lambda row: row.status, "badge", sort_at=result_at),
        Column("院校", lambda row: row.party.name, sort=Party.name, spare=True),
        Column("姓名拼音", lambda row: row.pinyin, spare=True),
        Column("就读专业", lambda row: row.major or "", spare=True),
        Column("报考方式", lambda row: row.plan.mode, spare=True),
        Column("报考编号", lambda row: row.number, sort=Outcome.id, spare=True),
        Column("计划编号", lambda row: row.plan.number or "", sort=ExamPlan.number, spare=True),
    ),
    filters=(
        Filter("name", "姓名", contains(Outcome.name, tidy_name)),
        Filter("id_number", "证件号", equals(Outcome.id_number, tidy_id_number)),
        Filter("ticket", "准考证号", _by_ticket(Outcome.id)),
        _PLAN,
        _CERTIFICATE,
        _GRADE,
        Filter("result", "考证结果", at=_by_result, options=tuple(outcomes.STATUSES)),
        Filter("mode", "报考方式", equals(ExamPlan.mode), MODES),
        Filter("number", "报考编号", _numbered(Outcome.id)),
        _PLAN_NUMBER,
        _SCHOOL,
    ),
)
