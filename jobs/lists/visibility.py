"""Lists as an actor sees them: without the columns and filters of fields that are hidden from the actor (`x-access`), and with a
filter for records whose process waits because a step failed."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
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
    return replace(seen, filters=(*seen.filters, _failed(seen))) if calls and seen.key is not None else seen


def _failed(listing: Listing) -> Filter:
    """The filter for records in whose process a step failed and waits for a person, such as an SMS that could not be sent."""
    instance = tables.instance.c
    failed = select(instance.subject_id).where(instance.key == listing.key, instance.incident.is_not(None))
    return Filter("failed", "流程情况", lambda query, text: query.where(listing.record.id.in_(failed)), (FAILED,))


def definition_of(session: Session, listing: Listing) -> Definition | None:
    """The diagram whose forms have the fields of a list; None where the list has no diagram, or it is not deployed yet."""
    key = listing.fields_of or listing.key
    if key is None:
        return None
    try:
        return latest(session, key)
    except NotFound:
        return None
