"""A filled database of each kind, whose commits wait for the disk, and a private Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import NullPool, create_engine, text

from domain.ground.settings import Settings
from tests.conftest import filled_database
from tests.jobs.conftest import redis, redis_server

__all__ = ["filled_settings", "redis", "redis_server"]


@pytest.fixture(params=["sqlite", "postgresql"])
def filled_settings(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    with filled_database(request, settings) as there:
        if not there.database_url.startswith("sqlite"):
            engine = create_engine(there.database_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
            with engine.connect() as connection:  # the tests' own server is told not to wait
                name = connection.scalar(text("SELECT current_database()"))
                connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = on"))
            engine.dispose()
        yield there
