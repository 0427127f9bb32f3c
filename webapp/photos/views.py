"""批量导入考生照片 (manual 5.2.3): a zip in pieces, its progress, and a page of thumbnails on which a crop is taken with a click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from domain.certificates.pilots import grounds_asked
from domain.exams.candidates import Candidate, candidates_query
from domain.exams.photos import read_photo
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform.background import BackgroundTask
from domain.platform.photo_imports import (
    SHOWN_FOR,
    PhotoImport,
    PhotoImportState,
    PhotoItem,
    PhotoState,
    items_query,
    photo_import_of,
    photo_imports_query,
)
from forms.kinds import SCHOOL
from forms.listing import Column
from jobs.keeping import kept_bytes
from jobs.lists import exports
from jobs.photos import arriving
from jobs.photos.arriving import MOST, PIECE, OutOfPlace, Sent
from jobs.photos.giving import Owner, owners_of
from jobs.photos.grounds import DEFAULT
from processes.errors import NotAllowed, NotFound, Refused
from webapp.context import actor, db, later_task, runtime
from webapp.paging import Paged, page_of

blueprint = Blueprint("photos", __name__, url_prefix="/candidates")
SHOWN = 48  # thumbnails of a page: rows of eight, six, four or three
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TABS = {
    "asking": ("将替换已有照片", PhotoState.ASKING),
    "misnamed": ("待确认考生", PhotoState.MISNAMED),
    "mendable": ("可一键裁剪", PhotoState.MENDABLE),
    "refused": ("未通过", PhotoState.REFUSED),
    "given": ("已导入", PhotoState.GIVEN),
}
"""Name in the address → label, and the state of the photos under it."""
FAILURE_COLUMNS = (
    Column("文件", lambda row: row.name),
    Column("证件号", lambda row: row.id_number),
    Column("原因", lambda row: row.problem),
)


@dataclass(frozen=True)
class Shown:
    """A page of thumbnails under one tab."""

    tab: str
    tabs: Sequence[tuple[str, str, int]]
    page: Paged
    items: Sequence[PhotoItem]
    people: Mapping[int, str]
    """Ids of candidates → how they are called."""
    meant: Mapping[int, Owner]
    """Number of a photo that nobody has yet → the candidate whom its name means."""
    replaced: int
    """Of all photos that were given, how many replaced another one."""
    same: int
    """And how many are those that the candidates had already."""


@blueprint.get("/photos/")
def index() -> str:
    """The choice of a zip, what photos must be like, and the imports so far."""
    return _index(_school())


@blueprint.post("/photos/")
def create() -> ResponseReturnValue:
    """Begins an upload, or finds the one to go on with: `{"id", "received", "piece", "pieces", "begin"}`, or a message and 422.

    Where no script runs the whole zip comes at once, with the form.
    """
    who, settings, now = _school(), runtime().settings, runtime().engine.clock()
    whole = request.files.get("file")
    if whole is not None:
        return _whole(who, whole.filename or "", whole.stream.read())
    form = request.form
    size = form.get("size", "")
    if not size.isdecimal() or len(size) > 12:
        return _refused(who, "请先选择要导入的压缩包")
    sent = Sent(form.get("name", ""), int(size), form.get("modified", ""), form.get("ground", DEFAULT))
    try:
        record = arriving.begin(db(), settings, who, sent, kept_bytes(db(), settings, who, now), now)
    except DomainError as error:
        return _refused(who, str(error))
    return {
        "id": record.id,
        "received": record.received,
        "piece": PIECE,
        "pieces": url_for(".add_piece", import_id=record.id),
        "begin": url_for(".start", import_id=record.id),
    }


@blueprint.post("/photos/<int:import_id>/pieces")
def add_piece(import_id: int) -> ResponseReturnValue:
    """Takes the piece that begins `at` a byte: `{"received"}`, how many bytes there are by now; 409 where it does not follow on them."""
    record, at = record_of(import_id), request.args.get("at", type=int)
    if record.state != PhotoImportState.ARRIVING or record.person_id != actor().person_id or at is None:
        raise NotFound
    content = request.stream.read(PIECE + 1)
    if at != record.received or not 0 < len(content) <= min(PIECE, record.size - at):
        return {"received": record.received}, 409
    db().rollback()  # writing to the disk must hold no lock
    try:
        arriving.write_piece(runtime().settings, import_id, at, content)
    except OutOfPlace as error:
        return {"message": str(error)}, 422
    return {"received": arriving.note_piece(db(), record_of(import_id), at, len(content))}


@blueprint.post("/photos/<int:import_id>/begin")
def start(import_id: int) -> ResponseReturnValue:
    """The zip is there: looks at its photos in the background."""
    record = record_of(import_id)
    later_task(arriving.begin_work(db(), actor(), record, runtime().engine.clock()))
    address = url_for(".show", import_id=import_id)
    return {"address": address} if request.headers.get("X-Requested-With") == "fetch" else redirect(address)


@blueprint.post("/photos/<int:import_id>/resume")
def go_on(import_id: int) -> ResponseReturnValue:
    """继续: work that was cancelled or failed."""
    record = record_of(import_id)
    db().refresh(record, with_for_update=True)  # of two people who press the button, the second finds a task that runs
    if not _stuck(record):
        raise Refused("导入没有中断，请刷新后查看进度。")
    later_task(arriving.again(db(), actor(), record, runtime().engine.clock()))
    return redirect(url_for(".show", import_id=import_id))


@blueprint.post("/photos/<int:import_id>/drop")
def give_up(import_id: int) -> ResponseReturnValue:
    """放弃: a zip that has not been worked on."""
    arriving.drop(db(), runtime().settings, record_of(import_id))
    flash("已放弃，没有导入任何照片。", "success")
    return redirect(url_for(".index"))


@blueprint.get("/photos/<int:import_id>")
def show(import_id: int) -> str:
    """How an import stands: progress, then thumbnails of what was given, refused, and could be mended."""
    record = record_of(import_id)
    task = _task(record)
    working = record.state == PhotoImportState.WORKING or (task is not None and not task.over)
    stuck = _stuck(record)
    checked = _checked(record)
    return render_template(
        "photos/show.html",
        record=record,
        task=task,
        working=working and not stuck,
        stuck=stuck,
        droppable=stuck and arriving.may_be_dropped(db(), record),
        shown=_shown(record) if not working else None,
        steps=_steps(record, task, checked),
        sentence=_sentence(task, checked),
        old=runtime().engine.clock() > record.created_at + SHOWN_FOR,
    )


@blueprint.get("/photos/<int:import_id>.json")
def progress(import_id: int) -> dict[str, Any]:
    """What the page's script asks for every second or two."""
    record = record_of(import_id)
    task = _task(record)
    checked = _checked(record)
    handled, total = _steps(record, task, checked)
    return {"over": task is None or task.over, "handled": handled, "total": total, "sentence": _sentence(task, checked)}


@blueprint.get("/photos/<int:import_id>/<int:number>.jpg")
def photo(import_id: int, number: int) -> Response:
    """A photo that was given, or the crop that would mend one, for those who see the import."""
    item = db().get(PhotoItem, (record_of(import_id).id, number))
    return jpeg(item.photo if item is not None else None)


@blueprint.get("/photos/<int:import_id>/<int:number>/preview.jpg")
def preview(import_id: int, number: int) -> Response:
    """A small picture of a refused photo, for those who see the import."""
    item = db().get(PhotoItem, (record_of(import_id).id, number))
    return jpeg(item.preview if item is not None else None)


@blueprint.get("/photos/<int:import_id>/<int:number>/earlier.jpg")
def earlier(import_id: int, number: int) -> Response:
    """The photo that a candidate had before, beside which the new one stands, for those who see the import."""
    item = db().get(PhotoItem, (record_of(import_id).id, number))
    return jpeg(item.earlier if item is not None else None)


@blueprint.get("/photos/<int:import_id>/failed.xlsx")
def failed(import_id: int) -> ResponseReturnValue:
    """The photos that candidates do not have, with the reasons."""
    record, file = record_of(import_id), BytesIO()
    exports.write(db(), items_query(record.id, [PhotoState.MISNAMED, PhotoState.MENDABLE, PhotoState.REFUSED]), FAILURE_COLUMNS, file)
    file.seek(0)
    return send_file(file, XLSX, as_attachment=True, download_name=f"{record.file_name}-未通过的照片.xlsx")


def jpeg(sha256: str | None) -> Response:
    """A kept picture. It is a person's: no cache keeps it (`webapp.app` says no-store to everything that is not static)."""
    content = read_photo(runtime().settings.home, sha256) if sha256 else None
    if content is None:
        abort(404)
    answer = Response(content, mimetype="image/jpeg")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _whole(who: Actor, name: str, content: bytes) -> ResponseReturnValue:
    """A zip that came with its form, of the size that one request may have."""
    settings, now = runtime().settings, runtime().engine.clock()
    sent = Sent(name.replace("\\", "/").rpartition("/")[2], len(content), ground=request.form.get("ground", DEFAULT))
    try:
        record = arriving.begin(db(), settings, who, sent, kept_bytes(db(), settings, who, now), now)
        arriving.write_piece(settings, record.id, 0, content)
        record.received = record.size
        db().flush()
        later_task(arriving.begin_work(db(), who, record, now))
    except DomainError as error:
        return _refused(who, str(error))
    return redirect(url_for(".show", import_id=record.id))


def _refused(who: Actor, problem: str) -> ResponseReturnValue:
    if request.headers.get("X-Requested-With") == "fetch":
        return {"message": problem}, 422
    return _index(who, problem), 422


def _school() -> Actor:
    if SCHOOL not in actor().roles:
        raise NotAllowed
    return actor()


def record_of(import_id: int) -> PhotoImport:
    record = photo_import_of(db(), actor(), import_id)
    if record is None:
        raise NotFound
    return record


def _task(record: PhotoImport) -> BackgroundTask | None:
    return db().get(BackgroundTask, record.task_id) if record.task_id is not None else None


def _stuck(record: PhotoImport) -> bool:
    """Whether work on an import has stopped before its end."""
    task = _task(record)
    left = record.state == PhotoImportState.WORKING or db().scalar(items_query(record.id, [PhotoState.GOOD]).limit(1)) is not None
    return left and (task is None or task.over)


def _index(who: Actor, problem: str | None = None) -> str:
    query = photo_imports_query(who)
    total = db().scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    page = page_of(request.args, total)
    rows = db().scalars(query.limit(page.size).offset(page.offset)).all()
    return render_template(
        "photos/index.html",
        rows=rows,
        stopped={row.id for row in rows if _stuck(row)},
        page=page,
        problem=problem,
        most=MOST // 1048576,
        grounds=grounds_asked(db(), who),
        me=who.person_id,
    )


def _shown(record: PhotoImport) -> Shown:
    counts: dict[str, int] = {name: getattr(record, state.value) for name, (_, state) in TABS.items()}
    tabs = [(name, label, counts[name]) for name, (label, _) in TABS.items() if counts[name]]
    asked = request.args.get("tab", "")
    tab = asked if counts.get(asked) else tabs[0][0] if tabs else "given"
    page = page_of(request.args, counts[tab], SHOWN)
    items = db().scalars(items_query(record.id, [TABS[tab][1]]).limit(page.size).offset(page.offset)).all()
    owners = owners_of(db(), actor(), [item.id_number for item in items if item.state in (PhotoState.MISNAMED, PhotoState.MENDABLE)])
    meant = {item.number: owners[item.id_number][0] for item in items if owners.get(item.id_number)}
    ids = [item.candidate_id for item in items if item.candidate_id is not None] + [one.id for one in meant.values()]
    people = {row.id: row.title() for row in db().scalars(candidates_query(actor()).where(Candidate.id.in_(ids)))} if ids else {}
    return Shown(tab, tabs, page, items, people, meant, *_replaced(record))


def _replaced(record: PhotoImport) -> tuple[int, int]:
    """How many of the photos that were given replaced another one, and how many the candidates had already."""
    mine = (PhotoItem.import_id == record.id, PhotoItem.state == PhotoState.GIVEN, PhotoItem.earlier.is_not(None))
    same = func.count().filter(PhotoItem.earlier == PhotoItem.photo)
    every, alike = db().execute(select(func.count(), same).where(*mine)).one()
    return every - alike, alike


def _checked(record: PhotoImport) -> int | None:
    """How many photos were looked at while a zip is worked on; None at other times."""
    if record.state != PhotoImportState.WORKING:
        return None
    looked_at = (PhotoItem.import_id == record.id, PhotoItem.state != PhotoState.WAITING)
    return db().scalar(select(func.count()).select_from(PhotoItem).where(*looked_at)) or 0


def _steps(record: PhotoImport, task: BackgroundTask | None, checked: int | None) -> tuple[int, int | None]:
    """How many steps are done, of how many: each photo is looked at, and then given or refused; of crops that are taken only the latter."""
    if task is None or not task.total:
        return 0, None
    ended = task.done + task.failed
    return (ended, task.total) if checked is None else (checked + ended, record.total + task.total)


def _sentence(task: BackgroundTask | None, checked: int | None) -> str:
    if task is None or not task.total:
        return "正在读取压缩包…"
    looked_at = "" if checked is None else f"已检查 {checked} 张，"
    return f"共 {task.total} 张，{looked_at}已导入 {task.done} 张，未通过或待确认 {task.failed} 张，正在检查和导入…"
