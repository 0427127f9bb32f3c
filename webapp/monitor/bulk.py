"""流程监控: one act on many instances: a question with the reason first, then background work with progress."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from flask import flash, redirect, render_template, request, url_for

from domain.background import begin
from jobs.monitoring import ACTS, Act, Chosen, count
from processes.errors import NotFound, Refused
from processes.managing import LONGEST_REASON
from webapp.context import actor, db, later_task, reads_only, runtime
from webapp.links import is_local

MAX_TICKED = 1_000


@reads_only
def ask(act: str) -> Any:
    """How many are meant, and why: nothing is done yet."""
    known, chosen = _act(act), _chosen()
    total = count(db(), actor(), chosen)
    if not total:
        flash("没有选中任何流程，请勾选后再试。", "warning")
        return redirect(_back())
    form = {"filter": request.form.get("filter", ""), "all": request.form.get("all", ""), "back": _back()}
    return render_template("monitor/bulk.html", act=act, known=known, total=total, ids=chosen.ids, form=form, longest=LONGEST_REASON)


def begin_act(act: str) -> Any:
    """Begins the work."""
    known, chosen, reason = _act(act), _chosen(), request.form.get("reason", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Refused(f"请填写原因，最多 {LONGEST_REASON} 个字")
    params = {"act": act, "reason": reason, "chosen": asdict(chosen), "back": _back()}
    total = count(db(), actor(), chosen)
    task = begin(db(), actor(), "manage", f"批量{known.label}流程", params, runtime().engine.clock(), total)
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))


def _act(act: str) -> Act:
    if act not in ACTS:
        raise NotFound
    return ACTS[act]


def _chosen() -> Chosen:
    if request.form.get("all") == "1":
        return Chosen(values=dict(parse_qsl(request.form.get("filter", "")[:4000], keep_blank_values=True)))
    return Chosen(tuple(int(text) for text in request.form.getlist("ids")[:MAX_TICKED] if text.isdecimal() and len(text) < 10))


def _back() -> str:
    back = request.form.get("back", "")
    return back if is_local(back) else url_for("monitor.instances")
