"""电子签章 of the own school (manual 2.2): versions, upload of picture and key, and the picture. The key never leaves again."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.vault import open_vault
from domain.institutions.seal_keys import MOST as KEY_MOST
from domain.institutions.seal_pictures import MOST as PICTURE_MOST
from domain.institutions.seals import ROLE, new_seal, seal_of
from forms.lists.seals import SEAL, UPLOAD
from jobs.seals import picture_apart, read_key_apart
from processes.errors import NotAllowed, NotFound
from processes.steps import starting
from webapp.context import actor, db, later, runtime
from webapp.records.screens import record_blueprint

blueprint = record_blueprint(SEAL)


@blueprint.get("/new")
def new() -> str:
    """The form for picture, key and the key's password."""
    _keeper()
    return _page([])


@blueprint.post("/new")
def create() -> ResponseReturnValue:
    """Checks picture and key, keeps them as a new version and starts its process."""
    who, settings, now = _keeper(), runtime().settings, runtime().engine.clock()
    db().rollback()  # opening what was uploaded must hold no lock
    try:
        picture = picture_apart(_uploaded("picture", PICTURE_MOST))
        key = read_key_apart(_uploaded("key", KEY_MOST), request.form.get("password", "")[:200])
        seal = new_seal(db(), who, now, picture, key, open_vault(settings))
    except DomainError as error:
        db().rollback()
        return _page([str(error)]), 422
    _, jobs = starting.start(runtime().engine, db(), who, SEAL.key, seal)
    later(jobs)
    flash(f"电子签章第 {seal.version} 版已上传，即日起用于签发。", "success")
    return redirect(url_for("seal.show", record_id=seal.id))


@blueprint.get("/<int:record_id>/picture")
def picture(record_id: int) -> Response:
    """The picture, for those who may see the seal."""
    seal = seal_of(db(), actor(), record_id)
    if seal is None:
        raise NotFound
    answer = Response(seal.picture, mimetype="image/png")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _keeper() -> Actor:
    """The school's own people; nobody else uploads a seal for it."""
    if ROLE not in actor().roles:
        raise NotAllowed
    return actor()


def _uploaded(name: str, most: int) -> bytes:
    """What was uploaded, read no further than one byte past the limit."""
    file = request.files.get(name)
    if file is None:
        return b""
    return bytes(file.stream.read(most + 1))  # it stays open: what cannot be stored at the moment is kept (webapp/account/unsent_files.py)


def _page(problems: list[str]) -> str:
    return render_template("institutions/seal_form.html", problems=problems, title=UPLOAD)
