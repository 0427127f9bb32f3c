"""下载考场门贴, 桌贴, 签到表 and 导出准考证 of ticked rows, of all under the filters, or of one row: one PDF, or a PDF for each room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from forms.listing import Listing
from forms.lists.placed import PLACED, USED_ROOMS
from forms.lists.registrations import REGISTRATIONS
from jobs.documents.bundles import ATTENDANCE, DESKS, DOORS, TICKETS
from jobs.lists import exports
from processes.errors import NotFound
from webapp.context import actor, db, reads_only, runtime
from webapp.links import posted_back
from webapp.posted_data import posted_filters, ticked_rows
from webapp.printing.beginning import begin_printing

blueprint = Blueprint("printing", __name__, url_prefix="/documents")
DOCUMENTS = {"doors": DOORS.label, "desks": DESKS.label, "attendance": ATTENDANCE.label, "tickets": TICKETS.label}
"""Word of an address → the document."""
PRINTED: Mapping[str, tuple[Listing, str, tuple[str, ...]]] = {
    USED_ROOMS.name: (USED_ROOMS, "个考场", tuple(DOCUMENTS)),
    PLACED.name: (PLACED, "条排考明细", ("tickets",)),
    REGISTRATIONS.name: (REGISTRATIONS, "条报考", ("tickets",)),
}
"""List whose rows are printed → the list, what its rows are called behind a number, and the documents."""


@blueprint.post("/<source>/<document>")
@reads_only
def choose(source: str, document: str) -> ResponseReturnValue:
    """What is about to be printed, and how: one PDF, or one for each room."""
    listing, counted, _ = _asked(source, document)
    ids = _ids(listing)
    shown = listing.asked_at(runtime().engine.clock())
    total = exports.count(db(), shown.picked(actor(), posted_filters(), ids))
    if not total:
        flash("没有符合条件的记录，没有可打印的内容。", "warning")
        return redirect(posted_back("home.index"))
    return render_template(
        "printing/choose.html",
        title=DOCUMENTS[document],
        is_ticket=document == "tickets",
        total=total,
        counted=counted,
        source=source,
        document=document,
        ids=ids,
        filter=request.form.get("filter", ""),
        back=posted_back("home.index"),
    )


@blueprint.post("/<source>/<document>/begin")
def begin(source: str, document: str) -> ResponseReturnValue:
    """Begins it in the background."""
    listing, counted, _ = _asked(source, document)
    ids, label = _ids(listing), DOCUMENTS[document]
    shown = listing.asked_at(runtime().engine.clock())
    total = exports.count(db(), shown.picked(actor(), posted_filters(), ids))
    if not total:
        flash("没有符合条件的记录，没有可打印的内容。", "warning")
        return redirect(posted_back("home.index"))
    params: dict[str, Any] = {"source": source, "document": label, "ids": ids, "values": posted_filters()}
    params |= {"apart": request.form.get("apart") == "1", "back": posted_back("home.index")}
    return begin_printing(f"{label}：{total} {counted}", params)


def _asked(source: str, document: str) -> tuple[Listing, str, tuple[str, ...]]:
    if source not in PRINTED or document not in PRINTED[source][2]:
        raise NotFound
    return PRINTED[source]


def _ids(listing: Listing) -> list[int]:
    """Ids of the ticked rows; none where all under the filters are meant."""
    return [] if request.form.get("all") == "1" else ticked_rows(listing)
