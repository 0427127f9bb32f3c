"""Runs background tasks. One worker at a time claims a task; only its current attempt may write; a sweep hands out again what a lost
worker had; files are deleted in time."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import select, update

from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS
from domain.ground.parties import actor_of
from domain.ground.settings import Settings
from domain.platform.background import KEPT, MAX_ATTEMPTS, ROUND, BackgroundTask, TaskState, advance
from jobs import leases
from jobs.arrangements import working as arrangements
from jobs.imports import amending_template, returned_rows
from jobs.imports.receiving import CHECK, FILL, RETURN, TAKE
from jobs.imports.working import check_file, take_in
from jobs.lists import batches, exports, monitoring
from jobs.photos import arriving as photos
from jobs.photos import working as photo_work
from jobs.printing import working as printing
from jobs.queue import LONG, enqueue
from jobs.runtime import Runtime
from jobs.work import LEASE, Stopped, Work
from processes.errors import ProcessError

DUTY = "task"  # its name in the queue
Kind = Callable[[Runtime, Work], None]
# Each begins where the task's own bookkeeping says (`work.done`, `work.result`), and raises DomainError where the whole task has failed.
KINDS: dict[str, Kind] = {
    "export": exports.run,
    "batch": batches.run,
    "manage": monitoring.run,
    CHECK: check_file,
    TAKE: take_in,
    RETURN: returned_rows.run,
    FILL: amending_template.run,
    photos.TASK: photo_work.run,
    arrangements.ARRANGE: arrangements.run,
    arrangements.PUBLISH: arrangements.run_publish,
    printing.TASK: printing.run,
}
_LEASED = leases.Leased(BackgroundTask.__table__, "lease_until", TaskState.WAITING, TaskState.RUNNING)  # type: ignore[arg-type]  # declared as FromClause
_log = logging.getLogger(__name__)


def hand_out(redis_url: str, task_ids: Sequence[int]) -> None:
    """Puts task ids on the queue."""
    enqueue(redis_url, LONG, DUTY, task_ids)


def run_task(runtime: Runtime, task_id: int) -> bool:
    """Claims a task and does it to its end.

    Errors of a database that is away are not caught: the lease ends, and the sweep hands the task out again.

    Returns: False where the task is over or another worker has it, and where it was cancelled or its lease ended meanwhile.
    """
    claimed = _claim(runtime, task_id)
    if claimed is None:
        return False
    kind, attempt = claimed
    try:
        KINDS[kind](runtime, attempt)
        return _end(runtime, attempt, None)
    except Stopped:
        return False
    except (DomainError, ProcessError) as error:
        return _end(runtime, attempt, str(error))
    except OSError:
        _log.exception("background task %d", task_id)
        return _end(runtime, attempt, "结果文件未能写入，请检查磁盘空间后重试")
    except FAULTS:
        _log.exception("background task %d", task_id)
        return _end(runtime, attempt, f"处理时出错，请重试；如仍不成功，请把任务编号 {task_id} 告诉技术支持")


def sweep(runtime: Runtime) -> list[int]:
    """Ids of the tasks to hand out: those that wait, and those of lost workers."""
    with runtime.database.writing() as session:
        return leases.sweep(session, _LEASED, runtime.engine.clock())


def delete_expired(runtime: Runtime) -> None:
    """Deletes the files of tasks whose time is over; the tasks stay in the list."""
    table = BackgroundTask
    with runtime.database.reading() as session:
        expired = session.scalars(select(table.id).where(table.expires_at <= runtime.engine.clock()).limit(100)).all()
    for task_id in expired:
        # also where a person has removed the folder by hand
        shutil.rmtree(folder_of(runtime.settings, task_id), ignore_errors=True)
    if expired:
        with runtime.database.writing() as session:
            session.execute(update(table).where(table.id.in_(expired)).values(expires_at=None))


def folder_of(settings: Settings, task_id: int) -> Path:
    """The folder of a task's files; web and workers share it."""
    return settings.home / "results" / str(task_id)


def result_file(settings: Settings, task: BackgroundTask) -> Path | None:
    """The file to download, while it is kept."""
    name = task.result.get("file")
    path = folder_of(settings, task.id) / str(name)
    return path if task.state == TaskState.DONE and name and path.is_file() else None


def _claim(runtime: Runtime, task_id: int) -> tuple[str, Work] | None:
    now = runtime.engine.clock()
    with runtime.database.writing() as session:
        if not leases.claim(session, _LEASED, task_id, now, LEASE):
            return None
        task = session.get_one(BackgroundTask, task_id)
        actor = actor_of(session, task.person_id)
        problem = None
        if task.attempt % ROUND == 0:  # no attempt has come to an end: perhaps this task kills the workers
            problem = f"任务连续 {MAX_ATTEMPTS} 次没有结果，请联系系统管理员"
        elif actor is None:
            problem = "发起人的账号已停用"
        if problem is not None or actor is None:
            advance(session, task_id, task.attempt, {"state": TaskState.FAILED, "error": problem, "finished_at": now, "lease_until": None})
            return None
        task.started_at = task.started_at or now
        folder = folder_of(runtime.settings, task_id)
        work = Work(runtime.database, runtime.engine.clock, folder, task_id, task.attempt, actor, task.params, dict(task.result))
        work.done, work.failed, work.total = task.done, task.failed, task.total
        return task.kind, work


def _end(runtime: Runtime, work: Work, error: str | None) -> bool:
    now = runtime.engine.clock()
    values = {"state": TaskState.FAILED if error else TaskState.DONE, "error": error, "result": work.result}
    with runtime.database.writing() as session:
        ended = {**values, "finished_at": now, "lease_until": None, "expires_at": now + KEPT}
        return advance(session, work.task_id, work.attempt, ended)
