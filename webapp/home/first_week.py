"""The way of a new school from its own details to the first registration, as steps with their state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from flask import url_for
from sqlalchemy import func
from sqlalchemy.orm import Session

from domain.exams.candidates import PUPIL, Candidate, candidates_query
from domain.ground.parties import Actor
from domain.ground.rows import read_all
from domain.ground.tones import Tone
from domain.institutions.schools import School, schools_query
from forms.kinds import SCHOOL
from forms.lists.candidates import WITH, WITHOUT

_DETAILS = ("address", "contact", "mobile")  # what others need of a school besides what it cannot be without


class State(StrEnum):
    """How far a step is."""

    DONE = "已完成"
    BEGUN = "进行中"
    NEXT = "未开始"

    @property
    def tone(self) -> Tone:
        """How its badge looks."""
        return {State.DONE: Tone.DONE, State.BEGUN: Tone.WAITING}.get(self, Tone.DRAFT)


@dataclass(frozen=True)
class Step:
    """One step: what to do, and where."""

    name: str
    what: str
    state: State
    url: str

    @property
    def passed(self) -> bool:
        """Whether nothing is left to do."""
        return self.state == State.DONE


def first_week(session: Session, actor: Actor) -> list[Step]:
    """The steps of the actor's school, in two queries; empty for whoever is of none, and for a school that is no longer new: all of its
    candidates are through, or one is registered for a certificate."""
    if SCHOOL not in actor.roles:
        return []
    kinds = _counted(session, actor)
    total, pictured = sum(kind.total for kind in kinds), sum(kind.pictured for kind in kinds)
    through = sum(kind.through for kind in kinds)
    if any(kind.registered for kind in kinds) or (total and through == total):
        return []
    school = session.scalars(schools_query(actor).where(School.id == actor.party_id)).first()
    bare = next((one.kind for one in kinds if one.pictured < one.total), PUPIL)
    waiting = next((one.kind for one in kinds if one.through < one.pictured), PUPIL)
    return [
        Step("资料", "核对并补全院校信息", _details(school), url_for("institutions.schools") if school is None else _edit(school)),
        Step("考生", "新增或批量导入考生", State.DONE if total else State.NEXT, url_for("candidate.index")),
        Step("照片", "批量导入考生照片", _of(pictured, total), url_for("candidate.index", kind=bare, photo=WITHOUT)),
        Step("认证", "认证考生信息", _of(through, total), url_for("candidate.index", kind=waiting, photo=WITH)),
        Step("报考", "按考试计划报考", State.NEXT, url_for("registrations.index")),  # whoever has begun it sees no steps
    ]


class _Counted(Protocol):
    """How many candidates of a kind there are: all, with a photo, authenticated, registered."""

    kind: str
    total: int
    pictured: int
    through: int
    registered: int


def _counted(session: Session, actor: Actor) -> Sequence[_Counted]:
    kind, through, registered = Candidate.kind, Candidate.tone == Tone.DONE, Candidate.registered > 0
    counted = (
        candidates_query(actor)
        .order_by(None)
        .with_only_columns(
            kind,
            func.count().label("total"),
            func.count(Candidate.photo).label("pictured"),
            func.count().filter(through).label("through"),
            func.count().filter(registered).label("registered"),
        )
    )
    return read_all(session, counted.group_by(kind).order_by(kind), _Counted)


def _of(done: int, total: int) -> State:
    return State.NEXT if not done else State.DONE if done == total else State.BEGUN


def _details(school: School | None) -> State:
    if school is None:
        return State.NEXT
    return State.DONE if all(getattr(school, name) for name in _DETAILS) else State.BEGUN


def _edit(school: School) -> str:
    return url_for("institutions.edit_school", school_id=school.id)
