"""The photo of one candidate: shown to whoever may see the candidate, checked as those of a zip are, and given in a step."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import astuple
from io import SEEK_END
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer

from domain.certificates.pilots import grounds_asked
from domain.exams.candidates import Candidate
from domain.exams.photos import folder_of, read_photo, take_photos
from forms.lists.candidates import CANDIDATE
from jobs.photos.apart import Seen, photo_apart
from jobs.photos.giving import FIELD, KEY, may_be_given
from jobs.photos.grounds import DEFAULT
from jobs.photos.looking import size_problem
from processes.errors import NotFound
from processes.history import instance_of
from processes.steps import acting
from webapp import steps
from webapp.context import actor, current_actor, db, runtime
from webapp.photos.framing import Offer, asked_place, cut_anew
from webapp.photos.views import blueprint, jpeg
from webapp.records.visibility import readable

_OFFER = 3600  # seconds for which a crop that was offered may be taken


@blueprint.get("/<int:record_id>/photo.jpg")
def of_candidate(record_id: int) -> Response:
    """The photo of a candidate."""
    return jpeg(_candidate(record_id).photo)


@blueprint.get("/<int:record_id>/photo")
def one(record_id: int) -> str:
    """The choice of a photo for a candidate."""
    return _page(_candidate(record_id))


@blueprint.post("/<int:record_id>/photo")
def give_one(record_id: int) -> ResponseReturnValue:
    """Gives a candidate the photo that was chosen, or the crop of it that was offered; else says why not, and what would mend it."""
    candidate = _candidate(record_id)
    offered = request.form.get("crop")
    if offered is not None and "size" in request.form:
        return _moved(candidate, offered)
    if offered is not None:
        taken = _taken(offered, record_id)
        return _give(candidate, taken.photo) if taken is not None else (_page(candidate, "裁剪结果已过期，请重新选择照片"), 422)
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page(candidate, "请先选择照片"), 422
    size = file.stream.seek(0, SEEK_END)
    if problem := size_problem(size):
        return _page(candidate, problem), 422
    file.stream.seek(0)
    db().rollback()  # looking at it must hold no lock
    home = runtime().settings.home
    folder_of(home).mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(dir=folder_of(home), prefix="new-") as folder:
        path = Path(folder, "photo")
        path.write_bytes(file.stream.read())
        seen = photo_apart(path, Path(folder), _ground())
        photo = take_photos(home, [seen.kept])[0] if seen.kept is not None else None
        if seen.problem is None and photo is not None:
            return _give(_candidate(record_id), photo)
        offer = None
        if photo and seen.source and seen.box and seen.size and seen.least:
            offer = Offer(photo, take_photos(home, [seen.source])[0], seen.size, seen.box, seen.least, _ground())
        return _page(_candidate(record_id), seen.problem, seen, offer), 422


def photo_page(about: tuple[str, int] | None) -> str | None:
    """For templates: the address at which somebody may give the record of this (key, id) a photo now; None where they may not."""
    who = current_actor()
    if who is None or about is None or about[0] != KEY:
        return None
    return url_for("photos.one", record_id=about[1]) if may_be_given(db(), who, about[1], runtime().engine.clock()) else None


def _give(candidate: Candidate, photo: str) -> ResponseReturnValue:
    instance = instance_of(db(), KEY, candidate.id)
    if instance is None:
        raise NotFound
    problem = steps.attempt(lambda: acting.put(runtime().engine, db(), actor(), instance.id, FIELD, photo), lambda: instance.id)
    if problem is not None:
        return _page(_candidate(candidate.id), str(problem)), steps.code_of(problem)
    flash("照片已保存。", "success")
    return redirect(url_for(f"{KEY}.show", record_id=candidate.id))


def _candidate(record_id: int) -> Candidate:
    found = readable(CANDIDATE, record_id)
    if not isinstance(found, Candidate):
        raise NotFound
    return found


def _ground() -> str:
    asked = request.form.get("ground", DEFAULT)
    return asked if asked in grounds_asked(db(), actor()) else DEFAULT


def _moved(candidate: Candidate, token: str) -> ResponseReturnValue:
    """Offers another crop of the photo: that in the frame which was moved."""
    offer, place = _taken(token, candidate.id), asked_place()
    if offer is None or place is None:
        return _page(candidate, "裁剪结果已过期，请重新选择照片"), 422
    db().rollback()  # looking at it must hold no lock
    problem, offer = cut_anew(offer, place)
    return _page(_candidate(candidate.id), problem, None, offer), 422 if problem else 200


def _page(candidate: Candidate, problem: str | None = None, seen: Seen | None = None, offer: Offer | None = None) -> str:
    """`seen`: a photo that was refused; `offer`: the crop that would mend it, which is shown beside it."""
    home = runtime().settings.home
    return render_template(
        "photos/one.html",
        candidate=candidate,
        problem=problem,
        seen=seen,
        preview=None if seen is None or seen.preview is None else _inline(seen.preview.read_bytes()),
        offer=offer,
        source=None if offer is None else _inline(read_photo(home, offer.source) or b""),
        crop=None if offer is None else _signer().dumps([actor().person_id, candidate.id, *astuple(offer)]),
        allowed=photo_page((KEY, candidate.id)) is not None,
        grounds=grounds_asked(db(), actor()),
        ground=_ground(),
    )


def _inline(content: bytes) -> str:
    """A picture inside its page: nobody else ever asks for it."""
    return f"data:image/jpeg;base64,{b64encode(content).decode()}"


def _taken(token: str, record_id: int) -> Offer | None:
    try:
        person_id, candidate_id, photo, source, size, box, least, ground = _signer().loads(token, max_age=_OFFER)
    except (BadData, ValueError):
        return None
    return (
        Offer(photo, source, tuple(size), tuple(box), least, ground)
        if (person_id, candidate_id) == (actor().person_id, record_id)
        else None
    )


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="crop of a photo")
