"""流程监控: one message between processes, or one SMS, that failed is tried again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, request, url_for

from jobs.lists import failed_texts
from processes.monitor import undelivered
from webapp import acting
from webapp.context import actor, db, runtime
from webapp.links import is_local


def retry_message(message_id: int) -> Any:
    """重试 of a message that failed or expired."""
    return _tried("messages", "已重试，稍后刷新本页查看结果。", lambda: undelivered.retry(runtime().engine, db(), actor(), message_id))


def resend(text_id: str) -> Any:
    """重新发送 of an SMS that failed."""
    return _tried("texts", "已重新发送，稍后刷新本页查看结果。", lambda: failed_texts.resend(runtime().engine, db(), actor(), text_id))


def _tried(what: str, done: str, act: Callable[[], Sequence[str]]) -> Any:
    problem = acting.attempt(act, lambda: None)
    flash(done if problem is None else str(problem), "success" if problem is None else "danger")
    back = request.form.get("back", "")
    return redirect(back if is_local(back) else url_for(f"monitor.{what}"))
