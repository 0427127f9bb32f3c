"""考核站点 (manual 5.2.4.1): their list and their screens."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from domain.certificates.certificates import GRADES, Certificate
from domain.exams.exam_sites import ExamSite, exam_sites_query, new_exam_site, site_choices
from domain.ground.parties import Actor, Party
from forms.adapting import Choices
from forms.kinds import ORGANIZATION, SCHOOL, MenuLine, Opening, RecordKind
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
        Filter("school", "院校", contains(Party.name), fixed_for=frozenset({"试点院校"})),
    ),
    key="exam_site",
)


def _piloted_certificates(session: Session, actor: Actor, about: ExamSite | str) -> Mapping[str, Choices]:
    return {"piloted_certificates": site_choices(session, actor)}


EXAM_SITE = RecordKind(
    noun="考核站点",
    listing=EXAM_SITES,
    help="组织证书考试前，须向培训评价组织申报考核站点；审核通过后方可组织考试。每个证书只能申报一个考核站点。",
    empty="还没有申报过考核站点。点击“申报考核站点”填写申报信息。",
    address="/sites",
    menu=MenuLine((SCHOOL, ORGANIZATION), under="考务管理"),
    begin=lambda session, actor, now, token: Opening("申报考核站点", "考核站点名称由院校名称和考核证书自动生成，无需填写。"),
    create=lambda session, actor, now, token, answers: new_exam_site(session, actor, now, answers),
    choices=_piloted_certificates,
)
