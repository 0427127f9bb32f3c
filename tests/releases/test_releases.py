"""A home of every earlier release goes on with today's code, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from domain.ground.base import Base
from domain.ground.database import open_database
from domain.ground.parties import Actor
from domain.ground.settings import Settings
from forms.lists import KINDS
from jobs.runtime import build, deploy_all, migrate
from tests.conftest import Clock, Server, missing, world_of
from tests.releases.homes import FOLDER, Home, homes, migrate_to, schema_of
from tests.releases.replaying import GO_ON, Replay
from tests.webapp.clients import site, user

KEPT = list(homes())


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, settings: Settings, home: Home, tmp_path: Path) -> Iterator[Settings]:
    """The settings of an installation of the release `home`."""
    if request.param == "sqlite":
        home.write_sqlite(tmp_path / "pilot.sqlite3")
        yield settings
        return
    server: Server | None = request.getfixturevalue("postgres")
    if server is None:
        missing("PostgreSQL")
    name = f"t{uuid4().hex}"
    url = server.create(name, "template0")
    try:
        home.write_postgres(url, tmp_path)
        yield replace(settings, database_url=url)
    finally:
        server.drop(name)


@contextmanager
def upgraded(settings: Settings) -> Iterator[Replay]:
    """An installation after `pilot migrate`, at work."""
    runtime = build(settings, Clock())
    try:
        migrate(runtime)
        deploy_all(runtime)
    finally:
        runtime.database.engine.dispose()
    replay = Replay(world_of(settings))
    try:
        yield replay
    finally:
        replay.runtime.database.engine.dispose()


@pytest.mark.parametrize("home", KEPT, ids=str)
def test_what_runs_goes_on_to_its_end(kept: Settings, home: Home) -> None:
    with upgraded(kept) as replay:
        with replay.runtime.database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
        assert replay.faults() == []
        replay.play(home.situations)
        assert replay.faults() == []
        replay.finish()
        assert (replay.running(), replay.faults()) == ([], [])


@pytest.mark.parametrize("home", KEPT, ids=str)
def test_released_migrations_say_what_they_said(home: Home, tmp_path: Path) -> None:
    """Else an installation that has run them would have another schema than a new one."""
    home.write_sqlite(tmp_path / "then.sqlite3")
    then, now = (open_database(f"sqlite:///{tmp_path}/{name}.sqlite3").engine for name in ("then", "now"))
    with now.begin() as connection:
        migrate_to(connection, home.schema)
    assert schema_of(then) == schema_of(now)
    then.dispose()
    now.dispose()


@pytest.mark.parametrize("home", KEPT[::2], ids=str)
def test_pages_show_what_was_kept(settings: Settings, home: Home, tmp_path: Path) -> None:
    """Whoever logs in after the upgrade finds their work: what waits for them, and what they had typed."""
    home.write_sqlite(tmp_path / "pilot.sqlite3")
    with upgraded(settings) as replay:
        app = site(replay.world)
        supervisor, people = user(app, "supervisor"), {account: user(app, account) for account in ("school1", "province1")}
        for number in home.situations.values():
            assert supervisor.get(f"/monitor/instances/{number}/").status_code == 200
        for row in replay.running():
            if row.key not in KINDS:
                continue
            for task in replay.tasks(row.id):
                for account in (one for one in people if _may(replay.world.actor(one), task)):
                    shown = people[account].get(f"/inbox/tasks/{task.id}", follow_redirects=True)  # a record's own form lies elsewhere
                    assert (shown.status_code, row.title in shown.get_data(as_text=True)) == (200, True)
        for client in people.values():
            for address in ("/", "/inbox/", "/weekly/"):
                assert client.get(address).status_code == 200
        draft = replay.row(home.situations["draft"]).subject_id
        assert "没有保存的草稿" in people["school1"].get(f"/weekly/{draft}/edit").get_data(as_text=True)


def _may(actor: Actor, task: Any) -> bool:
    return task.role in actor.roles and task.party_id == actor.party_id and task.assignee_id in (None, actor.person_id)


def test_the_home_of_this_release_can_be_kept(settings: Settings, tmp_path: Path) -> None:
    """The script that makes homes finds its way in today's code, and brings about all situations."""
    made = tmp_path / "made"
    made.mkdir()
    maker = [sys.executable, str(FOLDER / "make.py"), "today", str(made)]
    subprocess.run(maker, cwd=FOLDER.parents[1], check=True, capture_output=True)
    (home,) = homes(made)
    assert set(home.situations) == set(GO_ON)
    home.write_sqlite(tmp_path / "pilot.sqlite3")
    with upgraded(settings) as replay:
        assert replay.faults() == []  # its proofs hold where it is kept


def test_each_situation_is_in_a_home() -> None:
    assert {name for home in KEPT for name in home.situations} == set(GO_ON)
    assert [home.schema for home in KEPT] == sorted({home.schema for home in KEPT})
