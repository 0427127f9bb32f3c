"""成绩异议: a candidate doubts a mark within 公示, the plan's organization looks again and answers (manual 5.2.9; row 5.2.9.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Index, Numeric, Select, String, column, false, select
from sqlalchemy.orm import Mapped, Session, aliased, contains_eager, mapped_column, relationship

from domain.exams.plans import ExamPlan, within
from domain.exams.registrations import Entry, Registration
from domain.exams.scores import MISSING, NORMAL, BadMark, Locked, Score, correct, mark_text, marked_of, read_mark
from domain.exams.seats import ExamTicket
from domain.ground.base import UtcDateTime, utc_now
from domain.ground.errors import DomainError
from domain.ground.parties import SYSTEM, Actor, Party
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse

MOST = 500
SHORTEST, LONGEST = 5, 300  # characters of what a candidate writes


class ObjectionsClosed(DomainError):
    """成绩异议只能在公示期内提交。"""


class AlreadyObjected(DomainError):
    """这门科目已有一份成绩异议在处理，请等待培训评价组织答复。"""


class BadReason(DomainError):
    """请用 5 到 300 字说明对成绩有什么疑问。"""


class SameMark(DomainError):
    """更正后的成绩与现有成绩相同；如成绩无误，请选择“维持原成绩”。"""


class CorrectedMeanwhile(DomainError):
    """考生提出异议后，该成绩已在“科目成绩”中更正。"""

    def __init__(self, present: str) -> None:
        super().__init__(
            f"考生提出异议后，该成绩已更正为“{present}”。同意这一结果的，更正后的成绩和状态请按它填写；还要再改的，请先在“科目成绩”中更正，再来答复。"
        )


class ScoreObjection(SubjectRecord):
    """One objection to one mark."""

    FACTS: ClassVar[Mapping[str, type]] = {"number": str, "name": str, "publicity_to": datetime}
    __tablename__ = "score_objection"
    __table_args__ = (
        # one at a time
        Index(
            "uq_score_objection_open",
            "entry_id",
            unique=True,
            sqlite_where=column("open").is_(True),
            postgresql_where=column("open").is_(True),
        ),
        {"sqlite_autoincrement": True},  # ids are never used again: a history must not become another's
    )

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the organization: it is answered there
    entry_id: Mapped[int] = mapped_column(ForeignKey("exam_entry.id"), index=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("exam_registration.id"), index=True)
    reason: Mapped[str] = mapped_column(String(LONGEST), comment="what the candidate wrote")
    was: Mapped[str] = mapped_column(String(20), comment="the mark, or the state, that was objected to")
    answer: Mapped[str | None] = mapped_column(String(LONGEST), comment="what the organization answered")
    mark: Mapped[Decimal | None] = mapped_column(Numeric(6, 2), comment="更正后的成绩")
    state: Mapped[str | None] = mapped_column(String(4), comment="更正后的状态; null with a mark: 正常")
    open: Mapped[bool] = mapped_column(default=True, comment="false: it was answered")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    party: Mapped[Party] = relationship()
    registration: Mapped[Registration] = relationship()
    entry: Mapped[Entry] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Objections with organization, subject, registration, its school and plan."""
        school = aliased(Party)
        query = select(cls).join(cls.party).join(cls.entry).join(Entry.subject).join(cls.registration).join(Registration.plan)
        registration = contains_eager(cls.registration)
        return query.join(school, school.id == Registration.party_id).options(
            contains_eager(cls.party),
            contains_eager(cls.entry).contains_eager(Entry.subject),
            registration.contains_eager(Registration.plan),
            registration.contains_eager(Registration.party.of_type(school)),
        )

    @property
    def number(self) -> str:
        """异议编号."""
        return f"YY{self.id:08}"

    def title(self) -> str:
        """Whose, and about which subject."""
        return f"{self.registration.name} {self.entry.subject.name} {self.number}"

    def party_for(self, lane: str) -> int | None:
        """The plan's organization answers. The candidate has no account: what they hand in comes in by the system."""
        return {"培训评价组织": self.party_id, "系统": 0}.get(lane)

    def facts(self) -> dict[str, Any]:
        """`number` and `name` of the candidate, texts; `publicity_to`: until when a mark may be corrected."""
        return {"number": self.number, "name": self.registration.name, "publicity_to": self.registration.plan.publicity_to}

    def answers(self) -> dict[str, Any]:
        """What the form holds."""
        mark = None if self.mark is None else int(self.mark) if self.mark == int(self.mark) else float(self.mark)
        filled = {"answer": self.answer, "mark": mark, "state": self.state}
        return {"was": self.was, "reason": self.reason, **{name: value for name, value in filled.items() if value is not None}}

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what the organization filled in; what the candidate wrote, and the mark that it was about, stay."""
        mark = answers.get("mark")
        self.answer, self.state = answers.get("answer"), answers.get("state")
        self.mark = None if mark is None else Decimal(str(mark))

    def carry_out(self, session: Session, actor: Actor, now: datetime) -> None:
        """Corrects the mark as the form says, with the answer as the reason, while 公示 is running. Where a colleague has corrected it
        since the objection came in, the form must say what it is now: nobody's correction is overwritten unseen.

        Raises:
            BadMark, SameMark
            CorrectedMeanwhile: in words.
            Locked: 公示 is over.
        """
        marked = marked_of(session, actor, self.entry_id, now)
        if marked is None:
            raise Locked
        state = self.state or NORMAL
        mark = read_mark(self.mark, state, self.entry.subject)
        reason = f"成绩异议 {self.number}：{self.answer}"[:200]
        present = _mark_now(session, self.entry_id)
        if present != self.was:
            if mark_text(mark, state) != present:
                raise CorrectedMeanwhile(present)
        elif not correct(session, actor, marked, mark, state, reason, present, now):
            raise SameMark
        self.open = False

    def dismiss(self) -> None:
        """The mark stays as it is.

        Raises:
            BadMark: the form says another one.
        """
        if self.mark is not None or self.state is not None:
            raise BadMark("维持原成绩时，请不要填写更正后的成绩和状态")
        self.open = False


def as_candidate(registration: Registration) -> Actor:
    """In whose name an objection begins: the system's, whose lane the diagram starts in, as the candidate has no account; history says who
    it was. Good for nothing but `starting.start`."""
    return replace(SYSTEM, name=f"考生 {registration.name}")


def new_objection(session: Session, registration: Registration, entry_id: int, reason: str, now: datetime) -> ScoreObjection:
    """A new, flushed objection to the mark of an entry of a registration. The caller has checked whose they are.

    Raises:
        BadReason
        ObjectionsClosed: 公示 is not running; the plan's windows are held until the transaction ends.
        AlreadyObjected: one is open (a unique index decides).
    """
    reason = reason.strip()
    if not SHORTEST <= len(reason) <= LONGEST:
        raise BadReason
    public = select(ExamPlan.party_id).where(ExamPlan.id == registration.plan_id, ExamPlan.published, within("publicity", now))
    party_id = session.scalar(public.with_for_update(read=True))
    if party_id is None:
        raise ObjectionsClosed
    about = {"party_id": party_id, "registration_id": registration.id, "entry_id": entry_id}
    one = ScoreObjection(reason=reason, was=_mark_now(session, entry_id), open=True, created_at=now, **about)
    session.add(one)
    flush_or_refuse(session, AlreadyObjected)
    session.refresh(one, ["party", "registration", "entry"])
    return one


def objections_query(actor: Actor) -> Select[ScoreObjection]:
    """The objections an actor may see, newest first: an organization those to marks of its plans, operators all, others none."""
    query = ScoreObjection.joined().order_by(ScoreObjection.id.desc())
    if "系统管理" in actor.roles:
        return query
    return query.where(ScoreObjection.party_id == actor.party_id if "培训评价组织" in actor.roles else false())


def open_objections(session: Session, plan_id: int) -> list[str]:
    """Numbers of the objections to marks of a plan that nobody has answered yet: the first `MOST`, as many as one step can tell."""
    registration = aliased(Registration)
    query = select(ScoreObjection).join(registration, registration.id == ScoreObjection.registration_id)
    query = query.where(registration.plan_id == plan_id, ScoreObjection.open).order_by(ScoreObjection.id).limit(MOST)
    return [one.number for one in session.scalars(query)]


def present_mark(session: Session, row: ScoreObjection) -> tuple[str, str]:
    """准考证号 and the mark as it is now, as people read them."""
    ticket = session.scalar(select(ExamTicket.number).where(ExamTicket.registration_id == row.registration_id))
    return ticket or "", _mark_now(session, row.entry_id)


def _mark_now(session: Session, entry_id: int) -> str:
    found = session.execute(select(Score.mark, Score.state).where(Score.entry_id == entry_id)).first()
    return MISSING if found is None else mark_text(found.mark, found.state)
