"""Flask-SQLAlchemy under the pages: the runtime's engine, one session a request, and no commit but the web's one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

from domain.ground.base import Base
from domain.ground.settings import Settings
from domain.ground.write_lock import ANSWERING, SINCE
from domain.platform.throttle import LoginAttempt
from jobs.runtime import build
from tests.conftest import NOON, World, settings_in, world_of
from tests.counting import count, counted
from tests.webapp.clients import site, user
from webapp.app import create_app
from webapp.context import db, public, reads_only
from webapp.database import ARRIVED

BEGINNINGS = ("BEGIN", "BEGIN IMMEDIATE")
SELECT = text("SELECT 1")


def probe(app: Flask, view: Callable[[], tuple[str, int]], method: str = "GET", address: str = "/probe") -> None:
    """A view of the test's own, that needs no login."""
    app.add_url_rule(address, address, public(view), methods=[method])


@contextmanager
def taken(world: World) -> Iterator[tuple[list[Session], list[object]]]:
    """Every session of the web that begins a transaction, and every connection taken from the pool."""
    sessions: list[Session] = []
    connections: list[object] = []

    def on_begin(session: Session, *_: object) -> None:
        sessions.append(session)

    def on_checkout(connection: object, *_: object) -> None:
        connections.append(connection)

    event.listen(db.session, "after_begin", on_begin)
    event.listen(world.runtime.database.engine, "checkout", on_checkout)
    try:
        yield sessions, connections
    finally:
        event.remove(db.session, "after_begin", on_begin)
        event.remove(world.runtime.database.engine, "checkout", on_checkout)


def left(world: World) -> int:
    """How many connections are out of the pool, and sessions kept for contexts, when nothing runs."""
    return world.runtime.database.engine.pool.checkedout() + len(db.session.registry.registry)  # type: ignore[attr-defined]


def bound(app: Flask, address: str, method: str) -> Engine:
    """The engine on which the session of such a request works."""
    with app.test_request_context(address, method=method):
        found = db().get_bind()
    assert isinstance(found, Engine)
    return found


def test_it_carries_the_engine_and_the_records_of_the_runtime(world: World) -> None:
    app = site(world)
    with app.app_context():
        assert db.engine is world.runtime.database.engine
    assert db.metadata is Base.metadata
    assert app.config["SQLALCHEMY_RECORD_QUERIES"] is app.config["SQLALCHEMY_TRACK_MODIFICATIONS"] is False


def test_its_sessions_are_as_those_of_the_jobs(lite: World) -> None:
    app, database = site(lite), lite.runtime.database
    for method, makes in (("GET", database.reads), ("POST", database.writes)):
        with app.test_request_context("/", method=method), makes() as theirs:
            ours = db()
            for name in ("autoflush", "autobegin", "expire_on_commit", "twophase", "join_transaction_mode"):
                assert getattr(ours, name) == getattr(theirs, name), name
            mine, other = ours.get_bind(), theirs.get_bind()
            assert isinstance(mine, Engine)
            assert isinstance(other, Engine)
            assert mine.pool is other.pool
            assert {**mine.get_execution_options(), ANSWERING: True} == {**other.get_execution_options(), ANSWERING: True}


def test_only_requests_that_may_write_take_the_lock(lite: World) -> None:
    app, database = site(lite), lite.runtime.database
    assert bound(app, "/inbox/", "GET") is database.engine
    waits = database.answering(None).get_execution_options()
    assert waits != database.engine.get_execution_options()
    assert bound(app, "/login", "POST").get_execution_options() == waits
    assert bound(app, "/nowhere", "POST").get_execution_options() == waits
    assert bound(app, "/fields/check", "POST") is database.engine  # its view is marked as one that only reads


def test_the_wait_for_the_lock_counts_from_the_arrival_and_anew_after_the_lock_was_given_back(lite: World) -> None:
    app, database = site(lite), lite.runtime.database
    with app.test_request_context("/weekly/new", method="POST", environ_base={ARRIVED: 12.5}):
        session, seen = db(), []
        for _ in range(2):
            assert session.get_bind() is database.hurried
            seen.append(SINCE.get())
            session.execute(SELECT)
            session.rollback()
    assert seen == [12.5, None]


@pytest.mark.parametrize(
    ("method", "marked", "begins"), [("GET", False, "BEGIN"), ("POST", False, "BEGIN IMMEDIATE"), ("POST", True, "BEGIN")]
)
def test_a_transaction_after_a_rollback_begins_as_the_first_did(lite: World, method: str, marked: bool, begins: str) -> None:
    def view() -> tuple[str, int]:
        for _ in range(2):
            db().execute(SELECT)
            db().rollback()
        return "", 200

    app = site(lite)
    probe(app, reads_only(view) if marked else view, method)
    with counted(lite) as (statements, _):
        assert app.test_client().open("/probe", method=method).status_code == 200
    assert [one for one in statements if one in BEGINNINGS] == [begins, begins]


def test_a_page_takes_one_session_and_one_connection_and_gives_them_back(world: World) -> None:
    school = user(site(world), "school1")
    for address in ("/", "/inbox/", "/weekly/", "/messages/", "/files/1"):
        with taken(world) as (sessions, connections), counted(world) as (statements, commits):
            assert school.get(address).status_code in (200, 404)
        assert len({id(session) for session in sessions}) == len(sessions) == len(connections) == 1, address
        assert statements
        assert not commits
        assert left(world) == 0


@pytest.mark.parametrize(
    ("method", "status", "kept"), [("GET", 200, 0), ("POST", 200, 1), ("POST", 302, 1), ("POST", 422, 0), ("POST", 500, 0)]
)
def test_nothing_is_kept_but_by_a_post_that_went_well(world: World, method: str, status: int, kept: int) -> None:
    def view() -> tuple[str, int]:
        db().add(LoginAttempt(account="nobody", address="::1", at=NOON))
        db().flush()
        if status == 500:
            raise ValueError("broken")
        return "", status

    app = site(world)
    app.config.update(TESTING=False)  # a fault is a page, not the test's own
    probe(app, view, method)
    with counted(world) as (_, commits):
        assert app.test_client().open("/probe", method=method).status_code == status
    assert len(commits) == count(world, LoginAttempt) == kept
    assert left(world) == 0


def test_requests_at_the_same_time_have_a_session_each(world: World) -> None:
    app, seen = site(world), list[Session]()

    def inner() -> tuple[str, int]:
        seen.append(db())
        db().execute(SELECT)
        return "", 200

    def outer() -> tuple[str, int]:
        seen.append(db())
        db().execute(SELECT)
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(lambda: app.test_client().get("/inner").status_code).result() == 200
        seen.append(db())
        return "", 200

    probe(app, inner, address="/inner")
    probe(app, outer, address="/outer")
    assert app.test_client().get("/outer").status_code == 200
    before, other, after = seen
    assert before is after
    assert other is not before
    assert left(world) == 0


def test_two_apps_in_one_process_keep_to_their_databases(lite: World, filled_sqlite: Path, tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "other")
    shutil.copy(filled_sqlite, settings.home)
    other = world_of(settings)
    first, second = site(lite), site(other)
    with first.test_request_context("/"):
        ours = db()
        with second.test_request_context("/"):
            assert db().get_bind() is other.runtime.database.engine
        assert db() is ours
        assert ours.get_bind() is lite.runtime.database.engine
    other.runtime.database.engine.dispose()


def test_without_a_request_it_reads_until_the_context_ends(lite: World) -> None:
    app = site(lite)
    with counted(lite) as (statements, commits):
        with app.app_context():
            assert not db.in_use
            db().add(LoginAttempt(account="nobody", address="::1", at=NOON))
            db().flush()
            assert db.in_use
        assert left(lite) == 0
    assert statements[0] == "BEGIN"
    assert not commits
    assert count(lite, LoginAttempt) == 0


def test_a_relative_path_of_sqlite_is_the_workers_file(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda _: str(tmp_path / "instance"))
    runtime = build(replace(settings, database_url="sqlite:///here.sqlite3"))
    app = create_app(runtime)
    with app.app_context():
        db().execute(SELECT)
    with runtime.database.reading() as session:
        assert session.scalar(select(1)) == 1
    runtime.database.engine.dispose()
    assert (tmp_path / "here.sqlite3").exists()
    assert not (tmp_path / "instance").exists()


def test_it_warns_of_nothing_when_it_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", "import webapp.app"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
