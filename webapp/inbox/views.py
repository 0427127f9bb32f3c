"""任务收件箱: its lists, saved filters, 签收 and 释放."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from processes.deployment.versions import names
from processes.tasks import claiming, filters
from webapp.context import actor, db, runtime
from webapp.inbox import listing
from webapp.inbox.task_page import record_address
from webapp.links import posted_back
from webapp.posted_data import posted_filters

MAX_BATCH = 100


def index() -> str:
    """A page of one of the lists, under the filters in the address."""
    now = runtime().engine.clock()
    page = listing.read_page(db(), actor(), request.args, now)
    return render_template(
        "inbox/index.html",
        page=page,
        tabs=listing.TABS,
        sizes=listing.SIZES,
        dues=listing.DUES,
        whose=listing.WHOSE,
        states=listing.STATES,
        processes=names(db()),
        saved=filters.filters_of(db(), actor()),
        now=now,
        address=record_address,
        here=request.full_path.rstrip("?"),
    )


def claim_many() -> ResponseReturnValue:
    """批量签收 of the ticked rows."""
    ids = request.form.getlist("ids")[:MAX_BATCH]
    claimed = claiming.claim(db(), actor(), ids, runtime().engine.clock())
    _flash_count("签收", claimed, len(ids), "已被签收或办理")
    return redirect(posted_back("inbox.index"))


def release_many() -> ResponseReturnValue:
    """批量释放 of the ticked rows."""
    ids = request.form.getlist("ids")[:MAX_BATCH]
    released = claiming.release(db(), actor(), ids, runtime().engine.clock())
    _flash_count("释放", released, len(ids), "不在您名下，或已委派")
    return redirect(posted_back("inbox.index"))


def claim(task_id: str) -> ResponseReturnValue:
    """签收: the task becomes the actor's alone."""
    claiming.claim_one(db(), actor(), task_id, runtime().engine.clock())
    flash("已签收，其他人员不能再办理此事项，直到您释放它。", "success")
    return redirect(url_for("inbox.task", task_id=task_id))


def release(task_id: str) -> ResponseReturnValue:
    """释放: all with the task's role may do it again."""
    claiming.release_one(db(), actor(), task_id, runtime().engine.clock())
    flash("已释放，同角色人员可以办理。", "success")
    return redirect(posted_back("inbox.index"))


def keep_filter() -> ResponseReturnValue:
    """保存为常用筛选: keeps the filters in the posted address under a name."""
    query = listing.saved_query(posted_filters("query"))
    filters.keep(db(), actor(), request.form.get("name", ""), query)
    flash(f"已保存常用筛选“{request.form.get('name', '').strip()}”。", "success")
    return redirect(f"{url_for('inbox.index')}?{query}")


def forget_filter(filter_id: int) -> ResponseReturnValue:
    """Deletes a saved filter."""
    filters.forget(db(), actor(), filter_id)
    flash("已删除常用筛选。", "success")
    return redirect(posted_back("inbox.index"))


def _flash_count(verb: str, done: int, asked: int, why: str) -> None:
    text = f"已{verb} {done} 条。" + (f"其余 {asked - done} 条{why}。" if done < asked else "")
    flash(text if asked else f"请先勾选要{verb}的事项。", "success" if asked and done == asked else "warning")
