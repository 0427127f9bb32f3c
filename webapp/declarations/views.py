"""证书试点申报 (manual 4.3): the usual screens of declarations, and the open plans that a school applies under."""

from __future__ import annotations

from flask import render_template

from domain.certificates.declaration_plans import current_plans
from domain.certificates.declarations import declared
from forms.lists.declarations import DECLARATION
from processes.errors import NotAllowed
from webapp.context import actor, db, runtime
from webapp.records.screens import record_blueprint

blueprint = record_blueprint(DECLARATION)


@blueprint.get("/plans", endpoint="plans")
def current() -> str:
    """申报证书试点: the plans of the school's province, and what the school has applied for under each."""
    if "试点院校" not in actor().roles:
        raise NotAllowed
    now = runtime().engine.clock()
    found = current_plans(db(), actor(), now)
    made = declared(db(), actor(), [plan.id for plan in found])
    return render_template("declarations/plans.html", kind=DECLARATION, plans=found, made=made, now=now)
