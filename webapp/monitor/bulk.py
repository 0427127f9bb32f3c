"""流程监控: one act on many rows of a list: a question with the reason first, then background work with progress."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl

from flask import flash, redirect, render_template, request, url_for

from domain.platform.background import begin
from jobs.lists.monitoring import WATCHED, Act, Chosen, Watched, count
from processes.errors import NotFound, Refused
from processes.monitor.managing import LONGEST_REASON
from webapp.context import actor, db, later_task, reads_only, runtime
from webapp.links import is_local
from webapp.ticked import ticked


@reads_only
def ask(what: str, act: str) -> Any:
    """How many are meant, and why: nothing is done yet."""
    watched, known = _known(what, act)
    chosen = _chosen(what)
    total = count(db(), actor(), chosen, runtime().engine.clock())
    if not total:
        flash(f"没有选中任何{watched.noun}，请勾选后再试。", "warning")
        return redirect(_back(what))
    form = {"filter": request.form.get("filter", ""), "all": request.form.get("all", ""), "back": _back(what)}
    shown = {"what": what, "act": act, "watched": watched, "known": known, "total": total, "ids": chosen.ids, "form": form}
    return render_template("monitor/bulk.html", **shown, longest=LONGEST_REASON)


def begin_act(what: str, act: str) -> Any:
    """Begins the work."""
    watched, known = _known(what, act)
    chosen, reason = _chosen(what), request.form.get("reason", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Refused(f"请填写原因，最多 {LONGEST_REASON} 个字")
    params = {"act": act, "reason": reason, "chosen": asdict(chosen), "back": _back(what)}
    total = count(db(), actor(), chosen, runtime().engine.clock())
    task = begin(db(), actor(), "manage", f"批量{known.label}{watched.noun}", params, runtime().engine.clock(), total)
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))


def _known(what: str, act: str) -> tuple[Watched, Act]:
    if what not in WATCHED or act not in WATCHED[what].acts:
        raise NotFound
    return WATCHED[what], WATCHED[what].acts[act]


def _chosen(what: str) -> Chosen:
    if request.form.get("all") == "1":
        return Chosen(values=dict(parse_qsl(request.form.get("filter", "")[:4000], keep_blank_values=True)), what=what)
    return Chosen(tuple(ticked(WATCHED[what].listing)), what=what)


def _back(what: str) -> str:
    back = request.form.get("back", "")
    return back if is_local(back) else url_for(f"monitor.{what}")
