"""What is done to many rows of a list at once: export them, or act on them. The ticked rows, else all under the filters in force."""

from __future__ import annotations

from dataclasses import replace
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for

from domain.platform.background import begin
from forms.listing import Listing
from jobs.lists import batches, exports
from jobs.lists.registry import LISTS
from jobs.lists.visibility import visible_to, visible_with
from processes.definitions.definition import Definition
from processes.definitions.store import latest
from processes.diagrams.elements import Element
from processes.errors import NotFound
from processes.rights.substitutes import roles_lent
from processes.tasks.actions import bulk_for
from webapp.bulk.batching import start
from webapp.context import actor, db, later_task, reads_only, runtime
from webapp.links import is_local
from webapp.ticked import ticked

blueprint = Blueprint("bulk", __name__, url_prefix="/lists")
SHOWN = 20


@blueprint.post("/<name>/export")
@reads_only
def export(name: str) -> Any:
    """A small export comes at once; a large one is begun as a background task."""
    listing = visible_to(db(), actor(), _listing(name)).asked_at(runtime().engine.clock())
    query = exports.chosen(listing, actor(), _values(), _ids(listing))
    total = exports.count(db(), query)
    if total == 0:
        flash("没有符合条件的记录，没有可导出的内容。", "warning")
        return redirect(_back())
    if total > exports.AT_ONCE:
        return redirect(url_for(".begin_export", name=name), code=307)  # the same form again, to the address that writes
    file = TemporaryFile()  # noqa: SIM115  # the response closes it
    exports.write(db(), query, listing.columns, file)
    file.seek(0)
    return send_file(file, exports.MEDIA_TYPE, as_attachment=True, download_name=exports.file_name(listing, runtime().engine.clock()))


@blueprint.post("/<name>/export/begin")
def begin_export(name: str) -> Any:
    """Begins an export in the background."""
    listing = _listing(name)
    params = {"listing": name, "values": _values(), "ids": _ids(listing), "back": _back()}
    task = begin(db(), actor(), "export", f"导出：{listing.title}", params, runtime().engine.clock())
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))


@blueprint.post("/<name>/send")
def send(name: str) -> Any:
    """A bulk button that is an event of the diagram (批量删除, …)."""
    listing, _, element = _bulk(name)
    return start(batches.Act(listing.name, element.name), _chosen(name), f"{element.properties['bulk']}：{listing.title}", _back())


@blueprint.post("/<name>/review")
@reads_only
def review(name: str) -> Any:
    """A bulk button that is a user task: one opinion and one outcome for all."""
    listing, definition, element = _bulk(name)
    return _review_page(listing, definition, element, "")


@blueprint.post("/<name>/finish")
def finish(name: str) -> Any:
    """Completes the task of each with the same outcome."""
    listing, definition, element = _bulk(name)
    outcome = next((o for o in element.outcomes if o.name == request.form.get("outcome")), None)
    if outcome is None:
        raise NotFound
    comment = request.form.get("comment", "").strip()
    if outcome.comment_required and not comment:
        return _review_page(listing, definition, element, f"选择“{outcome.name}”时须填写意见"), 422
    act = batches.Act(listing.name, outcome.name, element.id, comment or None)
    return start(act, _chosen(name), f"{element.properties['bulk']}（{outcome.name}）：{listing.title}", _back())


def _review_page(listing: Listing, definition: Definition, element: Element, problem: str) -> Any:
    chosen = _chosen(listing.name)
    total = batches.count(db(), actor(), chosen)
    if not total:
        flash("没有选中任何记录，请勾选后再试。", "warning")
        return redirect(_back())
    query = visible_with(definition, actor(), listing).picked(actor(), chosen.values or {}, chosen.ids).limit(SHOWN)
    return render_template(
        "bulk/review.html",
        listing=listing,
        element=element,
        total=total,
        rows=db().scalars(query).all(),
        ids=chosen.ids,
        back=_back(),
        comment=request.form.get("comment", ""),
        problem=problem,
    )


def _listing(name: str) -> Listing:
    if name not in LISTS:
        raise NotFound
    return LISTS[name]


def _bulk(name: str) -> tuple[Listing, Definition, Element]:
    """The element whose bulk button was pressed, where the diagram gives it to this actor."""
    listing = _listing(name)
    if listing.key is None:
        raise NotFound
    definition = latest(db(), listing.key)
    lent = roles_lent(db(), actor(), listing.key, runtime().engine.clock())
    pressing = replace(actor(), roles=actor().roles | lent)  # on which records, each item asks for itself
    if request.form.get("element") not in {bulk.element for bulk in bulk_for(definition, pressing)}:
        raise NotFound
    return listing, definition, definition.elements[request.form["element"]]


def _chosen(name: str) -> batches.Chosen:
    everything = request.form.get("all") == "1"
    return batches.Chosen(name, tuple(_ids(_listing(name))), values=_values() if everything else None)


def _ids(listing: Listing) -> list[Any]:
    """The ticked rows; none where all under the filters are meant."""
    return [] if request.form.get("all") == "1" else ticked(listing)


def _back() -> str:
    back = request.form.get("back", "")
    return back if is_local(back) else url_for("home.index")


def _values() -> dict[str, str]:
    """The filters in force, as the address of the list says them."""
    return dict(parse_qsl(request.form.get("filter", "")[:4000], keep_blank_values=True))
