"""Tiny diagrams, and a play that runs one through the steps as after a restart: nothing is remembered between two of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.ground.parties import Actor
from domain.weekly.periods import ReportingPeriod
from domain.weekly.reports import WeeklyReport
from forms import read_forms
from processes import tables
from processes.definitions import store
from processes.deployment import deploying
from processes.history import instance_of
from processes.monitor.verify import faults
from processes.steps import acting, bulk_start, completing, starting
from tests.conftest import NOON, World

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core" id="defs">'
    '<message id="m_go" name="继续"/><message id="m_stop" name="终止"/><signal id="s_all" name="通知"/>'
    '<error id="e_one" name="一" errorCode="one"/><error id="e_two" name="二" errorCode="two"/>'
    '<escalation id="x_up" name="上报" escalationCode="up"/>'
)


def properties(**values: str) -> str:
    lines = "".join(f'<s:property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<extensionElements><s:properties>{lines}</s:properties></extensionElements>" if values else ""


def user(id: str, lane: str = "省级", inside: str = "", **values: str) -> str:
    given = properties(**{"status": f"在{id}", **values})
    return f'<userTask id="{id}" name="办{id}" lane="{lane}">{given}{inside}</userTask>'


def start(id: str = "start", inside: str = "") -> str:
    return f'<startEvent id="{id}" name="开始" lane="试点院校">{inside}</startEvent>'


def end(id: str = "end", inside: str = "", status: str | None = None) -> str:
    return f'<endEvent id="{id}" name="结束">{properties(status=status or f"到{id}")}{inside}</endEvent>'


def message(ref: str = "m_go") -> str:
    return f'<messageEventDefinition messageRef="{ref}"/>'


def timer(**times: str) -> str:
    ((tag, text),) = times.items()
    return f"<timerEventDefinition><{tag}>{text}</{tag}></timerEventDefinition>"


def boundary(id: str, on: str, inside: str, interrupting: bool = True, lane: str = "试点院校") -> str:
    cancel = "true" if interrupting else "false"
    return f'<boundaryEvent id="{id}" name="边{id}" attachedToRef="{on}" cancelActivity="{cancel}" lane="{lane}">{inside}</boundaryEvent>'


def catch(id: str, inside: str, lane: str = "试点院校") -> str:
    status = properties(status=f"在{id}")
    return f'<intermediateCatchEvent id="{id}" name="等{id}" lane="{lane}">{status}{inside}</intermediateCatchEvent>'


def throw(id: str, inside: str) -> str:
    return f'<intermediateThrowEvent id="{id}" name="发{id}">{inside}</intermediateThrowEvent>'


def gateway(kind: str, id: str, default: str = "") -> str:
    return f'<{kind}Gateway id="{id}" name="网关{id}"' + (f' default="{default}"' if default else "") + "/>"


def subprocess(id: str, inside: str, extra: str = "", lane: str = "省级") -> str:
    return f'<subProcess id="{id}" name="子{id}" lane="{lane}"{extra}>{inside}</subProcess>'


def flows(text: str) -> str:
    """`a>b c>d:condition`, parted by blanks; the flow's id is `a_b`."""
    found = ""
    for part in text.split():
        ends, _, condition = part.partition(":")
        source, target = ends.split(">")
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        found += f'<sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
    return found


def diagram(inside: str, key: str = "tiny", subject: str = "weekly_report", head: str = "") -> bytes:
    """A diagram of elements that say in an attribute which lane they lie in; the others lie in 系统."""
    lanes: dict[str, list[str]] = {}
    for id, lane in re.findall(r'<\w+ id="(\w+)" name="[^"]*"[^>]* lane="([^"]+)"', inside):
        lanes.setdefault(lane, []).append(id)
    rows = "".join(
        f'<lane id="lane{number}" name="{lane}">' + "".join(f"<flowNodeRef>{id}</flowNodeRef>" for id in ids) + "</lane>"
        for number, (lane, ids) in enumerate(lanes.items())
    )
    given = properties(subject=subject)
    body = f'<process id="{key}" name="小流程" isExecutable="true">{given}<laneSet id="ls">{rows}</laneSet>{inside}</process>'
    plain = re.sub(r' lane="[^"]+"', "", body)
    return f"{HEAD}{head}{plain}</definitions>".encode()


@dataclass
class Play:
    """One instance about a report of a school."""

    world: World
    instance: int = 0
    report: int = 0
    jobs: list[str] = field(default_factory=list)
    copied: bool = False
    """Whether the instance is written from one that starts beside it."""

    @contextmanager
    def step(self) -> Iterator[Session]:
        """A transaction in what might be another process: every cached definition is forgotten first."""
        store._CACHE.clear()
        store._read_cached.cache_clear()
        with self.world.runtime.database.writing() as session:
            yield session
        self.sound()

    def deploy(self, *diagrams: bytes, decisions: dict[str, str] | None = None) -> None:
        for xml in diagrams:
            with self.world.runtime.database.writing() as session:
                deploying.deploy(session, self.world.runtime.engine, xml, read_forms(), "郑工", decisions or {})

    def begin(self, key: str = "tiny", account: str = "school1") -> None:
        with self.step() as session:
            actor = self.world.actor(account)
            report = self.record(session, actor)
            if self.copied:
                bulk_start.start_many(self.world.runtime.engine, session, actor, key, [self.record(session, actor), report])
                started = instance_of(session, key, report.id)
                assert started is not None
                self.instance = started.id
            else:
                self.instance, _ = starting.start(self.world.runtime.engine, session, actor, key, report)
            self.report = report.id

    def complete(self, element: str, outcome: str = "提交", account: str = "province1") -> None:
        task = next(task for task in self.open() if task.element == element)
        with self.step() as session:
            completing.complete(self.world.runtime.engine, session, self.world.actor(account), task.id, outcome, None, "好")

    def send(self, element: str, account: str = "school1") -> None:
        with self.step() as session:
            acting.send(self.world.runtime.engine, session, self.world.actor(account), self.instance, element)

    def later(self, **length: float) -> None:
        """Lets time pass, and the scheduler look."""
        self.world.clock.now += timedelta(**length)
        with self.step() as session:
            acting.tick(self.world.runtime.engine, session, self.instance)

    def edit(self, answers: dict[str, Any], account: str = "school1") -> None:
        with self.step() as session:
            acting.save(self.world.runtime.engine, session, self.world.actor(account), self.instance, answers)

    def open(self) -> list[Any]:
        table = tables.task
        with self.world.runtime.database.reading() as session:
            query = select(table).where(table.c.instance_id == self.instance, table.c.state == "open").order_by(table.c.element)
            return list(session.execute(query).all())

    def tasks(self) -> list[str]:
        return [task.element for task in self.open()]

    @property
    def row(self) -> Any:
        with self.world.runtime.database.reading() as session:
            return session.execute(select(tables.instance).where(tables.instance.c.id == self.instance)).one()

    @property
    def status(self) -> str:
        with self.world.runtime.database.reading() as session:
            return str(session.scalar(select(WeeklyReport.status).where(WeeklyReport.id == self.report)))

    @property
    def waits(self) -> list[str]:
        return sorted(wait["element"] for wait in self.row.waits)

    @property
    def ended(self) -> bool:
        return self.row.ended_at is not None

    def history(self) -> list[tuple[str, str]]:
        table = tables.event
        with self.world.runtime.database.reading() as session:
            query = select(table.c.kind, table.c.name).where(table.c.instance_id == self.instance).order_by(table.c.seq)
            return [(row.kind, row.name) for row in session.execute(query)]

    def closed_as(self, element: str) -> str:
        table = tables.task
        with self.world.runtime.database.reading() as session:
            query = select(table.c.closed_as).where(table.c.instance_id == self.instance, table.c.element == element)
            return str(session.scalars(query.order_by(table.c.created_at.desc())).first())

    def sound(self) -> None:
        with self.world.runtime.database.reading() as session:
            for row in session.execute(select(tables.instance).where(tables.instance.c.id == self.instance)):
                assert list(faults(self.world.runtime.engine, session, row)) == []

    def record(self, session: Session, actor: Actor, days: float = 5) -> WeeklyReport:
        """A report of its own period, which ends in so many days: a school has one a period."""
        count = session.scalar(select(func.count()).select_from(ReportingPeriod)) or 0
        ends = NOON.replace(hour=0) + timedelta(days=days)
        begins = ends - timedelta(days=7, minutes=count)
        own = {"province_id": actor.province_id, "cycle": "周", "label": f"{count}", "starts_at": begins, "ends_at": ends}
        period = ReportingPeriod(**own, reminder_hours=24)
        session.add(period)
        session.flush()
        report = WeeklyReport(period_id=period.id, party_id=actor.party_id, author_id=actor.person_id)
        session.add(report)
        session.flush()
        return report
