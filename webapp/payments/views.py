"""缴费管理 (manual 5.2.7): the usual screens of payment slips, and what a school may make slips of."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.exams.payment_slips import dues
from domain.exams.plans import BY_CERTIFICATE, BY_SUBJECT
from forms.lists.payment_slips import PAYMENT_SLIP, making
from jobs.documents.bundles import SLIPS
from processes.errors import NotAllowed, NotFound
from webapp.context import actor, db, runtime
from webapp.printing.beginning import begin_printing
from webapp.records.screens import record_blueprint

blueprint = record_blueprint(PAYMENT_SLIP)


@blueprint.get("/choose", endpoint="choose")
def choose() -> str:
    """按证书、按科目报考生成缴费申请单: plans in 报考 and certificates with registrations that are due; of one `mode`, or of both."""
    if "试点院校" not in actor().roles:
        raise NotAllowed
    found = dues(db(), actor(), runtime().engine.clock())
    asked = request.args.get("mode")
    modes = [asked] if asked in (BY_CERTIFICATE, BY_SUBJECT) else [BY_CERTIFICATE, BY_SUBJECT]
    groups = [(making(mode), [one for one in found if one.plan.mode == mode]) for mode in modes]
    title = groups[0][0] if len(groups) == 1 else "生成缴费申请单"
    return render_template("payments/choose.html", kind=PAYMENT_SLIP, groups=groups, title=title)


@blueprint.post("/<int:record_id>/print", endpoint="print")
def print_slip(record_id: int) -> ResponseReturnValue:
    """下载缴费申请单: as a PDF, for whoever may see it."""
    slip = PAYMENT_SLIP.find(db(), actor(), record_id)
    if slip is None:
        raise NotFound
    back = url_for("payment_slip.show", record_id=record_id)
    return begin_printing(f"缴费申请单 {slip.number}", {"source": "slips", "document": SLIPS.label, "ids": [record_id], "back": back})
