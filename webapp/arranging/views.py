"""排考 (manual 5.2.8, row 5.2.8.2): an organization arranges its plans: by itself, by hand, back again, and publishes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from domain.exams import boards
from domain.exams.arrangings import NotArranging, arranged_plan, last_change, state_of
from domain.exams.placing import ChangedMeanwhile, Marked, NothingToUndo, Spot
from domain.exams.plans import ExamPlan, Sitting, within
from domain.exams.rooms import Room
from domain.ground.database import one_at_a_time
from domain.ground.id_numbers import masked
from domain.platform.background import LIVE, BackgroundTask, begin
from forms.kinds import ORGANIZATION
from jobs.arrangements import moving
from jobs.arrangements.checking import unlawful
from jobs.arrangements.reading import when
from jobs.arrangements.working import ARRANGE, PUBLISH
from jobs.arranging import Order
from processes.errors import NotAllowed, NotFound
from webapp.context import actor, db, later_task, runtime
from webapp.paging import page_of

blueprint = Blueprint("arranging", __name__, url_prefix="/arranging")
PLANS, ROOMS, LACKING, CHANGES = 20, 50, 50, 20  # of a page
SHOWN = 200  # of what is not lawful any more
FAULTS = (NotArranging, ChangedMeanwhile, Marked, NothingToUndo, moving.Refused)
"""What is told on the page before, which stays as it is."""


@blueprint.get("/")
def index() -> str:
    """The organization's published plans, and how far each is arranged."""
    if ORGANIZATION not in actor().roles:
        raise NotAllowed
    query = boards.arranged_plans(actor())
    total = db().scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    page = page_of(request.args, total, PLANS)
    plans = db().scalars(query.limit(PLANS).offset(page.offset)).all()
    numbers = boards.numbers_of(db(), [plan.id for plan in plans])
    return render_template("arranging/index.html", plans=plans, numbers=numbers, page=page, now=_now())


@blueprint.get("/<int:plan_id>")
def board(plan_id: int) -> str:
    """One plan: its numbers, what the last 自动编排 told, its sites, and what was changed."""
    plan = _plan(plan_id)
    return render_template(
        "arranging/board.html",
        plan=plan,
        numbers=boards.numbers_of(db(), [plan_id])[plan_id],
        unpaid=boards.unpaid_of(db(), plan_id),
        state=state_of(db(), plan_id),
        sites=boards.sites_of(db(), plan_id),
        reasons=boards.reasons_of(db(), plan_id),
        changes=boards.changes_of_plan(db(), plan_id, CHANGES),
        last=last_change(db(), plan_id),
        task=_running(plan_id),
        open=_is_open(plan_id),
        orders=list(Order),
        now=_now(),
    )


@blueprint.get("/<int:plan_id>/sites/<int:party_id>")
def site(plan_id: int, party_id: int) -> str:
    """A site of the plan: rooms × sittings."""
    plan = _plan(plan_id)
    found = next((one for one in boards.sites_of(db(), plan_id) if one.party_id == party_id), None)
    if found is None:
        raise NotFound
    page = page_of(request.args, found.rooms, ROOMS)
    matrix = boards.matrix_of(db(), plan_id, party_id, page.offset, ROOMS)
    return render_template("arranging/site.html", plan=plan, site=found, matrix=matrix, page=page, when=when)


@blueprint.get("/<int:plan_id>/rooms/<int:room_id>/<int:sitting_id>")
def room(plan_id: int, room_id: int, sitting_id: int) -> str:
    """A room in a sitting: its seats, who is there, and the invigilators."""
    plan, place, sitting = _place(plan_id, room_id, sitting_id)
    seated = {one.number: one for one in boards.seated_in(db(), room_id, sitting_id)}
    guards = boards.guards_of(db(), room_id, sitting_id)
    able = moving.able_guards(db(), plan_id, place, sitting_id) if seated and _is_open(plan_id) else []
    return render_template(
        "arranging/room.html",
        plan=plan,
        room=place,
        sitting=sitting,
        seated=seated,
        seats=range(1, max([place.places, *seated]) + 1),
        guards=guards,
        able=able,
        open=_is_open(plan_id),
        when=when,
        masked=masked,
    )


@blueprint.post("/<int:plan_id>/rooms/<int:room_id>/<int:sitting_id>/guards")
def guards(plan_id: int, room_id: int, sitting_id: int) -> ResponseReturnValue:
    """监考人员 of a room: exactly the ticked ones."""
    _place(plan_id, room_id, sitting_id)
    people = [int(one) for one in request.form.getlist("ids") if one.isdecimal() and len(one) < 10]
    back = url_for(".room", plan_id=plan_id, room_id=room_id, sitting_id=sitting_id)
    changed = "监考人员已更新，发布后院校可见。"
    return _done(lambda: moving.change_duties(db(), actor(), plan_id, room_id, sitting_id, people, _now()), changed, back)


@blueprint.get("/<int:plan_id>/missing")
def missing(plan_id: int) -> str:
    """Who has no seat, and why."""
    plan = _plan(plan_id)
    reason, school = request.args.get("reason", ""), request.args.get("school", "").strip()
    query = boards.lacking_query(plan_id, reason, school)
    total = db().scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    page = page_of(request.args, total, LACKING)
    rows = [boards.Lacking(*row) for row in db().execute(query.limit(LACKING).offset(page.offset))]
    reasons = [one for one, _ in boards.reasons_of(db(), plan_id)]
    about = {"reason": reason, "school": school, "reasons": reasons, "open": _is_open(plan_id)}
    return render_template("arranging/missing.html", plan=plan, rows=rows, page=page, masked=masked, otherwise=boards.NOT_TRIED, **about)


@blueprint.get("/<int:plan_id>/check")
def check(plan_id: int) -> str:
    """检查已排座位: what has become unlawful since it was arranged."""
    plan = _plan(plan_id)
    return render_template("arranging/check.html", plan=plan, wrong=unlawful(db(), plan_id), open=_is_open(plan_id), most=SHOWN)


@blueprint.get("/<int:plan_id>/entries/<int:entry_id>")
def entry(plan_id: int, entry_id: int) -> str:
    """Somebody in one subject: the seat, and every room in every sitting that there is, with what stands against it."""
    return _entry_page(_plan(plan_id), entry_id)


def _entry_page(plan: ExamPlan, entry_id: int) -> str:
    found = boards.entry_of(db(), plan.id, entry_id)
    if found is None:
        raise NotFound
    registration, subject = found
    site_id = moving.site_of_entry(db(), plan.id, entry_id)
    site = moving.open_site(db(), plan.id, site_id) if site_id is not None else None
    key = (registration.id, subject.id)
    return render_template(
        "arranging/entry.html",
        plan=plan,
        entry_id=entry_id,
        registration=registration,
        subject=subject,
        site=site,
        held=site.held(key) if site is not None else None,
        options=site.options(key) if site is not None else [],
        open=_is_open(plan.id),
        masked=masked,
    )


@blueprint.post("/<int:plan_id>/entries/<int:entry_id>")
def move(plan_id: int, entry_id: int) -> ResponseReturnValue:
    """移动, or 安排 of somebody without a seat."""
    _plan(plan_id)
    spot = Spot(_number("sitting"), _number("room"), _number("seat"))
    back = url_for(".entry", plan_id=plan_id, entry_id=entry_id)
    there = url_for(".room", plan_id=plan_id, room_id=spot.room_id, sitting_id=spot.sitting_id)
    return _done(lambda: moving.move(db(), actor(), plan_id, entry_id, spot, _now()), "座位已调整，发布后院校可见。", back, there)


@blueprint.post("/<int:plan_id>/entries/<int:entry_id>/unseat")
def unseat(plan_id: int, entry_id: int) -> ResponseReturnValue:
    """取消座位."""
    _plan(plan_id)
    back = url_for(".entry", plan_id=plan_id, entry_id=entry_id)
    return _done(lambda: moving.unseat(db(), actor(), plan_id, entry_id, _now()), "座位已取消。", back)


@blueprint.post("/<int:plan_id>/undo")
def take_back(plan_id: int) -> ResponseReturnValue:
    """撤销 of the last change, until it is published."""
    _plan(plan_id)
    back = url_for(".board", plan_id=plan_id)
    return _done(lambda: moving.take_back(db(), plan_id, _number("change"), _now()), "已撤销。", back)


@blueprint.post("/<int:plan_id>/arrange")
def arrange(plan_id: int) -> ResponseReturnValue:
    """自动编排, as a background task."""
    order = request.form.get("order", "")
    if order not in list(Order):
        raise NotFound("没有这种排座方式，请返回上一页重新选择。")
    return _begun(_plan(plan_id), ARRANGE, "自动编排", {"order": order, "making_room": request.form.get("making_room") == "1"})


@blueprint.post("/<int:plan_id>/publish")
def publish(plan_id: int) -> ResponseReturnValue:
    """发布, as a background task."""
    return _begun(_plan(plan_id), PUBLISH, "发布排考", {})


def _begun(plan: ExamPlan, kind: str, what: str, params: dict[str, object]) -> ResponseReturnValue:
    back = url_for(".board", plan_id=plan.id)
    if not _is_open(plan.id):
        flash(str(NotArranging()), "danger")
        return redirect(back)
    one_at_a_time(db(), f"arranging {plan.id}")  # of two who press at once the second sees the first one's task
    if _running(plan.id) is not None:
        flash("该计划正在自动编排或发布，请等它结束后再试。", "warning")
        return redirect(back)
    about = {"plan": plan.id, "back": back, **params}
    task = begin(db(), actor(), kind, f"{what}：{plan.title()}", about, _now())
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))


def _running(plan_id: int) -> BackgroundTask | None:
    """The task that arranges or publishes a plan of the organization now, whoever of it began that."""
    query = select(BackgroundTask).where(BackgroundTask.party_id == actor().party_id, BackgroundTask.state.in_(LIVE))
    tasks = db().scalars(query.where(BackgroundTask.kind.in_((ARRANGE, PUBLISH))))
    return next((one for one in tasks if one.params.get("plan") == plan_id), None)


def _done(do: Callable[[], object], told: str, back: str, there: str = "") -> ResponseReturnValue:
    """Does one change: what stands against it is told on the page before, and nothing is changed then."""
    try:
        with db().begin_nested():
            changed = do()
    except FAULTS as error:
        flash(str(error), "danger")
        return redirect(back)
    flash(told if changed else "没有变化。", "success" if changed else "info")
    return redirect(there or back)


def _plan(plan_id: int) -> ExamPlan:
    plan = arranged_plan(db(), actor(), plan_id)
    if plan is None:
        raise NotFound
    return plan


def _place(plan_id: int, room_id: int, sitting_id: int) -> tuple[ExamPlan, Room, Sitting]:
    plan = _plan(plan_id)
    place = db().scalars(select(Room).where(Room.id == room_id, Room.plan_id == plan_id)).first()
    sitting = db().scalars(select(Sitting).where(Sitting.id == sitting_id, Sitting.plan_id == plan_id)).first()
    if place is None or sitting is None:
        raise NotFound
    return plan, place, sitting


def _is_open(plan_id: int) -> bool:
    """Whether the plan's 排考 window is open."""
    return db().scalar(select(ExamPlan.id).where(ExamPlan.id == plan_id, within("arranging", _now()))) is not None


def _number(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _now() -> datetime:
    return runtime().engine.clock()
