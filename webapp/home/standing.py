"""Where the records of each kind stand that somebody has to do with: how many in each status, each number leading to its list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.tones import Tone
from forms.kinds import ORGANIZATION, PROVINCE, SCHOOL
from forms.listing import Listing
from forms.lists import KINDS

OF_ROLE: Mapping[str, tuple[str, ...]] = {
    SCHOOL: ("candidate", "invigilator_certificate", "exam_site", "declaration", "weekly_report", "teacher"),
    ORGANIZATION: ("exam_plan", "exam_site", "invigilator_certificate", "exam_subject"),
    **dict.fromkeys(PROVINCE, ("declaration", "weekly_report", "declaration_plan")),
}
"""Role → keys of the kinds whose records its people follow, in the order of the page."""
_ORDER = (Tone.DRAFT, Tone.WAITING, Tone.ATTENTION, Tone.FAILED, Tone.DONE)


@dataclass(frozen=True)
class Share:
    """The records of one status, and the address of the list that shows them."""

    status: str
    tone: str
    count: int
    url: str


@dataclass(frozen=True)
class Standing:
    """One line of the page: the records of a kind, or of one of its parts (栏目), by status."""

    label: str
    url: str
    shares: tuple[Share, ...]

    @property
    def total(self) -> int:
        """How many records there are."""
        return sum(share.count for share in self.shares)

    @property
    def drawn(self) -> dict[str, Any]:
        """What the picture is drawn from."""
        shares = [{"status": one.status, "tone": one.tone, "count": one.count, "url": one.url} for one in self.shares]
        return {"label": self.label, "total": self.total, "shares": shares}


def standings(session: Session, actor: Actor) -> list[Standing]:
    """The lines that have records, in one query for all kinds: each counts what the actor's own list shows."""
    asked = list(_asked(actor))
    if not asked:
        return []
    found: dict[int, list[tuple[str, str, int]]] = {}
    counts = [_counts(number, listing, actor, values) for number, (listing, values) in enumerate(asked)]
    for number, status, tone, count in session.execute(union_all(*counts)):
        found.setdefault(number, []).append((status, tone, count))
    return [_line(listing, values, found[number]) for number, (listing, values) in enumerate(asked) if number in found]


def _asked(actor: Actor) -> Iterator[tuple[Listing, dict[str, str]]]:
    """Each list that the actor follows, or each part of it with the value in an address that asks for the part."""
    for key in dict.fromkeys(key for role, keys in OF_ROLE.items() if role in actor.roles for key in keys):
        listing = KINDS[key].listing
        chosen = next((one for one in listing.filters if one.name == listing.parts), None)
        if chosen is None:
            yield listing, {}
        else:
            yield from ((listing, {listing.parts: option}) for option in chosen.options)


def _counts(number: int, listing: Listing, actor: Actor, values: Mapping[str, str]) -> Select[Any]:
    rows = listing.filtered(actor, values).order_by(None).subquery()
    counted = select(literal(number), rows.c.status, func.max(rows.c.tone), func.count())
    return counted.where(rows.c.status != "").group_by(rows.c.status)


def _line(listing: Listing, values: Mapping[str, str], found: list[tuple[str, str, int]]) -> Standing:
    endpoint, known = f"{listing.name}.index", dict[str, Any](values)
    ordered = sorted(found, key=lambda one: (_ORDER.index(Tone(one[1])), one[0]))
    shares = tuple(Share(status, tone, count, url_for(endpoint, **known, status=status)) for status, tone, count in ordered)
    return Standing(values.get(listing.parts, listing.title), url_for(endpoint, **known), shares)
