"""The people around a process: those who hold a role of its diagram for this record, those who had a task of it, the actor's colleagues."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, Party, Person, PersonRole
from processes import tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.rows import InstanceRow
from processes.steps.step import Step


@dataclass(frozen=True)
class Someone:
    """One active person. `concerned`: they hold a role of the process or had a task of it, and are not only a colleague of the actor."""

    id: int
    name: str
    party_id: int
    party_name: str
    concerned: bool


def people_around(engine: Engine, session: Session, actor: Actor, row: InstanceRow) -> list[Someone]:
    """The people around an instance and the actor, by name; none where the record was deleted."""
    definition = load(session, row.definition_id)
    subject = engine.subjects[definition.subject].load(session, row.subject_id)
    return [] if subject is None else around_step(Step(engine, session, actor, definition, row, subject))


def around_step(step: Step) -> list[Someone]:
    """The people around the instance of a step and its actor, by name, in one query."""
    lanes = {role for element in step.definition.elements.values() for role in (element.lane, element.role) if role}
    holders = [
        and_(Person.party_id == party, PersonRole.role == lane) for lane in lanes if (party := step.subject.party_for(lane)) is not None
    ]
    task = tables.task.c
    of_instance = task.instance_id == step.row.id
    had_a_task = [Person.id.in_(select(column).where(of_instance, column.is_not(None))) for column in (task.assignee_id, task.closed_by)]
    concerned = or_(*holders, *had_a_task)
    query = select(Person.id, Person.name, Person.party_id, Party.name.label("party_name"), concerned.label("concerned"))
    query = query.join(Party, Party.id == Person.party_id).outerjoin(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(Person.active, or_(concerned, Person.party_id == step.actor.party_id)).order_by(Person.name, Person.id)
    found: dict[int, Someone] = {}
    for row in step.session.execute(query.distinct()):  # a person has a row for each role
        by_another_role = row.id in found and found[row.id].concerned
        found[row.id] = Someone(row.id, row.name, row.party_id, row.party_name, bool(row.concerned) or by_another_role)
    return list(found.values())
