"""考生 (manual 5.2.3): the list of 院校考生 and of 社会考生, and their screens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, false, not_, or_
from sqlalchemy.orm import Session

from domain.certificates.majors import LEVELS
from domain.exams.candidates import KINDS, OUTSIDER, PUPIL, Candidate, candidates_query, new_candidate
from domain.ground.id_numbers import CARD, masked
from domain.ground.identity import tidy_id_number
from domain.ground.names import tidy_name, tidy_pinyin
from domain.ground.parties import Actor
from forms import read_forms
from forms.incomplete import incomplete, lacking
from forms.kinds import SCHOOL, Link, MenuLine, Opening, RecordKind
from forms.listing import Column, Filter, Listing, contains, equals, of_year

WITH, WITHOUT = "有照片", "无照片"
COMPLETE, INCOMPLETE = "完整", "不完整"
_FORM = read_forms()["candidate.json"]


def lacks(candidate: Candidate) -> str:
    """Which fields are missing of a candidate, as people read it. A photo is none: no workbook gives it, and the status tells it."""
    return "、".join(lacking(_FORM, candidate.answers()))


def _by_completeness(query: Select[Any], text: str) -> Select[Any]:
    found = incomplete(_FORM, Candidate)
    return query.where({COMPLETE: not_(found), INCOMPLETE: found}.get(text, false()))


def _named(query: Select[Any], text: str) -> Select[Any]:
    """By a part of the name, whatever dot it was typed with, or of its pinyin."""
    pinyin = Candidate.pinyin.contains(tidy_pinyin(text) or text, autoescape=True)
    return query.where(or_(Candidate.name.contains(tidy_name(text) or text, autoescape=True), pinyin))


def _with_photo(query: Select[Any], text: str) -> Select[Any]:
    wanted = {WITH: Candidate.photo.is_not(None), WITHOUT: Candidate.photo.is_(None)}
    return query.where(wanted.get(text, false()))


CANDIDATES = Listing(
    name="candidate",
    title="考生管理",
    record=Candidate,
    query=candidates_query,
    columns=(
        Column("姓名", lambda row: row.name, sort=Candidate.name, field="name"),
        Column("缺少的资料", lacks, spare=True, of_filter="lacking"),
        Column("姓名拼音", lambda row: row.pinyin, field="pinyin", spare=True),
        Column("证件类型", lambda row: row.document, field="document", spare=True),
        Column("证件号", lambda row: row.id_number, field="id_number", shown=lambda row: masked(row.id_number)),
        Column("手机号", lambda row: row.mobile, field="mobile"),
        Column("就读专业", lambda row: row.major or "", sort=Candidate.major, field="major"),
        Column("专业层次", lambda row: row.level or "", field="level"),
        Column("入学年份", lambda row: row.entry_year or "", "number", sort=Candidate.entry_year, field="entry_year"),
        Column("照片", lambda row: WITH if row.photo else WITHOUT, field="photo", spare=True),
        Column("状态", lambda row: row.status, "badge"),
        Column("已报考证书", lambda row: row.registered, "number"),
        Column("创建时间", lambda row: row.created_at, "moment", sort=Candidate.created_at, spare=True),
    ),
    filters=(
        Filter("name", "姓名", _named, field="name"),
        Filter("number", "证件号", contains(Candidate.id_number, tidy_id_number), field="id_number"),
        Filter("major", "就读专业", contains(Candidate.major), field="major"),
        Filter("level", "专业层次", lambda query, text: query.where(Candidate.level == text), LEVELS, field="level"),
        Filter("year", "入学年份", of_year(Candidate.entry_year), field="entry_year"),
        Filter("photo", "照片", _with_photo, (WITH, WITHOUT), field="photo"),
        Filter("lacking", "资料", _by_completeness, (COMPLETE, INCOMPLETE)),
        Filter("kind", "考生类型", equals(Candidate.kind), KINDS, default=PUPIL, field="kind"),
    ),
    key="candidate",
    parts="kind",
)


def _opening(session: Session, actor: Actor, token: str) -> Opening:
    kind = token if token in KINDS else PUPIL
    return Opening(f"新增{kind}", token=kind, answers={"kind": kind, "document": CARD})


def _create(session: Session, actor: Actor, now: datetime, token: str, answers: dict[str, Any]) -> Candidate:
    return new_candidate(session, actor, now, answers)


def _imports(part: str, kind: str) -> tuple[Link, ...]:
    school = frozenset({SCHOOL})
    return (
        Link("批量导入考生信息", "imports.index", school, {"kind": kind}, part=part),
        Link("批量导入考生照片", "photos.index", school, part=part),
        Link("导入记录", "imports.index", school, {"kind": kind}, anchor="records", part=part),
        Link("资料不完整", "candidate.index", school, {"kind": part, "lacking": INCOMPLETE}, part=part),
    )


CANDIDATE = RecordKind(
    noun="考生",
    listing=CANDIDATES,
    help="先录入考生信息，再导入照片，然后认证。信息准确后，姓名、证件类型、证件号和照片不能再修改。",
    empty="还没有考生。点击“新增考生”添加一位，或用“批量导入考生信息”从 Excel 导入。",
    address="/candidates",
    menu=MenuLine((SCHOOL,), under="考务管理"),
    begin=lambda session, actor, now, token: _opening(session, actor, token),
    reopen=_opening,
    create=_create,
    links=(
        *_imports(PUPIL, "candidates"),
        *_imports(OUTSIDER, "social-candidates"),
    ),
    export="批量导出考生信息",
    amend=("批量修改考生信息", "candidate-changes"),
    picks=(("报考", "registrations.choose"),),
    picked_by=frozenset({SCHOOL}),
    popup=True,
)
