"""Receives an upload: streams it to disk, checks it, and writes it down once – the same file of the same party is the same import."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.ground.base import clock_minutes
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.settings import Settings
from domain.platform import background
from domain.platform.files import tidy_name
from domain.platform.imports import ImportRecord, imports_query
from jobs.imports.apart import glance
from jobs.imports.description import Import
from jobs.imports.guarding import MAX_BYTES, BadFile
from jobs.imports.originals import file_of, folder_of

_CHUNK = 1024 * 1024
CHECK = "import.check"
TAKE = "import.take"
RETURN = "import.return"
FILL = "import.fill"


class AlreadyImported(DomainError):
    """The very file was uploaded before, as `import_id`."""

    def __init__(self, record: ImportRecord) -> None:
        super().__init__(
            f"“{record.title}”已由{record.person.name}于 {clock_minutes(record.created_at)} 上传过，内容没有变化，本次没有重复导入。"
        )
        self.import_id = record.id


@dataclass(frozen=True)
class Upload:
    """A file on disk that has no import yet."""

    path: Path
    name: str
    sha256: str
    safe: bool
    """Whether it is known to be safe to open; else the background task that checks it finds out first."""


@contextmanager
def uploaded(settings: Settings, name: str, stream: IO[bytes]) -> Iterator[Upload]:
    """Streams an upload to disk and looks at it. The file is deleted after the block, unless `receive` has moved it.

    Raises:
        BadFile: it cannot be imported.
        Busy: other files are being looked at.
    """
    folder = folder_of(settings)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"new-{secrets.token_hex(8)}"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("wb") as file:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise BadFile(f"文件超过 {MAX_BYTES // 1024 // 1024} MB，请拆分为几个文件后分别上传")
                digest.update(chunk)
                file.write(chunk)
        safe = glance(path, name)
        yield Upload(path, tidy_name(name), digest.hexdigest(), safe)
    finally:
        path.unlink(missing_ok=True)


def receive(session: Session, settings: Settings, actor: Actor, description: Import, upload: Upload, now: datetime) -> ImportRecord:
    """A new import of an upload, and the background task that checks it.

    Raises:
        AlreadyImported: the party uploaded the very file before; also when two people do so at once (a unique constraint decides).
    """
    same = imports_query(actor, description.key).where(ImportRecord.sha256 == upload.sha256)
    if (known := session.scalars(same).first()) is not None:
        raise AlreadyImported(known)
    record = ImportRecord(
        kind=description.key,
        party_id=actor.party_id,
        person_id=actor.person_id,
        file_name=upload.name,
        sha256=upload.sha256,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(record)
            session.flush()
    except IntegrityError as error:
        raise AlreadyImported(session.scalars(same).one()) from error
    begin_work(session, actor, description, record, CHECK, now, safe=upload.safe)
    upload.path.replace(file_of(settings, record))
    return record


def begin_work(
    session: Session, actor: Actor, description: Import, record: ImportRecord, kind: str, now: datetime, safe: bool = False
) -> None:
    """A background task that checks an import or takes its good rows in. The caller hands out `record.task_id`.

    `safe`: the upload is known to be safe to open.
    """
    what = "检查" if kind == CHECK else description.verb
    params = {"import": record.id, "back": f"/imports/{description.key}/{record.id}", "safe": safe}
    title = f"{description.title}：{what}“{record.title[:60]}”"
    record.task_id = background.begin(session, actor, kind, title, params, now).id
    session.flush()
