"""考场管理 (manual 5.2.5): list, page, 设置考场 after plan and site were chosen, 编辑, 删除, 沿用 of an earlier plan's rooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.plans import ExamPlan
from domain.exams.rooms import (
    BEFORE,
    LATER_FIXED,
    OVER,
    RUNNING,
    Room,
    RoomOver,
    RoomTaken,
    check_change,
    delete_rooms,
    room_of,
    subject_label,
    subjects_of,
)
from domain.exams.setting_rooms import NoRoomPlan, earlier_plans, new_room, reusable, reuse, room_plan, room_plans, venue_of, venues
from domain.ground.parties import Actor
from domain.platform.imports import kinds_imported
from forms.kinds import SCHOOL
from forms.lists.rooms import FORM, ROOMS
from jobs.imports.rooms import PREFIX
from processes.errors import NotAllowed
from webapp.context import actor, db, runtime
from webapp.links import posted_back
from webapp.listing import Button, ListScreen, Pick, render_list
from webapp.posted_data import posted_filters, ticked_rows
from webapp.records.plain_kinds import PlainKind, create, edit_page, edited_record, new_page, plain_page, seen_record, store

blueprint = Blueprint("rooms", __name__, url_prefix="/rooms")
DELETE = "删除后不能恢复。确定删除考场“{name}”吗？"
DELETE_MANY = "只删除未排考的考场，删除后不能恢复。确定删除吗？"
MOST = 5_000  # rooms that are deleted at once


def _find(session: Session, who: Actor, room_id: int) -> Room | None:
    return room_of(session, who, room_id, _now())


def _subjects(session: Session, who: Actor, row: Room | None) -> dict[str, Sequence[str]]:
    if row is None:
        return {"room_subjects": []}
    offered = [subject_label(one) for one in subjects_of(session, row.plan_id, row.certificate_id)]
    return {"room_subjects": list(dict.fromkeys([*(subject_label(one) for one in row.subjects), *offered]))}


def _is_own(who: Actor, row: Room) -> bool:
    return SCHOOL in who.roles and row.party_id == who.party_id


def _settle(row: Room, before: dict[str, object], answers: dict[str, object]) -> Sequence[str]:
    if before:
        check_change(db(), row, before, _now())
    return ()


ROOM = PlainKind(
    noun="考场",
    adding="设置",
    form=FORM,
    listing=ROOMS,
    index=lambda: url_for("rooms.index"),
    show=lambda row: url_for("rooms.show", room_id=row.id),
    name=lambda row: row.name,
    find=_find,
    choices=_subjects,
    locked=lambda row: LATER_FIXED if row.status == RUNNING else (),
    may_edit=_is_own,
    settle=_settle,
)


def _above(who: Actor, part: str) -> list[Button]:
    if SCHOOL not in who.roles:
        return []
    return [
        Button("设置考场", url_for("rooms.begin"), primary=True),
        Button("沿用以前的考场", url_for("rooms.reuse_page")),
        Button("批量导入考场信息", url_for("rooms.begin_import")),
    ]


def _row_buttons(who: Actor, row: Room) -> list[Button]:
    if not _is_own(who, row) or row.status == OVER:
        return []
    ask = DELETE.format(name=row.name)
    gone = [Button("删除", url_for("rooms.remove", room_id=row.id), post=True, confirm=ask)] if row.status == BEFORE else []
    return [Button("编辑", url_for("rooms.edit", room_id=row.id)), *gone]


SCREEN = ListScreen(
    ROOMS,
    help="每个考试计划的考场：在排考开始前设置；排考中只能增加考位数；排考结束后不能修改。",
    show=ROOM.show,
    buttons=_above,
    row_buttons=_row_buttons,
    empty="还没有考场。院校可以“设置考场”、“沿用以前的考场”，或用“批量导入考场信息”从 Excel 导入。",
    export="批量导出考场信息",
    picks=(Pick("批量删除考场", "rooms.remove_many", frozenset({SCHOOL}), confirm=DELETE_MANY),),
)


@blueprint.get("/")
def index() -> str:
    """The list."""
    return render_list(SCREEN, db(), actor())


@blueprint.get("/<int:room_id>")
def show(room_id: int) -> str:
    """查看: one room, and what was changed in it."""
    row = seen_record(ROOM, room_id)
    return plain_page(ROOM, row, buttons=_row_buttons(actor(), row))


@blueprint.get("/<int:room_id>/edit")
def edit(room_id: int) -> str:
    """编辑: before 排考 everything, during it the places alone."""
    return edit_page(ROOM, _changeable(room_id))


@blueprint.post("/<int:room_id>/edit")
def save(room_id: int) -> ResponseReturnValue:
    """保存, as far as the room may be changed at this moment."""
    return store(ROOM, lambda: _changeable(room_id))


def _changeable(room_id: int) -> Room:
    row = edited_record(ROOM, room_id)
    if row.status == OVER:
        raise RoomOver
    return row


@blueprint.post("/<int:room_id>/delete")
def remove(room_id: int) -> ResponseReturnValue:
    """删除 of one."""
    edited_record(ROOM, room_id)
    return _removed([room_id])


@blueprint.post("/delete")
def remove_many() -> ResponseReturnValue:
    """批量删除: the ticked ones, or all under the filters once all were chosen."""
    listing = ROOMS.asked_at(_now())
    ids = ticked_rows(listing)
    if not ids and request.form.get("all") == "1":
        chosen = listing.narrowed(actor(), posted_filters()).order_by(None).with_only_columns(Room.id, maintain_column_froms=True)
        ids = list(db().scalars(chosen.limit(MOST)))
    if not ids:
        flash("没有选中任何考场，请勾选后再试。", "warning")
        return redirect(posted_back("rooms.index"))
    return _removed(ids)


def _removed(ids: Sequence[int]) -> ResponseReturnValue:
    _must_be_school()
    refused = delete_rooms(db(), actor(), ids, _now())
    if gone := len(ids) - len(refused):
        flash(f"已删除 {gone} 个考场。", "success")
    for reason in dict.fromkeys(refused.values()):
        flash(f"{sum(one == reason for one in refused.values())} 个考场没有删除：{reason}。", "warning")
    back = posted_back("rooms.index")
    return redirect(url_for(".index") if not refused and back.startswith(f"{url_for('.index')}{ids[0]}") else back)


@blueprint.get("/plans")
def begin() -> str:
    """设置考场: first the plan and the site are chosen."""
    _must_be_school()
    found = [(plan, venues(db(), actor(), plan.id)) for plan in room_plans(db(), actor(), _now())]
    return render_template("rooms/choose.html", found=found)


@blueprint.get("/import")
def begin_import() -> str:
    """批量导入考场信息: first the plan is chosen; 导入记录 of those whose time is over stay in reach."""
    _must_be_school()
    plans = room_plans(db(), actor(), _now())
    imported = {_id(kind.removeprefix(PREFIX)) for kind in kinds_imported(db(), actor(), PREFIX)} - {plan.id for plan in plans}
    past = db().scalars(select(ExamPlan).where(ExamPlan.id.in_(imported)).order_by(ExamPlan.id.desc())).all()
    return render_template("rooms/import.html", plans=plans, past=past)


@blueprint.get("/new")
def new() -> str:
    """The empty form for the plan and the site that the address names."""
    return new_page(_opened())


@blueprint.post("/new")
def add() -> ResponseReturnValue:
    """保存 of a new room."""
    return create(_opened())


def _opened() -> PlainKind[Any]:
    """The kind with what plan and site offer."""
    _must_be_school()
    plan_id, site_id = _number("plan"), _number("site")
    plan = room_plan(db(), actor(), plan_id, _now())
    venue = venue_of(db(), actor(), plan_id, site_id)
    labels = list(venue.labels)
    about = {
        "plan": plan.title(),
        "site": venue.site.title(),
        "certificate": venue.site.certificate.label,
        "room_type": "按所选科目自动生成",
    }
    only = {"subjects": labels} if len(labels) == 1 else {}
    return replace(
        ROOM,
        opening={**about, **only, "invigilators": 2},
        choices=lambda session, who, row: {"room_subjects": labels},
        make=lambda session, answers: new_room(session, actor(), plan_id, site_id, answers, _now()),
        may_add=lambda who: SCHOOL in who.roles,
    )


@blueprint.get("/reuse")
def reuse_page() -> str:
    """沿用: the plan, the earlier plan, and the rooms of that one with ticks or the reason why not."""
    _must_be_school()
    plans = room_plans(db(), actor(), _now())
    plan = next((one for one in plans if one.id == _number("plan")), None)
    earlier: Sequence[ExamPlan] = earlier_plans(db(), actor(), plan) if plan is not None else ()
    source = next((one for one in earlier if one.id == _number("earlier")), None)
    found = reusable(db(), actor(), plan, source.id) if plan is not None and source is not None else []
    return render_template("rooms/reuse.html", plans=plans, plan=plan, earlier=earlier, source=source, found=found)


@blueprint.post("/reuse")
def take_over() -> ResponseReturnValue:
    """沿用 of the ticked rooms."""
    _must_be_school()
    plan_id, earlier_id = _posted("plan"), _posted("earlier")
    ids = ticked_rows(ROOMS)
    back = url_for(".reuse_page", plan=plan_id, earlier=earlier_id)
    if not ids:
        flash("没有选中任何考场，请勾选后再试。", "warning")
        return redirect(back)
    try:
        with db().begin_nested():
            made, left = reuse(db(), actor(), plan_id, earlier_id, ids, _now())
    except (NoRoomPlan, RoomTaken) as error:
        flash(str(error), "danger")
        return redirect(back)
    if made:
        flash(f"已沿用 {made} 个考场。", "success")
    for one in left[:5]:
        flash(f"“{one.room.name}”没有沿用：{one.problem}。", "warning")
    if len(left) > 5:
        flash(f"共有 {len(left)} 个考场没有沿用。", "warning")
    return redirect(url_for(".index", plan_number=db().get_one(ExamPlan, plan_id).number) if made else back)


def _must_be_school() -> None:
    if SCHOOL not in actor().roles:
        raise NotAllowed


def _number(name: str) -> int:
    return _id(request.args.get(name, ""))


def _posted(name: str) -> int:
    return _id(request.form.get(name, ""))


def _id(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _now() -> datetime:
    return runtime().engine.clock()
