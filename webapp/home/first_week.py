"""The way of a new school from its own details to the first registration, as steps with their state."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask import url_for
from sqlalchemy import func
from sqlalchemy.orm import Session

from domain.exams.candidates import Candidate, candidates_query
from domain.ground.parties import Actor
from domain.ground.tones import Tone
from domain.institutions.schools import School, schools_query
from forms.kinds import SCHOOL

_DETAILS = ("address", "contact", "mobile")  # what others need of a school besides what it cannot be without


class State(StrEnum):
    """How far a step is."""

    DONE = "已完成"
    BEGUN = "进行中"
    NEXT = "未开始"
    LATER = "暂未开放"

    @property
    def tone(self) -> Tone:
        """How its badge looks."""
        return {State.DONE: Tone.DONE, State.BEGUN: Tone.WAITING}.get(self, Tone.DRAFT)


@dataclass(frozen=True)
class Step:
    """One step: what to do, and where; without an address there is no page for it yet."""

    name: str
    what: str
    state: State
    url: str = ""

    @property
    def passed(self) -> bool:
        """Whether nothing is left to do."""
        return self.state == State.DONE


def first_week(session: Session, actor: Actor) -> list[Step]:
    """The steps of the actor's school, in two queries; empty for whoever is of none, and once candidates are through with it all."""
    if SCHOOL not in actor.roles:
        return []
    counted = (
        candidates_query(actor)
        .order_by(None)
        .with_only_columns(func.count(), func.count(Candidate.photo), func.count().filter(Candidate.tone == Tone.DONE))
    )
    total, pictured, through = session.execute(counted).one()
    if through:
        return []
    school = session.scalars(schools_query(actor).where(School.id == actor.party_id)).first()
    return [
        Step("资料", "核对并补全院校信息", _details(school), url_for("institutions.schools") if school is None else _edit(school)),
        Step("考生", "新增或批量导入考生", State.DONE if total else State.NEXT, url_for("candidate.index")),
        Step("照片", "批量导入考生照片", _of(pictured, total), url_for("candidate.index", photo="无照片")),
        Step("认证", "认证考生信息", _of(through, total), url_for("candidate.index", photo="有照片")),
        Step("报考", "按考试计划报考", State.LATER),
    ]


def _of(done: int, total: int) -> State:
    return State.NEXT if not done else State.DONE if done == total else State.BEGUN


def _details(school: School | None) -> State:
    if school is None:
        return State.NEXT
    return State.DONE if all(getattr(school, name) for name in _DETAILS) else State.BEGUN


def _edit(school: School) -> str:
    return url_for("institutions.edit_school", school_id=school.id)
