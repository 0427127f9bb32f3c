"""证书管理: 证书信息管理 (manual 4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate, certificate_of, new_certificate
from domain.certificates.majors import majors_query
from domain.ground.parties import Actor, Party
from forms.lists.certificates import CERTIFICATES, KEPT_CERTIFICATES
from webapp.context import actor, db
from webapp.listing import Button, ListScreen, render_list
from webapp.records.plain_kinds import PlainKind, PlainRoutes, Section, plain_page, plain_routes, seen_record

blueprint = Blueprint("certificates", __name__, url_prefix="/certificates")
OPERATOR = "系统管理"


def _choices(session: Session, who: Actor, record: Certificate | None) -> Mapping[str, Sequence[str]]:
    named = select(Party.name).where(Party.kind == "organization").order_by(Party.name)
    organizations = session.scalars(named).all() if OPERATOR in who.roles else ()
    return {"organizations": organizations, "majors": [major.label for major in session.scalars(majors_query())]}


def _may_edit(who: Actor, row: Certificate) -> bool:
    return OPERATOR in who.roles or (row.party_id == who.party_id and "培训评价组织" in who.roles)


CERTIFICATE = PlainKind(
    noun="证书",
    form="certificate.json",
    listing=CERTIFICATES,
    index=lambda: url_for("certificates.index"),
    show=lambda row: url_for("certificates.show", certificate_id=row.id),
    name=lambda row: str(row.label),
    choices=_choices,
    find=certificate_of,
    may_edit=_may_edit,
    may_add=lambda who: OPERATOR in who.roles,
    make=new_certificate,
    hidden=frozenset({"majors"}),
)


def _buttons(who: Actor, row: Certificate) -> list[Button]:
    return [Button("编辑", url_for("certificates.edit", certificate_id=row.id))] if _may_edit(who, row) else []


PILOTED = ListScreen(
    CERTIFICATES,
    help="默认显示已参与试点的证书；把“证书范围”改为“全部”，可查看所有证书。",
    show=CERTIFICATE.show,
    row_buttons=_buttons,
    empty="还没有已参与试点的证书，把“证书范围”改为“全部”可查看所有证书。",
    export="批量导出证书信息",
)
KEPT = ListScreen(
    KEPT_CERTIFICATES,
    help="维护证书的说明、考核费用和对应专业，院校看到的就是这里的内容。",
    show=CERTIFICATE.show,
    buttons=lambda who, part: [Button("新增证书", url_for("certificates.new"), primary=True)] if OPERATOR in who.roles else [],
    row_buttons=_buttons,
    empty="还没有证书。",
    export="批量导出证书信息",
)


plain_routes(blueprint, CERTIFICATE, "/", PlainRoutes("certificate_id", "edit", "store_certificate", "new", "create_certificate"))


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """The list: schools and provinces begin with what is piloted, organizations and operators with what they keep."""
    piloting = actor().party_kind in ("school", "province")
    return render_list(PILOTED if piloting else KEPT, db(), actor())


@blueprint.get("/<int:certificate_id>")
def show(certificate_id: int) -> str:
    """查看: 基本信息 and 对应专业."""
    certificate = seen_record(CERTIFICATE, certificate_id)
    return plain_page(CERTIFICATE, certificate, [_majors(certificate)], _buttons(actor(), certificate))


def _majors(row: Certificate) -> Section:
    rows = [(major.name, major.code, major.level, f"{major.edition} 年版") for major in row.majors]
    return Section("对应专业", ("专业名称", "专业代码", "专业层次", "专业目录"), rows, "还没有对应专业。")
