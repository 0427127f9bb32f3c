"""What people decide on the page of an import: that a crop is taken, that a photo replaces another one, whose a photo is. One photo while
the person waits, all in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.ground.database import rows_changed
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform import background
from domain.platform.photo_imports import SHOWN_FOR, PhotoImport, PhotoItem, PhotoState, recount
from jobs.photos.arriving import TASK, task_params
from jobs.photos.cropping import Box
from jobs.photos.working import give_items
from processes.engine import Engine

DECIDED: Mapping[PhotoState, str] = {
    PhotoState.MENDABLE: "裁剪并采用照片",
    PhotoState.ASKING: "替换已有照片",
    PhotoState.MISNAMED: "按文件名中的证件号采用照片",
}
"""States in which somebody is to decide → what the work is called where they take the photos."""
LEFT: Mapping[PhotoState, str] = {
    PhotoState.ASKING: "考生已有照片，已选择保留原照片",
    PhotoState.MISNAMED: "文件名应只有证件号，已选择不采用",
}
"""States in which they may say no, too → what the photo says then."""


class TooOld(DomainError):
    """照片和预览只保留 30 天，请重新上传照片。"""


class NothingLeft(DomainError):
    """没有待确认的照片，可能已经处理，请刷新后查看。"""


def take_at_once(
    engine: Engine, session: Session, actor: Actor, record: PhotoImport, state: PhotoState, number: int
) -> tuple[Sequence[str], PhotoItem]:
    """Gives one photo that was in `state` to its candidate. Returns the jobs to hand out, and the photo, which says what became of it.

    Raises:
        NothingLeft: it is in another state; somebody may have taken it.
        TooOld: the pictures are not kept any more.
    """
    _must_be_kept(record, engine.clock())
    if not _choose(session, record, state, number):
        raise NothingLeft
    item = session.get_one(PhotoItem, (record.id, number), populate_existing=True)
    jobs, _ = give_items(engine, session, actor, [item])
    recount(session, record.id)
    session.refresh(item)
    return jobs, item


def take_later(session: Session, actor: Actor, record: PhotoImport, state: PhotoState, now: datetime) -> int:
    """Begins to give all photos of an import that are in `state`. Returns the id of the background task, which the caller hands out.

    Raises:
        NothingLeft: there are none.
        TooOld: they are not kept any more.
    """
    _must_be_kept(record, now)
    count = _choose(session, record, state)
    if not count:
        raise NothingLeft
    task = background.begin(session, actor, TASK, f"{DECIDED[state]}：“{record.file_name[:60]}”", task_params(record), now, count)
    record.task_id = task.id
    recount(session, record.id)
    session.flush()
    return task.id


def move_crop(session: Session, record: PhotoImport, number: int, photo: str, box: Box) -> None:
    """Offers another crop of a photo than before: the kept one of this hash, which was cut from `box`.

    Raises:
        NothingLeft: somebody has taken the crop.
    """
    table = PhotoItem
    waits = (table.state.in_((PhotoState.MENDABLE, PhotoState.MISNAMED)), table.source.is_not(None))
    moved = update(table).where(table.import_id == record.id, table.number == number, *waits).values(photo=photo, box=[*box])
    if not rows_changed(session, moved):
        raise NothingLeft


def leave(session: Session, record: PhotoImport, state: PhotoState, number: int | None = None) -> int:
    """Gives nobody the photos that are in `state`, or one of them. Returns how many.

    Raises:
        NothingLeft: there are none.
    """
    count = _move(session, record, state, PhotoState.REFUSED, LEFT[state], number)
    if not count:
        raise NothingLeft
    recount(session, record.id)
    return count


def _must_be_kept(record: PhotoImport, now: datetime) -> None:
    if now > record.created_at + SHOWN_FOR - timedelta(days=1):  # the sweep may be at them in a moment
        raise TooOld


def _choose(session: Session, record: PhotoImport, state: PhotoState, number: int | None = None) -> int:
    return _move(session, record, state, PhotoState.GOOD, None, number)


def _move(session: Session, record: PhotoImport, state: PhotoState, to: PhotoState, problem: str | None, number: int | None) -> int:
    """Marks what was decided; by a conditional UPDATE: two people may press at once. Returns how many photos."""
    table = PhotoItem
    chosen = update(table).where(table.import_id == record.id, table.state == state)
    if number is not None:
        chosen = chosen.where(table.number == number)
    return rows_changed(session, chosen.values(state=to, problem=problem))
