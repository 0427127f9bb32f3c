"""An import of photos that was taken in yesterday: some were given, some need a crop, some were refused. All of them are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.demo.portraits import BLUE, RED, WHITE, Colour, Pose, as_jpeg, draw
from domain.exams.candidates import Candidate
from domain.exams.photos import keep_photo
from domain.ground.parties import Actor
from domain.platform.photo_imports import PhotoImport, PhotoImportState, PhotoItem, PhotoState, recount
from jobs.photos.giving import owner_problem
from jobs.photos.grounds import DEFAULT
from jobs.photos.looking import look
from jobs.photos.working import give_items
from processes.engine import Engine

_SOMEWHERE = Pose(0.5, 0.45, 0.4)
PHOTOS: Sequence[tuple[Colour, tuple[int, int], Pose | None]] = (
    (RED, (295, 413), None),
    (RED, (295, 413), None),
    (RED, (600, 800), _SOMEWHERE),
    (RED, (1200, 900), Pose(0.42, 0.45, 0.45)),
    (RED, (413, 626), Pose(0.5, 0.4, 0.42)),
    (RED, (590, 826), None),
    (BLUE, (295, 413), None),
    (WHITE, (295, 413), None),
    (RED, (120, 168), None),
)
"""Ground, size and pose of each."""
NOBODY = ("IMG_0031", "合影")  # names of files that are no candidate's number


def add_photo_import(engine: Engine, session: Session, home: Path, actor: Actor, now: datetime) -> int:
    """Adds the import, with photos of candidates of the actor's school who have none. Returns how many photos there are."""
    bare = select(Candidate.id_number).where(Candidate.party_id == actor.party_id, Candidate.photo.is_(None)).order_by(Candidate.id)
    numbers = session.scalars(bare.limit(len(PHOTOS))).all()
    began = now - timedelta(days=1)
    record = PhotoImport(
        party_id=actor.party_id,
        person_id=actor.person_id,
        file_name="软件技术 2501 班照片.zip",
        size=1_234_567,
        received=1_234_567,
        modified="",
        ground=DEFAULT,
        state=PhotoImportState.DONE,
        created_at=began,
        finished_at=began + timedelta(minutes=1),
    )
    session.add(record)
    session.flush()
    items = [*_looked_at(home, record.id, numbers), *_nobodys(record.id, len(numbers))]
    session.add_all(items)
    session.flush()
    give_items(engine, session, actor, [item for item in items if item.state == PhotoState.GOOD])
    recount(session, record.id)
    return len(items)


def _looked_at(home: Path, import_id: int, numbers: Sequence[str]) -> Iterator[PhotoItem]:
    for at, (id_number, (ground, size, pose)) in enumerate(zip(numbers, PHOTOS, strict=False)):
        seen = look(as_jpeg(draw(500 + at, ground, size, pose).picture))
        kept = None if seen.kept is None else keep_photo(home, seen.kept)
        item = _item(import_id, at, id_number, seen.problem)
        item.state = PhotoState.GOOD if seen.problem is None else PhotoState.REFUSED if kept is None else PhotoState.MENDABLE
        item.photo = kept
        item.preview = None if seen.preview is None else keep_photo(home, seen.preview)
        item.source, item.least = None if seen.source is None else keep_photo(home, seen.source), seen.least
        item.box = None if seen.box is None else [*seen.box]
        item.width, item.height = size
        yield item


def _nobodys(import_id: int, first: int) -> Iterator[PhotoItem]:
    for at, name in enumerate(NOBODY, first):
        yield _item(import_id, at, name, owner_problem((), name))


def _item(import_id: int, at: int, stem: str, problem: str | None) -> PhotoItem:
    name = f"软件技术 2501 班/{stem}.jpg"
    return PhotoItem(
        import_id=import_id,
        number=at + 1,
        place=at,
        name=name,
        id_number=stem,
        state=PhotoState.REFUSED,
        problem=problem,
        candidate_id=None,
    )
