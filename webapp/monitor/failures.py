"""流程监控: tries again one message between processes, or one SMS, that failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import redirect
from flask.typing import ResponseReturnValue

from jobs.lists import failed_texts
from processes.monitor import undelivered
from webapp import steps
from webapp.context import actor, db, runtime
from webapp.links import posted_back


def retry_message(message_id: int) -> ResponseReturnValue:
    """重试 of a message that failed or expired."""
    return _try_again("messages", "已重试，稍后刷新本页查看结果。", lambda: undelivered.retry(runtime().engine, db(), actor(), message_id))


def resend(text_id: str) -> ResponseReturnValue:
    """重新发送 of an SMS that failed."""
    return _try_again("texts", "已重新发送，稍后刷新本页查看结果。", lambda: failed_texts.resend(runtime().engine, db(), actor(), text_id))


def _try_again(what: str, done: str, act: Callable[[], Sequence[str]]) -> ResponseReturnValue:
    problem = steps.attempt(act, lambda: None)
    steps.flash_result(problem, done)
    return redirect(posted_back(f"monitor.{what}"))
