"""The roles that people hold, given and taken from outside the pages: who did so is written down, in 修改记录."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import ROLES, Actor, Person, PersonRole, person_proved, prove_person
from domain.platform.changes import note_change

GIVEN = tuple(role for role in ROLES if role != "系统")  # nobody is the system


class NoSuchAccount(DomainError):
    """没有这个账号。"""


def roles_of(session: Session, account: str) -> list[str]:
    """The roles that the person with this account holds, in the order of `ROLES`.

    Raises:
        NoSuchAccount
    """
    held = set(session.scalars(select(PersonRole.role).where(PersonRole.person_id == _person(session, account).id)))
    return [role for role in ROLES if role in held]


def change_roles(session: Session, account: str, give: Collection[str], take: Collection[str], by: str, now: datetime) -> None:
    """Gives roles of `GIVEN` to a person and takes others away. `by`: who did so, as 修改记录 says it.

    Raises:
        NoSuchAccount
    """
    person, before = _person(session, account), roles_of(session, account)
    after = [role for role in ROLES if (role in before or role in give) and role not in take]
    proved = person_proved(session, person, before)
    session.execute(delete(PersonRole).where(PersonRole.person_id == person.id, PersonRole.role.in_(set(before) - set(after))))
    session.add_all(PersonRole(person_id=person.id, role=role) for role in after if role not in before)
    session.flush()
    if proved:  # what somebody changed by hand before stays without a proof
        prove_person(session, person)
    actor = Actor(0, by, 0, "命令行", "platform", None, frozenset())
    note_change(session, actor, person, {"roles": before}, {"roles": after}, now)


def _person(session: Session, account: str) -> Person:
    person = session.scalars(select(Person).where(Person.account == account)).first()
    if person is None:
        raise NoSuchAccount
    return person
