"""考核站点申报 as a kind of record (manual 5.2.4.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from domain.exams.exam_sites import exam_site_of, new_exam_site, site_choices
from domain.ground.parties import Actor
from forms.adapting import adapt
from forms.lists.exam_sites import EXAM_SITES
from webapp.records.kinds import Opening, RecordKind


def with_piloted_certificates(session: Session, actor: Actor, schema: dict[str, Any], about: Any) -> dict[str, Any]:
    """The form with the certificates that the school pilots to choose from."""
    return adapt(schema, actor.roles, {"piloted_certificates": site_choices(session, actor)})


KIND = RecordKind(
    key="exam_site",
    noun="考核站点",
    listing=EXAM_SITES,
    help="组织证书考试前，须向培训评价组织申报考核站点；审核通过后方可组织考试。每个证书只能申报一个考核站点。",
    empty="还没有申报过考核站点。点击“申报考核站点”填写申报信息。",
    find=exam_site_of,
    begin=lambda session, actor, now, token: Opening("申报考核站点", "考核站点名称由院校名称和考核证书自动生成，无需填写。"),
    create=lambda session, actor, now, token, answers: new_exam_site(session, actor, now, answers),
    adapt=with_piloted_certificates,
)
