"""Plays the demonstration's 证书试点申报: last year's, whose approvals are the pilots of the schools, and this year's, which are under way.

The engine plays each step at its own day, so that history, deadlines and pilots agree. The three steps of a declaration take some
36 ms: of the large demonstration's 5,000 schools the first `PLAYED` have declarations; the pilots of the others are older than the
platform, as a real one would begin with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, contains_eager

from domain.certificates.declaration_plans import DeclarationPlan, all_labels
from domain.certificates.declarations import declare
from domain.certificates.pilots import PilotCertificate
from domain.demo import declarations as made_up
from domain.ground.base import SHANGHAI
from domain.ground.parties import Actor, Party, Person, PersonRole
from domain.institutions.schools import School
from processes import tables
from processes.engine import Engine
from processes.states import TaskRowState
from processes.steps import acting, completing, starting

HAND_IN = "保存并提交"
PASS, RETURN = "审核通过", "审核退回"
WAYS: tuple[tuple[tuple[str, str], ...] | None, ...] = (  # a declaration of this year: (outcome, comment) of each review; None: a draft
    None,
    (),
    ((PASS, ""),),
    ((RETURN, "申报人数偏多，请按在校生规模核对后重新提交。"),),
    ((PASS, ""), (PASS, "同意试点。")),
    ((PASS, ""), (RETURN, "请补充实训条件，暂不申报考核站点。")),
)
OFFERED = 60  # certificates of this year's plan
PLAYED = 200  # schools at most that have declarations, last year and this


@dataclass(frozen=True)
class _Play:
    engine: Engine
    session: Session
    people: dict[tuple[int, str], Actor]
    """(party, role) → who acts in this role there."""

    def at(self, moment: datetime) -> Engine:
        return replace(self.engine, clock=lambda: moment)


@dataclass(frozen=True)
class _Opened:
    plan: DeclarationPlan
    instance_id: int
    majors: dict[str, list[str]]
    """Certificate on offer → its majors."""


def add_declarations(engine: Engine, session: Session, now: datetime) -> dict[str, int]:
    """Adds people, plans and declarations to a database that has the books. Returns how many of each there are."""
    made_up.add_staff(session, now)
    play, piloted, labels = _Play(engine, session, _people(session)), made_up.piloted_labels(session), all_labels(session)
    query = select(School).join(School.party).options(contains_eager(School.party)).where(School.id.in_(select(PilotCertificate.party_id)))
    schools = session.scalars(query.order_by(School.id).limit(PLAYED)).all()
    # the approvals write them again
    session.execute(delete(PilotCertificate).where(PilotCertificate.party_id.in_([school.id for school in schools])))
    old = _open(play, _day(now, -430, 9), _day(now, -370, 18), labels)
    for number, school in enumerate(schools):
        _declare(play, old, school, piloted[school.id], WAYS[4], now - timedelta(days=420 - number % 40))
    for opened in old.values():
        acting.tick(play.at(_day(now, -370, 18)), session, opened.instance_id)
    current = _open(play, _day(now, -14, 9), _day(now, 21, 18), labels[:OFFERED])
    begun = 0
    for number, school in enumerate(schools[1:]):  # the first has yet to apply
        wanted = [label for label in labels[number % 7 : OFFERED : 9] if label not in piloted[school.id]]
        _declare(play, current, school, wanted[:4], WAYS[number % len(WAYS)], now - timedelta(days=9, hours=number % 8))
        begun += 1
    return {"申报计划": len(old) + len(current), "证书试点申报": len(schools) + begun}


def _day(now: datetime, days: int, hour: int) -> datetime:
    """An hour of the day that many days from now."""
    return datetime.combine((now + timedelta(days=days)).astimezone(SHANGHAI), time(hour), SHANGHAI)


def _people(session: Session) -> dict[tuple[int, str], Actor]:
    query = (
        select(Person.id, Person.name, Person.party_id, Party.name.label("party_name"), Party.kind, Party.province_id, PersonRole.role)
        .join(Party, Party.id == Person.party_id)
        .join(PersonRole, PersonRole.person_id == Person.id)
        .order_by(Person.id)
    )
    # the last person with a role: the first and the second review are never by the same person
    return {
        (row.party_id, row.role): Actor(row.id, row.name, row.party_id, row.party_name, row.kind, row.province_id, frozenset({row.role}))
        for row in session.execute(query)
    }


def _open(play: _Play, starts: datetime, ends: datetime, labels: Sequence[str]) -> dict[int, _Opened]:
    """Province → its plan, published a week before it began, and open since."""
    found: dict[int, _Opened] = {}
    majors: dict[str, list[str]] = {}
    for plan in made_up.new_plans(play.session, f"{starts.year} 年证书试点申报", starts.year, starts, ends, labels):
        actor = play.people[plan.party_id, "省级"]
        instance_id, _ = starting.start(play.at(plan.created_at), play.session, actor, "declaration_plan", plan, "发布")
        acting.tick(play.at(starts), play.session, instance_id)
        majors = majors or made_up.offer(play.session, plan)  # all offer the same
        found[plan.party_id] = _Opened(plan, instance_id, majors)
    return found


def _declare(
    play: _Play, plans: dict[int, _Opened], school: School, labels: Sequence[str], way: Sequence[tuple[str, str]] | None, moment: datetime
) -> None:
    """Plays a school's declaration, with a review every other day."""
    actor, province = play.people[school.id, "试点院校"], school.party.province_id or 0
    opened, session = plans[province], play.session
    filled = made_up.answers(school, labels, opened.majors)
    declaration = declare(session, opened.plan, school.party, actor.person_id, moment, filled)
    instance_id, _ = starting.start(play.at(moment), session, actor, "declaration", declaration, HAND_IN if way is not None else None)
    for number, (outcome, comment) in enumerate(way or ()):
        reviewer = play.people[province, made_up.REVIEWERS[number]]
        task, later = _task_of(session, instance_id), play.at(moment + timedelta(days=2 * number + 2))
        completing.complete(later, session, reviewer, task, outcome, None, comment)


def _task_of(session: Session, instance_id: int) -> str:
    columns = tables.task.c
    found: str = session.scalars(select(columns.id).where(columns.instance_id == instance_id, columns.state == TaskRowState.OPEN)).one()
    return found
