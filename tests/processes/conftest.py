"""A play on each of the databases; the tests of a module share a product, for each has an instance and a record of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.ground.parties import Person, PersonRole, actor_of
from tests.conftest import NOON, World, filled, settings_in
from tests.processes.bpmn.play import Play
from tests.processes.bpmn.votes import VOTERS


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with filled(request, settings_in(tmp_path_factory.mktemp("play"))) as made:
        yield made


@pytest.fixture
def play(product: World) -> Play:
    product.clock.now = NOON
    return Play(product)


@pytest.fixture
def five(play: Play) -> Play:
    """Five people of the province hold its role."""
    world = play.world
    with world.runtime.database.writing() as session:
        first = session.get_one(Person, world.actor("province1").person_id)
        for account in VOTERS[2:]:
            if account in world.actors:
                continue
            person = Person(
                account=account, name=f"委员{account[1]}", mobile="13800000000", party_id=first.party_id, password_hash="x", stamp="x"
            )
            session.add(person)
            session.flush()
            session.add(PersonRole(person_id=person.id, role="省级"))
            session.flush()
            found = actor_of(session, person.id)
            assert found is not None
            world.actors[account] = found
    return play
