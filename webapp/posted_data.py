"""What the form of a page posted: its fields, the answers of a form, the ticked rows of a list, the people to copy to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flask import abort, flash, request
from sqlalchemy import String

from domain.platform.files import attach
from forms import fields
from forms.filling import filling, followed
from forms.listing import Listing
from webapp.context import actor, db, runtime

MAX_FILTER = 4_000  # characters
MAX_TICKED = 1_000
_LONGEST_ID = 36  # of an id that is text: a UUID


def posted_fields() -> dict[str, list[str]]:
    """The posted form as names → values."""
    return request.form.to_dict(flat=False)


def posted_answers(schema: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The posted answers of a form, with what is filled from other fields (`forms.filling`). Files that do not exist or are another
    party's are left out, and the page says so.

    `before` is what the form showed, if anything: without scripts, a field that another one had filled is sent back as it was.
    """
    answers = fields.parse(schema, posted_fields()) if schema else {}
    for name, field in fields.file_fields(schema).items():
        if name in answers:
            answers[name] = _own_files(field, answers[name])
    filling(schema)(answers)
    if before is not None:
        answers |= followed(schema, before, {name: value for name, value in answers.items() if before.get(name) != value})
    return {name: value for name, value in answers.items() if value != []}


def _own_files(field: Mapping[str, Any], ids: list[int]) -> list[int]:
    own = attach(db(), actor(), ids, runtime().engine.clock())
    if len(own) < len(ids):
        flash(f"“{field.get('title', '附件')}”中有文件已不存在或不属于本单位，已移除，请重新上传。", "warning")
    return [file_id for file_id in ids if file_id in own]


def ticked_rows(listing: Listing) -> list[Any]:
    """Ids of the ticked rows, of the type that the list's ids have; whatever cannot be one is left out."""
    posted = request.form.getlist("ids")[:MAX_TICKED]
    if isinstance(listing.record.id.type, String):
        return [text for text in posted if 0 < len(text) <= _LONGEST_ID]
    return [int(text) for text in posted if text.isdecimal() and len(text) < 10]


def posted_filters(name: str = "filter") -> dict[str, str]:
    """The filters in the address of the list that was posted, as name → text. A null character in them is refused as in other texts
    (`webapp.request_checks`)."""
    found = dict(parse_qsl(request.form.get(name, "")[:MAX_FILTER], keep_blank_values=True))
    if any("\x00" in text for pair in found.items() for text in pair):
        abort(400)
    return found


def people_to_copy_to() -> list[int]:
    """Ids of the people ticked for a copy (抄送); whatever cannot be one is left out."""
    return [int(text) for text in request.form.getlist("copy_to") if text.isdecimal() and len(text) < 10]
