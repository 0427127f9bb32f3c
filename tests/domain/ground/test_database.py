"""What errors of the database tell, which are logged; and work that one does at a time."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError

from domain.ground.parties import Person
from tests.conftest import World


@pytest.mark.row("1.1")
def test_an_error_holds_no_parameters(world: World) -> None:
    row = {
        "account": "school1",
        "name": "张三",
        "mobile": "13900000000",
        "party_id": 1,
        "password_hash": "$argon2",
        "stamp": "s",
        "active": True,
    }
    with pytest.raises(IntegrityError) as raised, world.runtime.database.writing() as session:
        session.execute(insert(Person).values(**row, created_at=world.clock()))
    for secret in ("张三", "13900000000", "$argon2"):
        assert secret not in str(raised.value)


def test_one_after_the_other_is_alone(world: World) -> None:
    """Over several transactions, and whoever raises lets go."""
    database, order = world.runtime.database, list[str]()
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with database.alone("counting"):
            order.append("second")

    waiting = threading.Thread(target=second)

    def first() -> None:
        with database.alone("counting"):
            waiting.start()
            assert begun.wait(20)
            for _ in range(3):
                with database.reading() as session:
                    session.execute(text("SELECT 1"))
            order.append("first")
            raise LookupError

    with pytest.raises(LookupError):
        first()
    waiting.join()
    assert order == ["first", "second"]
