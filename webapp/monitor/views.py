"""流程监控: how many instances of each version run, where they are on the diagram, and the lists of instances, messages and SMS."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from jobs.lists.monitoring import WATCHED, Chosen, count
from processes.deployment import versions
from processes.monitor.overview import ElementLoad, Numbers, element_loads, numbers
from processes.monitor.undelivered import OVER
from webapp.context import actor, db, runtime
from webapp.listing import Button, ListScreen, render_list

LEVELS = 5
BY: dict[str, str] = {"count": "数量", "age": "停留时间"}


def index() -> str:
    """Every version of which an instance runs, and the newest of each process."""
    now = runtime().engine.clock()
    found = numbers(db(), now)
    rows = versions.watched(db(), found)
    shown = [(row, found.get(row.id, Numbers())) for row in rows]
    total = [sum(getattr(count, name) for count in found.values()) for name in ("running", "suspended", "failed", "overdue", "retried")]
    failed = {name: count(db(), actor(), Chosen(values={}, what=name), now) for name in ("messages", "texts")}
    return render_template("monitor/index.html", rows=shown, total=Numbers(*total), failed=failed)


def process(key: str, number: int) -> str:
    """One version: its diagram, coloured by load, and the same numbers as a table."""
    definition = versions.version(db(), key, number)
    now = runtime().engine.clock()
    g.diagram = True
    return render_template(
        "monitor/process.html",
        definition=definition,
        loads=element_loads(db(), definition.id),
        numbers=numbers(db(), now).get(definition.id, Numbers()),
        others=versions.versions_of(db(), key),
        by=_by(),
        ways=BY,
        length=lambda since: duration(now - since),
    )


def heat(key: str, number: int) -> ResponseReturnValue:
    """The diagram's XML and the load of each element as a level: by how many tokens are on it, or by how long the median one has been."""
    definition = versions.version(db(), key, number)
    found, now = element_loads(db(), definition.id), runtime().engine.clock()
    size: Callable[[ElementLoad], float] = (lambda p: p.count) if _by() == "count" else (lambda p: (now - p.median).total_seconds())
    most = max((size(one) for one in found), default=0)
    shown = {p.element: {"level": _level(size(p), most), "count": _mark(p, now)} for p in found if p.element in definition.elements}
    notes = {p.element: [f"{p.count} 个在此", f"最久 {duration(now - p.oldest)}", f"中位 {duration(now - p.median)}"] for p in found}
    return {"xml": definition.xml, "tokens": [], "path": [], "notes": notes, "heat": shown}


def instances() -> str:
    """The list of instances."""
    return _list(
        "instances",
        help="所有机构的流程实例。勾选后可以批量挂起、恢复、终止、迁移、重试，或释放某人名下的待办。",
        show=lambda row: url_for("monitor.show", instance_id=row.id),
        empty="目前没有运行中的流程。",
    )


def messages() -> str:
    """The messages between processes; without a filter those that no process received."""
    return _list(
        "messages",
        help="一个流程发给另一个流程的消息。七天内没有流程接收的会过期，接收的流程多次办不了的不能送达；处理好原因后可以重试。",
        show=lambda row: url_for("monitor.show", instance_id=row.sender_id),
        row_buttons=lambda actor, row: [_retry(row.id, row.name)] if row.state in OVER else [],
        empty="没有未送达的消息。",
    )


def texts() -> str:
    """The SMS that failed."""
    return _list(
        "texts",
        help="短信平台拒绝或多次没有发出的短信：个人的消息提醒、首次登录密码和流程里的通知。核对手机号或平台后可以重新发送。",
        row_buttons=lambda actor, row: [
            _resend(row.id, row.person),
            *_of_its_process(row.instance_id),
        ],
        empty="没有发送失败的短信。",
    )


def _list(what: str, **screen: Any) -> str:
    watched = WATCHED[what]
    shown = ListScreen(listing=watched.listing, export="导出", **screen)
    return render_list(shown, db(), actor(), "monitor/list.html", what=what, watched=watched)


def _retry(message_id: int, name: str) -> Button:
    return Button("重试", url_for("monitor.retry_message", message_id=message_id), post=True, confirm=f"确定重试“{name}”吗？")


def _resend(text_id: str, person: str) -> Button:
    return Button("重新发送", url_for("monitor.resend", text_id=text_id), post=True, confirm=f"确定重新发送“{person}”吗？")


def _of_its_process(instance_id: int | None) -> list[Button]:
    return [] if instance_id is None else [Button("查看流程", url_for("monitor.show", instance_id=instance_id))]


def duration(length: timedelta) -> str:
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


def _mark(load: ElementLoad, now: datetime) -> str:
    return str(load.count) if _by() == "count" else duration(now - load.median)
