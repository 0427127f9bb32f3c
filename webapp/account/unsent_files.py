"""Files of a form that could not be taken at the moment go out again with it: its page carries signed names of them, and not the bytes."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, Response, current_app, g, request, session
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import FileStorage, ImmutableMultiDict

from domain.platform import unsent
from webapp.context import runtime

NAME = "unsent_file"  # of the form's fields that carry the names


@dataclass(frozen=True)
class Unsent:
    """A file of a form."""

    field: str
    file_name: str
    token: str | None
    """None: it could not be kept, and has to be chosen again."""


def install(app: Flask) -> None:
    """Gives the files that wait back to the form that names them, and deletes them once that was taken."""
    app.before_request(_restore)
    app.after_request(_forget)


def keep_files() -> list[Unsent]:
    """Keeps the files that this request brought; those that waited already wait on."""
    waiting: dict[str, Unsent] = g.get("unsent", {})
    kept = [one for name, one in waiting.items()]
    known = {one.field for one in kept}
    for field, file in request.files.items(multi=True):
        if file.filename and field not in known:
            kept.append(Unsent(field, file.filename, _keep(field, file)))
    g.unsent_wait = True
    return kept


def _keep(field: str, file: FileStorage) -> str | None:
    with suppress(OSError, ValueError):  # no room left; read and closed already
        person_id = int(session["person"])
        name = unsent.keep(runtime().settings.home, person_id, file.stream)
        return str(_signer().dumps([person_id, field, file.filename, name]))
    return None


def _restore() -> None:
    if request.method != "POST" or NAME not in request.form:
        return
    g.unsent = {}
    found: list[tuple[str, FileStorage]] = list(request.files.items(multi=True))
    for token in request.form.getlist(NAME):
        for one, path in _read(token):
            content_type = mimetypes.guess_type(one.file_name)[0] or "application/octet-stream"
            found.append((one.field, FileStorage(path.open("rb"), one.file_name, one.field, content_type)))
            g.unsent[path] = one
    request.files = ImmutableMultiDict(found)


def _read(token: str) -> Iterator[tuple[Unsent, Path]]:
    try:
        person_id, field, file_name, name = _signer().loads(token, max_age=int(unsent.FOR.total_seconds()))
    except (BadData, ValueError):
        return
    path = unsent.find(runtime().settings.home, person_id, name) if person_id == session.get("person") else None
    if path is not None:
        yield Unsent(field, file_name, token), path


def _forget(response: Response) -> Response:
    if not g.get("unsent_wait"):
        for path in g.get("unsent", {}):
            path.unlink(missing_ok=True)
    return response


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="unsent files")
