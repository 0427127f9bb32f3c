"""The list of 考核站点 (manual 5.2.4.1)."""

from __future__ import annotations

from domain.certificates.certificates import GRADES, Certificate
from domain.exams.exam_sites import ExamSite, exam_sites_query
from domain.ground.parties import Party
from forms.listing import Column, Filter, Listing, contains, equals

EXAM_SITES = Listing(
    name="exam_site",
    title="考核站点申报",
    record=ExamSite,
    query=exam_sites_query,
    columns=(
        Column("考核站点名称", lambda row: row.title()),
        Column("考核证书", lambda row: row.certificate.name, sort=Certificate.name, field="certificate"),
        Column("等级", lambda row: row.certificate.grade, field="certificate"),
        Column("考位数", lambda row: (row.data or {}).get("places", ""), "number", field="places"),
        Column("负责人", lambda row: (row.data or {}).get("head", ""), field="head"),
        Column("状态", lambda row: row.status, "badge"),
        Column("申报时间", lambda row: row.created_at, "moment", sort=ExamSite.created_at),
    ),
    filters=(
        Filter("certificate", "考核证书", contains(Certificate.name), field="certificate"),
        Filter("grade", "等级", equals(Certificate.grade), GRADES, field="certificate"),
        Filter("school", "院校", contains(Party.name), settled_for=frozenset({"试点院校"})),
    ),
    key="exam_site",
)
