"""A workbook with several filled sheets: a person chooses which are meant, and each of them becomes an import of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.settings import Settings
from domain.platform.imports import ImportRecord, ImportState, SheetOfFile, imports_query, move
from jobs.imports.deciding import AlreadyDecided
from jobs.imports.description import Import
from jobs.imports.originals import file_of, share
from jobs.imports.receiving import CHECK, AlreadyImported, begin_work


class NothingChosen(DomainError):
    """请至少选择一个工作表。"""


@dataclass(frozen=True)
class Offer:
    """A sheet that can be chosen."""

    sheet: SheetOfFile
    earlier: ImportRecord | None
    """The import of this very sheet of this very file, where there is one: it is not imported again."""


def offers(session: Session, actor: Actor, description: Import, record: ImportRecord) -> list[Offer]:
    """The sheets of an import that waits for a choice."""
    sheets = [one for one in record.sheets if one["problem"] is None]
    digests = [_digest(record, one["name"]) for one in sheets]
    earlier = session.scalars(imports_query(actor, description.key).where(ImportRecord.sha256.in_(digests)))
    known = {one.sha256: one for one in earlier}
    return [Offer(one, known.get(digest)) for one, digest in zip(sheets, digests, strict=True)]


def choose(
    session: Session,
    settings: Settings,
    actor: Actor,
    description: Import,
    record: ImportRecord,
    names: Collection[str],
    now: datetime,
) -> Sequence[ImportRecord]:
    """Begins to check the sheets of these names; the record itself goes on with the first. The caller hands out each `task_id`.

    Returns: the imports, one a sheet.
    Raises:
        NothingChosen; AlreadyDecided; AlreadyImported: one of the sheets is imported already.
    """
    chosen = [one for one in offers(session, actor, description, record) if one.sheet["name"] in names]
    if not chosen:
        raise NothingChosen
    for offer in chosen:
        if offer.earlier is not None:
            raise AlreadyImported(offer.earlier)
    first, *others = [offer.sheet["name"] for offer in chosen]
    digests = {name: _digest(record, name) for name in (first, *others)}
    changes = {"state": ImportState.CHECKING, "sheet": first, "sha256": digests[first]}
    try:
        with session.begin_nested():
            if not move(session, record.id, [ImportState.CHOOSING], **changes):
                raise AlreadyDecided
            made = [_of_sheet(record, actor, name, digests[name], now) for name in others]
            session.add_all(made)
            session.flush()
    except IntegrityError as error:  # somebody chose the same sheet of the same file at this moment
        raise AlreadyDecided from error
    session.refresh(record)
    for one in made:
        share(file_of(settings, record), file_of(settings, one))
    for one in (record, *made):
        begin_work(session, actor, description, one, CHECK, now, safe=True)
    return [record, *made]


def _of_sheet(record: ImportRecord, actor: Actor, name: str, digest: str, now: datetime) -> ImportRecord:
    return ImportRecord(
        kind=record.kind,
        party_id=record.party_id,
        person_id=actor.person_id,
        file_name=record.file_name,
        sha256=digest,
        sheet=name,
        sheets=record.sheets,
        created_at=now,
    )


def _digest(record: ImportRecord, sheet: str) -> str:
    """What makes a sheet of a file the same wherever it is uploaded again."""
    return hashlib.sha256(f"{record.sha256}\0{sheet}".encode()).hexdigest()
