"""What errors of the database tell, which are logged; and work that one does at a time."""

from __future__ import annotations

import threading
import traceback

import pytest
from sqlalchemy import String, insert, select, text
from sqlalchemy.exc import DataError, IntegrityError

from domain.ground.parties import Person
from domain.ground.values import values_table
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
    for wrong in ({}, {"account": "new", "stamp": None}):  # PostgreSQL quotes the key that is there, and the whole row that is refused
        with pytest.raises(IntegrityError) as raised, world.runtime.database.writing() as session:
            session.execute(insert(Person).values(**{**row, **wrong}, created_at=world.clock()))
        logged = "".join(traceback.format_exception(raised.value))
        for secret in ("school1", "张三", "13900000000", "$argon2"):
            assert secret not in logged


@pytest.mark.row("1.1")
def test_an_error_does_not_quote_what_could_not_be_read(world: World) -> None:
    with world.runtime.database.reading() as session:
        rows = values_table(session, [{"number": "11010519491231002X"}, {"number": "a\0"}], {"number": String})
        try:
            session.execute(select(rows.c.number)).all()  # SQLite takes it
        except DataError as error:
            logged = "".join(traceback.format_exception(error))
        else:
            logged = ""
    assert "11010519491231002X" not in logged


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
