"""The check of a password that somebody types: to log in, or to prove who they are. What is wrong counts against the throttle."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request
from sqlalchemy import select

from domain.ground.database import one_at_a_time
from domain.ground.parties import Person
from domain.platform import throttle
from domain.platform.passwords import check_login
from webapp.context import db, runtime

LONGEST = 200  # characters of a password that are looked at


@dataclass(frozen=True)
class Tried:
    """What came of it. `person`: whose password it is; None: it is wrong, or was not looked at, as too many were wrong before."""

    person: Person | None
    too_many: bool = False


def try_password(account: str, password: str) -> Tried:
    """Whether this is the password of the active person with this account.

    What the request has read or written before is let go: the hash takes its time, and must hold no lock. A wrong one counts whatever
    becomes of the request, which may end in an error of quite another kind: it is written down in a transaction of its own.
    """
    address, now = throttle.counted_as(request.remote_addr or ""), runtime().engine.clock()
    if throttle.too_many(db(), account, address, now):
        return Tried(None, too_many=True)
    person = db().scalars(select(Person).where(Person.account == account, Person.active)).first()
    if person is not None:
        db().expunge(person)  # it outlives the transaction
    db().rollback()
    right = check_login(person, password[:LONGEST], runtime().settings.secret_key) and person is not None
    with runtime().database.writing_in_a_hurry() as session:
        one_at_a_time(session, "login")
        # others guessed meanwhile: many at once learn no more than one after the other
        too_many = throttle.too_many(session, account, address, now)
        if not right and not too_many:
            throttle.failed(session, account, address, now)
    return Tried(person if right and not too_many else None, too_many)
