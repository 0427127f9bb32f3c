"""A weekly report that waits for its review by 江苏省教育厅, its people, and what they do to it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.ground.parties import Actor, Person, PersonRole, actor_of, password_proof, prove_person
from domain.platform.passwords import new_stamp
from forms import read_forms
from processes import tables
from processes.deployment import deploying
from processes.history import events_of
from processes.monitor.verify import verify
from processes.rights import substitutes
from processes.steps import completing
from processes.tasks import inbox
from tests.conftest import World
from tests.processes.steps.test_diagram_decides import FORM, changed
from tests.processes.steps.test_weekly_report import ANSWERS, act, begin, open_task


def hire(world: World, account: str, name: str, *roles: str) -> Actor:
    """One more person of 江苏省教育厅."""
    with world.runtime.database.writing() as session:
        party = world.actor("province1").party_id
        person = Person(account=account, name=name, mobile="13900000099", party_id=party, password_hash="x", stamp=new_stamp())
        session.add(person)
        session.flush()
        session.add_all(PersonRole(person_id=person.id, role=role) for role in roles)
        session.flush()
        prove_person(session, person)
        person.password_proof = password_proof(session, person.id, person.password_hash)
    with world.runtime.database.reading() as session:
        found = actor_of(session, person.id)
    assert found is not None
    world.actors[account] = found
    return found


def waiting(world: World, account: str = "school1") -> tuple[int, int, str]:
    """A report that waits for its review: record, instance, task."""
    report, instance = begin(world, account)
    act(world, account, instance, "提交", ANSWERS)
    return report, instance, open_task(world, instance).id


def do(world: World, function: Any, account: str, *given: Any) -> Any:
    with world.runtime.database.writing() as session:
        return function(world.runtime.engine, session, world.actor(account), *given)


def history(world: World, instance: int) -> list[tuple[str, str, str | None]]:
    with world.runtime.database.reading() as session:
        return [(line.actor, line.name, line.comment) for line in events_of(session, instance)]


def rows(world: World, instance: int, state: str = "open") -> dict[str, Any]:
    """Task rows of an instance in a state, by kind."""
    table = tables.task
    with world.runtime.database.reading() as session:
        return {r.kind: r for r in session.execute(select(table).where(table.c.instance_id == instance, table.c.state == state))}


def desk(world: World, account: str) -> list[str]:
    """Names of what waits in somebody's 待办."""
    with world.runtime.database.reading() as session:
        actor = world.actor(account)
        found = [row.name for row in session.execute(inbox.open_tasks(actor, world.clock()))]
        assert session.scalar(select(inbox.waiting_number(actor, world.clock()))) == len(found)
    return found


def sound(world: World) -> None:
    with world.runtime.database.reading() as session:
        assert verify(world.runtime.engine, session) == []


def appoint(
    world: World, away: str, stand_in: str, days: tuple[float, float] = (-1, 1), keys: Any = (), existing: bool = True
) -> list[str]:
    now = world.clock()
    with world.runtime.database.writing() as session:
        begins, ends = now + timedelta(days=days[0]), now + timedelta(days=days[1])
        return substitutes.appoint(session, world.actor(away), world.actor(stand_in).person_id, begins, ends, keys, existing, now)


def second_review(world: World) -> tuple[int, str]:
    """A report whose review 王强 gave and whose second review is waiting."""
    with world.runtime.database.writing() as session:
        deploying.deploy(session, world.runtime.engine, changed(), {**read_forms(), "second_review.json": FORM}, "郑工")
    _, instance, _ = waiting(world)
    act(world, "province1", instance, "审核通过")
    return instance, open_task(world, instance).id


def act_open(world: World, account: str, task: str, outcome: str, answers: Any = None, comment: str | None = None) -> None:
    do(world, completing.complete, account, task, outcome, answers, comment)


def every_row(world: World, instance: int) -> list[Any]:
    table = tables.task
    with world.runtime.database.reading() as session:
        return list(session.execute(select(table).where(table.c.instance_id == instance).order_by(table.c.created_at)))
