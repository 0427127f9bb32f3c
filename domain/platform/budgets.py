"""How much one person, and one party, may keep waiting and lying about: uploads, imports, background work and its files.

The numbers are settings. A check holds a lock of the party until the end of its transaction, in which what was checked is to be written:
of two requests at the same moment the second counts what the first has added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from domain.ground.database import one_at_a_time
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.settings import Budget, Budgets
from domain.platform.background import LIVE, BackgroundTask, TaskState
from domain.platform.files import StoredFile
from domain.platform.imports import OPEN, ImportRecord
from domain.platform.photo_imports import OPEN as OPEN_PHOTOS
from domain.platform.photo_imports import PhotoImport

MEGABYTE = 1024 * 1024
Owned = type[BackgroundTask] | type[ImportRecord] | type[PhotoImport] | type[StoredFile]
WITH_FILES = ("export", "import.return", "print")
"""Kinds of background tasks that end with a file to download."""


@dataclass(frozen=True)
class Kept:
    """Bytes on disk that are kept for somebody for a while: workbooks of imports that are not over, files to download."""

    person: int
    party: int


class UsedUp(DomainError):
    """同时处理的内容过多，请等待其中一部分完成后再提交。"""


def check_tasks(session: Session, budgets: Budgets, actor: Actor) -> None:
    """Whether the background work of an actor, which has just been begun, is within the budget.

    Raises:
        UsedUp: whose budget is used up, and what to do.
    """
    table = BackgroundTask
    query = select(func.count()).where(table.state.in_(LIVE))
    for who, most, mine in _shares(session, budgets.tasks, actor, table):
        if (count := _number(session, query.where(mine))) > most:
            raise UsedUp(f"{who}有 {count - 1} 个任务还在处理中，请等待其中一个完成后再提交。")


def check_imports(session: Session, budgets: Budgets, actor: Actor) -> None:
    """Whether an actor may upload one more file to import. Raises as `check_tasks`."""
    most, said = budgets.imports, "个导入还没有办完，最多 {most} 个，请先在“导入记录”中导入或放弃其中一些，再上传。"
    _check_open(session, most, actor, ImportRecord, ImportRecord.state.in_(OPEN), said)


def check_photo_imports(session: Session, budgets: Budgets, actor: Actor) -> None:
    """Whether an actor may begin to upload one more zip of photos. Raises as `check_tasks`."""
    most, said = budgets.imports, "个照片压缩包还没有导入完，最多 {most} 个，请先继续上传或放弃其中一些，再上传新的。"
    _check_open(session, most, actor, PhotoImport, PhotoImport.state.in_(OPEN_PHOTOS), said)


def _check_open(session: Session, budget: Budget, actor: Actor, table: Owned, still_open: ColumnElement[bool], said: str) -> None:
    query = select(func.count()).where(still_open)
    for who, most, mine in _shares(session, budget, actor, table):
        if (count := _number(session, query.where(mine))) >= most:
            raise UsedUp(f"{who}有 {count} {said.format(most=most)}")


def check_sheets(session: Session, budgets: Budgets, actor: Actor, chosen: int) -> None:
    """Whether an actor may import so many sheets of a workbook; the workbook itself, which waits for the choice, becomes the first.

    Raises:
        UsedUp: how many sheets may be chosen now, and what becomes of the others.
    """
    table = ImportRecord
    query = select(func.count()).where(table.state.in_(OPEN))
    for who, most, mine in _shares(session, budgets.imports, actor, table):
        room = max(most - _number(session, query.where(mine)) + 1, 1)
        if chosen > room:
            raise UsedUp(
                f"{who}同时办理的导入最多 {most} 个，现在最多可选 {room} 个工作表（已选 {chosen} 个）。"
                "其余的工作表，请在这些导入办完后重新上传本文件，再行选择；已导入的工作表不会重复导入。"
            )


def check_uploads(session: Session, budgets: Budgets, actor: Actor) -> None:
    """Whether an actor may upload one more file for a form. Files that a record has taken do not count.

    Raises:
        UsedUp: whose budget is used up, and what to do.
    """
    table = StoredFile
    query = select(func.count()).where(table.attached_at.is_(None))
    for who, most, mine in _shares(session, budgets.uploads, actor, table):
        if (count := _number(session, query.where(mine))) >= most:
            raise UsedUp(
                f"{who}有 {count} 个上传的文件还没有随表单提交，请先保存或提交填写中的表单，再上传；没有提交的文件 30 天后自动删除。"
            )


def check_bytes(session: Session, budgets: Budgets, actor: Actor, kept: Kept, size: int) -> None:
    """Whether an actor may have `size` more bytes kept, beside what is `kept` for them and their uploads that no record has taken yet.

    Raises:
        UsedUp: whose budget is used up, and what to do.
    """
    table = StoredFile
    query = select(func.coalesce(func.sum(table.size), 0)).where(table.attached_at.is_(None))
    beside = (kept.person, kept.party)
    for other, (who, most, mine) in zip(beside, _shares(session, budgets.upload_mb, actor, table), strict=True):
        if (used := _number(session, query.where(mine)) + other) + size > most * MEGABYTE:
            raise UsedUp(
                f"{who}保留的文件已有 {used // MEGABYTE} MB，最多 {most} MB（没有随表单提交的上传、没有办完的导入、待下载的导出）。"
                "请先提交填写中的表单，办完或放弃一些导入，或在“后台任务”中删除不再需要的文件。"
            )


def check_results(session: Session, budgets: Budgets, actor: Actor, now: datetime) -> None:
    """Whether an actor may begin work that leaves a file to download, which has just been begun.

    Raises:
        UsedUp: whose budget is used up, and what to do.
    """
    table = BackgroundTask
    kept = (table.state == TaskState.DONE) & (table.expires_at > now)
    query = select(func.count()).where(table.kind.in_(WITH_FILES), kept | table.state.in_(LIVE))
    for who, most, mine in _shares(session, budgets.results, actor, table):
        if _number(session, query.where(mine)) > most:
            raise UsedUp(f"{who}保留的导出文件已有 {most} 个，请先在“后台任务”中删除不再需要的文件，或等待其 7 天后自动删除。")


def _shares(session: Session, budget: Budget, actor: Actor, table: Owned) -> Iterator[tuple[str, int, ColumnElement[bool]]]:
    """(whose, how much, the condition of their rows), of the person and the party; nobody else of the party counts meanwhile."""
    one_at_a_time(session, f"budgets of party {actor.party_id}")
    yield "您", budget.person, table.person_id == actor.person_id
    yield "贵单位", budget.party, table.party_id == actor.party_id


def _number(session: Session, query: Select[int]) -> int:
    return session.scalars(query).one()
