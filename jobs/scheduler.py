"""The scheduler: due timers become steps, outbox and background tasks are swept. One at a time works; others wait for its lease."""

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
from jobs import background, texting
from jobs.files import sweep_files
from jobs.messages import deliver_due, fault
from jobs.outbox import hand_out, sweep
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


NOW_AND_THEN = {  # how often each is done
    sweep_files: timedelta(hours=1),
    _forget_undoing: timedelta(hours=1),
    texting.turn: texting.EVERY,
}
_log = logging.getLogger(__name__)


def run(runtime: Runtime, stop: threading.Event, pause: float = 1.0) -> None:
    """Works until `stop` is set; `pause` is in seconds."""
    mine = _lease(runtime, f"{os.uname().nodename}:{os.getpid()}"[:60])
    looked = dict.fromkeys(NOW_AND_THEN, datetime.min.replace(tzinfo=UTC))
    while not stop.is_set():
        try:
            if mine():
                look(runtime, mine)
            for work in [one for one, often in NOW_AND_THEN.items() if runtime.engine.clock() - looked[one] >= often]:
                if not mine():
                    break
                looked[work] = runtime.engine.clock()
                work(runtime)
        except (OperationalError, InternalError) as error:
            # the database is away for a moment, or has ended a transaction that slept: the next turn tries again
            _log.warning("the database did not answer: %s", error)
        stop.wait(pause)


def turn(runtime: Runtime, holder: str) -> None:
    """One look of the scheduler that calls itself `holder`."""
    look(runtime, _lease(runtime, holder))


def look(runtime: Runtime, mine: Callable[[], bool]) -> None:
    """Fires what is due, each instance in a transaction of its own, delivers messages, hands out jobs and background tasks.

    `mine` prolongs the lease on the way: a look at many slow instances or messages ends where another scheduler has taken over.
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
        if not mine():
            return
        _tick(runtime, instance_id)
    deliver_due(runtime, mine)
    hand_out(runtime.settings.redis_url, sweep(runtime))
    background.hand_out(runtime.settings.redis_url, background.sweep(runtime))
    background.delete_expired(runtime)


def _lease(runtime: Runtime, holder: str) -> Callable[[], bool]:
    """Says whether this scheduler is the one that works; asks the database where a third of its lease is over."""
    held = [datetime.min.replace(tzinfo=UTC)]

    def mine() -> bool:
        now = runtime.engine.clock()
        if now - held[0] <= LEASE / 3:
            return True
        with runtime.database.writing() as session:
            found = hold_lock(session, holder, now, LEASE)
        held[0] = now if found else datetime.min.replace(tzinfo=UTC)
        return found

    return mine


def _tick(runtime: Runtime, instance_id: int) -> None:
    try:
        with runtime.database.writing() as session:
            jobs = acting.tick(runtime.engine, session, instance_id)
    except (ProcessError, expressions.ExpressionError) as error:
        _log.error("instance %d cannot go on: %s", instance_id, error)
        _halt(runtime, instance_id, str(error))
        return
    except (OperationalError, InternalError):
        raise  # the database is away, and no process at fault
    except (*FAULTS, DomainError, DBAPIError) as error:  # one process that breaks must not stop the clocks of all the others
        _log.exception("instance %d", instance_id)
        _halt(runtime, instance_id, fault(error))
        return
    hand_out(runtime.settings.redis_url, jobs)


def _halt(runtime: Runtime, instance_id: int, why: str) -> None:
    """A background step that fails is a state that people see, not a line in a log."""
    with runtime.database.writing() as session:
        answers.halt(runtime.engine, session, instance_id, why)
