"""A zip of photos arrives in pieces: a slow line, a login that ends or a page that is closed costs one piece, not the zip."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.certificates.pilots import grounds_asked
from domain.exams.photos import folder_of
from domain.ground.database import rows_changed
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.settings import Settings
from domain.platform import background
from domain.platform.background import BackgroundTask
from domain.platform.budgets import Kept, check_bytes, check_photo_imports
from domain.platform.files import tidy_name
from domain.platform.photo_imports import PhotoImport, PhotoImportState, move, photo_imports_query
from jobs.photos.grounds import DEFAULT

MEGABYTE = 1024 * 1024
MOST = 500 * MEGABYTE  # bytes of a zip: 10,000 photos of 50 KB
PIECE = 2 * MEGABYTE  # bytes of a piece, of which one holds no thread of the web server for long
TASK = "photos"
"""Kind of the background task that looks at the photos and gives them to candidates."""
BEGUN = (PhotoImportState.WORKING, PhotoImportState.DONE)


class OutOfPlace(DomainError):
    """这一段与已收到的内容接不上，请重新选择文件，从断开的地方继续上传。"""


def zip_of(settings: Settings, import_id: int) -> Path:
    """Where a zip lies; web and workers share the folder."""
    return folder_of(settings.home) / f"zip-{import_id}"


@dataclass(frozen=True)
class Sent:
    """What a browser says of a zip before it sends it."""

    name: str
    size: int
    """Bytes."""
    modified: str = ""
    """When it was last changed: a file of the same name and size may be another one."""
    ground: str = DEFAULT


def begin(session: Session, settings: Settings, actor: Actor, sent: Sent, kept: Kept, now: datetime) -> PhotoImport:
    """The import of a zip of which no piece has come yet; where the same person has begun to send the same file, that one goes on.

    `kept`: what lies on disk for the actor and their school (`jobs.keeping.kept_bytes`).

    Raises:
        DomainError: it is too large, empty, no zip by its name, or more than what the actor and their school may have waiting.
    """
    name, size, modified = tidy_name(sent.name), sent.size, sent.modified[:20]
    known = photo_imports_query(actor).where(
        PhotoImport.state == PhotoImportState.ARRIVING,
        PhotoImport.person_id == actor.person_id,
        PhotoImport.file_name == name,
        PhotoImport.size == size,
        PhotoImport.modified == modified,
    )
    if (going_on := session.scalars(known).first()) is not None:
        _begin_where_it_ends(session, settings, going_on)
        return going_on
    if not name.lower().endswith(".zip"):
        raise DomainError("请选择 .zip 压缩包")
    if size <= 0:
        raise DomainError("文件是空的，请重新选择")
    if size > MOST:
        raise DomainError(f"压缩包为 {ceil(size / MEGABYTE)} MB，最多 {MOST // MEGABYTE} MB，请分成几个压缩包")
    check_photo_imports(session, settings.budgets, actor)
    check_bytes(session, settings.budgets, actor, kept, size)
    record = PhotoImport(
        party_id=actor.party_id,
        person_id=actor.person_id,
        file_name=name,
        size=size,
        modified=modified,
        ground=sent.ground if sent.ground in grounds_asked(session, actor) else DEFAULT,
        created_at=now,
    )
    session.add(record)
    session.flush()
    _begin_where_it_ends(session, settings, record)
    return record


def _begin_where_it_ends(session: Session, settings: Settings, record: PhotoImport) -> None:
    """Makes the file of a zip where there is none; where less lies there than has arrived – after a power cut, on another disk – the
    zip goes on from what is there."""
    path = zip_of(settings, record.id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(0o600)
    there = path.stat().st_size
    if there < record.received:
        move(session, record.id, [PhotoImportState.ARRIVING], received=there)
        session.refresh(record, ["received"])


def write_piece(settings: Settings, import_id: int, at: int, content: bytes) -> None:
    """Writes a piece to where it belongs in the zip. Nothing is locked meanwhile; the same piece may come twice.

    Raises:
        OutOfPlace: what lies before it is not there, or the zip is not there any more.
    """
    path = zip_of(settings, import_id)
    if not path.exists() or path.stat().st_size < at:
        raise OutOfPlace
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def note_piece(session: Session, record: PhotoImport, at: int, length: int) -> int:
    """Notes that a piece is written. Returns how many bytes have arrived by now; the piece counts only if it follows on them."""
    table = PhotoImport
    follows = update(table).where(table.id == record.id, table.state == PhotoImportState.ARRIVING, table.received == at)
    rows_changed(session, follows.where(table.size >= at + length).values(received=at + length))
    session.refresh(record, ["received"])
    return record.received


def begin_work(session: Session, actor: Actor, record: PhotoImport, now: datetime) -> int:
    """Once a zip has arrived whole: the background task that works on it. The caller hands out the id that it returns.

    Raises:
        DomainError: it has not arrived whole, or was dropped; or somebody was first.
    """
    task = background.begin(session, actor, TASK, f"导入考生照片：“{record.file_name[:60]}”", task_params(record), now)
    arrived = record.received == record.size
    if not arrived or not move(session, record.id, [PhotoImportState.ARRIVING], state=PhotoImportState.WORKING, task_id=task.id):
        raise DomainError("压缩包还没有上传完整，或已经开始导入，请刷新后再操作。")
    return task.id


def again(session: Session, actor: Actor, record: PhotoImport, now: datetime) -> int:
    """A new background task for an import whose work has stopped. The caller hands out the id that it returns."""
    task = background.begin(session, actor, TASK, f"导入考生照片：“{record.file_name[:60]}”", task_params(record), now)
    record.task_id = task.id
    session.flush()
    return task.id


def may_be_dropped(session: Session, record: PhotoImport) -> bool:
    """Whether work on an import has stopped before anything came of it."""
    task = session.get(BackgroundTask, record.task_id) if record.task_id is not None else None
    return record.state == PhotoImportState.WORKING and record.total == 0 and (task is None or task.over)


def task_params(record: PhotoImport) -> dict[str, Any]:
    """The parameters of a background task about an import."""
    return {"import": record.id, "back": f"/candidates/photos/{record.id}"}


def drop(session: Session, settings: Settings, record: PhotoImport) -> None:
    """放弃: a zip that has not been worked on yet, or whose work stopped before a photo of it was listed.

    Raises:
        DomainError: work on it has begun.
    """
    states = [PhotoImportState.ARRIVING, *([PhotoImportState.WORKING] if may_be_dropped(session, record) else [])]
    if not move(session, record.id, states, state=PhotoImportState.DROPPED):
        raise DomainError("已经开始导入，不能放弃；可以在“后台任务”中取消，已导入的照片不会撤销。")
    zip_of(settings, record.id).unlink(missing_ok=True)
