"""A record that a process is about: its subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Self

from sqlalchemy import Column, Connection, Enum, Integer, Numeric, Select, String, bindparam, event, inspect, select
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column

from domain.ground.base import Base
from domain.ground.errors import DomainError
from domain.ground.tones import Tone

LARGEST = 2**31 - 1  # of a whole number in PostgreSQL
_QUOTED = 20  # characters of what is too long


class TooLarge(DomainError):
    """填写的内容过长或数值过大，没有保存，请修改后再保存。"""


class SubjectRecord(Base):
    """A record that a process is about. The engine alone writes `status` and `tone`."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True, sort_order=-1)
    status: Mapped[str] = mapped_column(String(40), default="", sort_order=1)
    tone: Mapped[str] = mapped_column(String(12), default=Tone.DRAFT, sort_order=1)

    @classmethod
    def load(cls, session: Session, subject_id: int, lock: bool = False) -> Self | None:
        """The record as `joined` reads it now, in one query; None where there is none. `lock`: no other transaction may change it."""
        query = cls._by_id()
        return session.scalars(query.with_for_update(of=cls) if lock else query, {"subject_id": subject_id}).first()

    @classmethod
    def load_all(cls, session: Session, subject_ids: Sequence[int]) -> Sequence[Self]:
        """The records of these ids that are there, in the order of the ids, as `load` reads them; in one query."""
        query = cls.joined().where(cls.id.in_(subject_ids)).execution_options(populate_existing=True)
        found = {record.id: record for record in session.scalars(query)}
        return [found[id] for id in subject_ids if id in found]

    @classmethod
    @cache
    def _by_id(cls) -> Select[Any]:
        """Put together once: every step loads its record."""
        # read anew although the session may hold it: a list was read before the lock of the instance, another step was taken meanwhile
        return cls.joined().where(cls.id == bindparam("subject_id")).execution_options(populate_existing=True)

    @classmethod
    def joined(cls) -> Select[Any]:
        """Such records together with the others that their titles and facts read."""
        return select(cls)

    def content(self) -> dict[str, object]:
        """What the record says, by name: its columns that are not null, but its id, and the status, which the engine writes.

        Its hash stands in the history (`processes.history`): a name never changes, whatever becomes of the column.
        """
        return {name: value for name in self._content_columns() if (value := getattr(self, name)) is not None}

    @classmethod
    @cache
    def _content_columns(cls) -> list[str]:
        mapped = (attribute for attribute in inspect(cls).column_attrs if isinstance(attribute.columns[0], Column))  # else it is derived
        return sorted(attribute.key for attribute in mapped if not attribute.deferred and attribute.key not in ("id", "status", "tone"))

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled into the record's form. A record without a form that changes it is never asked to."""
        raise TypeError(f"no form changes a {type(self).__name__}")


@event.listens_for(SubjectRecord, "before_insert", propagate=True)
@event.listens_for(SubjectRecord, "before_update", propagate=True)
def _must_fit(mapper: Mapper[Any], connection: Connection, record: SubjectRecord) -> None:
    """A form is saved before it passes its checks. What a column cannot hold is told in words, on SQLite too, which would take it.

    Raises:
        TooLarge
    """
    state = inspect(record)
    for name in state.committed_state.keys() if state.persistent else state.dict.keys():
        limit, value = _limits(type(record)).get(name), state.dict.get(name)
        if limit is None or value is None:
            continue
        if isinstance(value, str):
            if len(value) > limit:
                raise TooLarge(f"“{value[:_QUOTED]}……”过长，最多 {limit} 个字，没有保存；请缩短后再保存。")
        elif abs(value) > limit:
            raise TooLarge(f"数值 {str(value)[:_QUOTED]} 过大，没有保存；请核对后再保存。")


@cache
def _limits(kind: type[SubjectRecord]) -> dict[str, int]:
    """Column → how many characters it holds, or how large a number."""
    return dict(_limits_of(kind))


def _limits_of(kind: type[SubjectRecord]) -> Iterator[tuple[str, int]]:
    for attribute in inspect(kind).column_attrs:
        held = attribute.columns[0].type
        if isinstance(held, Integer):
            yield attribute.key, LARGEST
        elif isinstance(held, Numeric) and held.precision is not None:
            yield attribute.key, 10 ** (held.precision - (held.scale or 0)) - 1
        elif isinstance(held, String) and not isinstance(held, Enum) and held.length is not None:
            yield attribute.key, held.length
