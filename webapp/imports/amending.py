"""批量修改: the page for the records that were chosen in a list, and the template that is filled with them."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import Any

from flask import Blueprint, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select

from domain.ground.errors import DomainError
from domain.platform.background import begin
from jobs.imports import amending_template
from jobs.imports.amending_template import AT_ONCE
from jobs.imports.description import Import
from jobs.imports.receiving import FILL
from jobs.lists import exports
from processes.errors import NotFound
from webapp.context import actor, db, later_task, reads_only, runtime
from webapp.imports.views import XLSX, Chosen, description_of, index_page
from webapp.links import posted_back
from webapp.posted_data import posted_filters, ticked_rows

blueprint = Blueprint("amending", __name__, url_prefix="/imports")


@blueprint.post("/<kind>/chosen")
@reads_only
def choose(kind: str) -> ResponseReturnValue:
    """批量修改 of a list: the ticked rows, or with none ticked all under the filters."""
    description = _description(kind)
    total = exports.count(db(), _query(description))
    if not total:
        flash("没有符合条件的记录，没有可修改的内容。", "warning")
        return redirect(posted_back("home.index"))
    chosen = Chosen(total, _ids(description), request.form.get("filter", ""), posted_back("home.index"))
    return index_page(description, None, chosen)


@blueprint.post("/<kind>/filled")
@reads_only
def template(kind: str) -> ResponseReturnValue:
    """Answers a small template at once, and begins a background task for a large one."""
    description = _description(kind)
    query = _query(description)
    total = exports.count(db(), query)
    try:
        amending_template.check_count(total)
    except DomainError as error:
        flash(str(error), "warning")
        return redirect(posted_back("home.index"))
    if total > AT_ONCE:
        return redirect(url_for(".begin_template", kind=kind), code=307)  # the browser posts the same form to the address that writes
    with runtime().database.writing() as session:  # the request only reads: it holds no write lock
        amending_template.note(session, actor(), description, query, runtime().engine.clock())
    file = TemporaryFile()  # noqa: SIM115  # the response closes it
    amending_template.write(db(), description, query, file)
    file.seek(0)
    return send_file(file, XLSX, as_attachment=True, download_name=amending_template.file_name(description))


@blueprint.post("/<kind>/filled/begin")
def begin_template(kind: str) -> ResponseReturnValue:
    """Begins a template in the background."""
    description = _description(kind)
    params = {"kind": kind, "values": posted_filters(), "ids": _ids(description), "back": url_for("imports.index", kind=kind)}
    task = begin(db(), actor(), FILL, f"{description.title}：生成模板", params, runtime().engine.clock())
    later_task(task.id)
    return redirect(url_for("background.show", task_id=task.id))


def _description(kind: str) -> Import:
    description = description_of(kind)
    if description.amends is None:
        raise NotFound
    return description


def _query(description: Import) -> Select[Any]:
    return amending_template.chosen(db(), actor(), description, posted_filters(), _ids(description))


def _ids(description: Import) -> list[Any]:
    if description.amends is None or request.form.get("all") == "1":
        return []
    return ticked_rows(description.amends.listing)
