"""科目成绩 (manual 5.2.9): list, page, 更正, the choice of a plan for 批量导入; 考证结果 (manual 5.2.10): list and page."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from domain.exams.outcomes import Outcome, outcome_of, parts_of
from domain.exams.plans import ExamPlan, within
from domain.exams.scores import MISSING as NO_MARK
from domain.exams.scores import (
    NORMAL,
    PUBLIC,
    STATES,
    BadMark,
    Locked,
    Marked,
    ScoredMeanwhile,
    changes_of_score,
    correct,
    entered_by,
    mark_text,
    marked_of,
    read_mark,
)
from domain.exams.scoring import scoring_plans
from domain.ground.id_numbers import masked
from domain.ground.parties import Actor
from domain.platform.imports import kinds_imported
from forms.kinds import ORGANIZATION
from forms.lists.scores import OUTCOMES, SCORES
from jobs.imports.scores import PREFIX
from processes.errors import NotAllowed, NotFound
from webapp.context import actor, db, runtime
from webapp.listing import Button, ListScreen, render_list

blueprint = Blueprint("scores", __name__, url_prefix="/scores")
results = Blueprint("outcomes", __name__, url_prefix="/outcomes")
REASON = 200  # characters


def _above(who: Actor, part: str) -> list[Button]:
    return [Button("批量导入科目成绩", url_for("scores.begin"), primary=True)] if ORGANIZATION in who.roles else []


SCREEN = ListScreen(
    SCORES,
    help="培训评价组织在成绩登记时间内导入成绩；公示开始后院校和考生可以看到；公示期内可以更正，公示结束后永久锁定。",
    show=lambda row: url_for("scores.show", entry_id=row.id),
    buttons=_above,
    empty="还没有可以查看的成绩。公示开始后，本校考生的成绩会列在这里。",
    export="批量导出科目成绩",
)
OUTCOMES_SCREEN = ListScreen(
    OUTCOMES,
    help="按证书所需的全部科目计算：公示开始前为待定；全部科目合格为通过；有科目不合格、缺考或违纪为未通过。通过的考生在公示结束后进入证书发放。",
    show=lambda row: url_for("outcomes.show", outcome_id=row.id),
    empty="还没有考证结果。考生报考后会列在这里。",
    export="批量导出证书考核详情",
)


@blueprint.get("/")
def index() -> str:
    """The list."""
    return render_list(SCREEN, db(), actor())


@blueprint.get("/<int:entry_id>")
def show(entry_id: int) -> str:
    """One mark, its history, and to the organization the form that corrects it while it may."""
    return _page(entry_id)


def _page(entry_id: int, problem: str = "", typed: dict[str, str] | None = None) -> str:
    row = _marked(entry_id)
    may = ORGANIZATION in actor().roles and _may_correct(row)
    return render_template(
        "scores/show.html",
        row=row,
        text=NO_MARK if row.state is None else mark_text(row.mark, row.state),
        entered=entered_by(db(), entry_id),
        changes=changes_of_score(db(), entry_id),
        masked=masked,
        may=may,
        public=row.lock == PUBLIC,
        states=STATES,
        typed=typed or {"mark": "" if row.mark is None else mark_text(row.mark, NORMAL), "state": row.state or NORMAL, "reason": ""},
        problem=problem,
        longest=REASON,
    )


def _may_correct(row: Marked) -> bool:
    """Whether the plan is in 成绩登记 or 公示."""
    now = _now()
    asked = select(ExamPlan.id).where(ExamPlan.id == row.plan_id, within("scoring", now) | within("publicity", now))
    return db().scalar(asked) is not None


@blueprint.post("/<int:entry_id>")
def store(entry_id: int) -> ResponseReturnValue:
    """更正: another mark, or one that was forgotten, with a reason."""
    if ORGANIZATION not in actor().roles:
        raise NotAllowed
    row = _marked(entry_id)
    done = "成绩已更正。" if row.state else "成绩已登记。"
    typed = {name: request.form.get(name, "").strip() for name in ("mark", "state", "reason", "seen")}
    try:
        mark = read_mark(typed["mark"], typed["state"], row.sitting.subject)
        if not 0 < len(typed["reason"]) <= REASON:
            raise BadMark(f"请填写更正原因，不超过 {REASON} 字")
        with db().begin_nested():
            changed = correct(db(), actor(), row, mark, typed["state"], typed["reason"], typed["seen"], _now())
    except (BadMark, Locked, ScoredMeanwhile) as error:
        return _page(entry_id, str(error).removesuffix("。"), typed), 409
    flash(done if changed else "与现有成绩相同，没有变化。", "success" if changed else "info")
    return redirect(url_for(".show", entry_id=entry_id))


@blueprint.get("/import")
def begin() -> str:
    """批量导入科目成绩: first the plan is chosen; 导入记录 of those whose time is over stay in reach."""
    if ORGANIZATION not in actor().roles:
        raise NotAllowed
    plans = db().scalars(scoring_plans(actor(), _now())).all()
    ids = {int(kind.removeprefix(PREFIX)) for kind in kinds_imported(db(), actor(), PREFIX)} - {plan.id for plan in plans}
    past = db().scalars(select(ExamPlan).where(ExamPlan.id.in_(ids)).order_by(ExamPlan.id.desc())).all()
    return render_template("scores/import.html", plans=plans, past=past, prefix=PREFIX)


def _marked(entry_id: int) -> Marked:
    row = marked_of(db(), actor(), entry_id, _now())
    if row is None:
        raise NotFound
    return row


@results.get("/", endpoint="index")
def results_index() -> str:
    """考证结果."""
    return render_list(OUTCOMES_SCREEN, db(), actor())


@results.get("/<int:outcome_id>", endpoint="show")
def show_result(outcome_id: int) -> str:
    """考证详情: the result, and the subjects that it comes from."""
    row: Outcome | None = outcome_of(db(), actor(), outcome_id, _now())
    if row is None:
        raise NotFound
    parts = parts_of(db(), row, _now(), early=ORGANIZATION in actor().roles)
    return render_template("scores/outcome.html", row=row, parts=parts, masked=masked, mark_text=mark_text)


def _now() -> datetime:
    return runtime().engine.clock()
