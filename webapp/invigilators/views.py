"""监考人员 of a school (manual 5.2.11): list, form, page, 删除; what becomes of each certificate its own process says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from domain.exams.invigilators import Invigilator, certificate_choices, invigilator_of, new_invigilator
from domain.ground.parties import Actor
from forms.kinds import SCHOOL
from forms.lists.invigilators import FORM, INVIGILATORS
from jobs.invigilators import KEY, correct, kept_certificates, remove, set_certificates
from processes.history import last_comments
from webapp import steps
from webapp.context import actor, db, runtime
from webapp.listing import Button, ListScreen, render_list
from webapp.records.plain_kinds import PlainKind, PlainRoutes, Section, Status, edited_record, plain_page, plain_routes, seen_record

blueprint = Blueprint("invigilators", __name__, url_prefix="/invigilators")
DELETE = "删除后不能恢复，尚未认证的证书申请一并取消。确定删除监考人员“{name}”吗？"


def _certify(row: Invigilator, before: dict[str, Any], answers: dict[str, Any]) -> Sequence[str]:
    engine = runtime().engine
    jobs = correct(engine, db(), actor(), row, before) if before else []  # first: new certificates begin with the person as corrected
    return jobs + set_certificates(engine, db(), actor(), row, answers.get("certificates", ()), engine.clock())


def _may_edit(who: Actor, row: Invigilator) -> bool:
    return SCHOOL in who.roles and row.party_id == who.party_id


INVIGILATOR = PlainKind(
    noun="监考人员",
    form=FORM,
    listing=INVIGILATORS,
    index=lambda: url_for("invigilators.index"),
    show=lambda row: url_for("invigilators.show", invigilator_id=row.id),
    name=lambda row: str(row.name),
    find=invigilator_of,
    choices=lambda session, who, row: {"piloted_certificates": certificate_choices(session, who, row)},
    may_edit=_may_edit,
    may_add=lambda who: SCHOOL in who.roles,
    make=lambda session, answers: new_invigilator(session, actor(), runtime().engine.clock(), answers),
    settle=_certify,
    fixed=lambda session, row: {"certificates": kept_certificates(session, row)},
    hidden=frozenset({"certificates"}),
)


def _above(who: Actor, part: str) -> list[Button]:
    if SCHOOL not in who.roles:
        return []
    return [
        Button("新增监考人员", url_for("invigilators.new"), primary=True),
        Button("批量导入监考人员", url_for("imports.index", kind="invigilators")),
        Button("导入记录", url_for("imports.index", kind="invigilators", _anchor="records")),
        Button("证书认证进度", url_for(f"{KEY}.index")),
    ]


def _buttons(who: Actor, row: Invigilator) -> list[Button]:
    if not _may_edit(who, row):
        return []
    ask = DELETE.format(name=row.name)
    return [
        Button("编辑", url_for("invigilators.edit", invigilator_id=row.id)),
        Button("删除", url_for("invigilators.delete", invigilator_id=row.id), post=True, confirm=ask),
    ]


SCREEN = ListScreen(
    INVIGILATORS,
    help="本校的监考人员及其证书。证书由其培训评价组织认证，认证后即可承担该证书考试的监考工作。",
    show=INVIGILATOR.show,
    buttons=_above,
    row_buttons=_buttons,
    empty="还没有监考人员。点击“新增监考人员”添加一位，或用“批量导入监考人员”从 Excel 导入。",
    export="批量导出监考人员",
)

plain_routes(blueprint, INVIGILATOR, "/", PlainRoutes("invigilator_id", "edit", "store", "new", "create"))


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """The list of 监考人员."""
    return render_list(SCREEN, db(), actor())


@blueprint.get("/<int:invigilator_id>")
def show(invigilator_id: int) -> str:
    """查看: who it is, and how each certificate stands."""
    row = seen_record(INVIGILATOR, invigilator_id)
    return plain_page(INVIGILATOR, row, [_certificates(row)], _buttons(actor(), row))


@blueprint.post("/<int:invigilator_id>/delete")
def delete(invigilator_id: int) -> ResponseReturnValue:
    """删除: with the certificates, as far as their diagram lets each of them be taken away."""
    row = edited_record(INVIGILATOR, invigilator_id)
    name, back = row.name, INVIGILATOR.show(row)
    problem = steps.attempt(lambda: remove(runtime().engine, db(), actor(), row), lambda: None)
    steps.flash_result(problem, f"监考人员“{name}”已删除。")
    return redirect(INVIGILATOR.index() if problem is None else back)


def _certificates(row: Invigilator) -> Section:
    said = last_comments(db(), KEY, [one.id for one in row.certificates])
    rows = [
        (
            (one.certificate.label, url_for(f"{KEY}.show", record_id=one.id)),
            one.certificate.party.name,
            Status(one.status, one.tone),
            said.get(one.id, ""),
        )
        for one in row.certificates
    ]
    note = "点击证书名称，可查看认证流程；认证退回的证书核对后在那里重新提交。" if rows else ""
    return Section("监考证书", ("证书", "培训评价组织", "状态", "最近意见"), rows, "还没有选择证书，点击“编辑”选择。", note)
