"""任务收件箱: its lists, saved filters, and claiming."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from flask import flash, redirect, render_template, request, url_for

from processes.deployment.versions import names
from processes.tasks import claiming, filters
from webapp.context import actor, db, runtime
from webapp.inbox import listing
from webapp.inbox.pages import record_address
from webapp.links import is_local

MAX_BATCH = 100


def index() -> str:
    """One of the lists, filtered, a page of it."""
    now = runtime().engine.clock()
    page = listing.read_page(db(), actor(), request.args, now)
    return render_template(
        "inbox/index.html",
        page=page,
        tabs=listing.TABS,
        sizes=listing.SIZES,
        dues=listing.DUES,
        whose=listing.WHOSE,
        processes=names(db()),
        saved=filters.filters_of(db(), actor()),
        now=now,
        address=record_address,
        here=request.full_path.rstrip("?"),
    )


def claim_many() -> Any:
    """批量签收 of the ticked rows."""
    ids = request.form.getlist("ids")[:MAX_BATCH]
    taken = claiming.claim(db(), actor(), ids, runtime().engine.clock())
    _counted("签收", taken, len(ids), "已被签收或办理")
    return _back()


def release_many() -> Any:
    """批量释放 of the ticked rows."""
    ids = request.form.getlist("ids")[:MAX_BATCH]
    given = claiming.release(db(), actor(), ids, runtime().engine.clock())
    _counted("释放", given, len(ids), "不在您名下，或已委派")
    return _back()


def claim(task_id: str) -> Any:
    """签收."""
    claiming.claim_one(db(), actor(), task_id, runtime().engine.clock())
    flash("已签收，其他人员不能再办理此事项，直到您释放它。", "success")
    return redirect(url_for("inbox.task", task_id=task_id))


def release(task_id: str) -> Any:
    """释放."""
    claiming.release_one(db(), actor(), task_id, runtime().engine.clock())
    flash("已释放，同角色人员可以办理。", "success")
    return _back()


def keep_filter() -> Any:
    """保存为常用筛选."""
    asked = {name: values[-1] for name, values in parse_qs(request.form.get("query", "")).items()}
    query = listing.saved_query(asked)
    filters.keep(db(), actor(), request.form.get("name", ""), query)
    flash(f"已保存常用筛选“{request.form.get('name', '').strip()}”。", "success")
    return redirect(f"{url_for('inbox.index')}?{query}")


def forget_filter(filter_id: int) -> Any:
    """Deletes a saved filter."""
    filters.forget(db(), actor(), filter_id)
    flash("已删除常用筛选。", "success")
    return _back()


def _counted(verb: str, done: int, asked: int, why: str) -> None:
    text = f"已{verb} {done} 条。" + (f"其余 {asked - done} 条{why}。" if done < asked else "")
    flash(text if asked else f"请先勾选要{verb}的事项。", "success" if asked and done == asked else "warning")


def _back() -> Any:
    back = request.form.get("back", "")
    return redirect(back if is_local(back) else url_for("inbox.index"))
