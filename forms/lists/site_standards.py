"""考核站点建设标准 (manual 3.2): their list and their screens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.certificates.certificates import GRADES, Certificate, certificates_query
from domain.ground.parties import Actor, Party
from domain.standards.site_standards import SiteStandard, new_site_standard, site_standards_query
from forms.adapting import Choices
from forms.kinds import OPERATOR, ORGANIZATION, PROVINCE, SCHOOL, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains, equals

SITE_STANDARDS = Listing(
    name="site_standard",
    title="考核站点建设标准",
    record=SiteStandard,
    query=site_standards_query,
    columns=(
        Column("证书名称", lambda row: row.certificate.name, sort=Certificate.name, field="certificate"),
        Column("等级", lambda row: row.certificate.grade, field="certificate"),
        Column("版本", lambda row: row.version, sort=SiteStandard.version, field="version"),
        Column("培训评价组织", lambda row: row.party.name, sort=Party.name),
        Column("状态", lambda row: row.status, "badge"),
        Column("发布时间", lambda row: row.created_at, "moment", sort=SiteStandard.created_at),
    ),
    filters=(
        Filter("certificate", "证书名称", contains(Certificate.name), field="certificate"),
        Filter("grade", "等级", equals(Certificate.grade), GRADES, field="certificate"),
        Filter("organization", "培训评价组织", contains(Party.name), fixed_for=frozenset({"培训评价组织"})),
    ),
    key="site_standard",
)


def _create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> SiteStandard:
    """A new standard of one of the organization's certificates.

    Raises:
        NoCertificate, UnknownCertificate, VersionTaken
    """
    standard = new_site_standard(session, actor, now)
    standard.take(answers)
    return standard


def _own_certificates(session: Session, actor: Actor, about: SiteStandard | str) -> Mapping[str, Choices]:
    return {"own_certificates": [certificate.label for certificate in session.scalars(certificates_query(actor))]}


SITE_STANDARD = RecordKind(
    noun="考核站点建设标准",
    listing=SITE_STANDARDS,
    help="申请过试点的证书所对应的考核站点建设标准，由培训评价组织发布。",
    empty="还没有考核站点建设标准。申请证书试点后，可在这里查看对应的标准。",
    address="/standards/sites",
    menu=MenuLine((SCHOOL, ORGANIZATION, *PROVINCE, OPERATOR), under="标准管理"),
    begin=lambda session, actor, now, token: Opening("新增考核站点建设标准"),
    create=_create,
    choices=_own_certificates,
)
