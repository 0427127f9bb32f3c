"""The scheduler's look at what is due: one broken instance stops nobody else's timers, and the lease holds over slow work."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.ground.errors import DomainError
from domain.ground.handling import Inline
from domain.ground.locks import hold_lock
from domain.ground.parties import Person
from domain.weekly import reports
from jobs import leases, messages, outbox, scheduler
from jobs.runtime import Runtime
from processes import tables
from processes.deployment import deploying
from processes.engine import Engine
from processes.steps import starting
from tests.conftest import World
from tests.jobs.submitted import submitted
from tests.processes.bpmn import play
from tests.processes.tiny import boundary, diagram, flows, node, service, timer, user

pytestmark = pytest.mark.row("6.5", "8.4")
LANES = {"试点院校": "start fill", "系统": "ask late"}


def timed(key: str) -> bytes:
    """A task with a timer that leads to a service task."""
    parts = node("startEvent", "start") + user("fill") + boundary("late", "fill", timer("period_end")) + service("ask", "test.ask")
    end = node("endEvent", "end", status="完成")
    return diagram(parts + end + flows("start fill", "fill end", "late ask", "ask end"), LANES, key=key)


def due(world: World, number: int, serve: Callable[[Any], None]) -> tuple[Runtime, list[int]]:
    """As many instances whose timer is due; `serve` is what each then calls, with the session of its step."""
    old = world.runtime.engine
    handler = Inline(lambda session, *_: serve(session))
    runtime = replace(world.runtime, engine=Engine({**old.handlers, "test.ask": handler}, old.subjects, old.check, old.clock))
    found, actor = [], world.actor("school1")
    with runtime.database.writing() as session:
        report = reports.new_report(session, actor, world.clock())
        for at in range(number):
            deploying.deploy(session, runtime.engine, timed(f"tiny{at}"), {}, "测试")
            instance, _ = starting.start(runtime.engine, session, actor, f"tiny{at}", report)
            found.append(instance)
        moment = session.scalar(select(tables.instance.c.due_at).where(tables.instance.c.id == found[0]))
    assert moment is not None
    world.clock.now = moment
    return runtime, found


def stand(world: World, ids: list[int]) -> list[str]:
    """Of each: its incident, else whether it has ended."""
    table = tables.instance.c
    with world.runtime.database.reading() as session:
        rows = session.execute(select(table.incident, table.ended_at).where(table.id.in_(ids)).order_by(table.id)).all()
    return [row.incident or ("ended" if row.ended_at else "runs") for row in rows]


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        (DomainError("本周已有周报"), "本周已有周报"),
        (IntegrityError("INSERT", {}, ValueError("twice")), "系统任务“ask”的处理程序出错（数据库不接受所写的值：twice"),
        (KeyError("x"), "系统任务“ask”的处理程序出错（找不到所需的值"),
    ],
)
def test_what_a_handler_raises_is_that_instances_incident_alone(world: World, mistake: Exception, said: str) -> None:
    called: list[int] = []

    def serve(_: Any) -> None:
        called.append(1)
        if len(called) == 1:
            raise mistake

    runtime, ids = due(world, 3, serve)
    scheduler.turn(runtime, "test")
    first, *others = stand(world, ids)
    assert first.startswith(said)
    assert others == ["ended", "ended"]


def test_a_state_that_cannot_be_read_is_an_incident_with_its_line_of_history(world: World) -> None:
    runtime, ids = due(world, 2, lambda _: None)
    with runtime.database.writing() as session:
        session.execute(update(tables.instance).where(tables.instance.c.id == ids[0]).values(state=zlib.compress(b'{"version": "1"}')))
    scheduler.turn(runtime, "test")
    first, second = stand(world, ids)
    assert first.startswith("流程处理时出错，请联系系统管理员")
    assert second == "ended"
    with runtime.database.reading() as session:
        line = session.execute(select(tables.event).where(tables.event.c.instance_id == ids[0], tables.event.c.kind == "incident")).one()
    assert (line.name, line.comment) == ("定时处理", first)


def test_what_a_table_refuses_is_an_incident_too(world: World) -> None:
    def twice(session: Any) -> None:
        if not doubled:
            doubled.append(True)
            people = session.scalars(select(Person).order_by(Person.id).limit(2)).all()
            people[1].account = people[0].account

    doubled: list[bool] = []
    runtime, ids = due(world, 2, twice)
    scheduler.turn(runtime, "test")
    first, second = stand(world, ids)
    assert "数据库不接受所写的值" in first
    assert second == "ended"


def test_the_lease_holds_over_a_look_at_many_slow_instances(world: World) -> None:
    taken = []

    def slow(session: Any) -> None:
        world.clock.now += timedelta(seconds=4)
        taken.append(hold_lock(session, "other", world.clock(), scheduler.LEASE))

    runtime, ids = due(world, 12, slow)  # three leases long
    scheduler.turn(runtime, "first")
    assert taken == [False] * 12
    assert stand(world, ids) == ["ended"] * 12


def test_a_look_ends_where_another_scheduler_has_taken_over(world: World) -> None:
    def stopped(_: Any) -> None:
        world.clock.now += scheduler.LEASE * 2  # asleep for longer than its lease
        called.append(world.clock())

    called: list[Any] = []
    runtime, ids = due(world, 3, stopped)
    scheduler.turn(runtime, "first")
    assert stand(world, ids) == ["ended"] * 3  # nobody else came: it goes on

    with runtime.database.writing() as session:
        world.clock.now += scheduler.LEASE * 2
        assert hold_lock(session, "second", world.clock(), scheduler.LEASE)
        session.execute(update(tables.instance).where(tables.instance.c.id == ids[0]).values(due_at=world.clock()))
    scheduler.turn(runtime, "first")
    assert len(called) == 3


def test_a_clock_that_is_set_back_leaves_nothing_to_those_who_are_gone(world: World) -> None:
    moment = world.clock()
    _, _, job_id = submitted(world)
    with world.runtime.database.writing() as session:
        assert hold_lock(session, "lost", moment, scheduler.LEASE)
        assert leases.claim(session, outbox.LEASED, job_id, moment, outbox.LEASE)
    world.clock.now -= timedelta(hours=1)
    scheduler.turn(world.runtime, "second")
    with world.runtime.database.reading() as session:
        job = session.execute(select(tables.job).where(tables.job.c.id == job_id)).one()
        assert (job.state, job.next_at) == ("pending", world.clock() + leases.HANDED_OUT)


def test_messages_are_left_to_who_has_taken_over(lite: World) -> None:
    looked: list[bool] = []

    def mine() -> bool:
        looked.append(True)
        return len(looked) < 2

    runtime, (instance,) = due(lite, 1, lambda _: None)
    message = {"name": "询问", "payload": {}, "party_id": 1, "sender_id": instance, "element": "ask", "state": "waiting", "tries": 0}
    with runtime.database.writing() as session:
        session.execute(tables.message.insert(), [{**message, "sent_at": lite.clock(), "next_at": lite.clock()}] * 3)
    messages.deliver_due(runtime, mine)
    with runtime.database.reading() as session:
        assert session.scalars(select(tables.message.c.tries).order_by(tables.message.c.id)).all() == [1, 0, 0]


@pytest.mark.row("8.4")
def test_one_process_that_breaks_does_not_stop_the_clocks_of_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a timer sets off runs into a constraint of the database: an incident of that process, and the others go on."""

    def breaks(session: Session, *_: Any) -> None:
        row = {"person_id": 1, "form_key": "x", "data": {}, "saved_at": world.clock()}
        session.execute(insert(tables.draft), [row, row])

    engine = world.runtime.engine
    handlers = {**engine.handlers, "test.breaks": Inline(breaks)}
    monkeypatch.setattr(world, "runtime", replace(world.runtime, engine=replace(engine, handlers=handlers)))
    fails = '<serviceTask id="f" name="办"><extensionElements><s:serviceTaskOperator id="test.breaks"/></extensionElements></serviceTask>'
    late = play.boundary("late", "a", play.timer(timeDuration="days(1)"))
    first, second = play.Play(world), play.Play(world)
    first.deploy(
        play.diagram(play.start() + play.user("a") + late + fails + play.end() + play.flows("start>a a>end late>f f>end"), key="breaks")
    )
    second.deploy(
        play.diagram(
            play.start() + play.user("a") + late + play.end() + play.end("out") + play.flows("start>a a>end late>out"), key="holds"
        )
    )
    first.begin("breaks")
    second.begin("holds")
    world.clock.now += timedelta(days=2)
    scheduler.turn(world.runtime, "test")
    assert second.status == "到out"
    assert first.status == "在a"
    assert first.row.incident.startswith("系统任务“办”的处理程序出错（数据库不接受所写的值：")
    for secret in ("INSERT", "Key (", "2026-11-27"):  # the statement, and what was to be stored
        assert secret not in first.row.incident
    first.sound()
