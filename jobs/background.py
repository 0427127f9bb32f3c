"""Runs background tasks: claimed by one worker at a time, fenced by attempt, swept when lost, their files deleted in time."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS
from domain.ground.parties import Actor, actor_of
from domain.ground.settings import Settings, read_settings
from domain.platform.background import KEPT, MAX_ATTEMPTS, ROUND, BackgroundTask, advance
from jobs import leases
from jobs.imports import returned
from jobs.imports.receiving import CHECK, RETURN, TAKE
from jobs.imports.working import check_file, take_in
from jobs.lists import batches, exports, monitoring
from jobs.runtime import Runtime, build
from jobs.work import LEASE, Stopped, Work
from processes.errors import ProcessError

QUEUE = "pilot-background"
Kind = Callable[[Runtime, Work], None]
# Each goes on from the task's own bookkeeping (`work.done`, `work.result`), and raises DomainError where the whole task cannot go on.
KINDS: dict[str, Kind] = {
    "export": exports.run,
    "batch": batches.run,
    "manage": monitoring.run,
    CHECK: check_file,
    TAKE: take_in,
    RETURN: returned.run,
}
# What a task has made of rows with a rule of their own is read by whoever may read these, and not by everybody who sees the task.
_READERS: dict[str, Callable[[Session, Actor, BackgroundTask], bool]] = {RETURN: returned.may_read}
_LEASED = leases.Leased(BackgroundTask.__table__, "lease_until", "waiting")  # type: ignore[arg-type]  # declared as FromClause
_log = logging.getLogger(__name__)


def hand_out(redis_url: str, task_ids: Sequence[int]) -> None:
    """Puts task ids on RQ."""
    leases.enqueue(redis_url, QUEUE, "jobs.background.work", task_ids, timeout=-1)  # the lease ends what hangs


def work(task_id: int) -> None:
    """RQ's entry: runs one task in a worker process."""
    run_task(_runtime(), task_id)


def run_task(runtime: Runtime, task_id: int) -> bool:
    """Claims a task and does it to its end.

    A database that went away is not caught: the lease ends, and the sweep hands the task out again.

    Returns: False where it was not to be had, or was taken away meanwhile (cancelled, or the lease ran out).
    """
    claimed = _claim(runtime, task_id)
    if claimed is None:
        return False
    kind, one = claimed
    try:
        KINDS[kind](runtime, one)
        return _end(runtime, one, None)
    except Stopped:
        return False
    except (DomainError, ProcessError) as error:
        return _end(runtime, one, str(error))
    except OSError:
        _log.exception("background task %d", task_id)
        return _end(runtime, one, "结果文件未能写入，请检查磁盘空间后重试")
    except FAULTS:
        _log.exception("background task %d", task_id)
        return _end(runtime, one, f"处理时出错，请重试；如仍不成功，请把任务编号 {task_id} 告诉技术支持")


def sweep(runtime: Runtime) -> list[int]:
    """Ids of the tasks to hand out (again)."""
    with runtime.database.writing() as session:
        return leases.sweep(session, _LEASED, runtime.engine.clock())


def delete_expired(runtime: Runtime) -> None:
    """Deletes the files of tasks that ended long enough ago; the tasks stay in the list."""
    table = BackgroundTask
    with runtime.database.reading() as session:
        expired = session.scalars(select(table.id).where(table.expires_at <= runtime.engine.clock()).limit(100)).all()
    for task_id in expired:
        # a folder that a person removed by hand is no reason to stop
        shutil.rmtree(folder_of(runtime.settings, task_id), ignore_errors=True)
    if expired:
        with runtime.database.writing() as session:
            session.execute(update(table).where(table.id.in_(expired)).values(expires_at=None))


def folder_of(settings: Settings, task_id: int) -> Path:
    """The folder of a task's files; web and workers share it."""
    return settings.home / "results" / str(task_id)


def may_read(session: Session, actor: Actor, task: BackgroundTask) -> bool:
    """Whether an actor who sees a task may have its file."""
    return task.kind not in _READERS or _READERS[task.kind](session, actor, task)


def result_file(settings: Settings, task: BackgroundTask) -> Path | None:
    """The file to download, while it is kept."""
    name = task.result.get("file")
    path = folder_of(settings, task.id) / str(name)
    return path if task.state == "done" and name and path.is_file() else None


def _claim(runtime: Runtime, task_id: int) -> tuple[str, Work] | None:
    now = runtime.engine.clock()
    with runtime.database.writing() as session:
        if not leases.claim(session, _LEASED, task_id, now, LEASE):
            return None
        task = session.get_one(BackgroundTask, task_id)
        actor = actor_of(session, task.person_id)
        problem = None
        if task.attempt % ROUND == 0:  # each attempt ended without a word: it may be what kills the workers
            problem = f"任务连续 {MAX_ATTEMPTS} 次没有结果，请联系系统管理员"
        elif actor is None:
            problem = "发起人的账号已停用"
        if problem is not None or actor is None:
            advance(session, task_id, task.attempt, {"state": "failed", "error": problem, "finished_at": now, "lease_until": None})
            return None
        task.started_at = task.started_at or now
        folder = folder_of(runtime.settings, task_id)
        one = Work(runtime.database, runtime.engine.clock, folder, task_id, task.attempt, actor, task.params, dict(task.result))
        one.done, one.failed, one.total = task.done, task.failed, task.total
        return task.kind, one


def _end(runtime: Runtime, one: Work, error: str | None) -> bool:
    now = runtime.engine.clock()
    values = {"state": "failed" if error else "done", "error": error, "result": one.result}
    with runtime.database.writing() as session:
        ended = {**values, "finished_at": now, "lease_until": None, "expires_at": now + KEPT}
        return advance(session, one.task_id, one.attempt, ended)


@cache
def _runtime() -> Runtime:
    return build(read_settings(os.environ))
