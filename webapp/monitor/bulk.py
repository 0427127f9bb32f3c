"""流程监控: one act on many rows of a list. A page asks for the reason, then a background task does it."""

from __future__ import annotations

from dataclasses import asdict

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.platform.background import begin
from jobs.lists.monitoring import WATCHED, Act, Chosen, Watched, count
from processes.errors import NotFound, Refused
from processes.monitor.managing import LONGEST_REASON
from webapp.context import actor, db, later_task, reads_only, runtime
from webapp.links import posted_back
from webapp.posted_data import posted_filters, ticked_rows


@reads_only
def ask(what: str, act: str) -> ResponseReturnValue:
    """The page that says how many rows are meant and asks why. It changes nothing."""
    watched, known = _known(what, act)
    chosen = _chosen(what)
    total = count(db(), actor(), chosen, runtime().engine.clock())
    if not total:
        flash(f"没有选中任何{watched.noun}，请勾选后再试。", "warning")
        return redirect(posted_back(f"monitor.{what}"))
    form = {"filter": request.form.get("filter", ""), "all": request.form.get("all", ""), "back": posted_back(f"monitor.{what}")}
    shown = {"what": what, "act": act, "watched": watched, "known": known, "total": total, "ids": chosen.ids, "form": form}
    return render_template("monitor/bulk.html", **shown, longest=LONGEST_REASON)


def begin_act(what: str, act: str) -> ResponseReturnValue:
    """Begins the background task."""
    watched, known = _known(what, act)
    chosen, reason = _chosen(what), request.form.get("reason", "").strip()
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Refused(f"请填写原因，最多 {LONGEST_REASON} 个字")
    params = {"act": act, "reason": reason, "chosen": asdict(chosen), "back": posted_back(f"monitor.{what}")}
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
        return Chosen(values=posted_filters(), what=what)
    return Chosen(tuple(ticked_rows(WATCHED[what].listing)), what=what)
