"""What people do to many rows of a list at once: export them, or act on them. Meant are the ticked rows, else all under the filters."""

from __future__ import annotations

from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from domain.platform.background import begin
from forms.listing import Listing
from jobs.lists import batches, exports
from jobs.lists.registry import LISTS
from jobs.lists.visibility import visible_to, visible_with
from processes.definitions.definition import Definition
from processes.definitions.store import latest
from processes.diagrams.elements import Element
from processes.errors import FormInvalid, NotFound
from processes.rights.substitutes import roles_lent
from processes.tasks.actions import bulk_for
from webapp import steps
from webapp.account.proving import proof_for
from webapp.bulk.batching import start
from webapp.context import actor, db, later_task, reads_only, runtime
from webapp.links import posted_back
from webapp.posted_data import posted_filters, ticked_rows

blueprint = Blueprint("bulk", __name__, url_prefix="/lists")
SHOWN = 20
MAX_MOMENT = 2.0**40  # seconds: what a clock can show, and more than any of ours does


@blueprint.post("/<name>/export")
@reads_only
def export(name: str) -> ResponseReturnValue:
    """Answers a small export at once, and begins a background task for a large one."""
    listing = visible_to(db(), actor(), _listing(name)).asked_at(runtime().engine.clock())
    query = exports.chosen(listing, actor(), posted_filters(), _ids(listing))
    total = exports.count(db(), query)
    if total == 0:
        flash("没有符合条件的记录，没有可导出的内容。", "warning")
        return redirect(posted_back("home.index"))
    if total > exports.AT_ONCE:
        return redirect(url_for(".begin_export", name=name), code=307)  # the browser posts the same form to the address that writes
    if listing.masked:
        with runtime().database.writing() as session:  # the request only reads: it holds no write lock
            exports.note_export(session, actor(), listing, query, runtime().engine.clock())
    file = TemporaryFile()  # noqa: SIM115  # the response closes it
    exports.write(db(), query, listing.columns, file)
    file.seek(0)
    return send_file(file, exports.MEDIA_TYPE, as_attachment=True, download_name=exports.file_name(listing, runtime().engine.clock()))


@blueprint.post("/<name>/export/begin")
def begin_export(name: str) -> ResponseReturnValue:
    """Begins an export in the background."""
    listing = _listing(name)
    params = {"listing": name, "values": posted_filters(), "ids": _ids(listing), "back": posted_back("home.index")}
    task = begin(db(), actor(), "export", f"导出：{listing.title}", params, runtime().engine.clock())
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))


@blueprint.post("/<name>/send")
def send(name: str) -> ResponseReturnValue:
    """A bulk button that is a message event of the diagram, such as 批量删除."""
    listing, _, element = _bulk(name)
    title = f"{element.properties['bulk']}：{listing.title}"
    return start(batches.Act(listing.name, element.name), _chosen(name), title, posted_back("home.index"))


@blueprint.post("/<name>/review")
@reads_only
def review(name: str) -> ResponseReturnValue:
    """A bulk button that is a user task: the page asks for one opinion and one outcome for all rows."""
    listing, definition, element = _bulk(name)
    return _review_page(listing, definition, element, None)


@blueprint.post("/<name>/finish")
def finish(name: str) -> ResponseReturnValue:
    """Completes the task of each row with the same outcome."""
    listing, definition, element = _bulk(name)
    outcome = next((o for o in element.outcomes if o.name == request.form.get("outcome")), None)
    if outcome is None:
        raise NotFound
    comment = request.form.get("comment", "").strip()
    problem: steps.Problem | None = proof_for(outcome)
    if problem is None and outcome.comment_required and not comment:
        problem = FormInvalid([("comment", f"选择“{outcome.name}”时须填写意见")])
    if problem is not None:
        return _review_page(listing, definition, element, problem)
    act = batches.Act(listing.name, outcome.name, element.id, comment or None, _seen())
    return start(act, _chosen(name), f"{element.properties['bulk']}（{outcome.name}）：{listing.title}", posted_back("home.index"))


def _review_page(listing: Listing, definition: Definition, element: Element, problem: steps.Problem | None) -> ResponseReturnValue:
    chosen = _chosen(listing.name)
    total = batches.count(db(), actor(), chosen)
    if not total:
        flash("没有选中任何记录，请勾选后再试。", "warning")
        return redirect(posted_back("home.index"))
    query = visible_with(definition, actor(), listing).picked(actor(), chosen.values or {}, chosen.ids).limit(SHOWN)
    page = render_template(
        "bulk/review.html",
        listing=listing,
        element=element,
        total=total,
        rows=db().scalars(query).all(),
        ids=chosen.ids,
        back=posted_back("home.index"),
        comment=request.form.get("comment", ""),
        problems=steps.problems_of(problem) if problem else [],
    )
    return page, steps.code_of(problem) if problem else 200


def _listing(name: str) -> Listing:
    if name not in LISTS:
        raise NotFound
    return LISTS[name]


def _bulk(name: str) -> tuple[Listing, Definition, Element]:
    """List, diagram and element of the bulk button that was pressed.

    Raises:
        NotFound: the diagram offers this actor no such button.
    """
    listing = _listing(name)
    if listing.key is None:
        raise NotFound
    definition = latest(db(), listing.key)
    lent = roles_lent(db(), actor(), listing.key, runtime().engine.clock())
    pressing = replace(actor(), roles=actor().roles | lent)  # whether it may be done to a record, the record's own step of the batch checks
    if request.form.get("element") not in {bulk.element for bulk in bulk_for(definition, pressing)}:
        raise NotFound
    return listing, definition, definition.elements[request.form["element"]]


def _seen() -> float | None:
    """When the list was made on which the rows were ticked."""
    moment = request.form.get("seen", type=float)
    return moment if moment is not None and 0 <= moment < MAX_MOMENT else None


def _chosen(name: str) -> batches.Chosen:
    everything = request.form.get("all") == "1"
    return batches.Chosen(name, tuple(_ids(_listing(name))), values=posted_filters() if everything else None)


def _ids(listing: Listing) -> list[Any]:
    """Ids of the ticked rows; none where all under the filters are meant."""
    return [] if request.form.get("all") == "1" else ticked_rows(listing)
