"""The people around a process: who holds a lane of its diagram for this record, who had a task of it, and the actor's colleagues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor, Party, Person, PersonRole
from processes import tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.steps.step import Step


@dataclass(frozen=True)
class Someone:
    """One active person. `concerned`: they have to do with the process itself, not only with the actor."""

    id: int
    name: str
    party_id: int
    party_name: str
    concerned: bool


def around(engine: Engine, session: Session, actor: Actor, row: Any) -> list[Someone]:
    """Those around an instance (its row) and the actor, by name; none where its record is gone."""
    definition = load(session, row.definition_id)
    subject = engine.subjects[definition.subject].load(session, row.subject_id)
    return [] if subject is None else around_step(Step(engine, session, actor, definition, row, subject))


def around_step(step: Step) -> list[Someone]:
    """The same for a step, in one query."""
    lanes = {role for element in step.definition.elements.values() for role in (element.lane, element.role) if role}
    holds = [
        and_(Person.party_id == party, PersonRole.role == lane) for lane in lanes if (party := step.subject.party_for(lane)) is not None
    ]
    task = tables.task.c
    mine = task.instance_id == step.row.id
    hands = [Person.id.in_(select(column).where(mine, column.is_not(None))) for column in (task.assignee_id, task.closed_by)]
    concerned = or_(*holds, *hands)
    query = select(Person.id, Person.name, Person.party_id, Party.name.label("party_name"), concerned.label("concerned"))
    query = query.join(Party, Party.id == Person.party_id).outerjoin(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(Person.active, or_(concerned, Person.party_id == step.actor.party_id)).order_by(Person.name, Person.id)
    found: dict[int, Someone] = {}
    for row in step.session.execute(query.distinct()):  # a person has a row for each role
        before = row.id in found and found[row.id].concerned
        found[row.id] = Someone(row.id, row.name, row.party_id, row.party_name, bool(row.concerned) or before)
    return list(found.values())
