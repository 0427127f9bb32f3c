"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from domain.ground.base import Base
from jobs.runtime import TABLES, migrate
from tests.conftest import World


def test_migrations_match_the_records(world: World) -> None:
    assert TABLES  # imported, so that the metadata knows them
    migrate(world.runtime)  # a second time changes nothing
    with world.runtime.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
