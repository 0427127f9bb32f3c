"""The frame of a crop, moved by hand: sliders that say where it is; the server cuts, and looks at the ground again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from domain.exams.photos import folder_of, photo_path, take_photos
from domain.platform.photo_imports import PhotoImport, PhotoItem, PhotoState
from jobs.photos.apart import crop_apart
from jobs.photos.cropping import Box
from jobs.photos.framing import Place, frame_at, place_of
from jobs.photos.mending import NothingLeft, TooOld, move_crop
from processes.errors import NotFound
from webapp.context import db, runtime
from webapp.photos.views import blueprint, jpeg, record_of

_MOVABLE = (PhotoState.MENDABLE, PhotoState.MISNAMED)


@dataclass(frozen=True)
class Offer:
    """A crop that is offered, and what is needed to cut another one."""

    photo: str
    """SHA-256 of the crop."""
    source: str
    """SHA-256 of the picture that others may be cut from."""
    size: tuple[int, int]
    """Pixels of the photo, upright."""
    box: Box
    """The frame, in these pixels."""
    least: int
    """Pixels of the photo that a frame must be wide at least."""
    ground: str

    @property
    def place(self) -> Place:
        """Where the sliders stand."""
        return place_of(self.box, self.size, self.least)


@blueprint.get("/photos/<int:import_id>/<int:number>/frame")
def frame(import_id: int, number: int) -> str:
    """The frame of a crop of an import, to be moved."""
    record = record_of(import_id)
    return _page(record, number, _offer(record, number))


@blueprint.post("/photos/<int:import_id>/<int:number>/frame")
def move_frame(import_id: int, number: int) -> ResponseReturnValue:
    """Offers what is in the frame in place of the crop before; nothing is given yet."""
    record = record_of(import_id)
    offer, place = _offer(record, number), asked_place()
    if place is None:
        return _page(record, number, offer, "裁剪框的位置不正确，请重新移动裁剪框"), 422
    db().rollback()  # cutting must hold no lock
    problem, moved = cut_anew(offer, place)
    record = record_of(import_id)
    if problem is not None:
        return _page(record, number, moved, problem), 422
    move_crop(db(), record, number, moved.photo, moved.box)
    flash("裁剪框已调整，请看裁剪后的照片，确认后采用。", "success")
    item = db().get_one(PhotoItem, (record.id, number))
    return redirect(url_for(".show", import_id=import_id, tab=item.state.value))


@blueprint.get("/photos/<int:import_id>/<int:number>/source.jpg")
def source(import_id: int, number: int) -> Response:
    """The picture from which crops are cut, for those who see the import."""
    item = db().get(PhotoItem, (record_of(import_id).id, number))
    return jpeg(item.source if item is not None else None)


def asked_place() -> Place | None:
    """Where the sliders of the posted form stand; None where they are not those of a frame."""
    asked = [request.form.get(name, "") for name in ("size", "x", "y")]
    if not all(one.isascii() and one.isdecimal() and len(one) <= 4 for one in asked):
        return None
    place = Place(*map(int, asked))
    return place if place.possible else None


def cut_anew(offer: Offer, place: Place) -> tuple[str | None, Offer]:
    """Cuts what is in the frame at a place. Returns why it cannot be offered, or None; and the offer with the frame there, whose
    photo is that of before where it cannot."""
    home = runtime().settings.home
    box = frame_at(place, offer.size, offer.least)
    path = photo_path(home, offer.source)
    if not path.exists():
        raise TooOld
    with TemporaryDirectory(dir=folder_of(home), prefix="new-") as folder:
        seen = crop_apart(path, Path(folder), offer.size, box, offer.ground)
        if seen.kept is None:
            return seen.problem, offer
        return None, replace(offer, photo=take_photos(home, [seen.kept])[0], box=box)


def _offer(record: PhotoImport, number: int) -> Offer:
    item = db().get(PhotoItem, (record.id, number))
    if item is None or item.source is None:
        raise NotFound
    if item.state not in _MOVABLE:
        raise NothingLeft
    left, top, right, bottom = item.box or (0, 0, 0, 0)
    size = (item.width or 0, item.height or 0)
    return Offer(item.photo or "", item.source, size, (left, top, right, bottom), item.least or 0, record.ground)


def _page(record: PhotoImport, number: int, offer: Offer, problem: str | None = None) -> str:
    item = db().get_one(PhotoItem, (record.id, number))
    return render_template("photos/frame.html", record=record, item=item, offer=offer, problem=problem)
