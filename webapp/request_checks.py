"""What no browser sends by itself and no record can hold: refused before a view runs, on both databases alike."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter, Map

LARGEST = 2**31 - 1  # of a record's number; beyond it the databases fail, each in its own way


class RecordNumber(IntegerConverter):
    """A number in an address; one that no record can have leads nowhere."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST)


def install(app: Flask) -> None:
    """Puts both around every request; before routes are registered."""
    app.url_map.converters["int"] = RecordNumber
    app.before_request(_refuse_null)


def _refuse_null() -> None:
    """PostgreSQL has no text with a null character in it, and nobody means one."""
    if any("\x00" in text for text in _sent()):
        abort(400)


def _sent() -> Iterator[str]:
    yield request.path
    for values in (request.args, request.form):
        for name, text in values.items(multi=True):
            yield name
            yield text
