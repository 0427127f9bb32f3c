"""考核站点分配 (manual 5.2.4.2): the list for everybody concerned, and the page of a plan on which its organization allots sites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from domain.exams.allotments import (
    Allotment,
    AllottedMeanwhile,
    NotOpen,
    UnknownSite,
    allot,
    allot_own,
    allotment_of,
    approved_sites,
    certificates_of_plan,
    places_of,
    places_query,
    take_back,
)
from domain.exams.plans import ExamPlan, exam_plan_of
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from forms.kinds import ORGANIZATION
from forms.lists.rooms import ALLOTMENTS
from processes.errors import NotAllowed, NotFound
from webapp.context import actor, db, runtime
from webapp.links import posted_back
from webapp.listing import Button, ListScreen, render_list
from webapp.paging import page_of
from webapp.posted_data import ticked_rows

blueprint = Blueprint("allotments", __name__, url_prefix="/allotments")
TAKE_BACK = "取消后该院校在此证书没有考核站点，直到重新分配。确定取消“{school}”的考核站点吗？"
SIZE = 50  # schools of a page
SHOWN = 200  # of those left without a site


def _is_own(who: Actor, row: Allotment) -> bool:
    return ORGANIZATION in who.roles and row.plan.party_id == who.party_id


def _row_buttons(who: Actor, row: Allotment) -> list[Button]:
    if not _is_own(who, row):
        return []
    ask = TAKE_BACK.format(school=row.party.name)
    return [
        Button("分配", url_for(".plan_page", plan_id=row.plan_id, certificate=row.certificate_id)),
        Button("取消分配", url_for(".withdraw", allotment_id=row.id), post=True, confirm=ask),
    ]


SCREEN = ListScreen(
    ALLOTMENTS,
    help="考试计划中培训评价组织分配给各院校的考核站点。借考时，报考院校按正常流程为学生报考，站点所属院校负责设置考场。",
    row_buttons=_row_buttons,
    empty="还没有分配考核站点。培训评价组织在考试计划的页面中点击“考核站点分配”。",
    export="批量导出考核站点分配",
)


@blueprint.get("/")
def index() -> str:
    """The list."""
    return render_list(SCREEN, db(), actor())


@blueprint.get("/plans/<int:plan_id>")
def plan_page(plan_id: int) -> str:
    """The schools of a plan beside one of its certificates, each with its site."""
    return _page(_own_plan(plan_id), _number(request.args.get("certificate", "")))


@blueprint.post("/plans/<int:plan_id>")
def give(plan_id: int) -> ResponseReturnValue:
    """分配: the ticked schools get the chosen site."""
    plan = _own_plan(plan_id)
    ids, back = ticked_rows(ALLOTMENTS), posted_back("allotments.index")
    if not ids:
        flash("没有选中任何院校，请勾选后再试。", "warning")
        return redirect(back)
    try:
        with db().begin_nested():
            done = allot(db(), plan, _number(request.form.get("site", "")), ids, _now())
    except (NotOpen, UnknownSite, AllottedMeanwhile) as error:
        flash(str(error), "danger")
        return redirect(back)
    if done.given:
        flash(f"已为 {done.given} 所院校分配考核站点。", "success")
    elif not done.refused:
        flash("所选院校已经是这个考核站点，没有变化。", "info")
    for name, why in list(done.refused.items())[:5]:
        flash(f"“{name}”没有分配：{why}。", "warning")
    if len(done.refused) > 5:
        flash(f"共有 {len(done.refused)} 所院校没有分配。", "warning")
    return redirect(back)


@blueprint.post("/plans/<int:plan_id>/own")
def give_own(plan_id: int) -> ResponseReturnValue:
    """Every school of the plan without a site gets its own approved one; the page says who is left without, and why."""
    plan = _own_plan(plan_id)
    try:
        with db().begin_nested():
            given, left = allot_own(db(), plan, _now())
    except (NotOpen, AllottedMeanwhile) as error:
        flash(str(error), "danger")
        return redirect(url_for(".plan_page", plan_id=plan_id))
    flash(f"已分配 {given} 个本校考核站点。" if given else "没有可以分配的本校考核站点。", "success" if given else "info")
    return _page(plan, _number(request.form.get("certificate", "")), left=left)


@blueprint.post("/<int:allotment_id>/withdraw")
def withdraw(allotment_id: int) -> ResponseReturnValue:
    """取消分配."""
    row = allotment_of(db(), actor(), allotment_id)
    if row is None:
        raise NotFound
    if not _is_own(actor(), row):
        raise NotAllowed
    name = row.party.name
    try:
        take_back(db(), row, _now())
    except DomainError as error:
        flash(f"没有取消：{error}。", "danger")
    else:
        flash(f"已取消“{name}”的考核站点。", "success")
    return redirect(posted_back("allotments.index"))


def _page(plan: ExamPlan, certificate_id: int, left: Sequence[tuple[str, str, str]] | None = None) -> str:
    certificates = certificates_of_plan(db(), plan)
    chosen = next((one for one in certificates if one.id == certificate_id), certificates[0] if certificates else None)
    about: dict[str, Any] = {}
    if chosen is not None:
        name, lacking = request.args.get("name", "").strip(), request.args.get("lacking") == "1"
        query = places_query(plan, chosen.id, name, lacking)
        total = db().scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
        page = page_of(request.args, total, SIZE)
        rows = places_of(db(), actor(), query.limit(SIZE).offset(page.offset))
        about = {"page": page, "rows": rows, "name": name, "lacking": lacking, "sites": approved_sites(db(), chosen.id)}
    # after a POST the buttons lead back to the page itself
    here = request.full_path.rstrip("?") if request.method == "GET" else url_for(".plan_page", plan_id=plan.id, certificate=certificate_id)
    return render_template(
        "allotments/plan.html",
        plan=plan,
        certificates=certificates,
        chosen=chosen,
        left=left,
        most=SHOWN,
        here=here,
        ask=TAKE_BACK,
        **about,
    )


def _own_plan(plan_id: int) -> ExamPlan:
    plan = exam_plan_of(db(), actor(), plan_id)
    if plan is None:
        raise NotFound
    if ORGANIZATION not in actor().roles or plan.party_id != actor().party_id:
        raise NotAllowed
    return plan


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _now() -> datetime:
    return runtime().engine.clock()
