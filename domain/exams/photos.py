"""Photos of candidates: kept once by content under the home, outside the database. Records name them by their SHA-256.

A photo is on the disk, not only in the system's memory, before a record names it: a candidate whose photo a power cut took would
be compared and printed without one. Many are waited for together (docs/decisions/photos.md).
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.candidates import Candidate
from domain.platform.evidence import CHUNK, wrong_bytes

FEW = 8  # files that are flushed one by one
_LIBC = ctypes.CDLL(None, use_errno=True)
_HASH = re.compile(r"[0-9a-f]{64}")


def folder_of(home: Path) -> Path:
    """The folder of all photos."""
    return home / "photos"


def photo_path(home: Path, sha256: str) -> Path:
    """Where a photo is kept. Folders of one byte of the hash each keep their listings short.

    Raises:
        ValueError: that is no hash.
    """
    if not _HASH.fullmatch(sha256):
        raise ValueError("not a SHA-256")
    return folder_of(home) / sha256[:2] / f"{sha256}.jpg"


def keep_photo(home: Path, data: bytes) -> str:
    """Keeps a photo, once however often it comes. Returns its SHA-256."""
    folder = folder_of(home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=folder, prefix="part-", delete=False) as file:  # readable by its owner alone
        file.write(data)
    try:
        return take_photos(home, [Path(file.name)])[0]
    finally:
        Path(file.name).unlink(missing_ok=True)  # only where it was not taken


def take_photos(home: Path, files: Sequence[Path]) -> list[str]:
    """Moves files on the disk of the home to where their photos are kept; what is kept already is not written again.

    Returns: the SHA-256 of each file's bytes.
    """
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    folder = str(folder_of(home))
    folders = {sha256[:2]: f"{folder}/{sha256[:2]}" for sha256 in hashes}
    paths = {sha256: f"{folders[sha256[:2]]}/{sha256}.jpg" for sha256 in hashes}  # `photo_path`, of thousands
    new = {sha256: file for sha256, file in zip(hashes, files, strict=True) if not _is_kept(paths[sha256])}
    _flush([*new.values()])  # before they have their names: what has its name is whole, also after a power cut
    for sha256, file in new.items():
        try:
            os.replace(file, paths[sha256])
        except FileNotFoundError:  # the first one in its folder
            os.makedirs(folders[sha256[:2]], mode=0o700, exist_ok=True)
            os.replace(file, paths[sha256])
    _flush([*{folders[sha256[:2]] for sha256 in new}])  # and the names
    return hashes


def _is_kept(path: str) -> bool:
    try:
        os.utime(path)  # it is needed again: the sweep leaves what is fresh
    except FileNotFoundError:
        return False
    return True


def _flush(paths: Sequence[Path | str]) -> None:
    """Has the disk keep these files and folders of one file system. Of many at once all of it is flushed (syncfs(2), Linux): a commit of
    its journal for each would hold up whoever writes beside."""
    if len(paths) > FEW and hasattr(_LIBC, "syncfs"):
        paths = paths[:1]
        flush: Callable[[int], object] = _LIBC.syncfs
    else:
        flush = os.fsync
    for path in paths:
        number = os.open(path, os.O_RDONLY)
        try:
            if flush(number):
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(number)


def read_photo(home: Path, sha256: str) -> bytes | None:
    """A photo's bytes; None where it is not kept."""
    path = photo_path(home, sha256)
    return path.read_bytes() if path.is_file() else None


def photo_faults(session: Session, home: Path, still: Callable[[int, str], bool]) -> Iterator[str]:
    """Candidates whose photo is gone or changed on the disk; each is read. `still` says whether a candidate (id) has a photo (SHA-256) by
    now: one that was replaced meanwhile may have been swept away."""
    query = select(Candidate.id, Candidate.photo).where(Candidate.photo.is_not(None)).order_by(Candidate.id)
    for candidate_id, photo in session.execute(query, execution_options={"yield_per": CHUNK}):
        sha256 = str(photo)
        wrong = wrong_bytes(photo_path(home, sha256), sha256) if _HASH.fullmatch(sha256) else "内容被改动过"
        if wrong is not None and still(candidate_id, sha256):
            yield f"考生 {candidate_id} 的照片：{wrong}"


def photos_in(home: Path, byte: int) -> dict[str, Path]:
    """The photos whose hash begins with a byte: SHA-256 → path."""
    return {path.stem: path for path in (folder_of(home) / f"{byte:02x}").glob("*.jpg") if _HASH.fullmatch(path.stem)}
