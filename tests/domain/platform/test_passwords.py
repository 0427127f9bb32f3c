"""Passwords: what a new one needs, and that a change ends sessions."""

from __future__ import annotations

import pytest

from domain.demo import PASSWORD
from domain.ground.errors import DomainError
from domain.ground.parties import Person
from domain.platform.passwords import WeakPassword, WrongPassword, change_password, check_password, hash_password
from tests.conftest import World


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("wrong", "letters123", WrongPassword),
        (PASSWORD, PASSWORD, WeakPassword),
        (PASSWORD, "short1", WeakPassword),
        (PASSWORD, "onlyletters", WeakPassword),
        (PASSWORD, "1234567890", WeakPassword),
        (PASSWORD, "1234-5678", WeakPassword),  # digits and signs, no letter
        (PASSWORD, "letters-only!", WeakPassword),
    ],
)
def test_a_bad_change_is_refused(lite: World, old: str, new: str, error: type[DomainError]) -> None:
    person_id = lite.actor("school1").person_id
    with lite.runtime.database.writing() as session:
        before = session.get_one(Person, person_id).password_hash
        with pytest.raises(error):
            change_password(session, person_id, old, new)
        assert session.get_one(Person, person_id).password_hash == before


def test_a_change_ends_sessions(lite: World) -> None:
    actor = lite.actor("school1")
    with lite.runtime.database.writing() as session:
        person = change_password(session, actor.person_id, PASSWORD, "Nanjing-2027")
        assert person.stamp != actor.stamp
        assert check_password(person.password_hash, "Nanjing-2027")
        assert not check_password(person.password_hash, PASSWORD)


@pytest.mark.parametrize("known", [None, "no hash", hash_password("other-123")], ids=["none", "no hash", "another's"])
def test_a_wrong_password_or_account_fails(known: str | None) -> None:
    assert not check_password(known, "Pilot-2026")
