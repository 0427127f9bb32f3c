"""What PostgreSQL has answered it keeps, whatever its own setting: a payload that went out is the one that goes out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from domain.ground.database import Database, open_database
from domain.ground.handling import Transient
from domain.ground.settings import Settings
from jobs import outbox
from tests.conftest import Server, world_of
from tests.faults.conftest import Ground
from tests.jobs.submitted import set_job, submitted
from tests.jobs.test_outbox import calling

pytestmark = [pytest.mark.row("9.1"), pytest.mark.parametrize("ground", ["postgresql"], indirect=True)]


def test_a_payload_that_went_out_outlives_a_crash_of_the_server(ground: Ground) -> None:
    world, made, sent = world_of(ground.settings), iter(range(9)), []
    assert ground.server is not None

    def prepare(*_: Any) -> dict[str, Any]:
        return {"messages": [{"to": "13800000000", "text": f"第 {next(made)} 次"}]}

    def call(payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
        sent.append((key, payload["messages"][0]["text"]))
        if len(sent) == 1:
            ground.server.restart()
            raise Transient("没有应答")
        return {}

    _, _, job_id = submitted(world)
    _written(ground.server, ground.settings)
    runtime = calling(world, call, prepare)
    outbox.run_job(runtime, job_id)
    set_job(runtime, job_id, next_at=world.clock())
    assert outbox.run_job(runtime, job_id)
    assert sent == [(job_id, "第 0 次"), (job_id, "第 0 次")]
    runtime.database.engine.dispose()


def _written(server: Server, settings: Settings) -> None:
    """Makes the server write what it has answered so far."""
    engine = create_engine(settings.database_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("CHECKPOINT"))


@pytest.fixture
def database(ground: Ground) -> Iterator[Database]:
    opened = open_database(ground.settings.database_url)
    yield opened
    opened.engine.dispose()


def test_every_session_waits_until_its_commit_is_written(database: Database) -> None:
    for engine in (database.engine, database.immediate):
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"
            connection.rollback()
            assert connection.scalar(text("SHOW synchronous_commit")) == "on"


@pytest.mark.parametrize("stronger", ["remote_apply", "local", "remote_write"])
def test_what_else_an_administrator_has_chosen_stays(ground: Ground, database: Database, stronger: str) -> None:
    admin = create_engine(ground.settings.database_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {admin.url.database} SET synchronous_commit = {stronger}"))
    with database.engine.connect() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == stronger
