"""Files that came with a form which could not be taken at the moment: they wait under `PILOT_HOME` until the form is sent again.

The database may be what is busy, so they are in no table. A file is found by the person who sent it and by a name that nobody guesses.
"""

from __future__ import annotations

import secrets
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

FOR = timedelta(hours=1)
MOST = 4  # files of one person: the oldest make room


def keep(home: Path, person_id: int, stream: IO[bytes]) -> str:
    """Keeps what a stream holds from its beginning. Returns the name that finds it.

    Raises:
        OSError: there is no room left.
        ValueError: the stream is closed.
    """
    stream.seek(0)
    folder = _folder(home, person_id)
    for one in (folder.parent, folder):
        one.mkdir(mode=0o700, exist_ok=True)
    older = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in older[: max(0, len(older) - MOST + 1)]:
        path.unlink(missing_ok=True)
    path = folder / secrets.token_hex(16)
    try:
        path.touch(mode=0o600)
        with path.open("wb") as out:
            shutil.copyfileobj(stream, out)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path.name


def find(home: Path, person_id: int, name: str) -> Path | None:
    """The path of a file that is kept; None where it is gone, or is no name that `keep` gave."""
    path = _folder(home, person_id) / name
    return path if name.isalnum() and path.is_file() else None


def old(home: Path, now: datetime) -> list[Path]:
    """The paths of the files whose time is over, of everybody."""
    before = (now - FOR).timestamp()
    return [path for path in (home / "unsent").glob("*/*") if path.stat().st_mtime < before]


def _folder(home: Path, person_id: int) -> Path:
    return home / "unsent" / str(person_id)
