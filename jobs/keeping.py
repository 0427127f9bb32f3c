"""How many bytes lie on disk for a person and a party beside the files of records, for `budgets.check_bytes`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.ground.settings import Settings
from domain.platform.background import BackgroundTask, TaskState
from domain.platform.budgets import WITH_FILES, Kept
from domain.platform.imports import OPEN, ImportRecord
from domain.platform.photo_imports import OPEN as OPEN_PHOTOS
from domain.platform.photo_imports import PhotoImport
from jobs.background import folder_of
from jobs.imports.originals import folder_of as imports_of


def kept_bytes(session: Session, settings: Settings, actor: Actor, now: datetime) -> Kept:
    """Workbooks of imports that are not over, each once however many of its sheets are imported; zips of photos, as large as they will be
    once they have arrived; and files to download."""
    sizes: dict[int, int] = {}  # number of the file on its disk → bytes
    mine: set[int] = set()
    for person_id, path in _files(session, settings, actor, now):
        try:
            found = path.stat()
        except FileNotFoundError:  # deleted, or not made yet
            continue
        sizes[found.st_ino] = found.st_size
        if person_id == actor.person_id:
            mine.add(found.st_ino)
    table = PhotoImport
    zips = select(table.person_id, table.size).where(table.party_id == actor.party_id, table.state.in_(OPEN_PHOTOS))
    photos = [(person_id == actor.person_id, size) for person_id, size in session.execute(zips)]
    own = sum(size for is_mine, size in photos if is_mine)
    return Kept(sum(sizes[one] for one in mine) + own, sum(sizes.values()) + sum(size for _, size in photos))


def _files(session: Session, settings: Settings, actor: Actor, now: datetime) -> Iterator[tuple[int, Path]]:
    """(id of the person, path)."""
    one = ImportRecord
    imports = select(one.person_id, one.id).where(one.party_id == actor.party_id, one.state.in_(OPEN))
    folder = imports_of(settings)
    for person_id, import_id in session.execute(imports):
        yield person_id, folder / str(import_id)
    task = BackgroundTask
    done = (task.party_id == actor.party_id, task.kind.in_(WITH_FILES), task.state == TaskState.DONE, task.expires_at > now)
    for person_id, task_id, result in session.execute(select(task.person_id, task.id, task.result).where(*done)):
        if name := result.get("file"):
            yield person_id, folder_of(settings, task_id) / str(name)
