"""The ticked rows of a list, as its page posts them."""

from __future__ import annotations

from typing import Any

from flask import request
from sqlalchemy import String

from forms.listing import Listing

MAX_TICKED = 1_000
_LONGEST = 36  # of an id that is text: a UUID


def ticked(listing: Listing) -> list[Any]:
    """Ids of the ticked rows, of the type that the list's ids have; whatever cannot be one is left out."""
    posted = request.form.getlist("ids")[:MAX_TICKED]
    if isinstance(listing.record.id.type, String):
        return [text for text in posted if 0 < len(text) <= _LONGEST]
    return [int(text) for text in posted if text.isdecimal() and len(text) < 10]
