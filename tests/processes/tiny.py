"""Tiny diagrams, written beside the assertions that need them, and a record to run them about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from sqlalchemy import select

from domain.ground.handling import Handler
from domain.weekly import reports
from domain.weekly.reports import WeeklyReport
from processes import tables
from processes.deployment import deploying
from processes.engine import Engine
from processes.monitor.verify import verify
from processes.steps import completing, starting
from tests.conftest import World

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:spiffworkflow="http://spiffworkflow.org/bpmn/schema/1.0/core" id="tiny_definitions" targetNamespace="t">'
)


def extension(inner: str = "", **properties: str) -> str:
    lines = "".join(f"<spiffworkflow:property name={quoteattr(k)} value={quoteattr(v)} />" for k, v in properties.items())
    lines = f"<spiffworkflow:properties>{lines}</spiffworkflow:properties>" if lines else ""
    return f"<bpmn:extensionElements>{lines}{inner}</bpmn:extensionElements>" if lines or inner else ""


def user(id: str, inner: str = "", **properties: str) -> str:
    """A user task; its status is its id where no other is given."""
    return f'<bpmn:userTask id="{id}" name="{id}">{extension(**{"status": id, **properties})}{inner}</bpmn:userTask>'


def service(id: str, handler: str, **properties: str) -> str:
    operator = f'<spiffworkflow:serviceTaskOperator id="{handler}" />'
    return f'<bpmn:serviceTask id="{id}" name="{id}">{extension(operator, **properties)}</bpmn:serviceTask>'


def node(tag: str, id: str, inner: str = "", attributes: str = "", **properties: str) -> str:
    return f'<bpmn:{tag} id="{id}" name="{id}" {attributes}>{extension(**properties)}{inner}</bpmn:{tag}>'


def boundary(id: str, on: str, event: str, interrupting: bool = True, **properties: str) -> str:
    """A boundary event with what is inside it: `timer(…)`, `message(…)`, …"""
    attributes = f'attachedToRef="{on}"' + ("" if interrupting else ' cancelActivity="false"')
    return node("boundaryEvent", id, event, attributes, **properties)


def on_error(id: str, on: str, code: str | None = None, **properties: str) -> str:
    """An error boundary event; the error itself is `error(code)`."""
    reference = f' errorRef="error_{code}"' if code else ""
    return boundary(id, on, f"<bpmn:errorEventDefinition{reference} />", **properties)


def timer(expression: str) -> str:
    return f"<bpmn:timerEventDefinition><bpmn:timeDate>{escape(expression)}</bpmn:timeDate></bpmn:timerEventDefinition>"


def message(name: str) -> str:
    """The event definition of `declared(name)`."""
    return f'<bpmn:messageEventDefinition messageRef="message_{name}" />'


def declared(name: str) -> str:
    return f'<bpmn:message id="message_{name}" name="{name}" />'


def error(code: str) -> str:
    return f'<bpmn:error id="error_{code}" name="{code}" errorCode="{code}" />'


def flows(*pairs: str) -> str:
    """`"a b"` or `"a b: condition"`."""
    found = []
    for pair in pairs:
        ends, _, condition = pair.partition(":")
        source, target = ends.split()
        inner = f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escape(condition.strip())}</bpmn:conditionExpression>'
        head = f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
        found.append(f"{head}{inner if condition else ''}</bpmn:sequenceFlow>")
    return "".join(found)


def diagram(body: str, lanes: Mapping[str, str], outside: str = "", key: str = "tiny") -> bytes:
    """A whole diagram about a report.

    `lanes` gives the element ids of each role (those not drawn are left out), `outside` what stands beside the process.
    """
    drawn = {role: [e for e in ids.split() if f'id="{e}"' in body] for role, ids in lanes.items()}
    references = {role: "".join(f"<bpmn:flowNodeRef>{e}</bpmn:flowNodeRef>" for e in ids) for role, ids in drawn.items() if ids}
    sets = "".join(f'<bpmn:lane id="lane{n}" name="{role}">{refs}</bpmn:lane>' for n, (role, refs) in enumerate(references.items()))
    inner = f'{extension(subject="weekly_report")}<bpmn:laneSet id="lanes">{sets}</bpmn:laneSet>{body}'
    process = f'<bpmn:process id="{key}" name="小流程" isExecutable="true">{inner}</bpmn:process>'
    return f"{HEAD}{outside}{process}</bpmn:definitions>".encode()


class Play:
    """One instance of a tiny diagram, and what people do to it; every act is a transaction, so a save and a load lie between any two."""

    def __init__(self, world: World, xml: bytes, handlers: Mapping[str, Handler] | None = None) -> None:
        old = world.runtime.engine
        self.world = world
        self.engine = Engine({**old.handlers, **(handlers or {})}, old.subjects, old.check, old.clock)
        self.runtime = replace(world.runtime, engine=self.engine)
        self.jobs: list[str] = []
        with self.runtime.database.writing() as session:
            self.definition = deploying.deploy(session, self.engine, xml, {}, "测试")
            actor = world.actor("school1")
            report = reports.new_report(session, actor, world.clock())
            self.report = report.id
            self.instance, self.jobs = starting.start(self.engine, session, actor, self.definition.key, report)

    def call(self, step: Any, *arguments: Any, account: str | None = None) -> Any:
        """One step in its own transaction; `account` is who acts where the step takes an actor."""
        actor = [self.world.actor(account)] if account else []
        with self.runtime.database.writing() as session:
            return step(self.engine, session, *actor, *arguments)

    def act(self, account: str, element: str, outcome: str = "提交", comment: str | None = None) -> list[str]:
        """Completes the first open task of an element."""
        task = next(t for t in self.tasks() if t.element == element)
        return list(self.call(completing.complete, task.id, outcome, None, comment, account=account))

    def tasks(self, state: str = "open") -> list[Any]:
        table = tables.task
        with self.runtime.database.reading() as session:
            query = select(table).where(table.c.instance_id == self.instance, table.c.state == state).order_by(table.c.element, table.c.id)
            return list(session.execute(query).all())

    def open(self) -> list[str]:
        return [t.element for t in self.tasks()]

    @property
    def row(self) -> Any:
        with self.runtime.database.reading() as session:
            return session.execute(select(tables.instance).where(tables.instance.c.id == self.instance)).one()

    @property
    def status(self) -> str | None:
        with self.runtime.database.reading() as session:
            return session.scalar(select(WeeklyReport.status).where(WeeklyReport.id == self.report))

    def history(self) -> list[tuple[str, str, str | None]]:
        """(kind, name, comment) of each line."""
        table = tables.event
        with self.runtime.database.reading() as session:
            query = select(table.c.kind, table.c.name, table.c.comment).where(table.c.instance_id == self.instance).order_by(table.c.seq)
            return [(kind, name, comment) for kind, name, comment in session.execute(query)]

    def job(self, job_id: str) -> Any:
        with self.runtime.database.reading() as session:
            return session.execute(select(tables.job).where(tables.job.c.id == job_id)).one()

    def faults(self) -> list[str]:
        with self.runtime.database.reading() as session:
            return verify(self.engine, session)
