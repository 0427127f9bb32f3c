"""运行中的流程 (row 8.3): what runs on older versions stays there, or is migrated to the newest."""

from __future__ import annotations

from dataclasses import asdict

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.platform.background import begin
from jobs.lists.monitoring import Chosen
from processes.deployment import versions
from processes.errors import NotFound, Refused
from processes.monitor.managing import LONGEST_REASON
from processes.monitor.migration_forecast import forecast
from webapp.context import actor, db, later_task, runtime


def running(key: str) -> str:
    """Each older version on which something runs, and what migrating that would come to."""
    rows = versions.versions_of(db(), key)
    if not rows:
        raise NotFound
    older = [row for row in rows[1:] if row.running]
    shown = [(row, forecast(db(), row.id, rows[0].id)) for row in older]
    return render_template("designer/running.html", key=key, newest=rows[0], older=shown, longest=LONGEST_REASON)


def migrate_all(key: str, number: int) -> ResponseReturnValue:
    """迁移到新版本: begins the background work on all that runs on an older version."""
    rows, reason = versions.versions_of(db(), key), request.form.get("reason", "").strip()
    old = next((row for row in rows[1:] if row.version == number), None)
    if old is None:
        raise NotFound
    if not 0 < len(reason) <= LONGEST_REASON:
        raise Refused(f"请填写原因，最多 {LONGEST_REASON} 个字")
    params = {
        "act": "migrate",
        "reason": reason,
        "chosen": asdict(Chosen(definition_id=old.id)),
        "back": url_for("designer.show", key=key),
    }
    title = f"迁移：{old.name}第 {old.version} 版到第 {rows[0].version} 版"
    task = begin(db(), actor(), "manage", title, params, runtime().engine.clock(), old.running)
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))
