"""后台任务: what runs for me in the background, its progress, its result; cancel and retry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from tempfile import TemporaryFile
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from domain.ground.tones import Tone
from domain.platform.background import (
    LIVE,
    STATES,
    BackgroundTask,
    TaskState,
    cancel,
    failures_query,
    forget_result,
    retry,
    task_of,
    tasks_query,
)
from forms.listing import Column
from forms.lists import KINDS
from jobs.background import result_file
from jobs.lists import exports
from jobs.lists.instances import ROLE
from processes.definitions.store import latest
from processes.errors import NotFound
from webapp.context import actor, db, later_task, runtime
from webapp.links import is_local

blueprint = Blueprint("background", __name__, url_prefix="/background")
SIZE = 20
SHOWN = 100  # failed items on the page; the file has them all
FAILURE_COLUMNS = (
    Column("序号", lambda row: row.number, "number"),
    Column("记录", lambda row: row.label),
    Column("失败原因", lambda row: row.reason),
)
TONES = {
    TaskState.WAITING: Tone.DRAFT,
    TaskState.RUNNING: Tone.WAITING,
    TaskState.DONE: Tone.DONE,
    TaskState.FAILED: Tone.FAILED,
    TaskState.CANCELLED: Tone.DRAFT,
}


@blueprint.get("/")
def index() -> str:
    """The actor's tasks, newest first, a page of them; `state=live`: those that wait or run."""
    query, live = tasks_query(actor()), request.args.get("state") == "live"
    if live:
        query = query.where(BackgroundTask.state.in_(LIVE))
    total = db().scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    last = max(1, -(-total // SIZE))
    asked = request.args.get("page", "1")
    page = min(max(int(asked) if asked.isdecimal() and len(asked) < 7 else 1, 1), last)
    rows = db().scalars(query.limit(SIZE).offset((page - 1) * SIZE)).all()
    shown = {"rows": rows, "total": total, "page": page, "last": last, "live": live}
    return render_template("background/index.html", actor=actor(), states=STATES, tones=TONES, **shown)


@blueprint.get("/<int:task_id>")
def show(task_id: int) -> str:
    """Progress, then the outcome."""
    task = _task(task_id)
    back = str(task.params.get("back", ""))
    return render_template(
        "background/show.html",
        task=task,
        state=STATES[task.state],
        tone=TONES[task.state],
        sentence=_sentence(task),
        going_on=_going_on(task),
        title=task.title_for(actor()),
        mine=task.is_of(actor()),
        warned=task.result.get("warned", ()) if task.is_of(actor()) else (),
        has_file=task.result_is_for(actor()) and result_file(runtime().settings, task) is not None,
        back=back if is_local(back) else url_for(".index"),
        failures=db().scalars(failures_query(task).limit(SHOWN)).all() if task.failed and task.is_of(actor()) else [],
        address=_address_of(task),
    )


@blueprint.get("/<int:task_id>.json")
def progress(task_id: int) -> dict[str, Any]:
    """What the page's script asks for every second or two."""
    task = _task(task_id)
    handled = task.done + task.failed
    return {"state": task.state, "handled": handled, "total": task.total, "sentence": _sentence(task), "over": task.over}


@blueprint.get("/<int:task_id>/result")
def result(task_id: int) -> ResponseReturnValue:
    """The result's file, for whom it was made, with the rights of then."""
    task = _task(task_id)
    if not task.is_of(actor()):
        raise NotFound
    if not task.result_is_for(actor()):
        raise NotFound("您的角色在生成此文件之后有变化，请重新发起。")
    path = result_file(runtime().settings, task)
    if path is None:
        raise NotFound("结果文件已删除（最多保留 7 天），请重新发起。")
    return send_file(path, as_attachment=True, download_name=str(task.result["name"]))


@blueprint.post("/<int:task_id>/forget")
def forget(task_id: int) -> ResponseReturnValue:
    """删除文件: whoever began the task needs its file no more. It counts as kept no longer; the scheduler deletes it."""
    task = _task(task_id)
    if not task.is_of(actor()):
        raise NotFound
    if forget_result(db(), task, runtime().engine.clock()):
        flash("文件已删除。", "success")
    else:
        flash("没有可以删除的文件。", "warning")
    return redirect(url_for(".show", task_id=task_id))


@blueprint.get("/<int:task_id>/failures")
def failures(task_id: int) -> ResponseReturnValue:
    """The items that failed, as Excel, for whoever began the task."""
    task = _task(task_id)
    if not task.is_of(actor()):
        raise NotFound
    file = TemporaryFile()  # noqa: SIM115  # the response closes it
    exports.write(db(), failures_query(task), FAILURE_COLUMNS, file)
    file.seek(0)
    return send_file(file, exports.MEDIA_TYPE, as_attachment=True, download_name=f"{task.title}-失败明细.xlsx")


@blueprint.post("/<int:task_id>/cancel")
def stop(task_id: int) -> ResponseReturnValue:
    """取消."""
    if cancel(db(), _task(task_id), runtime().engine.clock()):
        flash("已取消。取消前已完成的部分不受影响。", "success")
    else:
        flash("任务已经结束，不能取消。", "warning")
    return redirect(url_for(".show", task_id=task_id))


@blueprint.post("/<int:task_id>/retry")
def again(task_id: int) -> ResponseReturnValue:
    """重试."""
    if retry(db(), _task(task_id), runtime().engine.clock()):
        later_task(task_id)
        flash("已重新开始，将从上次停下的地方继续。", "success")
    else:
        flash("任务没有失败，无须重试。", "warning")
    return redirect(url_for(".show", task_id=task_id))


def _address_of(task: BackgroundTask) -> Callable[[int], str] | None:
    """Where the records of a batch are shown."""
    if task.kind == "manage" and ROLE in actor().roles:
        return lambda instance_id: url_for("monitor.show", instance_id=instance_id)
    key = task.result.get("key")
    return (lambda record_id: url_for(f"{key}.show", record_id=record_id)) if key in KINDS else None


def _going_on(task: BackgroundTask) -> str | None:
    """What a batch that is over has only set going: the step of an outside system in which the diagram's button is blocked."""
    act = task.params.get("act") if task.kind == "batch" else None
    if not act or act["element"] is not None or act["key"] not in KINDS or not task.over or not task.done:
        return None
    elements = latest(db(), act["key"]).elements.values()
    return next((one.label for one in elements if one.tag == "serviceTask" and one.properties.get("blockedAction") == act["name"]), None)


def _task(task_id: int) -> BackgroundTask:
    task = task_of(db(), actor(), task_id)
    if task is None:
        raise NotFound
    return task


def _sentence(task: BackgroundTask) -> str:
    """How it stands, as people read it."""
    counts = f"完成 {task.done} 条，失败 {task.failed} 条"
    if task.state == TaskState.WAITING:
        return "正在排队，马上开始。" if not task.done + task.failed else f"{counts}，等待继续。"
    if task.state == TaskState.DONE and task.is_of(actor()) and (told := task.result.get("told")):
        return f"{told}。"
    if task.state != TaskState.RUNNING:
        return f"{counts}。"
    if not task.total:
        return "正在准备…"
    left = task.time_left(runtime().engine.clock())
    return f"共 {task.total} 条，{counts}" + (f"，预计还需 {_duration(left)}。" if left is not None else "。")


def _duration(time: timedelta) -> str:
    seconds = max(1, round(time.total_seconds()))
    if seconds < 60:
        return f"{seconds} 秒"
    minutes = -(-seconds // 60)
    return f"{minutes} 分钟" if minutes < 60 else f"{minutes // 60} 小时 {minutes % 60} 分钟"
