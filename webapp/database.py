"""The web's database: Flask-SQLAlchemy carries the runtime's engine, and one session for each request (`docs/decisions/web-session.md`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, current_app, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as AppSession
from sqlalchemy import ClauseElement, Connection, Engine
from sqlalchemy.orm import Session

from domain.ground.database import Database

if TYPE_CHECKING:
    from jobs.runtime import Runtime

SAFE = ("GET", "HEAD", "OPTIONS")
ARRIVED = "pilot.arrived"
"""Name in the environ of the moment at which a request had arrived, by `time.monotonic`; the web server (`webapp.serving`) tells it."""


def view_of_request() -> Callable[..., Any] | None:
    """The view that answers this request; None where its address leads to none."""
    return current_app.view_functions.get(request.endpoint or "")


def writes() -> bool:
    """Whether this request may write: by its method, unless its view is marked with `webapp.context.reads_only`."""
    return request.method not in SAFE and not getattr(view_of_request(), "reads_only", False)


class RequestSession(AppSession):
    """A session that stays on one engine: that of steps in a request that may write, else that of reads."""

    def __init__(self, db: RequestDatabase, **options: object) -> None:
        super().__init__(db, **options)
        self._opened = db.opened
        # outside a request nobody has said that something is to be written
        self._writes = has_request_context() and writes()
        self._chosen = self._opened.answering(request.environ.get(ARRIVED)) if self._writes else self._opened.engine

    def rollback(self) -> None:
        """As usual; where a view gives the write lock back for work that takes a while, it may wait for it anew afterwards."""
        super().rollback()
        if self._writes:
            self._chosen = self._opened.answering(None)

    def get_bind(
        self,
        mapper: object | None = None,
        clause: ClauseElement | None = None,
        bind: Engine | Connection | None = None,
        **more: object,
    ) -> Engine | Connection:
        """The chosen engine, whatever the statement is about: the extension would take the reads' engine for every one."""
        return bind if bind is not None else self._chosen


class RequestDatabase(SQLAlchemy):
    """Flask-SQLAlchemy over the database that the runtime has opened. Call it for the request's one session."""

    def __call__(self) -> Session:
        """The session of this app context, so of this request; opened at first use, rolled back and closed with the context."""
        return self.session()

    @property
    def opened(self) -> Database:
        """The open database of the current app."""
        return _database_of(current_app)

    @property
    def in_use(self) -> bool:
        """Whether this app context has a session already."""
        return bool(self.session.registry.has())

    def init_app(self, app: Flask) -> None:
        """Carries the database of the app's runtime, which `app.extensions["pilot"]` has to hold by now."""
        app.config.update(
            SQLALCHEMY_DATABASE_URI=_database_of(app).engine.url,
            SQLALCHEMY_RECORD_QUERIES=False,
            SQLALCHEMY_TRACK_MODIFICATIONS=False,
        )
        super().init_app(app)

    def _apply_driver_defaults(self, options: Mapping[str, object], app: Flask) -> None:
        # the extension would move a relative path of SQLite into a folder of its own, away from the workers' file
        return

    def _make_engine(self, bind_key: str | None, options: Mapping[str, object], app: Flask) -> Engine:
        # an engine of the extension's own making would begin and lock otherwise than the workers', and need a second pool
        return _database_of(app).engine


def _database_of(app: Flask) -> Database:
    return cast("Runtime", app.extensions["pilot"]).database
