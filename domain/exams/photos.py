"""Photos of candidates: kept once by content under the home, outside the database. Records name them by their SHA-256."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from tempfile import NamedTemporaryFile

_HASH = re.compile(r"[0-9a-f]{64}")


def photo_path(home: Path, sha256: str) -> Path:
    """Where a photo is kept. Folders of one byte of the hash each keep their listings short.

    Raises:
        ValueError: that is no hash.
    """
    if not _HASH.fullmatch(sha256):
        raise ValueError("not a SHA-256")
    return home / "photos" / sha256[:2] / f"{sha256}.jpg"


def keep_photo(home: Path, data: bytes) -> str:
    """Keeps a photo, once however often it comes. Returns its SHA-256."""
    sha256 = hashlib.sha256(data).hexdigest()
    path = photo_path(home, sha256)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:  # readable by its owner alone
            file.write(data)
        os.replace(file.name, path)  # nobody reads half of one
    return sha256


def read_photo(home: Path, sha256: str) -> bytes | None:
    """A photo's bytes; None where it is not kept."""
    path = photo_path(home, sha256)
    return path.read_bytes() if path.is_file() else None
