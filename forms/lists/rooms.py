"""考场管理 and 考核站点分配 (manual 5.2.4.2, 5.2.5): their lists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, false

from domain.certificates.certificates import GRADES, Certificate
from domain.exams.allotments import BORROWED, IS_BORROWED, LENDER, OWN, Allotment, allotments_query
from domain.exams.plans import ExamPlan
from domain.exams.rooms import STATUSES, Room, rooms_query, status_at, subject_label, with_status
from domain.ground.parties import Party
from forms.listing import Column, Filter, Listing, contains, equals

FORM = "exam_room.json"


def _by_status(now: datetime, query: Select[Any], text: str) -> Select[Any]:
    return query.where(status_at(now) == text)


def _by_number(query: Select[Any], text: str) -> Select[Any]:
    digits = text.upper().removeprefix("KC")
    return query.where(Room.id == int(digits) if digits.isdecimal() and len(digits) < 10 else false())


def _by_site(query: Select[Any], text: str) -> Select[Any]:
    """A site's name is made from the school and the certificate."""
    return query.where((Party.name + Certificate.name + "（" + Certificate.grade + "）考核站点").contains(text, autoescape=True))


def _by_lender(query: Select[Any], text: str) -> Select[Any]:
    return query.where(LENDER.name.contains(text, autoescape=True))


def _by_borrowing(query: Select[Any], text: str) -> Select[Any]:
    return query.where({BORROWED: IS_BORROWED, OWN: ~IS_BORROWED}.get(text, false()))


ROOMS = Listing(
    name="rooms",
    title="考场管理",
    record=Room,
    query=rooms_query,
    timed=with_status,
    columns=(
        Column("考场名称", lambda row: row.name, sort=Room.name),
        Column("考试计划", lambda row: row.plan.title(), sort=ExamPlan.name),
        Column("状态", lambda row: row.status, "badge", sort_at=status_at),
        Column("考核站点", lambda row: row.site.title(), sort=Party.name),
        Column("证书名称", lambda row: row.certificate.name, sort=Certificate.name, spare=True),
        Column("等级", lambda row: row.certificate.grade, spare=True),
        Column("科目", lambda row: "；".join(subject_label(one) for one in row.subjects)),
        Column("考场类型", lambda row: row.room_type, sort=Room.room_type),
        Column("考试方式", lambda row: row.method, spare=True),
        Column("考位数", lambda row: row.places, "number", sort=Room.places),
        Column("地点", lambda row: row.building or "", sort=Room.building, spare=True),
        Column("门牌号", lambda row: row.door or "", spare=True),
        Column("监考人数", lambda row: row.invigilators, "number", spare=True),
        Column("考场编号", lambda row: row.number, sort=Room.id, spare=True),
        Column("院校", lambda row: row.party.name, sort=Party.name, spare=True),
        Column("设置时间", lambda row: row.created_at, "moment", sort=Room.created_at, spare=True),
    ),
    filters=(
        Filter("plan", "考试计划", contains(ExamPlan.name)),
        Filter("site", "考核站点", _by_site),
        Filter("certificate", "证书名称", contains(Certificate.name)),
        Filter("state", "状态", at=_by_status, options=tuple(STATUSES)),
        Filter("name", "考场名称", contains(Room.name)),
        Filter("grade", "等级", equals(Certificate.grade), GRADES),
        Filter("number", "考场编号", _by_number),
        Filter("plan_number", "计划编号", lambda query, text: query.where(ExamPlan.number == text.upper())),
        Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
    ),
)

ALLOTMENTS = Listing(
    name="allotments",
    title="考核站点分配",
    record=Allotment,
    query=allotments_query,
    columns=(
        Column("考试计划", lambda row: row.plan.title(), sort=ExamPlan.name),
        Column("报考院校", lambda row: row.party.name, sort=Party.name),
        Column("证书名称", lambda row: row.certificate.name, sort=Certificate.name),
        Column("等级", lambda row: row.certificate.grade),
        Column("考核站点", lambda row: row.site.title(), sort=LENDER.name),
        Column("借考", lambda row: BORROWED if row.borrowed else OWN),
        Column("站点所属院校", lambda row: row.site.party.name, sort=LENDER.name),
        Column("站点地址", lambda row: (row.site.data or {}).get("address", ""), spare=True),
        Column("负责人", lambda row: (row.site.data or {}).get("head", ""), spare=True),
        Column("计划编号", lambda row: row.plan.number or "", sort=ExamPlan.number, spare=True),
        Column("分配时间", lambda row: row.created_at, "moment", sort=Allotment.created_at),
    ),
    filters=(
        Filter("plan", "考试计划", contains(ExamPlan.name)),
        Filter("school", "报考院校", contains(Party.name)),
        Filter("certificate", "证书名称", contains(Certificate.name)),
        Filter("borrowed", "借考", _by_borrowing, (BORROWED, OWN)),
        Filter("lender", "站点所属院校", _by_lender),
        Filter("grade", "等级", equals(Certificate.grade), GRADES),
        Filter("plan_number", "计划编号", lambda query, text: query.where(ExamPlan.number == text.upper())),
    ),
)
