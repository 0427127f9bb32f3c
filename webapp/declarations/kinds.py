"""证书试点申报 and 申报计划 as kinds of records (manual 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.certificates import declarations
from domain.certificates.declaration_plans import DeclarationPlan, all_labels, new_plan, offer_of, plan_of
from domain.certificates.declarations import Declaration, NotOpen, declaration_of
from domain.ground.base import clock_minutes
from domain.ground.parties import Actor
from domain.institutions.schools import school_of
from forms import fields, read_forms
from forms.adapting import adapt
from forms.lists.declaration_plans import PLANS
from forms.lists.declarations import DECLARATIONS, LINES
from webapp.records.kinds import Opening, RecordKind

_SCHOOL = read_forms()["school.json"]
_ABOUT = ("name", "code", "level", "province", "city", "address", "contact", "mobile")
_SCHOOL_FORM = {"title": "院校基本信息", "properties": {n: {**_SCHOOL["properties"][n], "x-tab": "院校基本信息"} for n in _ABOUT}}


def begin(session: Session, actor: Actor, now: datetime, token: str) -> Opening:
    """A declaration under the plan that the token names, with what the system knows filled in beforehand.

    Raises:
        NotOpen, TooLate, AlreadyDeclared
    """
    plan = declarations.open_plan(session, actor, now, _id(token))
    return _opening(plan, declarations.known_beforehand(session, actor))


def reopen(session: Session, actor: Actor, token: str) -> Opening:
    """The form as it was opened for a plan, which may be over by now."""
    plan = plan_of(session, actor, _id(token))
    return _opening(plan) if plan is not None else Opening("申报证书试点")


def create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> Declaration:
    """A new declaration under the plan that the form was opened for.

    Raises:
        NotOpen, TooLate, AlreadyDeclared, BadLine
    """
    return declarations.new_declaration(session, actor, now, answers, _id(token))


def with_offer(session: Session, actor: Actor, schema: dict[str, Any], about: Any) -> dict[str, Any]:
    """The form with the certificates on offer to choose from, and the 对应专业 of each."""
    offer = offer_of(session, about.plan_id if isinstance(about, Declaration) else _id(about))
    majors = {label: majors for label, (_, majors) in offer.items()}
    return adapt(schema, actor.roles, {"offered": list(offer), "offered_majors": majors})


def school_facts(session: Session, actor: Actor, declaration: Declaration) -> Sequence[fields.Tab]:
    """院校基本信息: the school's own record."""
    school = school_of(session, actor, declaration.party_id)
    return fields.describe(_SCHOOL_FORM, school.answers() if school is not None else {"name": declaration.party.name})


def with_all_certificates(session: Session, actor: Actor, schema: dict[str, Any], about: Any) -> dict[str, Any]:
    """The form of a plan with all certificates to choose from."""
    return adapt(schema, actor.roles, {"all_certificates": all_labels(session)})


def _id(token: str) -> int:
    if not token.isdecimal() or len(token) > 9:
        raise NotOpen("请先在申报计划中选择要申报的计划。")
    return int(token)


def _opening(plan: DeclarationPlan, answers: dict[str, Any] | None = None) -> Opening:
    return Opening(f"申报证书试点：{plan.title()}", _deadline(plan), str(plan.id), answers or {})


def _deadline(plan: DeclarationPlan) -> str:
    return f"申报截止：{clock_minutes(plan.ends_at)}，请在截止前提交。保存后可以继续修改。" if plan.ends_at is not None else ""


DECLARATION = RecordKind(
    key="declaration",
    noun="证书试点申报",
    listing=DECLARATIONS,
    help="按省级发布的申报计划申报证书试点；省级初审、复审通过后，即可开展所申报证书的试点。",
    empty="还没有证书试点申报。点击“申报证书试点”，可查看省级发布的申报计划。",
    find=declaration_of,
    begin=begin,
    reopen=reopen,
    create=create,
    note=lambda declaration: _deadline(declaration.plan),
    adapt=with_offer,
    chosen_at="declaration.plans",
    facts=school_facts,
    reviews="审核信息记录",
    more_exports=(("按证书导出申报明细", LINES.name),),
    popup=True,
)
PLAN = RecordKind(
    key="declaration_plan",
    noun="申报计划",
    listing=PLANS,
    help="发布申报计划后，本省院校在申报时间内可申报证书试点；到开始时间自动开放，到结束时间自动截止。",
    empty="还没有申报计划。点击“新建申报计划”填写申报时间和可申报证书。",
    find=plan_of,
    begin=lambda session, actor, now, token: Opening("新建申报计划", "保存后可以继续修改；发布后本省院校可以看到。"),
    create=lambda session, actor, now, token, answers: new_plan(session, actor, now, answers),
    adapt=with_all_certificates,
)
