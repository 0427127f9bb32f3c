"""导入记录: every import with its rows – who, when, how many passed and failed, and the rows that failed (rows 5.2.3.2, 5.2.5.3, 7.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from sqlalchemy import JSON, ForeignKey, Index, Select, String, Text, UniqueConstraint, func, select, update
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from domain.ground.base import Base, UtcDateTime, one_of
from domain.ground.database import rows_changed
from domain.ground.parties import Actor, Person
from domain.ground.tones import Tone


class ImportState(StrEnum):
    """What becomes of an uploaded file."""

    CHECKING = "checking"
    CHOOSING = "choosing"
    """A person chooses which of the workbook's sheets are meant."""
    READY = "ready"
    """Checked: a person decides whether its good rows become records."""
    TAKING = "taking"
    DONE = "done"
    REFUSED = "refused"
    DROPPED = "dropped"


OPEN = (ImportState.CHECKING, ImportState.CHOOSING, ImportState.READY, ImportState.TAKING)
"""States of an import in which it waits for work or for a person."""


class RowState(StrEnum):
    """What becomes of a row of a file."""

    GOOD = "good"
    BAD = "bad"
    SAME = "same"
    """It was to change a record, and changes nothing."""
    TAKEN = "taken"
    """It became a record."""
    STARTED = "started"
    """It became a record, and the record's process has started."""


STATES: Mapping[ImportState, tuple[str, Tone]] = {
    ImportState.CHECKING: ("检查中", Tone.WAITING),
    ImportState.CHOOSING: ("待选工作表", Tone.ATTENTION),
    ImportState.READY: ("待确认", Tone.ATTENTION),
    ImportState.TAKING: ("导入中", Tone.WAITING),
    ImportState.DONE: ("已导入", Tone.DONE),
    ImportState.REFUSED: ("不能导入", Tone.FAILED),
    ImportState.DROPPED: ("已放弃", Tone.DRAFT),
}
"""State → what people read, and the tone of its badge."""
NOTHING_TAKEN = ("未导入", Tone.FAILED)
PARTLY_TAKEN = ("部分导入", Tone.ATTENTION)


CellChange = tuple[str, str, str, str | None]
"""(field, text before, text after, why it is kept as it was, or None) of a cell of a row that changes a record."""


class SheetOfFile(TypedDict):
    """A sheet of an uploaded workbook that holds rows."""

    name: str
    rows: int
    head: int
    """Number of the last row of its headings."""
    problem: str | None
    """Why it cannot be imported, in Chinese."""


class ImportRecord(Base):
    """One uploaded file. Its rows are the truth; the counts are kept so that a list need not count them."""

    __tablename__ = "import_record"
    __table_args__ = (
        # the same file of one party is imported once; null once it was refused or dropped, so that it may come again
        UniqueConstraint("party_id", "kind", "sha256"),
        Index("ix_import_record_list", "party_id", "kind", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), comment="a key of jobs.imports.IMPORTS")
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64), comment="of the file's bytes, and the name of the sheet where one was chosen")
    state: Mapped[ImportState] = mapped_column(one_of(ImportState, 10), default=ImportState.CHECKING, comment="a key of STATES")
    problem: Mapped[str | None] = mapped_column(Text, comment="why the whole file was refused, for people")
    header: Mapped[list[str]] = mapped_column(JSON, default=list, comment="the headings as the file has them")
    places: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, comment="field name → number of the file's column, from 0")
    sheet: Mapped[str | None] = mapped_column(Text, comment="name of the sheet that was read; null: not read yet, or a file without sheets")
    sheets: Mapped[list[SheetOfFile]] = mapped_column(
        JSON, default=list, comment="where rows stand in several sheets: all of those; else those that cannot be imported"
    )
    head: Mapped[int | None] = mapped_column(comment="number of the row of headings; null: not read yet")
    remarks: Mapped[list[str]] = mapped_column(
        JSON, default=list, server_default="[]", comment="what people should know of the file before its rows are taken in, in Chinese"
    )
    total: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0, comment="rows with problems")
    taken: Mapped[int] = mapped_column(default=0, comment="rows that became records")
    same: Mapped[int] = mapped_column(default=0, server_default="0", comment="rows that were to change records, and change nothing")
    task_id: Mapped[int | None] = mapped_column(comment="the background task that last worked on it")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime, comment="when rows were last taken in")

    person: Mapped[Person] = relationship()

    @property
    def good(self) -> int:
        """Rows without problems that have not become records yet."""
        return self.total - self.bad - self.settled

    @property
    def settled(self) -> int:
        """Rows of which nothing is left to do."""
        return self.taken + self.same

    @property
    def title(self) -> str:
        """The file, and the sheet where it was chosen from several."""
        return f"{self.file_name}（{self.sheet}）" if any(one["name"] == self.sheet for one in self.sheets) else self.file_name

    @property
    def status(self) -> str:
        """What people read."""
        return self._label[0]

    @property
    def tone(self) -> str:
        """The badge's tone."""
        return self._label[1]

    @property
    def _label(self) -> tuple[str, Tone]:
        if self.state == ImportState.DONE and self.settled < self.total:
            return PARTLY_TAKEN if self.taken else NOTHING_TAKEN
        return STATES[self.state]


class ImportRow(Base):
    """One row of a file, as it came or as it was corrected."""

    __tablename__ = "import_row"
    __table_args__ = (Index("ix_import_row_state", "import_id", "state", "number"),)

    import_id: Mapped[int] = mapped_column(ForeignKey("import_record.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, comment="as Excel counts")
    state: Mapped[RowState] = mapped_column(one_of(RowState, 8), comment="good, bad, same, taken (a record), or started (and its process)")
    cells: Mapped[list[str]] = mapped_column(JSON, comment="all of the file's columns, as text")
    problems: Mapped[list[tuple[str, str]] | None] = mapped_column(JSON(none_as_null=True), comment="[field, reason]; null: none")
    record_id: Mapped[int | None] = mapped_column(comment="id of the record made of it")
    changes: Mapped[list[CellChange] | None] = mapped_column(
        JSON(none_as_null=True), comment="[field, before, after, why it stays as it was]; null: the row is to make a record"
    )


def imports_query(actor: Actor, kind: str) -> Select[ImportRecord]:
    """The imports of one kind that an actor may see – those of their party – newest first."""
    return (
        select(ImportRecord)
        .join(ImportRecord.person)
        .options(contains_eager(ImportRecord.person))
        .where(ImportRecord.kind == kind, ImportRecord.party_id == actor.party_id)
        .order_by(ImportRecord.id.desc())
    )


def kinds_imported(session: Session, actor: Actor, prefix: str) -> Sequence[str]:
    """The kinds that begin so, of which the actor's party has imports: newest plan first, where they end with its id."""
    table = ImportRecord
    kinds = select(table.kind).where(table.party_id == actor.party_id, table.kind.startswith(prefix, autoescape=True)).distinct()
    return sorted(session.scalars(kinds), key=lambda kind: [int(one) if one.isdecimal() else 0 for one in kind.split("-")], reverse=True)


def import_of(session: Session, actor: Actor, kind: str, import_id: int) -> ImportRecord | None:
    """One import, if this actor may see it."""
    return session.scalars(imports_query(actor, kind).where(ImportRecord.id == import_id)).first()


def rows_of(session: Session, import_id: int, states: Sequence[RowState], after: int, limit: int) -> Sequence[ImportRow]:
    """The next rows in some states, by their number in the file."""
    table = ImportRow
    query = select(table).where(table.import_id == import_id, table.state.in_(states), table.number > after)
    return session.scalars(query.order_by(table.number).limit(limit)).all()


def move(session: Session, import_id: int, states: Sequence[ImportState], **values: Any) -> bool:
    """Changes an import that is in one of `states`. False, and nothing changes, where somebody else was first."""
    table = ImportRecord
    return rows_changed(session, update(table).where(table.id == import_id, table.state.in_(states)).values(**values)) == 1


def recount(session: Session, import_id: int) -> None:
    """Counts an import's rows anew."""
    table = ImportRow
    counted = select(table.state, func.count()).where(table.import_id == import_id).group_by(table.state)
    by_state: dict[str, int] = {state: count for state, count in session.execute(counted)}
    values = {
        "total": sum(by_state.values()),
        "bad": by_state.get(RowState.BAD, 0),
        "same": by_state.get(RowState.SAME, 0),
        "taken": by_state.get(RowState.TAKEN, 0) + by_state.get(RowState.STARTED, 0),
    }
    session.execute(update(ImportRecord).where(ImportRecord.id == import_id).values(values))
