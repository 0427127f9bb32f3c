"""缴费管理 (manual 5.2.7): the usual screens of payment slips, and what a school may make slips of."""

from __future__ import annotations

from flask import render_template

from domain.exams.payment_slips import dues
from domain.exams.plans import BY_CERTIFICATE, BY_SUBJECT
from forms.lists.payment_slips import PAYMENT_SLIP
from processes.errors import NotAllowed
from webapp.context import actor, db, runtime
from webapp.records.screens import record_blueprint

blueprint = record_blueprint(PAYMENT_SLIP)


@blueprint.get("/choose", endpoint="choose")
def choose() -> str:
    """按证书、按科目报考生成缴费申请单: plans in 报考 and certificates with registrations that are due."""
    if "试点院校" not in actor().roles:
        raise NotAllowed
    found = dues(db(), actor(), runtime().engine.clock())
    groups = [(f"{mode}报考生成缴费申请单", [one for one in found if one.plan.mode == mode]) for mode in (BY_CERTIFICATE, BY_SUBJECT)]
    return render_template("payments/choose.html", kind=PAYMENT_SLIP, groups=groups)
