"""People of school1 who have passed an exam of organization1, and whose certificates have begun; with photos, and seals of both parties."""

from __future__ import annotations

from decimal import Decimal

from flask import Flask
from sqlalchemy import select, update

from domain.demo.portraits import as_jpeg, draw
from domain.demo.seals import new_demo_seal
from domain.exams.photos import keep_photo
from domain.exams.plans import ExamPlan
from domain.exams.registrations import Entry, Registration
from domain.exams.scores import Given, enter
from domain.ground.vault import open_vault
from domain.institutions.seals import OrganizationSeal, SchoolSeal, Seal
from domain.issuing.issuances import Issuance
from jobs import messages as delivering
from jobs import outbox
from processes import history, tables
from processes.states import JobState
from processes.steps import acting, starting
from tests.conftest import NOON, World
from tests.domain.exams.pupils import PUPIL, pupil
from tests.webapp.clients import site, user
from tests.webapp.exams.plan_forms import publish
from tests.webapp.exams.seating import seat
from tests.webapp.exams.test_registrations import add, target
from tests.webapp.exams.test_rooms import BOTH

SCORING = NOON.replace(month=12, day=22)
OVER = NOON.replace(year=2027, month=1, day=1)


def passed(world: World, people: int = 2) -> Flask:
    """So many issuances wait for the organization; the clock stands after 公示."""
    app = site(world)
    school, organization = user(app, "school1"), user(app, "organization1")
    assert publish(organization, **BOTH) == 302
    add(school, PUPIL, *(pupil(number) for number in range(1, people)))
    school.post("/registrations/register", data={"all": "1", "filter": "", "target": target(world)})
    photo = keep_photo(world.runtime.settings.home, as_jpeg(draw(1).picture))
    for registration in range(1, people + 1):
        seat(world, registration)
    with world.runtime.database.writing() as session:
        session.execute(update(Registration).values(photo=photo))
        rows = session.scalars(select(Entry.id)).all()
        enter(session, world.actor("organization1"), 1, [Given(entry, Decimal(80), "正常") for entry in rows], SCORING)
    for account, diagram, kind in (("organization1", "organization_seal", OrganizationSeal), ("school1", "seal", SchoolSeal)):
        give_seal(world, account, diagram, kind)
    world.clock.now = OVER
    time_passes(world)
    return app


def give_seal(world: World, account: str, diagram: str, kind: type[Seal]) -> None:
    """A seal in force, valid until a year after the exam."""
    with world.runtime.database.writing() as session:
        actor = world.actor(account)
        seal = new_demo_seal(session, kind, actor, world.clock(), open_vault(world.runtime.settings))
        starting.start(world.runtime.engine, session, actor, diagram, seal)


def time_passes(world: World) -> None:
    """What the scheduler does: the plan's timers fire, messages go out."""
    with world.runtime.database.writing() as session:
        instance = history.instance_of(session, "exam_plan", 1)
        assert instance is not None
        acting.tick(world.runtime.engine, session, instance.id)
    delivering.deliver_due(world.runtime)


def made(world: World, rounds: int = 2) -> None:
    """The workers draw and seal whatever is handed out."""
    for _ in range(rounds):
        with world.runtime.database.reading() as session:
            waiting = select(tables.job.c.id).where(tables.job.c.state == JobState.PENDING, tables.job.c.handler.startswith("certificate."))
            jobs = session.scalars(waiting).all()
        outbox.run_together(world.runtime, jobs)


def statuses(world: World) -> list[str]:
    """Of all issuances."""
    with world.runtime.database.reading() as session:
        return list(session.scalars(select(Issuance.status).order_by(Issuance.id)))


def issuance(world: World, number: int = 1) -> Issuance:
    """One of them, as `Issuance.joined` reads it."""
    with world.runtime.database.reading() as session:
        found = Issuance.load(session, number)
        assert found is not None
        session.expunge_all()
        return found


def plan_of(world: World) -> ExamPlan:
    """The exam plan."""
    with world.runtime.database.reading() as session:
        return session.get_one(ExamPlan, 1)
