"""Deletes uploads that no record has taken – a page was closed before it was saved, a file removed again –, bytes without a row,
workbooks of imports that are over, photos that nobody has, and what waited for a form that was not sent again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from domain.platform import unsent
from domain.platform.files import StoredFile, forget_unattached, path_of
from jobs.imports.originals import not_needed
from jobs.photos.sweeping import left_over
from jobs.runtime import Runtime

KEPT = timedelta(days=30)  # a draft that names them may still be handed in until then
FRESH = 3600.0  # seconds: younger bytes stay, their row may not be committed yet


def sweep_files(runtime: Runtime) -> int:
    """Deletes rows, then the bytes that no row names. Returns of how many files it deleted the bytes."""
    now, home = runtime.engine.clock(), runtime.settings.home
    with runtime.database.writing() as session:
        hashes = forget_unattached(session, now - KEPT)
    folder = f"{int(now.timestamp() // 3600) % 256:02x}"  # another one of the 256 folders of bytes each hour: all of them in eleven days
    deleted = 0
    with runtime.database.reading() as session:
        uploads = list(not_needed(session, runtime.settings))
    for path in [
        *(path_of(home, sha256) for sha256 in hashes),
        *_orphans(runtime, folder),
        *_parts(home),
        *uploads,
        *left_over(runtime),
        *unsent.old(home, now),
    ]:
        if path.exists() and now.timestamp() - path.stat().st_mtime > FRESH:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def _orphans(runtime: Runtime, folder: str) -> list[Path]:
    """The files of a folder of bytes that no row names: their upload was never committed."""
    found = {folder + path.name: path for path in (runtime.settings.home / "files" / folder).glob("*")}
    names, known = sorted(found), set[str]()
    with runtime.database.reading() as session:
        for at in range(0, len(names), 500):
            known.update(session.scalars(select(StoredFile.sha256).where(StoredFile.sha256.in_(names[at : at + 500]))))
    return [path for name, path in found.items() if name not in known]


def _parts(home: Path) -> Iterator[Path]:
    """The parts of uploads in whose middle a process was killed."""
    yield from (home / "files").glob("part-*")
    yield from (home / "imports").glob("new-*")
