"""Where the list of a kind of record is: of one with parts (栏目), the part that a record belongs to."""

from __future__ import annotations

from typing import Any

from flask import url_for

from domain.ground.subjects import Subject
from forms.kinds import RecordKind


def list_address(kind: RecordKind[Any], about: Subject | str) -> str:
    """The list in which a record stands. `about` is the record, or of a new one the token for which its form was opened."""
    listing = kind.listing
    chosen = next((one for one in listing.filters if one.name == listing.parts), None)
    if chosen is None:
        return url_for(f"{kind.key}.index")
    part = about if isinstance(about, str) else about.answers().get(chosen.field or "")
    values: dict[str, Any] = {chosen.name: part if part in chosen.options else chosen.default}
    return url_for(f"{kind.key}.index", **values)
