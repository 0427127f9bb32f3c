"""Standards of the demonstration's certificates, without processes: `jobs.demo` starts those."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate
from domain.standards.site_standards import SiteStandard
from domain.standards.skill_standards import SkillStandard

REQUIREMENTS = (
    "【初级】能按操作规程完成常规任务，填写工作记录。\n"
    "【中级】能独立完成主要工作任务，分析并处理常见问题。\n"
    "【高级】能制定实施方案，组织实施与质量检查，并指导他人工作。"
)
SPACE = "理论考场不少于 1 间，每人使用面积不小于 1.5 平方米；实操考场不少于 1 间，每个工位不小于 4 平方米，采光、通风、消防符合要求。"
EQUIPMENT = "“{name}”考核所需设备与软件按工位配齐，另备用量不少于工位数的 10%，考前完成调试。"
STAFF = "考务负责人 1 人，每场监考人员不少于 2 人，技术保障人员不少于 1 人，考评员持证上岗。"
NETWORK = "考场接入带宽不低于 100 Mbps，全程视频监控无死角，录像保存不少于 6 个月。"


def new_skill_standards(session: Session, now: datetime) -> list[SkillStandard]:
    """One flushed standard for the three grades of each certificate's name."""
    certificates = session.scalars(select(Certificate).order_by(Certificate.code)).all()
    made = []
    for name, grades in groupby(certificates, key=lambda certificate: certificate.name):
        covered = list(grades)
        standard = SkillStandard(party_id=covered[0].party_id, code=f"X-2024-{covered[0].code[:-1]}", name=f"{name}职业技能等级标准")
        standard.scope = f"本标准适用于“{name}”职业技能培训、考核与评价，相关用人单位的人员聘用、培训与考核可参照使用。"
        standard.requirements, standard.certificates, standard.created_at = REQUIREMENTS, covered, now
        made.append(standard)
    session.add_all(made)
    session.flush()
    return made


def new_site_standards(session: Session, now: datetime) -> list[SiteStandard]:
    """One flushed standard a certificate."""
    made = [
        SiteStandard(
            certificate_id=certificate.id,
            party_id=certificate.party_id,
            version="2025.1",
            space=SPACE,
            equipment=EQUIPMENT.format(name=certificate.name),
            staff=STAFF,
            network=NETWORK,
            created_at=now,
        )
        for certificate in session.scalars(select(Certificate).order_by(Certificate.code))
    ]
    session.add_all(made)
    session.flush()
    return made
