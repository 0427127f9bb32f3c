"""The health check of the web part."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import text

from webapp.context import db, public

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> dict[str, bool]:
    """Answers once the database does."""
    db().execute(text("SELECT 1"))
    return {"ok": True}
