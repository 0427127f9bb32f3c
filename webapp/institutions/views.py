"""机构管理 (manual 2): 培训评价组织管理 and 试点院校管理."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate, certificates_query
from domain.certificates.pilots import participating
from domain.ground.base import in_shanghai
from domain.ground.parties import Actor
from domain.institutions.organizations import Organization, new_organization, organization_of
from domain.institutions.schools import School, piloted_by, school_of
from domain.institutions.seals import WARNING, Seal, valid_seal_of
from forms.kinds import RecordKind
from forms.lists.organizations import ORGANIZATIONS
from forms.lists.schools import SCHOOLS
from forms.lists.seals import ORGANIZATION_SEAL, SEAL, UPLOAD
from webapp.context import actor, db, runtime
from webapp.listing import Button, ListScreen, render_list
from webapp.records.plain_kinds import PlainKind, PlainRoutes, Section, plain_page, plain_routes, seen_record

blueprint = Blueprint("institutions", __name__, url_prefix="/institutions")
OPERATOR = "系统管理"
SEALS_SHOWN = 10


def _piloted(session: Session, who: Actor, school: School | None) -> Mapping[str, Sequence[str]]:
    piloted = session.scalars(piloted_by(school.id)) if school is not None else ()
    return {"piloted_certificates": [certificate.label for certificate in piloted]}


def _may_edit(who: Actor, row: Organization | School) -> bool:
    return OPERATOR in who.roles or (row.id == who.party_id and bool({"试点院校", "培训评价组织"} & who.roles))


ORGANIZATION = PlainKind(
    noun="培训评价组织",
    form="organization.json",
    listing=ORGANIZATIONS,
    index=lambda: url_for("institutions.organizations"),
    show=lambda row: url_for("institutions.organization", organization_id=row.id),
    name=lambda row: str(row.name),
    find=organization_of,
    may_edit=_may_edit,
    may_add=lambda who: OPERATOR in who.roles,
    make=new_organization,
)
SCHOOL = PlainKind(
    noun="院校信息",
    form="school.json",
    listing=SCHOOLS,
    index=lambda: url_for("institutions.schools"),
    show=lambda row: url_for("institutions.school", school_id=row.id),
    name=lambda row: str(row.name),
    choices=_piloted,
    find=school_of,
    may_edit=_may_edit,
)


def _organization_buttons(who: Actor, row: Organization) -> list[Button]:
    return [Button("编辑", url_for("institutions.edit_organization", organization_id=row.id))] if _may_edit(who, row) else []


def _school_buttons(who: Actor, row: School) -> list[Button]:
    return [Button("编辑", url_for("institutions.edit_school", school_id=row.id))] if _may_edit(who, row) else []


def _new_buttons(who: Actor, part: str) -> list[Button]:
    return [Button("新增培训评价组织", url_for("institutions.new_organization_page"), primary=True)] if OPERATOR in who.roles else []


ORGANIZATION_LIST = ListScreen(
    ORGANIZATIONS,
    help="已参与试点的证书所对应的培训评价组织。",
    show=ORGANIZATION.show,
    buttons=_new_buttons,
    row_buttons=_organization_buttons,
    empty="还没有培训评价组织。试点申报审核通过后，所试点证书的培训评价组织会列在这里。",
    export="批量导出培训评价组织信息",
)
SCHOOL_LIST = ListScreen(
    SCHOOLS,
    help="查看、修改院校信息和试点证书负责人。",
    show=SCHOOL.show,
    row_buttons=_school_buttons,
    empty="还没有院校信息。",
    export="批量导出院校信息",
)


plain_routes(
    blueprint,
    ORGANIZATION,
    "/organizations/",
    PlainRoutes("organization_id", "edit_organization", "store_organization", "new_organization_page", "create_organization"),
)
plain_routes(blueprint, SCHOOL, "/schools/", PlainRoutes("school_id", "edit_school", "store_school"))


@blueprint.get("/organizations/")
def organizations() -> ResponseReturnValue:
    """The list of 培训评价组织管理."""
    return render_list(ORGANIZATION_LIST, db(), actor())


@blueprint.get("/organizations/<int:organization_id>")
def organization(organization_id: int) -> str:
    """查看: details, the certificates that are piloted with it, and to its own people 电子签章."""
    row = seen_record(ORGANIZATION, organization_id)
    return plain_page(ORGANIZATION, row, [_piloted_with(row), *_seals_of(row, ORGANIZATION_SEAL)], _organization_buttons(actor(), row))


@blueprint.get("/schools/")
def schools() -> ResponseReturnValue:
    """The list of 试点院校管理."""
    return render_list(SCHOOL_LIST, db(), actor())


@blueprint.get("/schools/<int:school_id>")
def school(school_id: int) -> str:
    """查看: details with 试点证书负责人, and the certificates that the school pilots."""
    row = seen_record(SCHOOL, school_id)
    return plain_page(SCHOOL, row, [_pilots_of(row), *_seals_of(row, SEAL)], _school_buttons(actor(), row))


def _piloted_with(row: Organization) -> Section:
    query = certificates_query(actor()).where(Certificate.party_id == row.id, Certificate.id.in_(participating(actor())))
    return Section("已试点的证书", ("证书名称", "等级", "证书编码"), _certificate_rows(query), "还没有试点的证书。")


def _pilots_of(row: School) -> Section:
    ids = select(piloted_by(row.id).order_by(None).subquery().c.id)
    query = certificates_query(actor()).where(Certificate.id.in_(ids))
    return Section("试点证书", ("证书名称", "等级", "证书编码"), _certificate_rows(query), "还没有试点的证书。")


def _seals_of(row: School | Organization, kind: RecordKind[Any]) -> list[Section]:
    """电子签章, on the page of one's own school or organization."""
    if kind.listing.record.ROLE not in actor().roles or row.id != actor().party_id:
        return []
    shown = db().scalars(kind.listing.query(actor()).limit(SEALS_SHOWN)).all()
    valid = valid_seal_of(db(), kind.listing.record, row.id, runtime().engine.clock())
    show, new, index = (f"{kind.key}.{page}" for page in ("show", "new", "index"))
    rows = [
        ((f"第 {seal.version} 版", url_for(show, record_id=seal.id)), seal.subject, seal.validity(), seal.status, seal.author.name)
        for seal in shown
    ]
    note = "没有有效的电子签章，目前不能签发证书，请上传。" if valid is None else _in_use(valid)
    buttons = [Button(UPLOAD, url_for(new)), *([Button("查看全部", url_for(index))] if shown else [])]
    heads = ("版本", "签章主体", "有效期", "状态", "上传人")
    return [Section("电子签章", heads, rows, "还没有上传过电子签章。", note, valid is None, buttons)]


def _in_use(seal: Seal) -> str:
    """Which seal signs, and whether it expires soon."""
    used = f"签发使用第 {seal.version} 版。"
    if seal.valid_to - runtime().engine.clock() > WARNING:
        return used
    return f"{used}它将于 {in_shanghai(seal.valid_to):%Y-%m-%d} 到期，请及时上传新的电子签章。"


def _certificate_rows(query: Select[Certificate]) -> list[tuple[tuple[str, str], str, str]]:
    return [((row.name, url_for("certificates.show", certificate_id=row.id)), row.grade, row.code) for row in db().scalars(query)]
