"""The list of 培训评价组织管理 (manual 2.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from domain.certificates.certificates import Certificate
from domain.ground.parties import Party
from domain.institutions.organizations import NATURES, Organization, organizations_query
from forms.listing import Column, Filter, Listing, contains, equals


def _by_certificate(query: Select[Any], text: str) -> Select[Any]:
    return query.where(Organization.id.in_(select(Certificate.party_id).where(Certificate.name.contains(text, autoescape=True))))


ORGANIZATIONS = Listing(
    name="organizations",
    title="培训评价组织管理",
    record=Organization,
    query=organizations_query,
    columns=(
        Column("培训评价组织", lambda row: row.name, sort=Party.name),
        Column("组织代码", lambda row: row.code, sort=Organization.code),
        Column("统一社会信用代码", lambda row: row.credit_code),
        Column("性质", lambda row: row.nature),
        Column("所在地", lambda row: row.place),
        Column("联系人", lambda row: row.contact),
        Column("联系电话", lambda row: row.phone),
    ),
    filters=(
        Filter("name", "名称", contains(Party.name)),
        Filter("nature", "性质", equals(Organization.nature), NATURES),
        Filter("certificate", "证书名称", _by_certificate),
    ),
)
