"""What every view gets: one session a request, who is asking, and the one place where the web commits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from domain.ground.base import Base
from domain.ground.database import EXPIRE_ON_COMMIT
from domain.ground.parties import Actor, actor_of
from domain.platform import budgets
from domain.platform.background import BackgroundTask
from jobs import background
from jobs.keeping import kept_bytes
from jobs.outbox import hand_out
from webapp.database import SAFE, RequestDatabase, RequestSession, view_of_request, writes

if TYPE_CHECKING:
    from jobs.runtime import Runtime

View = TypeVar("View", bound=Callable[..., Any])
db = RequestDatabase(model_class=Base, session_options={"class_": RequestSession, "expire_on_commit": EXPIRE_ON_COMMIT})
"""`db()` is the request's one session."""


def public(view: View) -> View:
    """Marks a view that needs no login; every other one does."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def at_first_login(view: View) -> View:
    """Marks a view that is reached before the first password has been changed; no other one is."""
    view.at_first_login = True  # type: ignore[attr-defined]
    return view


def reads_only(view: View) -> View:
    """Marks a view that takes a POST but writes nothing, so that it waits for no write lock."""
    view.reads_only = True  # type: ignore[attr-defined]
    return view


def runtime() -> Runtime:
    """Settings, database and engine of this app."""
    return cast("Runtime", current_app.extensions["pilot"])


def actor() -> Actor:
    """Who is asking. A request without a login ends here."""
    found = current_actor()
    if found is None:
        abort(401)
    return found


def current_actor() -> Actor | None:
    """Who is asking, if somebody is logged in and the session's stamp still holds."""
    if "actor" not in g:
        person_id, stamp = session.get("person"), session.get("stamp")
        found = actor_of(db(), person_id) if isinstance(person_id, int) and isinstance(stamp, str) else None
        g.actor = replace(found, proved_at=_proved_at()) if found is not None and found.stamp == stamp else None
    return cast("Actor | None", g.actor)


def _proved_at() -> datetime | None:
    """When the person who is logged in last gave their password in this session; sessions of earlier versions do not tell."""
    moment = session.get("proved")
    return datetime.fromtimestamp(moment, UTC) if isinstance(moment, float) else None


def later(job_ids: Sequence[str]) -> None:
    """Hands out these jobs once the request has been committed."""
    g.setdefault("later", []).extend(job_ids)


def later_task(task_id: int) -> None:
    """Hands out this background task, which the request has begun, once it has been committed.

    Raises:
        UsedUp: the actor, or their party, has too much of it waiting or kept.
    """
    settings, who, now = runtime().settings, actor(), runtime().engine.clock()
    budgets.check_tasks(db(), settings.budgets, who)
    task = db().get(BackgroundTask, task_id)
    if task is not None and task.kind in budgets.WITH_FILES:
        budgets.check_results(db(), settings.budgets, who, now)
        budgets.check_bytes(db(), settings.budgets, who, kept_bytes(db(), settings, who, now), 0)
    g.setdefault("later_tasks", []).append(task_id)


def install(app: Flask) -> None:
    """Puts login check, session and commit around every request."""
    db.init_app(app)
    app.before_request(_note_moment)
    app.before_request(_require_login)
    app.after_request(_commit)


def _note_moment() -> None:
    g.began = runtime().engine.clock()


def seen_at() -> float:
    """The moment (POSIX time) of which everything is that the page shows, or an earlier one: what has happened since was not seen."""
    began: datetime = g.began
    return began.timestamp()


def _require_login() -> ResponseReturnValue | None:
    view = view_of_request()
    if view is None or request.endpoint == "static" or getattr(view, "is_public", False):
        return None
    if current_actor() is not None:
        return _first_login(view)
    session.clear()
    if request.method not in SAFE:
        abort(401)
    return redirect(url_for("account.login", next=request.full_path.rstrip("?")))


def _first_login(view: Callable[..., Any]) -> ResponseReturnValue | None:
    """Who logged in with a first password reaches nothing but the page for choosing one (row 7.2)."""
    if not actor().must_change or getattr(view, "at_first_login", False):
        return None
    if request.method not in SAFE:
        abort(403)
    return redirect(url_for("account.password"))


def _commit(response: Response) -> Response:
    # the only commit of the web: a view that returned an error page leaves nothing behind, unless it asked with g.commit
    if db.in_use and writes():
        if not g.get("failed") and (response.status_code < 400 or g.get("commit")):
            db().commit()
            hand_out(runtime().settings.redis_url, g.get("later", ()))
            background.hand_out(runtime().settings.redis_url, g.get("later_tasks", ()))
        else:
            db().rollback()
    return response
