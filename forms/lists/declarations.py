"""证书试点申报 (manual 4.3): the list of declarations and their screens, and their lines, one a certificate (按证书导出申报明细)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from domain.certificates import declarations
from domain.certificates.certificates import Certificate
from domain.certificates.declaration_plans import DeclarationPlan, offer_of, plan_of
from domain.certificates.declarations import Declaration, DeclarationLine, NotOpen, declarations_query, lines_query
from domain.ground.base import clock_minutes
from domain.ground.parties import Actor, Party
from domain.institutions.schools import school_of
from forms import fields, read_forms
from forms.adapting import Choices
from forms.kinds import PROVINCE, SCHOOL, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains, equals

_SCHOOL = read_forms()["school.json"]
_ABOUT = ("name", "code", "level", "province", "city", "address", "contact", "mobile")
_SCHOOL_FORM = {"title": "院校基本信息", "properties": {n: {**_SCHOOL["properties"][n], "x-tab": "院校基本信息"} for n in _ABOUT}}


def _by_certificate(query: Select[Any], text: str) -> Select[Any]:
    line = DeclarationLine
    named = select(line.declaration_id).join(line.certificate).where(Certificate.name.contains(text, autoescape=True))
    return query.where(Declaration.id.in_(named))


FILTERS = (
    Filter("plan", "申报计划", contains(DeclarationPlan.name)),
    Filter("certificate", "证书名称", _by_certificate, field="lines"),
    Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
)

DECLARATIONS = Listing(
    name="declaration",
    title="证书试点申报",
    record=Declaration,
    query=declarations_query,
    columns=(
        Column("申报计划", lambda row: row.plan.title(), sort=DeclarationPlan.name),
        Column("院校", lambda row: row.party.name, sort=Party.name),
        Column("申报证书", lambda row: "、".join(row.certificates), field="lines"),
        Column("申报人数", lambda row: row.people, "number", field="lines"),
        Column("状态", lambda row: row.status, "badge"),
        Column("提交时间", lambda row: row.submitted_at, "moment", sort=Declaration.submitted_at),
    ),
    filters=FILTERS,
    key="declaration",
)


def _first_contact(row: DeclarationLine) -> Mapping[str, Any]:
    contacts = (row.declaration.data or {}).get("contacts", ())
    return contacts[0] if contacts else {}


LINES = Listing(
    name="declaration_lines",
    title="证书试点申报明细",
    record=DeclarationLine,
    query=lines_query,
    columns=(
        Column("申报计划", lambda row: row.declaration.plan.title()),
        Column("院校", lambda row: row.declaration.party.name),
        Column("申报证书", lambda row: row.certificate.name, field="lines"),
        Column("等级", lambda row: row.certificate.grade, field="lines"),
        Column("证书编码", lambda row: row.certificate.code, field="lines"),
        Column("申报专业", lambda row: "、".join(row.majors), field="lines"),
        Column("申报人数", lambda row: row.people, "number", field="lines"),
        Column("申报考核站点", lambda row: row.site, field="lines"),
        Column("状态", lambda row: row.declaration.status),
        Column("联系人", lambda row: _first_contact(row).get("name", ""), field="contacts"),
        Column("联系人手机号", lambda row: _first_contact(row).get("mobile", ""), field="contacts"),
        Column("提交时间", lambda row: row.declaration.submitted_at, "moment"),
    ),
    filters=(*FILTERS, Filter("status", "状态", equals(Declaration.status))),
    ticked=DeclarationLine.declaration_id,
    fields_of=DECLARATIONS.key,
)


def _begin(session: Session, actor: Actor, now: datetime, token: str) -> Opening:
    """A declaration under the plan that the token names, with what the system knows filled in beforehand.

    Raises:
        NotOpen, TooLate, AlreadyDeclared
    """
    plan = declarations.open_plan(session, actor, now, _id(token))
    return _opening(plan, declarations.known_beforehand(session, actor))


def _reopen(session: Session, actor: Actor, token: str) -> Opening:
    """The form as it was opened for a plan, which may be over by now."""
    plan = plan_of(session, actor, _id(token))
    return _opening(plan) if plan is not None else Opening("申报证书试点")


def _create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> Declaration:
    """A new declaration under the plan that the form was opened for.

    Raises:
        NotOpen, TooLate, AlreadyDeclared, BadLine
    """
    return declarations.new_declaration(session, actor, now, answers, _id(token))


def _offer(session: Session, actor: Actor, about: Declaration | str) -> Mapping[str, Choices]:
    """The certificates on offer under the plan, and the 对应专业 of each."""
    offer = offer_of(session, about.plan_id if isinstance(about, Declaration) else _id(about))
    return {"offered": list(offer), "offered_majors": {label: majors for label, (_, majors) in offer.items()}}


def _school_facts(session: Session, actor: Actor, declaration: Declaration, now: datetime) -> Sequence[fields.Tab]:
    """院校基本信息: the school's own record."""
    school = school_of(session, actor, declaration.party_id)
    return fields.describe(_SCHOOL_FORM, school.answers() if school is not None else {"name": declaration.party.name})


def _id(token: str) -> int:
    if not token.isdecimal() or len(token) > 9:
        raise NotOpen("请先在申报计划中选择要申报的计划。")
    return int(token)


def _opening(plan: DeclarationPlan, answers: dict[str, Any] | None = None) -> Opening:
    return Opening(f"申报证书试点：{plan.title()}", _deadline(plan), str(plan.id), answers or {})


def _deadline(plan: DeclarationPlan) -> str:
    return f"申报截止：{clock_minutes(plan.ends_at)}，请在截止前提交。保存后可以继续修改。" if plan.ends_at is not None else ""


DECLARATION = RecordKind(
    noun="证书试点申报",
    listing=DECLARATIONS,
    help="按省级发布的申报计划申报证书试点；省级初审、复审通过后，即可开展所申报证书的试点。",
    empty="还没有证书试点申报。点击“申报证书试点”，可查看省级发布的申报计划。",
    address="/declarations",
    menu=MenuLine((SCHOOL, *PROVINCE), under="证书管理"),
    begin=_begin,
    reopen=_reopen,
    create=_create,
    note=lambda declaration: _deadline(declaration.plan),
    choices=_offer,
    chosen_at="declaration.plans",
    facts=_school_facts,
    reviews="审核信息记录",
    more_exports=(("按证书导出申报明细", LINES.name),),
    popup=True,
)
