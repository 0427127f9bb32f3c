"""Background tasks: long work that a person began, whose progress, failure and result are rows that this person sees."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Select, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime, one_of
from domain.ground.database import rows_changed
from domain.ground.parties import Actor

LABELS = {
    "export": "导出",
    "batch": "批量办理",
    "manage": "批量监控操作",
    "import.check": "导入检查",
    "import.take": "导入",
    "import.return": "导入失败数据",
    "import.fill": "生成修改模板",
    "photos": "导入考生照片",
    "arrange": "自动编排",
    "arrange.publish": "发布排考",
    "print": "生成文档",
}
"""Kinds of background tasks as those read them who may not know what one is about."""
KEPT = timedelta(days=7)  # how long a finished task's files can be downloaded
MAX_ATTEMPTS = 5
# `attempt` only ever rises: an attempt that was given up has an older number than the current one, and may write nothing more.
# `attempt % ROUND` counts the attempts since a person last pressed 重试.
ROUND = MAX_ATTEMPTS + 1


class TaskState(StrEnum):
    """What becomes of a background task."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATES = {
    TaskState.WAITING: "等待中",
    TaskState.RUNNING: "进行中",
    TaskState.DONE: "已完成",
    TaskState.FAILED: "失败",
    TaskState.CANCELLED: "已取消",
}
LIVE = (TaskState.WAITING, TaskState.RUNNING)


class BackgroundTask(Base):
    """One piece of long work. Its row is the truth; the queue only carries its id."""

    __tablename__ = "background_task"
    # ids are never used again: an old address must not lead to another person's task
    __table_args__ = (Index("ix_background_task_person", "person_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), comment="which function does it: a key of jobs.background.KINDS")
    title: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    params: Mapped[dict[str, Any]] = mapped_column(JSON, comment="what to do; `back` is the address of the page that began it")
    state: Mapped[TaskState] = mapped_column(one_of(TaskState, 10), comment="waiting, running, done, failed or cancelled")
    total: Mapped[int | None] = mapped_column(comment="items to do; null until it is counted")
    done: Mapped[int] = mapped_column(default=0, comment="items that succeeded")
    failed: Mapped[int] = mapped_column(default=0, comment="items that failed alone")
    result: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict, comment="the kind's bookkeeping and outcome; `file` and `name` are a file to download"
    )
    error: Mapped[str | None] = mapped_column(Text, comment="why the whole task failed, for people")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempt: Mapped[int] = mapped_column(default=0, comment="fence: only the current attempt may write")
    lease_until: Mapped[datetime | None] = mapped_column(
        UtcDateTime, index=True, comment="when it is handed out again (waiting) or its worker counts as lost (running); null when over"
    )
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True, comment="when its files are deleted; null: it has none")

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state not in LIVE

    def is_of(self, actor: Actor) -> bool:
        """Whether the actor began it, as somebody of their present party: its title, result and failures tell of that party's records."""
        return (self.person_id, self.party_id) == (actor.person_id, actor.party_id)

    def result_is_for(self, actor: Actor) -> bool:
        """Whether the actor may read its file now: it is theirs, and made with no role that they no longer hold (`roles` of the result)."""
        return self.is_of(actor) and set(self.result.get("roles", ())) <= actor.roles

    def title_for(self, actor: Actor) -> str:
        """The title, or to whom it is not theirs only what kind of work it is."""
        return self.title if self.is_of(actor) else LABELS.get(self.kind, "后台任务")

    def time_left(self, now: datetime) -> timedelta | None:
        """How long the task will still take at its pace so far; None while nothing is known of its pace."""
        handled = self.done + self.failed
        if self.state != TaskState.RUNNING or not self.total or not handled or self.started_at is None:
            return None
        return (now - self.started_at) / handled * max(self.total - handled, 0)


class BackgroundFailure(Base):
    """One item of a task that failed alone."""

    __tablename__ = "background_failure"

    task_id: Mapped[int] = mapped_column(ForeignKey("background_task.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … in the order in which they failed")
    label: Mapped[str] = mapped_column(String(200), comment="the item as people know it")
    record_id: Mapped[int | None] = mapped_column(comment="the record it is about; null where there is none to open")
    reason: Mapped[str] = mapped_column(Text)


def begin(
    session: Session, actor: Actor, kind: str, title: str, params: dict[str, Any], now: datetime, total: int | None = None
) -> BackgroundTask:
    """A new, flushed task. The entry point hands its id to the queue once it has committed; the scheduler does so where it did not."""
    task = BackgroundTask(
        kind=kind,
        title=title[:200],
        person_id=actor.person_id,
        party_id=actor.party_id,
        params=params,
        state=TaskState.WAITING,
        total=total,
        created_at=now,
        lease_until=now,
    )
    session.add(task)
    session.flush()
    return task


def tasks_query(actor: Actor) -> Select[BackgroundTask]:
    """The tasks an actor may see: their own of their party; 系统管理 sees that there are others (`is_of`). Newest first."""
    query = select(BackgroundTask).order_by(BackgroundTask.id.desc())
    mine = (BackgroundTask.person_id == actor.person_id, BackgroundTask.party_id == actor.party_id)
    return query if "系统管理" in actor.roles else query.where(*mine)


def task_of(session: Session, actor: Actor, task_id: int) -> BackgroundTask | None:
    """One task, if this actor may see it."""
    return session.scalars(tasks_query(actor).where(BackgroundTask.id == task_id)).first()


def failures_query(task: BackgroundTask) -> Select[BackgroundFailure]:
    """The items that failed, in the order in which they did."""
    return select(BackgroundFailure).where(BackgroundFailure.task_id == task.id).order_by(BackgroundFailure.number)


def advance(session: Session, task_id: int, attempt: int, values: dict[str, Any]) -> bool:
    """Writes `values` for a running attempt. False, and nothing is written, where the task was cancelled or another attempt runs."""
    table = BackgroundTask
    current = update(table).where(table.id == task_id, table.attempt == attempt, table.state == TaskState.RUNNING)
    return rows_changed(session, current.values(values)) == 1


def cancel(session: Session, task: BackgroundTask, now: datetime) -> bool:
    """Ends a task that waits or runs; what it has done already stays. False where it is over."""
    table = BackgroundTask
    values = {"state": TaskState.CANCELLED, "finished_at": now, "lease_until": None, "expires_at": now + KEPT}
    ended = update(table).where(table.id == task.id, table.state.in_(LIVE)).values(values)
    return rows_changed(session, ended) == 1


def forget_result(session: Session, task: BackgroundTask, now: datetime) -> bool:
    """Ends the time for which a finished task's file is kept. False where there is no such file."""
    table = BackgroundTask
    kept = update(table).where(table.id == task.id, table.state == TaskState.DONE, table.expires_at > now)
    left = {name: value for name, value in task.result.items() if name != "file"}
    return "file" in task.result and rows_changed(session, kept.values({"expires_at": now, "result": left})) == 1


def retry(session: Session, task: BackgroundTask, now: datetime) -> bool:
    """Lets a failed task go on from where it stopped. False where it has not failed."""
    table = BackgroundTask
    values = {
        "state": TaskState.WAITING,
        "attempt": (table.attempt // ROUND + 1) * ROUND,
        "error": None,
        "finished_at": None,
        "lease_until": now,
        "expires_at": None,
    }
    return rows_changed(session, update(table).where(table.id == task.id, table.state == TaskState.FAILED).values(values)) == 1
