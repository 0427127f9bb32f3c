"""What is left of photos that nobody needs any more: pictures that no row names, zips that did not arrive, folders of lost workers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.candidates import Candidate
from domain.exams.photos import folder_of, photos_in
from domain.exams.registrations import Registration
from domain.ground.values import among
from domain.platform.photo_imports import ARRIVING_FOR, SHOWN_FOR, PhotoImport, PhotoImportState, PhotoItem, PhotoState, move
from jobs.runtime import Runtime

_LOST = 3600.0  # seconds: a folder or a part that is older has lost its worker


def left_over(runtime: Runtime) -> list[Path]:
    """The files that are not needed. The caller lets those be that are fresh: the row that names them may not be committed yet."""
    now, home = runtime.engine.clock(), runtime.settings.home
    with runtime.database.reading() as session:
        photos = _unnamed(session, home, now)
    return [*photos, *_old_zips(runtime), *_old_parts(home, now)]


def _unnamed(session: Session, home: Path, now: datetime) -> list[Path]:
    """The pictures in one of the 256 folders of photos – another one each hour – that no candidate, registration or recent import names."""
    found = photos_in(home, int(now.timestamp() // 3600) % 256)
    names = sorted(found)
    for at in range(0, len(names), 500):
        some = names[at : at + 500]
        for sha256 in (*_of_candidates(session, some), *_of_registrations(session, some), *_of_imports(session, some, now)):
            found.pop(sha256, None)
    return list(found.values())


def _of_candidates(session: Session, hashes: list[str]) -> Iterator[str]:
    yield from session.scalars(select(Candidate.photo).where(among(session, Candidate.photo, hashes))).unique()  # type: ignore[misc]  # none is null


def _of_registrations(session: Session, hashes: list[str]) -> Iterator[str]:
    """What registrations keep of candidates, whose photos may be others by now."""
    named = select(Registration.photo).where(among(session, Registration.photo, hashes))
    yield from session.scalars(named).unique()  # type: ignore[misc]  # as above


def _of_imports(session: Session, hashes: list[str], now: datetime) -> Iterator[str]:
    recent = PhotoItem.import_id.in_(select(PhotoImport.id).where(PhotoImport.created_at > now - SHOWN_FOR))
    needed = recent | (PhotoItem.state == PhotoState.GOOD)  # or still to be given
    for column in (PhotoItem.photo, PhotoItem.preview, PhotoItem.source, PhotoItem.earlier):
        yield from session.scalars(select(column).where(among(session, column, hashes), needed)).unique()  # type: ignore[misc]  # as above


def _old_zips(runtime: Runtime) -> list[Path]:
    """The zips of imports that are over; those that have not arrived for a week are dropped now."""
    now = runtime.engine.clock()
    table = PhotoImport
    late = select(table.id).where(table.state == PhotoImportState.ARRIVING, table.created_at < now - ARRIVING_FOR).limit(100)
    with runtime.database.reading() as session:
        ids = session.scalars(late).all()
    if ids:
        with runtime.database.writing() as session:
            for import_id in ids:
                move(session, import_id, [PhotoImportState.ARRIVING], state=PhotoImportState.DROPPED)
    paths = {int(path.name[4:]): path for path in folder_of(runtime.settings.home).glob("zip-*") if path.name[4:].isdecimal()}
    needed = select(table.id).where(table.id.in_(sorted(paths)), table.state.in_((PhotoImportState.ARRIVING, PhotoImportState.WORKING)))
    with runtime.database.reading() as session:
        kept = set(session.scalars(needed))
    return [path for import_id, path in paths.items() if import_id not in kept]


def _old_parts(home: Path, now: datetime) -> Iterator[Path]:
    """Deletes what confined processes left behind whose worker was killed; gives the parts of photos that were never kept."""
    for path in folder_of(home).glob("new-*"):
        if now.timestamp() - path.stat().st_mtime > _LOST:
            shutil.rmtree(path, ignore_errors=True)
    yield from folder_of(home).glob("part-*")
