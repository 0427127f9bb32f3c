"""A filled database of each kind – PostgreSQL's server is the loop's own, which is crashed with it – and a private Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from domain.ground.settings import Settings
from tests.conftest import Server, fill_server, filled_database, postgres_server
from tests.jobs.conftest import redis, redis_server

__all__ = ["redis", "redis_server"]


FORGETFUL = ("synchronous_commit=off", "wal_writer_delay=10000ms")
"""Settings of a server that answers a commit long before it has written it, as far as it is asked."""


@dataclass(frozen=True)
class Ground:
    """Settings of a product on a filled database, and the database's server where it has one."""

    settings: Settings
    server: Server | None


@pytest.fixture(scope="session")
def crashing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL as careless with commits as one can be: what people were told must outlive its crashes all the same."""
    with postgres_server(*FORGETFUL) as server:
        yield fill_server(server, tmp_path_factory)


@pytest.fixture(params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Ground]:
    if request.param == "sqlite":
        with filled_database(request, settings) as there:
            yield Ground(there, None)
        return
    server, name = request.getfixturevalue("crashing_server"), f"t{uuid4().hex}"
    url = server.create(name, "filled")
    try:
        yield Ground(replace(settings, database_url=url), server)
    finally:
        server.drop(name)
