"""电子签章 of the own school (manual 2.2) or organization: versions, upload of picture and key, and the picture.

The key never leaves again.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.vault import open_vault
from domain.institutions.seal_keys import MOST as KEY_MOST
from domain.institutions.seal_pictures import MOST as PICTURE_MOST
from domain.institutions.seals import new_seal
from forms.kinds import RecordKind
from forms.lists.seals import ORGANIZATION_SEAL, SEAL, UPLOAD
from jobs.seals import picture_apart, read_key_apart
from processes.errors import NotAllowed, NotFound
from processes.steps import starting
from webapp.context import actor, db, later, runtime
from webapp.records.screens import record_blueprint


def seal_blueprint(kind: RecordKind[Any]) -> Blueprint:
    """The routes of one kind of seal: those of every kind of record, and `.new`, `.create` and `.picture` of its own."""
    blueprint = record_blueprint(kind)

    @blueprint.get("/new")
    def new() -> str:
        _keeper(kind)
        return _page(kind, [])

    @blueprint.post("/new")
    def create() -> ResponseReturnValue:
        return _create(kind)

    @blueprint.get("/<int:record_id>/picture")
    def picture(record_id: int) -> Response:
        return _picture(kind, record_id)

    return blueprint


def _create(kind: RecordKind[Any]) -> ResponseReturnValue:
    """Checks picture and key, keeps them as a new version and starts its process."""
    who, settings, now = _keeper(kind), runtime().settings, runtime().engine.clock()
    db().rollback()  # opening what was uploaded must hold no lock
    try:
        picture = picture_apart(_uploaded("picture", PICTURE_MOST))
        key = read_key_apart(_uploaded("key", KEY_MOST), request.form.get("password", "")[:200])
        seal = new_seal(db(), kind.listing.record, who, now, picture, key, open_vault(settings))
    except DomainError as error:
        db().rollback()
        return _page(kind, [str(error)]), 422
    _, jobs = starting.start(runtime().engine, db(), who, kind.key, seal)
    later(jobs)
    flash(f"电子签章第 {seal.version} 版已上传，即日起用于签发。", "success")
    return redirect(url_for(f"{kind.key}.show", record_id=seal.id))


def _picture(kind: RecordKind[Any], record_id: int) -> Response:
    """The picture, for those who may see the seal."""
    seal = kind.find(db(), actor(), record_id)
    if seal is None:
        raise NotFound
    answer = Response(seal.picture, mimetype="image/png")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _keeper(kind: RecordKind[Any]) -> Actor:
    """The party's own people; nobody else uploads a seal for it."""
    if kind.listing.record.ROLE not in actor().roles:
        raise NotAllowed
    return actor()


def _uploaded(name: str, most: int) -> bytes:
    """What was uploaded, read no further than one byte past the limit."""
    file = request.files.get(name)
    if file is None:
        return b""
    return bytes(file.stream.read(most + 1))  # it stays open: what cannot be stored at the moment is kept (webapp/account/unsent_files.py)


def _page(kind: RecordKind[Any], problems: list[str]) -> str:
    return render_template("institutions/seal_form.html", kind=kind, problems=problems, title=UPLOAD)


SCHOOLS, ORGANIZATIONS = (seal_blueprint(kind) for kind in (SEAL, ORGANIZATION_SEAL))
