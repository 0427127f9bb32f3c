"""The lists of 证书试点申报 (manual 4.3): declarations, and their lines, one a certificate (按证书导出申报明细)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select

from domain.certificates.certificates import Certificate
from domain.certificates.declaration_plans import DeclarationPlan
from domain.certificates.declarations import Declaration, DeclarationLine, declarations_query, lines_query
from domain.ground.parties import Party
from forms.listing import Column, Filter, Listing, contains, equals


def _by_certificate(query: Select[Any], text: str) -> Select[Any]:
    line = DeclarationLine
    named = select(line.declaration_id).join(line.certificate).where(Certificate.name.contains(text, autoescape=True))
    return query.where(Declaration.id.in_(named))


FILTERS = (
    Filter("plan", "申报计划", contains(DeclarationPlan.name)),
    Filter("certificate", "证书名称", _by_certificate, field="lines"),
    Filter("school", "院校", contains(Party.name), settled_for=frozenset({"试点院校"})),
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
