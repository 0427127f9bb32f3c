"""Sweeps away uploads that no record ever took – a page closed before it was saved, a file removed again –, bytes without a row, and
workbooks of imports that are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from domain.platform.files import StoredFile, forget_unattached, path_of
from jobs.imports.originals import not_needed
from jobs.runtime import Runtime

KEPT = timedelta(days=30)  # a draft that names them may still be handed in
FRESH = 3600.0  # seconds: bytes uploaded again just now are left alone, their row may be on its way


def sweep_files(runtime: Runtime) -> int:
    """Deletes rows, then the bytes that no row names. Returns how many files' bytes went."""
    now, home = runtime.engine.clock(), runtime.settings.home
    with runtime.database.writing() as session:
        hashes = forget_unattached(session, now - KEPT)
    folder = f"{int(now.timestamp() // 3600) % 256:02x}"  # one of the folders of bytes each hour: all of them in eleven days
    gone = 0
    with runtime.database.reading() as session:
        uploads = list(not_needed(session, runtime.settings))
    for path in [*(path_of(home, sha256) for sha256 in hashes), *_orphans(runtime, folder), *_left(home), *uploads]:
        if path.exists() and now.timestamp() - path.stat().st_mtime > FRESH:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _orphans(runtime: Runtime, folder: str) -> list[Path]:
    """The bytes of a folder that no row names: of uploads whose transaction was not committed."""
    found = {folder + path.name: path for path in (runtime.settings.home / "files" / folder).glob("*")}
    names, known = sorted(found), set[str]()
    with runtime.database.reading() as session:
        for at in range(0, len(names), 500):
            known.update(session.scalars(select(StoredFile.sha256).where(StoredFile.sha256.in_(names[at : at + 500]))))
    return [path for name, path in found.items() if name not in known]


def _left(home: Path) -> Iterator[Path]:
    """What a process that was killed in the middle of an upload left."""
    yield from (home / "files").glob("part-*")
    yield from (home / "imports").glob("new-*")
