"""职业技能等级标准 (manual 3.1): their list and their screens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate, certificates_query
from domain.ground.parties import Actor, Party
from domain.standards.skill_standards import SkillStandard, new_skill_standard, skill_standard_certificate, skill_standards_query
from forms.adapting import Choices
from forms.kinds import OPERATOR, ORGANIZATION, PROVINCE, SCHOOL, MenuLine, Opening, RecordKind
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
        Filter("organization", "培训评价组织", contains(Party.name), fixed_for=frozenset({"培训评价组织"})),
    ),
    key="skill_standard",
)


def _create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> SkillStandard:
    """A new standard of the actor's organization.

    Raises:
        UnknownCertificate
    """
    standard = new_skill_standard(session, actor, now)
    standard.take(answers)
    session.flush()
    return standard


def _own_certificates(session: Session, actor: Actor, about: SkillStandard | str) -> Mapping[str, Choices]:
    return {"own_certificates": [certificate.label for certificate in session.scalars(certificates_query(actor))]}


SKILL_STANDARD = RecordKind(
    noun="职业技能等级标准",
    listing=SKILL_STANDARDS,
    help="申请过试点的证书所对应的职业技能等级标准，由培训评价组织发布。",
    empty="还没有职业技能等级标准。申请证书试点后，可在这里查看对应的标准。",
    address="/standards/skills",
    menu=MenuLine((SCHOOL, ORGANIZATION, *PROVINCE, OPERATOR), under="标准管理"),
    begin=lambda session, actor, now, token: Opening("新增职业技能等级标准"),
    create=_create,
    choices=_own_certificates,
)
