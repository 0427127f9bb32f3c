"""证书编号: its parts, its check digit, and no number twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.issuing.numbers import SERIALS, NoMoreNumbers, Serial, check_digit, is_number, next_number
from tests.conftest import World
from tests.racing import race, transaction

ABOUT = (12_345, 7, "中级", "32", 2026)


@pytest.mark.row("4.2.7")
def test_a_number_says_what_it_is_of(world: World) -> None:
    with world.runtime.database.writing() as session:
        first, second = next_number(session, *ABOUT), next_number(session, *ABOUT)
        other = next_number(session, 12_345, 8, "高级", "32", 2027)
    assert [number[:19] for number in (first, second, other)] == [
        "2345" + "0007" + "2" + "32" + "26" + "000001",
        "2345" + "0007" + "2" + "32" + "26" + "000002",
        "2345" + "0008" + "3" + "32" + "27" + "000001",
    ]
    assert all(is_number(number) for number in (first, second, other))


@pytest.mark.row("4.2.7")
def test_the_check_digit() -> None:
    """ISO 7064, MOD 11,10, has 0794 → 5 as its example."""
    assert check_digit("0794") == "5"
    number = "2345000723226000001"
    whole = number + check_digit(number)
    assert is_number(whole)
    wrong = [whole[:at] + digit + whole[at + 1 :] for at in range(20) for digit in "0123456789" if digit != whole[at]]
    assert not any(is_number(one) for one in wrong)
    assert not any(is_number(one) for one in ("", whole[:-1], whole + "0", whole.replace("2", "２"), " " + whole[1:]))


@pytest.mark.row("4.2.7")
def test_what_is_taken_back_leaves_no_gap_and_the_last_is_the_last(world: World) -> None:
    with world.runtime.database.writing() as session:
        assert next_number(session, *ABOUT)[13:19] == "000001"
        session.rollback()
    with world.runtime.database.writing() as session:
        assert next_number(session, *ABOUT)[13:19] == "000001"
        session.execute(update(Serial).values(last=SERIALS))
    with pytest.raises(NoMoreNumbers), world.runtime.database.writing() as session:
        next_number(session, *ABOUT)
    with world.runtime.database.reading() as session:
        assert session.scalars(select(Serial.last)).one() == SERIALS


@pytest.mark.row("4.2.7")
def test_two_at_once_get_two_numbers(world: World) -> None:
    def one() -> Callable[[Session], str]:
        return lambda session: next_number(session, *ABOUT)

    race(world, one(), transaction(world, one()))
    with world.runtime.database.reading() as session:
        assert session.scalars(select(Serial.last)).one() == 2
