"""Uploaded files. A row says whose a file is and what it is called; the bytes are stored once under their hash, however often uploaded."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.proofs import proofs_of

CHUNK = 256 * 1024  # bytes read at a time: no upload is in memory as a whole
MOST = 20 * 1024 * 1024  # bytes of one file, where the form sets no other limit
_FILE = "stored_file.proof"
LIMITED = frozenset({"教师", "考生"})  # roles that see only what is their own, not their school's


class TooLarge(DomainError):
    """文件过大，请压缩或拆分后重新上传。"""


class Empty(DomainError):
    """文件是空的，请检查后重新上传。"""


class StoredFile(Base):
    """One uploaded file."""

    __tablename__ = "stored_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)  # of the bytes, by which they are found
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]  # bytes
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    attached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # null: no record has taken the file yet, and it may be deleted
    proof: Mapped[str | None] = mapped_column(String(32), comment="of all of it but `attached_at`")


def path_of(home: Path, sha256: str) -> Path:
    """The path of the bytes with this hash."""
    return home / "files" / sha256[:2] / sha256[2:]


@dataclass(frozen=True)
class Part:
    """An upload on disk that no row names yet."""

    path: Path
    sha256: str
    size: int
    """Bytes."""


@contextmanager
def received(home: Path, stream: IO[bytes], most: int = MOST) -> Iterator[Part]:
    """Writes the bytes of `stream`, at most `most`, to disk. They are deleted after the block, unless `keep` has taken them.

    Raises:
        TooLarge, Empty
    """
    folder = home / "files"
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix="part-", delete=False) as part:
        try:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise TooLarge(f"文件超过 {most // 1048576} MB，请压缩或拆分后重新上传。")
                digest.update(chunk)
                part.write(chunk)
            if not size:
                raise Empty
            part.flush()
            yield Part(Path(part.name), digest.hexdigest(), size)
        finally:
            Path(part.name).unlink(missing_ok=True)  # only where it was not taken


def keep(session: Session, home: Path, actor: Actor, name: str, media_type: str, part: Part, now: datetime | None = None) -> StoredFile:
    """Keeps what was received, and adds a row."""
    target = path_of(home, part.sha256)
    target.parent.mkdir(exist_ok=True)
    os.replace(part.path, target)  # in one move: nobody ever reads half a file
    row = StoredFile(name=tidy_name(name), media_type=media_type, sha256=part.sha256, size=part.size)
    row.party_id, row.person_id, row.created_at = actor.party_id, actor.person_id, now or utc_now()
    return _added(session, row)


def store(home: Path, content: bytes) -> str:
    """Keeps bytes that the product itself has made; they are on the disk, not only in the system's memory, once this returns. What no row
    names is swept after a while, as an upload is. Returns their SHA-256."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = path_of(home, sha256)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=home / "files", prefix="part-", delete=False) as part:
        part.write(content)
        part.flush()
        os.fsync(part.fileno())
    os.replace(part.name, target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # its name too
    finally:
        os.close(folder)
    return sha256


def name_stored(session: Session, owner: Actor, sha256: str, size: int, name: str, media_type: str, now: datetime) -> StoredFile:
    """A row for `size` bytes that `store` has kept, which a record takes at once."""
    row = StoredFile(name=tidy_name(name), media_type=media_type, sha256=sha256, size=size, attached_at=now)
    row.party_id, row.person_id, row.created_at = owner.party_id, owner.person_id, now
    return _added(session, row)


def _added(session: Session, row: StoredFile) -> StoredFile:
    session.add(row)
    session.flush()
    row.proof = file_proof(session, row)
    return row


def file_proof(session: Session, file: StoredFile) -> str:
    """The proof of a file's row, and by its hash of the bytes."""
    return proofs_of(session).make(_FILE, _values(file))


def file_proved(session: Session, file: StoredFile) -> bool:
    """Whether the row of a file is as it was written."""
    return proofs_of(session).holds(_FILE, _values(file), file.proof)


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _values(file: StoredFile) -> list[object]:
    return [file.id, file.sha256, file.name, file.media_type, file.size, file.party_id, file.person_id, file.created_at]


def tidy_name(name: str) -> str:
    """The name under which an upload is kept: on one line, without unseen characters, which break headers or hide an ending."""
    return "".join(c for c in name if c.isprintable())[-200:].strip() or "未命名"


def file_of(session: Session, file_id: int) -> StoredFile | None:
    """One file. Whether somebody may open it, the caller checks."""
    return session.get(StoredFile, file_id)


def may_open(actor: Actor, file: StoredFile) -> bool:
    """Whether the actor may open the file by itself: whoever uploaded it, and the staff of the same party."""
    return file.person_id == actor.person_id or (file.party_id == actor.party_id and bool(actor.roles - LIMITED))


def files_of(session: Session, ids: Collection[int], party_id: int | None = None) -> Sequence[StoredFile]:
    """The files with these ids, in the order of upload; with `party_id` only those of that party."""
    if not ids:
        return []
    query = select(StoredFile).where(StoredFile.id.in_(ids)).order_by(StoredFile.id)
    return session.scalars(query if party_id is None else query.where(StoredFile.party_id == party_id)).all()


def attach(session: Session, actor: Actor, ids: Collection[int], now: datetime) -> set[int]:
    """Writes down that a record takes these files. Returns the ids that exist and are of the actor's party: only they are taken."""
    own = {file.id for file in files_of(session, ids, actor.party_id)}
    if own:
        session.execute(update(StoredFile).where(StoredFile.id.in_(own), StoredFile.attached_at.is_(None)).values(attached_at=now))
    return own


def forget_unattached(session: Session, before: datetime, most: int = 500) -> list[str]:
    """Deletes rows of files, uploaded before `before`, that no record has taken. Returns the hashes that no row has any more."""
    old = select(StoredFile.id, StoredFile.sha256).where(StoredFile.attached_at.is_(None), StoredFile.created_at < before).limit(most)
    rows = session.execute(old).all()
    if not rows:
        return []
    session.execute(delete(StoredFile).where(StoredFile.id.in_([row.id for row in rows]), StoredFile.attached_at.is_(None)))
    hashes = {row.sha256 for row in rows}
    return sorted(hashes - set(session.scalars(select(StoredFile.sha256).where(StoredFile.sha256.in_(hashes)))))
