"""流程监控: what runs of each version, where it stands on the diagram, and the list of instances."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import g, render_template, request, url_for

from jobs.monitoring import ACTS, INSTANCES
from processes import versions
from processes.overview import Numbers, Place, numbers, places
from webapp.context import actor, db, runtime
from webapp.listing import ListScreen, render_list

LEVELS = 5
BY: dict[str, str] = {"count": "数量", "age": "停留时间"}


def index() -> str:
    """Every version that runs, and the newest of each process."""
    found = numbers(db(), runtime().engine.clock())
    rows = versions.watched(db(), found)
    shown = [(row, found.get(row.id, Numbers())) for row in rows]
    total = [sum(getattr(count, name) for count in found.values()) for name in ("running", "suspended", "failed", "overdue")]
    return render_template("monitor/index.html", rows=shown, total=Numbers(*total))


def process(key: str, number: int) -> str:
    """One version: the diagram with heat, and the same as a table."""
    definition = versions.version(db(), key, number)
    now = runtime().engine.clock()
    g.diagram = True
    return render_template(
        "monitor/process.html",
        definition=definition,
        places=places(db(), definition.id),
        numbers=numbers(db(), now).get(definition.id, Numbers()),
        others=versions.versions_of(db(), key),
        by=_by(),
        ways=BY,
        length=lambda since: told(now - since),
    )


def heat(key: str, number: int) -> Any:
    """The diagram's XML, and how hot each element is: by how many stand there, or by how long the middle one does."""
    definition = versions.version(db(), key, number)
    found, now = places(db(), definition.id), runtime().engine.clock()
    size: Callable[[Place], float] = (lambda p: p.count) if _by() == "count" else (lambda p: (now - p.median).total_seconds())
    most = max((size(place) for place in found), default=0)
    shown = {p.element: {"level": _level(size(p), most), "count": _mark(p, now)} for p in found if p.element in definition.elements}
    notes = {p.element: [f"{p.count} 个在此", f"最久 {told(now - p.oldest)}", f"中位 {told(now - p.median)}"] for p in found}
    return {"xml": definition.xml, "tokens": [], "path": [], "notes": notes, "heat": shown}


def instances() -> str:
    """The list of instances."""
    screen = ListScreen(
        listing=INSTANCES,
        help="所有机构的流程实例。勾选后可以批量挂起、恢复、终止或重试。",
        show=lambda row: url_for("monitor.show", instance_id=row.id),
        empty="目前没有运行中的流程。",
    )
    return render_list(screen, db(), actor(), "monitor/instances.html", acts=ACTS)


def told(length: timedelta) -> str:
    """A length of time in its two largest units at most: 3 天 4 小时."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    return f"{hours} 小时 {minutes % 60} 分钟" if hours else f"{minutes} 分钟"


def _by() -> str:
    return request.args["by"] if request.args.get("by") in BY else "count"


def _level(size: float, most: float) -> int:
    return max(1, min(LEVELS, -(-int(size * LEVELS * 1000) // max(1, int(most * 1000)))))


def _mark(place: Place, now: datetime) -> str:
    return str(place.count) if _by() == "count" else told(now - place.median)
