"""What errors of the database tell: they are logged, and people's data are not."""

from __future__ import annotations

import pytest
from sqlalchemy import insert
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
