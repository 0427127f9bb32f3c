"""Takes the crops that were offered: one while the person waits, all in the background."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from domain.ground.database import rows_changed
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform import background
from domain.platform.photo_imports import SHOWN_FOR, PhotoImport, PhotoItem, PhotoState, recount
from jobs.photos.arriving import TASK, task_params
from jobs.photos.working import give_items
from processes.engine import Engine


class TooOld(DomainError):
    """裁剪预览只保留 30 天，请重新上传照片。"""


class NothingToCrop(DomainError):
    """没有可以裁剪的照片，可能已经采用，请刷新后查看。"""


def crop_at_once(engine: Engine, session: Session, actor: Actor, record: PhotoImport, number: int) -> tuple[Sequence[str], str | None]:
    """Gives the crop of one photo to its candidate. Returns the jobs to hand out, and why it was refused, or None.

    Raises:
        NothingToCrop: it has no crop, or somebody has taken it.
        TooOld: the crops are not kept any more.
    """
    _must_be_kept(record, engine.clock())
    if not _choose(session, record, number):
        raise NothingToCrop
    item = session.get_one(PhotoItem, (record.id, number), populate_existing=True)
    jobs, _ = give_items(engine, session, actor, [item])
    recount(session, record.id)
    session.refresh(item)
    return jobs, item.problem


def crop_later(session: Session, actor: Actor, record: PhotoImport, now: datetime) -> int:
    """Begins to give all crops of an import. Returns the id of the background task, which the caller hands out.

    Raises:
        NothingToCrop: there are none.
        TooOld: they are not kept any more.
    """
    _must_be_kept(record, now)
    count = _choose(session, record)
    if not count:
        raise NothingToCrop
    task = background.begin(session, actor, TASK, f"裁剪并采用照片：“{record.file_name[:60]}”", task_params(record), now, count)
    record.task_id = task.id
    recount(session, record.id)
    session.flush()
    return task.id


def _must_be_kept(record: PhotoImport, now: datetime) -> None:
    if now > record.created_at + SHOWN_FOR - timedelta(days=1):  # the sweep may be at them in a moment
        raise TooOld


def _choose(session: Session, record: PhotoImport, number: int | None = None) -> int:
    """Marks the crops that are to be given; by a conditional UPDATE: two people may press at once. Returns how many."""
    table = PhotoItem
    chosen = update(table).where(table.import_id == record.id, table.state == PhotoState.MENDABLE)
    if number is not None:
        chosen = chosen.where(table.number == number)
    return rows_changed(session, chosen.values(state=PhotoState.GOOD, problem=None))
