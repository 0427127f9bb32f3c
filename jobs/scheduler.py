"""The scheduler: due timers become steps, outbox and background tasks are swept. One at a time works; others wait for its lease."""

from __future__ import annotations

import logging
import os
import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError

from domain.errors import DomainError
from domain.handling import FAULTS
from domain.locks import hold_lock
from jobs import background, texting
from jobs.files import sweep_files
from jobs.messages import deliver_due
from jobs.outbox import hand_out, sweep
from jobs.runtime import Runtime
from processes import answers, expressions, migrating, steps, tables
from processes.errors import ProcessError

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
    holder = f"{os.uname().nodename}:{os.getpid()}"[:60]
    looked = dict.fromkeys(NOW_AND_THEN, datetime.min.replace(tzinfo=UTC))
    while not stop.is_set():
        try:
            with runtime.database.writing() as session:
                mine = hold_lock(session, holder, runtime.engine.clock(), LEASE)
            if mine:
                turn(runtime, holder)
            for work in [one for one, often in NOW_AND_THEN.items() if mine and runtime.engine.clock() - looked[one] >= often]:
                looked[work] = runtime.engine.clock()
                work(runtime)
        except OperationalError as error:  # the database is away for a moment; the next turn tries again
            _log.warning("the database did not answer: %s", error)
        stop.wait(pause)


def turn(runtime: Runtime, holder: str) -> None:
    """One look: fires what is due, each instance in a transaction of its own, delivers messages, hands out jobs and background tasks.

    The lease is renewed on the way: a turn of many slow instances ends where another scheduler has taken over.
    """
    table = tables.instance
    with runtime.database.reading() as session:
        due = session.scalars(
            select(table.c.id)
            .where(table.c.due_at <= runtime.engine.clock(), table.c.incident.is_(None))
            .order_by(table.c.due_at)
            .limit(500)
        ).all()
    renewed = runtime.engine.clock()
    for instance_id in due:
        _tick(runtime, instance_id)
        if runtime.engine.clock() - renewed > LEASE / 3:
            renewed = runtime.engine.clock()
            with runtime.database.writing() as session:
                if not hold_lock(session, holder, renewed, LEASE):
                    return
    deliver_due(runtime)
    hand_out(runtime.settings.redis_url, sweep(runtime))
    background.hand_out(runtime.settings.redis_url, background.sweep(runtime))
    background.delete_expired(runtime)


def _tick(runtime: Runtime, instance_id: int) -> None:
    try:
        with runtime.database.writing() as session:
            jobs = steps.tick(runtime.engine, session, instance_id)
    except (ProcessError, expressions.ExpressionError) as error:
        _log.error("instance %d cannot go on: %s", instance_id, error)
        _halt(runtime, instance_id, str(error))
        return
    except OperationalError:
        raise  # the database is away, and no process at fault
    except (*FAULTS, DomainError, DBAPIError) as error:  # one process that breaks must not stop the clocks of all the others
        _log.exception("instance %d", instance_id)
        _halt(runtime, instance_id, f"定时处理时出错（{type(error).__name__}），请把流程实例编号告诉技术支持")
        return
    hand_out(runtime.settings.redis_url, jobs)


def _halt(runtime: Runtime, instance_id: int, message: str) -> None:
    """A background step that fails is a state that people see, not a line in a log."""
    with runtime.database.writing() as session:
        answers.halt(runtime.engine, session, instance_id, message)
