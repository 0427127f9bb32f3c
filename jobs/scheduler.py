"""The scheduler: it fires due timers, delivers messages, and hands out what waits in the outbox and among the background tasks.

One scheduler at a time works; the others wait until its lease ends.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, InternalError, OperationalError

from domain.ground.errors import DomainError
from domain.ground.handling import FAULTS
from domain.ground.locks import hold_lock
from jobs import background, heads, texting
from jobs.files import sweep_files
from jobs.messages import deliver_due, fault
from jobs.outbox import hand_out, sweep
from jobs.queue import LONG, QUICK, has_room
from jobs.runtime import Runtime
from processes import tables
from processes.diagrams import expressions
from processes.errors import ProcessError
from processes.monitor import migrating
from processes.outside import answers
from processes.steps import acting

LEASE = timedelta(seconds=15)


def _forget_undoing(runtime: Runtime) -> None:
    with runtime.database.writing() as session:
        migrating.forget_overtaken(session)


def _publish_head(runtime: Runtime) -> None:
    heads.publish_daily(runtime.database, runtime.engine)


NOW_AND_THEN = {  # what else the scheduler does → how often
    sweep_files: timedelta(hours=1),
    _forget_undoing: timedelta(hours=1),
    _publish_head: timedelta(minutes=10),
    texting.turn: texting.EVERY,
}
_log = logging.getLogger(__name__)


def run(runtime: Runtime, stop: threading.Event, pause: float = 1.0) -> None:
    """Works until `stop` is set; `pause` is in seconds."""
    may_work = _lease(runtime, f"{os.uname().nodename}:{os.getpid()}"[:60])
    last_done = dict.fromkeys(NOW_AND_THEN, datetime.min.replace(tzinfo=UTC))
    while not stop.is_set():
        try:
            if may_work():
                look(runtime, may_work)
            now = runtime.engine.clock()
            for work in [work for work, often in NOW_AND_THEN.items() if not timedelta(0) <= now - last_done[work] < often]:
                if not may_work():
                    break
                last_done[work] = runtime.engine.clock()
                work(runtime)
        except (OperationalError, InternalError) as error:
            # the database is away for a moment, or has ended a transaction that was idle for too long: the next turn tries again
            _log.warning("the database did not answer: %s", error)
        stop.wait(pause)


def turn(runtime: Runtime, holder: str) -> None:
    """One look of the scheduler that calls itself `holder`."""
    look(runtime, _lease(runtime, holder))


def look(runtime: Runtime, may_work: Callable[[], bool]) -> None:
    """Fires what is due, each instance in a transaction of its own, delivers messages, hands out jobs and background tasks.

    `may_work` renews the lease on the way: with many slow instances or messages, the look ends where another scheduler has taken over.
    """
    table = tables.instance
    with runtime.database.reading() as session:
        due = session.scalars(
            select(table.c.id)
            .where(table.c.due_at <= runtime.engine.clock(), table.c.incident.is_(None))
            .order_by(table.c.due_at)
            .limit(500)
        ).all()
    for instance_id in due:
        if not may_work():
            return
        _tick(runtime, instance_id)
    deliver_due(runtime, may_work)
    redis_url = runtime.settings.redis_url
    if has_room(redis_url, QUICK):
        hand_out(redis_url, sweep(runtime))
    if has_room(redis_url, LONG):
        background.hand_out(redis_url, background.sweep(runtime))
    background.delete_expired(runtime)


def _lease(runtime: Runtime, holder: str) -> Callable[[], bool]:
    """Makes a function that is true while this scheduler may work; it renews the lease once a third of it is over."""
    renewed = [datetime.min.replace(tzinfo=UTC)]

    def may_work() -> bool:
        now = runtime.engine.clock()
        if timedelta(0) <= now - renewed[0] <= LEASE / 3:  # below nothing: the clock was set back
            return True
        with runtime.database.writing() as session:
            ours = hold_lock(session, holder, now, LEASE)
        renewed[0] = now if ours else datetime.min.replace(tzinfo=UTC)
        return ours

    return may_work


def _tick(runtime: Runtime, instance_id: int) -> None:
    try:
        with runtime.database.writing() as session:
            jobs = acting.tick(runtime.engine, session, instance_id)
    except (ProcessError, expressions.ExpressionError) as error:
        _log.error("instance %d cannot go on: %s", instance_id, error)
        _halt(runtime, instance_id, str(error))
        return
    except (OperationalError, InternalError):
        raise  # the database is away: that is no fault of this process
    except (*FAULTS, DomainError, DBAPIError) as error:  # one process that breaks does not stop the timers of the others
        _log.exception("instance %d", instance_id)
        _halt(runtime, instance_id, fault(error))
        return
    hand_out(runtime.settings.redis_url, jobs)


def _halt(runtime: Runtime, instance_id: int, why: str) -> None:
    """Makes the failure an incident, which people see."""
    with runtime.database.writing() as session:
        answers.halt(runtime.engine, session, instance_id, why)
