"""What a person decides about a checked import: to take its good rows in, to drop it, or to resume work that was interrupted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.platform.background import BackgroundTask
from domain.platform.imports import ImportRecord, ImportRow, ImportState, move
from jobs.imports.description import Import
from jobs.imports.receiving import CHECK, TAKE, begin_work

BUSY = (ImportState.CHECKING, ImportState.TAKING)


class AlreadyDecided(DomainError):
    """该文件刚刚已经处理过，以下是现在的情况。"""


class NothingToTake(DomainError):
    """没有可以导入的行，请先修改有问题的行。"""


def begin_taking(session: Session, actor: Actor, description: Import, record: ImportRecord, now: datetime) -> None:
    """Begins taking the good rows in. The caller hands out `record.task_id`.

    Raises:
        NothingToTake; AlreadyDecided: somebody else was first.
    """
    if record.good <= 0:
        raise NothingToTake if record.bad and record.state in (ImportState.READY, ImportState.DONE) else AlreadyDecided
    if not move(session, record.id, [ImportState.READY, ImportState.DONE], state=ImportState.TAKING):
        raise AlreadyDecided
    begin_work(session, actor, description, record, TAKE, now)


def drop(session: Session, record: ImportRecord) -> None:
    """Drops an import of which no row has become a record; the same file may be uploaded again.

    Raises:
        AlreadyDecided
    """
    states = [ImportState.READY, ImportState.CHOOSING, *([ImportState.CHECKING] if interrupted(session, record) else [])]
    if record.taken or not move(session, record.id, states, state=ImportState.DROPPED, sha256=None, total=0, bad=0):
        raise AlreadyDecided
    session.execute(delete(ImportRow).where(ImportRow.import_id == record.id))


def resume(session: Session, actor: Actor, description: Import, record: ImportRecord, now: datetime) -> None:
    """Resumes work that was cancelled or failed. The caller hands out `record.task_id`.

    Raises:
        AlreadyDecided
    """
    # the locks: of two people who press the button, or 重试 of the task, the second finds a task that runs
    session.get_one(ImportRecord, record.id, with_for_update=True, populate_existing=True)
    if record.task_id is not None:
        session.get(BackgroundTask, record.task_id, with_for_update=True, populate_existing=True)
    if not interrupted(session, record):
        raise AlreadyDecided
    begin_work(session, actor, description, record, CHECK if record.state == ImportState.CHECKING else TAKE, now)


def interrupted(session: Session, record: ImportRecord) -> bool:
    """Whether an import waits for work whose background task is over."""
    if record.state not in BUSY:
        return False
    task = session.get(BackgroundTask, record.task_id) if record.task_id is not None else None
    return task is None or task.over
