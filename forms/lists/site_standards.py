"""The list of 考核站点建设标准 (manual 3.2)."""

from __future__ import annotations

from domain.certificates.certificates import GRADES, Certificate
from domain.ground.parties import Party
from domain.standards.site_standards import SiteStandard, site_standards_query
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
        Filter("organization", "培训评价组织", contains(Party.name), settled_for=frozenset({"培训评价组织"})),
    ),
    key="site_standard",
)
