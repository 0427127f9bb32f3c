"""A play on each of the databases; the tests of a module share a product, for each has an instance and a record of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from tests.conftest import NOON, World, _create, _settings, _world
from tests.processes.bpmn.play import Play


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("play")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("filled_sqlite"), folder)
        made = _world(_settings(folder))
        yield made
        made.runtime.database.engine.dispose()
        return
    filled, server, name = request.getfixturevalue("filled_postgres"), request.getfixturevalue("postgres"), f"t{uuid4().hex}"
    _create(server, name, filled)
    made = _world(replace(_settings(folder), database_url=f"{server}{name}"))
    yield made
    made.runtime.database.engine.dispose()


@pytest.fixture
def play(product: World) -> Play:
    product.clock.now = NOON
    return Play(product)
