"""评论 on a process, with @姓名 for those who should hear of it: lines of its history like any other."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.parties import Actor, Person, PersonRole
from processes import tables
from processes.definitions import load
from processes.engine import Engine
from processes.errors import FormInvalid, NotFound
from processes.history import who
from processes.locking import lock
from processes.notices import notify
from processes.step import Step

LONGEST = 1000


def comment(engine: Engine, session: Session, actor: Actor, instance_id: int, text: str) -> list[str]:
    """Adds a comment, also to a process that has ended; people it names with @ are told.

    Raises:
        NotFound: no such process, or the actor has nothing to do with it.
        FormInvalid: nothing was written, or too much.
    """
    text = text.strip()
    if not 0 < len(text) <= LONGEST:
        raise FormInvalid([("comment", f"请填写评论，最多 {LONGEST} 个字")])
    step = lock(engine, session, actor, instance_id, suspended=True)
    people = _concerned(step)
    if actor.person_id not in people:
        raise NotFound
    step.record("comment", "评论", None, text)
    named = {person for person, name in people.items() if re.search(rf"@{re.escape(name)}(?!\w)", text)}
    notify(step, named, "mention", f"{who(actor)}在“{step.row.title}”的评论中提到您：{text}")
    return step.settle()


def people_concerned(engine: Engine, session: Session, actor: Actor, row: Any) -> dict[int, str]:
    """Id → name of those who may comment on an instance (its row) and be named in a comment."""
    definition = load(session, row.definition_id)
    subject = engine.subjects[definition.subject].load(session, row.subject_id)
    return {} if subject is None else _concerned(Step(engine, session, actor, definition, row, subject))


def _concerned(step: Step) -> dict[int, str]:
    """Those who hold a lane of the diagram for this record, and those who had a task of it."""
    lanes = {element.lane for element in step.definition.elements.values() if element.lane}
    lanes |= {role for e in step.definition.elements.values() if (role := e.properties.get("candidateGroup"))}
    holds = [
        and_(Person.party_id == party, PersonRole.role == lane) for lane in lanes if (party := step.subject.party_for(lane)) is not None
    ]
    task = tables.task.c
    mine = task.instance_id == step.row.id
    hands = [Person.id.in_(select(column).where(mine, column.is_not(None))) for column in (task.assignee_id, task.closed_by)]
    query = select(Person.id, Person.name).outerjoin(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(Person.active, or_(*holds, *hands)).distinct().order_by(Person.name, Person.id)
    return {row.id: row.name for row in step.session.execute(query)}
