"""Imports of photos: a zip that arrives in pieces, and what became of each of its photos (row 5.2.3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Select, String, Text, func, select, update
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.ground.base import Base, UtcDateTime, one_of
from domain.ground.database import rows_changed
from domain.ground.parties import Actor, Person
from domain.ground.tones import Tone
from domain.platform.imports import NOTHING_TAKEN, PARTLY_TAKEN

SHOWN_FOR = timedelta(days=30)  # that the pictures of refused photos, and crops that nobody took, are kept
ARRIVING_FOR = timedelta(days=7)  # that a zip which has not arrived whole waits for its rest


class PhotoImportState(StrEnum):
    """What becomes of a zip."""

    ARRIVING = "arriving"
    """Pieces of it are still to come."""
    WORKING = "working"
    """Its photos are looked at and given to candidates."""
    DONE = "done"
    REFUSED = "refused"
    DROPPED = "dropped"


class PhotoState(StrEnum):
    """What becomes of a photo."""

    WAITING = "waiting"
    """Nobody has looked at it yet."""
    GOOD = "good"
    """It is to be given to its candidates."""
    GIVEN = "given"
    ASKING = "asking"
    """Good, but its candidate has another photo already: somebody is to say whether it is replaced."""
    MISNAMED = "misnamed"
    """Its file name says more than a number, though it has one of a candidate's in it: somebody is to say whether it is theirs."""
    MENDABLE = "mendable"
    """Refused, and a crop would mend it."""
    REFUSED = "refused"


COUNTED = (PhotoState.GIVEN, PhotoState.ASKING, PhotoState.MISNAMED, PhotoState.MENDABLE, PhotoState.REFUSED)
"""States whose photos an import counts, in columns of their names."""
OPEN = (PhotoImportState.ARRIVING, PhotoImportState.WORKING)
"""States of an import whose zip is still needed."""
STATES: Mapping[PhotoImportState, tuple[str, Tone]] = {
    PhotoImportState.ARRIVING: ("上传中", Tone.ATTENTION),
    PhotoImportState.WORKING: ("导入中", Tone.WAITING),
    PhotoImportState.DONE: ("已导入", Tone.DONE),
    PhotoImportState.REFUSED: ("不能导入", Tone.FAILED),
    PhotoImportState.DROPPED: ("已放弃", Tone.DRAFT),
}
"""State → what people read, and the tone of its badge."""


class PhotoImport(Base):
    """One zip. Its rows are the truth; the counts are kept so that a list need not count them."""

    __tablename__ = "photo_import"
    __table_args__ = (Index("ix_photo_import_list", "party_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(comment="bytes of the whole zip")
    received: Mapped[int] = mapped_column(default=0, comment="bytes of it that have arrived, from its beginning")
    modified: Mapped[str] = mapped_column(String(20), comment="when the sender's file was last changed, as the browser tells it")
    ground: Mapped[str] = mapped_column(String(1), comment="红, 白 or 蓝: the ground that its photos must have")
    state: Mapped[PhotoImportState] = mapped_column(one_of(PhotoImportState, 10), default=PhotoImportState.ARRIVING)
    problem: Mapped[str | None] = mapped_column(Text, comment="why the whole zip was refused, for people")
    total: Mapped[int] = mapped_column(default=0)
    given: Mapped[int] = mapped_column(default=0, comment="photos that candidates have now")
    mendable: Mapped[int] = mapped_column(default=0, comment="refused photos that a crop would mend")
    asking: Mapped[int] = mapped_column(default=0, server_default="0", comment="good photos of candidates who have another one")
    misnamed: Mapped[int] = mapped_column(default=0, server_default="0", comment="photos whose file names say more than a number")
    refused: Mapped[int] = mapped_column(default=0)
    task_id: Mapped[int | None] = mapped_column(comment="the background task that last worked on it")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    person: Mapped[Person] = relationship()

    @property
    def status(self) -> str:
        """What people read."""
        if self.state == PhotoImportState.DONE and self.undecided:
            return "待确认"
        return self._label[0]

    @property
    def tone(self) -> str:
        """The badge's tone."""
        if self.undecided:
            return Tone.ATTENTION
        return self._label[1]

    @property
    def undecided(self) -> int:
        """How many photos wait for somebody's word: whether they replace another one, whose they are."""
        return self.asking + self.misnamed

    @property
    def _label(self) -> tuple[str, Tone]:
        if self.state == PhotoImportState.DONE and self.given < self.total:
            return PARTLY_TAKEN if self.given or self.mendable else NOTHING_TAKEN
        return STATES[self.state]


class PhotoItem(Base):
    """One photo of a zip."""

    __tablename__ = "photo_item"
    __table_args__ = (
        Index("ix_photo_item_state", "import_id", "state", "number"),
        Index("ix_photo_item_photo", "photo"),  # whether a stored picture is still named
        Index("ix_photo_item_preview", "preview"),
        Index("ix_photo_item_earlier", "earlier"),
        Index("ix_photo_item_source", "source"),
    )

    import_id: Mapped[int] = mapped_column(ForeignKey("photo_import.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="1, 2, … in the order of the zip")
    place: Mapped[int] = mapped_column(comment="number of its entry in the zip's directory, from 0")
    name: Mapped[str] = mapped_column(String(200), comment="of the file, with its folders in the zip")
    id_number: Mapped[str] = mapped_column(String(200), comment="that its file name says")
    state: Mapped[PhotoState] = mapped_column(one_of(PhotoState, 8))
    problem: Mapped[str | None] = mapped_column(Text, comment="why it was refused, or what is wrong with its name; null: nothing")
    photo: Mapped[str | None] = mapped_column(String(64), comment="SHA-256 of what is kept of it; of a mendable one, of its crop")
    preview: Mapped[str | None] = mapped_column(String(64), comment="SHA-256 of a small picture of a refused photo")
    box: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True), comment="left, top, right, bottom of the crop, in its pixels")
    width: Mapped[int | None] = mapped_column(comment="pixels of the photo, upright; null: it could not be opened")
    height: Mapped[int | None]
    candidate_id: Mapped[int | None] = mapped_column(comment="of one candidate whom it was given to")
    source: Mapped[str | None] = mapped_column(
        String(64), comment="SHA-256 of the picture that another crop may be cut from; null: none may"
    )
    least: Mapped[int | None] = mapped_column(comment="pixels of the photo that a crop must be wide at least")
    earlier: Mapped[str | None] = mapped_column(String(64), comment="SHA-256 of the photo that the candidate had before; null: none")


def photo_imports_query(actor: Actor) -> Select[PhotoImport]:
    """The imports of photos that an actor may see – those of their school – newest first."""
    mine = PhotoImport.party_id == (actor.party_id if "试点院校" in actor.roles else None)
    query = select(PhotoImport).join(PhotoImport.person).options(contains_eager(PhotoImport.person))
    return query.where(mine).order_by(PhotoImport.id.desc())


def photo_import_of(session: Session, actor: Actor, import_id: int) -> PhotoImport | None:
    """One import, if this actor may see it."""
    return session.scalars(photo_imports_query(actor).where(PhotoImport.id == import_id)).first()


def items_query(import_id: int, states: Sequence[PhotoState]) -> Select[PhotoItem]:
    """The photos of an import in some states, in the order of the zip. The caller has checked that the actor may see the import."""
    return select(PhotoItem).where(PhotoItem.import_id == import_id, PhotoItem.state.in_(states)).order_by(PhotoItem.number)


def move(session: Session, import_id: int, states: Sequence[PhotoImportState], **values: Any) -> bool:
    """Changes an import that is in one of `states`. False, and nothing changes, where somebody else was first."""
    table = PhotoImport
    return rows_changed(session, update(table).where(table.id == import_id, table.state.in_(states)).values(**values)) == 1


def recount(session: Session, import_id: int) -> None:
    """Counts an import's photos anew."""
    table = PhotoItem
    counted = select(table.state, func.count()).where(table.import_id == import_id).group_by(table.state)
    by_state: dict[str, int] = {state: count for state, count in session.execute(counted)}
    values = {"total": sum(by_state.values()), **{one.value: by_state.get(one, 0) for one in COUNTED}}
    session.execute(update(PhotoImport).where(PhotoImport.id == import_id).values(values))
