"""Whom the posted form copies to."""

from __future__ import annotations

from flask import request


def chosen() -> list[int]:
    """Ids of the ticked people; what is no id is left out."""
    return [int(text) for text in request.form.getlist("copy_to") if text.isdecimal() and len(text) < 10]
