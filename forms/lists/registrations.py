"""报考管理 (manual 5.2.6): their list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, false

from domain.certificates.certificates import GRADES, Certificate
from domain.exams.plans import MODES, ExamPlan
from domain.exams.registrations import PAID, STATUSES, UNPAID, Registration, registrations_query, status_at, with_status
from domain.ground.id_numbers import masked
from domain.ground.identity import tidy_id_number
from domain.ground.names import tidy_name
from domain.ground.parties import Party
from forms.listing import Column, Filter, Listing, contains, equals

FORM = "registration.json"


def _by_status(now: datetime, query: Select[Any], text: str) -> Select[Any]:
    return query.where(status_at(now) == text)


def _by_payment(query: Select[Any], text: str) -> Select[Any]:
    wanted = {PAID: Registration.paid, UNPAID: Registration.paid.is_(False)}
    return query.where(wanted.get(text, false()))


def _by_number(query: Select[Any], text: str) -> Select[Any]:
    digits = text.upper().removeprefix("BK")
    return query.where(Registration.id == int(digits) if digits.isdecimal() and len(digits) < 10 else false())


def _subject(row: Registration) -> str:
    return row.subject.name if row.subject is not None else "全部科目"


REGISTRATIONS = Listing(
    name="registrations",
    title="报考管理",
    record=Registration,
    query=registrations_query,
    timed=with_status,
    columns=(
        Column("报考编号", lambda row: row.number, sort=Registration.id),
        Column("姓名", lambda row: row.name, sort=Registration.name),
        Column("证件号", lambda row: row.id_number, shown=lambda row: masked(row.id_number)),
        Column("考试计划", lambda row: row.plan.title(), sort=ExamPlan.name),
        Column("证书名称", lambda row: row.certificate.name, sort=Certificate.name),
        Column("等级", lambda row: row.certificate.grade),
        Column("科目", _subject),
        Column("参考对象", lambda row: row.audience or ""),
        Column("状态", lambda row: row.status, "badge"),
        Column("缴费", lambda row: PAID if row.paid else UNPAID),
        Column("院校", lambda row: row.party.name, sort=Party.name),
        Column("就读专业", lambda row: row.major or "", spare=True),
        Column("姓名拼音", lambda row: row.pinyin, spare=True),
        Column("手机号", lambda row: row.mobile, spare=True),
        Column("报考方式", lambda row: row.plan.mode, spare=True),
        Column("报考时间", lambda row: row.created_at, "moment", sort=Registration.created_at, spare=True),
    ),
    filters=(
        Filter("plan", "考试计划", contains(ExamPlan.name)),
        Filter("certificate", "证书名称", contains(Certificate.name)),
        Filter("state", "状态", at=_by_status, options=tuple(STATUSES)),
        Filter("name", "姓名", contains(Registration.name, tidy_name)),
        Filter("id_number", "证件号", equals(Registration.id_number, tidy_id_number)),
        Filter("paid", "缴费", _by_payment, (PAID, UNPAID)),
        Filter("grade", "等级", equals(Certificate.grade), GRADES),
        Filter("mode", "报考方式", equals(ExamPlan.mode), MODES),
        Filter("major", "就读专业", contains(Registration.major)),
        Filter("number", "报考编号", _by_number),
        Filter("plan_number", "计划编号", lambda query, text: query.where(ExamPlan.number == text.upper())),
        Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
    ),
)
