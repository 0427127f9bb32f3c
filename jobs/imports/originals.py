"""The uploaded files: where they are, and how long they are kept.

An upload is read once, into rows. A workbook is kept beyond that as long as rows of it may still have to be given back in it: while
the import is open, and afterwards while it has rows that failed.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ground.settings import Settings
from domain.platform.imports import OPEN, ImportRecord, ImportState
from jobs.imports.guarding import kind_of

MAX_ROWS = 20_000  # of a workbook in which rows come back; those of a larger one come back as a list
MAX_XML = 60 * 1024 * 1024  # bytes: about 1.2 million cells
KEPT = 100  # workbooks of a party that are kept for rows that failed, the newest
KEPT_BYTES = 500 * 1024 * 1024  # of these workbooks together


def folder_of(settings: Settings) -> Path:
    """The folder of all uploads; web and workers share it."""
    return settings.home / "imports"


def file_of(settings: Settings, record: ImportRecord) -> Path:
    """The path of an import's upload, while it is kept."""
    return folder_of(settings) / str(record.id)


def share(path: Path, other: Path) -> None:
    """Keeps an upload under another path too: its bytes lie on disk once, and until both paths are deleted."""
    other.unlink(missing_ok=True)  # of an import that was never committed: it may be another name of somebody's workbook
    try:
        os.link(path, other)
    except OSError:  # a disk that has no such links
        shutil.copyfile(path, other)


def can_come_back(path: Path, rows: int) -> bool:
    """Whether the failed rows of an upload can come back in it: it is a workbook, and not too large."""
    return rows <= MAX_ROWS and kind_of(path) == "xlsx" and size_of(path) <= MAX_XML


def size_of(path: Path) -> int:
    """Bytes of XML in a workbook that `inspect` has accepted: all its parts but the pictures."""
    with ZipFile(path) as book:
        return sum(one.file_size for one in book.infolist() if not one.filename.startswith("xl/media/"))


def needed(record: ImportRecord) -> bool:
    """Whether an import's upload is still needed."""
    return record.state in OPEN or (record.state == ImportState.DONE and record.settled < record.total)


def not_needed(session: Session, settings: Settings) -> Iterator[Path]:
    """The uploads that nobody needs any more: their import was dropped, or all its rows became records.

    Of those that are kept for rows that failed also all but the newest of each party: these rows come back as a list.
    """
    paths = {int(path.name): path for path in folder_of(settings).glob("*") if path.name.isdecimal()}
    ids = sorted(paths, reverse=True)
    parties, sizes = Counter[int](), Counter[int]()
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        found = {record.id: record for record in session.scalars(select(ImportRecord).where(ImportRecord.id.in_(some)))}
        for one in some:
            record = found.get(one)
            if record is None or not needed(record):
                yield paths[one]
            elif record.state == ImportState.DONE:
                parties[record.party_id] += 1
                sizes[record.party_id] += _bytes_of(paths[one])
                if parties[record.party_id] > KEPT or sizes[record.party_id] > KEPT_BYTES:
                    yield paths[one]


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # deleted meanwhile
        return 0
