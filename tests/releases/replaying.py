"""What runs in a kept home goes on with today's code: people act, time passes, workers answer.

Each situation is a generator that does what comes next and yields the moments that it waits for.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from domain.ground.handling import External
from domain.ground.parties import SYSTEM, Actor, Party
from domain.ground.settings import Settings
from domain.weekly.reports import WeeklyReport
from jobs import outbox, scheduler
from jobs.runtime import Runtime
from processes import tables
from processes.definitions.store import load
from processes.engine import Engine
from processes.errors import FourEyes, ProcessError, Refused
from processes.monitor import managing
from processes.monitor.verify import verify
from processes.steps import acting, completing
from processes.tasks import opinions
from tests.conftest import NOON, World

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SUNDAY = datetime.fromisoformat("2026-11-29T00:00:00+08:00")  # a day before the week's reports are due
MONDAY = SUNDAY + DAY


@dataclass
class Replay:
    """A home of an earlier release at work with today's code."""

    world: World
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """What went outside: (idempotency key, payload)."""
    runtime: Runtime = field(init=False)

    def __post_init__(self) -> None:
        old = self.world.runtime.engine
        handlers = {name: replace(one, call=self._call) if isinstance(one, External) else one for name, one in old.handlers.items()}
        self.runtime = replace(self.world.runtime, engine=Engine(handlers, old.subjects, old.check, old.clock))

    def _call(self, payload: dict[str, Any], key: str, settings: Settings) -> dict[str, Any]:
        self.sent.append((key, payload))
        return {}

    def faults(self) -> list[str]:
        """What `pilot verify` says."""
        with self.runtime.database.reading() as session:
            return verify(self.runtime.engine, session)

    def step(self, act: Callable[..., Any], account: str, *arguments: Any) -> None:
        """One step of a person."""
        self.step_as(self.world.actor(account), act, *arguments)

    def step_as(self, actor: Actor, act: Callable[..., Any], *arguments: Any) -> None:
        """One step, in a transaction of its own."""
        with self.runtime.database.writing() as session:
            act(self.runtime.engine, session, actor, *arguments)

    def row(self, instance: int) -> Any:
        """The instance as it stands."""
        with self.runtime.database.reading() as session:
            return session.execute(select(tables.instance).where(tables.instance.c.id == instance)).one()

    def running(self) -> list[Any]:
        """What has not ended."""
        with self.runtime.database.reading() as session:
            query = select(tables.instance).where(tables.instance.c.ended_at.is_(None)).order_by(tables.instance.c.id)
            return list(session.execute(query).all())

    def tasks(self, instance: int) -> list[Any]:
        """Open tasks, by their elements."""
        table = tables.task
        with self.runtime.database.reading() as session:
            query = select(table).where(table.c.instance_id == instance, table.c.state == "open").order_by(table.c.element, table.c.number)
            return list(session.execute(query).all())

    def open(self, instance: int) -> list[str]:
        """Elements of the open tasks."""
        return [task.element for task in self.tasks(instance)]

    def jobs(self, instance: int) -> list[Any]:
        """Jobs of an instance."""
        with self.runtime.database.reading() as session:
            return list(session.execute(select(tables.job).where(tables.job.c.instance_id == instance).order_by(tables.job.c.id)).all())

    def act(self, account: str, instance: int, element: str, outcome: str = "提交") -> None:
        """Completes the first open task of an element that the person may have."""
        actor = self.world.actor(account)
        task = next(t for t in self.tasks(instance) if t.element == element and t.assignee_id in (None, actor.person_id))
        self.step(completing.complete, account, task.id, outcome, None, None)

    def send(self, account: str, instance: int, element: str) -> None:
        """Presses a button of the diagram."""
        self.step(acting.send, account, instance, element)

    def ended(self, instance: int, status: str | None = "已结束") -> None:
        """It has ended, its record with that status, or with None gone."""
        row = self.row(instance)
        assert row.ended_at is not None, (row.key, row.status, row.incident, self.open(instance), self.jobs(instance), row.waits)
        with self.runtime.database.reading() as session:
            assert session.scalar(select(WeeklyReport.status).where(WeeklyReport.id == row.subject_id)) == status

    def look(self) -> None:
        """What scheduler and workers do at this moment, until there is nothing left of it."""
        scheduler.turn(self.runtime, "test")
        table = tables.job
        while True:
            with self.runtime.database.reading() as session:
                waiting = session.scalars(select(table.c.id).where(table.c.state == "pending").order_by(table.c.id)).all()
            if not waiting:
                return
            for job_id in waiting:
                outbox.run_job(self.runtime, job_id)

    def play(self, situations: Mapping[str, int]) -> None:
        """Lets all situations go on side by side, each at its moments."""
        agenda: list[tuple[datetime, int, Iterator[datetime]]] = []
        for number, (name, instance) in enumerate(situations.items()):
            agenda.append((NOON, number, GO_ON[name](self, instance)))
        heapq.heapify(agenda)
        while agenda:
            moment, number, going = heapq.heappop(agenda)
            if moment > self.world.clock.now:
                self.world.clock.now = moment
                self.look()
            following = next(going, None)
            if following is not None:
                heapq.heappush(agenda, (following, number, going))

    def finish(self) -> None:
        """Brings the rest of the demonstration to its end: the first button, the next moment, and what never ends is called off."""
        for _ in range(3):
            for row in self.running():
                for task in self.tasks(row.id)[:1]:
                    self._complete(row, task)
            for row in self.running():
                if row.waits and not self.tasks(row.id):
                    self._press(row)
            self.look()
            moments = [row.due_at for row in self.running() if row.due_at is not None]
            if moments:
                self.world.clock.now = max(self.world.clock.now, min(moments))
                self.look()
        assert self.faults() == []
        for row in self.running():
            self.step(managing.cancel, "supervisor", row.id, "不再办理")

    def _complete(self, row: Any, task: Any) -> None:
        with self.runtime.database.reading() as session:
            outcome = load(session, row.definition_id).elements[task.element].outcomes[0].name
        self._by_somebody(task.role, task.party_id, completing.complete, task.id, outcome, None, None)

    def _press(self, row: Any) -> None:
        wait = row.waits[0]
        with suppress(Refused):  # a rule of the record, such as a plan whose time is over
            self._by_somebody(wait["role"], wait["party_id"], acting.send, row.id, wait["element"])

    def _by_somebody(self, role: str, party_id: int, act: Callable[..., Any], *arguments: Any) -> None:
        """Who holds the role, or, where the demonstration has given nobody an account, the party itself."""
        people = [actor for actor in self.world.actors.values() if role in actor.roles and actor.party_id == party_id]
        if role in SYSTEM.roles:
            people = [SYSTEM]
        elif not people:
            with self.runtime.database.reading() as session:
                party = session.get_one(Party, party_id)
            people = [Actor(SYSTEM.person_id, "系统", party.id, party.name, party.kind, party.province_id, frozenset({role}))]
        for actor in people:
            try:
                self.step_as(actor, act, *arguments)
            except FourEyes:
                continue
            return
        raise AssertionError(f"nobody may {act.__name__} {arguments}")


def _over(replay: Replay, instance: int, status: str | None) -> Iterator[datetime]:
    """It ends once its SMS have gone out."""
    yield replay.world.clock.now + SECOND
    replay.ended(instance, status)


def _nothing_left(replay: Replay, instance: int, status: str | None) -> Iterator[datetime]:
    replay.ended(instance, status)
    yield from ()


def _deleted(replay: Replay, instance: int) -> Iterator[datetime]:
    return _nothing_left(replay, instance, None)


def _ended(replay: Replay, instance: int) -> Iterator[datetime]:
    return _nothing_left(replay, instance, "审核通过")


def _overdue(replay: Replay, instance: int) -> Iterator[datetime]:
    """Only its SMS have not gone out yet."""
    assert (replay.open(instance), replay.row(instance).tone) == ([], "failed")
    yield from _over(replay, instance, "审核退回")


def _incident(replay: Replay, instance: int) -> Iterator[datetime]:
    (job,) = replay.jobs(instance)
    assert (job.state, replay.row(instance).incident) == ("failed", job.error)
    replay.step(managing.retry, "supervisor", instance)
    yield NOON + SECOND
    assert (job.id, job.payload) in replay.sent
    assert replay.row(instance).incident is None
    replay.act("province2", instance, "review", "审核通过")
    replay.ended(instance, "审核通过")


def _expired(replay: Replay, instance: int) -> Iterator[datetime]:
    assert [job.state for job in replay.jobs(instance)] == ["pending"]  # nobody is reminded of what is deleted
    replay.send("school2", instance, "expired")
    replay.ended(instance, None)
    yield from ()


def _returned(replay: Replay, instance: int) -> Iterator[datetime]:
    assert replay.row(instance).status == "审核退回"
    yield MONDAY - SECOND  # the last second in which it is in time
    replay.act("school1", instance, "revise")
    yield MONDAY
    replay.act("province1", instance, "review", "审核通过")
    yield from _over(replay, instance, "审核通过")


def _draft(replay: Replay, instance: int) -> Iterator[datetime]:
    with replay.runtime.database.reading() as session:
        assert (
            session.scalars(select(WeeklyReport.data).where(WeeklyReport.id == replay.row(instance).subject_id)).one()["summary"] == "草稿"
        )
    assert replay.jobs(instance) == []
    yield SUNDAY - SECOND
    assert replay.jobs(instance) == []
    yield SUNDAY
    assert [(job.element, job.state) for job in replay.jobs(instance)] == [("remind", "done")]
    yield MONDAY - SECOND
    assert replay.open(instance) == ["fill"]
    yield MONDAY
    assert replay.open(instance) == []
    replay.send("school1", instance, "expired")
    replay.ended(instance, None)


def _reviewing(replay: Replay, instance: int) -> Iterator[datetime]:
    replay.act("province1", instance, "review", "审核通过")
    yield from _over(replay, instance, "审核通过")


def _sending(replay: Replay, instance: int) -> Iterator[datetime]:
    (job,) = replay.jobs(instance)
    assert (job.state, job.attempt) == ("running", 1)  # of a worker that was killed
    yield NOON + timedelta(seconds=59)
    assert job.id not in dict(replay.sent)
    yield NOON + timedelta(seconds=60)
    assert (job.id, job.payload) in replay.sent
    replay.act("province2", instance, "review", "审核通过")
    replay.ended(instance, "审核通过")


def _withdrawn(replay: Replay, instance: int) -> Iterator[datetime]:
    """Its period ended while nothing ran."""
    yield NOON + SECOND
    assert replay.open(instance) == []
    replay.send("school3", instance, "expired")
    replay.ended(instance, None)


def _joining(replay: Replay, instance: int) -> Iterator[datetime]:
    assert replay.open(instance) == ["b"]
    replay.act("province1", instance, "b")
    replay.act("province1", instance, "c")
    replay.ended(instance)
    yield from ()


def _timer(replay: Replay, instance: int) -> Iterator[datetime]:
    yield NOON + 3 * DAY - SECOND
    assert replay.open(instance) == []
    yield NOON + 3 * DAY
    replay.act("province1", instance, "c")
    replay.ended(instance)


def _timer_not_begun(replay: Replay, instance: int) -> Iterator[datetime]:
    yield NOON + DAY
    replay.act("school2", instance, "a")
    yield NOON + 4 * DAY - SECOND
    assert replay.open(instance) == []
    yield NOON + 4 * DAY
    replay.act("province1", instance, "c")
    replay.ended(instance)


def _job(replay: Replay, instance: int) -> Iterator[datetime]:
    (job,) = replay.jobs(instance)
    yield NOON + timedelta(minutes=5)
    assert [key for key, _ in replay.sent].count(job.id) == 1
    replay.act("province1", instance, "c")
    replay.ended(instance)


def _job_failed(replay: Replay, instance: int) -> Iterator[datetime]:
    replay.step(managing.retry, "supervisor", instance)
    (job,) = replay.jobs(instance)
    yield NOON + timedelta(minutes=5)
    assert (job.id, job.payload) in replay.sent
    replay.act("province2", instance, "c")
    replay.ended(instance)


def _subprocess(replay: Replay, instance: int) -> Iterator[datetime]:
    yield NOON + 5 * DAY - SECOND
    assert replay.open(instance) == ["b"]
    replay.act("province1", instance, "b")
    replay.ended(instance)


def _subprocess_over(replay: Replay, instance: int) -> Iterator[datetime]:
    replay.act("school2", instance, "after")
    replay.ended(instance)
    yield from ()


def _event_subprocess_waiting(replay: Replay, instance: int) -> Iterator[datetime]:
    replay.send("school1", instance, "s")
    return _event_subprocess(replay, instance)


def _event_subprocess(replay: Replay, instance: int) -> Iterator[datetime]:
    assert replay.open(instance) == ["a", "extra"]
    replay.act("province1", instance, "extra")
    replay.act("province1", instance, "a")
    replay.ended(instance)
    yield from ()


def _called(replay: Replay, instance: int) -> Iterator[datetime]:
    replay.act("province1", instance, "kept_called:b")
    replay.act("school1", instance, "c")
    replay.ended(instance)
    yield from ()


def _inclusive(replay: Replay, instance: int) -> Iterator[datetime]:
    assert replay.open(instance) == ["y"]
    replay.act("province1", instance, "y")
    replay.send("school1", instance, "go")
    replay.act("province1", instance, "c")
    replay.ended(instance)
    yield from ()


def _event_gateway(replay: Replay, instance: int) -> Iterator[datetime]:
    yield NOON + 2 * DAY - SECOND
    assert [wait["element"] for wait in replay.row(instance).waits] == ["go"]
    yield NOON + 2 * DAY
    replay.ended(instance)


def _repeating(replay: Replay, instance: int) -> Iterator[datetime]:
    begun = len(replay.jobs(instance))
    assert begun == 1
    for number in (1, 2):
        yield NOON + number * DAY
        assert len(replay.jobs(instance)) == begun + number
    yield NOON + 3 * DAY
    assert len(replay.jobs(instance)) == begun + 2
    replay.act("school1", instance, "a")
    replay.ended(instance)


def _opinion(replay: Replay, instance: int) -> Iterator[datetime]:
    task = next(t for t in replay.tasks(instance) if t.kind != "step")
    replay.step(opinions.give, "province1b", task.id, "同意")
    if "b" in replay.open(instance):
        replay.act("province1", instance, "b")
    replay.act("province1", instance, "c")
    replay.ended(instance)
    yield from ()


def _transferred(replay: Replay, instance: int) -> Iterator[datetime]:
    assert [task.assignee_id for task in replay.tasks(instance)] == [replay.world.actor("province1b").person_id]
    replay.act("province1b", instance, "b")
    replay.act("province1", instance, "c")
    replay.ended(instance)
    yield from ()


def _again(replay: Replay, instance: int) -> Iterator[datetime]:
    assert replay.open(instance) == ["a"]
    replay.act("school1", instance, "a")
    replay.act("province1", instance, "b")
    replay.act("province1", instance, "c")
    replay.ended(instance)
    yield from ()


def _vote(replay: Replay, instance: int) -> Iterator[datetime]:
    replay.act("province1b", instance, "b", "同意")
    assert replay.open(instance) == ["yes"]
    replay.act("school1", instance, "yes")
    replay.ended(instance)
    yield from ()


def _vote_in_turn(replay: Replay, instance: int) -> Iterator[datetime]:
    assert [(task.element, task.item) for task in replay.tasks(instance)] == [("b", 2)]
    replay.act("province1b", instance, "b", "同意")
    replay.act("school1", instance, "c")
    replay.ended(instance)
    yield from ()


def _several(replay: Replay, instance: int) -> Iterator[datetime]:
    assert sorted(job.state for job in replay.jobs(instance)) == ["done", "pending", "pending"]
    yield NOON + SECOND
    replay.act("school1", instance, "c")
    replay.ended(instance)


def _deciding(replay: Replay, instance: int) -> Iterator[datetime]:
    replay.act("province1", instance, "b")
    replay.act("school1", instance, "high")
    replay.ended(instance)
    yield from ()


def _awaited(replay: Replay, instance: int) -> Iterator[datetime]:
    assert replay.open(instance) == []
    yield NOON + SECOND
    replay.act("province1", instance, "x")
    replay.ended(instance)


def _sent(replay: Replay, instance: int) -> Iterator[datetime]:
    yield NOON + SECOND
    table = tables.message
    with replay.runtime.database.reading() as session:
        assert session.execute(select(table.c.state, func.count()).where(table.c.sender_id == instance).group_by(table.c.state)).all() == [
            ("delivered", 1)
        ]
    replay.act("school1", instance, "b")
    replay.ended(instance)


def _suspended(replay: Replay, instance: int) -> Iterator[datetime]:
    try:
        replay.send("school1", instance, "w")
    except ProcessError:
        pass
    else:
        raise AssertionError("nobody acts on what is suspended")
    replay.step(managing.resume, "supervisor", instance, "已查清")
    return _timer(replay, instance)


def _suspended_job(replay: Replay, instance: int) -> Iterator[datetime]:
    (job,) = replay.jobs(instance)
    assert job.state == "paused"
    replay.step(managing.resume, "supervisor", instance, "已查清")
    return _job(replay, instance)


def _suspended_answer(replay: Replay, instance: int) -> Iterator[datetime]:
    (job,) = replay.jobs(instance)
    assert job.state == "answered"
    replay.step(managing.resume, "supervisor", instance, "已查清")
    replay.act("province1", instance, "c")
    replay.ended(instance)
    yield NOON + SECOND
    assert job.id not in dict(replay.sent)


def _migrated(replay: Replay, instance: int) -> Iterator[datetime]:
    for element in ("b", "c", "d"):
        replay.act("province1", instance, element)
    replay.ended(instance)
    yield from ()


GO_ON: dict[str, Callable[[Replay, int], Iterator[datetime]]] = {
    "ended": _ended,
    "overdue": _overdue,
    "incident": _incident,
    "deleted": _deleted,
    "expired": _expired,
    "returned": _returned,
    "draft": _draft,
    "reviewing": _reviewing,
    "sending": _sending,
    "withdrawn": _withdrawn,
    "joining": _joining,
    "timer": _timer,
    "timer not begun": _timer_not_begun,
    "job waiting": _job,
    "job retrying": _job,
    "job failed": _job_failed,
    "subprocess": _subprocess,
    "subprocess over": _subprocess_over,
    "event subprocess waiting": _event_subprocess_waiting,
    "event subprocess": _event_subprocess,
    "called diagram": _called,
    "inclusive": _inclusive,
    "event gateway": _event_gateway,
    "timer repeating": _repeating,
    "opinion before": _opinion,
    "delegated": _opinion,
    "opinion after": _opinion,
    "transferred": _transferred,
    "sent back": _again,
    "taken back": _again,
    "vote": _vote,
    "vote in turn": _vote_in_turn,
    "several jobs": _several,
    "deciding": _deciding,
    "message awaited": _awaited,
    "message sent": _sent,
    "suspended": _suspended,
    "suspended with a job": _suspended_job,
    "suspended and answered": _suspended_answer,
    "migrated": _migrated,
}
