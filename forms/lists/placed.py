"""排考管理 (manual 5.2.8): the lists 考核站点编排, 考场编排 and 排考明细."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, false, select
from sqlalchemy.orm import aliased

from domain.certificates.certificates import GRADES, Certificate
from domain.exams import planned_subjects, subjects_of_schools
from domain.exams.exam_subjects import ExamSubject
from domain.exams.placed import (
    OWNER,
    SEATED,
    Placed,
    UsedRoom,
    placed_query,
    rooms_with_status,
    seats_with_status,
    status_at,
    used_rooms_query,
)
from domain.exams.planned_subjects import PlannedSubject, planned_subjects_query
from domain.exams.plans import ExamPlan, Sitting
from domain.exams.registrations import Registration
from domain.exams.rooms import Room, subject_label
from domain.exams.seats import ExamTicket
from domain.exams.subjects_of_schools import SubjectOfSchool, subjects_of_schools_query
from domain.ground.base import SHANGHAI, clock_minutes
from domain.ground.id_numbers import masked
from domain.ground.identity import tidy_id_number
from domain.ground.names import tidy_name
from domain.ground.parties import Party
from forms.listing import Column, Filter, Listing, Narrow, contains, equals


def span(begins: datetime | None, ends: datetime | None) -> str:
    """From when to when; the day is told once where both are on it."""
    if begins is None or ends is None:
        return ""
    last = clock_minutes(ends)
    return f"{clock_minutes(begins)} 至 {last.split()[1] if clock_minutes(begins).split()[0] == last.split()[0] else last}"


def place_of(room: Room) -> str:
    """Building and door."""
    return " ".join(one for one in (room.building, room.door) if one)


def _by_status(status: Callable[[datetime], ColumnElement[str]]) -> Callable[[datetime, Select[Any], str], Select[Any]]:
    return lambda now, query, text: query.where(status(now) == text)


def _numbered(column: SQLColumnExpression[int], prefix: str) -> Narrow:
    def narrow(query: Select[Any], text: str) -> Select[Any]:
        digits = text.upper().removeprefix(prefix)
        return query.where(column == int(digits) if digits.isdecimal() and len(digits) < 10 else false())

    return narrow


def _by_day(query: Select[Any], text: str) -> Select[Any]:
    """The sittings that begin on a day in Shanghai."""
    try:
        day = date.fromisoformat(text)
        begins = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)  # the first day of the calendar has no such moment
        return query.where(begins <= Sitting.starts_at, Sitting.starts_at < begins + timedelta(days=1))
    except (ValueError, OverflowError):
        return query.where(false())


def _by_site(query: Select[Any], text: str) -> Select[Any]:
    """A site's name is made from its school and certificate."""
    return query.where((OWNER.name + Certificate.name + "（" + Certificate.grade + "）考核站点").contains(text, autoescape=True))


def _by_ticket(query: Select[Any], text: str) -> Select[Any]:
    return query.where(Placed.registration_id.in_(select(ExamTicket.registration_id).where(ExamTicket.number == text)))


def _by_plan_number(query: Select[Any], text: str) -> Select[Any]:
    return query.where(ExamPlan.number == text.upper())


def _by_organization(query: Select[Any], text: str) -> Select[Any]:
    return query.where(ExamPlan.party_id.in_(select(_ORGANIZATION.id).where(_ORGANIZATION.name.contains(text, autoescape=True))))


_ORGANIZATION = aliased(Party)
_PLAN = Filter("plan", "考试计划", contains(ExamPlan.name))
_CERTIFICATE = Filter("certificate", "证书名称", contains(Certificate.name))
_GRADE = Filter("grade", "等级", equals(Certificate.grade), GRADES)
_SUBJECT = Filter("subject", "科目", contains(ExamSubject.name))
_SITE = Filter("site", "考核站点", _by_site)
_ROOM = Filter("room", "考场名称", contains(Room.name))
_DAY = Filter("day", "考试日期", _by_day, widget="date")
_STATE = Filter("state", "状态", at=_by_status(status_at), options=SEATED)
_PLAN_NUMBER = Filter("plan_number", "计划编号", _by_plan_number)

PLANNED_SUBJECTS = Listing(
    name="planned_subjects",
    title="考核站点编排",
    record=PlannedSubject,
    query=planned_subjects_query,
    timed=planned_subjects.with_status,
    columns=(
        Column("科目", lambda row: subject_label(row.subject), sort=ExamSubject.name),
        Column("证书名称", lambda row: row.subject.certificate.name, sort=Certificate.name),
        Column("等级", lambda row: row.subject.certificate.grade),
        Column("考试计划", lambda row: row.plan.title(), sort=ExamPlan.name),
        Column("状态", lambda row: row.status, "badge", sort_at=planned_subjects.status_at),
        Column("报考人数", lambda row: row.people, "number"),
        Column("已排人数", lambda row: row.seated, "number"),
        Column("未排人数", lambda row: row.left, "number"),
        Column("排考时间", lambda row: span(row.plan.arranging_from, row.plan.arranging_to), sort=ExamPlan.arranging_from),
        Column("首场开考时间", lambda row: row.first, "moment", spare=True),
        Column("场次", lambda row: row.sittings, "number", spare=True),
        Column("考试方式", lambda row: row.subject.method, sort=ExamSubject.method, spare=True),
        Column("考场类型", lambda row: row.subject.room_type, sort=ExamSubject.room_type, spare=True),
        Column("计划编号", lambda row: row.plan.number or "", sort=ExamPlan.number, spare=True),
        Column("培训评价组织", lambda row: row.plan.party.name, sort=Party.name, spare=True),
    ),
    filters=(
        _PLAN,
        _CERTIFICATE,
        Filter("state", "状态", at=_by_status(planned_subjects.status_at), options=tuple(planned_subjects.STATUSES)),
        _SUBJECT,
        _GRADE,
        _PLAN_NUMBER,
        Filter("organization", "培训评价组织", contains(Party.name), fixed_for=frozenset({"培训评价组织"})),
    ),
)

SUBJECTS_OF_SCHOOLS = Listing(
    name="subjects_of_schools",
    title="考场编排明细",
    record=SubjectOfSchool,
    query=subjects_of_schools_query,
    timed=subjects_of_schools.with_status,
    ticked=PlannedSubject.id,
    columns=(
        Column("计划编号", lambda row: row.plan.number or ""),
        Column("考试计划", lambda row: row.plan.title()),
        Column("证书名称", lambda row: row.subject.certificate.name),
        Column("等级", lambda row: row.subject.certificate.grade),
        Column("科目", lambda row: subject_label(row.subject)),
        Column("状态", lambda row: row.status, "badge"),
        Column("报考院校", lambda row: row.party.name),
        Column("考核站点", lambda row: row.site),
        Column("报考人数", lambda row: row.people, "number"),
        Column("已排人数", lambda row: row.seated, "number"),
        Column("未排人数", lambda row: row.people - row.seated, "number"),
        Column("考场数", lambda row: row.rooms, "number"),
    ),
    filters=(*PLANNED_SUBJECTS.filters[:-1], Filter("organization", "培训评价组织", _by_organization)),
)

USED_ROOMS = Listing(
    name="used_rooms",
    title="考场编排",
    record=UsedRoom,
    query=used_rooms_query,
    timed=rooms_with_status,
    columns=(
        Column("考场名称", lambda row: row.room.name, sort=Room.name),
        Column("科目", lambda row: subject_label(row.sitting.subject), sort=ExamSubject.name),
        Column("考试时间", lambda row: span(row.sitting.starts_at, row.sitting.ends_at), sort=Sitting.starts_at),
        Column("状态", lambda row: row.status, "badge", sort_at=status_at),
        Column("考生人数", lambda row: row.people, "number"),
        Column("考核站点", lambda row: row.room.site.title(), sort=OWNER.name),
        Column("考试计划", lambda row: row.plan.title(), sort=ExamPlan.name),
        Column("证书名称", lambda row: row.room.certificate.name, sort=Certificate.name, spare=True),
        Column("等级", lambda row: row.room.certificate.grade, spare=True),
        Column("考场类型", lambda row: row.room.room_type, sort=Room.room_type, spare=True),
        Column("考位数", lambda row: row.room.places, "number", sort=Room.places, spare=True),
        Column("地点", lambda row: place_of(row.room), sort=Room.building, spare=True),
        Column("编排编号", lambda row: row.number, sort=UsedRoom.id, spare=True),
        Column("考场编号", lambda row: row.room.number, spare=True),
        Column("计划编号", lambda row: row.plan.number or "", sort=ExamPlan.number, spare=True),
        Column("站点所属院校", lambda row: row.room.party.name, sort=OWNER.name, spare=True),
    ),
    filters=(
        _PLAN,
        _DAY,
        _ROOM,
        _CERTIFICATE,
        _GRADE,
        _SUBJECT,
        _SITE,
        _STATE,
        Filter("number", "编排编号", _numbered(UsedRoom.id, "BP")),
        _PLAN_NUMBER,
    ),
)

PLACED = Listing(
    name="placed",
    title="排考明细",
    record=Placed,
    query=placed_query,
    timed=seats_with_status,
    looked_at=("registrations", Placed.registration_id),
    columns=(
        Column("姓名", lambda row: row.registration.name, sort=Registration.name),
        Column("证件号", lambda row: row.registration.id_number, shown=lambda row: masked(row.registration.id_number)),
        Column("准考证号", lambda row: row.ticket or ""),
        Column("科目", lambda row: subject_label(row.sitting.subject), sort=ExamSubject.name),
        Column("考试时间", lambda row: span(row.sitting.starts_at, row.sitting.ends_at), sort=Sitting.starts_at),
        Column("考场名称", lambda row: row.room.name, sort=Room.name),
        Column("座位号", lambda row: row.number, "number", sort=Placed.number),
        Column("状态", lambda row: row.status, "badge", sort_at=status_at),
        Column("考核站点", lambda row: row.room.site.title(), sort=OWNER.name),
        Column("考试计划", lambda row: row.registration.plan.title(), sort=ExamPlan.name),
        Column("证书名称", lambda row: row.registration.certificate.name, sort=Certificate.name, spare=True),
        Column("等级", lambda row: row.registration.certificate.grade, spare=True),
        Column("地点", lambda row: place_of(row.room), spare=True),
        Column("报考编号", lambda row: row.registration.number, sort=Registration.id, spare=True),
        Column("计划编号", lambda row: row.registration.plan.number or "", sort=ExamPlan.number, spare=True),
        Column("院校", lambda row: row.registration.party.name, sort=Party.name, spare=True),
    ),
    filters=(
        Filter("name", "姓名", contains(Registration.name, tidy_name)),
        Filter("id_number", "证件号", equals(Registration.id_number, tidy_id_number)),
        Filter("ticket", "准考证号", _by_ticket),
        _PLAN,
        _CERTIFICATE,
        _GRADE,
        _SUBJECT,
        _DAY,
        _SITE,
        _ROOM,
        _STATE,
        Filter("number", "报考编号", _numbered(Registration.id, "BK")),
        _PLAN_NUMBER,
        Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
    ),
)
