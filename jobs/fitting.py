"""Lists as an actor sees them: without the columns and filters of fields that are hidden from them (`x-access`)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from domain.parties import Actor
from forms.listing import Listing
from processes import access
from processes.definitions import Definition, latest
from processes.errors import NotFound


def fitted(session: Session, actor: Actor, listing: Listing) -> Listing:
    """The list with what the actor sees of it: on pages, in exports and in batches alike."""
    return fitted_by(definition_of(session, listing), actor, listing)


def fitted_by(definition: Definition | None, actor: Actor, listing: Listing) -> Listing:
    """`fitted`, for those who have the diagram already."""
    return listing if definition is None else listing.without(access.hidden_from(definition, None, actor))


def definition_of(session: Session, listing: Listing) -> Definition | None:
    """The diagram of whose forms a list's fields are; None where there is none, or nothing is deployed yet."""
    key = listing.fields_of or listing.key
    if key is None:
        return None
    try:
        return latest(session, key)
    except NotFound:
        return None
