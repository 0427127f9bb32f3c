"""The search at the top: a business number, an id number or a name, over the lists that the actor sees.

A list that can be found by a number is a line of `SEARCHED`. What is shown is what its filter finds for this actor: nothing more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from domain.exams.candidates import KINDS as CANDIDATE_KINDS
from domain.exams.placed import Placed
from forms.listing import Listing
from forms.lists.candidates import CANDIDATES
from forms.lists.exam_plans import EXAM_PLANS
from forms.lists.invigilators import INVIGILATORS
from forms.lists.issuances import ISSUANCES
from forms.lists.payment_slips import PAYMENT_SLIPS
from forms.lists.placed import PLACED, USED_ROOMS
from forms.lists.registrations import REGISTRATIONS
from forms.lists.rooms import ROOMS
from forms.lists.score_objections import OBJECTIONS
from forms.lists.scores import OUTCOMES, SCORES
from jobs.lists.visibility import visible_to
from webapp.context import actor, db, runtime

blueprint = Blueprint("search", __name__, url_prefix="/search")
MOST = 1_000  # rows that are counted; more are told as more
LONGEST = 100  # characters of what is searched for
DOCUMENT, NAME, TICKET = r"[0-9A-Za-z]{6,30}", r"[^0-9]{1,60}", r"[0-9]{15}"


@dataclass(frozen=True)
class Searched:
    """A list, the filter that finds what was typed, and what that looks like as a whole."""

    listing: Listing
    filter: str
    pattern: str
    index: str
    """Endpoint of the list."""
    show: Callable[[Any], str] | None = None
    """Address of a row's page; of one row alone it is opened at once."""
    values: dict[str, str] = field(default_factory=dict)
    """What else the address of the list names."""


def _record(endpoint: str, name: str = "record_id") -> Callable[[Any], str]:
    return lambda row: url_for(endpoint, **{name: row.id})


def _registration_of(row: Placed) -> str:
    return url_for("registrations.show", registration_id=row.registration_id)


def _candidates(filter: str, pattern: str) -> Iterator[Searched]:
    for kind in CANDIDATE_KINDS:
        yield Searched(CANDIDATES, filter, pattern, "candidate.index", _record("candidate.show"), {"kind": kind})


SEARCHED = (
    Searched(EXAM_PLANS, "number", r"(?i:KS)[0-9]{5,12}", "exam_plan.index", _record("exam_plan.show")),
    Searched(REGISTRATIONS, "number", r"(?i:BK)[0-9]{1,9}", "registrations.index", _record("registrations.show", "registration_id")),
    Searched(PAYMENT_SLIPS, "number", r"(?i:JF)[0-9]{5,14}", "payment_slip.index", _record("payment_slip.show")),
    Searched(ROOMS, "number", r"(?i:KC)[0-9]{1,9}", "rooms.index", _record("rooms.show", "room_id")),
    Searched(USED_ROOMS, "number", r"(?i:BP)[0-9]{1,9}", "used_rooms.index", _record("used_rooms.show", "used_id")),
    Searched(OBJECTIONS, "number", r"(?i:YY)[0-9]{1,9}", "score_objection.index", _record("score_objection.show")),
    Searched(ISSUANCES, "number", r"(?i:FZ)[0-9]{1,9}", "issuance.index", _record("issuance.show")),
    Searched(ISSUANCES, "certificate_number", r"[0-9]{20}", "issuance.index", _record("issuance.show")),
    Searched(PLACED, "ticket", TICKET, "placed.index", _registration_of),
    Searched(SCORES, "ticket", TICKET, "scores.index", _record("scores.show", "entry_id")),
    Searched(OUTCOMES, "ticket", TICKET, "outcomes.index", _record("outcomes.show", "outcome_id")),
    *_candidates("number", DOCUMENT),
    Searched(REGISTRATIONS, "id_number", DOCUMENT, "registrations.index", _record("registrations.show", "registration_id")),
    Searched(SCORES, "id_number", DOCUMENT, "scores.index", _record("scores.show", "entry_id")),
    Searched(OUTCOMES, "id_number", DOCUMENT, "outcomes.index", _record("outcomes.show", "outcome_id")),
    Searched(ISSUANCES, "id_number", DOCUMENT, "issuance.index", _record("issuance.show")),
    Searched(INVIGILATORS, "id_number", DOCUMENT, "invigilators.index", _record("invigilators.show", "invigilator_id")),
    Searched(EXAM_PLANS, "name", NAME, "exam_plan.index", _record("exam_plan.show")),
    *_candidates("name", NAME),
    Searched(REGISTRATIONS, "name", NAME, "registrations.index", _record("registrations.show", "registration_id")),
    Searched(INVIGILATORS, "name", NAME, "invigilators.index", _record("invigilators.show", "invigilator_id")),
)


@dataclass(frozen=True)
class Found:
    """What a list has of it."""

    title: str
    count: int
    address: str
    only: str
    """Address of the one row, where there is one page for it."""

    @property
    def more(self) -> bool:
        """Whether there are more than were counted."""
        return self.count > MOST


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """The lists that have what was typed; the one record at once where there is only one."""
    text = request.args.get("q", "").strip()[:LONGEST]
    found = [one for one in map(lambda searched: _found(searched, text), SEARCHED) if one is not None] if text else []
    if len(found) == 1 and found[0].only:
        return redirect(found[0].only)
    return render_template("search/index.html", text=text, found=found, most=MOST)


def _found(searched: Searched, text: str) -> Found | None:
    """What an actor's list has under its filter; None where the text is nothing like that, or there is nothing."""
    if not re.fullmatch(searched.pattern, text):
        return None
    listing = visible_to(db(), actor(), searched.listing).asked_at(runtime().engine.clock())
    values = {**searched.values, searched.filter: text}
    query = listing.narrowed(actor(), values).order_by(None)
    ids = query.with_only_columns(searched.listing.record.id, maintain_column_froms=True).limit(MOST + 1).subquery()
    count = db().scalar(select(func.count()).select_from(ids)) or 0
    if not count:
        return None
    row = db().scalars(query.limit(1)).first() if count == 1 else None
    title = "、".join([searched.listing.title, *searched.values.values()])
    only = searched.show(row) if row is not None and searched.show is not None else ""
    return Found(title, count, url_for(searched.index, **dict[str, Any](values)), only)
