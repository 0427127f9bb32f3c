"""A play on each of the databases; the tests of a module share a product, for each has an instance and a record of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import NOON, World, filled, settings_in
from tests.processes.bpmn.play import Play


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with filled(request, settings_in(tmp_path_factory.mktemp("play"))) as made:
        yield made


@pytest.fixture
def play(product: World) -> Play:
    product.clock.now = NOON
    return Play(product)
