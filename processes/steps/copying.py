"""Copies (抄送) that a step sends: rows that lend reading, a notice for each reader, and a line of history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import and_, insert, or_, select

from domain.ground.parties import Person, PersonRole
from domain.ground.rows import read_all
from processes import tables
from processes.diagrams.elements import Element, listed
from processes.history import who
from processes.proving import proved
from processes.states import EventKind, NoticeKind
from processes.steps.step import Step
from processes.steps.telling import notify

_TABLE = tables.copy
_NAMED = 3  # people whom the history names before it counts


class Reader(Protocol):
    """Somebody who gets a copy."""

    @property
    def id(self) -> int:
        """Their id."""

    @property
    def name(self) -> str:
        """Their name."""

    @property
    def party_id(self) -> int:
        """Their party now: in another one the copy lends nothing."""


def by_diagram(step: Step, element: Element) -> None:
    """Sends copies to the people whose roles the property `copyTo` of the done task names, in the parties that fill these roles."""
    roles = listed(element.properties.get("copyTo", ""))
    holds = [
        and_(Person.party_id == party, PersonRole.role == role) for role in roles if (party := step.subject.party_for(role)) is not None
    ]
    if not holds:
        return
    query = select(Person.id, Person.name, Person.party_id).join(PersonRole, PersonRole.person_id == Person.id)
    query = query.where(Person.active, Person.id != step.actor.person_id, or_(*holds)).distinct().order_by(Person.name, Person.id)
    people = read_all(step.session, query, Reader)
    if people:
        write_copies(step, people, element, "")


def write_copies(step: Step, people: Sequence[Reader], element: Element | None, note: str) -> None:
    """Sends a copy to each of these people; `note` is what the sender writes with it."""
    row = {"instance_id": step.row.id, "sent_by": step.actor.person_id, "sent_at": step.now, "note": note}
    copies = [{**row, "person_id": one.id, "party_id": one.party_id} for one in people]
    step.session.execute(insert(_TABLE), [proved(step.session, _TABLE, copy) for copy in copies])
    said = f"{who(step.actor)}抄送给您：{step.row.title}"
    notify(step, [one.id for one in people], NoticeKind.COPY, f"{said}。{note}" if note else said)
    names = "、".join(one.name for one in people[:_NAMED]) + (f"等 {len(people)} 人" if len(people) > _NAMED else "")
    step.record(EventKind.COPY, f"抄送给{names}"[:100], element.id if element is not None else None, note)
