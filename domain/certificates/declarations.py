"""证书试点申报: a school applies under a plan of its province to pilot certificates (manual 4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, Select, UniqueConstraint, delete, false, insert, select, union
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, object_session, relationship

from domain.certificates.certificates import Certificate
from domain.certificates.declaration_plans import DeclarationPlan, offer_of, plan_of, plans_query
from domain.certificates.pilots import begin_pilots, participating
from domain.ground.base import Base, UtcDateTime, utc_now
from domain.ground.errors import DomainError, TooLate
from domain.ground.parties import PROVINCE_ROLES, Actor, Party, Person
from domain.ground.subject_record import SubjectRecord
from domain.ground.uniqueness import flush_or_refuse


class AlreadyDeclared(DomainError):
    """本校已申报该计划，请勿重复申报；可在列表中查看或修改。"""


class NotOpen(DomainError):
    """该申报计划尚未开放，暂不能申报；请在申报开始后再试。"""


class BadLine(DomainError):
    """申报明细填写有误，请核对。"""


class Declaration(SubjectRecord):
    """A school's declaration under one plan."""

    FACTS: ClassVar[Mapping[str, type]] = {"plan_end": datetime}
    __tablename__ = "declaration"
    # one a plan and school (domain.md, Decisions)
    __table_args__ = (UniqueConstraint("plan_id", "party_id"), {"sqlite_autoincrement": True})

    plan_id: Mapped[int] = mapped_column(ForeignKey("declaration_plan.id"))
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), index=True)  # the school
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # the form as filled in, drafts included
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when it was first handed in; null: never
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)

    plan: Mapped[DeclarationPlan] = relationship()
    party: Mapped[Party] = relationship()
    author: Mapped[Person] = relationship()

    @classmethod
    def joined(cls) -> Select[Any]:
        """Declarations with plan and school."""
        return select(cls).join(cls.plan).join(cls.party).options(contains_eager(cls.plan), contains_eager(cls.party))

    def title(self) -> str:
        """School and plan."""
        return f"{self.party.name} {self.plan.title()}"

    def party_for(self, lane: str) -> int | None:
        """The school applies, its province reviews."""
        if lane in PROVINCE_ROLES:
            return self.party.province_id
        return self.party_id if lane == "试点院校" else 0 if lane == "系统" else None

    def facts(self) -> dict[str, Any]:
        """`plan_end`: an aware datetime."""
        return {"plan_end": self.plan.ends_at}

    def answers(self) -> dict[str, Any]:
        """What was filled in."""
        return dict(self.data or {})

    def take(self, answers: dict[str, Any]) -> None:
        """Stores what was filled in, and its lines, as far as they name a certificate.

        Raises:
            BadLine: the plan does not offer a certificate, two lines name the same one, or a major is none of its 对应专业.
        """
        session = object_session(self)
        if session is None:
            return
        rows = _lines_of(session, self.plan_id, answers)
        self.data = dict(answers)
        session.execute(delete(DeclarationLine).where(DeclarationLine.declaration_id == self.id))
        _add_lines(session, self.id, rows)

    @property
    def certificates(self) -> list[str]:
        """Labels of the certificates applied for."""
        return [line["certificate"] for line in self._lines if "certificate" in line]

    @property
    def people(self) -> int:
        """How many people are to be trained, over all certificates."""
        return sum(number for line in self._lines if isinstance(number := line.get("people"), int))

    @property
    def _lines(self) -> Sequence[Mapping[str, Any]]:
        return list((self.data or {}).get("lines", ()))


class DeclarationLine(Base):
    """One certificate of a declaration, for exports and pilots. Written with the form, which `Declaration.data` holds as well."""

    __tablename__ = "declaration_line"
    __table_args__ = (UniqueConstraint("declaration_id", "certificate_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    declaration_id: Mapped[int] = mapped_column(ForeignKey("declaration.id"))
    certificate_id: Mapped[int] = mapped_column(ForeignKey("certificate.id"), index=True)
    majors: Mapped[list[str]] = mapped_column(JSON, default=list)  # labels, as they were called when they were declared
    people: Mapped[int | None]  # null: a draft's line without a number
    site: Mapped[bool | None]  # whether the school wants a 考核站点; null: not filled in yet

    declaration: Mapped[Declaration] = relationship()
    certificate: Mapped[Certificate] = relationship()


def new_declaration(session: Session, actor: Actor, now: datetime, answers: dict[str, Any], plan_id: int) -> Declaration:
    """A new, flushed declaration of the actor's school.

    Raises:
        NotOpen, TooLate: the plan is another province's, has not begun, or is over.
        AlreadyDeclared: the school has one, also where two are sent at once (a unique constraint decides).
        BadLine
    """
    both = plans_query(actor).where(DeclarationPlan.id == plan_id).join(Party, Party.id == actor.party_id).add_columns(Party)
    kept = both.with_for_update(read=True, key_share=True, of=DeclarationPlan)  # nobody can delete the plan until the transaction ends
    found = session.execute(kept).first()
    if found is None:
        raise NotOpen
    plan, school = found
    in_window(plan, now)
    return declare(session, plan, school, actor.person_id, now, answers)


def declare(session: Session, plan: DeclarationPlan, school: Party, author_id: int, now: datetime, answers: dict[str, Any]) -> Declaration:
    """A new, flushed declaration of a school, whatever the time.

    Raises:
        AlreadyDeclared, BadLine
    """
    rows = _lines_of(session, plan.id, answers)
    declaration = Declaration(plan=plan, party=school, author_id=author_id, data=dict(answers), created_at=now)
    session.add(declaration)
    flush_or_refuse(session, AlreadyDeclared)
    _add_lines(session, declaration.id, rows)
    return declaration


def open_plan(session: Session, actor: Actor, now: datetime, plan_id: int) -> DeclarationPlan:
    """A plan under which the actor's school may apply now.

    Raises:
        NotOpen, TooLate, AlreadyDeclared
    """
    plan = plan_of(session, actor, plan_id)
    if plan is None:
        raise NotOpen
    in_window(plan, now)
    if declared(session, actor, [plan.id]):
        raise AlreadyDeclared
    return plan


def declared(session: Session, actor: Actor, plan_ids: Sequence[int]) -> dict[int, Declaration]:
    """Plan id → declaration of the actor's school under that plan."""
    query = declarations_query(actor).where(Declaration.plan_id.in_(plan_ids), Declaration.party_id == actor.party_id)
    return {declaration.plan_id: declaration for declaration in session.scalars(query)}


def known_beforehand(session: Session, actor: Actor) -> dict[str, Any]:
    """What the system fills into a new declaration: its contact is whoever begins it."""
    mobile = session.scalar(select(Person.mobile).where(Person.id == actor.person_id))
    return {"contacts": [{"name": actor.name, "mobile": mobile or ""}]}


def in_window(plan: DeclarationPlan, now: datetime, late: str | None = None) -> None:
    """Refuses outside a plan's window, also where somebody has closed it by hand.

    Raises:
        TooLate: with the text `late`.
        NotOpen: the plan was withdrawn, or begins later.
    """
    if plan.is_over(now):
        raise TooLate(late)
    if not plan.is_open(now):
        raise NotOpen


def hand_in(declaration: Declaration, now: datetime, late: str) -> None:
    """Writes down that a declaration was handed in; raises as `in_window`."""
    in_window(declaration.plan, now, late)
    declaration.submitted_at = declaration.submitted_at or now


def begin_pilots_of(session: Session, declaration: Declaration, now: datetime) -> None:
    """From now on the school pilots every certificate of the declaration."""
    ids = session.scalars(select(DeclarationLine.certificate_id).where(DeclarationLine.declaration_id == declaration.id)).all()
    begin_pilots(session, declaration.party_id, ids, now)


def declarations_query(actor: Actor) -> Select[Declaration]:
    """The declarations an actor may see, newest first: a school its own, a province its schools', operators all, others none."""
    return _seen_by(actor, Declaration.joined()).order_by(Declaration.id.desc())


def declaration_of(session: Session, actor: Actor, declaration_id: int) -> Declaration | None:
    """One declaration, if this actor may see it."""
    return session.scalars(declarations_query(actor).where(Declaration.id == declaration_id)).first()


def lines_query(actor: Actor) -> Select[DeclarationLine]:
    """The lines of the declarations that an actor may see, one a certificate, with all that an export shows."""
    line = DeclarationLine
    query = select(line).join(line.declaration).join(Declaration.plan).join(Declaration.party).join(line.certificate)
    loaded = contains_eager(line.declaration)
    above = (loaded.contains_eager(Declaration.plan), loaded.contains_eager(Declaration.party))
    return _seen_by(actor, query.options(*above, contains_eager(line.certificate))).order_by(Declaration.id.desc(), Certificate.code)


def applied_for(actor: Actor) -> Select[int]:
    """Ids of the certificates that were applied for or are piloted, as far as the actor may see. A draft is no application."""
    asked = select(DeclarationLine.certificate_id).join(DeclarationLine.declaration).join(Declaration.party)
    asked = _seen_by(actor, asked).where(Declaration.submitted_at.is_not(None))
    both = union(asked, participating(actor)).subquery()
    return select(both.c.certificate_id)


def _seen_by(actor: Actor, query: Select[Any]) -> Select[Any]:
    """Narrows a query, which joins the declaration's school, to what the actor may see."""
    if "系统管理" in actor.roles:
        return query
    if "试点院校" in actor.roles:
        return query.where(Declaration.party_id == actor.party_id)
    return query.where(Party.province_id == actor.party_id if actor.party_kind == "province" else false())


def _lines_of(session: Session, plan_id: int, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The form's lines as rows.

    Raises:
        BadLine
    """
    lines = answers.get("lines", ())
    wanted = {line["certificate"] for line in lines if "certificate" in line}
    return list(_rows(lines, offer_of(session, plan_id, wanted) if wanted else {}))


def _add_lines(session: Session, declaration_id: int, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(DeclarationLine), [{**row, "declaration_id": declaration_id} for row in rows])


def _rows(lines: Sequence[Mapping[str, Any]], offer: Mapping[str, tuple[int, list[str]]]) -> Iterator[dict[str, Any]]:
    """The lines that name a certificate, as rows; lines are numbered from one, as the page shows them."""
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        label = line.get("certificate", "")
        if not label:
            continue
        if label not in offer:
            raise BadLine(f"第 {number} 行：申报计划中没有证书“{label}”，请重新选择")
        if label in seen:
            raise BadLine(f"第 {number} 行：证书“{label}”已在前面填写，每个证书只填一行")
        seen.add(label)
        certificate_id, majors = offer[label]
        wrong = next((major for major in line.get("majors", ()) if major not in majors), None)
        if wrong is not None:
            raise BadLine(f"第 {number} 行：专业“{wrong}”不在证书“{label}”的对应专业内，请重新选择")
        people = line.get("people")
        yield {
            "certificate_id": certificate_id,
            "majors": list(line.get("majors", ())),
            "people": people if isinstance(people, int) else None,
            "site": {"是": True, "否": False}.get(line.get("site", "")),
        }
