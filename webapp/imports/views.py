"""Imports of every kind: template, upload, preview with corrections, taking in, 导入记录."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from domain.ground.errors import DomainError
from domain.platform.background import BackgroundTask
from domain.platform.budgets import UsedUp, check_bytes, check_imports, check_sheets
from domain.platform.imports import ImportRecord, ImportState, import_of, imports_query
from jobs.imports import import_named, returned_rows
from jobs.imports.checking import row_check
from jobs.imports.choosing import NothingChosen, choose, offers
from jobs.imports.correcting import OPEN, RowClosed, correct
from jobs.imports.deciding import BUSY, begin_taking, drop, interrupted, resume
from jobs.imports.description import Import
from jobs.imports.originals import MAX_ROWS as MAX_OWN
from jobs.imports.receiving import AlreadyImported, receive, uploaded
from jobs.imports.template import template_of
from jobs.keeping import kept_bytes
from processes.errors import NotAllowed, NotFound
from webapp.context import actor, db, later_task, runtime
from webapp.imports.preview import Preview, posted_changes, preview, typed_texts
from webapp.paging import page_of

blueprint = Blueprint("imports", __name__, url_prefix="/imports")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/<kind>/")
def index(kind: str) -> str:
    """The form for a file, and 导入记录."""
    return index_page(description_of(kind))


@blueprint.get("/<kind>/template.xlsx")
def template(kind: str) -> ResponseReturnValue:
    """The template of this import."""
    description = description_of(kind)
    if description.amends is not None:  # its templates are filled with records that somebody chose
        raise NotFound
    columns = row_check(db(), description).columns
    content = template_of(description.noun, columns, description.choices(db(), actor()))
    return send_file(BytesIO(content), XLSX, as_attachment=True, download_name=f"{description.noun}导入模板.xlsx")


@blueprint.post("/<kind>/")
def upload(kind: str) -> ResponseReturnValue:
    """Takes a file in and begins to check it."""
    description = description_of(kind)
    file = request.files.get("file")
    if file is None or not file.filename:
        return index_page(description, f"请先选择要{'导入' if description.amends is None else '上传'}的文件"), 422
    settings, now = runtime().settings, runtime().engine.clock()
    who = actor()
    if (closed := description.closed(db(), who, now)) is not None:
        return index_page(description, closed), 409
    try:
        check_imports(db(), settings.budgets, who)
        db().rollback()  # writing the file to disk, and looking at it, must hold no lock
        with uploaded(settings, Path(file.filename.replace("\\", "/")).name, file.stream) as found:
            check_imports(db(), settings.budgets, who)  # again: somebody else may have uploaded one meanwhile
            check_bytes(db(), settings.budgets, who, kept_bytes(db(), settings, who, now), found.path.stat().st_size)
            record = receive(db(), settings, who, description, found, now)
    except AlreadyImported as error:
        flash(str(error), "warning")
        return redirect(url_for(".show", kind=kind, import_id=error.import_id))
    except DomainError as error:
        return index_page(description, str(error)), 422
    later_task(record.task_id or 0)
    return redirect(url_for(".show", kind=kind, import_id=record.id))


@blueprint.get("/<kind>/<int:import_id>")
def show(kind: str, import_id: int) -> str:
    """How an import stands: progress, then the preview of good and bad rows, then what became of it."""
    description, record = description_of(kind), _record(kind, import_id)
    return _show(description, record, preview(db(), description, record, request.args))


@blueprint.get("/<kind>/<int:import_id>.json")
def progress(kind: str, import_id: int) -> dict[str, Any]:
    """What the page's script asks for every second or two."""
    description = description_of(kind)
    record = _record(kind, import_id)
    task = db().get(BackgroundTask, record.task_id) if record.task_id is not None else None
    over = record.state not in BUSY or interrupted(db(), record)
    handled, total = (task.done + task.failed, task.total) if task is not None else (0, None)
    return {"over": over, "handled": handled, "total": total, "sentence": _sentence(record, handled, total, description.verb)}


@blueprint.post("/<kind>/<int:import_id>/choose")
def choose_sheets(kind: str, import_id: int) -> Any:
    """Which of several filled sheets are meant."""
    description, record = description_of(kind), _record(kind, import_id)
    try:
        names, now = request.form.getlist("sheet"), runtime().engine.clock()
        db().refresh(record, with_for_update=True)  # in the order of everybody: the import, then the budgets
        check_sheets(db(), runtime().settings.budgets, actor(), len(set(names)))
        chosen = choose(db(), runtime().settings, actor(), description, record, names, now)
    except (NothingChosen, UsedUp) as error:
        return _show(description, record, preview(db(), description, record, {}), str(error)), 422
    for one in chosen:
        later_task(one.task_id or 0)
    if len(chosen) > 1:
        others = f"其余的请在“{description.records}”中查看。"
        flash(f"所选的 {len(chosen)} 个工作表分别检查、分别{description.verb}，这里是“{record.sheet}”，{others}", "success")
    return redirect(url_for(".show", kind=kind, import_id=import_id))


@blueprint.post("/<kind>/<int:import_id>/rows")
def correct_rows(kind: str, import_id: int) -> ResponseReturnValue:
    """Corrects the cells of this page's rows and checks these rows again."""
    description, record = description_of(kind), _record(kind, import_id)
    changes = posted_changes(request.form)
    try:
        good = correct(db(), actor(), description, record, changes)
    except RowClosed as error:
        db().rollback()  # what is shown is compared with what is stored
        typed = typed_texts(db(), description, record, changes)
        return render_template("imports/not_corrected.html", description=description, record=record, rows=typed, problem=str(error)), 409
    bad = len(changes) - good
    flash(f"重新检查了 {len(changes)} 行：{good} 行通过" + (f"，{bad} 行仍有问题。" if bad else "。"), "warning" if bad else "success")
    return redirect(url_for(".show", kind=kind, import_id=import_id))


@blueprint.post("/<kind>/<int:import_id>/take")
def take(kind: str, import_id: int) -> ResponseReturnValue:
    """导入: takes the good rows in."""
    description, record = description_of(kind), _record(kind, import_id)
    try:
        begin_taking(db(), actor(), description, record, runtime().engine.clock())
    except DomainError as error:
        return _not_done(kind, import_id, error)
    later_task(record.task_id or 0)
    return redirect(url_for(".show", kind=kind, import_id=import_id))


@blueprint.post("/<kind>/<int:import_id>/resume")
def go_on(kind: str, import_id: int) -> ResponseReturnValue:
    """继续: work that was cancelled or failed."""
    description, record = description_of(kind), _record(kind, import_id)
    try:
        resume(db(), actor(), description, record, runtime().engine.clock())
    except DomainError as error:
        return _not_done(kind, import_id, error)
    later_task(record.task_id or 0)
    return redirect(url_for(".show", kind=kind, import_id=import_id))


@blueprint.post("/<kind>/<int:import_id>/drop")
def give_up(kind: str, import_id: int) -> ResponseReturnValue:
    """放弃: nothing was taken in, nothing is."""
    description = description_of(kind)
    try:
        drop(db(), _record(kind, import_id))
    except DomainError as error:
        return _not_done(kind, import_id, error)
    flash(f"已放弃本次{description.verb}，没有写入任何数据。", "success")
    return redirect(url_for(".index", kind=kind))


def _not_done(kind: str, import_id: int, error: DomainError) -> ResponseReturnValue:
    """Leads to the import as it stands now, which says why nothing was done: somebody else was first."""
    flash(str(error), "warning")
    return redirect(url_for(".show", kind=kind, import_id=import_id))


@blueprint.get("/<kind>/<int:import_id>/failed.xlsx")
def failed(kind: str, import_id: int) -> ResponseReturnValue:
    """The rows that failed: in the sender's own workbook where it can be made at once, else as a list."""
    description, record = description_of(kind), _record(kind, import_id)
    if not record.bad:
        raise NotFound("该导入没有未通过的行。")
    name = returned_rows.file_name(record)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "failed.xlsx"
        returned_rows.write(db(), runtime().settings, description, record, path)
        content = BytesIO(path.read_bytes())
    return send_file(content, XLSX, as_attachment=True, download_name=name)


@blueprint.post("/<kind>/<int:import_id>/failed")
def give_back(kind: str, import_id: int) -> ResponseReturnValue:
    """The same in the background, where it takes longer than a person waits."""
    description, record = description_of(kind), _record(kind, import_id)
    task_id = returned_rows.begin(db(), actor(), description, record, runtime().engine.clock())
    later_task(task_id)
    return redirect(url_for("background.show", task_id=task_id))


@dataclass(frozen=True)
class Chosen:
    """The records that are to be changed: how many, and what says which."""

    total: int
    ids: Sequence[int]
    filter: str
    back: str


def description_of(kind: str) -> Import:
    """The description of a kind of import.

    Raises:
        NotFound: there is none; NotAllowed: it is not for this actor.
    """
    description = import_named(kind)
    if description is None:
        raise NotFound
    if description.role not in actor().roles:
        raise NotAllowed
    if not description.offered(db(), actor()):
        raise NotFound
    g.belongs_to = description.back  # the line of the menu
    return description


def _record(kind: str, import_id: int) -> ImportRecord:
    record = import_of(db(), actor(), kind, import_id)
    if record is None:
        raise NotFound
    return record


def _way(record: ImportRecord) -> str:
    """How the rows that failed come back; empty where none has."""
    return returned_rows.way(runtime().settings, record) if record.bad and record.state in OPEN else ""


def index_page(description: Import, problem: str | None = None, chosen: Chosen | None = None) -> str:
    """The form for a file, and the list of earlier ones. `chosen`: the records whose template is offered."""
    query = imports_query(actor(), description.key)
    total = db().scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    page = page_of(request.args, total)
    rows = db().scalars(query.limit(page.size).offset(page.offset)).all()
    each = {"ways": {row.id: _way(row) for row in rows}, "stopped": {row.id for row in rows if interrupted(db(), row)}}
    return render_template(
        "imports/index.html",
        description=description,
        into=description.into(db(), actor()),
        closed=description.closed(db(), actor(), runtime().engine.clock()),
        rows=rows,
        page=page,
        problem=problem,
        chosen=chosen,
        **each,
    )


def _show(description: Import, record: ImportRecord, shown: Preview, problem: str | None = None) -> str:
    task = db().get(BackgroundTask, record.task_id) if record.task_id is not None else None
    return render_template(
        "imports/show.html",
        description=description,
        record=record,
        into=description.into(db(), actor()),
        closed=description.closed(db(), actor(), runtime().engine.clock()),
        preview=shown,
        busy=record.state in BUSY and not interrupted(db(), record),
        stuck=interrupted(db(), record),
        offers=offers(db(), actor(), description, record) if record.state == ImportState.CHOOSING else (),
        problem=problem,
        ticked=request.form.getlist("sheet"),
        way=_way(record),
        own_rows=MAX_OWN,
        task=task,
        sentence=_sentence(record, task.done + task.failed if task else 0, task.total if task else None, description.verb),
    )


def _sentence(record: ImportRecord, handled: int, total: int | None, verb: str) -> str:
    if record.state == ImportState.CHECKING:
        return f"正在检查，已检查 {handled} 行…"
    return f"正在{verb}，共 {total} 行，已处理 {handled} 行…" if total else f"正在{verb}…"
