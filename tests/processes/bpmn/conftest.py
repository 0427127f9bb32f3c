"""A play on each of the databases; the tests of a module share a product, for each has an instance and a record of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from domain.settings import Settings
from tests.conftest import NOON, World, _world, free_port, missing
from tests.processes.bpmn.play import Play


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("play")
    settings = Settings(
        home=folder,
        database_url=f"sqlite:///{folder}/pilot.sqlite3",
        redis_url=f"redis://127.0.0.1:{free_port()}/0",
        sms_url=f"http://127.0.0.1:{free_port()}",
        secret_key="x" * 32,
        secure_cookies=False,
        port=8000,
    )
    if request.param == "sqlite":
        made = _world(settings)
        yield made
        made.runtime.database.engine.dispose()
        return
    server = request.getfixturevalue("postgres")
    if server is None:
        missing("PostgreSQL")
    name = f"t{free_port()}"
    admin = create_engine(f"{server}postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    made = _world(replace(settings, database_url=f"{server}{name}"))
    yield made
    made.runtime.database.engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def play(product: World) -> Play:
    product.clock.now = NOON
    return Play(product)
