"""Delivers messages between instances: each in a transaction of its own, so that a receiver that fails takes nobody with it."""

from __future__ import annotations

import logging

from jobs.outbox import hand_out
from jobs.runtime import Runtime
from processes import answers, expressions, messages
from processes.errors import ProcessError, Suspended

_log = logging.getLogger(__name__)


def deliver_due(runtime: Runtime) -> int:
    """Delivers what is due.

    Returns: how many messages were looked at.
    """
    with runtime.database.reading() as session:
        due = messages.due(session, runtime.engine.clock())
    for message_id in due:
        deliver(runtime, message_id)
    return len(due)


def deliver(runtime: Runtime, message_id: int) -> None:
    """Delivers one message; a receiver that cannot take it is tried again, and has an incident in the end."""
    try:
        with runtime.database.writing() as session:
            jobs = messages.deliver(runtime.engine, session, message_id)
    except Suspended:
        with runtime.database.writing() as session:
            messages.hold_back(runtime.engine, session, message_id)
        return
    except (ProcessError, expressions.ExpressionError) as error:
        _log.warning("message %d cannot be delivered: %s", message_id, error)
        with runtime.database.writing() as session:
            failed = messages.put_off(runtime.engine, session, message_id, str(error))
            if failed is not None:
                answers.halt(runtime.engine, session, failed, f"消息不能送达：{error}")
        return
    hand_out(runtime.settings.redis_url, jobs)
