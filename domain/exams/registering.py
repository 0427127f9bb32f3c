"""The rules of 报考 (manual 5.2.6): who may be registered for what, told of thousands at once, and the registrations that come of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, String, and_, insert, or_, select
from sqlalchemy.orm import Session

from domain.certificates.certificates import Certificate, certificate_major
from domain.certificates.majors import Major
from domain.exams.candidates import OUTSIDER, Candidate
from domain.exams.exam_subjects import EVERYBODY, ExamSubject
from domain.exams.plans import BY_SUBJECT, ExamPlan, PlanCertificate, Sitting, exam_plans_query, within
from domain.exams.registrations import COPIED, Entry, Registration, count_registered
from domain.ground.errors import DomainError
from domain.ground.parties import Actor
from domain.ground.tones import Tone
from domain.ground.values import AT, values_table

OUTSIDE = "社会考生"  # as a 参考对象

Problem = tuple[str, str]
"""Field of an import's form, and the reason in Chinese."""


class NoPlan(DomainError):
    """考试计划不在报考期，或本校不在参考院校内，请重新选择。"""


@dataclass(frozen=True)
class Wish:
    """A candidate to be registered. `subject_id` is set where the plan registers by subject."""

    candidate_id: int
    certificate_id: int
    subject_id: int | None = None
    audience: str | None = None


@dataclass(frozen=True)
class Offer:
    """One certificate of a plan: its fee, its subjects there with theirs, and the majors that may take it."""

    certificate: Certificate
    fee: Decimal
    subjects: tuple[tuple[ExamSubject, Decimal], ...]
    majors: frozenset[tuple[str, str]]
    """Name and level."""

    @property
    def audiences(self) -> tuple[str, ...]:
        """参考对象 of which one is to be said; empty where its subjects are for everybody."""
        return tuple(dict.fromkeys(subject.audience for subject, _ in self.subjects if subject.audience != EVERYBODY))


@dataclass(frozen=True)
class Terms:
    """What a plan offers, by the certificate's id."""

    plan: ExamPlan
    offers: Mapping[int, Offer]


@dataclass(frozen=True)
class Answer:
    """What is to be said of some wishes, by their numbers."""

    refused: Mapping[int, Problem]
    warned: Mapping[int, str]
    """What to know of one that is not refused."""
    candidates: Mapping[int, Candidate]
    """By their ids."""


def open_plans(session: Session, actor: Actor, now: datetime) -> Sequence[ExamPlan]:
    """The plans under which the actor's school may register candidates at this moment."""
    return session.scalars(exam_plans_query(actor).where(within("registration", now))).all() if "试点院校" in actor.roles else []


def open_plan(session: Session, actor: Actor, plan_id: int, now: datetime, hold: bool = False) -> ExamPlan:
    """One of them; `hold`: its windows, and what it offers, stay as they are until the transaction ends.

    Raises:
        NoPlan: the plan is not open to this school now.
    """
    query = exam_plans_query(actor).where(within("registration", now), ExamPlan.id == plan_id)
    plan = session.scalars(query.with_for_update(read=True, of=ExamPlan) if hold else query).first()
    if plan is None or "试点院校" not in actor.roles:
        raise NoPlan
    return plan


def terms_of(session: Session, plan: ExamPlan) -> Terms:
    """What a plan offers, in three queries."""
    lines = select(PlanCertificate, Certificate).join(Certificate).where(PlanCertificate.plan_id == plan.id).order_by(Certificate.code)
    sittings = select(Sitting, ExamSubject).join(ExamSubject).where(Sitting.plan_id == plan.id).order_by(ExamSubject.id, Sitting.id)
    subjects: dict[int, dict[int, tuple[ExamSubject, Decimal]]] = {}
    for sitting, subject in session.execute(sittings):
        subjects.setdefault(subject.certificate_id, {}).setdefault(subject.id, (subject, sitting.fee))
    found = session.execute(lines).all()
    query = select(certificate_major.c.certificate_id, Major.name, Major.level).join(Major, Major.id == certificate_major.c.major_id)
    majors: dict[int, set[tuple[str, str]]] = {}
    for certificate_id, name, level in session.execute(query.where(certificate_major.c.certificate_id.in_([one.id for _, one in found]))):
        majors.setdefault(certificate_id, set()).add((name, level))
    offers = {
        one.id: Offer(one, line.fee, tuple(subjects.get(one.id, {}).values()), frozenset(majors.get(one.id, ()))) for line, one in found
    }
    return Terms(plan, offers)


def answer_to(session: Session, actor: Actor, terms: Terms, wishes: Sequence[Wish]) -> Answer:
    """What stands against these wishes, in two queries for all of them."""
    ids = {wish.candidate_id for wish in wishes}
    mine = select(Candidate).where(Candidate.id.in_(ids), Candidate.party_id == actor.party_id)
    candidates = {one.id: one for one in session.scalars(mine)}
    refused: dict[int, Problem] = {}
    warned: dict[int, str] = {}
    seen: set[tuple[object, ...]] = set()
    for at, wish in enumerate(wishes):
        candidate, offer = candidates.get(wish.candidate_id), terms.offers.get(wish.certificate_id)
        problem = _problem(terms.plan, candidate, offer, wish)
        if problem is not None or candidate is None:
            refused[at] = problem or _UNKNOWN
            continue
        same = (candidate.document, candidate.id_number, wish.certificate_id, wish.subject_id)
        if same in seen:  # as a pupil and as one of the public
            refused[at] = ("id_number", "同一证件不能重复报考")
        elif candidate.photo is None:  # of those not 信息准确 only these get no seat (domain.md, Decisions)
            warned[at] = f"目前是“{candidate.status}”，没有照片的考生不能排考，请在排考结束前导入照片"
        elif candidate.tone != Tone.DONE:
            warned[at] = f"目前是“{candidate.status}”，还没有通过认证，请尽快认证"
        seen.add(same)
    for at in _registered(session, terms.plan, {at: wish for at, wish in enumerate(wishes) if at not in refused}, candidates):
        what = "证书" if wishes[at].subject_id is None else "科目"
        refused[at] = ("id_number", f"已报考：该证件已在本考试计划中报考此{what}")
        warned.pop(at, None)
    return Answer(refused, warned, candidates)


_UNKNOWN: Problem = ("id_number", "考生不存在，请先在考生管理中添加")


def _problem(plan: ExamPlan, candidate: Candidate | None, offer: Offer | None, wish: Wish) -> Problem | None:
    if candidate is None:
        return _UNKNOWN
    if offer is None:
        return "certificate", "该考试计划中没有这个证书"
    if (plan.mode == BY_SUBJECT) != (wish.subject_id is not None):
        return "certificate", f"该考试计划{plan.mode}报考，请换一种方式"
    if (wrong := _major_problem(candidate, offer)) is not None:
        return "id_number", wrong
    return _audience_problem(candidate, offer, wish)


def _major_problem(candidate: Candidate, offer: Offer) -> str | None:
    """A major that is known must be one of the certificate's; those of the public may have none (domain.md, Records)."""
    if candidate.major is None:
        return None if candidate.kind == OUTSIDER else "考生的专业没有填写，请先补全考生资料"
    if any(name == candidate.major and candidate.level in (None, level) for name, level in offer.majors):
        return None
    return f"专业“{candidate.major}”不在证书“{offer.certificate.label}”的对应专业内"


def _audience_problem(candidate: Candidate, offer: Offer, wish: Wish) -> Problem | None:
    subject = next((one for one, _ in offer.subjects if one.id == wish.subject_id), None)
    if wish.subject_id is not None and subject is None:
        return "subject", "该考试计划中没有这个科目"
    asked = offer.audiences if subject is None else () if subject.audience == EVERYBODY else (subject.audience,)
    if not asked:
        return None
    if not wish.audience:
        return "audience", "该科目须填写参考对象"
    if wish.audience not in asked:
        return "audience", f"参考对象应为{'、'.join(asked)}"
    known = OUTSIDE if candidate.kind == OUTSIDER else candidate.level
    if known is not None and known != wish.audience:
        return "audience", f"该考生是{known}，参考对象应与之一致"
    return None


def _registered(session: Session, plan: ExamPlan, wishes: Mapping[int, Wish], candidates: Mapping[int, Candidate]) -> Iterable[int]:
    """Numbers of the wishes that somebody, of whichever school, has registered already."""
    rows = [
        {
            "wish": at,
            "document": candidates[wish.candidate_id].document,
            "id_number": candidates[wish.candidate_id].id_number,
            "certificate": wish.certificate_id,
            "subject": wish.subject_id,
        }
        for at, wish in wishes.items()
    ]
    if not rows:
        return ()
    types = {"wish": Integer, "document": String, "id_number": String, "certificate": Integer, "subject": Integer}
    there = values_table(session, rows, types)
    same = and_(
        Registration.plan_id == plan.id,
        Registration.certificate_id == there.c.certificate,
        Registration.document == there.c.document,
        Registration.id_number == there.c.id_number,
        or_(Registration.subject_id.is_(None) & there.c.subject.is_(None), Registration.subject_id == there.c.subject),
    )
    return session.scalars(select(there.c.wish).join(Registration, same)).all()


def register(session: Session, actor: Actor, terms: Terms, wishes: Sequence[Wish], now: datetime) -> list[int]:
    """Registers wishes against which nothing stands, in a few statements however many there are.

    Returns: ids of the registrations, one a wish.
    Raises:
        IntegrityError: somebody else has registered one of them meanwhile.
    """
    if not wishes:
        return []
    ids = {wish.candidate_id for wish in wishes}
    mine = select(Candidate).where(Candidate.id.in_(ids), Candidate.party_id == actor.party_id)
    candidates = {one.id: one for one in session.scalars(mine)}
    # in the order of numbers, not of the file: two imports of the same people never wait for each other
    order = sorted(range(len(wishes)), key=lambda at: (candidates[wishes[at].candidate_id].id_number, wishes[at].subject_id or 0))
    rows = [_row(actor, terms, candidates[wishes[at].candidate_id], wishes[at], now) for at in order]
    made = session.scalars(insert(Registration).returning(Registration.id, sort_by_parameter_order=True), rows).all()
    entries = [
        {"registration_id": id, "plan_id": terms.plan.id, "subject_id": subject}
        for id, at in zip(made, order, strict=True)
        for subject in _subjects(terms.offers[wishes[at].certificate_id], wishes[at])
    ]
    session.execute(insert(Entry), entries)
    count_registered(session, ids)
    by_wish = dict(zip(order, made, strict=True))
    return [by_wish[at] for at in range(len(wishes))]


def _row(actor: Actor, terms: Terms, candidate: Candidate, wish: Wish, now: datetime) -> dict[str, Any]:
    offer = terms.offers[wish.certificate_id]
    fee = offer.fee if wish.subject_id is None else next(fee for one, fee in offer.subjects if one.id == wish.subject_id)
    return {
        "plan_id": terms.plan.id,
        "certificate_id": wish.certificate_id,
        "party_id": actor.party_id,
        "candidate_id": candidate.id,
        "subject_id": wish.subject_id,
        "audience": wish.audience,
        "fee": fee,
        "paid": False,
        "created_at": now,
        **{name: getattr(candidate, name) for name in COPIED},
    }


def _subjects(offer: Offer, wish: Wish) -> Collection[int]:
    """Ids of the subjects in which a registration is examined."""
    if wish.subject_id is not None:
        return [wish.subject_id]
    return [subject.id for subject, _ in offer.subjects if subject.audience in (EVERYBODY, wish.audience)]


def candidates_named(session: Session, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> tuple[dict[int, int], dict[int, Problem]]:
    """The candidates that some rows of an import name by id number and name, in one query.

    Returns: number of the row → id of the candidate; number → why there is none. Of somebody who stands in both parts of the list the
    pupil is meant.
    """
    table = values_table(session, rows, {"id_number": String})
    query = select(table.c[AT], Candidate.id, Candidate.name).join(Candidate, Candidate.id_number == table.c.id_number)
    found: dict[int, list[tuple[int, str]]] = {}
    for at, id, name in session.execute(query.where(Candidate.party_id == actor.party_id).order_by(Candidate.kind.desc(), Candidate.id)):
        found.setdefault(at, []).append((id, name))
    ids: dict[int, int] = {}
    wrong: dict[int, Problem] = {}
    for at, row in enumerate(rows):
        named = [id for id, name in found.get(at, ()) if name == row.get("name")]
        if named:
            ids[at] = named[0]
        else:
            wrong[at] = ("name", "姓名与证件号不符") if at in found else _UNKNOWN
    return ids, wrong
