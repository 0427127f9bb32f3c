"""Databases for the tests: SQLite always, a private PostgreSQL where its binaries are (PILOT_REQUIRE_ALL=1 fails instead of skipping)."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from sqlalchemy import create_engine, select, text

from domain import passwords
from domain.demo import load_demo
from domain.demo.books import SIZES, load_books
from domain.parties import Actor, Person, actor_of
from domain.settings import Settings
from jobs.demo import add_standards
from jobs.runtime import Runtime, build, deploy_all, migrate

NOON = datetime.fromisoformat("2026-11-25T12:00:00+08:00")  # a Wednesday; its week ends on 2026-11-30 00:00


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def missing(what: str) -> None:
    message = f"{what} is not on this machine"
    if os.environ.get("PILOT_REQUIRE_ALL") == "1":
        pytest.fail(message)
    pytest.skip(message)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class World:
    """A product with demonstration data, and a clock that tests set."""

    runtime: Runtime
    clock: Clock
    actors: dict[str, Actor] = field(default_factory=dict)

    def actor(self, account: str) -> Actor:
        return self.actors[account]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str | None]:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        yield None
        return
    folder = tempfile.mkdtemp(prefix="pilot-pg-")
    as_root = os.geteuid() == 0
    if as_root:
        shutil.chown(folder, "postgres")
    user = ["runuser", "-u", "postgres", "--"] if as_root else []
    data, port = f"{folder}/data", free_port()
    initdb = [*user, str(binaries[-1] / "initdb"), "-D", data, "-U", "pilot", "-A", "trust", "-E", "UTF8"]
    subprocess.run(initdb, check=True, capture_output=True, cwd="/")
    control = [*user, str(binaries[-1] / "pg_ctl"), "-D", data, "-w"]
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    subprocess.run([*control, "-o", options, "-l", f"{folder}/log", "start"], check=True, capture_output=True, cwd="/")
    try:
        yield f"postgresql+psycopg://pilot@127.0.0.1:{port}/"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hashes of the least cost: an honest one takes longer than most tests, and each world and each log-in needs one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


def _settings(home: Path) -> Settings:
    return Settings(
        home=home,
        database_url=f"sqlite:///{home}/pilot.sqlite3",
        redis_url=f"redis://127.0.0.1:{free_port()}/0",
        sms_url=f"http://127.0.0.1:{free_port()}",
        secret_key="x" * 32,
        secure_cookies=False,
        port=8000,
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return _settings(tmp_path)


def _fill(settings: Settings) -> None:
    """Schema, diagrams and demonstration data: made once a session, and copied for each test."""
    runtime = build(settings, Clock())
    migrate(runtime)
    deploy_all(runtime)
    with runtime.database.writing() as session:
        load_demo(session, NOON)
    runtime.database.engine.dispose()


@pytest.fixture(scope="session")
def filled_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "pilot.sqlite3"
    _fill(_settings(path.parent))
    return path


@pytest.fixture(scope="session")
def filled_postgres(postgres: str | None, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of the database to copy."""
    if postgres is None:
        missing("PostgreSQL")
    _create(postgres, "filled", "template0")
    _fill(replace(_settings(tmp_path_factory.mktemp("filled")), database_url=f"{postgres}filled"))
    return "filled"


def _create(server: str | None, name: str, template: str) -> None:
    admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()


def _world(settings: Settings) -> World:
    clock = Clock()
    runtime = build(settings, clock)
    with runtime.database.reading() as session:
        people = session.execute(select(Person.account, Person.id)).all()
        actors = {account: actor for account, id in people if (actor := actor_of(session, id)) is not None}
    return World(runtime, clock, actors)


def add_books(world: World) -> World:
    """Adds organizations, schools, certificates and standards; most tests need only people."""
    with world.runtime.database.writing() as session:
        load_books(session, world.clock(), SIZES["small"])
        add_standards(world.runtime.engine, session, world.clock())
    return world


@pytest.fixture
def lite(settings: Settings, filled_sqlite: Path) -> Iterator[World]:
    """The product on SQLite."""
    shutil.copy(filled_sqlite, settings.home)
    world = _world(settings)
    yield world
    world.runtime.database.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, settings: Settings) -> Iterator[World]:
    """The product on each of the databases."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("filled_sqlite"), settings.home)
        made = _world(settings)
        yield made
        made.runtime.database.engine.dispose()
        return
    filled, server, name = request.getfixturevalue("filled_postgres"), request.getfixturevalue("postgres"), f"t{uuid4().hex}"
    _create(server, name, filled)
    made = _world(replace(settings, database_url=f"{server}{name}"))
    try:
        yield made
    finally:
        made.runtime.database.engine.dispose()
        admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture
def lite_books(lite: World) -> World:
    """The product on SQLite, with the books."""
    return add_books(lite)


@pytest.fixture
def world_books(world: World) -> World:
    """The product on each of the databases, with the books."""
    return add_books(world)
