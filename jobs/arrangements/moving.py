"""What an organizer changes by hand: seats, duties, 撤销. Each is checked at once, and told with names (row 5.2.8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.exams.allotments import Allotment
from domain.exams.arrangings import Change, hold
from domain.exams.exam_sites import ExamSite
from domain.exams.placing import Changes, Post, Spot, store, undo
from domain.exams.registrations import Entry, Registration
from domain.exams.rooms import Room
from domain.exams.seats import Seat
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from jobs.arrangements.reading import Given, names_of, read
from jobs.arranging import Arranging, Duty, Hand, Names, Placed, broken_told, duty_told
from jobs.arranging.index import Index
from jobs.arranging.ledger import own_faults


class Refused(DomainError):
    """不能这样安排。"""


@dataclass(frozen=True)
class Option:
    """A room in a sitting, for one entry: the seat that is proposed, or what stands against it."""

    room: int
    sitting: int
    seat: int
    free: int
    reasons: tuple[str, ...]


@dataclass
class Site:
    """One site of a plan as somebody changes it by hand."""

    plan_id: int
    given: Given
    names: Names
    hand: Hand

    def entry_of(self, entry_id: int) -> tuple[int, int] | None:
        """Registration and subject of an entry of the plan."""
        return next((key for key, entry in self.given.entries.items() if entry == entry_id), None)

    def held(self, key: tuple[int, int]) -> Placed | None:
        """The seat of a registration in a subject."""
        return self.hand.ledger.of.get(key)

    def options(self, key: tuple[int, int]) -> list[Option]:
        """Every room of the site in every sitting of the subject, with the first free seat."""
        registration, subject = key
        found = []
        site = self.hand.index.registrations[registration].site
        for sitting in self.hand.index.sittings_of(subject):
            for room in self.hand.index.at_site(site) if site is not None else ():
                if sitting not in self.given.sittings or not self.hand.index.holds(room, subject):
                    continue
                free = self.hand.ledger.free(room.id, sitting)
                move = Placed(registration, subject, sitting, room.id, free[0] if free else 1)
                reasons = tuple(self.told(move)) if free else ("考位已满。",)
                found.append(Option(room.id, sitting, move.seat, len(free), reasons))
        return found

    def told(self, move: Placed) -> list[str]:
        """Each rule that a move would break, in a sentence."""
        return [broken_told(one, self.given.wanted, self.names) for one in self.hand.broken(move)]

    def duty_told(self, duty: Duty) -> list[str]:
        """Each rule that a duty would break, in a sentence."""
        return [duty_told(one, self.given.wanted, self.names) for one in self.hand.broken_duty(duty)]


def open_site(session: Session, plan_id: int, site: int) -> Site:
    """A site, named by its school, as it stands."""
    given = read(session, plan_id, site=site)
    standing = Arranging(given.wanted, given.wanted.placed, given.wanted.duties, (), (), (), (), True)
    return Site(plan_id, given, names_of(session, given), Hand(standing))


def site_of_entry(session: Session, plan_id: int, entry_id: int) -> int | None:
    """The school at whose site an entry of the plan is to be seated; None where none is allotted, or it is no entry of the plan."""
    query = select(ExamSite.party_id).join(Allotment, Allotment.site_id == ExamSite.id)
    query = query.join(Registration, Registration.party_id == Allotment.party_id).join(Entry, Entry.registration_id == Registration.id)
    of_it = (Allotment.plan_id == Registration.plan_id, Allotment.certificate_id == Registration.certificate_id)
    return session.scalar(query.where(Entry.id == entry_id, Registration.plan_id == plan_id, *of_it))


def move(session: Session, actor: Actor, plan_id: int, entry_id: int, spot: Spot, now: datetime) -> Change | None:
    """Gives an entry a seat, or another one.

    Raises:
        NotArranging, ChangedMeanwhile
        Refused: with a sentence for each rule that it would break.
    """
    state = hold(session, plan_id, now)
    site_id = site_of_entry(session, plan_id, entry_id)
    if site_id is None:
        raise Refused("该考生的院校还没有分配考核站点，请先分配。")
    site = open_site(session, plan_id, site_id)
    key = site.entry_of(entry_id)
    if key is None:
        raise Refused("没有找到该考生的报考科目，可能已被删除。")
    wished = Placed(*key, spot.sitting_id, spot.room_id, spot.number)
    if spot.sitting_id not in site.given.sittings:
        raise Refused("没有这个场次，请刷新页面后重新选择。")
    if told := site.told(wished):
        raise Refused("".join(told))
    names, was = site.names, site.held(key)
    where = f"{names.rooms[spot.room_id]} {spot.number} 号（{names.sittings[spot.sitting_id]}）"
    before = f"从 {names.rooms[was.room]} {was.seat} 号移到 {where}" if was else f"排到 {where}"
    told_of = f"{names.people[key[0]]} “{names.subjects[key[1]]}”{before}"
    return store(session, actor.person_id, state, "移动考生" if was else "安排考生", told_of, Changes({entry_id: spot}), now)


def unseat(session: Session, actor: Actor, plan_id: int, entry_id: int, now: datetime) -> Change | None:
    """Takes an entry's seat away.

    Raises:
        NotArranging, ChangedMeanwhile
        Refused: it has none.
    """
    state = hold(session, plan_id, now)
    query = select(Registration.name, Room.name, Seat.number).join(Entry, Entry.registration_id == Registration.id)
    query = query.join(Seat, Seat.entry_id == Entry.id).join(Room, Room.id == Seat.room_id)
    held = session.execute(query.where(Entry.id == entry_id, Entry.plan_id == plan_id)).first()
    if held is None:
        raise Refused("该考生目前没有座位。")
    told = f"取消 {held[0]} 在 {held[1]} {held[2]} 号的座位"
    return store(session, actor.person_id, state, "取消座位", told, Changes({entry_id: None}), now)


def change_duties(
    session: Session, actor: Actor, plan_id: int, room_id: int, sitting_id: int, people: Sequence[int], now: datetime
) -> bool:
    """Gives a room in a sitting exactly these invigilators. Returns whether that changes something.

    Raises:
        NotArranging, ChangedMeanwhile
        Refused: with a sentence for each rule that it would break.
    """
    state = hold(session, plan_id, now)
    room = session.scalars(select(Room).where(Room.id == room_id, Room.plan_id == plan_id)).first()
    if room is None:
        raise Refused("没有这个考场，请刷新页面后重新选择。")
    site = open_site(session, plan_id, room.party_id)
    held = {one.invigilator for one in site.hand.watch.duties.get((room_id, sitting_id), ())}
    wished = set(people)
    told = [sentence for one in sorted(wished - held) for sentence in site.duty_told(Duty(one, room_id, sitting_id))]
    if told:
        raise Refused("".join(told))
    given = {Post(room_id, sitting_id, one) for one in wished - held}
    taken = {Post(room_id, sitting_id, one) for one in held - wished}
    called = "、".join(site.names.invigilators[one] for one in sorted(wished)) or "无"
    about = f"{room.name}（{site.names.sittings.get(sitting_id, '')}）监考人员：{called}"
    return store(session, actor.person_id, state, "监考人员", about, Changes({}, given, taken), now) is not None


@dataclass(frozen=True)
class Guard:
    """Somebody certified of a room's site: on duty there or not, and what stands against it."""

    id: int
    name: str
    on_duty: bool
    reasons: tuple[str, ...]


def able_guards(session: Session, plan_id: int, room: Room, sitting_id: int) -> list[Guard]:
    """Who may guard a room in a sitting, those on duty there first, then those against whom nothing stands."""
    site = open_site(session, plan_id, room.party_id)
    held = {one.invigilator for one in site.hand.watch.duties.get((room.id, sitting_id), ())}
    found = []
    for one in (each for each in site.given.wanted.invigilators if each.site == room.party_id):
        on_duty = one.id in held
        reasons = () if on_duty else tuple(site.duty_told(Duty(one.id, room.id, sitting_id)))
        found.append(Guard(one.id, site.names.invigilators[one.id], on_duty, reasons))
    return sorted(found, key=lambda one: (not one.on_duty, bool(one.reasons), one.name, one.id))


def take_back(session: Session, plan_id: int, change_id: int, now: datetime) -> Change:
    """撤销 of the last change.

    Raises:
        NotArranging, NothingToUndo, ChangedMeanwhile
        Refused: what was there before is not lawful any more.
    """
    state = hold(session, plan_id, now)
    change, entries = undo(session, state, change_id)
    given = read(session, plan_id)
    index, restored = Index(given.wanted), set(entries)
    for one in given.wanted.placed:
        if (
            one.sitting in given.sittings
            and given.entries.get((one.registration, one.subject)) in restored
            and (rules := own_faults(index, one))
        ):
            names = names_of(session, given)
            raise Refused(f"不能撤销：{names.people[one.registration]} 原来的座位已不符合要求（{'、'.join(rules)}）。")
    return change
