"""教师进修: the list of applications and their screens."""

from __future__ import annotations

from domain.ground.parties import Party
from domain.institutions.study_leaves import StudyLeave, new_study_leave, study_leaves_query
from forms.kinds import PROVINCE, SCHOOL, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains

STUDY_LEAVES = Listing(
    name="study_leave",
    title="教师进修",
    record=StudyLeave,
    query=study_leaves_query,
    columns=(
        Column("院校", lambda row: row.party.name, sort=Party.name),
        Column("教师", lambda row: row.data.get("teacher", ""), field="teacher"),
        Column("天数", lambda row: row.data.get("days", ""), "number", field="days"),
        Column("状态", lambda row: row.status, "badge"),
        Column("申请时间", lambda row: row.created_at, "moment", sort=StudyLeave.created_at),
    ),
    filters=(Filter("school", "院校", contains(Party.name), fixed_for=frozenset({SCHOOL})),),
    key="study_leave",
)
STUDY_LEAVE = RecordKind(
    noun="进修申请",
    listing=STUDY_LEAVES,
    help="教师外出进修，须由省级同意。",
    empty="还没有进修申请。",
    address="/study-leaves",
    menu=MenuLine((SCHOOL, *PROVINCE), under="机构管理"),
    begin=lambda session, actor, now, token: Opening("申请进修"),
    create=lambda session, actor, now, token, answers: new_study_leave(session, actor, now, answers),
)
