"""Seats and duties of a plan are changed, undone and published, each in one transaction (manual 5.2.8).

What changes loses its publication: schools see it again once the organization publishes anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Integer, Select, and_, column, delete, exists, insert, literal, select, table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.exams.arrangings import TOLD, Arrangement, Change, DutyBefore, SeatBefore, Unplaced, last_change
from domain.exams.registrations import Entry
from domain.exams.seats import Duty, RoomSitting, Seat
from domain.ground.errors import DomainError
from domain.ground.values import values_table

_SCORE = table("exam_score", column("entry_id"))
"""Of `domain.exams.scores`, which stands on seats."""
FEW = 500  # entries that a statement names one by one


class ChangedMeanwhile(DomainError):
    """其他人刚刚调整了排考，请刷新页面后重试。"""


class Marked(DomainError):
    """其中有考生的科目已登记成绩，座位不能再调整。"""


class NothingToUndo(DomainError):
    """没有可以撤销的操作：发布之后，之前的操作不能再撤销。"""


class Spot(NamedTuple):
    """A seat: the sitting, the room, 座位号."""

    sitting_id: int
    room_id: int
    number: int


class Post(NamedTuple):
    """A duty: the room, the sitting, the invigilator."""

    room_id: int
    sitting_id: int
    invigilator_id: int


@dataclass
class Changes:
    """What is to be different. `seats`: entry → its new seat, None for none any more; what is the same already counts for nothing."""

    seats: dict[int, Spot | None] = field(default_factory=dict)
    given: set[Post] = field(default_factory=set)
    taken: set[Post] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.seats or self.given or self.taken)


def store(session: Session, person_id: int, state: Arrangement, kind: str, told: str, changes: Changes, now: datetime) -> Change | None:
    """Stores changes of a held arranging, and what was there before.

    Returns: the change; None where everything was so already.
    Raises:
        ChangedMeanwhile: a registration, a room or an invigilator is gone.
        Marked: somebody has a mark for a seat that is to be another one.
    """
    try:
        with session.begin_nested():
            return _store(session, person_id, state, kind, told, changes, now)
    except IntegrityError as error:
        raise ChangedMeanwhile from error


def _store(session: Session, person_id: int, state: Arrangement, kind: str, told: str, changes: Changes, now: datetime) -> Change | None:
    plan_id = state.plan_id
    held = _held(session, plan_id, changes.seats)
    seats = {entry: spot for entry, spot in changes.seats.items() if spot != (held[entry][0] if entry in held else None)}
    change = Change(plan_id=plan_id, kind=kind, told=told[:TOLD], made_at=now, person_id=person_id, kept=False)
    session.add(change)
    session.flush()
    _insert(session, SeatBefore, [{"change_id": change.id, "entry_id": entry, **_columns(held.get(entry))} for entry in sorted(seats)])
    _delete_seats(session, [entry for entry in seats if entry in held])
    _insert_seats(session, plan_id, {entry: (spot, False) for entry, spot in seats.items() if spot is not None})
    duties = _change_duties(session, change, changes)
    if not seats and not duties:
        session.delete(change)
        session.flush()
        return None
    state.version += 1
    session.execute(delete(Unplaced).where(Unplaced.entry_id.in_(select(Seat.entry_id).where(Seat.plan_id == plan_id))))
    session.flush()
    return change


def _held(session: Session, plan_id: int, entries: Collection[int]) -> dict[int, tuple[Spot, bool]]:
    """The seats that these entries have, and whether each is published."""
    query = select(Seat.entry_id, Seat.sitting_id, Seat.room_id, Seat.number, Seat.published).where(Seat.plan_id == plan_id)
    if len(entries) <= FEW:
        query = query.where(Seat.entry_id.in_(entries))
    rows = session.execute(query)
    return {entry: (Spot(sitting, room, number), published) for entry, sitting, room, number, published in rows if entry in entries}


def _columns(held: tuple[Spot, bool] | None) -> dict[str, Any]:
    """The columns of a seat before; all null where there was none."""
    if held is None:
        return {**dict.fromkeys(Spot._fields), "published": False}
    return {**held[0]._asdict(), "published": held[1]}


def _insert(session: Session, table: type[SeatBefore | DutyBefore | Duty], rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(table), rows)


def _delete_seats(session: Session, entries: Sequence[int]) -> None:
    """Raises Marked where somebody has a mark for one of these seats: who reads marks finds them by seats."""
    gone = values_table(session, [{"entry_id": entry} for entry in entries], {"entry_id": Integer})
    if session.scalar(select(exists().where(_SCORE.c.entry_id.in_(select(gone.c.entry_id))))):
        raise Marked
    session.execute(delete(Seat).where(Seat.entry_id.in_(select(gone.c.entry_id))), execution_options={"synchronize_session": False})
    session.expire_all()


def _insert_seats(session: Session, plan_id: int, seats: Mapping[int, tuple[Spot, bool]]) -> None:
    """Gives entries seats, in set-based statements; the rooms count as used."""
    if not seats:
        return
    rows = [{"entry_id": entry, **spot._asdict(), "published": published} for entry, (spot, published) in sorted(seats.items())]
    types = {"entry_id": Integer, "sitting_id": Integer, "room_id": Integer, "number": Integer, "published": Boolean}
    used = values_table(session, _used(spot for spot, _ in seats.values()), {"room_id": Integer, "sitting_id": Integer})
    there = exists().where(RoomSitting.room_id == used.c.room_id, RoomSitting.sitting_id == used.c.sitting_id)
    new = select(used.c.room_id, used.c.sitting_id, literal(plan_id, Integer)).where(~there)
    session.execute(insert(RoomSitting).from_select(["room_id", "sitting_id", "plan_id"], new))
    given = values_table(session, rows, types)
    names = ["entry_id", "sitting_id", "room_id", "number", "published"]
    # asked for each entry: joined, SQLite would take the JSON apart once for every entry of the plan. None for a foreign one: refused
    mine = select(Entry.registration_id).where(Entry.id == given.c.entry_id, Entry.plan_id == plan_id).scalar_subquery()
    chosen = select(*(given.c[name] for name in names), mine, literal(plan_id, Integer))
    session.execute(insert(Seat).from_select([*names, "registration_id", "plan_id"], chosen))


def _used(spots: Iterable[Spot]) -> list[dict[str, int]]:
    return [{"room_id": room, "sitting_id": sitting} for room, sitting in sorted({(one.room_id, one.sitting_id) for one in spots})]


def _change_duties(session: Session, change: Change, changes: Changes) -> int:
    """Takes and gives duties, those of rooms that nobody uses any more besides; rooms without seats are struck out. Returns how many."""
    plan_id = change.plan_id
    there = {Post(one.room_id, one.sitting_id, one.invigilator_id): one.published for one in session.scalars(_duties(plan_id))}
    used = set(session.execute(select(Seat.room_id, Seat.sitting_id).where(Seat.plan_id == plan_id).distinct()))
    idle = {post for post in there if (post.room_id, post.sitting_id) not in used}
    taken = ((changes.taken & there.keys()) | idle) - changes.given
    given = {post for post in changes.given if post not in there and (post.room_id, post.sitting_id) in used}
    rows = [{"change_id": change.id, **post._asdict(), "held": True, "published": there[post]} for post in sorted(taken)]
    rows += [{"change_id": change.id, **post._asdict(), "held": False, "published": False} for post in sorted(given)]
    _insert(session, DutyBefore, rows)
    _delete_duties(session, taken)
    _insert(session, Duty, [{**post._asdict(), "plan_id": plan_id, "published": False} for post in sorted(given)])
    _strike_out_unused(session, plan_id)
    return len(rows)


def _duties(plan_id: int) -> Select[Duty]:
    return select(Duty).where(Duty.plan_id == plan_id).execution_options(populate_existing=True)


def _delete_duties(session: Session, posts: Iterable[Post]) -> None:
    rows = [post._asdict() for post in sorted(posts)]
    if not rows:
        return
    gone = values_table(session, rows, dict.fromkeys(Post._fields, Integer))
    same = and_(*(gone.c[name] == getattr(Duty, name) for name in Post._fields))
    session.execute(delete(Duty).where(exists(select(gone.c.at).where(same))), execution_options={"synchronize_session": False})
    session.expire_all()


def _strike_out_unused(session: Session, plan_id: int) -> None:
    sits = exists().where(Seat.room_id == RoomSitting.room_id, Seat.sitting_id == RoomSitting.sitting_id)
    session.execute(delete(RoomSitting).where(RoomSitting.plan_id == plan_id, ~sits), execution_options={"synchronize_session": False})


def undo(session: Session, state: Arrangement, change_id: int) -> tuple[Change, list[int]]:
    """Takes the last change of a held arranging back.

    Args:
        change_id: that whoever asks takes for the last one.
    Returns: the change, and the entries whose seats are what they were; the caller looks whether they are still lawful.
    Raises:
        NothingToUndo
        ChangedMeanwhile: somebody has changed something since, or what was there before is gone.
        Marked: as `store`.
    """
    change = last_change(session, state.plan_id)
    if change is None:
        raise NothingToUndo
    if change.id != change_id:
        raise ChangedMeanwhile
    try:
        with session.begin_nested():
            entries = _take_back(session, change)
    except IntegrityError as error:
        raise ChangedMeanwhile from error
    state.version += 1
    change.kept, change.told = True, f"{change.told[: TOLD - 5]}（已撤销）"
    session.flush()
    return change, entries


def _take_back(session: Session, change: Change) -> list[int]:
    plan_id = change.plan_id
    before = session.scalars(select(SeatBefore).where(SeatBefore.change_id == change.id)).all()
    duties = session.scalars(select(DutyBefore).where(DutyBefore.change_id == change.id)).all()
    _delete_duties(session, [Post(one.room_id, one.sitting_id, one.invigilator_id) for one in duties if not one.held])
    _delete_seats(session, [one.entry_id for one in before])
    seats = {
        one.entry_id: (Spot(one.sitting_id, one.room_id, one.number), one.published)
        for one in before
        if one.sitting_id is not None and one.room_id is not None and one.number is not None
    }
    _insert_seats(session, plan_id, seats)
    held = {Post(one.room_id, one.sitting_id, one.invigilator_id): one.published for one in duties if one.held}
    _insert(session, Duty, [{**post._asdict(), "plan_id": plan_id, "published": published} for post, published in sorted(held.items())])
    _strike_out_unused(session, plan_id)
    forget(session, [change.id])
    return list(seats)


def forget(session: Session, change_ids: Sequence[int]) -> None:
    """What cannot be taken back any more need not be known."""
    for kept in (SeatBefore, DutyBefore):
        session.execute(delete(kept).where(kept.change_id.in_(change_ids)), execution_options={"synchronize_session": False})
    session.expire_all()
