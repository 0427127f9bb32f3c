"""Delivers messages between instances (BPMN messages), each in a transaction of its own: a receiver that fails stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable

from domain.ground.handling import FAULTS, mistake
from jobs.outbox import hand_out
from jobs.runtime import Runtime
from processes.diagrams import expressions
from processes.errors import ProcessError, Suspended
from processes.outside import answers, messages

_log = logging.getLogger(__name__)


def deliver_due(runtime: Runtime, may_work: Callable[[], bool] = lambda: True) -> None:
    """Delivers the messages that are due, as long as `may_work` is true: this process holds the scheduler's lease."""
    with runtime.database.reading() as session:
        due = messages.due(session, runtime.engine.clock())
    for message_id in due:
        if not may_work():
            return
        deliver(runtime, message_id)


def deliver(runtime: Runtime, message_id: int) -> None:
    """Delivers one message. A receiver that cannot take it is tried again, and has an incident after the last try."""
    try:
        with runtime.database.writing() as session:
            jobs = messages.deliver(runtime.engine, session, message_id)
    except Suspended:
        with runtime.database.writing() as session:
            messages.hold_back(runtime.engine, session, message_id)
        return
    except (ProcessError, expressions.ExpressionError) as error:
        _log.warning("message %d cannot be delivered: %s", message_id, error)
        _put_off(runtime, message_id, str(error))
        return
    except FAULTS as error:  # a receiver that is broken does not keep other messages back
        _log.exception("message %d", message_id)
        _put_off(runtime, message_id, fault(error))
        return
    hand_out(runtime.settings.redis_url, jobs)


def fault(error: Exception) -> str:
    """What people read of a mistake in the product."""
    return f"流程处理时出错，请联系系统管理员（{mistake(error)}）"


def _put_off(runtime: Runtime, message_id: int, why: str) -> None:
    with runtime.database.writing() as session:
        failed = messages.put_off(runtime.engine, session, message_id, why)
        if failed is not None:
            answers.halt(runtime.engine, session, failed, f"消息不能送达：{why}")
