"""The check of one field as it is left: the form's own check, asked by the page's script."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from forms.checking import check_field
from webapp.context import reads_only
from webapp.fields.schemas import schema_of

blueprint = Blueprint("fields", __name__, url_prefix="/fields")
MAX_TEXT = 20_000  # characters; more is checked when it is sent


@blueprint.post("/check")
@reads_only
def check() -> ResponseReturnValue:
    """`{"problem": message or null}` for the posted `path` and `value` of the form whose key is `form`."""
    schema = schema_of(request.args.get("form", ""))
    return {"problem": check_field(schema, request.form.get("path", "")[:200], request.form.get("value", "")[:MAX_TEXT])}
