"""All lists: one visible registry. A page, an export and a batch find a list by its name."""

from __future__ import annotations

from forms.listing import Listing
from forms.lists import weekly

LISTS: dict[str, Listing] = {listing.name: listing for listing in (weekly.REPORTS,)}
