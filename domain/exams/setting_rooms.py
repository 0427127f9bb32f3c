"""设置考场 (manual 5.2.5): where a school may set up rooms for which plan, one by one, from a workbook, or as in an earlier plan."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from domain.exams.allotments import Allotment
from domain.exams.exam_sites import ExamSite
from domain.exams.exam_subjects import ExamSubject
from domain.exams.invigilators import plain
from domain.exams.plans import ExamPlan, PlanCertificate, Sitting, over, plan_school
from domain.exams.rooms import (
    FIELDS,
    INVIGILATORS,
    MixedSubjects,
    Room,
    RoomTaken,
    UnknownSubject,
    rooms_query,
    subject_label,
    subjects_named,
    type_of,
)
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.tones import Tone
from domain.ground.uniqueness import flush_or_refuse

Problem = tuple[str, str]
"""Field of an import's form, and the reason in Chinese."""


class NoRoomPlan(DomainError):
    """该考试计划不能设置考场：计划未发布或排考已结束，或本校不在参考院校内、也没有分配到本校的考核站点。"""


class NoVenue(DomainError):
    """该考核站点不能用于这个考试计划：站点未审核通过，或计划没有其证书，请重新选择。"""


@dataclass(frozen=True)
class Venue:
    """A site of the school in a plan, and the subjects of its certificate that are examined there."""

    site: ExamSite
    subjects: Sequence[ExamSubject]

    @property
    def labels(self) -> dict[str, ExamSubject]:
        """Label of each subject → the subject."""
        return {subject_label(one): one for one in self.subjects}


def room_plans(session: Session, actor: Actor, now: datetime) -> Sequence[ExamPlan]:
    """The plans for which the actor's school may set up rooms at this moment, newest first."""
    return session.scalars(_open(actor, now).order_by(ExamPlan.id.desc())).all() if "试点院校" in actor.roles else []


def room_plan(session: Session, actor: Actor, plan_id: int, now: datetime, hold: bool = False) -> ExamPlan:
    """One of them; `hold`: its windows, and what it allots, stay as they are until the transaction ends.

    Raises:
        NoRoomPlan
    """
    query = _open(actor, now).where(ExamPlan.id == plan_id)
    query = query.with_for_update(read=True, of=ExamPlan) if hold else query
    plan = session.scalars(query).first() if "试点院校" in actor.roles else None
    if plan is None:
        raise NoRoomPlan
    return plan


def _open(actor: Actor, now: datetime) -> Select[ExamPlan]:
    naming = select(plan_school.c.plan_id).where(plan_school.c.party_id == actor.party_id)
    sites = select(ExamSite.id).where(ExamSite.party_id == actor.party_id)
    allotting = select(Allotment.plan_id).where(Allotment.site_id.in_(sites))
    return select(ExamPlan).where(ExamPlan.published, ~over("arranging", now), or_(ExamPlan.id.in_(naming), ExamPlan.id.in_(allotting)))


def venues(session: Session, actor: Actor, plan_id: int) -> list[Venue]:
    """The sites of the actor's school at which a plan may be held: approved ones of its certificates. Where the plan does not name the
    school, those that it allots to others."""
    sites = ExamSite.joined().where(ExamSite.party_id == actor.party_id, ExamSite.tone == Tone.DONE).order_by(ExamSite.id)
    offered = select(PlanCertificate.certificate_id).join(ExamPlan, ExamPlan.id == PlanCertificate.plan_id)
    sites = sites.where(ExamSite.certificate_id.in_(offered.where(ExamPlan.id == plan_id, ExamPlan.published)))
    named = select(plan_school.c.party_id).where(plan_school.c.plan_id == plan_id, plan_school.c.party_id == actor.party_id)
    if session.scalars(named).first() is None:
        sites = sites.where(ExamSite.id.in_(select(Allotment.site_id).where(Allotment.plan_id == plan_id)))
    found = session.scalars(sites).all()
    examined = select(Sitting.subject_id).where(Sitting.plan_id == plan_id)
    query = select(ExamSubject).where(ExamSubject.id.in_(examined), ExamSubject.certificate_id.in_([one.certificate_id for one in found]))
    subjects = session.scalars(query.order_by(ExamSubject.id)).all()
    return [Venue(site, [one for one in subjects if one.certificate_id == site.certificate_id]) for site in found]


def venue_of(session: Session, actor: Actor, plan_id: int, site_id: int) -> Venue:
    """One of them.

    Raises:
        NoVenue
    """
    found = next((one for one in venues(session, actor, plan_id) if one.site.id == site_id), None)
    if found is None:
        raise NoVenue
    return found


def new_room(session: Session, actor: Actor, plan_id: int, site_id: int, answers: Mapping[str, Any], now: datetime) -> Room:
    """A new, flushed room.

    Raises:
        NoRoomPlan, NoVenue, UnknownSubject, MixedSubjects, RoomTaken
    """
    plan = room_plan(session, actor, plan_id, now, hold=True)
    venue = venue_of(session, actor, plan.id, site_id)
    room = _room(actor, plan, venue, answers, subjects_named(venue.labels, answers.get("subjects", ())), now)
    session.add(room)
    flush_or_refuse(session, RoomTaken)
    return room


def _room(actor: Actor, plan: ExamPlan, venue: Venue, answers: Mapping[str, Any], subjects: Sequence[ExamSubject], now: datetime) -> Room:
    filled = {name: answers.get(name) for name in FIELDS}
    return Room(
        party_id=actor.party_id,
        plan_id=plan.id,
        site_id=venue.site.id,
        certificate_id=venue.site.certificate_id,
        room_type=type_of(subjects),
        subjects=list(subjects),
        created_at=now,
        **{**filled, "invigilators": INVIGILATORS if filled["invigilators"] is None else filled["invigilators"]},
    )


def known_rooms(session: Session, actor: Actor, plan_id: int, rows: Sequence[Mapping[str, Any]]) -> dict[int, Problem]:
    """The rows of an import from which no room can be made: number of the row → (field, reason). A few queries for all rows."""
    places = _places(venues(session, actor, plan_id))
    taken = _taken(session, actor, plan_id)
    found: dict[int, Problem] = {}
    for at, row in enumerate(rows):
        venue = places.get(plain(row.get("site", "")))
        problem = _row_problem(venue, row)
        if problem is not None or venue is None:
            found[at] = problem or _NO_SITE
        elif (venue.site.id, row["name"]) in taken:  # also by an earlier row that writes the site otherwise
            found[at] = ("name", "该考试计划、考核站点和证书下已有同名考场")
        else:
            taken.add((venue.site.id, row["name"]))
    return found


def store_rooms(session: Session, actor: Actor, plan_id: int, rows: Sequence[Mapping[str, Any]], now: datetime) -> list[int]:
    """Adds the rooms of rows that `known_rooms` refuses not.

    Returns: ids of the rooms, one a row.
    Raises:
        NoRoomPlan: it is too late by now.
        IntegrityError: somebody else has used a name meanwhile.
    """
    if not rows:
        return []
    plan = room_plan(session, actor, plan_id, now, hold=True)
    places = _places(venues(session, actor, plan.id))
    rooms = []
    for row in rows:
        venue = places[plain(row.get("site", ""))]
        rooms.append(_room(actor, plan, venue, row, subjects_named(_plainly(venue), _labels(row)), now))
    session.add_all(rooms)
    session.flush()
    return [room.id for room in rooms]


def _places(found: Sequence[Venue]) -> dict[str, Venue]:
    return {plain(one.site.title()): one for one in found}


def _plainly(venue: Venue) -> dict[str, ExamSubject]:
    return {plain(label): one for label, one in venue.labels.items()}


def _labels(row: Mapping[str, Any]) -> list[str]:
    """The subjects of a row, between semicolons or commas, as they are compared."""
    return [plain(part) for part in re.split("[;；、，,\n]", str(row.get("subjects", ""))) if part.strip()]


def _taken(session: Session, actor: Actor, plan_id: int) -> set[tuple[int, str]]:
    """Site and name of the school's rooms in a plan: a site has one certificate."""
    query = select(Room.site_id, Room.name).where(Room.plan_id == plan_id, Room.party_id == actor.party_id)
    return {(site_id, name) for site_id, name in session.execute(query)}


_NO_SITE: Problem = ("site", "本校没有这个考核站点，或站点未审核通过、不能用于该考试计划")


def _row_problem(venue: Venue | None, row: Mapping[str, Any]) -> Problem | None:
    if venue is None:
        return _NO_SITE
    if plain(row.get("certificate", "")) != plain(venue.site.certificate.label):
        return "certificate", f"该考核站点的证书是“{venue.site.certificate.label}”"
    known = _plainly(venue)
    try:
        type_of(subjects_named(known, _labels(row)))
    except UnknownSubject:
        return "subjects", f"科目应为该计划的场次中有的：{'；'.join(venue.labels)}"
    except MixedSubjects as error:
        return "subjects", str(error)
    return None


@dataclass(frozen=True)
class Reusable:
    """A room of an earlier plan: why it can't be taken, or what to know where it can."""

    room: Room
    problem: str | None
    subjects: Sequence[ExamSubject]
    """Those of its subjects that the new plan examines."""
    note: str = ""


def earlier_plans(session: Session, actor: Actor, plan: ExamPlan) -> Sequence[ExamPlan]:
    """The other plans in which the actor's school has rooms, newest first."""
    used = select(Room.plan_id).where(Room.party_id == actor.party_id, Room.plan_id != plan.id)
    return session.scalars(select(ExamPlan).where(ExamPlan.id.in_(used)).order_by(ExamPlan.id.desc())).all()


def reusable(session: Session, actor: Actor, plan: ExamPlan, earlier_id: int) -> list[Reusable]:
    """沿用: the school's rooms in an earlier plan, as they would be in this one."""
    rooms = session.scalars(
        rooms_query(actor).where(Room.party_id == actor.party_id, Room.plan_id == earlier_id).order_by(None).order_by(Room.id)
    )
    places = {one.site.id: one for one in venues(session, actor, plan.id)}
    offered = set(session.scalars(select(PlanCertificate.certificate_id).where(PlanCertificate.plan_id == plan.id)))
    taken = _taken(session, actor, plan.id)
    return [_reusable(room, places.get(room.site_id), room.certificate_id in offered, taken) for room in rooms]


def _reusable(room: Room, venue: Venue | None, offered: bool, taken: set[tuple[int, str]]) -> Reusable:
    examined = {one.id for one in venue.subjects} if venue is not None else set()
    subjects = [one for one in room.subjects if one.id in examined]
    left = [subject_label(one) for one in room.subjects if one.id not in examined]
    problem = None
    if not offered:
        problem = "所选考试计划没有这个证书"
    elif venue is None:
        problem = "考核站点目前未审核通过，或不能用于所选考试计划"
    elif (room.site_id, room.name) in taken:
        problem = "所选考试计划中已有同名考场"
    elif not subjects:
        problem = "所选考试计划没有它的科目"
    elif len({(one.room_type, one.method) for one in subjects}) > 1:
        problem = str(MixedSubjects())
    return Reusable(room, problem, subjects, f"科目“{'、'.join(left)}”不在所选考试计划内，不沿用" if left and problem is None else "")


def reuse(session: Session, actor: Actor, plan_id: int, earlier_id: int, ids: Sequence[int], now: datetime) -> tuple[int, list[Reusable]]:
    """Sets up those of the earlier plan's rooms with these ids.

    Returns: how many; those that could not be taken.
    Raises:
        NoRoomPlan; RoomTaken: somebody has used a name at this moment.
    """
    plan = room_plan(session, actor, plan_id, now, hold=True)
    chosen = [one for one in reusable(session, actor, plan, earlier_id) if one.room.id in set(ids)]
    places = {one.site.id: one for one in venues(session, actor, plan.id)}
    fine = [one for one in chosen if one.problem is None]
    for one in fine:
        answers = {name: getattr(one.room, name) for name in FIELDS}
        session.add(_room(actor, plan, places[one.room.site_id], answers, one.subjects, now))
    flush_or_refuse(session, RoomTaken)
    return len(fine), [one for one in chosen if one.problem is not None]
