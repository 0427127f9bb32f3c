"""What pages ask while a form is filled in: the check of one field as it is left, and the pinyin of a name."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from domain.ground.pinyin import pinyin_choices, pinyin_of
from forms.checking import check_field
from webapp.context import reads_only
from webapp.fields.schemas import schema_of

blueprint = Blueprint("fields", __name__, url_prefix="/fields")
MAX_NAME = 200
MAX_TEXT = 20_000  # characters; more is checked when it is sent


@blueprint.post("/check")
@reads_only
def check() -> ResponseReturnValue:
    """`{"problem": message or null}` for the posted `path` and `value` of the form whose key is `form`; `beside.…`: the values of
    the fields on which it depends."""
    schema = schema_of(request.args.get("form", ""))
    beside = {key.removeprefix("beside."): text[:MAX_TEXT] for key, text in request.form.items() if key.startswith("beside.")}
    return {"problem": check_field(schema, request.form.get("path", "")[:200], request.form.get("value", "")[:MAX_TEXT], beside)}


@blueprint.post("/pinyin")
@reads_only
def pinyin() -> ResponseReturnValue:
    """What is offered for the posted `name`: `pinyin`, empty where it is not known, and its `words`, each a list of syllables
    `[character, [reading, …]]`."""
    name = request.form.get("name", "")[:MAX_NAME]
    return {"pinyin": pinyin_of(name), "words": pinyin_choices(name)}
