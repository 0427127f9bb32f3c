"""A candidate's own results, without an account: by id number and the last six digits of the mobile of a registration (row 5.2.9.2)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session, contains_eager

from domain.exams.exam_subjects import ExamSubject
from domain.exams.outcomes import OPEN, STATUSES, Outcome, result_at
from domain.exams.plans import ExamPlan, within
from domain.exams.registrations import Entry, Registration
from domain.exams.score_objections import ScoreObjection
from domain.exams.scores import MISSING, SHOWN, Score, mark_text
from domain.exams.seats import ExamTicket

MOBILE_LENGTH, TAIL = 11, 6


@dataclass(frozen=True)
class Examinee:
    """Somebody who knows an id number and the end of the mobile that was given with it. Every query of their results takes one.

    Registrations with another mobile stay closed to them: a school that registers somebody's id number with a mobile of its own learns
    nothing of what other schools registered.
    """

    id_number: str
    tail: str

    def own(self) -> ColumnElement[bool]:
        """Their registrations."""
        return and_(Registration.id_number == self.id_number, _end_of_mobile == self.tail)


_end_of_mobile: ColumnElement[str] = func.substr(Registration.mobile, MOBILE_LENGTH - TAIL + 1, TAIL)


def find_examinee(session: Session, id_number: str, tail: str) -> int | None:
    """A registration with this id number and end of the mobile. One statement, which finds nothing of a stranger just as of a wrong end:
    neither answer nor time tell whether somebody is registered."""
    return session.scalar(select(Registration.id).where(Examinee(id_number, tail).own()).order_by(Registration.id.desc()).limit(1))


def examinee_of(session: Session, registration_id: int, seal: str, secret: str) -> Examinee | None:
    """Whoever was let in by a registration; None once it is gone, or says another number or mobile (`seal_of`)."""
    about = select(Registration.id_number, Registration.mobile).where(Registration.id == registration_id)
    row = session.execute(about).first()
    if row is None or not hmac.compare_digest(_seal(secret, row.id_number, row.mobile), seal):
        return None
    return Examinee(row.id_number, row.mobile[-TAIL:])


def seal_of(session: Session, registration_id: int, secret: str) -> str:
    """What a registration says of whom it lets in, as a hash that only this installation can make."""
    row = session.execute(select(Registration.id_number, Registration.mobile).where(Registration.id == registration_id)).one()
    return _seal(secret, row.id_number, row.mobile)


def _seal(secret: str, id_number: str, mobile: str) -> str:
    return hmac.new(secret.encode(), f"results {id_number} {mobile}".encode(), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True)
class OwnMark:
    """One subject."""

    entry_id: int
    subject: ExamSubject
    text: str
    tone: str
    objections: Sequence[ScoreObjection]
    """Newest first."""
    may_object: bool
    """公示 is running, and no objection is open."""


@dataclass
class OwnResult:
    """A registration under a plan whose 公示 has begun, with its marks."""

    registration: Registration
    ticket: str
    result: str
    public: bool
    """Whether 公示 is still running: marks may be objected to and corrected."""
    marks: list[OwnMark] = field(default_factory=list)

    @property
    def tone(self) -> str:
        """That of the result."""
        return STATUSES[self.result]


def own_results(session: Session, who: Examinee, now: datetime) -> list[OwnResult]:
    """What somebody sees of their own, the latest exam first: registrations with a 准考证号 under plans whose 公示 has begun."""
    found: dict[int, OwnResult] = {}
    for registration, ticket, public in session.execute(_registrations(who, now)):
        found[registration.id] = OwnResult(registration, ticket, OPEN, bool(public))
    results = select(Outcome.id, result_at(now)).join(ExamPlan, ExamPlan.id == Outcome.plan_id).where(Outcome.id.in_(found))
    for registration_id, result in session.execute(results):
        found[registration_id].result = result
    objections = _objections(session, list(found))
    marks = select(Entry, ExamSubject, Score.mark, Score.state).join(ExamSubject, ExamSubject.id == Entry.subject_id)
    marks = marks.outerjoin(Score, Score.entry_id == Entry.id).where(Entry.registration_id.in_(found))
    for entry, subject, mark, state in session.execute(marks.order_by(ExamSubject.id, Entry.id)):
        one = found[entry.registration_id]
        one.marks.append(_mark(entry.id, subject, mark, state, objections.get(entry.id, []), one.public))
    return list(found.values())


def own_mark(session: Session, who: Examinee, entry_id: int, now: datetime) -> tuple[OwnResult, OwnMark] | None:
    """One subject of somebody's own, with the result that it belongs to; None where it is not theirs, or not public yet."""
    return next(((one, mark) for one in own_results(session, who, now) for mark in one.marks if mark.entry_id == entry_id), None)


def _mark(
    entry_id: int, subject: ExamSubject, mark: Decimal | None, state: str | None, objections: Sequence[ScoreObjection], public: bool
) -> OwnMark:
    text = MISSING if state is None else mark_text(mark, state)
    may = public and not any(one.open for one in objections)
    return OwnMark(entry_id, subject, text, SHOWN[state or MISSING], objections, may)


def _registrations(who: Examinee, now: datetime) -> Select[Registration, str, bool]:
    query = select(Registration, ExamTicket.number, within("publicity", now))
    query = query.join(ExamTicket, ExamTicket.registration_id == Registration.id).join(Registration.plan).join(Registration.certificate)
    query = query.where(who.own(), ExamPlan.published, ExamPlan.publicity_from <= now)
    query = query.options(contains_eager(Registration.plan), contains_eager(Registration.certificate))
    return query.order_by(ExamPlan.publicity_from.desc(), Registration.id)


def _objections(session: Session, registration_ids: Sequence[int]) -> dict[int, list[ScoreObjection]]:
    query = select(ScoreObjection).where(ScoreObjection.registration_id.in_(registration_ids)).order_by(ScoreObjection.id.desc())
    found: dict[int, list[ScoreObjection]] = {}
    for one in session.scalars(query):
        found.setdefault(one.entry_id, []).append(one)
    return found
