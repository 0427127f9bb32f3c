"""Every list that can be exported: those of records (`forms.lists`) and those of 流程监控."""

from __future__ import annotations

from forms.listing import Listing
from forms.lists import LISTS as RECORDS
from jobs.lists.monitoring import WATCHED

LISTS: dict[str, Listing] = {**RECORDS, **{watched.listing.name: watched.listing for watched in WATCHED.values()}}
