"""Databases for the tests: SQLite always, a private PostgreSQL where its binaries are (PILOT_REQUIRE_ALL=1 fails instead of skipping).

Tests run in several processes at once, in any order and on machines of any speed: each process has servers of its own, each test a
database and a folder of its own, and nothing of the environment's settings or proxies reaches them.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import NullPool, create_engine, select, text

from domain.demo import load_demo
from domain.demo.books import SIZES, load_books
from domain.ground import proofs
from domain.ground.parties import Actor, Person, actor_of
from domain.ground.settings import Settings
from domain.platform import passwords
from jobs.demo.loading import add_exam_subjects, add_standards
from jobs.runtime import Runtime, build, deploy_all, migrate

FOREVER = 300.0  # seconds: longer than anything takes on the slowest machine, so that no outcome hangs on its speed
NOON = datetime.fromisoformat("2026-11-25T12:00:00+08:00")  # a Wednesday; its week ends on 2026-11-30 00:00


SETTINGS = (
    "PILOT_HOME",
    "DATABASE_URL",
    "REDIS_URL",
    "SMS_URL",
    "COMPARE_URL",
    "SECRET_KEY",
    "SECURE_COOKIES",
    "PORT",
    "SEAL_KEYS",
    "PROOF_KEYS",
)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(scope="session", autouse=True)
def bare_environment() -> Iterator[None]:
    """No setting of the product and no proxy of whoever runs the tests, here and in the processes that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (*SETTINGS, *PROXIES, *(proxy.lower() for proxy in PROXIES)):
            patch.delenv(name, raising=False)
        yield


def free_port() -> int:
    """A port that nobody listens on – nor will soon: it lies below those that systems hand out by themselves."""
    while True:
        port = random.SystemRandom().randint(15_000, 32_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


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


@dataclass(frozen=True)
class Server:
    """A private PostgreSQL that listens on a socket in its folder: no port to find, nothing on the network."""

    folder: str
    control: tuple[str, ...]
    """`pg_ctl` for this server."""
    start: tuple[str, ...]
    """What starts it again, after `control`."""

    def restart(self) -> None:
        """Ends it as a crash would, without a checkpoint and without writing what is not written yet, and starts it again."""
        subprocess.run([*self.control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd="/")
        subprocess.run([*self.control, *self.start], check=True, capture_output=True, cwd="/")

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://pilot@/{name}?host={self.folder}"

    def create(self, name: str, template: str) -> str:
        """Copies a database; returns the new one's address."""
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drops a database, whoever is connected to it."""
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def _do(self, statement: str) -> None:
        admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with admin.connect() as connection:
            connection.execute(text(statement))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server | None]:
    # nothing here outlives the tests
    with postgres_server("fsync=off", "full_page_writes=off", "synchronous_commit=off") as server:
        yield server


@contextmanager
def postgres_server(*settings: str) -> Iterator[Server | None]:
    """A private PostgreSQL until the block ends; None where its binaries are not on this machine."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        yield None
        return
    folder = tempfile.mkdtemp(prefix="pilot-pg-")
    as_root = os.geteuid() == 0
    if as_root:
        shutil.chown(folder, "postgres")
    user = ["runuser", "-u", "postgres", "--"] if as_root else []
    initdb = [*user, str(found[-1]), "-D", f"{folder}/data", "-U", "pilot", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
    subprocess.run(initdb, check=True, capture_output=True, cwd="/")
    control = (*user, str(found[-1].with_name("pg_ctl")), "-D", f"{folder}/data", "-w", "-t", "120")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} {' '.join(f'-c {one}' for one in settings)}"
    start = ("-o", options, "-l", f"{folder}/log", "start")
    subprocess.run([*control, *start], check=True, capture_output=True, cwd="/")
    try:
        yield Server(folder, control, start)
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=False, capture_output=True, cwd="/")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hashes of the least cost: an honest one takes longer than most tests, and each world and each log-in needs one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Templates are compiled once, not anew for the app of each test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))})
        yield


def settings_in(home: Path) -> Settings:
    key = home / proofs.FILE  # all homes have the same: a database that is copied into another keeps its proofs
    home.mkdir(parents=True, exist_ok=True)
    key.touch(0o600)
    key.write_text("cHJvb2ZzIG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXMgISE=")
    return Settings(
        home=home,
        database_url=f"sqlite:///{home}/pilot.sqlite3",
        redis_url=f"redis://127.0.0.1:{free_port()}/0",
        sms_url=f"http://127.0.0.1:{free_port()}",
        secret_key="x" * 32,
        secure_cookies=False,
        port=8000,
        compare_url=f"http://127.0.0.1:{free_port()}",
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


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
    _fill(settings_in(path.parent))
    return path


@pytest.fixture(scope="session")
def filled_postgres(postgres: Server | None, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server, with the database `filled` to copy."""
    return fill_server(postgres, tmp_path_factory)


def fill_server(server: Server | None, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """Makes the database `filled` in a server."""
    if server is None:
        missing("PostgreSQL")
    url = server.create("filled", "template0")
    _fill(replace(settings_in(tmp_path_factory.mktemp("filled")), database_url=url))
    return server


def _add_books(settings: Settings) -> None:
    """Adds organizations, schools, certificates, standards and exam subjects; most tests need only people."""
    runtime = build(settings, Clock())
    with runtime.database.writing() as session:
        load_books(session, NOON, SIZES["small"])
        add_standards(runtime.engine, session, NOON)
        add_exam_subjects(runtime.engine, session, NOON)
    runtime.database.engine.dispose()


@pytest.fixture(scope="session")
def books_sqlite(filled_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `filled_sqlite`, with the books."""
    settings = settings_in(tmp_path_factory.mktemp("books"))
    shutil.copy(filled_sqlite, settings.home)
    _add_books(settings)
    return settings.home / filled_sqlite.name


@pytest.fixture(scope="session")
def books_postgres(filled_postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server, with the database `books` to copy."""
    _add_books(replace(settings_in(tmp_path_factory.mktemp("books")), database_url=filled_postgres.create("books", "filled")))
    return filled_postgres


def world_of(settings: Settings, clock: Callable[[], datetime] | None = None) -> World:
    """A product on a filled database, at `NOON` until a test sets its clock, or on another clock."""
    still = Clock()
    runtime = build(settings, clock or still)
    with runtime.database.reading() as session:
        people = session.execute(select(Person.account, Person.id)).all()
        actors = {account: actor for account, id in people if (actor := actor_of(session, id)) is not None}
    return World(runtime, still, actors)


@pytest.fixture
def lite(settings: Settings, filled_sqlite: Path) -> Iterator[World]:
    """The product on SQLite."""
    shutil.copy(filled_sqlite, settings.home)
    world = world_of(settings)
    yield world
    world.runtime.database.engine.dispose()


@contextmanager
def filled_database(request: pytest.FixtureRequest, settings: Settings, template: str = "filled") -> Iterator[Settings]:
    """The settings with a copy of a filled database, of the kind that the fixture's parameter names (else SQLite); gone afterwards."""
    if getattr(request, "param", "sqlite") == "sqlite":
        shutil.copy(request.getfixturevalue(f"{template}_sqlite"), settings.home)
        yield settings
        return
    server, name = request.getfixturevalue(f"{template}_postgres"), f"t{uuid4().hex}"
    url = server.create(name, template)
    try:
        yield replace(settings, database_url=url)
    finally:
        server.drop(name)


@contextmanager
def filled(request: pytest.FixtureRequest, settings: Settings, template: str = "filled") -> Iterator[World]:
    """A product on the database that the fixture's parameter names, gone afterwards."""
    with filled_database(request, settings, template) as there:
        made = world_of(there)
        try:
            yield made
        finally:
            made.runtime.database.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, settings: Settings) -> Iterator[World]:
    """The product on each of the databases."""
    with filled(request, settings) as made:
        yield made


@pytest.fixture
def lite_books(settings: Settings, books_sqlite: Path) -> Iterator[World]:
    """The product on SQLite, with the books."""
    shutil.copy(books_sqlite, settings.home)
    world = world_of(settings)
    yield world
    world.runtime.database.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def world_books(request: pytest.FixtureRequest, settings: Settings) -> Iterator[World]:
    """The product on each of the databases, with the books."""
    with filled(request, settings, "books") as made:
        yield made
