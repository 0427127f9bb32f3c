"""The list of 职业技能等级标准 (manual 3.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from domain.certificates.certificates import Certificate
from domain.ground.parties import Party
from domain.standards.skill_standards import SkillStandard, skill_standard_certificate, skill_standards_query
from forms.listing import Column, Filter, Listing, contains


def _by_certificate(query: Select[Any], text: str) -> Select[Any]:
    link = skill_standard_certificate.c
    named = select(Certificate.id).where(Certificate.name.contains(text, autoescape=True))
    return query.where(SkillStandard.id.in_(select(link.standard_id).where(link.certificate_id.in_(named))))


SKILL_STANDARDS = Listing(
    name="skill_standard",
    title="职业技能等级标准",
    record=SkillStandard,
    query=skill_standards_query,
    columns=(
        Column("标准名称", lambda row: row.name, sort=SkillStandard.name, field="name"),
        Column("标准代码", lambda row: row.code, sort=SkillStandard.code, field="code"),
        Column("对应证书", lambda row: "、".join(certificate.label for certificate in row.certificates), field="certificates"),
        Column("培训评价组织", lambda row: row.party.name, sort=Party.name),
        Column("状态", lambda row: row.status, "badge"),
    ),
    filters=(
        Filter("name", "标准名称", contains(SkillStandard.name), field="name"),
        Filter("certificate", "证书名称", _by_certificate, field="certificates"),
        Filter("organization", "培训评价组织", contains(Party.name), settled_for=frozenset({"培训评价组织"})),
    ),
    key="skill_standard",
)
