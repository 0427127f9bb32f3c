"""The pages of 成绩查询. Each is public; what they show is asked for in the name of whoever was let in (`Examinee`)."""

from __future__ import annotations

from unicodedata import normalize

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.exams.own_results import TAIL, Examinee, find_examinee, own_mark, own_results
from domain.exams.score_objections import LONGEST, SHORTEST, AlreadyObjected, BadReason, ObjectionsClosed, as_candidate, new_objection
from domain.ground.database import one_at_a_time
from domain.ground.id_numbers import masked
from domain.ground.identity import tidy_id_number
from domain.ground.texts import without_unseen
from domain.platform import throttle
from processes.steps import starting
from webapp.context import db, later, public, runtime
from webapp.results.entry import examinee, let_in, let_out, throttled_as

blueprint = Blueprint("results", __name__, url_prefix="/results")
KEY = "score_objection"
WRONG = "证件号或手机号不正确，请核对后重试。证件号和手机号以报考时填写的为准。"  # the same whether or not somebody is registered
TOO_MANY = "查询失败次数过多，请 15 分钟后再试。"
ENDED = "查询已超时，请重新输入证件号和手机号。"
GONE = "没有找到这门科目的成绩。"


@blueprint.get("/")
@public
def index() -> ResponseReturnValue:
    """Asks for id number and the end of the mobile."""
    return redirect(url_for(".mine")) if examinee() is not None else render_template("results/index.html", id_number="")


@blueprint.post("/")
@public
def enter() -> ResponseReturnValue:
    """Lets somebody in who knows both. Whatever is wrong, the answer is the same."""
    typed = request.form.get("id_number", "")[:60]
    id_number, tail = tidy_id_number(typed)[:30], "".join(normalize("NFKC", request.form.get("tail", "")[:40]).split())  # １２３ is 123
    person, address = throttled_as(id_number, request.remote_addr or "")
    now = runtime().engine.clock()
    one_at_a_time(db(), person)  # many at once learn no more than one after the other
    if throttle.too_many(db(), person, address, now):
        return _asked_again(typed, TOO_MANY, 429)
    found = find_examinee(db(), id_number, tail if len(tail) == TAIL else "")
    if found is None:
        throttle.failed(db(), person, address, now)
        g.commit = True  # the page is an error, yet the attempt counts
        return _asked_again(typed, WRONG, 400)
    return let_in(make_response(redirect(url_for(".mine"))), found)


def _asked_again(typed: str, problem: str, status: int) -> ResponseReturnValue:
    return render_template("results/index.html", id_number=typed, problem=problem), status


@blueprint.get("/mine")
@public
def mine() -> ResponseReturnValue:
    """Everything of somebody's own whose 公示 has begun."""
    who = examinee()
    if who is None:
        return _ended()
    return render_template("results/mine.html", results=own_results(db(), who, runtime().engine.clock()), number=masked(who.id_number))


@blueprint.get("/objections/<int:entry_id>")
@public
def objecting(entry_id: int) -> ResponseReturnValue:
    """The form of an objection to one mark."""
    who = examinee()
    return _ended() if who is None else _objecting(who, entry_id)


@blueprint.post("/objections/<int:entry_id>")
@public
def object_to(entry_id: int) -> ResponseReturnValue:
    """Hands an objection in: its process begins, and the organization has it in its inbox."""
    who, now = examinee(), runtime().engine.clock()
    if who is None:
        return _ended()
    found = own_mark(db(), who, entry_id, now)
    if found is None:
        return _to_mine(GONE)
    registration, reason = found[0].registration, _reason()
    try:
        with db().begin_nested():
            objection = new_objection(db(), registration, entry_id, reason, now)
            later(starting.start(runtime().engine, db(), as_candidate(registration), KEY, objection)[1])
    except BadReason as error:
        return _objecting(who, entry_id, str(error), reason)
    except (ObjectionsClosed, AlreadyObjected) as error:
        return _to_mine(str(error))
    flash("成绩异议已提交。培训评价组织核查后的答复会显示在本页。", "success")
    return redirect(url_for(".mine"))


def _reason() -> str:
    return without_unseen(request.form.get("reason", "")[: 4 * LONGEST].replace("\r\n", "\n"))


def _objecting(who: Examinee, entry_id: int, problem: str = "", reason: str = "") -> ResponseReturnValue:
    found = own_mark(db(), who, entry_id, runtime().engine.clock())
    if found is None:
        return _to_mine(GONE)
    result, mark = found
    if not mark.may_object:
        return _to_mine(str(AlreadyObjected() if result.public else ObjectionsClosed()))
    page = render_template(
        "results/objecting.html", result=result, mark=mark, problem=problem, reason=reason, shortest=SHORTEST, longest=LONGEST
    )
    return page, 422 if problem else 200


@blueprint.post("/leave")
@public
def leave() -> ResponseReturnValue:
    """Forgets who was let in."""
    flash("已退出成绩查询。", "success")
    return let_out(make_response(redirect(url_for(".index"))))


def _ended() -> ResponseReturnValue:
    flash(ENDED, "warning")
    return let_out(make_response(redirect(url_for(".index"))))


def _to_mine(problem: str) -> ResponseReturnValue:
    flash(problem, "warning")
    return redirect(url_for(".mine"))
