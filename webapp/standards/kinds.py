"""职业技能等级标准 and 考核站点建设标准 as kinds of records (manual 3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.certificates.certificates import certificates_query
from domain.ground.parties import Actor
from domain.standards.site_standards import SiteStandard, new_site_standard, site_standard_of
from domain.standards.skill_standards import SkillStandard, new_skill_standard, skill_standard_of
from forms.adapting import adapt
from forms.lists.site_standards import SITE_STANDARDS
from forms.lists.skill_standards import SKILL_STANDARDS
from webapp.records.kinds import Opening, RecordKind


def with_own_certificates(session: Session, actor: Actor, schema: dict[str, Any], about: Any) -> dict[str, Any]:
    """The form with the organization's own certificates to choose from."""
    labels = [certificate.label for certificate in session.scalars(certificates_query(actor))]
    return adapt(schema, actor.roles, {"own_certificates": labels})


def create_skill_standard(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> SkillStandard:
    """A new standard of the actor's organization.

    Raises:
        UnknownCertificate
    """
    standard = new_skill_standard(session, actor, now)
    standard.take(answers)
    session.flush()
    return standard


def create_site_standard(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> SiteStandard:
    """A new standard of one of the organization's certificates.

    Raises:
        NoCertificate, UnknownCertificate, VersionTaken
    """
    standard = new_site_standard(session, actor, now)
    standard.take(answers)
    return standard


SKILL = RecordKind(
    key="skill_standard",
    noun="职业技能等级标准",
    listing=SKILL_STANDARDS,
    help="申请过试点的证书所对应的职业技能等级标准，由培训评价组织发布。",
    empty="还没有职业技能等级标准。申请证书试点后，可在这里查看对应的标准。",
    find=skill_standard_of,
    begin=lambda session, actor, now, token: Opening("新增职业技能等级标准"),
    create=create_skill_standard,
    adapt=with_own_certificates,
)
SITE = RecordKind(
    key="site_standard",
    noun="考核站点建设标准",
    listing=SITE_STANDARDS,
    help="申请过试点的证书所对应的考核站点建设标准，由培训评价组织发布。",
    empty="还没有考核站点建设标准。申请证书试点后，可在这里查看对应的标准。",
    find=site_standard_of,
    begin=lambda session, actor, now, token: Opening("新增考核站点建设标准"),
    create=create_site_standard,
    adapt=with_own_certificates,
)
