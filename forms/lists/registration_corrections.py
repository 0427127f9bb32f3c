"""报考信息更正 (row 5.2.3.8): the list and the screens of requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.exams.plans import ExamPlan
from domain.exams.registration_corrections import (
    FIELDS,
    NoRegistration,
    RegistrationCorrection,
    corrections_query,
    new_correction,
    own_registration,
)
from domain.exams.registrations import Registration
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor, Party
from forms import fields
from forms.kinds import OPERATOR, ORGANIZATION, SCHOOL, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains

_TEXT = {"type": "string"}
_ABOUT = {
    "title": "报考信息",
    "properties": {
        "number": {"title": "报考编号", **_TEXT},
        "name": {"title": "姓名", **_TEXT},
        "id_number": {"title": "证件号", **_TEXT},
        "plan": {"title": "考试计划", **_TEXT},
        "school": {"title": "院校", **_TEXT},
        "pinyin": {"title": "报考中的姓名拼音", **_TEXT},
        "mobile": {"title": "报考中的手机号", **_TEXT},
    },
}

CORRECTIONS = Listing(
    name="registration_correction",
    title="报考信息更正",
    record=RegistrationCorrection,
    query=corrections_query,
    columns=(
        Column("报考编号", lambda row: row.registration.number, sort=RegistrationCorrection.registration_id),
        Column("姓名", lambda row: row.registration.name, sort=Registration.name),
        Column("考试计划", lambda row: row.registration.plan.title(), sort=ExamPlan.name),
        Column("更正后的姓名拼音", lambda row: row.pinyin, field="pinyin"),
        Column("更正后的手机号", lambda row: row.mobile, field="mobile"),
        Column("更正原因", lambda row: row.reason, field="reason"),
        Column("状态", lambda row: row.status, "badge"),
        Column("院校", lambda row: row.party.name, sort=Party.name),
        Column("申请时间", lambda row: row.created_at, "moment", sort=RegistrationCorrection.created_at),
    ),
    filters=(
        Filter("name", "姓名", contains(Registration.name)),
        Filter("plan", "考试计划", contains(ExamPlan.name)),
        Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
    ),
    key="registration_correction",
)


def _facts(session: Session, actor: Actor, row: RegistrationCorrection, now: datetime) -> Sequence[fields.Tab]:
    """The registration that is to be corrected."""
    one = row.registration
    about = {"number": one.number, "name": one.name, "id_number": masked(one.id_number), "plan": one.plan.title(), "school": row.party.name}
    return fields.describe(_ABOUT, {**about, "pinyin": one.pinyin, "mobile": one.mobile})


def _registration(session: Session, actor: Actor, token: str) -> Registration:
    if not token.isdecimal() or len(token) > 9:
        raise NoRegistration
    return own_registration(session, actor, int(token))


def _begin(session: Session, actor: Actor, now: datetime, token: str) -> Opening:
    """A request about a registration, filled with what it says.

    Raises:
        NoRegistration
    """
    one = _registration(session, actor, token)
    note = "只能更正姓名拼音和手机号；培训评价组织同意后写入这次报考，考生管理中的信息不变。"
    return Opening(f"申请更正：{one.name} {one.number}", note, token, {name: getattr(one, name) for name in FIELDS})


def _create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> RegistrationCorrection:
    return new_correction(session, actor, now, _registration(session, actor, token).id, answers)


REGISTRATION_CORRECTION = RecordKind(
    noun="更正申请",
    listing=CORRECTIONS,
    help="报考后考生信息不再随考生管理变化。姓名拼音和手机号有误的，可以申请更正，由考试计划的培训评价组织审核。",
    empty="还没有更正申请。在报考管理中打开一条报考，点击“申请更正”。",
    address="/registration-corrections",
    menu=MenuLine((SCHOOL, ORGANIZATION, OPERATOR), under="考务管理"),
    begin=_begin,
    reopen=lambda session, actor, token: Opening("申请更正", token=token),
    create=_create,
    chosen_at="registrations.index",
    facts=_facts,
    sends="提交",
)
