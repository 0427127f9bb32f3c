"""证书发放管理 (manual 4.2): the list with a tab a status, and what 查看 shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, false
from sqlalchemy.orm import Session

from domain.certificates.certificates import GRADES, Certificate
from domain.exams.outcomes import outcome_of, parts_of
from domain.exams.plans import ExamPlan
from domain.ground.base import clock_minutes
from domain.ground.id_numbers import masked
from domain.ground.identity import tidy_id_number
from domain.ground.names import tidy_name
from domain.ground.parties import SYSTEM, Actor
from domain.issuing.issuances import SCHOOL as SCHOOL_PARTY
from domain.issuing.issuances import SITE, Issuance, issuances_query
from domain.issuing.signatures import signatures_of
from forms import fields
from forms.kinds import OPERATOR, ORGANIZATION, SCHOOL, MenuLine, RecordKind
from forms.listing import Column, Filter, Listing, contains, equals

_TEXT = {"type": "string"}


def _form(title: str, **labels: str) -> dict[str, Any]:
    return {"title": title, "properties": {name: {"title": label, **_TEXT} for name, label in labels.items()}}


_STUDENT = _form(
    "学生信息", name="姓名", pinyin="姓名拼音", document="证件类型", id_number="证件号", school="院校", major="就读专业", level="层次"
)
_CERTIFICATE = _form(
    "证书信息",
    **{"number": "发放编号", "certificate": "证书名称", "grade": "等级", "code": "证书编码", "organization": "培训评价组织"},
    **{"certificate_number": "证书编号", "issued_on": "发证日期", "problem": "盖章失败原因"},
)
_EXAM = {
    "title": "考核信息",
    "properties": {
        **{
            name: {"title": label, **_TEXT}
            for name, label in (("plan", "考试计划"), ("plan_number", "计划编号"), ("registration", "报考编号"))
        },
        **{name: {"title": label, **_TEXT} for name, label in (("ticket", "准考证号"), ("site", "考核站点"))},
        "parts": {
            "title": "科目成绩",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    **{name: {"title": label, **_TEXT} for name, label in (("subject", "科目"), ("plan", "考试计划"), ("mark", "成绩"))},
                    **{name: {"title": label, "type": "integer"} for name, label in (("full_mark", "满分"), ("pass_mark", "合格分"))},
                },
            },
        },
    },
}
_SIGNED = {
    "title": "签名",
    "properties": {
        "signatures": {
            "title": "签名",
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    name: {"title": label, **_TEXT}
                    for name, label in (
                        ("side", "签发方"),
                        ("person", "签发人"),
                        ("at", "签发时间"),
                        ("digest", "所签内容的摘要（SHA-256）"),
                    )
                },
            },
        },
    },
}


def _numbered(query: Select[Any], text: str) -> Select[Any]:
    digits = text.upper().removeprefix("FZ")
    return query.where(Issuance.id == int(digits) if digits.isdecimal() and len(digits) < 10 else false())


def _mine(actor: Actor, query: Select[Any], text: str) -> Select[Any]:
    """Those that this school signs as the site, or those of its own candidates."""
    return query.where(Issuance.site_party_id == actor.party_id if text == AS_SITE else Issuance.school_id == actor.party_id)


AS_SITE, AS_SCHOOL = "本校站点考核的考生", "本校考生"

ISSUANCES = Listing(
    name="issuance",
    title="证书发放管理",
    record=Issuance,
    query=issuances_query,
    columns=(
        Column("发放编号", lambda row: row.number, sort=Issuance.id),
        Column("姓名", lambda row: row.name, sort=Issuance.name),
        Column("颁证状态", lambda row: row.status, "badge"),
        Column("证件号", lambda row: row.id_number, shown=lambda row: masked(row.id_number)),
        Column("证书名称", lambda row: row.certificate.name, sort=Certificate.name),
        Column("等级", lambda row: row.certificate.grade),
        Column("考试计划", lambda row: row.plan.title(), sort=ExamPlan.name),
        Column("考核站点", lambda row: row.site_party.name if row.site_party else "", sort=SITE.name),
        Column("证书编号", lambda row: row.certificate_number or "", sort=Issuance.certificate_number),
        Column("发证日期", lambda row: row.issued_on, "date", sort=Issuance.issued_on),
        Column("院校", lambda row: row.school.name, sort=SCHOOL_PARTY.name, spare=True),
        Column("姓名拼音", lambda row: row.pinyin, spare=True),
        Column("计划编号", lambda row: row.plan.number or "", sort=ExamPlan.number, spare=True),
        Column("盖章失败原因", lambda row: row.problem or "", spare=True),
        Column("开始时间", lambda row: row.created_at, "moment", sort=Issuance.created_at, spare=True),
    ),
    filters=(
        Filter("name", "姓名", contains(Issuance.name, tidy_name)),
        Filter("id_number", "证件号", equals(Issuance.id_number, tidy_id_number)),
        Filter("certificate_number", "证书编号", lambda query, text: query.where(Issuance.certificate_number == text)),
        Filter("plan", "考试计划", contains(ExamPlan.name)),
        Filter("certificate", "证书名称", contains(Certificate.name)),
        Filter("grade", "等级", equals(Certificate.grade), GRADES),
        Filter("whose", "范围", options=(AS_SITE, AS_SCHOOL), for_actor=_mine, fixed_for=frozenset({ORGANIZATION, OPERATOR})),
        Filter("site", "考核站点", contains(SITE.name)),
        Filter("number", "发放编号", _numbered),
        Filter("plan_number", "计划编号", lambda query, text: query.where(ExamPlan.number == text.upper())),
        Filter("school", "院校", contains(SCHOOL_PARTY.name)),
    ),
    key="issuance",
)


def _facts(session: Session, actor: Actor, row: Issuance, now: datetime) -> Sequence[fields.Tab]:
    """学生信息, 证书信息, 考核信息 (manual 4.2) and who has signed what."""
    one = row.registration
    student = {"name": row.name, "pinyin": row.pinyin, "document": row.document, "id_number": row.id_number, "school": row.school.name}
    student |= {"major": one.major or "", "level": one.level or ""}
    certificate = {"number": row.number, "certificate": row.certificate.name, "grade": row.certificate.grade, "code": row.certificate.code}
    certificate |= {"organization": row.party.name, "certificate_number": row.certificate_number or "", "problem": row.problem or ""}
    certificate |= {"issued_on": row.issued_on.isoformat() if row.issued_on else ""}
    reader = Actor(0, SYSTEM.name, row.party_id, row.party.name, "organization", None, frozenset({ORGANIZATION}))
    outcome = outcome_of(session, reader, row.registration_id, now)  # a school sees what its site has examined
    parts = [
        {"subject": part.subject, "plan": part.plan, "mark": f"{part.mark:g}" if part.mark is not None else part.state or ""}
        | {"full_mark": part.full_mark, "pass_mark": part.pass_mark}
        for part in (parts_of(session, outcome, now) if outcome is not None else ())
    ]
    exam = {
        "plan": row.plan.title(),
        "plan_number": row.plan.number or "",
        "registration": one.number,
        "site": row.site_name,
        "parts": parts,
    }
    exam |= {"ticket": outcome.ticket or "" if outcome is not None else ""}
    signed = [
        {"side": sign.side, "person": sign.person, "at": clock_minutes(sign.signed_at), "digest": sign.digest}
        for sign in signatures_of(session, row.id)
    ]
    tabs = [*fields.describe(_STUDENT, student), *fields.describe(_CERTIFICATE, certificate), *fields.describe(_EXAM, exam)]
    return [*tabs, *(fields.describe(_SIGNED, {"signatures": signed}) if signed else ())]


ISSUANCE = RecordKind(
    noun="证书发放",
    listing=ISSUANCES,
    help="考证通过的证书在成绩公示结束后进入签发：先由培训评价组织签发，再由考核站点签发，随后自动编号、生成并盖章。",
    empty="还没有要发放的证书。考试计划的公示结束后，考证通过的考生会列在这里。",
    address="/issuances",
    menu=MenuLine((SCHOOL, ORGANIZATION, OPERATOR), under="证书管理"),
    facts=_facts,
    template="issuing/show.html",
    reviews="签发记录",
    export="批量导出发证记录",
)
