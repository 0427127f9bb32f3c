"""监考人员 (manual 5.2.11): the school's list, and the list and screens of each certificate's certification."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from domain.certificates.certificates import GRADES, Certificate
from domain.exams.invigilators import (
    Invigilator,
    InvigilatorCertificate,
    invigilator_certificates_query,
    invigilators_query,
    statuses_of_certificates,
)
from domain.ground.id_numbers import masked
from domain.ground.identity import tidy_id_number, tidy_mobile
from domain.ground.names import tidy_name
from domain.ground.parties import Actor, Party
from forms import fields, read_forms
from forms.kinds import ORGANIZATION, MenuLine, RecordKind
from forms.listing import Badge, Column, Filter, Listing, contains, equals

FORM = "invigilator.json"
_TEXT = {"type": "string"}
_ABOUT = {name: field for name, field in read_forms()[FORM]["properties"].items() if name != "certificates"}
_FACTS: Mapping[str, Any] = {
    "title": "监考人员信息",
    "properties": {**_ABOUT, "school": {"title": "院校", **_TEXT}, "certificate": {"title": "申请认证的证书", **_TEXT}},
}


def _with(narrowed: Select[Any]) -> Select[int]:
    """Ids of the invigilators with one of these certificates."""
    found: Select[int] = narrowed.with_only_columns(InvigilatorCertificate.invigilator_id).order_by(None)
    return found


def _by_certificate(query: Select[Any], text: str) -> Select[Any]:
    named = select(InvigilatorCertificate).join(Certificate).where(Certificate.name.contains(text, autoescape=True))
    return query.where(Invigilator.id.in_(_with(named)))


def _by_status(query: Select[Any], text: str) -> Select[Any]:
    return query.where(Invigilator.id.in_(_with(select(InvigilatorCertificate).where(InvigilatorCertificate.status == text))))


INVIGILATORS = Listing(
    name="invigilators",
    title="监考人员",
    record=Invigilator,
    query=invigilators_query,
    columns=(
        Column("姓名", lambda row: row.name, sort=Invigilator.name),
        Column("证件号", lambda row: row.id_number, shown=lambda row: masked(row.id_number)),
        Column("手机号", lambda row: row.mobile),
        Column("单位", lambda row: row.unit, sort=Invigilator.unit),
        Column("职称", lambda row: row.rank),
        Column("证书", lambda row: [Badge(one.certificate.label, one.status, one.tone) for one in row.certificates], "badges"),
        Column("创建时间", lambda row: row.created_at, "moment", sort=Invigilator.created_at),
    ),
    filters=(
        Filter("name", "姓名", contains(Invigilator.name, tidy_name)),
        Filter("certificate", "证书名称", _by_certificate),
        Filter("certified", "认证状态", _by_status, choices=statuses_of_certificates),
        Filter("unit", "单位", contains(Invigilator.unit)),
        Filter("id_number", "证件号", equals(Invigilator.id_number, tidy_id_number)),
        Filter("mobile", "手机号", equals(Invigilator.mobile, tidy_mobile)),
    ),
)

INVIGILATOR_CERTIFICATES = Listing(
    name="invigilator_certificate",
    title="监考人员认证",
    record=InvigilatorCertificate,
    query=invigilator_certificates_query,
    columns=(
        Column("姓名", lambda row: row.invigilator.name, sort=Invigilator.name),
        Column("证件号", lambda row: row.invigilator.id_number, shown=lambda row: masked(row.invigilator.id_number)),
        Column("院校", lambda row: row.party.name, sort=Party.name),
        Column("证书名称", lambda row: row.certificate.name, sort=Certificate.name),
        Column("等级", lambda row: row.certificate.grade),
        Column("状态", lambda row: row.status, "badge"),
        Column("单位", lambda row: row.invigilator.unit),
        Column("职称", lambda row: row.invigilator.rank),
        Column("申请时间", lambda row: row.created_at, "moment", sort=InvigilatorCertificate.created_at),
    ),
    filters=(
        Filter("certificate", "证书名称", contains(Certificate.name)),
        Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
        Filter("name", "姓名", contains(Invigilator.name, tidy_name)),
        Filter("grade", "等级", equals(Certificate.grade), GRADES),
    ),
    key="invigilator_certificate",
)


def _facts(session: Session, actor: Actor, row: InvigilatorCertificate, now: datetime) -> Sequence[fields.Tab]:
    """Who is to be certified, for what."""
    known = {**row.invigilator.answers(), "school": row.party.name, "certificate": row.certificate.label}
    return fields.describe(_FACTS, known)


INVIGILATOR_CERTIFICATE = RecordKind(
    noun="监考人员认证",
    listing=INVIGILATOR_CERTIFICATES,
    help="院校为监考人员申请的证书认证；认证后，该人员即可承担这个证书的监考工作。",
    empty="还没有监考人员申请认证。院校在监考人员中选择证书并保存后，会列在这里。",
    address="/invigilator-certificates",
    menu=MenuLine((ORGANIZATION,), under="考务管理"),
    facts=_facts,
    export="批量导出监考人员认证",
)
