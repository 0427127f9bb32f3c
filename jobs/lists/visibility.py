"""Lists as an actor sees them: without the columns and filters of fields that are hidden from the actor (`x-access`), and with a filter
for what their status does not tell: a step failed and waits for a person, or the system is at work on one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, exists, false, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from forms.listing import Filter, Listing
from processes import tables
from processes.definitions.definition import Definition
from processes.definitions.store import latest
from processes.errors import NotFound
from processes.rights import access

FAILED = "有步骤失败"


def visible_to(session: Session, actor: Actor, listing: Listing) -> Listing:
    """The part of a list that the actor sees, the same on pages, in exports and in batches."""
    return visible_with(definition_of(session, listing), actor, listing)


def visible_with(definition: Definition | None, actor: Actor, listing: Listing) -> Listing:
    """As `visible_to`, by a diagram that the caller has already."""
    if definition is None:
        return listing
    seen = listing.without(access.hidden_from(definition, None, actor))
    calls = any(element.tag == "serviceTask" for element in definition.elements.values())
    return replace(seen, filters=(*seen.filters, _flow(definition, seen))) if calls and seen.key is not None else seen


def at_work(definition: Definition) -> Mapping[str, str]:
    """Ids of the service tasks whose records have the status of another step too → what people read of them, such as 比对中.

    A record that the system is at work on can't be told by its status from one that waits for somebody.
    """
    told = Counter(element.properties["status"] for element in definition.elements.values() if "status" in element.properties)
    elements = definition.elements.values()
    return {one.id: f"{one.label}中" for one in elements if one.tag == "serviceTask" and told[one.properties.get("status", "")] > 1}


def at_work_on(session: Session, definition: Definition, ids: Sequence[int]) -> Mapping[int, str]:
    """Of the records with these ids, those that the system is at work on → what people read of it."""
    steps = at_work(definition)
    if not steps or not ids:
        return {}
    instance = tables.instance.c
    running = (instance.key == definition.key, instance.subject_id.in_(ids), instance.ended_at.is_(None), instance.suspended_at.is_(None))
    at = select(instance.subject_id, instance.position).where(*running, instance.position.in_(steps), instance.incident.is_(None))
    return {subject_id: steps[position] for subject_id, position in session.execute(at)}


def _flow(definition: Definition, listing: Listing) -> Filter:
    """The filter for records in whose process a step failed and waits for a person, such as an SMS that could not be sent, or in which
    the system is at a step that the status does not tell."""
    instance = tables.instance.c
    failed = select(instance.subject_id).where(instance.key == listing.key, instance.incident.is_not(None))
    steps = at_work(definition)

    def narrow(query: Select[Any], text: str) -> Select[Any]:
        if text == FAILED:
            return query.where(listing.record.id.in_(failed))
        wanted = [element for element, words in steps.items() if words == text]
        if not wanted:
            return query.where(false())
        running = (instance.ended_at.is_(None), instance.suspended_at.is_(None), instance.incident.is_(None))
        its = (instance.key == listing.key, instance.subject_id == listing.record.id)
        return query.where(exists().where(*its, *running, instance.position.in_(wanted)))

    return Filter("failed", "流程情况", narrow, (*dict.fromkeys(steps.values()), FAILED))


def definition_of(session: Session, listing: Listing) -> Definition | None:
    """The diagram whose forms have the fields of a list; None where the list has no diagram, or it is not deployed yet."""
    key = listing.fields_of or listing.key
    if key is None:
        return None
    try:
        return latest(session, key)
    except NotFound:
        return None
