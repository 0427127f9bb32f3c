"""缴费管理 (manual 5.2.7): the list and the screens of 缴费申请单."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.exams.payment_slips import NotOpen, PaymentSlip, due_of, lines_of, new_slip, payment_slips_query
from domain.exams.plans import BY_CERTIFICATE, BY_SUBJECT, MODES, ExamPlan, yuan
from domain.exams.registrations import Registration
from domain.ground.base import clock_minutes
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor, Party
from forms import fields
from forms.kinds import OPERATOR, ORGANIZATION, SCHOOL, Link, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains, equals

_TEXT = {"type": "string"}
_ABOUT = {
    "title": "缴费信息",
    "properties": {
        "number": {"title": "缴费单号", **_TEXT},
        "plan": {"title": "考试计划", **_TEXT},
        "certificate": {"title": "证书", **_TEXT},
        "mode": {"title": "报考方式", **_TEXT},
        "people": {"title": "报考人次", "type": "integer"},
        "total": {"title": "总金额（元）", "type": "number"},
        "school": {"title": "院校", **_TEXT},
        "organization": {"title": "收款的培训评价组织", **_TEXT},
        "created_at": {"title": "生成时间", **_TEXT},
        "lines": {
            "title": "缴费明细",
            "type": "array",
            "x-tab": "缴费明细",
            "items": {
                "type": "object",
                "properties": {
                    "number": {"title": "报考编号", **_TEXT},
                    "name": {"title": "姓名", **_TEXT},
                    "id_number": {"title": "证件号", **_TEXT},
                    "subject": {"title": "科目", **_TEXT},
                    "price": {"title": "金额（元）", "type": "number"},
                },
            },
        },
    },
}

PAYMENT_SLIPS = Listing(
    name="payment_slip",
    title="缴费管理",
    record=PaymentSlip,
    query=payment_slips_query,
    columns=(
        Column("缴费单号", lambda row: row.number, sort=PaymentSlip.number),
        Column("考试计划", lambda row: row.plan.title(), sort=ExamPlan.name),
        Column("证书", lambda row: row.certificate.label, sort=Certificate.name),
        Column("报考方式", lambda row: row.plan.mode),
        Column("报考人次", lambda row: row.people, "number", sort=PaymentSlip.people),
        Column("总金额（元）", lambda row: yuan(row.total), "number", sort=PaymentSlip.total),
        Column("状态", lambda row: row.status, "badge"),
        Column("院校", lambda row: row.party.name, sort=Party.name),
        Column("生成时间", lambda row: row.created_at, "moment", sort=PaymentSlip.created_at),
    ),
    filters=(
        Filter("number", "缴费单号", contains(PaymentSlip.number)),
        Filter("plan", "考试计划", contains(ExamPlan.name)),
        Filter("certificate", "证书名称", contains(Certificate.name)),
        Filter("mode", "报考方式", equals(ExamPlan.mode), MODES),
        Filter("plan_number", "计划编号", lambda query, text: query.where(ExamPlan.number == text.upper())),
        Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
    ),
    key="payment_slip",
)


def subject_of(row: Registration) -> str:
    """What a registration on a slip is for, beside its certificate."""
    return row.subject.name if row.subject is not None else "全部科目"


def _facts(session: Session, actor: Actor, row: PaymentSlip, now: datetime) -> Sequence[fields.Tab]:
    """What the slip is about, and its lines."""
    lines = [
        {
            "number": one.number,
            "name": one.name,
            "id_number": masked(one.id_number),
            "subject": subject_of(one),
            "price": yuan(price),
        }
        for one, price in lines_of(session, row)
    ]
    about = {
        **{"number": row.number, "plan": row.plan.title(), "certificate": row.certificate.label, "mode": row.plan.mode},
        **{"people": row.people, "total": yuan(row.total), "school": row.party.name, "organization": row.plan.party.name},
        **{"created_at": clock_minutes(row.created_at), "lines": lines},
    }
    return fields.describe(_ABOUT, about)


def _ids(token: str) -> tuple[int, int]:
    plan, _, certificate = token.partition("-")
    if not all(one.isdecimal() and len(one) < 10 for one in (plan, certificate)):
        raise NotOpen("请先选择考试计划和考核证书")
    return int(plan), int(certificate)


def _begin(session: Session, actor: Actor, now: datetime, token: str) -> Opening:
    """A slip of all that is due.

    Raises:
        NotOpen, NothingToPay
    """
    due = due_of(session, actor, *_ids(token), now)
    return Opening(
        f"生成缴费申请单：{due.certificate.label}",
        f"{due.plan.title()}（{due.plan.mode}报考），{due.people} 人次，共 {due.yuan} 元。生成后请按缴费单号付款给{due.plan.party.name}。",
        token,
    )


def _reopen(session: Session, actor: Actor, token: str) -> Opening:
    return Opening("生成缴费申请单", token=token)


def _made(slip: PaymentSlip) -> str:
    """What the school pays, to whom, and under which number (manual 5.2.7)."""
    return (
        f"缴费申请单 {slip.number} 已生成：{slip.people} 人次，共 {yuan(slip.total)} 元。"
        f"请向{slip.plan.party.name}付款，付款时附上缴费单号；对方核对到账后确认缴费。"
    )


def making(mode: str) -> str:
    """What the button of a mode (报考方式) is called in the manual, 5.2.7."""
    return f"{mode}报考生成缴费申请单"


def _create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> PaymentSlip:
    return new_slip(session, actor, now, *_ids(token), answers)


PAYMENT_SLIP = RecordKind(
    noun="缴费申请单",
    listing=PAYMENT_SLIPS,
    help="在报考阶段按考试计划和证书生成缴费申请单，凭缴费单号向培训评价组织付款；培训评价组织核对到账后确认缴费。",
    empty="还没有缴费申请单。院校报考后点击“按证书报考生成缴费申请单”或“按科目报考生成缴费申请单”，选择考试计划和证书。",
    address="/payment-slips",
    menu=MenuLine((SCHOOL, ORGANIZATION, OPERATOR), under="考务管理"),
    begin=_begin,
    reopen=_reopen,
    create=_create,
    template="payments/show.html",
    chosen_at="payment_slip.choose",
    facts=_facts,
    ways=tuple(
        Link(making(mode), "payment_slip.choose", frozenset({SCHOOL}), {"mode": mode}, primary=True)
        for mode in (BY_CERTIFICATE, BY_SUBJECT)
    ),
    sends="确定",
    made=_made,
    links=(Link("按到账明细批量确认", "imports.index", frozenset({ORGANIZATION}), {"kind": "payments"}),),
    export="批量导出缴费申请单",
)
